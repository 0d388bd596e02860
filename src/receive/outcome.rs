//! The outcome of a callback.

use time::OffsetDateTime;

use super::{Authentic, Unauthorized};
use crate::storage::StoreError;
use crate::telemetry::wide_event::age_ms;
use mediahook_events::{CloudEvent, Outcome};
use mediahook_senders::Unprocessable;

/// The outcome of a callback. It decides the response and the log line.
#[derive(Debug)]
pub(super) enum ReceiveOutcome {
    /// The queue has the event.
    Queued(EventSummary),
    /// The queue failed, so the bucket has the event in `spill/`. The puller moves it to the queue.
    Spilled { event: EventSummary, queue_error: StoreError, queue_skipped: bool },
    /// The callback is authentic, but has no event that the queue can accept. The bucket has its body, in `rejected/`
    /// under this key. The status is 400, because a retry of the sender would bring the same body.
    Unprocessable { source: String, reason: Unprocessable, key: String },
    /// The callback is authentic, but queue and bucket failed. Only the log has it: an event, or a body without one.
    Lost { source: String, event: Option<EventSummary>, error: String },
    /// The callback is not authentic, so nothing of it is stored. The source is the one whose path was called, if any.
    Unauthorized { reason: Unauthorized, source: Option<String> },
    /// No sources have been read yet, so no callback can be authenticated.
    NoSources,
}

/// The log fields of an event: which event it is, without its data.
#[derive(Debug)]
pub(super) struct EventSummary {
    pub(super) id: String,
    pub(super) source: String,
    pub(super) event_type: String,
    pub(super) outcome: Outcome,
    /// Milliseconds from the event's own time until it was received.
    pub(super) age_ms: Option<f64>,
    /// Whether its callback's signature is valid for longer than the sender documents.
    pub(super) is_signed_far_ahead: bool,
}

impl EventSummary {
    pub(super) fn new(envelope: &CloudEvent, authentic: &Authentic<'_>, received: OffsetDateTime) -> Self {
        Self {
            id: envelope.id.clone(),
            source: envelope.source.clone(),
            event_type: envelope.event_type.clone(),
            outcome: envelope.outcome,
            age_ms: age_ms(envelope, received),
            is_signed_far_ahead: authentic.is_far_ahead(),
        }
    }
}
