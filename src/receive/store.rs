//! Stores an authentic callback: in the queue, else in the bucket, else in the log.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use time::OffsetDateTime;

use super::circuit_breaker::CircuitBreaker;
use super::outcome::{EventSummary, ReceiveOutcome};
use super::timings::Timings;
use super::{Authentic, lost_log};
use crate::event::Unreadable;
use crate::event::envelope::{Envelope, Message};
use crate::mutex::lock;
use crate::storage::rejected_bodies::Rejected;
use crate::storage::{Bucket, Queue, StoreError, claim_check, object_keys, within};
use crate::timeouts::Deadline;
use crate::trace::Trace;

const JSON: &str = "application/json";

/// Where one callback is stored, and how long that may take.
pub(super) struct Store<'a, Q, B> {
    pub(super) queue: &'a Q,
    pub(super) bucket: &'a B,
    pub(super) breaker: &'a Mutex<CircuitBreaker>,
    pub(super) deadline: Deadline,
    pub(super) received: OffsetDateTime,
    /// The trace for the message.
    pub(super) trace: Option<Trace>,
}

impl<Q: Queue, B: Bucket> Store<'_, Q, B> {
    /// Stores an event. Each step is limited, so that the next one has time. A queue that keeps failing is skipped,
    /// but tried after all if the bucket fails too.
    pub(super) async fn event(
        &self,
        authentic: &Authentic<'_>,
        mut envelope: Envelope,
        timings: &mut Timings,
    ) -> ReceiveOutcome {
        let message = self.message(&envelope);
        let limit_bytes = self.queue.max_message_bytes();
        if message.body.len() > limit_bytes
            && let Some(reason) = claim_check::too_large(&mut envelope, self.bucket, limit_bytes)
        {
            // The queue will never accept it, so it does not go to `spill/` either.
            return Box::pin(self.unprocessable(authentic, reason, timings)).await;
        }
        let event = EventSummary::new(&envelope, authentic, self.received);
        let queue_skipped = lock(self.breaker).is_open(self.received);
        let queue_error = if queue_skipped {
            StoreError("skipped, it failed several times in a row".to_owned())
        } else {
            match self.enqueue(&envelope, &message, timings).await {
                Ok(()) => return ReceiveOutcome::Queued(event),
                Err(error) => error,
            }
        };
        let bound = if queue_skipped { self.deadline.half() } else { self.deadline.left() };
        let Err(bucket_error) = self.spill(&envelope, &message, bound, timings).await else {
            return ReceiveOutcome::Spilled { event, queue_error, queue_skipped };
        };
        if queue_skipped && self.enqueue(&envelope, &message, timings).await.is_ok() {
            return ReceiveOutcome::Queued(event);
        }
        let error = format!("queue: {queue_error}; bucket: {bucket_error}");
        lost_log::event(&message, &error);
        ReceiveOutcome::Lost { source: event.source.clone(), event: Some(event), error }
    }

    /// Stores a body from which no event can be queued in `rejected/`, with the reason beside it.
    pub(super) async fn unprocessable(
        &self,
        authentic: &Authentic<'_>,
        reason: Unreadable,
        timings: &mut Timings,
    ) -> ReceiveOutcome {
        let source = authentic.source().name();
        let rejected = Rejected { source, body: authentic.body(), reason: &reason, received: self.received };
        let put = rejected.put(self.bucket, self.deadline.half(), self.deadline.left());
        match timed(&mut timings.bucket, put).await {
            Ok(key) => ReceiveOutcome::Unprocessable { source: source.to_owned(), reason, key },
            Err(error) => {
                lost_log::body(source, authentic.body(), &error);
                let error = format!("bucket: {error}");
                ReceiveOutcome::Lost { source: source.to_owned(), event: None, error }
            }
        }
    }

    /// Puts an event into the queue. If it is too large for a message, its data is put into the bucket first.
    async fn enqueue(
        &self,
        envelope: &Envelope,
        message: &Message,
        timings: &mut Timings,
    ) -> Result<(), StoreError> {
        if message.body.len() <= self.queue.max_message_bytes() {
            return self.send(message, timings).await;
        }
        let mut envelope = envelope.clone();
        let check_in = claim_check::check_in(&mut envelope, self.bucket);
        timed(&mut timings.bucket, within(self.deadline.half(), check_in)).await?;
        self.send(&self.message(&envelope), timings).await
    }

    async fn send(&self, message: &Message, timings: &mut Timings) -> Result<(), StoreError> {
        let enqueue = within(self.deadline.half(), self.queue.enqueue(message));
        let sent = timed(&mut timings.queue, enqueue).await;
        match sent {
            Ok(()) => lock(self.breaker).succeeded(),
            Err(_) => lock(self.breaker).failed(self.received),
        }
        sent
    }

    /// Puts the whole envelope into `spill/`, data included.
    async fn spill(
        &self,
        envelope: &Envelope,
        message: &Message,
        bound: Duration,
        timings: &mut Timings,
    ) -> Result<(), StoreError> {
        let (key, body) = (object_keys::spill(envelope), message.body.clone().into_bytes());
        timed(&mut timings.bucket, within(bound, self.bucket.put(&key, body, JSON))).await
    }

    fn message(&self, envelope: &Envelope) -> Message {
        Message { trace: self.trace, ..envelope.message() }
    }
}

/// Adds the duration of a step to that of the other steps of its kind.
async fn timed<T>(took: &mut Option<Duration>, step: impl Future<Output = T>) -> T {
    let began = Instant::now();
    let result = step.await;
    *took = Some(took.unwrap_or_default() + began.elapsed());
    result
}
