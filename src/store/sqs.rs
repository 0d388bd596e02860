//! The FIFO queue.

use std::sync::atomic::{AtomicUsize, Ordering};

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName;

use super::aws::{self, Aws};
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
        let mut config = aws_sdk_sqs::Config::builder()
            .behavior_version(aws::behavior_version())
            .region(aws.region.clone())
            .credentials_provider(aws.credentials.clone())
            .http_client(aws.http.clone())
            .timeout_config(aws::timeouts(patience))
            .retry_config(aws::retries(patience));
        config.set_endpoint_url(aws.endpoint_url("SQS"));
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
        let attributes = answer.map_err(|e| aws::store_error(&e))?.attributes.unwrap_or_default();
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
        self.client
            .send_message()
            .queue_url(&self.url)
            .message_body(&message.body)
            .message_deduplication_id(&message.deduplication_id)
            .message_group_id(&message.group_id)
            .send()
            .await
            .map(drop)
            .map_err(|e| aws::store_error(&e))
    }
}
