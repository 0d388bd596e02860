//! Push: request → authentic → envelope → stored → answer.

mod answer;
mod authentic;
pub mod budget;
mod keep;
mod lost;

use std::fmt;
use std::sync::Arc;

use time::OffsetDateTime;
use tokio::time::timeout;

pub use answer::Answer;
pub use authentic::{Authentic, Refusal};

use crate::callback::Callback;
use crate::intake::Unreadable;
use crate::keyring::Keyring;
use crate::store::{Bucket, Queue, StoreError};
use budget::Deadline;

/// What time it is: by it signatures are fresh or stale.
pub type Clock = fn() -> OffsetDateTime;

/// Receives callbacks: everything between the invocation and its answer.
pub struct Receiver<Q, B> {
    keyring: Arc<Keyring>,
    queue: Q,
    bucket: B,
    now: Clock,
}

/// What became of a callback. Each has one answer, and a line or none in the log.
#[derive(Debug)]
pub enum Verdict {
    /// In the queue, under this id.
    Queued(String),
    /// In the bucket under this id, because the queue failed. The puller brings it to the queue.
    Spilled(String, StoreError),
    /// Not from who it says: kept nowhere.
    Refused(Refusal),
    /// Authentic, but no event: its body is in the bucket under this key. The sender would send the same again, so it
    /// is told 400.
    Rejected(Unreadable, String),
    /// Authentic, and nobody took it: its lines in the log are all there is.
    Lost,
    /// We do not know our sources yet, so nobody can be let in.
    NoSources,
}

impl<Q: Queue, B: Bucket> Receiver<Q, B> {
    /// A receiver of these parts.
    pub fn new(keyring: Arc<Keyring>, queue: Q, bucket: B, now: Clock) -> Self {
        Self { keyring, queue, bucket, now }
    }

    /// Answers one callback, before the deadline whatever queue and bucket do.
    pub async fn receive(&self, callback: Callback, deadline: Deadline) -> Answer {
        let verdict = self.judge(&callback, deadline).await;
        verdict.log();
        verdict.answer()
    }

    async fn judge(&self, callback: &Callback, deadline: Deadline) -> Verdict {
        let received = (self.now)();
        let reread = self.keyring.reread_if_due(received);
        if let Some(sources) = self.keyring.sources() {
            match Authentic::new(callback, &sources, received) {
                Ok(authentic) => return self.keep(&authentic, received, deadline).await,
                Err(refusal) if reread.is_none() || !refusal.depends_on_sources() => {
                    return Verdict::Refused(refusal);
                }
                Err(_) => {}
            }
        }
        if let Some(reread) = reread {
            // What comes too late for this callback is in time for the next: it goes on.
            let _ = timeout(deadline.half(), reread).await;
        }
        let Some(sources) = self.keyring.sources() else { return Verdict::NoSources };
        match Authentic::new(callback, &sources, received) {
            Ok(authentic) => self.keep(&authentic, received, deadline).await,
            Err(refusal) => Verdict::Refused(refusal),
        }
    }

    async fn keep(&self, authentic: &Authentic<'_>, received: OffsetDateTime, deadline: Deadline) -> Verdict {
        match authentic.envelope(received) {
            Ok(envelope) => keep::event(envelope, &self.queue, &self.bucket, deadline).await,
            // Boxed, as it is large and hardly ever run.
            Err(why) => Box::pin(keep::rejected(authentic, why, received, &self.bucket, deadline)).await,
        }
    }
}

impl Verdict {
    fn answer(&self) -> Answer {
        match self {
            Self::Queued(id) | Self::Spilled(id, _) => Answer::accepted(id),
            Self::Refused(Refusal::NotPost) => Answer::only_post(),
            Self::Refused(Refusal::UnknownPath) => Answer::problem(404, "Not Found"),
            Self::Refused(_) => Answer::problem(401, "Unauthorized"),
            Self::Rejected(..) => Answer::problem(400, "Bad Request"),
            Self::Lost | Self::NoSources => Answer::problem(503, "Service Unavailable"),
        }
    }

    /// A public URL invites noise: of refusals only the debug level tells. No payload, no secret in any line.
    fn log(&self) {
        match self {
            Self::Queued(id) => tracing::debug!(id, "queued"),
            Self::Spilled(id, error) => {
                tracing::warn!(id, %error, "spilled: the queue fails, the bucket has the event");
            }
            Self::Refused(refusal) => tracing::debug!(reason = %refusal, "refused"),
            Self::Rejected(why, key) => {
                tracing::warn!(reason = %why, key, "rejected: authentic, but no event");
            }
            Self::NoSources => tracing::error!("the sources are not known yet, nobody can be let in"),
            Self::Lost => {}
        }
    }
}

impl<Q, B> fmt::Debug for Receiver<Q, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").field("keyring", &self.keyring).finish_non_exhaustive()
    }
}
