//! From events to messages in the queue.

use futures_util::future::join_all;
use mediahook_events::CloudEvent;

use super::{claim_check, message};
use crate::storage::{Bucket, EntryError, MAX_BATCH_MESSAGES, Message, Queue, StoreError, within};
use crate::timeouts::Deadline;

/// Enqueues at most ten events of different groups, and returns the result of each. If an event is too large for a
/// message, its data goes to the bucket first; a bucket that fails leaves the queue half of the time.
///
/// # Errors
/// The queue failed as a whole. It may have any of the events nevertheless.
pub async fn enqueue(
    queue: &impl Queue,
    bucket: &impl Bucket,
    events: impl Iterator<Item = &CloudEvent>,
    until: Deadline,
) -> Result<Vec<Result<(), EntryError>>, StoreError> {
    let prepared = join_all(events.map(|event| within(until.half(), prepare(queue, bucket, event)))).await;
    let messages: Vec<_> = prepared.iter().flatten().collect();
    // SQS limits a call to as many bytes as one message.
    let bytes: usize = messages.iter().map(|message| message.body.len()).sum();
    let at_once = if bytes <= queue.max_message_bytes() { MAX_BATCH_MESSAGES } else { 1 };
    let mut sent = Vec::new();
    for call in messages.chunks(at_once) {
        match within(until.left(), queue.enqueue_batch(call)).await {
            Ok(results) => sent.extend(results),
            Err(error) if sent.is_empty() => return Err(error),
            Err(error) => sent.push(Err(error.into())),
        }
    }
    let mut sent = sent.into_iter();
    let of_queue =
        |error: EntryError| EntryError { why: StoreError(format!("queue: {}", error.why)), ..error };
    let result = |prepared: Result<Message, StoreError>| match prepared {
        Ok(_) => {
            sent.next().unwrap_or_else(|| Err(StoreError("no result".to_owned()).into())).map_err(of_queue)
        }
        Err(error) => Err(StoreError(format!("bucket: {error}")).into()),
    };
    Ok(prepared.into_iter().map(result).collect())
}

/// The message for the queue. If the event is too large for one, its data is put into the bucket (claim check).
async fn prepare(
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
