//! The result of one run for each feed: the response of the invocation, and a log line for each.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use tracing::Level;

use crate::lambda::invocation::Invocation;
use crate::telemetry::metrics::{CONFIRM_FAILED, CONFIRMED, PULL_FAILED, PULLED, REJECTED, SPILL_WAITING};
use crate::telemetry::{Line, Recorder, line};

/// So many items that stay are logged by name in a run; the others are only counted.
const MAX_STUCK_LINES: usize = 100;

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
    #[serde(skip_serializing_if = "is_zero")]
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
    /// The summary of a feed that could not start.
    pub(super) fn failed(error: impl Into<String>) -> Self {
        Self { error: Some(error.into()), ..Self::default() }
    }

    /// How many items are in the queue or in the bucket.
    pub(super) fn stored(&self) -> usize {
        self.enqueued + self.rejected
    }

    /// Call this for an item that stays where it is.
    pub(super) fn stuck(&mut self, source: &str, place: &str, why: &str) {
        if self.stuck < MAX_STUCK_LINES {
            tracing::error!(source, place, why, "stuck: it stays where it is until an operator looks at it");
        }
        self.stuck += 1;
        self.error = Some(format!("{place}: {why}"));
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
        let mut line = Line::new(level, message)
            .source(source)
            .field("enqueued", self.enqueued)
            .field("failed", self.failed)
            .field("more", self.more)
            .field("error", &self.error)
            .field("total_ms", line::ms(total))
            .invocation(invocation)
            .count(PULLED, self.pulled);
        let waiting = self.waiting.map(|waiting| (SPILL_WAITING, waiting));
        let counts = [
            (CONFIRMED, self.confirmed),
            (CONFIRM_FAILED, self.unconfirmed),
            (REJECTED, self.rejected),
            (PULL_FAILED, usize::from(self.error.is_some())),
        ];
        for (metric, number) in counts.into_iter().filter(|(_, number)| *number > 0).chain(waiting) {
            line = line.count(metric, number);
        }
        line.write(recorder, at);
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}
