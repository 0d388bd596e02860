//! Skips a queue that keeps failing.
//!
//! While SQS hangs, a callback waits 1.15 s for it before it tries the bucket. Fifty environments then answer about
//! forty callbacks a second. Lambda answers the others 429, and Tencent does not send those again. So after
//! [`FAILURES`] in a row an environment skips the queue for [`OPEN_FOR`]. Then one callback tries the queue: if that
//! fails too, the environment skips it again.
//!
//! The cost: for up to [`OPEN_FOR`] after the queue works again, one environment still writes to `spill/`, while
//! others do not. The queue may then receive a later event of the same media asset before the puller moves the
//! spilled one.

use time::{Duration, OffsetDateTime};

/// How many failures in a row open the breaker.
const FAILURES: u32 = 3;
/// How long an open breaker skips the queue.
const OPEN_FOR: Duration = Duration::seconds(5);

/// The breaker of one environment.
#[derive(Debug, Default)]
pub(super) struct CircuitBreaker {
    failures: u32,
    last_failure: Option<OffsetDateTime>,
}

impl CircuitBreaker {
    /// Whether to skip the queue now. If the clock was set back, the breaker closes.
    pub(super) fn is_open(&self, now: OffsetDateTime) -> bool {
        self.failures >= FAILURES && self.last_failure.is_some_and(|at| (at..at + OPEN_FOR).contains(&now))
    }

    pub(super) fn succeeded(&mut self) {
        *self = Self::default();
    }

    pub(super) fn failed(&mut self, now: OffsetDateTime) {
        self.failures = self.failures.saturating_add(1);
        self.last_failure = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_after_three_failures_in_a_row_and_lets_one_probe_through() {
        let at = |seconds| OffsetDateTime::UNIX_EPOCH + Duration::seconds(seconds);
        let mut breaker = CircuitBreaker::default();
        breaker.failed(at(0));
        breaker.failed(at(1));
        breaker.succeeded();
        for second in 2..5 {
            assert!(!breaker.is_open(at(second)));
            breaker.failed(at(second));
        }
        assert!(breaker.is_open(at(4)) && breaker.is_open(at(8)));
        assert!(!breaker.is_open(at(9)), "the probe");
        breaker.failed(at(9));
        assert!(breaker.is_open(at(10)), "the probe failed");
        assert!(!breaker.is_open(at(3)), "the clock was set back");
        breaker.succeeded();
        assert!(!breaker.is_open(at(10)));
    }
}
