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

use super::{Deadline, RetryPolicy};

/// Kept back for what comes after the handlers.
pub const RESERVE: Duration = Duration::from_secs(2);

/// The most that is spent on asking whether events can be delivered at all, in init and before a batch.
pub const READY: Duration = Duration::from_secs(3);

/// What each call to a service is granted. The whole is bounded by the invocation.
pub const RETRY_POLICY: RetryPolicy =
    RetryPolicy { attempt: Duration::from_millis(1_500), attempts: 3, pause: Duration::from_millis(200) };

/// When the handlers of a batch, and the batch itself, must be done.
#[derive(Debug, Clone, Copy)]
pub struct BatchDeadlines {
    /// When the handlers must be done.
    pub handlers: Deadline,
    /// When there must be an answer: half of the reserve is for its way.
    pub answer: Deadline,
    reserve: Duration,
}

impl BatchDeadlines {
    /// Those of an invocation with so much time left.
    pub fn new(left: Duration) -> Self {
        let reserve = RESERVE.min(left / 4);
        Self {
            handlers: Deadline::after(left.saturating_sub(reserve)),
            answer: Deadline::after(left.saturating_sub(reserve / 2)),
            reserve,
        }
    }

    /// Whether there is time for one more record.
    pub fn may_begin(self, is_last_receive: bool) -> bool {
        let needed = if is_last_receive { Duration::ZERO } else { self.reserve };
        self.handlers.left() > needed
    }

    /// How long may be asked whether events can be delivered at all: at most half of the handlers' time.
    pub fn ready_within(self) -> Duration {
        READY.min(self.handlers.half())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_always_time_left_for_the_answer() {
        for (left_ms, begins) in [(30_000, true), (4_100, true), (1_000, true), (0, false)] {
            let deadline = BatchDeadlines::new(Duration::from_millis(left_ms));
            assert_eq!(deadline.may_begin(false), begins, "{left_ms}");
            assert_eq!(deadline.may_begin(true), begins, "{left_ms}");
            assert!(deadline.ready_within() <= Duration::from_millis(left_ms) / 2);
            assert!(deadline.handlers <= deadline.answer);
            assert!(deadline.answer.left() <= Duration::from_millis(left_ms));
        }
    }
}
