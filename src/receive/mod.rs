//! Push: request → authentic → envelope → stored → answer.

mod answer;
mod authentic;

use std::fmt;
use std::future::Future;

use time::OffsetDateTime;

pub use answer::Answer;
pub use authentic::{Authentic, Refusal};

use crate::callback::Callback;
use crate::envelope::Message;
use crate::intake::Unreadable;
use crate::source::Sources;

/// What SQS takes as one message, attributes included (we send none): 1 MiB.
pub const MAX_MESSAGE_BYTES: usize = 1024 * 1024;

/// Keeps messages until they are processed.
pub trait Queue: Send + Sync {
    /// Returns once the queue has the message for good, or already had it.
    fn enqueue(&self, message: &Message) -> impl Future<Output = Result<(), QueueError>> + Send;
}

/// The queue did not say in time that it has the message.
#[derive(Debug, thiserror::Error)]
#[error("the queue does not take the message: {0}")]
pub struct QueueError(pub String);

/// Receives callbacks: everything between the invocation and its answer.
pub struct Receiver<Q> {
    sources: Sources,
    queue: Q,
    now: fn() -> OffsetDateTime,
}

/// What became of a callback. Each has one answer, and one line or none in the log.
#[derive(Debug)]
pub enum Verdict {
    /// In the queue, under this id.
    Queued(String),
    /// Not from who it says: kept nowhere.
    Refused(Refusal),
    /// Authentic, but no event. The sender would send the same again, so it is told 400.
    Unreadable(Unreadable),
    /// Authentic, but larger than the queue takes.
    TooLarge,
    /// Authentic, and nobody took it: its log line is all there is.
    Lost,
}

impl<Q> fmt::Debug for Receiver<Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").field("sources", &self.sources).finish_non_exhaustive()
    }
}

impl<Q: Queue> Receiver<Q> {
    /// `now` is the clock by which signatures are fresh or stale.
    pub fn new(sources: Sources, queue: Q, now: fn() -> OffsetDateTime) -> Self {
        Self { sources, queue, now }
    }

    /// Answers one callback.
    pub async fn receive(&self, callback: Callback) -> Answer {
        let verdict = self.judge(&callback).await;
        verdict.log();
        verdict.answer()
    }

    async fn judge(&self, callback: &Callback) -> Verdict {
        let received = (self.now)();
        let authentic = match Authentic::new(callback, &self.sources, received) {
            Ok(authentic) => authentic,
            Err(refusal) => return Verdict::Refused(refusal),
        };
        let envelope = match authentic.envelope(received) {
            Ok(envelope) => envelope,
            Err(unreadable) => return Verdict::Unreadable(unreadable),
        };
        let message = envelope.message();
        if message.body.len() > MAX_MESSAGE_BYTES {
            return Verdict::TooLarge;
        }
        match self.queue.enqueue(&message).await {
            Ok(()) => Verdict::Queued(envelope.id),
            Err(error) => {
                log_lost(&message, &error);
                Verdict::Lost
            }
        }
    }
}

impl Verdict {
    fn answer(&self) -> Answer {
        match self {
            Self::Queued(id) => Answer::accepted(id),
            Self::Refused(Refusal::NotPost) => Answer::only_post(),
            Self::Refused(Refusal::UnknownPath) => Answer::problem(404, "Not Found"),
            Self::Refused(_) => Answer::problem(401, "Unauthorized"),
            Self::Unreadable(_) => Answer::problem(400, "Bad Request"),
            Self::TooLarge => Answer::problem(413, "Content Too Large"),
            Self::Lost => Answer::problem(503, "Service Unavailable"),
        }
    }

    /// A public URL invites noise: of refusals only the debug level tells. No payload, no secret in any line.
    fn log(&self) {
        match self {
            Self::Queued(id) => tracing::debug!(id, "queued"),
            Self::Refused(refusal) => tracing::debug!(reason = %refusal, "refused"),
            Self::Unreadable(unreadable) => tracing::warn!(reason = %unreadable, "authentic, but no event"),
            Self::TooLarge => {
                tracing::error!(limit_bytes = MAX_MESSAGE_BYTES, "authentic, but too large for the queue");
            }
            Self::Lost => {}
        }
    }
}

/// The last resort: the one line that holds a payload, so that the event can be sent again from it.
fn log_lost(message: &Message, error: &QueueError) {
    tracing::error!(
        lost = true,
        id = message.deduplication_id,
        group_id = message.group_id,
        reason = %error,
        envelope = message.body,
        "lost: nobody took this event; send its envelope to the queue"
    );
}
