//! What is done with an event.

use std::fmt;
use std::future::Future;

use crate::envelope::Envelope;
use crate::trace::Trace;

/// Takes an event to its effect. This is where your own code goes.
///
/// Events of one media come one after the other, in the order they were received; those of different media may come at
/// the same time, in one process or several. With a table (`MEDIAHOOK_TABLE`) an event is handled by one at a time, and
/// not again once this has returned `Ok`. It can be handled again after it began and did not end: an error, a panic, a
/// crash, a handler that was cut off. So an effect must bear being begun twice.
///
/// The data of an event too large for the queue is fetched by [`crate::claim_check::check_out`].
pub trait Handler: Send + Sync {
    /// Returns once the effect is there. When the invocation is about to end, this is cut off at an `await`.
    ///
    /// # Errors
    /// It is not. [`Failure`] says whether the event comes again or goes to the dead-letter queue. A panic is a failure
    /// that comes again.
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

/// What a [`super::Processor`] hands events to: every [`Handler`], and whoever passes them on as they came.
pub trait Deliver: Send + Sync {
    /// As [`Handler::handle`].
    fn deliver(&self, delivery: &Delivery<'_>) -> impl Future<Output = Result<(), Failure>> + Send;
}

impl<H: Handler> Deliver for H {
    fn deliver(&self, delivery: &Delivery<'_>) -> impl Future<Output = Result<(), Failure>> + Send {
        self.handle(&delivery.envelope)
    }
}

/// Why an event has had no effect, and what is to become of it; its text goes to the log. Anything that can be displayed
/// becomes one by `?`, to be tried again.
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
    /// A failure for this reason. The event comes again when its visibility timeout ends, and after `maxReceiveCount`
    /// times it goes to the dead-letter queue.
    pub fn new(reason: impl fmt::Display) -> Self {
        Self { reason: reason.to_string(), then: Then::Retry }
    }

    /// A failure that no repetition mends: the event goes to the dead-letter queue now, and what follows it in its media's
    /// order gets its turn. Where no dead-letter queue is set (`MEDIAHOOK_DEAD_LETTER_QUEUE_URL`), it is as with
    /// [`Failure::new`].
    pub fn dead_letter(reason: impl fmt::Display) -> Self {
        Self { reason: reason.to_string(), then: Then::DeadLetter }
    }

    pub(super) fn reason(&self) -> &str {
        &self.reason
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
