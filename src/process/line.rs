//! What the wide event of a record says.

use std::time::Duration;

use aws_lambda_events::sqs::SqsMessage;
use serde::Serialize;
use time::OffsetDateTime;
use tracing::Level;

use super::handler::Failure;
use crate::event::envelope::Envelope;
use crate::lambda::invocation::Invocation;
use crate::telemetry::Recorder;
use crate::telemetry::metrics::{DEAD_LETTERED, DUPLICATES, EFFECT_LATENCY, FAILED, PROCESSED};
use crate::telemetry::wide_event::{self, Call, Dimension, Measured, WideEvent, age_ms, cut};
use crate::trace::Trace;

/// What became of a record.
pub(super) enum Fate {
    /// Its event was processed.
    Processed,
    /// Its event was processed before.
    Duplicate,
    /// SQS redelivers it.
    Failed(Failure),
    /// It went to the dead-letter queue.
    DeadLetter(Failure),
}

/// A record that has met its fate.
pub(super) struct Done<'a> {
    pub(super) record: &'a SqsMessage,
    /// What was in it, where that could be read.
    pub(super) envelope: Option<&'a Envelope>,
    pub(super) trace: Option<Trace>,
    pub(super) fate: &'a Fate,
    /// How many behind it in its group SQS redelivers because of it.
    pub(super) held_back: usize,
    pub(super) at: OffsetDateTime,
    pub(super) total: Duration,
    pub(super) invocation: &'a Invocation,
}

/// How often SQS has handed over a record, this time included.
pub(super) fn receive_count(record: &SqsMessage) -> Option<u32> {
    record.attributes.get("ApproximateReceiveCount")?.parse().ok()
}

/// Writes the line of an invocation that could deliver nothing, because a variable names what does not exist.
pub(super) fn log_misconfigured(
    recorder: &Recorder,
    error: &str,
    at: OffsetDateTime,
    invocation: &Invocation,
) {
    let message = "misconfigured: no event is delivered until this is fixed";
    wide_event::log_misconfigured(recorder, message, error, at, Some(invocation));
}

#[derive(Serialize)]
struct Said<'a> {
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

impl Done<'_> {
    /// Writes its line.
    pub(super) fn tell(&self, recorder: &Recorder) {
        let (level, message, metric) = match self.fate {
            Fate::Processed => (Level::INFO, "processed", PROCESSED),
            Fate::Duplicate => {
                (Level::INFO, "completed before: a duplicate, not processed again", DUPLICATES)
            }
            Fate::Failed(_) => (Level::ERROR, "record failed", FAILED),
            Fate::DeadLetter(_) => (Level::ERROR, "dead letter", DEAD_LETTERED),
        };
        let latency = match self.fate {
            Fate::Processed => self.envelope.and_then(|envelope| age_ms(envelope, self.at)),
            _ => None,
        };
        let metrics = [Measured::count(metric, 1)].into_iter();
        let metrics: Vec<_> = metrics.chain(latency.map(|ms| Measured::ms(EFFECT_LATENCY, ms))).collect();
        let said = self.said();
        let by = Dimension::of_source(said.source);
        recorder.write(&WideEvent { at: self.at, level, message, by, metrics: &metrics, said });
    }

    fn said(&self) -> Said<'_> {
        let attribute = |name| self.record.attributes.get(name);
        let (result, reason) = match self.fate {
            Fate::Processed => ("processed", None),
            Fate::Duplicate => ("duplicate", None),
            Fate::Failed(failure) => ("failed", Some(failure)),
            Fate::DeadLetter(failure) => ("dead_letter", Some(failure)),
        };
        let id = self.envelope.map(|envelope| &envelope.id);
        Said {
            id: id.or_else(|| attribute("MessageDeduplicationId")).map(|id| cut(id)),
            source: self.envelope.map(|envelope| cut(&envelope.source)),
            event_type: self.envelope.map(|envelope| cut(&envelope.event_type)),
            message_id: self.record.message_id.as_deref(),
            receive_count: receive_count(self.record),
            result,
            held_back: Some(self.held_back).filter(|records| *records > 0),
            reason: reason.map(|failure| cut(failure.reason())),
            call: Call::new(self.invocation, self.trace, self.total),
        }
    }
}
