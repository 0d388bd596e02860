//! Stores an authentic callback: in the queue, else in the bucket, else in the log.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use time::OffsetDateTime;

use super::circuit_breaker::CircuitBreaker;
use super::outcome::{EventSummary, ReceiveOutcome};
use super::timings::Timings;
use super::{Authentic, lost_log};
use crate::ingest::rejected::Rejected;
use crate::ingest::{message, object_keys, store};
use crate::mutex::lock;
use crate::storage::{Bucket, Message, Queue, StoreError, within};
use crate::timeouts::Deadline;
use crate::trace::Trace;
use mediahook_events::CloudEvent;
use mediahook_senders::Unprocessable;

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
        envelope: CloudEvent,
        timings: &mut Timings,
    ) -> ReceiveOutcome {
        let event = EventSummary::new(&envelope, authentic, self.received);
        let queue_skipped = lock(self.breaker).is_open(self.received);
        let queue_error = if queue_skipped {
            StoreError("skipped, it failed several times in a row".to_owned())
        } else {
            match self.enqueue(&envelope, timings).await {
                Ok(()) => return ReceiveOutcome::Queued(event),
                Err(error) => error,
            }
        };
        let bound = if queue_skipped { self.deadline.half() } else { self.deadline.left() };
        let Err(bucket_error) = self.spill(&envelope, bound, timings).await else {
            return ReceiveOutcome::Spilled { event, queue_error, queue_skipped };
        };
        if queue_skipped && self.enqueue(&envelope, timings).await.is_ok() {
            return ReceiveOutcome::Queued(event);
        }
        let error = format!("queue: {queue_error}; bucket: {bucket_error}");
        lost_log::event(&message(&envelope), &error);
        ReceiveOutcome::Lost { source: event.source.clone(), event: Some(event), error }
    }

    /// Stores a body from which no event can be queued in `rejected/`, with the reason beside it.
    pub(super) async fn unprocessable(
        &self,
        authentic: &Authentic<'_>,
        reason: Unprocessable,
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
    async fn enqueue(&self, envelope: &CloudEvent, timings: &mut Timings) -> Result<(), StoreError> {
        let prepare = store::prepare(self.queue, self.bucket, envelope);
        let mut took = None;
        let prepared = timed(&mut took, within(self.deadline.half(), prepare)).await;
        if !matches!(prepared, Ok((_, false))) {
            timings.bucket = took;
        }
        let (message, _) = prepared?;
        let message = Message { trace: self.trace, ..message };
        let enqueue = within(self.deadline.half(), self.queue.enqueue(&message));
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
        envelope: &CloudEvent,
        bound: Duration,
        timings: &mut Timings,
    ) -> Result<(), StoreError> {
        let (key, body) = (object_keys::spill(envelope), message(envelope).body.into_bytes());
        timed(&mut timings.bucket, within(bound, self.bucket.put(&key, body, JSON))).await
    }
}

/// Adds the duration of a step to that of the other steps of its kind.
async fn timed<T>(took: &mut Option<Duration>, step: impl Future<Output = T>) -> T {
    let began = Instant::now();
    let result = step.await;
    *took = Some(took.unwrap_or_default() + began.elapsed());
    result
}
