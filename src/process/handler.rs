//! Your own code, and how the events of a batch get to it.

use std::any::Any;
use std::fmt;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use mediahook_events::CloudEvent;
use serde_json::value::RawValue;
use tokio::time::{Instant, timeout_at};

use super::batch::Dispatch;
use super::record::{Batch, Group, Record};
use crate::config::BUCKET;
use crate::event::envelope::Envelope;
use crate::storage::idempotency::IdempotencyStore;
use crate::storage::{Bucket, Queue, claim_check};

/// Processes an event. This is where your own code goes.
///
/// The events of one media asset come one after the other, in the order they were received; those of different media assets
/// may come at the same time, in one process or several. With a table (`MEDIAHOOK_TABLE`) an event is handled by one process at
/// a time, and not again once this has returned `Ok`. It can be handled again if the last time did not end: an error, a panic, a
/// crash, a handler that was cut off. So a handler must be idempotent.
pub trait Handler: Send + Sync {
    /// Returns once the event is processed. When the invocation is about to end, this is cut off at an `await`.
    ///
    /// # Errors
    /// [`Failure`] if it was not processed: it says whether the event is retried or goes to the dead-letter queue. After a
    /// panic it is retried.
    fn handle(&self, event: &CloudEvent) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Whether the handler reads [`CloudEvent::data`]. Then the data of an event too large for the queue is fetched from the
    /// bucket before [`Handler::handle`]. Return `false` if the attributes are enough: `dataref` then says where it is.
    fn needs_data(&self) -> bool {
        true
    }
}

/// Why an event was not processed, and whether it is retried. Its text goes to the log. Anything that can be displayed becomes
/// one by `?`, to be retried.
pub struct Failure {
    reason: String,
    action: FailureAction,
}

/// What is done with an event that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FailureAction {
    Retry,
    DeadLetter,
}

impl Failure {
    /// A failure for this reason. The event is retried when its visibility timeout ends, with those behind it in its group.
    /// When it fails at its last receive (`MEDIAHOOK_MAX_RECEIVE_COUNT`), it goes to the dead-letter queue, and the others
    /// are processed.
    pub fn new(reason: impl fmt::Display) -> Self {
        Self { reason: reason.to_string(), action: FailureAction::Retry }
    }

    /// A failure that no retry can change: the event goes to the dead-letter queue now, and the next event of its media asset
    /// is processed. Where no dead-letter queue is set (`MEDIAHOOK_DEAD_LETTER_QUEUE_URL`), it is as with [`Failure::new`].
    pub fn dead_letter(reason: impl fmt::Display) -> Self {
        Self { reason: reason.to_string(), action: FailureAction::DeadLetter }
    }

    pub(super) fn reason(&self) -> &str {
        &self.reason
    }

    /// The same with a second reason.
    pub(super) fn and(self, more: impl fmt::Display) -> Self {
        Self { reason: format!("{}; {more}", self.reason), ..self }
    }

    pub(super) fn action(&self) -> FailureAction {
        self.action
    }

    /// Why something that takes too long was stopped.
    pub(super) fn cut_off() -> Self {
        Self::new("cut off: the lease or the invocation is at its end")
    }
}

impl<E: fmt::Display> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::new(error)
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failure").field("reason", &self.reason).field("action", &self.action).finish()
    }
}

/// Delivers each event to a handler: the groups of a batch side by side, so that one that takes long delays no other.
#[derive(Debug)]
pub struct HandlerDispatch<H, K> {
    /// Handles each event.
    pub handler: H,
    /// Has the data of events too large for the queue.
    pub bucket: Option<K>,
}

impl<H: Handler, K: Bucket> Dispatch for HandlerDispatch<H, K> {
    async fn dispatch<I: IdempotencyStore, Q: Queue>(
        &self,
        groups: &mut [Group<'_>],
        batch: &Batch<'_, I, Q>,
    ) {
        join_all(groups.iter_mut().map(|group| self.process_group(group, batch))).await;
    }
}

impl<H: Handler, K: Bucket> HandlerDispatch<H, K> {
    async fn process_group<I: IdempotencyStore, Q: Queue>(
        &self,
        group: &mut Group<'_>,
        batch: &Batch<'_, I, Q>,
    ) {
        while let Some(message) = group.next() {
            let record = batch.read(message);
            let outcome = match batch.claim(&record).await {
                Ok(claimed) => {
                    let result = self.deliver(&record, claimed.until).await;
                    batch.settle(&record, claimed, result).await
                }
                Err(outcome) => outcome,
            };
            batch.conclude(group, &record, &outcome);
        }
    }

    async fn deliver(&self, record: &Record<'_>, until: Instant) -> Result<(), Failure> {
        let handled = AssertUnwindSafe(async {
            let event = self.event(record).await?;
            self.handler.handle(&event).await
        });
        match timeout_at(until, handled.catch_unwind()).await {
            Ok(Ok(result)) => result,
            Ok(Err(panic)) => Err(Failure::new(format!("panic: {}", panic_message(panic.as_ref())))),
            Err(_) => Err(Failure::cut_off()),
        }
    }

    /// The event of a record, as a handler gets it.
    async fn event(&self, record: &Record<'_>) -> Result<CloudEvent, Failure> {
        let mut event: CloudEvent = serde_json::from_str(record.text()).map_err(Failure::dead_letter)?;
        if let Ok(envelope) = &record.envelope
            && envelope.dataref.is_some()
            && self.handler.needs_data()
        {
            event.data = self.fetch_data(envelope).await?;
            event.dataref = None;
        }
        Ok(event)
    }

    async fn fetch_data(&self, envelope: &Envelope) -> Result<Option<Box<RawValue>>, Failure> {
        let bucket = self.bucket.as_ref().ok_or_else(|| {
            format!("{BUCKET} is not set: the data of an event too large for the queue cannot be fetched")
        })?;
        let data = claim_check::fetch(envelope, bucket).await;
        data.map_err(|error| Failure::new(format!("the data was not fetched from the bucket: {error}")))
    }
}

fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without a message")
}
