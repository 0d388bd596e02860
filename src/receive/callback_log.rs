//! The log line of an authentic callback. That of an unauthorized one is in [`super::unauthorized_log`].

use std::fmt::Display;

use serde::Serialize;
use time::OffsetDateTime;
use tracing::Level;

use super::outcome::{EventSummary, ReceiveOutcome};
use super::timings::{TimingFields, Timings};
use crate::event::envelope::Outcome;
use crate::lambda::invocation::Invocation;
use crate::telemetry::Recorder;
use crate::telemetry::metrics::{
    ACCEPTED, EVENT_AGE, LOST, NO_SOURCES, QUEUE_LATENCY, QUEUE_SKIPPED, REJECTED, SIGNATURE_FAR_AHEAD,
    SPILLED,
};
use crate::telemetry::wide_event::{Dimension, Measured, Shown, WideEvent, cut, ms};

#[derive(Default, Serialize)]
struct Fields<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a str>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    event_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<Outcome>,
    status: u16,
    destination: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Shown<&'a dyn Display>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Shown<&'a dyn Display>>,
    #[serde(flatten)]
    timings: Option<TimingFields<'a>>,
}

/// Writes the line of a callback, which also counts its metrics. Nothing for one that is unauthorized.
pub(super) fn write(
    recorder: &Recorder,
    at: OffsetDateTime,
    outcome: &ReceiveOutcome,
    status: u16,
    timings: &Timings,
    invocation: &Invocation,
) {
    let (level, message) = match outcome {
        ReceiveOutcome::Queued(event) if event.is_signed_far_ahead => {
            (Level::WARN, "queued, and its signature is valid for longer than 15 minutes")
        }
        ReceiveOutcome::Queued(_) => (Level::INFO, "queued"),
        ReceiveOutcome::Spilled { .. } => (Level::WARN, "spilled: the queue fails, the bucket has the event"),
        ReceiveOutcome::Unprocessable { .. } => (Level::WARN, "unprocessable: authentic, but no event"),
        ReceiveOutcome::Lost { .. } => (Level::ERROR, "lost: queue and bucket fail, only the log has it"),
        ReceiveOutcome::NoSources => {
            (Level::ERROR, "the sources are not known yet, no callback can be authenticated")
        }
        ReceiveOutcome::Unauthorized { .. } => return,
    };
    let has_payload = timings.bucket.is_some();
    let said = Fields { status, timings: Some(timings.fields(invocation)), ..fields(outcome, has_payload) };
    let by = Dimension::of_source(said.source);
    recorder.write(&WideEvent { at, level, message, by, metrics: &metrics(outcome, timings), said });
}

fn fields(outcome: &ReceiveOutcome, has_payload: bool) -> Fields<'_> {
    match outcome {
        ReceiveOutcome::Queued(event) if has_payload => event_fields(event, "payload+queue"),
        ReceiveOutcome::Queued(event) => event_fields(event, "queue"),
        ReceiveOutcome::Spilled { event, queue_error, .. } => {
            Fields { error: Some(Shown(queue_error)), ..event_fields(event, "spill") }
        }
        ReceiveOutcome::Lost { event: Some(event), error, .. } => {
            Fields { error: Some(Shown(error)), ..event_fields(event, "lost") }
        }
        ReceiveOutcome::Lost { source, event: None, error } => Fields {
            source: Some(source),
            error: Some(Shown(error)),
            destination: "lost",
            ..Fields::default()
        },
        ReceiveOutcome::Unprocessable { source, reason, key } => Fields {
            source: Some(source),
            reason: Some(Shown(reason)),
            key: Some(key),
            destination: "rejected",
            ..Fields::default()
        },
        ReceiveOutcome::NoSources | ReceiveOutcome::Unauthorized { .. } => {
            Fields { destination: "nowhere", ..Fields::default() }
        }
    }
}

fn event_fields<'a>(event: &'a EventSummary, destination: &'static str) -> Fields<'a> {
    Fields {
        id: Some(&event.id),
        source: Some(&event.source),
        event_type: Some(cut(&event.event_type)),
        outcome: Some(event.outcome),
        destination,
        ..Fields::default()
    }
}

fn metrics(outcome: &ReceiveOutcome, timings: &Timings) -> Vec<Measured> {
    let one = |metric| Measured::count(metric, 1);
    let age = |event: &EventSummary| event.age_ms.map(|age| Measured::ms(EVENT_AGE, age));
    let far_ahead = |event: &EventSummary| event.is_signed_far_ahead.then(|| one(SIGNATURE_FAR_AHEAD));
    let metrics = match outcome {
        ReceiveOutcome::Queued(event) => {
            let latency = timings.queue.map(|took| Measured::ms(QUEUE_LATENCY, ms(took)));
            vec![Some(one(ACCEPTED)), latency, age(event), far_ahead(event)]
        }
        ReceiveOutcome::Spilled { event, queue_skipped, .. } => {
            let skipped = queue_skipped.then(|| one(QUEUE_SKIPPED));
            vec![Some(one(ACCEPTED)), Some(one(SPILLED)), skipped, age(event), far_ahead(event)]
        }
        ReceiveOutcome::Unprocessable { .. } => vec![Some(one(REJECTED))],
        ReceiveOutcome::Lost { .. } => vec![Some(one(LOST))],
        ReceiveOutcome::NoSources => vec![Some(one(NO_SOURCES))],
        ReceiveOutcome::Unauthorized { .. } => Vec::new(),
    };
    metrics.into_iter().flatten().collect()
}
