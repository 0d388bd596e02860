//! The FIFO queue.

use aws_sdk_sqs::Client;

use super::aws::{self, Aws};
use super::{Patience, Queue, StoreError};
use crate::envelope::Message;

/// An SQS FIFO queue.
#[derive(Debug, Clone)]
pub struct SqsQueue {
    client: Client,
    url: String,
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
        Self { client: Client::from_conf(config.build()), url }
    }
}

impl Queue for SqsQueue {
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
