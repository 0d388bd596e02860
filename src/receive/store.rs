//! Stores an authentic callback: in the queue, else in the bucket, else in the log.

use std::time::{Duration, Instant};

use mediahook_events::CloudEvent;
use mediahook_senders::Unprocessable;
use time::OffsetDateTime;

use super::authenticate::Authentic;
use super::outcome::ReceiveOutcome;
use super::{Receiver, lost_log};
use crate::ingest::rejected::Rejected;
use crate::ingest::{claim_check, message, object_keys};
use crate::mutex::lock;
use crate::storage::{Bucket, EntryError, Message, Queue, StoreError, within};
use crate::timeouts::Deadline;
use crate::timeouts::receive::{last_step, step};

/// Where one callback is stored, and how long that may take.
pub(super) struct Store<'a, Q, B> {
    pub(super) receiver: &'a Receiver<Q, B>,
    pub(super) deadline: Deadline,
    pub(super) received: OffsetDateTime,
    pub(super) took: &'a mut Took,
}

/// How long queue and bucket took, with all attempts; nothing for one that was not called. And how long all of it took.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Took {
    pub(super) queue: Option<Duration>,
    pub(super) bucket: Option<Duration>,
    pub(super) total: Duration,
}

impl<Q: Queue, B: Bucket> Store<'_, Q, B> {
    /// Stores an event. Each step is limited, so that the next one has time. A queue that keeps failing is skipped,
    /// but tried after all if the bucket fails too.
    pub(super) async fn event(&mut self, event: CloudEvent) -> ReceiveOutcome {
        let message = message(&event);
        let queue_skipped = lock(&self.receiver.breaker).is_open(self.received);
        let queue_error = if queue_skipped {
            StoreError("skipped, it failed several times in a row".to_owned())
        } else {
            match self.enqueue(&event, &message).await {
                Ok(()) => return ReceiveOutcome::Queued(event),
                Err(error) => error,
            }
        };
        let bound = if queue_skipped { step(self.deadline) } else { last_step(self.deadline) };
        let (key, body) = (object_keys::spill(&event), message.body.clone().into_bytes());
        let put = within(bound, self.receiver.bucket.put(&key, body, "application/json"));
        let Err(bucket_error) = timed(&mut self.took.bucket, put).await else {
            return ReceiveOutcome::Spilled { event, queue_error, queue_skipped };
        };
        if queue_skipped && self.enqueue(&event, &message).await.is_ok() {
            return ReceiveOutcome::Queued(event);
        }
        let error = format!("queue: {queue_error}; bucket: {bucket_error}");
        lost_log::event(&self.receiver.recorder, self.received, &message, &error);
        ReceiveOutcome::Lost { source: event.source.clone(), event: Some(event), error }
    }

    /// Stores a body from which no event can be queued in `rejected/`, with the reason beside it.
    pub(super) async fn unprocessable(
        &mut self,
        authentic: &Authentic<'_>,
        reason: Unprocessable,
    ) -> ReceiveOutcome {
        let source = authentic.source().name();
        let rejected = Rejected { source, body: authentic.body(), reason: &reason, received: self.received };
        let put = rejected.put(&self.receiver.bucket, step(self.deadline), last_step(self.deadline));
        match timed(&mut self.took.bucket, put).await {
            Ok(key) => ReceiveOutcome::Unprocessable { source: source.to_owned(), reason, key },
            Err(error) => {
                lost_log::body(&self.receiver.recorder, self.received, source, authentic.body(), &error);
                let error = format!("bucket: {error}");
                ReceiveOutcome::Lost { source: source.to_owned(), event: None, error }
            }
        }
    }

    /// Puts an event into the queue. If it is too large for a message, its data is put into the bucket first. So it is
    /// if the queue refuses the whole: its limit may have changed, or may not be known yet.
    async fn enqueue(&mut self, event: &CloudEvent, whole: &Message) -> Result<(), StoreError> {
        if whole.body.len() <= self.receiver.queue.max_message_bytes() {
            match self.send(whole).await {
                Err(refused) if refused.is_lasting => {}
                sent => return sent.map_err(|error| error.why),
            }
        }
        let mut event = event.clone();
        let check_in = within(step(self.deadline), claim_check::check_in(&mut event, &self.receiver.bucket));
        timed(&mut self.took.bucket, check_in).await?;
        self.send(&message(&event)).await.map_err(|error| error.why)
    }

    /// A message that the queue refuses for its contents says nothing about the queue.
    async fn send(&mut self, message: &Message) -> Result<(), EntryError> {
        let enqueue = within(step(self.deadline), self.receiver.queue.enqueue(message));
        let sent = timed(&mut self.took.queue, enqueue).await;
        match &sent {
            Ok(()) => lock(&self.receiver.breaker).succeeded(),
            Err(refused) if refused.is_lasting => {}
            Err(_) => lock(&self.receiver.breaker).failed(self.received),
        }
        sent
    }
}

/// Adds the duration of a call to that of the others of its kind.
async fn timed<T>(total: &mut Option<Duration>, call: impl Future<Output = T>) -> T {
    let began = Instant::now();
    let result = call.await;
    *total = Some(total.unwrap_or_default() + began.elapsed());
    result
}
