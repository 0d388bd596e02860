//! Delivers events to a handler.

use aws_lambda_events::sqs::SqsMessage;
use mediahook_events::CloudEvent;
use serde_json::value::RawValue;

use super::batch::{Batch, Deliver, Dispatch};
use super::handler::{Failure, Handler};
use super::record::Event;
use crate::config::BUCKET;
use crate::ingest::claim_check::{self, DataError};
use crate::storage::idempotency::IdempotencyStore;
use crate::storage::{Bucket, Queue};

/// Delivers each event to a handler.
#[derive(Debug)]
pub struct HandlerDispatch<H, K> {
    /// Handles each event.
    pub handler: H,
    /// Contains the data of events too large for the queue.
    pub bucket: Option<K>,
}

impl<H: Handler, K: Bucket> Dispatch for HandlerDispatch<H, K> {
    async fn dispatch<'r, I: IdempotencyStore, Q: Queue>(
        &self,
        groups: Vec<Vec<&'r SqsMessage>>,
        batch: &Batch<'_, I, Q>,
    ) -> Vec<&'r SqsMessage> {
        batch.process_groups(groups, self).await
    }
}

impl<H: Handler, K: Bucket> Deliver for HandlerDispatch<H, K> {
    async fn deliver(&self, Event { envelope, .. }: &Event<'_>) -> Result<(), Failure> {
        if envelope.dataref.is_none() || !self.handler.needs_data() {
            return self.handler.handle(envelope).await;
        }
        let mut event = envelope.clone();
        event.data = self.fetch_data(envelope).await?;
        event.dataref = None;
        self.handler.handle(&event).await
    }
}

impl<H, K: Bucket> HandlerDispatch<H, K> {
    async fn fetch_data(&self, envelope: &CloudEvent) -> Result<Option<Box<RawValue>>, Failure> {
        let bucket = self.bucket.as_ref().ok_or_else(|| {
            format!("{BUCKET} is not set: the data of an event too large for the queue cannot be fetched")
        })?;
        claim_check::fetch(envelope, bucket).await.map_err(|error| {
            let reason = format!("the data was not fetched from the bucket: {error}");
            match error {
                DataError::Unread(_) => Failure::new(reason),
                DataError::Elsewhere(_) | DataError::NotJson => Failure::dead_letter(reason),
            }
        })
    }
}
