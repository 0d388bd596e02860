//! What is done with an event.

use std::fmt;
use std::future::Future;

use crate::envelope::Envelope;

/// Takes an event to its effect. This is where your own code goes.
///
/// Events of one media come one after the other, in the order they were received; those of different media may come at
/// the same time, in one process or several. The same event can come again (a batch that was interrupted), so an effect
/// must bear being repeated.
pub trait Handler: Send + Sync {
    /// Returns once the effect is there.
    ///
    /// # Errors
    /// It is not. The event comes again when its visibility timeout ends, and after `maxReceiveCount` times it goes to
    /// the dead-letter queue. A panic counts as such an error.
    fn handle(&self, event: &Envelope) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// Why an event has had no effect; its text goes to the log. Anything that can be displayed becomes one by `?`.
pub struct Failure(String);

impl Failure {
    /// A failure for this reason.
    pub fn new(reason: impl fmt::Display) -> Self {
        Self(reason.to_string())
    }

    pub(super) fn reason(&self) -> &str {
        &self.0
    }
}

impl<E: fmt::Display> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::new(error)
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Failure").field(&self.0).finish()
    }
}
