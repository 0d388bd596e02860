//! What one run did, feed by feed: the invocation's answer, and a line each in the log.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

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
    /// Forgotten by the feed. Never more than `enqueued` and `rejected` together.
    pub confirmed: usize,
    /// Neither in the queue nor in the bucket: not confirmed, so they come again.
    pub failed: usize,
    /// Whether time ran out before the feed was empty.
    pub more: bool,
    /// What went wrong last; no payload and no secret in it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<String>,
}

impl Tally {
    /// One that says only what went wrong.
    pub(super) fn failed(error: impl Into<String>) -> Self {
        Self { error: Some(error.into()), ..Self::default() }
    }

    /// One line. At the level of an error only what somebody must look at.
    pub(super) fn log(&self, source: &str) {
        let Self { pulled, enqueued, rejected, confirmed, failed, more, error } = self;
        if let Some(error) = error {
            tracing::error!(
                source,
                pulled,
                enqueued,
                rejected,
                confirmed,
                failed,
                more,
                error,
                "not all was pulled"
            );
        } else {
            tracing::info!(source, pulled, enqueued, rejected, confirmed, failed, more, "pulled");
        }
    }
}
