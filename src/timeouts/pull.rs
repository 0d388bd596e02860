//! How long a pull may take, added up in one place.
//!
//! A receipt of Tencent's is good for 30 s. So what a pull brought is stored within [`STORE_WITHIN`] (10 s) and confirmed
//! within [`CONFIRM_WITHIN`] (8 s), whatever queue, bucket and sender do; what was not stored by then is redelivered. No pull
//! begins that could not be settled before the invocation ends.

use std::time::Duration;

use super::{Deadline, RetryPolicy};

/// One pull. Tencent holds it up to 5 s and advises to wait 10.
pub const PULL_WITHIN: Duration = Duration::from_secs(10);
/// Shorter, a pull would often end before its sender stops holding it.
const PULL_AT_LEAST: Duration = Duration::from_secs(6);
/// All that a pull brought, into queue or bucket.
pub const STORE_WITHIN: Duration = Duration::from_secs(10);
/// All that was stored, confirmed.
pub const CONFIRM_WITHIN: Duration = Duration::from_secs(8);
/// One confirmation; within [`CONFIRM_WITHIN`] there is time for a second try.
pub const CONFIRM_ATTEMPT: Duration = Duration::from_secs(3);
/// Kept back for the summary and the way back.
pub const RESERVE: Duration = Duration::from_secs(1);
/// What init may wait for the queue.
pub const WARM_UP_WITHIN: Duration = Duration::from_secs(2);
/// How long the sources may take to be read.
pub const SOURCES_WITHIN: Duration = Duration::from_secs(5);

/// What each step grants AWS: nobody is waiting, so it can be more than the receiver's.
pub const RETRY_POLICY: RetryPolicy =
    RetryPolicy { attempt: Duration::from_secs(3), attempts: 3, pause: Duration::from_millis(200) };

/// How long a receipt of Tencent's is good.
const RECEIPT_LASTS: Duration = Duration::from_secs(30);

const _: () = {
    let settled = STORE_WITHIN.as_millis() + CONFIRM_WITHIN.as_millis();
    // A pull that was held began before its receipts were made.
    assert!(settled < RECEIPT_LASTS.as_millis(), "receipts are void before they are used");
};

/// When an invocation must have answered, less [`RESERVE`], if it has this much time left.
pub fn deadline(invocation_left: Duration) -> Deadline {
    Deadline::after(invocation_left.saturating_sub(RESERVE))
}

/// What a pull may take now, if what it brings is to be settled before the deadline; nothing when it is too late to begin
/// one.
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
