//! How long a batch may take, with all sums in one place.
//!
//! Of an invocation's remaining time, [`RESERVE`] is reserved for the work after the deliveries: processed events are
//! marked completed, the idempotency records of the others are released, and the answer is sent. A handler that still
//! runs when the reserve begins is cut off (at its next `await`). A record is only started if there is more time left
//! before that than another reserve. Both are reported failed and retried, and their idempotency records are released:
//! if the process were killed instead, all of them would have to wait for their leases to end. A record at its last
//! receive is started as long as any time is left, because SQS would not redeliver it.
//!
//! What fails for a passing reason is tried again after a [`pause`], as long as the record's share of the time lasts:
//! the records behind it in its group need their own.
//!
//! A short invocation reserves less: never more than a quarter of it.

use std::time::Duration;

use tokio::time::Instant;

use super::{Deadline, RetryPolicy};

/// Reserved for the work after the handlers.
pub const RESERVE: Duration = Duration::from_secs(2);

/// The maximum time to check whether events can be delivered at all, in init and before a batch.
pub const READY: Duration = Duration::from_secs(3);

/// How often a call to a service is repeated at once. An attempt lasts as long as the invocation allows, because a slow
/// service may have accepted what it has not answered yet, and `PutEvents` would put it on the bus again.
pub const RETRY_POLICY: RetryPolicy =
    RetryPolicy { attempt: LONGEST_INVOCATION, attempts: 3, pause: Duration::from_millis(200) };

/// Lambda's own limit.
const LONGEST_INVOCATION: Duration = Duration::from_mins(15);
/// The first pause before a record is tried again.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// The longest one.
const MAX_PAUSE: Duration = Duration::from_secs(3);

/// The deadlines of a batch and of its handlers.
#[derive(Debug, Clone, Copy)]
pub struct BatchDeadlines {
    /// When the handlers must be done.
    pub handlers: Deadline,
    /// When the answer must be sent: half of the reserve is for its transmission.
    pub answer: Deadline,
    reserve: Duration,
}

impl BatchDeadlines {
    /// The deadlines of an invocation with this much time left.
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

    /// The last time at which a record is tried again: each of the records behind it gets the same share of the time
    /// that was left when it became the first of its group.
    pub fn last_try(self, started: Instant, behind: usize) -> Instant {
        let left = self.handlers.instant().saturating_duration_since(started + self.reserve);
        started + left / u32::try_from(behind + 1).unwrap_or(u32::MAX)
    }

    /// The maximum time to check whether events can be delivered at all: half of the handlers' time or less.
    pub fn ready_within(self) -> Duration {
        READY.min(self.handlers.half())
    }
}

/// The pause before a record is tried again that has been tried this often: 0.2 s, 0.4 s, and so on, up to 3 s.
pub fn pause(tries: usize) -> Duration {
    FIRST_PAUSE.saturating_mul(1 << tries.saturating_sub(1).min(8)).min(MAX_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_a_record_leaves_their_share_to_those_behind_it() {
        let pauses: Vec<_> = (1..=9).map(|tries| pause(tries).as_millis()).collect();
        assert_eq!(pauses, [200, 400, 800, 1_600, 3_000, 3_000, 3_000, 3_000, 3_000]);
        let (started, deadlines) = (Instant::now(), BatchDeadlines::new(Duration::from_secs(30)));
        for (behind, share_s) in [(0, 26), (1, 13), (3, 6), (9, 2)] {
            let share = deadlines.last_try(started, behind) - started;
            assert!((share_s * 1_000..(share_s + 1) * 1_000).contains(&share.as_millis()), "{behind}");
        }
    }

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
