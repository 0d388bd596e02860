//! The log line of a request, which also counts its metrics. Every request has one.
//!
//! The line of a queued event is short, because nearly all are of this kind. It does not say again what Lambda's
//! `REPORT` line says.

use http::StatusCode;
use time::OffsetDateTime;
use tracing::Level;

use super::outcome::ReceiveOutcome;
use super::store::Took;
use super::unauthorized::Unauthorized;
use crate::lambda::invocation::Invocation;
use crate::telemetry::line::ms;
use crate::telemetry::metrics::{
    ACCEPTED, LOST, NO_SOURCES, QUEUE_SKIPPED, REJECTED, SPILLED, UNAUTHORIZED, UNAUTHORIZED_SENDER,
};
use crate::telemetry::{Line, Recorder};

/// Writes the line of a request.
pub(super) fn write(
    recorder: &Recorder,
    at: OffsetDateTime,
    outcome: &ReceiveOutcome,
    took: Took,
    invocation: &Invocation,
) {
    let line = line(outcome, took).field("queue_ms", took.queue.map(ms));
    let line = match outcome {
        ReceiveOutcome::Unauthorized { .. } => line,
        ReceiveOutcome::Queued(_) if took.bucket.is_none() => {
            line.field("cold", invocation.cold.then_some(true))
        }
        _ => line
            .field("bucket_ms", took.bucket.map(ms))
            .field("status", Some(outcome.status().as_u16()).filter(|status| *status != 200))
            .field("total_ms", ms(took.total))
            .invocation(invocation),
    };
    line.write(recorder, at);
}

fn line(outcome: &ReceiveOutcome, took: Took) -> Line {
    match outcome {
        ReceiveOutcome::Queued(event) => {
            let line = Line::new(Level::INFO, "queued").event(event);
            line.field("destination", took.bucket.map(|_| "payload+queue")).count(ACCEPTED, 1)
        }
        ReceiveOutcome::Spilled { event, queue_error, queue_skipped } => {
            let line = Line::new(Level::WARN, "spilled: the queue fails, the bucket has the event");
            let line =
                line.event(event).field("destination", "spill").field("error", queue_error.to_string());
            let line = line.count(ACCEPTED, 1).count(SPILLED, 1);
            if *queue_skipped { line.count(QUEUE_SKIPPED, 1) } else { line }
        }
        ReceiveOutcome::Unprocessable { source, reason, key } => {
            let line = Line::new(Level::WARN, "unprocessable: authentic, but no event").source(source);
            let line = line.field("destination", "rejected").field("key", key);
            line.field("reason", reason.to_string()).count(REJECTED, 1)
        }
        ReceiveOutcome::Lost { source, event, error } => {
            let line = Line::new(Level::ERROR, "lost: queue and bucket fail, only the log has it");
            let line = match event {
                Some(event) => line.event(event),
                None => line.source(source),
            };
            line.field("destination", "lost").field("error", error).count(LOST, 1)
        }
        ReceiveOutcome::NoSources => {
            let message = "the sources are not known yet, no callback can be authenticated";
            Line::new(Level::ERROR, message).field("destination", "nowhere").count(NO_SOURCES, 1)
        }
        ReceiveOutcome::Unauthorized { reason, source } => unauthorized(*reason, source.as_deref()),
    }
}

/// One line for each request, however many come: that is cheaper than to count them here, and loses no count.
fn unauthorized(reason: Unauthorized, source: Option<&str>) -> Line {
    let message = match reason.status() {
        StatusCode::NOT_FOUND => "not found",
        StatusCode::METHOD_NOT_ALLOWED => "method not allowed",
        StatusCode::BAD_REQUEST => "malformed",
        _ => "unauthorized",
    };
    let line = Line::new(Level::INFO, message).field("Source", source);
    let line = line.reason(reason.as_str()).count(UNAUTHORIZED, 1);
    if reason.is_probably_a_senders() { line.count(UNAUTHORIZED_SENDER, 1) } else { line }
}
