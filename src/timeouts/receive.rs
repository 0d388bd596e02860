//! How long a callback may take, with all sums in one place.
//!
//! IMS gives up after 3 s, Tencent after 5 s, cold start included. Calls in init give up after [`INIT_WITHIN`] (300
//! ms), and the answer is sent [`ANSWER_WITHIN`] (2500 ms) after the invocation: together 2.8 s.
//!
//! Of the 2500 ms, [`RESERVE`] (200 ms) is for our own work and the transmission. The queue gets half of the rest, so
//! that the bucket has the same amount again:
//!
//! | step | at most | in it |
//! | --- | --- | --- |
//! | the queue | 1150 ms | two attempts of 540 ms, a pause of up to 50 ms between them |
//! | the bucket | 1150 ms | the same |
//! | the log | - | it is written after the answer: [`crate::telemetry::output`] |
//!
//! If an envelope is too large for the queue, its data goes to the bucket first (1150 ms). Then queue and bucket get
//! half of the rest each: at least 575 ms, which is one attempt. The limits are the same if the sources are read again
//! first (1150 ms): for one callback in five minutes, or one that would be unauthorized otherwise. If an invocation has less time left than all this, that time is halved instead.
//!
//! The clock starts when our code receives the invocation, so a body of megabytes has been read before. At 6 MB, with
//! the CPU share of a small function, that takes longer than everything here: `docs/reliability.md` recommends the
//! memory.

use std::time::Duration;

use super::{Deadline, RetryPolicy};

/// From the invocation to the answer.
pub const ANSWER_WITHIN: Duration = Duration::from_millis(2_500);
/// The limit of calls in init. What has not answered by then, the first callbacks ask again.
pub const INIT_WITHIN: Duration = Duration::from_millis(300);
/// Reserved, at every step, for the work after all of them.
pub const RESERVE: Duration = Duration::from_millis(200);

/// The limits of each step's calls.
pub const RETRY_POLICY: RetryPolicy =
    RetryPolicy { attempt: Duration::from_millis(540), attempts: 2, pause: Duration::from_millis(50) };

const _: () = {
    let step =
        RETRY_POLICY.attempt.as_millis() * RETRY_POLICY.attempts as u128 + RETRY_POLICY.pause.as_millis();
    assert!(
        2 * step + RESERVE.as_millis() <= ANSWER_WITHIN.as_millis(),
        "the steps take longer than the answer may"
    );
};

/// The deadline of a callback: [`RESERVE`] before the answer is due, [`ANSWER_WITHIN`] from now or when the invocation
/// ends, whichever is earlier.
pub fn deadline(invocation_left: Duration) -> Deadline {
    Deadline::after(ANSWER_WITHIN.min(invocation_left).saturating_sub(RESERVE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_leaves_the_next_as_much() {
        let long = deadline(Duration::from_secs(10));
        assert!(long.half() <= Duration::from_millis(1_150) && long.half() > Duration::from_millis(1_100));
        let short = deadline(Duration::from_secs(1));
        assert!(short.left() <= Duration::from_millis(800) && short.left() > Duration::from_millis(750));
        assert_eq!(deadline(Duration::from_millis(100)).left(), Duration::ZERO);
    }
}
