//! Where an authentic callback goes: the queue, else the bucket, else the log.

use std::time::{Duration, Instant};

use time::OffsetDateTime;
use tokio::time::timeout;

use super::budget::Deadline;
use super::line::{Steps, Told};
use super::{Authentic, Verdict, lost};
use crate::claim_check;
use crate::envelope::{Envelope, Message};
use crate::intake::Unreadable;
use crate::keys;
use crate::rejected::Rejected;
use crate::store::{Bucket, Queue, StoreError};
use crate::trace::Trace;

const JSON: &str = "application/json";

/// What an event is kept with.
pub(super) struct Keep<'a, Q, B> {
    pub(super) queue: &'a Q,
    pub(super) bucket: &'a B,
    pub(super) deadline: Deadline,
    pub(super) received: OffsetDateTime,
    /// The trace that the message goes along with.
    pub(super) trace: Option<Trace>,
}

impl<Q: Queue, B: Bucket> Keep<'_, Q, B> {
    /// Keeps an event. Each step is bounded, so that there is time for the next.
    pub(super) async fn event(
        &self,
        authentic: &Authentic<'_>,
        mut envelope: Envelope,
        steps: &mut Steps,
    ) -> Verdict {
        let whole = self.message(&envelope);
        let limit_bytes = self.queue.max_message_bytes();
        if whole.body.len() > limit_bytes
            && let Some(why) = claim_check::too_large(&mut envelope, self.bucket, limit_bytes)
        {
            // No retry would bring it to the queue, so it is not for the spill either.
            return Box::pin(self.rejected(authentic, why, steps)).await;
        }
        let Err(queue_error) = self.enqueue(&envelope, &whole, steps).await else {
            return Verdict::Queued(Told::of(envelope, self.received));
        };
        // The whole of it, data and all: what lies in the spill needs nothing else.
        let body = whole.body.clone().into_bytes();
        let key = keys::spill(&envelope);
        let put = within(self.deadline.rest(), &mut steps.bucket, self.bucket.put(&key, body, JSON)).await;
        let event = Told::of(envelope, self.received);
        match put {
            Ok(()) => Verdict::Spilled(event, queue_error),
            Err(bucket_error) => {
                let error = format!("queue: {queue_error}; bucket: {bucket_error}");
                lost::event(&whole, &error);
                Verdict::Lost { source: event.source.clone(), event: Some(event), error }
            }
        }
    }

    async fn enqueue(
        &self,
        envelope: &Envelope,
        whole: &Message,
        steps: &mut Steps,
    ) -> Result<(), StoreError> {
        let half = || self.deadline.half();
        if whole.body.len() <= self.queue.max_message_bytes() {
            return within(half(), &mut steps.queue, self.queue.enqueue(whole)).await;
        }
        let mut envelope = envelope.clone();
        within(half(), &mut steps.bucket, claim_check::check_in(&mut envelope, self.bucket)).await?;
        within(half(), &mut steps.queue, self.queue.enqueue(&self.message(&envelope))).await
    }

    fn message(&self, envelope: &Envelope) -> Message {
        Message { trace: self.trace, ..envelope.message() }
    }

    /// Keeps a body that is no event, and beside it why.
    pub(super) async fn rejected(
        &self,
        authentic: &Authentic<'_>,
        why: Unreadable,
        steps: &mut Steps,
    ) -> Verdict {
        let source = authentic.source().name();
        let rejected = Rejected { source, body: authentic.body_bytes(), why: &why, received: self.received };
        let put_body = rejected.put_body(self.bucket);
        if let Err(error) = within(self.deadline.half(), &mut steps.bucket, put_body).await {
            lost::body(source, rejected.body, &error);
            let error = format!("bucket: {error}");
            return Verdict::Lost { source: source.to_owned(), event: None, error };
        }
        // The body is safe; its reason is in the log as well.
        let key = rejected.key();
        let put_reason = rejected.put_reason(self.bucket);
        if let Err(error) = within(self.deadline.rest(), &mut steps.bucket, put_reason).await {
            tracing::warn!(%error, key, "a rejected body is kept without its reason");
        }
        Verdict::Rejected { source: source.to_owned(), why, key }
    }
}

/// Bounds a step, and adds its time to what steps of its kind took.
async fn within(
    bound: Duration,
    took: &mut Option<Duration>,
    step: impl Future<Output = Result<(), StoreError>>,
) -> Result<(), StoreError> {
    let began = Instant::now();
    let late = |_| StoreError(format!("no answer within {} ms", bound.as_millis()));
    let result = timeout(bound, step).await.map_err(late);
    *took = Some(took.unwrap_or_default() + began.elapsed());
    result?
}
