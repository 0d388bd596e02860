//! An event source mapping with the semantics of a real SQS FIFO queue, which the embedded SQS lacks: a message group is held
//! while one of its messages is in flight or waits for its visibility timeout, a batch has a group's messages in order, and
//! every message of a batch that is not deleted has one more receive, processed or not. A message with too many receives is
//! moved to the dead-letter queue.
//!
//! Messages are taken from the embedded queue as soon as they are there, in their order; the rest is kept here.

use std::collections::BTreeSet;

use aws_lambda_events::sqs::SqsBatchResponse;
use aws_sdk_sqs::types::Message;
use serde_json::Value;

use super::event_source_mapping::{self as mapping, Mapping};

/// What an event source mapping hands over at once.
const BATCH: usize = 10;

pub struct Fifo {
    queue: Mapping,
    max_receive_count: usize,
    messages: Vec<Queued>,
    /// What SQS itself has moved to the dead-letter queue.
    pub moved: Vec<Message>,
}

struct Queued {
    message: Message,
    group: String,
    receives: usize,
    state: State,
}

#[derive(PartialEq)]
enum State {
    Visible,
    InFlight,
    /// Until its visibility timeout ends.
    Hidden,
}

impl Fifo {
    pub fn new(queue: Mapping, max_receive_count: usize) -> Self {
        Self { queue, max_receive_count, messages: Vec::new(), moved: Vec::new() }
    }

    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// The next batch as an invocation, empty where every group is held.
    pub async fn receive(&mut self) -> Vec<Value> {
        self.take().await;
        let mut held: BTreeSet<String> = BTreeSet::new();
        held.extend(self.messages.iter().filter(|m| m.state != State::Visible).map(|m| m.group.clone()));
        let mut batch = Vec::new();
        let mut rest = Vec::new();
        for mut queued in std::mem::take(&mut self.messages) {
            if queued.state != State::Visible || held.contains(&queued.group) || batch.len() == BATCH {
                rest.push(queued);
            } else if queued.receives == self.max_receive_count {
                self.moved.push(queued.message);
            } else {
                queued.receives += 1;
                queued.state = State::InFlight;
                let mut record =
                    mapping::invocation(std::slice::from_ref(&queued.message))["Records"][0].take();
                record["attributes"]["ApproximateReceiveCount"] = queued.receives.to_string().into();
                batch.push(record);
                rest.push(queued);
            }
        }
        self.messages = rest;
        batch
    }

    /// Deletes what the function has processed, and hides what it reports as failed.
    pub fn settle(&mut self, response: &SqsBatchResponse) {
        let failed: Vec<_> =
            response.batch_item_failures.iter().map(|f| f.item_identifier.as_str()).collect();
        self.messages.retain(|queued| {
            let id = queued.message.message_id().expect("an id");
            queued.state != State::InFlight || failed.contains(&id)
        });
        self.abandon();
    }

    /// The function did not answer: the whole batch is hidden.
    pub fn abandon(&mut self) {
        for queued in self.messages.iter_mut().filter(|queued| queued.state == State::InFlight) {
            queued.state = State::Hidden;
        }
    }

    /// Every visibility timeout ends.
    pub fn show_hidden(&mut self) {
        for queued in self.messages.iter_mut().filter(|queued| queued.state == State::Hidden) {
            queued.state = State::Visible;
        }
    }

    async fn take(&mut self) {
        loop {
            let messages = self.queue.receive().await;
            if messages.is_empty() {
                return;
            }
            self.queue.settle(&messages, &SqsBatchResponse::default()).await;
            self.messages.extend(messages.into_iter().map(|message| Queued {
                group: attribute(&message, "MessageGroupId"),
                message,
                receives: 0,
                state: State::Visible,
            }));
        }
    }
}

fn attribute(message: &Message, name: &str) -> String {
    let mut attributes = message.attributes().into_iter().flatten();
    let found = attributes.find(|(attribute, _)| attribute.as_str() == name);
    found.expect("an attribute that every message has").1.clone()
}
