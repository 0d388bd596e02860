//! How long each step of a callback took.

use std::time::Duration;

use serde::Serialize;

use crate::lambda::invocation::Invocation;
use crate::telemetry::wide_event::{Call, ms};

/// The duration of each step, with all its attempts.
#[derive(Debug, Default)]
pub(super) struct Timings {
    /// The time to authenticate the request and to build the envelope.
    pub(super) parse: Duration,
    pub(super) queue: Option<Duration>,
    pub(super) bucket: Option<Duration>,
    pub(super) total: Duration,
}

/// The last members of a callback's log line.
#[derive(Serialize)]
pub(super) struct TimingFields<'a> {
    parse_ms: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    queue_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bucket_ms: Option<f64>,
    #[serde(flatten)]
    call: Call<'a>,
}

impl Timings {
    pub(super) fn fields<'a>(&self, invocation: &'a Invocation) -> TimingFields<'a> {
        TimingFields {
            parse_ms: ms(self.parse),
            queue_ms: self.queue.map(ms),
            bucket_ms: self.bucket.map(ms),
            call: Call::new(invocation, invocation.trace, self.total),
        }
    }
}
