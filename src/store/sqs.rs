//! The FIFO queue.

use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::config::timeout::TimeoutConfig;
use aws_sdk_sqs::error::DisplayErrorContext;

use super::aws::{self, Aws};
use crate::envelope::Message;
use crate::receive::{Queue, QueueError};

/// Within one region a connection stands in a few milliseconds, or not at all.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(500);
/// One attempt. A connection that went stale while the function was frozen costs this much, and one retry.
const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(900);
/// All attempts and the pause between them: what is left of the 2.5 s in which every callback is answered is ours.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(2);
const MAX_ATTEMPTS: u32 = 2;
const MAX_BACKOFF: Duration = Duration::from_millis(100);

/// An SQS FIFO queue.
#[derive(Debug, Clone)]
pub struct SqsQueue {
    client: Client,
    url: String,
}

impl SqsQueue {
    /// The queue of that URL. Nothing is sent yet.
    pub fn new(aws: &Aws, url: String) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .operation_attempt_timeout(ATTEMPT_TIMEOUT)
            .operation_timeout(OPERATION_TIMEOUT)
            .build();
        let retries = RetryConfig::standard().with_max_attempts(MAX_ATTEMPTS).with_max_backoff(MAX_BACKOFF);
        let mut config = aws_sdk_sqs::Config::builder()
            .behavior_version(aws::behavior_version())
            .region(aws.region.clone())
            .credentials_provider(aws.credentials.clone())
            .http_client(aws.http.clone())
            .timeout_config(timeouts)
            .retry_config(retries);
        config.set_endpoint_url(aws.endpoint_url("SQS"));
        Self { client: Client::from_conf(config.build()), url }
    }
}

impl Queue for SqsQueue {
    async fn enqueue(&self, message: &Message) -> Result<(), QueueError> {
        self.client
            .send_message()
            .queue_url(&self.url)
            .message_body(&message.body)
            .message_deduplication_id(&message.deduplication_id)
            .message_group_id(&message.group_id)
            .send()
            .await
            .map(drop)
            .map_err(|e| QueueError(DisplayErrorContext(e).to_string()))
    }
}
