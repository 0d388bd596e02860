//! The queue and the dead-letter queue: messages go from one to the other, or come from a replay.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, Message, MessageSystemAttributeName,
    MessageSystemAttributeNameForSends, MessageSystemAttributeValue, QueueAttributeName,
};
use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::aws::{Aws, AwsError, call};
use crate::failure::Failure;
use crate::output::Output;

/// How many messages one call receives.
const MAX_MESSAGES: i32 = 10;

/// A FIFO queue.
pub(crate) struct Queue {
    client: aws_sdk_sqs::Client,
    pub(crate) url: String,
}

/// A message to send.
pub(crate) struct Outgoing<'a> {
    pub(crate) body: &'a str,
    pub(crate) group_id: &'a str,
    pub(crate) deduplication_id: &'a str,
    /// X-Ray's header.
    pub(crate) trace_header: Option<&'a str>,
}

impl Queue {
    pub(crate) fn new(aws: &Aws, url: String) -> Self {
        Self { client: aws.sqs(), url }
    }

    /// The last part of its URL.
    pub(crate) fn name(&self) -> &str {
        self.url.rsplit('/').next().unwrap_or_default()
    }

    /// All of its attributes, by their names.
    pub(crate) async fn attributes(&self) -> Result<HashMap<String, String>, AwsError> {
        let get = self.client.get_queue_attributes().queue_url(&self.url);
        let get = get.attribute_names(QueueAttributeName::All).send();
        let answer = call("sqs:GetQueueAttributes", &self.url, get).await?;
        let attributes = answer.attributes.unwrap_or_default().into_iter();
        Ok(attributes.map(|(name, value)| (name.as_str().to_owned(), value)).collect())
    }

    /// How many messages it has: those that wait, and those that somebody has received.
    pub(crate) async fn approximate_messages(&self) -> Result<u64, AwsError> {
        let attributes = self.attributes().await?;
        let number = |name: &str| attributes.get(name).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
        Ok(number("ApproximateNumberOfMessages") + number("ApproximateNumberOfMessagesNotVisible"))
    }

    /// The next messages, hidden from others for a while. None if there are none, or if all that are left wait behind a
    /// hidden one of their group.
    pub(crate) async fn receive(&self, hidden_s: i32) -> Result<Vec<Message>, AwsError> {
        let receive = self
            .client
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(MAX_MESSAGES)
            .visibility_timeout(hidden_s)
            .wait_time_seconds(1)
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .send();
        let answer = call("sqs:ReceiveMessage", &self.url, receive).await?;
        Ok(answer.messages.unwrap_or_default())
    }

    /// Shows messages to others again. Where it fails, which is only said, they are shown when their time is over.
    pub(crate) async fn show_again(&self, messages: &[Message], out: Output) {
        for batch in messages.chunks(10) {
            let entries = batch.iter().enumerate().filter_map(|(at, message)| {
                let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(at.to_string());
                entry.receipt_handle(message.receipt_handle.as_deref()?).visibility_timeout(0).build().ok()
            });
            let change = self.client.change_message_visibility_batch().queue_url(&self.url);
            let change = change.set_entries(Some(entries.collect())).send();
            if let Err(error) = call("sqs:ChangeMessageVisibility", &self.url, change).await {
                out.note(format_args!("messages stay hidden for some minutes: {error}"));
                return;
            }
        }
    }

    pub(crate) async fn send(&self, message: &Outgoing<'_>) -> Result<(), AwsError> {
        let mut send = self
            .client
            .send_message()
            .queue_url(&self.url)
            .message_body(message.body)
            .message_group_id(message.group_id)
            .message_deduplication_id(message.deduplication_id);
        let trace = message.trace_header.map(|trace| {
            MessageSystemAttributeValue::builder().data_type("String").string_value(trace).build()
        });
        if let Some(Ok(trace)) = trace {
            send = send.message_system_attributes(MessageSystemAttributeNameForSends::AwsTraceHeader, trace);
        }
        call("sqs:SendMessage", &self.url, send.send()).await.map(drop)
    }

    pub(crate) async fn delete(&self, message: &Message) -> Result<(), AwsError> {
        let handle = message.receipt_handle.as_deref().unwrap_or_default();
        let delete = self.client.delete_message().queue_url(&self.url).receipt_handle(handle).send();
        call("sqs:DeleteMessage", &self.url, delete).await.map(drop)
    }

    /// The queue of this command line.
    pub(crate) async fn of(context: &crate::context::Context) -> Result<Self, Failure> {
        Ok(Self::new(context.aws().await?, context.queue_url().await?))
    }

    /// The dead-letter queue of this command line.
    pub(crate) async fn dead_letters_of(context: &crate::context::Context) -> Result<Self, Failure> {
        Ok(Self::new(context.aws().await?, context.dead_letter_queue_url().await?))
    }
}

/// A system attribute of a message.
pub(crate) fn attribute<'a>(message: &'a Message, name: &MessageSystemAttributeName) -> Option<&'a str> {
    message.attributes.as_ref()?.get(name).map(String::as_str)
}

/// Lets at most so many messages through a second. What a slow answer has delayed is not made up for.
pub(crate) struct Pace(Option<Interval>);

impl Pace {
    pub(crate) fn new(a_second: Option<u32>) -> Self {
        Self(a_second.map(|rate| {
            let mut interval = interval(Duration::from_secs(1) / rate.max(1));
            interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
            interval
        }))
    }

    pub(crate) async fn wait(&mut self) {
        if let Some(interval) = &mut self.0 {
            interval.tick().await;
        }
    }
}
