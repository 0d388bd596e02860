//! Where an event goes that can never succeed, or has failed at its last receive.

use std::convert::Infallible;
use std::future::Future;

use aws_lambda_events::sqs::SqsMessage;

use crate::event::envelope::Message;
use crate::storage::{Queue, StoreError};
use crate::trace::Trace;

/// Keeps what nobody could process, until somebody has looked at it.
pub trait DeadLetters: Send + Sync {
    /// Returns once the message is kept for good.
    ///
    /// # Errors
    /// It may not be.
    fn send(&self, message: &Message) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// A dead-letter queue is one of the same kind.
impl<Q: Queue> DeadLetters for Q {
    fn send(&self, message: &Message) -> impl Future<Output = Result<(), StoreError>> + Send {
        self.enqueue(message)
    }
}

/// No dead-letter queue at all: there is nothing of this type.
impl DeadLetters for Infallible {
    async fn send(&self, _: &Message) -> Result<(), StoreError> {
        match *self {}
    }
}

/// The trace that a record came with.
pub(super) fn trace_of(record: &SqsMessage) -> Option<Trace> {
    record.attributes.get("AWSTraceHeader").and_then(|header| Trace::from_xray(header))
}

/// The message that carries a record there: its body and its group as they were; nothing where it has no body.
///
/// Not its deduplication id: an event that was redriven and failed once more within five minutes would be taken for the
/// one that was there before, and be gone. The record's message id is the same only as long as it stays in the queue.
pub(super) fn of(record: &SqsMessage) -> Option<Message> {
    let body = record.body.clone().filter(|body| !body.is_empty())?;
    let deduplication_id = record.message_id.clone().filter(|id| !id.is_empty())?;
    let group = record.attributes.get("MessageGroupId").cloned();
    let group_id = group.unwrap_or_else(|| deduplication_id.clone());
    Some(Message { body, group_id, deduplication_id, trace: trace_of(record) })
}
