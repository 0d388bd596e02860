//! How long a pull may take, with all sums in one place.
//!
//! A sender hides the events of an answer for as long as their receipts are valid, 30 s. An answer that is cut off
//! earlier costs a retry that finds nothing, so it may take as long as they live. Then its events are stored within
//! [`STORE_WITHIN`] and confirmed within [`CONFIRM_WITHIN`], whatever queue, bucket and sender do. An event that is not
//! stored by then is redelivered. A pull starts only if it can be completed before the invocation ends.
//!
//! An object of `spill/` has no receipt that expires: reading, storing and deleting share what is left of the run.

use std::time::Duration;

use super::{Deadline, RetryPolicy};

/// How long a receipt is valid at Tencent, and by default at MNS.
pub const RECEIPT_LASTS: Duration = Duration::from_secs(30);
/// With a shorter limit, a pull would often end before its sender stops holding it (5 s).
const PULL_AT_LEAST: Duration = Duration::from_secs(6);
/// The limit to store all events of a pull, in queue or bucket.
pub const STORE_WITHIN: Duration = Duration::from_secs(10);
/// The limit to confirm all stored events.
pub const CONFIRM_WITHIN: Duration = Duration::from_secs(8);
/// The limit of one confirmation; [`CONFIRM_WITHIN`] allows for a second attempt.
pub const CONFIRM_ATTEMPT: Duration = Duration::from_secs(3);
/// The limit to list and read some objects of `spill/`.
const READ_WITHIN: Duration = Duration::from_secs(10);
/// With less time left, no further objects of `spill/` are read: half of it is for reading, half of the rest for storing.
const READ_AT_LEAST: Duration = Duration::from_secs(4);
/// Reserved for the summary and the response.
pub const RESERVE: Duration = Duration::from_secs(1);
/// How long a run may wait until it is known whether the queue exists.
pub const CHECK_WITHIN: Duration = Duration::from_secs(2);
/// The limit to read the sources.
pub const SOURCES_WITHIN: Duration = Duration::from_secs(5);

/// The limits of calls to AWS: nobody is waiting, so they can be longer than the receiver's.
pub const RETRY_POLICY: RetryPolicy =
    RetryPolicy { attempt: Duration::from_secs(3), attempts: 3, pause: Duration::from_millis(200) };

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
    (left >= PULL_AT_LEAST).then(|| left.min(RECEIPT_LASTS))
}

/// The time for reading objects of `spill/` now; nothing if it is too late to start.
pub fn read_within(deadline: Deadline) -> Option<Duration> {
    (deadline.left() >= READ_AT_LEAST).then(|| deadline.half().min(READ_WITHIN))
}

/// When what was pulled or read must be stored. The rest is for confirming it.
pub fn store_until(deadline: Deadline) -> Deadline {
    Deadline::after(deadline.half().min(STORE_WITHIN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_pull_begins_that_could_not_be_settled() {
        let within =
            |left_s| pull_within(deadline(Duration::from_secs(left_s))).map(|d| d.as_secs_f32().round());
        assert_eq!(within(55), Some(30.0));
        assert_eq!(within(27), Some(8.0));
        assert_eq!(within(24), None);
        assert_eq!(within(0), None);
    }

    #[test]
    fn objects_are_read_until_shortly_before_the_end() {
        let within =
            |left_s| read_within(deadline(Duration::from_secs(left_s))).map(|d| d.as_secs_f32().round());
        assert_eq!((within(55), within(7), within(4)), (Some(10.0), Some(3.0), None));
    }
}
