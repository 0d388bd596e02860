//! The contents of a record's wide event.

use aws_lambda_events::sqs::SqsMessage;
use serde::Serialize;
use time::OffsetDateTime;
use tracing::Level;

use super::record::{Record, RecordOutcome};
use crate::lambda::invocation::Invocation;
use crate::telemetry::Recorder;
use crate::telemetry::metrics::{DEAD_LETTERED, DUPLICATES, FAILED, PROCESSED, PROCESSING_LATENCY};
use crate::telemetry::wide_event::{self, Call, Dimension, Measured, WideEvent, age_ms, cut};

/// The log fields of one record.
pub(super) struct RecordLog<'a> {
    pub(super) record: &'a Record<'a>,
    pub(super) outcome: &'a RecordOutcome,
    /// How many later records of its group SQS redelivers because of it.
    pub(super) held_back: usize,
    pub(super) at: OffsetDateTime,
    pub(super) invocation: &'a Invocation,
}

/// How often SQS has delivered a record, this time included.
pub(super) fn receive_count(record: &SqsMessage) -> Option<u32> {
    record.attributes.get("ApproximateReceiveCount")?.parse().ok()
}

/// Writes the line of an invocation that delivered nothing, because a variable names a resource that does not exist.
pub(super) fn log_misconfigured(
    recorder: &Recorder,
    error: &str,
    at: OffsetDateTime,
    invocation: &Invocation,
) {
    let message = "misconfigured: no event is delivered until this is fixed";
    wide_event::log_misconfigured(recorder, message, error, at, Some(invocation));
}

/// The members of the line.
#[derive(Serialize)]
struct Members<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a str>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    event_type: Option<&'a str>,
    message_id: Option<&'a str>,
    receive_count: Option<u32>,
    result: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    held_back: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(flatten)]
    call: Call<'a>,
}

impl RecordLog<'_> {
    /// Writes the line.
    pub(super) fn write(&self, recorder: &Recorder) {
        let (level, message, metric) = match self.outcome {
            RecordOutcome::Processed => (Level::INFO, "processed", PROCESSED),
            RecordOutcome::Duplicate => {
                (Level::INFO, "completed before: a duplicate, not processed again", DUPLICATES)
            }
            RecordOutcome::Failed(_) => (Level::ERROR, "record failed", FAILED),
            RecordOutcome::DeadLetter(_) => (Level::ERROR, "dead letter", DEAD_LETTERED),
        };
        let latency = match (self.outcome, &self.record.event) {
            (RecordOutcome::Processed, Ok(event)) => age_ms(&event.envelope, self.at),
            _ => None,
        };
        let metrics = [Measured::count(metric, 1)].into_iter();
        let metrics: Vec<_> = metrics.chain(latency.map(|ms| Measured::ms(PROCESSING_LATENCY, ms))).collect();
        let fields = self.members();
        let dimension = Dimension::of_source(fields.source);
        recorder.write(&WideEvent { at: self.at, level, message, dimension, metrics: &metrics, fields });
    }

    fn members(&self) -> Members<'_> {
        let Record { message, event, started } = self.record;
        let envelope = event.as_ref().ok().map(|event| &event.envelope);
        let (result, failure) = match self.outcome {
            RecordOutcome::Processed => ("processed", None),
            RecordOutcome::Duplicate => ("duplicate", None),
            RecordOutcome::Failed(failure) => ("failed", Some(failure)),
            RecordOutcome::DeadLetter(failure) => ("dead_letter", Some(failure)),
        };
        let id = envelope.map(|envelope| &envelope.id);
        Members {
            id: id.or_else(|| message.attributes.get("MessageDeduplicationId")).map(|id| cut(id)),
            source: envelope.map(|envelope| cut(&envelope.source)),
            event_type: envelope.map(|envelope| cut(&envelope.event_type)),
            message_id: message.message_id.as_deref(),
            receive_count: receive_count(message),
            result,
            held_back: Some(self.held_back).filter(|records| *records > 0),
            reason: failure.map(|failure| cut(failure.reason())),
            call: Call::new(self.invocation, self.record.trace(), started.elapsed()),
        }
    }
}
