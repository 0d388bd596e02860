//! Events to a handler.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use mediahook_events::CloudEvent;
use serde_json::value::RawValue;
use tokio::time::{Instant, timeout_at};

use super::batch::Dispatch;
use super::group::Group;
use super::handler::{Failure, Handler};
use super::processor::Batch;
use super::record::Record;
use crate::config::BUCKET;
use crate::event::envelope::Envelope;
use crate::storage::idempotency::IdempotencyStore;
use crate::storage::{Bucket, Queue, claim_check};

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
