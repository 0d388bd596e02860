//! The FIFO queue.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::Builder;
use aws_sdk_sqs::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_sqs::operation::get_queue_attributes::GetQueueAttributesError;
use aws_sdk_sqs::types::{
    MessageSystemAttributeNameForSends, MessageSystemAttributeValue, QueueAttributeName,
    SendMessageBatchRequestEntry,
};

use super::http_client::DropUnanswered;
use super::{Aws, retry, store_error};
use crate::storage::Message;
use crate::storage::{EntryError, Queue, StoreError, Unusable};
use crate::timeouts::RetryPolicy;

/// The maximum size of a message while the queue has not said its own: 256 KiB, the limit of every queue that was created
/// before 2025-08. Newer ones have 1 MiB.
const MAX_MESSAGE_BYTES: usize = 256 * 1024;

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
        let config = Builder::from(&aws.config(retry_policy))
            .interceptor(DropUnanswered)
            .retry_partition(retry::no_quota());
        let max_message_bytes = Arc::new(MAX_MESSAGE_BYTES.into());
        Self { client: Client::from_conf(config.build()), url, max_message_bytes }
    }

    /// Reads the queue's kind and limits. This also opens the connection in init, when a function runs at full speed:
    /// a handshake in the first callback would take most of the available time.
    ///
    /// # Errors
    /// [`Unusable::Misconfigured`]: there is no such queue, or it is not a FIFO queue. Otherwise the queue did not
    /// answer, or the role may not call it; then it may work nevertheless.
    pub async fn check(&self) -> Result<(), Unusable> {
        let (limit, fifo) = (QueueAttributeName::MaximumMessageSize, QueueAttributeName::FifoQueue);
        let asked = self.client.get_queue_attributes().queue_url(&self.url);
        let answer = asked.attribute_names(limit.clone()).attribute_names(fifo.clone()).send().await;
        let attributes = answer.map_err(|error| self.unusable(&error))?.attributes.unwrap_or_default();
        if let Some(bytes) = attributes.get(&limit).and_then(|bytes| bytes.parse().ok()) {
            self.max_message_bytes.store(bytes, Ordering::Relaxed);
        }
        if !attributes.is_empty() && attributes.get(&fifo).is_none_or(|fifo| fifo != "true") {
            return Err(self.not_fifo());
        }
        Ok(())
    }

    fn unusable(&self, error: &SdkError<GetQueueAttributesError>) -> Unusable {
        let code = error.code().unwrap_or_default();
        let is = |codes: &[&str]| codes.iter().any(|known| code.ends_with(known));
        if is(&["QueueDoesNotExist", "NonExistentQueue", "InvalidAddress"]) {
            let text = format!(
                "there is no queue `{}` in this account and region ({})",
                self.name(),
                store_error(error)
            );
            Unusable::Misconfigured(text)
        } else if is(&["InvalidAttributeName"]) {
            // AWS gives this error if a standard queue is asked for `FifoQueue`.
            self.not_fifo()
        } else if is(&["AccessDenied", "AccessDeniedException"]) {
            let text =
                format!("the role may not ask for the queue `{}`: {}", self.name(), store_error(error));
            Unusable::NotPermitted(text)
        } else {
            Unusable::Unknown(store_error(error))
        }
    }

    fn not_fifo(&self) -> Unusable {
        Unusable::Misconfigured(format!("the queue `{}` is not a FIFO queue: it takes no event", self.name()))
    }

    fn name(&self) -> &str {
        self.url.rsplit('/').next().unwrap_or_default()
    }
}

impl Queue for SqsQueue {
    fn max_message_bytes(&self) -> usize {
        self.max_message_bytes.load(Ordering::Relaxed)
    }

    async fn check(&self) -> Result<(), Unusable> {
        SqsQueue::check(self).await
    }

    async fn enqueue(&self, message: &Message) -> Result<(), EntryError> {
        self.send_alone(message).await
    }

    async fn enqueue_batch(&self, messages: &[&Message]) -> Result<Vec<Result<(), EntryError>>, StoreError> {
        let entries = messages.iter().enumerate().map(|(at, message)| entry(at, message));
        let entries = entries.collect::<Result<Vec<_>, _>>()?;
        let send = self.client.send_message_batch().queue_url(&self.url).set_entries(Some(entries));
        let answer = match Box::pin(send.send()).await {
            Ok(answer) => answer,
            // To find the message at fault, each is sent alone.
            Err(error) if is_about_a_message(error.code()) => {
                let mut outcomes = Vec::with_capacity(messages.len());
                for message in messages {
                    outcomes.push(self.send_alone(message).await);
                }
                return Ok(outcomes);
            }
            Err(error) => return Err(store_error(&error)),
        };
        // The entries of the answer are in no order. A message without an entry was not accepted.
        let outcome = |(at, _)| {
            let id: String = usize::to_string(&at);
            if answer.successful().iter().any(|entry| entry.id() == id) {
                return Ok(());
            }
            let failed = answer.failed().iter().find(|entry| entry.id() == id);
            let why = StoreError(failed.map_or("no answer for it", |entry| entry.code()).to_owned());
            // Without `SenderFault`: in SQS throttling also counts as the sender's fault.
            Err(EntryError {
                why,
                is_lasting: failed.is_some_and(|entry| is_about_a_message(Some(entry.code()))),
            })
        };
        Ok(messages.iter().enumerate().map(outcome).collect())
    }
}

impl SqsQueue {
    async fn send_alone(&self, message: &Message) -> Result<(), EntryError> {
        let attributes = system_attributes(message);
        let attributes = attributes.map_err(|why| EntryError { why, is_lasting: true })?;
        let send = self
            .client
            .send_message()
            .queue_url(&self.url)
            .message_body(&message.body)
            .message_deduplication_id(&message.deduplication_id)
            .message_group_id(&message.group_id)
            .set_message_system_attributes(attributes);
        // Boxed: otherwise the nested type would be too deep for the compiler.
        let answer = Box::pin(send.send()).await;
        answer
            .map(drop)
            .map_err(|e| EntryError { why: store_error(&e), is_lasting: is_about_a_message(e.code()) })
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
        .set_message_system_attributes(system_attributes(message)?);
    entry.build().map_err(|_| incomplete())
}

/// The trace: a system attribute, which does not count for the message's size.
fn system_attributes(message: &Message) -> Result<Option<SystemAttributes>, StoreError> {
    let Some(trace) = message.trace else { return Ok(None) };
    let header = MessageSystemAttributeValue::builder().data_type("String").string_value(trace.xray());
    let header = header.build().map_err(|_| incomplete())?;
    Ok(Some(HashMap::from([(MessageSystemAttributeNameForSends::AwsTraceHeader, header)])))
}

/// The error for a member that SQS requires and the SDK does not have.
fn incomplete() -> StoreError {
    StoreError("the request is incomplete".to_owned())
}

type SystemAttributes = HashMap<MessageSystemAttributeNameForSends, MessageSystemAttributeValue>;
