//! The FIFO queue.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::Builder;
use aws_sdk_sqs::types::{
    MessageSystemAttributeNameForSends, MessageSystemAttributeValue, QueueAttributeName,
    SendMessageBatchRequestEntry,
};

use super::aws::{Aws, store_error};
use super::http_client::DropUnanswered;
use super::{Patience, Queue, StoreError};
use crate::envelope::Message;

/// What SQS takes as one message, attributes included (we send none): 1 MiB, unless the queue says less. One that was
/// made before 2025-08 says 256 KiB.
const MAX_MESSAGE_BYTES: usize = 1024 * 1024;

/// An SQS FIFO queue.
#[derive(Debug)]
pub struct SqsQueue {
    client: Client,
    url: String,
    max_message_bytes: AtomicUsize,
}

impl SqsQueue {
    /// The queue of that URL. Nothing is sent yet.
    pub fn new(aws: &Aws, url: String, patience: Patience) -> Self {
        let config = Builder::from(&aws.config(patience)).interceptor(DropUnanswered);
        Self { client: Client::from_conf(config.build()), url, max_message_bytes: MAX_MESSAGE_BYTES.into() }
    }

    /// Asks the queue for its limits. That is also what opens the connection, in init, where a function runs at full
    /// speed: a first handshake in the first callback would take most of the time there is for it.
    ///
    /// # Errors
    /// The queue did not answer, or may not be asked. It can be used all the same.
    pub async fn warm_up(&self) -> Result<(), StoreError> {
        let (limit, fifo) = (QueueAttributeName::MaximumMessageSize, QueueAttributeName::FifoQueue);
        let asked = self.client.get_queue_attributes().queue_url(&self.url);
        let answer = asked.attribute_names(limit.clone()).attribute_names(fifo.clone()).send().await;
        let attributes = answer.map_err(|e| store_error(&e))?.attributes.unwrap_or_default();
        if let Some(bytes) = attributes.get(&limit).and_then(|bytes| bytes.parse().ok()) {
            self.max_message_bytes.store(bytes, Ordering::Relaxed);
        }
        if !attributes.is_empty() && attributes.get(&fifo).is_none_or(|fifo| fifo != "true") {
            tracing::error!(
                "the queue is no FIFO queue: it refuses every event, and all of them are spilled"
            );
        }
        Ok(())
    }
}

impl Queue for SqsQueue {
    fn max_message_bytes(&self) -> usize {
        self.max_message_bytes.load(Ordering::Relaxed)
    }

    async fn enqueue(&self, message: &Message) -> Result<(), StoreError> {
        let send = self
            .client
            .send_message()
            .queue_url(&self.url)
            .message_body(&message.body)
            .message_deduplication_id(&message.deduplication_id)
            .message_group_id(&message.group_id)
            .set_message_system_attributes(system_attributes(message)?);
        // Boxed: with what stands around it, its type would be deeper than the compiler goes.
        Box::pin(send.send()).await.map(drop).map_err(|e| store_error(&e))
    }

    async fn enqueue_batch(&self, messages: &[&Message]) -> Vec<Result<(), StoreError>> {
        let entries: Result<Vec<_>, _> =
            messages.iter().enumerate().map(|(at, message)| entry(at, message)).collect();
        let all = |error: StoreError| messages.iter().map(|_| Err(error.clone())).collect();
        let entries = match entries {
            Ok(entries) => entries,
            Err(error) => return all(error),
        };
        let send = self.client.send_message_batch().queue_url(&self.url).set_entries(Some(entries));
        let answer = match Box::pin(send.send()).await {
            Ok(answer) => answer,
            Err(error) => return all(store_error(&error)),
        };
        // The answer's entries are in no order; one that it does not name was not taken.
        let outcome = |(at, _)| {
            let id: String = usize::to_string(&at);
            if answer.successful().iter().any(|entry| entry.id() == id) {
                return Ok(());
            }
            let failed = answer.failed().iter().find(|entry| entry.id() == id);
            Err(StoreError(failed.map_or("no answer for it", |entry| entry.code()).to_owned()))
        };
        messages.iter().enumerate().map(outcome).collect()
    }
}

fn entry(at: usize, message: &Message) -> Result<SendMessageBatchRequestEntry, StoreError> {
    let entry = SendMessageBatchRequestEntry::builder()
        .id(at.to_string())
        .message_body(&message.body)
        .message_deduplication_id(&message.deduplication_id)
        .message_group_id(&message.group_id)
        .set_message_system_attributes(system_attributes(message)?);
    entry.build().map_err(|_| incomplete())
}

/// The trace: a system attribute, which does not count as a part of the message's size.
fn system_attributes(message: &Message) -> Result<Option<SystemAttributes>, StoreError> {
    let Some(trace) = message.trace else { return Ok(None) };
    let header = MessageSystemAttributeValue::builder().data_type("String").string_value(trace.xray());
    let header = header.build().map_err(|_| incomplete())?;
    Ok(Some(HashMap::from([(MessageSystemAttributeNameForSends::AwsTraceHeader, header)])))
}

/// The SDK misses a member that SQS requires.
fn incomplete() -> StoreError {
    StoreError("the request is incomplete".to_owned())
}

type SystemAttributes = HashMap<MessageSystemAttributeNameForSends, MessageSystemAttributeValue>;
