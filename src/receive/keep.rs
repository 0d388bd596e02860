//! Where an authentic callback goes: the queue, else the bucket, else the log.

use std::time::Duration;

use serde_json::json;
use time::OffsetDateTime;
use tokio::time::timeout;

use super::budget::Deadline;
use super::{Authentic, Verdict, lost};
use crate::claim_check;
use crate::envelope::{Envelope, Message, rfc3339};
use crate::intake::Unreadable;
use crate::keys;
use crate::store::{Bucket, Queue, StoreError};

const JSON: &str = "application/json";

/// Keeps an event. Each step is bounded, so that there is time for the next.
pub(super) async fn event<Q: Queue, B: Bucket>(
    envelope: Envelope,
    queue: &Q,
    bucket: &B,
    deadline: Deadline,
) -> Verdict {
    let whole = envelope.message();
    let Err(queue_error) = enqueue(&envelope, &whole, queue, bucket, deadline).await else {
        return Verdict::Queued(envelope.id);
    };
    // The whole of it, data and all: what lies in the spill needs nothing else.
    let body = whole.body.clone().into_bytes();
    match within(deadline.rest(), bucket.put(&keys::spill(&envelope), body, JSON)).await {
        Ok(()) => Verdict::Spilled(envelope.id, queue_error),
        Err(bucket_error) => lost::event(&whole, &format!("queue: {queue_error}; bucket: {bucket_error}")),
    }
}

async fn enqueue<Q: Queue, B: Bucket>(
    envelope: &Envelope,
    whole: &Message,
    queue: &Q,
    bucket: &B,
    deadline: Deadline,
) -> Result<(), StoreError> {
    if whole.body.len() <= queue.max_message_bytes() {
        return within(deadline.half(), queue.enqueue(whole)).await;
    }
    let mut envelope = envelope.clone();
    within(deadline.half(), claim_check::check_in(&mut envelope, bucket)).await?;
    within(deadline.half(), queue.enqueue(&envelope.message())).await
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
    let put = bucket.put(&reason_key, reason.to_string().into_bytes(), JSON);
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
