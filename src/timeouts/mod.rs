//! Every time limit of the three functions, each function's added up in one place: [`receive`], [`pull`], [`process`].

pub mod process;
pub mod pull;
pub mod receive;

use std::time::Duration;

use time::OffsetDateTime;
use tokio::time::Instant;

/// Longer than any invocation. What is added up to a deadline must not overflow.
const MAX_TIME: Duration = Duration::from_hours(30 * 24);

/// The wall clock.
pub type Clock = fn() -> OffsetDateTime;

/// When something must be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Instant);

impl Deadline {
    /// In so much time.
    pub fn after(time: Duration) -> Self {
        Self(Instant::now() + time.min(MAX_TIME))
    }

    /// What is left until then.
    pub fn left(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// Half of what is left: for a step that has another one after it.
    pub fn half(self) -> Duration {
        self.left() / 2
    }

    /// The same, for a timer.
    pub fn instant(self) -> Instant {
        self.0
    }
}

/// How a client deals with a service that does not answer.
#[derive(Debug, Clone, Copy)]
pub struct RetryPolicy {
    /// One attempt, connecting included. A connection that went stale while the function was frozen costs this much.
    pub attempt: Duration,
    /// How many attempts in all; the second has a fresh connection.
    pub attempts: u32,
    /// The longest pause between two.
    pub pause: Duration,
}
