//! Every time limit of the three functions, with the sums for each function in one place: [`receive`], [`pull`],
//! [`process`].

pub mod process;
pub mod pull;
pub mod receive;

use std::time::Duration;

use time::OffsetDateTime;
use tokio::time::Instant;

/// Longer than any invocation. Prevents an overflow when a deadline is computed.
const MAX_TIME: Duration = Duration::from_hours(30 * 24);

/// The wall clock.
pub type Clock = fn() -> OffsetDateTime;

/// The time by which something must be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Instant);

impl Deadline {
    /// The deadline after this duration.
    pub fn after(time: Duration) -> Self {
        Self(Instant::now() + time.min(MAX_TIME))
    }

    /// The time that is left.
    pub fn left(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// Half of the time that is left: for a step with another step after it.
    pub fn half(self) -> Duration {
        self.left() / 2
    }

    /// The same, for a timer.
    pub fn instant(self) -> Instant {
        self.0
    }
}

/// How a client treats a service that does not answer.
#[derive(Debug, Clone, Copy)]
pub struct RetryPolicy {
    /// The limit of one attempt, connecting included. A connection that went stale while the function was frozen
    /// costs this much.
    pub attempt: Duration,
    /// The number of attempts; the second one has a fresh connection.
    pub attempts: u32,
    /// The longest pause between two attempts.
    pub pause: Duration,
}
