//! The log line of a record.

use std::time::Duration;

use mediahook_events::CloudEvent;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tracing::Level;

use super::record::{Outcome, Record};
use crate::telemetry::line::{Line, ms};
use crate::telemetry::metrics::{DEAD_LETTERED, DUPLICATES, FAILED, PROCESSED, PROCESSING_LATENCY};
use crate::trace::Trace;

/// The line of a record with this outcome. If it failed, SQS redelivers `behind` later records of its group with it.
pub(super) fn line(record: &Record<'_>, outcome: &Outcome, behind: usize, at: OffsetDateTime) -> Line {
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
            .field("held_back", Some(behind).filter(|behind| *behind > 0))
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

/// The age of an event by its sender's clock: zero if that clock is fast, `None` if the event has no time of its own.
fn age(envelope: &CloudEvent, at: OffsetDateTime) -> Option<Duration> {
    // An event without its own time has the time of its receipt.
    let own = envelope.time.as_ref().filter(|time| Some(*time) != envelope.recordedtime.as_ref())?;
    let age = at - OffsetDateTime::parse(own, &Rfc3339).ok()?;
    Some(Duration::try_from(age).unwrap_or_default())
}
