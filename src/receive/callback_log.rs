//! The log line of an authentic callback. [`super::unauthorized_log`] writes the line of an unauthorized one.

use std::fmt::Display;

use serde::Serialize;
use time::OffsetDateTime;
use tracing::Level;

use super::outcome::{EventSummary, ReceiveOutcome};
use super::timings::{TimingFields, Timings};
use crate::lambda::invocation::Invocation;
use crate::telemetry::Recorder;
use crate::telemetry::metrics::{
    ACCEPTED, EVENT_AGE, LOST, NO_SOURCES, QUEUE_LATENCY, QUEUE_SKIPPED, REJECTED, SIGNATURE_FAR_AHEAD,
    SPILLED,
};
use crate::telemetry::wide_event::{Dimension, Measured, Shown, WideEvent, cut, ms};
use mediahook_events::Outcome;

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

/// Writes the line of a callback, which also counts its metrics. Writes nothing for an unauthorized one.
pub(super) fn write(
    recorder: &Recorder,
    at: OffsetDateTime,
    outcome: &ReceiveOutcome,
    status: u16,
    timings: &Timings,
    invocation: &Invocation,
) {
    let one = |metric| Some(Measured::count(metric, 1));
    let (level, message, fields, metrics) = match outcome {
        ReceiveOutcome::Queued(event) => {
            let destination = if timings.bucket.is_some() { "payload+queue" } else { "queue" };
            let latency = timings.queue.map(|took| Measured::ms(QUEUE_LATENCY, ms(took)));
            let (level, message) = if event.is_signed_far_ahead {
                (Level::WARN, "queued, and its signature is valid for longer than 15 minutes")
            } else {
                (Level::INFO, "queued")
            };
            (level, message, event_fields(event, destination), [one(ACCEPTED), latency, None])
        }
        ReceiveOutcome::Spilled { event, queue_error, queue_skipped } => {
            let fields = Fields { error: Some(Shown(queue_error)), ..event_fields(event, "spill") };
            let skipped = one(QUEUE_SKIPPED).filter(|_| *queue_skipped);
            let message = "spilled: the queue fails, the bucket has the event";
            (Level::WARN, message, fields, [one(ACCEPTED), one(SPILLED), skipped])
        }
        ReceiveOutcome::Unprocessable { source, reason, key } => {
            let (reason, key) = (Some(Shown(reason as &dyn Display)), Some(key.as_str()));
            let fields = Fields { reason, key, ..source_fields(source, "rejected") };
            (Level::WARN, "unprocessable: authentic, but no event", fields, [one(REJECTED), None, None])
        }
        ReceiveOutcome::Lost { source, event, error } => {
            let event = event.as_ref().map(|event| event_fields(event, "lost"));
            let fields = event.unwrap_or_else(|| source_fields(source, "lost"));
            let fields = Fields { error: Some(Shown(error)), ..fields };
            let message = "lost: queue and bucket fail, only the log has it";
            (Level::ERROR, message, fields, [one(LOST), None, None])
        }
        ReceiveOutcome::NoSources => {
            let fields = Fields { destination: "nowhere", ..Fields::default() };
            let message = "the sources are not known yet, no callback can be authenticated";
            (Level::ERROR, message, fields, [one(NO_SOURCES), None, None])
        }
        ReceiveOutcome::Unauthorized { .. } => return,
    };
    let metrics: Vec<_> = metrics.into_iter().flatten().chain(accepted_metrics(outcome)).collect();
    let fields = Fields { status, timings: Some(timings.fields(invocation)), ..fields };
    let dimension = Dimension::of_source(fields.source);
    recorder.write(&WideEvent { at, level, message, dimension, metrics: &metrics, fields });
}

fn source_fields<'a>(source: &'a str, destination: &'static str) -> Fields<'a> {
    Fields { source: Some(source), destination, ..Fields::default() }
}

fn event_fields<'a>(event: &'a EventSummary, destination: &'static str) -> Fields<'a> {
    Fields {
        id: Some(&event.id),
        event_type: Some(cut(&event.event_type)),
        outcome: Some(event.outcome),
        ..source_fields(&event.source, destination)
    }
}

/// The metrics of every event that was answered 200.
fn accepted_metrics(outcome: &ReceiveOutcome) -> impl Iterator<Item = Measured> + use<> {
    let event = match outcome {
        ReceiveOutcome::Queued(event) | ReceiveOutcome::Spilled { event, .. } => Some(event),
        _ => None,
    };
    let age = event.and_then(|event| event.age_ms).map(|age| Measured::ms(EVENT_AGE, age));
    let far_ahead = event.filter(|event| event.is_signed_far_ahead);
    age.into_iter().chain(far_ahead.map(|_| Measured::count(SIGNATURE_FAR_AHEAD, 1)))
}
