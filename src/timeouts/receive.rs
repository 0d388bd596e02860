//! How long a callback may take, added up in one place.
//!
//! IMS gives up after 3 s, Tencent after 5 s, cold start included. What is warmed up in init gives up after
//! [`INIT_WITHIN`] (300 ms), and the answer is on its way [`ANSWER_WITHIN`] (2500 ms) after the invocation: together 2.8 s.
//!
//! Of the 2500 ms, [`RESERVE`] (200 ms) is for our own work, the log and the way back. What is then left is halved at
//! each step, so that the next one always has as much again:
//!
//! | step | at most | in it |
//! | --- | --- | --- |
//! | the queue | 1150 ms | two attempts of 540 ms, a pause of up to 50 ms between them |
//! | the bucket | 1150 ms | the same |
//! | the log | - | it is written after the answer: [`crate::telemetry::output`] |
//!
//! An envelope that is too large for the queue takes the bucket first (1150 ms), then queue and bucket half of the rest
//! each (575 ms): one attempt, where the bucket had needed all its time before. So does a callback that waits for the
//! sources to be read again (1150 ms): one in five minutes, or one that would be unauthorized otherwise. An invocation that has less time
//! left than all this halves what it has.
//!
//! The clock starts when the invocation is in our hands, so a body of megabytes has been read before. At 6 MB and the CPU
//! share of a small function that takes longer than everything here: see the README for the memory to give it.

use std::time::Duration;

use super::{Deadline, RetryPolicy};

/// From the invocation to the answer.
pub const ANSWER_WITHIN: Duration = Duration::from_millis(2_500);
/// What warms up in init: it costs no callback its answer.
pub const INIT_WITHIN: Duration = Duration::from_millis(300);
/// Kept back from every step for what comes after all of them.
pub const RESERVE: Duration = Duration::from_millis(200);

/// What each step grants the service it asks.
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

/// When a callback must be answered, less [`RESERVE`]: [`ANSWER_WITHIN`] from now, or when the invocation ends, whichever is
/// sooner.
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
