//! The result of one run for each feed: the response of the invocation, and a log line for each.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use tracing::Level;

use crate::lambda::invocation::Invocation;
use crate::telemetry::Recorder;
use crate::telemetry::metrics::{CONFIRM_FAILED, CONFIRMED, PULL_FAILED, PULLED, REJECTED, SPILL_WAITING};
use crate::telemetry::wide_event::{Call, Dimension, Measured, WideEvent};

/// The summary of every feed by its name: a source's name, or `spill`. If the sources are not known, `sources` has
/// the error.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary(pub BTreeMap<String, FeedSummary>);

/// The results for the items of one feed.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedSummary {
    /// Items that the feed delivered. An item that is redelivered in the same run counts again.
    pub pulled: usize,
    /// Events in the queue, put there now or earlier.
    pub enqueued: usize,
    /// Unprocessable bodies, put into `rejected/` of the bucket.
    pub rejected: usize,
    /// Items confirmed, so that the feed does not redeliver them. Never more than `enqueued` and `rejected` together.
    pub confirmed: usize,
    /// Items stored, but not confirmed: they are redelivered under the same id.
    #[serde(default)]
    pub unconfirmed: usize,
    /// Items neither in the queue nor in the bucket. They are not confirmed, so they are redelivered.
    pub failed: usize,
    /// Whether time ran out before the feed was empty.
    pub more: bool,
    /// Only for `spill`: how many events were there when the run began and still are. If there are very many, only
    /// some are counted.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub waiting: Option<usize>,
    /// The last error, without payload and secrets.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<String>,
}

impl FeedSummary {
    /// The summary of a feed that could not start.
    pub(super) fn failed(error: impl Into<String>) -> Self {
        Self { error: Some(error.into()), ..Self::default() }
    }

    /// Writes the line of a feed, at level ERROR if it has an error.
    pub(super) fn log(
        &self,
        source: &str,
        at: OffsetDateTime,
        total: Duration,
        invocation: &Invocation,
        recorder: &Recorder,
    ) {
        let (level, message) = match self.error {
            Some(_) => (Level::ERROR, "pulled, with an error"),
            None => (Level::INFO, "pulled"),
        };
        let fields = Fields { source, summary: self, call: Call::new(invocation, invocation.trace, total) };
        let (dimension, metrics) = (Dimension::of_source(Some(source)), self.metrics());
        recorder.write(&WideEvent { at, level, message, dimension, metrics: &metrics, fields });
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
struct Fields<'a> {
    source: &'a str,
    #[serde(flatten)]
    summary: &'a FeedSummary,
    #[serde(flatten)]
    call: Call<'a>,
}
