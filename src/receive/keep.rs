//! Where an authentic callback goes: the queue, else the bucket, else the log.

use std::time::Duration;

use serde_json::json;
use time::OffsetDateTime;
use tokio::time::timeout;

use super::budget::Deadline;
use super::{Authentic, Verdict, lost};
use crate::claim_check;
use crate::envelope::{Envelope, rfc3339};
use crate::intake::Unreadable;
use crate::keys;
use crate::store::{Bucket, Queue, StoreError};

/// Keeps an event. Each step is bounded, so that there is time for the next.
pub(super) async fn event<Q: Queue, B: Bucket>(
    mut envelope: Envelope,
    queue: &Q,
    bucket: &B,
    deadline: Deadline,
) -> Verdict {
    let mut message = envelope.message();
    if message.body.len() > queue.max_message_bytes() {
        match within(deadline.half(), claim_check::check_in(&mut envelope, bucket)).await {
            Ok(()) => message = envelope.message(),
            Err(error) => return lost::event(&envelope.id, &message.body, &error),
        }
    }
    let Err(queue_error) = within(deadline.half(), queue.enqueue(&message)).await else {
        return Verdict::Queued(envelope.id);
    };
    let body = message.body.clone().into_bytes();
    match within(deadline.rest(), bucket.put(&keys::spill(&envelope), body, "application/json")).await {
        Ok(()) => Verdict::Spilled(envelope.id, queue_error),
        Err(bucket_error) => {
            let error = StoreError(format!("queue: {queue_error}; bucket: {bucket_error}"));
            lost::event(&envelope.id, &message.body, &error)
        }
    }
}

/// Keeps a body that is no event, and beside it why.
pub(super) async fn rejected<B: Bucket>(
    authentic: &Authentic<'_>,
    why: Unreadable,
    received: OffsetDateTime,
    bucket: &B,
    deadline: Deadline,
) -> Verdict {
    let (source, body) = (authentic.source().name(), authentic.body_bytes());
    let key = keys::rejected(source, body, received);
    if let Err(error) =
        within(deadline.half(), bucket.put(&key, body.to_vec(), "application/octet-stream")).await
    {
        return lost::body(source, body, &error);
    }
    let reason = json!({
        "source": source,
        "reason": why.to_string(),
        "receivedtime": rfc3339(received),
        "bytes": body.len(),
        "body": format!("s3://{}/{key}", bucket.name()),
    });
    // The body is safe; its reason is in the log as well.
    let reason_key = format!("{key}.json");
    let put = bucket.put(&reason_key, reason.to_string().into_bytes(), "application/json");
    if let Err(error) = within(deadline.rest(), put).await {
        tracing::warn!(%error, key, "a rejected body is kept without its reason");
    }
    Verdict::Rejected(why, key)
}

async fn within(
    bound: Duration,
    step: impl Future<Output = Result<(), StoreError>>,
) -> Result<(), StoreError> {
    let late = |_| StoreError(format!("no answer within {} ms", bound.as_millis()));
    timeout(bound, step).await.map_err(late)?
}
