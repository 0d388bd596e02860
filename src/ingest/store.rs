//! From an event to the message for the queue, for push and pull.

use mediahook_events::CloudEvent;

use super::{claim_check, message};
use crate::storage::{Bucket, Message, Queue, StoreError};

/// The message for the queue, and whether the event was too large for one, so that its data is in the bucket now (claim
/// check).
///
/// # Errors
/// The bucket does not accept the data.
pub async fn prepare(
    queue: &impl Queue,
    bucket: &impl Bucket,
    event: &CloudEvent,
) -> Result<(Message, bool), StoreError> {
    let whole = message(event);
    if whole.body.len() <= queue.max_message_bytes() {
        return Ok((whole, false));
    }
    drop(whole); // it may have megabytes
    let mut event = event.clone();
    claim_check::check_in(&mut event, bucket).await?;
    Ok((message(&event), true))
}
