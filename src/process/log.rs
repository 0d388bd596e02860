//! The log line of a record. That of a processed event has no metrics: one line counts those of a batch, because in the
//! line of each event they would take as many bytes again as all the rest.

use mediahook_events::Channel;
use tracing::Level;

use super::record::{Outcome, Record};
use crate::lambda::invocation::Invocation;
use crate::telemetry::line::{Line, ms};
use crate::telemetry::metrics::{DEAD_LETTERED, DUPLICATES, FAILED};

/// The line of a record with this outcome. If it failed, SQS redelivers the later records of its group with it.
pub(super) fn line(record: &Record<'_>, outcome: &Outcome, invocation: &Invocation) -> Line {
    let line = match outcome {
        Outcome::Processed => Line::new(Level::INFO, "processed"),
        Outcome::Duplicate => Line::new(Level::INFO, "completed before: a duplicate, not processed again")
            .field("result", "duplicate")
            .count(DUPLICATES, 1),
        Outcome::Failed(failure) => Line::new(Level::ERROR, "record failed")
            .field("result", "failed")
            .field("reason", &failure.reason)
            .field("held_back", Some(record.behind.len()).filter(|behind| *behind > 0))
            .count(FAILED, 1),
        Outcome::DeadLetter(failure) => Line::new(Level::ERROR, "dead letter")
            .field("result", "dead_letter")
            .field("reason", &failure.reason)
            .count(DEAD_LETTERED, 1),
    };
    let is_processed = matches!(outcome, Outcome::Processed);
    let line = match record.event.as_ref().map(|event| &event.envelope) {
        // The receiver's line has its subject and its outcome.
        Ok(event) if is_processed && event.channel == Some(Channel::Push) => line.known_event(event),
        Ok(event) => line.event(event),
        Err(_) => line.field("id", record.message.attributes.get("MessageDeduplicationId")),
    };
    let line = line.field("total_ms", ms(record.started.elapsed()));
    if is_processed {
        return line; // short, because nearly all lines are of this kind
    }
    line.field("message_id", &record.message.message_id)
        .field("receive_count", record.receive_count())
        .invocation(invocation)
}
