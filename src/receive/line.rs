//! What the wide event of a callback says.

use std::fmt::Display;
use std::time::{Duration, Instant};

use serde::Serialize;
use time::OffsetDateTime;
use tracing::Level;

use super::Verdict;
use super::refusals::Counted;
use crate::event::envelope::{Envelope, Outcome};
use crate::lambda::invocation::Invocation;
use crate::telemetry::Recorder;
use crate::telemetry::metrics::{
    ACCEPTED, EVENT_AGE, LOST, NO_SOURCES, QUEUE_LATENCY, QUEUE_SKIPPED, REFUSED, REJECTED,
    SIGNATURE_FAR_AHEAD, SPILLED,
};
use crate::telemetry::wide_event::{Call, Dimension, Measured, Shown, WideEvent, age_ms, cut, ms};

/// How long each step took, all its attempts together.
#[derive(Debug, Default)]
pub(super) struct Steps {
    /// To authenticate and to seal.
    understand: Duration,
    pub(super) queue: Option<Duration>,
    pub(super) bucket: Option<Duration>,
    /// Whether the signature is valid for longer than usual.
    pub(super) is_far_ahead: bool,
    /// Whether the queue was not tried before the bucket.
    pub(super) queue_skipped: bool,
}

impl Steps {
    pub(super) fn understand<T>(&mut self, step: impl FnOnce() -> T) -> T {
        let began = Instant::now();
        let result = step();
        self.understand += began.elapsed();
        result
    }
}

/// What is left of an envelope to be told: which event it is, and not what is in it.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) id: String,
    pub(super) source: String,
    event_type: String,
    outcome: Outcome,
    age_ms: Option<f64>,
}

impl Told {
    pub(super) fn of(envelope: Envelope, received: OffsetDateTime) -> Self {
        let age_ms = age_ms(&envelope, received);
        let Envelope { id, source, event_type, outcome, .. } = envelope;
        Self { id, source, event_type, outcome, age_ms }
    }
}

/// A callback that has its answer.
pub(super) struct Answered<'a> {
    pub(super) at: OffsetDateTime,
    pub(super) status: u16,
    pub(super) steps: &'a Steps,
    pub(super) total: Duration,
    pub(super) invocation: &'a Invocation,
}

#[derive(Default, Serialize)]
struct Said<'a> {
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
    took: Option<Took<'a>>,
}

#[derive(Serialize)]
struct Took<'a> {
    understand_ms: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    queue_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bucket_ms: Option<f64>,
    #[serde(flatten)]
    call: Call<'a>,
}

impl<'a> Answered<'a> {
    /// Writes the line of a callback that was let in. Of one that was not, nothing: see [`Answered::tell_refused`].
    pub(super) fn tell(&self, verdict: &'a Verdict, recorder: &Recorder) {
        let (level, message) = match verdict {
            Verdict::Queued(_) if self.steps.is_far_ahead => {
                (Level::WARN, "queued, and its signature is valid for longer than 15 minutes")
            }
            Verdict::Queued(_) => (Level::INFO, "queued"),
            Verdict::Spilled(..) => (Level::WARN, "spilled: the queue fails, the bucket has the event"),
            Verdict::Rejected { .. } => (Level::WARN, "rejected: authentic, but no event"),
            Verdict::Lost { .. } => (Level::ERROR, "lost: queue and bucket fail, only the log has it"),
            Verdict::NoSources => (Level::ERROR, "the sources are not known yet, nobody can be let in"),
            Verdict::Refused(..) => return,
        };
        let said = Said { status: self.status, took: Some(self.took()), ..self.said(verdict) };
        let by = Dimension::of_source(said.source);
        let metrics = self.metrics(verdict);
        recorder.write(&WideEvent { at: self.at, level, message, by, metrics: &metrics, said });
    }

    fn said(&self, verdict: &'a Verdict) -> Said<'a> {
        match verdict {
            Verdict::Queued(event) if self.steps.bucket.is_some() => Said::of(event, "payload+queue"),
            Verdict::Queued(event) => Said::of(event, "queue"),
            Verdict::Spilled(event, error) => Said { error: Some(Shown(error)), ..Said::of(event, "spill") },
            Verdict::Lost { event: Some(event), error, .. } => {
                Said { error: Some(Shown(error)), ..Said::of(event, "lost") }
            }
            Verdict::Lost { source, event: None, error } => Said {
                source: Some(source),
                error: Some(Shown(error)),
                destination: "lost",
                ..Said::default()
            },
            Verdict::Rejected { source, why, key } => Said {
                source: Some(source),
                reason: Some(Shown(why)),
                key: Some(key),
                destination: "rejected",
                ..Said::default()
            },
            Verdict::NoSources | Verdict::Refused(..) => Said { destination: "nowhere", ..Said::default() },
        }
    }

    fn metrics(&self, verdict: &Verdict) -> Vec<Measured> {
        let one = |metric| Measured::count(metric, 1);
        let age = |event: &Told| event.age_ms.map(|age| Measured::ms(EVENT_AGE, age));
        let of_verdict = match verdict {
            Verdict::Queued(event) => {
                let latency = self.steps.queue.map(|took| Measured::ms(QUEUE_LATENCY, ms(took)));
                [Some(one(ACCEPTED)), latency, age(event), None]
            }
            Verdict::Spilled(event, _) => {
                let skipped = self.steps.queue_skipped.then(|| one(QUEUE_SKIPPED));
                [Some(one(ACCEPTED)), Some(one(SPILLED)), skipped, age(event)]
            }
            Verdict::Rejected { .. } => [Some(one(REJECTED)), None, None, None],
            Verdict::Lost { .. } => [Some(one(LOST)), None, None, None],
            Verdict::NoSources => [Some(one(NO_SOURCES)), None, None, None],
            Verdict::Refused(..) => [None; 4],
        };
        let far_ahead = self.steps.is_far_ahead.then(|| one(SIGNATURE_FAR_AHEAD));
        of_verdict.into_iter().chain([far_ahead]).flatten().collect()
    }

    fn took(&self) -> Took<'a> {
        Took {
            understand_ms: ms(self.steps.understand),
            queue_ms: self.steps.queue.map(ms),
            bucket_ms: self.steps.bucket.map(ms),
            call: Call::new(self.invocation, self.invocation.trace, self.total),
        }
    }

    /// Writes the line of refusals for one reason: of this call, where that is the last of them, and of those before it
    /// that were only counted.
    pub(super) fn tell_refused(&self, counted: Counted, verdict: &'a Verdict, recorder: &Recorder) {
        let Counted { refusal, number, .. } = counted;
        let this = match verdict {
            Verdict::Refused(of_this, source) if *of_this == refusal => Some(source.as_deref()),
            _ => None,
        };
        let said = Said {
            source: this.flatten(),
            status: refusal.status().as_u16(),
            destination: "nowhere",
            reason: Some(Shown(&refusal)),
            took: this.map(|_| self.took()),
            ..Said::default()
        };
        recorder.write(&WideEvent {
            // Not when they came: of a metric long past no alarm hears.
            at: self.at,
            level: Level::INFO,
            message: "refused",
            by: Dimension::Reason(refusal.word()),
            metrics: &[Measured::count(REFUSED, number)],
            said,
        });
    }
}

impl<'a> Said<'a> {
    fn of(event: &'a Told, destination: &'static str) -> Self {
        Self {
            id: Some(&event.id),
            source: Some(&event.source),
            event_type: Some(cut(&event.event_type)),
            outcome: Some(event.outcome),
            destination,
            ..Self::default()
        }
    }
}
