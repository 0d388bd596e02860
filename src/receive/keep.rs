//! Where an authentic callback goes: the queue, else the bucket, else the log.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use time::OffsetDateTime;
use tokio::time::timeout;

use super::breaker::CircuitBreaker;
use super::budget::Deadline;
use super::line::{Steps, Told};
use super::{Authentic, Verdict, lost};
use crate::event::Unreadable;
use crate::event::envelope::{Envelope, Message};
use crate::storage::claim_check;
use crate::storage::keys;
use crate::storage::rejected::Rejected;
use crate::storage::{Bucket, Queue, StoreError};
use crate::trace::Trace;

const JSON: &str = "application/json";

/// What an event is kept with.
pub(super) struct Keep<'a, Q, B> {
    pub(super) queue: &'a Q,
    pub(super) bucket: &'a B,
    pub(super) breaker: &'a Mutex<CircuitBreaker>,
    pub(super) deadline: Deadline,
    pub(super) received: OffsetDateTime,
    /// The trace that the message goes along with.
    pub(super) trace: Option<Trace>,
}

impl<Q: Queue, B: Bucket> Keep<'_, Q, B> {
    /// Keeps an event. Each step is bounded, so that there is time for the next. A queue that keeps failing is skipped, and
    /// tried after all where the bucket fails too.
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
        steps.queue_skipped = self.breaker().is_open(self.received);
        let queue_error = if steps.queue_skipped {
            StoreError("skipped, it failed several times in a row".to_owned())
        } else {
            match self.enqueue(&envelope, &whole, steps).await {
                Ok(()) => return Verdict::Queued(Told::of(envelope, self.received)),
                Err(error) => error,
            }
        };
        // The whole of it, data and all: what lies in the spill needs nothing else.
        let body = whole.body.clone().into_bytes();
        let key = keys::spill(&envelope);
        let bound = if steps.queue_skipped { self.deadline.half() } else { self.deadline.rest() };
        let put = within(bound, &mut steps.bucket, self.bucket.put(&key, body, JSON)).await;
        let Err(bucket_error) = put else {
            return Verdict::Spilled(Told::of(envelope, self.received), queue_error);
        };
        if steps.queue_skipped && self.enqueue(&envelope, &whole, steps).await.is_ok() {
            return Verdict::Queued(Told::of(envelope, self.received));
        }
        let error = format!("queue: {queue_error}; bucket: {bucket_error}");
        lost::event(&whole, &error);
        let event = Told::of(envelope, self.received);
        Verdict::Lost { source: event.source.clone(), event: Some(event), error }
    }

    async fn enqueue(
        &self,
        envelope: &Envelope,
        whole: &Message,
        steps: &mut Steps,
    ) -> Result<(), StoreError> {
        if whole.body.len() <= self.queue.max_message_bytes() {
            return self.send(whole, steps).await;
        }
        let mut envelope = envelope.clone();
        let check_in = claim_check::check_in(&mut envelope, self.bucket);
        within(self.deadline.half(), &mut steps.bucket, check_in).await?;
        self.send(&self.message(&envelope), steps).await
    }

    async fn send(&self, message: &Message, steps: &mut Steps) -> Result<(), StoreError> {
        let sent = within(self.deadline.half(), &mut steps.queue, self.queue.enqueue(message)).await;
        match sent {
            Ok(()) => self.breaker().succeeded(),
            Err(_) => self.breaker().failed(self.received),
        }
        sent
    }

    fn breaker(&self) -> MutexGuard<'_, CircuitBreaker> {
        // Nothing panics while it holds the lock; if it did, the breaker would still be whole.
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
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
