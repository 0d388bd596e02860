//! One record of a batch, its event, and its outcome.

use std::collections::VecDeque;

use aws_lambda_events::sqs::SqsMessage;
use mediahook_events::CloudEvent;
use tokio::time::Instant;

use super::handler::Failure;
use crate::ingest::envelope::parse_own;
use crate::storage::Message;
use crate::storage::idempotency::Lease;

/// The first record of its group that is not processed yet.
pub(super) struct Record<'r> {
    pub(super) message: &'r SqsMessage,
    /// The later messages of its group, in order.
    pub(super) behind: VecDeque<&'r SqsMessage>,
    /// The event in it, or why it has none.
    pub(super) event: Result<Event<'r>, String>,
    /// Its idempotency record, once it is in progress.
    pub(super) lease: Option<Lease>,
    /// How often it failed in this invocation.
    pub(super) tries: usize,
    pub(super) started: Instant,
    /// When it may be tried.
    pub(super) due: Instant,
}

/// The event in a record.
pub struct Event<'r> {
    pub(super) envelope: CloudEvent,
    /// The envelope as SQS delivered it, byte for byte.
    pub(super) text: &'r str,
}

/// The outcome of a record.
pub(super) enum Outcome {
    /// Its event was processed.
    Processed,
    /// Its event was processed before.
    Duplicate,
    /// SQS redelivers it.
    Failed(Failure),
    /// It went to the dead-letter queue.
    DeadLetter(Failure),
}

impl<'r> Record<'r> {
    /// Reads the first record of a group, if there is one. A `dataref` must point to this bucket.
    pub(super) fn first_of(mut group: VecDeque<&'r SqsMessage>, bucket: &str) -> Option<Self> {
        let (message, now) = (group.pop_front()?, Instant::now());
        let event = Event::read(message, bucket);
        Some(Self { message, behind: group, event, lease: None, tries: 0, started: now, due: now })
    }

    /// Its message and those behind it.
    pub(super) fn group(self) -> impl Iterator<Item = &'r SqsMessage> {
        [self.message].into_iter().chain(self.behind)
    }

    /// How often SQS has delivered it, this time included.
    pub(super) fn receive_count(&self) -> Option<u64> {
        self.message.attributes.get("ApproximateReceiveCount")?.parse().ok()
    }

    /// The message that moves it to the dead-letter queue, with the same body and group; none if it has no body.
    ///
    /// The deduplication id is the record's message id. With the old deduplication id, SQS would drop an event that was
    /// redriven and failed again within five minutes, as a duplicate of its first dead letter. A redriven record has a
    /// new message id.
    pub(super) fn dead_letter(&self) -> Option<Message> {
        let body = self.message.body.clone().filter(|body| !body.is_empty())?;
        let deduplication_id = self.message.message_id.clone().filter(|id| !id.is_empty())?;
        let group = self.message.attributes.get("MessageGroupId").cloned();
        let group_id = group.unwrap_or_else(|| deduplication_id.clone());
        let trace_header = self.message.attributes.get("AWSTraceHeader").cloned();
        Some(Message { body, deduplication_id, group_id, trace_header })
    }
}

impl<'r> Event<'r> {
    fn read(message: &'r SqsMessage, bucket: &str) -> Result<Self, String> {
        let text = message.body.as_deref().ok_or("no body")?;
        let envelope = parse_own(text.as_bytes(), bucket).map_err(|why| format!("not an envelope: {why}"))?;
        Ok(Self { envelope, text })
    }
}
