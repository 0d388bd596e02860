//! The event source mapping: receives batches, invokes the function, deletes what it does not report as failed. What it
//! reports comes again when its visibility timeout ends; SQS moves it to the dead-letter queue in the end.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName};
use mediahook::events::CloudEvent;
use mediahook::ingest::envelope;
use serde_json::{Value, json};

/// One queue's mapping.
pub struct Mapping {
    client: aws_sdk_sqs::Client,
    queue_url: String,
}

impl Mapping {
    pub fn new(client: aws_sdk_sqs::Client, queue_url: &str) -> Self {
        Self { client, queue_url: queue_url.to_owned() }
    }

    /// Up to ten messages that are visible now.
    pub async fn receive(&self) -> Vec<Message> {
        let received = self
            .client
            .receive_message()
            .queue_url(&self.queue_url)
            .max_number_of_messages(10)
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .send()
            .await;
        received.expect("messages").messages.unwrap_or_default()
    }

    /// The same, opened.
    pub async fn envelopes(&self) -> Vec<CloudEvent> {
        let messages = self.receive().await;
        let opened = messages.iter().map(|m| envelope::parse(m.body().unwrap_or_default()));
        opened.collect::<Result<_, _>>().expect("envelopes")
    }

    /// Deletes what the function has dealt with, and nothing at all where it reports an id that was not in the batch.
    pub async fn settle(&self, messages: &[Message], response: &SqsBatchResponse) {
        let failed: Vec<_> =
            response.batch_item_failures.iter().map(|f| f.item_identifier.as_str()).collect();
        let ids: Vec<_> = messages.iter().filter_map(Message::message_id).collect();
        if failed.iter().any(|id| !ids.contains(id)) {
            return;
        }
        for message in messages.iter().filter(|m| !failed.contains(&m.message_id().unwrap_or_default())) {
            let handle = message.receipt_handle().expect("a receipt handle");
            let deleted = self.client.delete_message().queue_url(&self.queue_url).receipt_handle(handle);
            deleted.send().await.expect("a deletion");
        }
    }
}

/// The invocation that Lambda makes of a batch.
pub fn invocation(messages: &[Message]) -> Value {
    let records: Vec<_> = messages
        .iter()
        .map(|m| {
            let attributes: serde_json::Map<_, _> = m
                .attributes()
                .into_iter()
                .flatten()
                .map(|(name, value)| (name.as_str().to_owned(), value.as_str().into()))
                .collect();
            json!({
                "messageId": m.message_id(),
                "receiptHandle": m.receipt_handle(),
                "body": m.body(),
                "attributes": attributes,
                "messageAttributes": {},
                "md5OfBody": m.md5_of_body(),
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:callbacks.fifo",
                "awsRegion": "us-east-1"
            })
        })
        .collect();
    json!({ "Records": records })
}

/// The same, as the function sees it.
pub fn batch(messages: &[Message]) -> SqsEvent {
    serde_json::from_value(invocation(messages)).expect("a batch")
}
