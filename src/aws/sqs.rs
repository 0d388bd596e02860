//! The FIFO queue.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::Builder;
use aws_sdk_sqs::error::ProvideErrorMetadata as _;
use aws_sdk_sqs::types::{
    BatchResultErrorEntry, MessageSystemAttributeNameForSends, MessageSystemAttributeValue,
    QueueAttributeName, SendMessageBatchRequestEntry,
};

use super::{Aws, no_quota, store_error, unusable};
use crate::config::QUEUE_URL;
use crate::storage::{EntryError, Message, Queue, StoreError, Unusable};
use crate::timeouts::RetryPolicy;

/// The maximum size of a message while the queue has not said its own: 256 KiB, the limit of every queue that was created
/// before 2025-08. Newer ones have 1 MiB.
const MAX_MESSAGE_BYTES: usize = 256 * 1024;
/// The codes for a queue that does not exist.
const MISSING: [&str; 3] = ["QueueDoesNotExist", "NonExistentQueue", "InvalidAddress"];

/// An SQS FIFO queue. A clone shares its limits.
#[derive(Debug, Clone)]
pub struct SqsQueue {
    client: Client,
    url: String,
    max_message_bytes: Arc<AtomicUsize>,
}

impl SqsQueue {
    /// The queue of that URL. No request is sent yet.
    pub fn new(aws: &Aws, url: String, retry_policy: RetryPolicy) -> Self {
        let config = Builder::from(&aws.config(retry_policy)).retry_partition(no_quota());
        let max_message_bytes = Arc::new(MAX_MESSAGE_BYTES.into());
        Self { client: Client::from_conf(config.build()), url, max_message_bytes }
    }
}

impl Queue for SqsQueue {
    fn max_message_bytes(&self) -> usize {
        self.max_message_bytes.load(Ordering::Relaxed)
    }

    /// Reads the queue's size limit. This also opens the connection in init, when a function runs at full speed: a
    /// handshake in the first callback would take most of the available time.
    async fn check(&self) -> Result<(), Unusable> {
        let queue = format!("queue `{}`", self.url.rsplit('/').next().unwrap_or_default());
        let limit = QueueAttributeName::MaximumMessageSize;
        let asked = self.client.get_queue_attributes().queue_url(&self.url).attribute_names(limit.clone());
        let answer = asked
            .send()
            .await
            .map_err(|error| unusable(&error, QUEUE_URL, &queue, "sqs:GetQueueAttributes", &MISSING))?;
        let bytes = answer.attributes.and_then(|attributes| attributes.get(&limit)?.parse().ok());
        self.max_message_bytes.store(bytes.unwrap_or(MAX_MESSAGE_BYTES), Ordering::Relaxed);
        Ok(())
    }

    async fn enqueue(&self, message: &Message) -> Result<(), EntryError> {
        let send = self
            .client
            .send_message()
            .queue_url(&self.url)
            .message_body(&message.body)
            .message_deduplication_id(&message.deduplication_id)
            .message_group_id(&message.group_id)
            .set_message_system_attributes(system_attributes(message));
        // Boxed: otherwise the nested type would be too deep for the compiler.
        Box::pin(send.send())
            .await
            .map(drop)
            .map_err(|e| EntryError { why: store_error(&e), is_lasting: is_about_a_message(e.code()) })
    }

    async fn enqueue_batch(&self, messages: &[&Message]) -> Result<Vec<Result<(), EntryError>>, StoreError> {
        let entries = messages.iter().enumerate().map(|(at, message)| entry(at, message));
        let send = self.client.send_message_batch().queue_url(&self.url);
        let send = send.set_entries(Some(entries.collect::<Result<_, _>>()?));
        let answer = match Box::pin(send.send()).await {
            Ok(answer) => answer,
            // To find the message at fault, each is sent alone.
            Err(error) if is_about_a_message(error.code()) => {
                let mut results = Vec::with_capacity(messages.len());
                for message in messages {
                    results.push(self.enqueue(message).await);
                }
                return Ok(results);
            }
            Err(error) => return Err(store_error(&error)),
        };
        // The entries of the answer are in no order. A message without an entry was not accepted.
        let result = |(at, _)| {
            let id: String = usize::to_string(&at);
            if answer.successful().iter().any(|entry| entry.id() == id) {
                return Ok(());
            }
            let code = answer.failed().iter().find(|entry| entry.id() == id).map(BatchResultErrorEntry::code);
            let why = StoreError(code.unwrap_or("no answer for it").to_owned());
            // Without `SenderFault`: in SQS throttling also counts as the sender's fault.
            Err(EntryError { why, is_lasting: is_about_a_message(code) })
        };
        Ok(messages.iter().enumerate().map(result).collect())
    }
}

/// Whether a call failed because of the contents of a message, so that SQS would reject that message again.
fn is_about_a_message(code: Option<&str>) -> bool {
    let codes = ["InvalidMessageContents", "InvalidParameterValue", "BatchRequestTooLong"];
    code.is_some_and(|code| codes.iter().any(|about| code.ends_with(about)))
}

fn entry(at: usize, message: &Message) -> Result<SendMessageBatchRequestEntry, StoreError> {
    let entry = SendMessageBatchRequestEntry::builder()
        .id(at.to_string())
        .message_body(&message.body)
        .message_deduplication_id(&message.deduplication_id)
        .message_group_id(&message.group_id)
        .set_message_system_attributes(system_attributes(message));
    entry.build().map_err(|_| StoreError("the request is incomplete".to_owned()))
}

/// The trace: a system attribute, which does not count for the message's size.
fn system_attributes(message: &Message) -> Option<SystemAttributes> {
    let header = message.trace_header.as_ref()?;
    let header = MessageSystemAttributeValue::builder().data_type("String").string_value(header);
    Some(HashMap::from([(MessageSystemAttributeNameForSends::AwsTraceHeader, header.build().ok()?)]))
}

type SystemAttributes = HashMap<MessageSystemAttributeNameForSends, MessageSystemAttributeValue>;
