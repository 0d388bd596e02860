//! How long a pull may take, with all sums in one place.
//!
//! A receipt of Tencent's is valid for 30 s. So pulled events are stored within [`STORE_WITHIN`] (10 s) and confirmed
//! within [`CONFIRM_WITHIN`] (8 s), whatever queue, bucket and sender do. An event that is not stored by then is
//! redelivered. A pull starts only if it can be completed before the invocation ends.

use std::time::Duration;

use super::{Deadline, RetryPolicy};

/// The limit of one pull. Tencent holds it for up to 5 s and advises to wait 10 s.
pub const PULL_WITHIN: Duration = Duration::from_secs(10);
/// With a shorter limit, a pull would often end before its sender stops holding it.
const PULL_AT_LEAST: Duration = Duration::from_secs(6);
/// The limit to store all events of a pull, in queue or bucket.
pub const STORE_WITHIN: Duration = Duration::from_secs(10);
/// The limit to confirm all stored events.
pub const CONFIRM_WITHIN: Duration = Duration::from_secs(8);
/// The limit of one confirmation; [`CONFIRM_WITHIN`] allows for a second attempt.
pub const CONFIRM_ATTEMPT: Duration = Duration::from_secs(3);
/// Reserved for the summary and the response.
pub const RESERVE: Duration = Duration::from_secs(1);
/// How long init may wait for the queue.
pub const WARM_UP_WITHIN: Duration = Duration::from_secs(2);
/// The limit to read the sources.
pub const SOURCES_WITHIN: Duration = Duration::from_secs(5);

/// The limits of calls to AWS: nobody is waiting, so they can be longer than the receiver's.
pub const RETRY_POLICY: RetryPolicy =
    RetryPolicy { attempt: Duration::from_secs(3), attempts: 3, pause: Duration::from_millis(200) };

/// How long a receipt of Tencent's is valid.
const RECEIPT_LASTS: Duration = Duration::from_secs(30);

const _: () = {
    let settled = STORE_WITHIN.as_millis() + CONFIRM_WITHIN.as_millis();
    // The wait in a pull does not count: receipts are created when it ends.
    assert!(settled < RECEIPT_LASTS.as_millis(), "receipts are void before they are used");
};

/// The deadline of an invocation with this much time left: [`RESERVE`] before its end.
pub fn deadline(invocation_left: Duration) -> Deadline {
    Deadline::after(invocation_left.saturating_sub(RESERVE))
}

/// The time for a pull now, if its events are to be stored and confirmed before the deadline; nothing if it is too
/// late to start one.
pub fn pull_within(deadline: Deadline) -> Option<Duration> {
    let left = deadline.left().checked_sub(STORE_WITHIN + CONFIRM_WITHIN)?;
    (left >= PULL_AT_LEAST).then(|| left.min(PULL_WITHIN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_pull_begins_that_could_not_be_settled() {
        let within =
            |left_s| pull_within(deadline(Duration::from_secs(left_s))).map(|d| d.as_secs_f32().round());
        assert_eq!(within(55), Some(10.0));
        assert_eq!(within(27), Some(8.0));
        assert_eq!(within(24), None);
        assert_eq!(within(0), None);
    }
}
