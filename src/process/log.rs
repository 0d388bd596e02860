//! The log line of a record.

use time::OffsetDateTime;
use tracing::Level;

use super::record::{Outcome, Record};
use crate::telemetry::line::{Line, age, ms};
use crate::telemetry::metrics::{DEAD_LETTERED, DUPLICATES, FAILED, PROCESSED, PROCESSING_LATENCY};
use crate::trace::Trace;

/// The line of a record with this outcome. If it failed, SQS redelivers the later records of its group with it.
pub(super) fn line(record: &Record<'_>, outcome: &Outcome, at: OffsetDateTime) -> Line {
    let event = record.event.as_ref().ok().map(|event| &event.envelope);
    let line = match outcome {
        Outcome::Processed => Line::new(Level::INFO, "processed")
            .field("result", "processed")
            .count(PROCESSED, 1)
            .ms(PROCESSING_LATENCY, event.and_then(|event| age(event, at))),
        Outcome::Duplicate => Line::new(Level::INFO, "completed before: a duplicate, not processed again")
            .field("result", "duplicate")
            .count(DUPLICATES, 1),
        Outcome::Failed(failure) => Line::new(Level::ERROR, "record failed")
            .field("result", "failed")
            .field("reason", failure.reason())
            .field("held_back", Some(record.behind.len()).filter(|behind| *behind > 0))
            .count(FAILED, 1),
        Outcome::DeadLetter(failure) => Line::new(Level::ERROR, "dead letter")
            .field("result", "dead_letter")
            .field("reason", failure.reason())
            .count(DEAD_LETTERED, 1),
    };
    let line = match event {
        Some(event) => line
            .field("id", &event.id)
            .field("type", &event.event_type)
            .field("subject", &event.subject)
            .field("outcome", event.outcome)
            .source(&event.source),
        None => line.field("id", record.message.attributes.get("MessageDeduplicationId")),
    };
    line.field("message_id", &record.message.message_id)
        .field("receive_count", record.receive_count())
        .field("trace_id", record.trace().map(Trace::id).map(|id| id.to_string()))
        .field("total_ms", ms(record.started.elapsed()))
}
