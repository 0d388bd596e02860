//! The result of one run for each feed: the response of the invocation, and a log line for each.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tracing::Level;

use crate::telemetry::Line;
use crate::telemetry::metrics::{CONFIRM_FAILED, CONFIRMED, PULL_FAILED, PULLED, REJECTED, SPILL_WAITING};

/// The summary of every feed by its name: a source's name, or `spill`. If the sources are not known, `sources` has
/// the error.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary(pub BTreeMap<String, FeedSummary>);

/// The results for the items of one feed.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
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
    pub unconfirmed: usize,
    /// Items neither in the queue nor in the bucket. They are not confirmed, so they are redelivered.
    pub failed: usize,
    /// Those of `failed` that stay where they are until an operator looks at them.
    pub stuck: usize,
    /// Whether time ran out before the feed was empty.
    pub more: bool,
    /// Only for `spill`: how many events were there when the run began and still are. If there are very many, only
    /// some are counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting: Option<usize>,
    /// The last error, without payload and secrets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl FeedSummary {
    /// Completes it when the run is over.
    pub(super) fn finish(mut self) -> Self {
        let stored = self.enqueued + self.rejected;
        self.failed = self.pulled.saturating_sub(stored);
        self.unconfirmed = stored.saturating_sub(self.confirmed);
        if self.more && self.pulled == 0 {
            self.error.get_or_insert_with(|| "no time was left for a single pull".to_owned());
        }
        if self.unconfirmed > 0 {
            self.error
                .get_or_insert_with(|| format!("confirm: {} receipts were not taken", self.unconfirmed));
        }
        self
    }

    /// Its log line, at level ERROR if it has an error.
    pub(super) fn line(&self, source: &str) -> Line {
        let level = if self.error.is_some() { Level::ERROR } else { Level::INFO };
        let any = |number| Some(number).filter(|number| *number > 0);
        Line::new(level, "pulled")
            .source(source)
            .field("enqueued", self.enqueued)
            .field("failed", self.failed)
            .field("more", self.more)
            .field("error", &self.error)
            .count(PULLED, self.pulled)
            .count(CONFIRMED, any(self.confirmed))
            .count(CONFIRM_FAILED, any(self.unconfirmed))
            .count(REJECTED, any(self.rejected))
            .count(PULL_FAILED, self.error.as_ref().map(|_| 1))
            .count(SPILL_WAITING, self.waiting)
    }
}
