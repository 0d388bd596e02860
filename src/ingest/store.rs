//! From an event to the message for the queue.

use mediahook_events::CloudEvent;

use super::{claim_check, message};
use crate::storage::{Bucket, Message, Queue, StoreError};

/// The message for the queue. If the event is too large for one, its data is put into the bucket (claim check).
///
/// # Errors
/// The bucket does not accept the data.
pub async fn prepare(
    queue: &impl Queue,
    bucket: &impl Bucket,
    event: &CloudEvent,
) -> Result<Message, StoreError> {
    let whole = message(event);
    if whole.body.len() <= queue.max_message_bytes() {
        return Ok(whole);
    }
    drop(whole); // it may have megabytes
    let mut event = event.clone();
    claim_check::check_in(&mut event, bucket).await?;
    Ok(message(&event))
}
