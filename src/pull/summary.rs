//! What one run did, feed by feed: the invocation's answer, and a line each in the log.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use tracing::Level;

use crate::lambda::invocation::Invocation;
use crate::telemetry::Recorder;
use crate::telemetry::metrics::{CONFIRM_FAILED, CONFIRMED, PULL_FAILED, PULLED, REJECTED, SPILL_WAITING};
use crate::telemetry::wide_event::{Call, Dimension, Measured, WideEvent};

/// Every feed's tally, by its name: a source's, or `spill`. Where the sources are not known, `sources` says why.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary(pub BTreeMap<String, Tally>);

/// What became of the deliveries of one feed.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Handed out to us. The same one may be again, when it was not confirmed.
    pub pulled: usize,
    /// In the queue now, or there before.
    pub enqueued: usize,
    /// No event: in `rejected/` of the bucket now.
    pub rejected: usize,
    /// Confirmed, so that the feed does not hand them out again. Never more than `enqueued` and `rejected` together.
    pub confirmed: usize,
    /// Stored, but not confirmed: they are redelivered, and known by their id as long as the processor keeps it.
    #[serde(default)]
    pub unconfirmed: usize,
    /// Neither in the queue nor in the bucket: not confirmed, so they come again.
    pub failed: usize,
    /// Whether time ran out before the feed was empty.
    pub more: bool,
    /// Of the spill: how many events lay there when the run began, and still do; of very many, some.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub waiting: Option<usize>,
    /// What went wrong last; no payload and no secret in it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<String>,
}

impl Tally {
    /// One that says only what went wrong.
    pub(super) fn failed(error: impl Into<String>) -> Self {
        Self { error: Some(error.into()), ..Self::default() }
    }

    /// Writes the line of a feed. At the level of an error only what somebody must look at.
    pub(super) fn tell(
        &self,
        source: &str,
        at: OffsetDateTime,
        total: Duration,
        invocation: &Invocation,
        recorder: &Recorder,
    ) {
        let (level, message) = match self.error {
            Some(_) => (Level::ERROR, "not all was pulled"),
            None => (Level::INFO, "pulled"),
        };
        let said = Said { source, tally: self, call: Call::new(invocation, invocation.trace, total) };
        let (by, metrics) = (Dimension::of_source(Some(source)), self.metrics());
        recorder.write(&WideEvent { at, level, message, by, metrics: &metrics, said });
    }

    fn metrics(&self) -> Vec<Measured> {
        let counted = |metric, number| Some(Measured::count(metric, number)).filter(|_| number > 0);
        let metrics = [
            Some(Measured::count(PULLED, self.pulled)),
            counted(CONFIRMED, self.confirmed),
            counted(CONFIRM_FAILED, self.unconfirmed),
            counted(REJECTED, self.rejected),
            counted(PULL_FAILED, usize::from(self.error.is_some())),
            self.waiting.map(|waiting| Measured::count(SPILL_WAITING, waiting)),
        ];
        metrics.into_iter().flatten().collect()
    }
}

#[derive(Serialize)]
struct Said<'a> {
    source: &'a str,
    #[serde(flatten)]
    tally: &'a Tally,
    #[serde(flatten)]
    call: Call<'a>,
}
