//! How long a batch may take, added up in one place.
//!
//! Of what an invocation has left, [`RESERVE`] is kept for what comes after the handlers: what was processed is marked
//! completed, the records of the others are released, the answer goes back. A handler that is at work when the reserve begins is cut
//! off (at its next `await`), and a record that would have less than another reserve for itself is not begun. Both are
//! reported failed and retried, with their records released: to be killed instead would leave all of it to the leases. A
//! record at its last receive is begun as long as any time is left for handlers, since SQS would not redeliver it.
//!
//! A short invocation keeps less: never more than a quarter of it.

use std::time::Duration;

use tokio::time::Instant;

use crate::storage::Patience;

/// Kept back for what comes after the handlers.
pub const RESERVE: Duration = Duration::from_secs(2);

/// The most that is spent on asking whether events can be delivered at all, in init and before a batch.
pub const READY: Duration = Duration::from_secs(3);

/// What each call to a service is granted. The whole is bounded by the invocation.
pub const PATIENCE: Patience =
    Patience { attempt: Duration::from_millis(1_500), attempts: 3, pause: Duration::from_millis(200) };

/// When an invocation ends.
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    ends: Instant,
    reserve: Duration,
}

impl Deadline {
    /// That of an invocation with so much time left.
    pub fn new(left: Duration) -> Self {
        // A month is longer than any: what adds up to no time at all must not panic.
        let left = left.min(Duration::from_hours(30 * 24));
        Self { ends: Instant::now() + left, reserve: RESERVE.min(left / 4) }
    }

    /// Whether there is time for one more record.
    pub(super) fn may_begin(self, is_last_receive: bool) -> bool {
        let needed = if is_last_receive { Duration::ZERO } else { self.reserve };
        Instant::now() + needed < self.handlers_until()
    }

    /// How long may be asked whether events can be delivered at all: at most half of the handlers' time.
    pub(super) fn ready_within(self) -> Duration {
        READY.min(self.handlers_until().saturating_duration_since(Instant::now()) / 2)
    }

    /// When the handlers must have ended.
    pub(super) fn handlers_until(self) -> Instant {
        self.ends - self.reserve
    }

    /// When there must be an answer: half of the reserve is for its way.
    pub(super) fn answer_by(self) -> Instant {
        self.ends - self.reserve / 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_always_time_left_for_the_answer() {
        for (left_ms, begins) in [(30_000, true), (4_100, true), (1_000, true), (0, false)] {
            let deadline = Deadline::new(Duration::from_millis(left_ms));
            assert_eq!(deadline.may_begin(false), begins, "{left_ms}");
            assert_eq!(deadline.may_begin(true), begins, "{left_ms}");
            assert!(deadline.ready_within() <= Duration::from_millis(left_ms) / 2);
            assert!(
                deadline.handlers_until() <= deadline.answer_by() && deadline.answer_by() <= deadline.ends
            );
        }
    }
}
