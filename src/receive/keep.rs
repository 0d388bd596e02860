//! Where an authentic callback goes: the queue, else the bucket, else the log.

use std::time::Duration;

use time::OffsetDateTime;
use tokio::time::timeout;

use super::budget::Deadline;
use super::{Authentic, Verdict, lost};
use crate::claim_check;
use crate::envelope::{Envelope, Message};
use crate::intake::Unreadable;
use crate::keys;
use crate::rejected::Rejected;
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
    let rejected =
        Rejected { source: authentic.source().name(), body: authentic.body_bytes(), why: &why, received };
    if let Err(error) = within(deadline.half(), rejected.put_body(bucket)).await {
        return lost::body(rejected.source, rejected.body, &error);
    }
    // The body is safe; its reason is in the log as well.
    let key = rejected.key();
    if let Err(error) = within(deadline.rest(), rejected.put_reason(bucket)).await {
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
