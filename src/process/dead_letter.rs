//! The message that moves a record to the dead-letter queue.

use aws_lambda_events::sqs::SqsMessage;

use crate::storage::Message;
use crate::trace::Trace;

/// The trace of the record.
pub(super) fn trace_of(record: &SqsMessage) -> Option<Trace> {
    record.attributes.get("AWSTraceHeader").and_then(|header| Trace::from_xray(header))
}

/// The message, with the same body and group; none if the record has no body.
///
/// The deduplication id is the record's message id. With the old deduplication id, SQS would drop an event that was
/// redriven and failed again within five minutes, as a duplicate of its first dead letter. A redriven record has a
/// new message id.
pub(super) fn of(record: &SqsMessage) -> Option<Message> {
    let body = record.body.clone().filter(|body| !body.is_empty())?;
    let deduplication_id = record.message_id.clone().filter(|id| !id.is_empty())?;
    let group = record.attributes.get("MessageGroupId").cloned();
    let group_id = group.unwrap_or_else(|| deduplication_id.clone());
    Some(Message { body, group_id, deduplication_id, trace: trace_of(record) })
}
