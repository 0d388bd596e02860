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
//! | the sources, if they are read again | 1400 ms | one slow answer: all but what storing needs |
//! | the queue | 1150 ms | two attempts of 540 ms, a pause of up to 50 ms between them |
//! | the bucket | 1150 ms | the same |
//! | the log | - | it is written after the answer: [`crate::telemetry::output`] |
//!
//! If an envelope is too large for the queue, its data goes to the bucket first (1150 ms). Then queue and bucket get
//! half of the rest each. However little time is left, every step gets one attempt: a sender that gives up after 3 s may
//! miss the answer, but the event is stored. So the answer can be late by an attempt for each step: after a sources
//! document that took 1.4 s, and with queue and bucket hanging, it is sent after 2.5 s.
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

/// The limits of a read of the sources: its caller limits the total, and one slow answer may take all of it.
pub const SOURCES_RETRY_POLICY: RetryPolicy =
    RetryPolicy { attempt: ANSWER_WITHIN, attempts: 2, pause: Duration::from_millis(50) };
/// What a read of the sources leaves for storing.
const STORE_WITHIN: Duration = Duration::from_millis(900);

const _: () = {
    let step =
        RETRY_POLICY.attempt.as_millis() * RETRY_POLICY.attempts as u128 + RETRY_POLICY.pause.as_millis();
    assert!(
        2 * step + RESERVE.as_millis() <= ANSWER_WITHIN.as_millis(),
        "the steps take longer than the answer may"
    );
    let read = ANSWER_WITHIN.as_millis() - RESERVE.as_millis() - STORE_WITHIN.as_millis();
    let slowest = INIT_WITHIN.as_millis() + read + 2 * RETRY_POLICY.attempt.as_millis();
    assert!(slowest < 3_000, "after a slow read of the sources the first answer is too late for IMS");
};

/// The deadline of a callback: [`RESERVE`] before the answer is due, [`ANSWER_WITHIN`] from now or when the invocation
/// ends, whichever is earlier.
pub fn deadline(invocation_left: Duration) -> Deadline {
    Deadline::after(ANSWER_WITHIN.min(invocation_left).saturating_sub(RESERVE))
}

/// The limit to read the sources: all but what storing needs.
pub fn sources_within(deadline: Deadline) -> Duration {
    deadline.left().saturating_sub(STORE_WITHIN)
}

/// The limit of a step that has another one after it: half of the time that is left, and always one attempt.
pub fn step(deadline: Deadline) -> Duration {
    deadline.half().max(RETRY_POLICY.attempt)
}

/// The limit of the last step: all the time that is left, and always one attempt.
pub fn last_step(deadline: Deadline) -> Duration {
    deadline.left().max(RETRY_POLICY.attempt)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_leaves_the_next_as_much() {
        let long = deadline(Duration::from_secs(10));
        assert!(step(long) <= Duration::from_millis(1_150) && step(long) > Duration::from_millis(1_100));
        assert!(sources_within(long) > Duration::from_millis(1_300), "time for an answer of 1.2 s");
        let short = deadline(Duration::from_secs(1));
        assert!(short.left() <= Duration::from_millis(800) && short.left() > Duration::from_millis(750));
        let none = deadline(Duration::from_millis(100));
        assert_eq!((none.left(), sources_within(none)), (Duration::ZERO, Duration::ZERO));
        assert_eq!((step(none), last_step(none)), (RETRY_POLICY.attempt, RETRY_POLICY.attempt));
    }
}
