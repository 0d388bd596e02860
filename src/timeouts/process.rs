//! How long a batch may take, with all sums in one place.
//!
//! Of an invocation's remaining time, [`RESERVE`] is reserved for the work after the handlers: processed events are
//! marked completed, the idempotency records of the others are released, and the answer is sent. A handler that still
//! runs when the reserve begins is cut off (at its next `await`). A record is only started if the handlers have more
//! time left than another reserve. Both are reported failed and retried, and their idempotency records are released: if
//! the process were killed instead, all of them would have to wait for their leases to end. A record at its last
//! receive is started as long as any time is left for handlers, because SQS would not redeliver it.
//!
//! A short invocation reserves less: never more than a quarter of it.

use std::time::Duration;

use super::{Deadline, RetryPolicy};

/// Reserved for the work after the handlers.
pub const RESERVE: Duration = Duration::from_secs(2);

/// The maximum time to check whether events can be delivered at all, in init and before a batch.
pub const READY: Duration = Duration::from_secs(3);

/// The limits of each call to a service. The invocation limits the total.
pub const RETRY_POLICY: RetryPolicy =
    RetryPolicy { attempt: Duration::from_millis(1_500), attempts: 3, pause: Duration::from_millis(200) };

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

    /// The maximum time to check whether events can be delivered at all: half of the handlers' time or less.
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
