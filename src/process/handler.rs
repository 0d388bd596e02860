//! What is done with an event.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use crate::event::envelope::Envelope;
use crate::trace::Trace;

/// Processes an event. This is where your own code goes.
///
/// Events of one media come one after the other, in the order they were received; those of different media may come at
/// the same time, in one process or several. With a table (`MEDIAHOOK_TABLE`) an event is handled by one at a time, and
/// not again once this has returned `Ok`. It can be handled again after it began and did not end: an error, a panic, a
/// crash, a handler that was cut off. So a handler must be idempotent.
///
/// The data of an event too large for the queue is fetched by [`crate::storage::claim_check::check_out`].
pub trait Handler: Send + Sync {
    /// Returns once the event is processed. When the invocation is about to end, this is cut off at an `await`.
    ///
    /// # Errors
    /// [`Failure`] if it was not processed: it says whether the event is retried or goes to the dead-letter queue. After a
    /// panic it is retried.
    fn handle(&self, event: &Envelope) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// An event that was taken from the queue.
#[derive(Debug)]
pub struct Delivery<'r> {
    /// What is in the text.
    pub envelope: Envelope,
    /// The envelope as it travelled, byte for byte.
    pub text: &'r str,
    /// The trace it came with: of its message, else of its envelope.
    pub trace: Option<Trace>,
}

/// What a [`super::Processor`] hands events to: every [`Handler`], and the publisher, which passes them on as they came.
pub trait Deliver: Send + Sync {
    /// As [`Handler::handle`].
    fn deliver(&self, delivery: &Delivery<'_>) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Whether events can be delivered at all; asked at start and before each batch, and answered `within` this time.
    ///
    /// # Errors
    /// They cannot: every record of the batch fails, and none is begun.
    fn ready(&self, within: Duration) -> impl Future<Output = Result<(), NotReady>> + Send {
        let _ = within;
        async { Ok(()) }
    }
}

/// Why no event can be delivered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotReady {
    /// A variable names what does not exist. The text, for one line of the log in each invocation, has both.
    #[error("the destination does not exist")]
    Misconfigured(String),
    /// Nobody knows; it may pass.
    #[error("{0}")]
    Unknown(String),
}

impl<H: Handler> Deliver for H {
    fn deliver(&self, delivery: &Delivery<'_>) -> impl Future<Output = Result<(), Failure>> + Send {
        self.handle(&delivery.envelope)
    }
}

/// Why an event was not processed, and whether it is retried. Its text goes to the log. Anything that can be displayed becomes
/// one by `?`, to be retried.
pub struct Failure {
    reason: String,
    then: Then,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    Retry,
    DeadLetter,
}

impl Failure {
    /// A failure for this reason. The event is retried when its visibility timeout ends, with those behind it in its group.
    /// When it fails at its last receive (`MEDIAHOOK_MAX_RECEIVE_COUNT`), it goes to the dead-letter queue, and the others
    /// are processed.
    pub fn new(reason: impl fmt::Display) -> Self {
        Self { reason: reason.to_string(), then: Then::Retry }
    }

    /// A failure that no retry can change: the event goes to the dead-letter queue now, and what follows it in its media asset's
    /// order gets its turn. Where no dead-letter queue is set (`MEDIAHOOK_DEAD_LETTER_QUEUE_URL`), it is as with
    /// [`Failure::new`].
    pub fn dead_letter(reason: impl fmt::Display) -> Self {
        Self { reason: reason.to_string(), then: Then::DeadLetter }
    }

    pub(super) fn reason(&self) -> &str {
        &self.reason
    }

    /// The same with something more to say.
    pub(super) fn and(self, more: impl fmt::Display) -> Self {
        Self { reason: format!("{}; {more}", self.reason), ..self }
    }

    pub(super) fn then(&self) -> Then {
        self.then
    }
}

impl<E: fmt::Display> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::new(error)
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failure").field("reason", &self.reason).field("then", &self.then).finish()
    }
}
