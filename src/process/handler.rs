//! The trait that your own code implements, and the failure that it returns.

use std::fmt;

use mediahook_events::CloudEvent;

/// Processes an event. Implement this with your own code.
///
/// The events of one media asset are handled one after the other, in the order they were received. Those of different
/// media assets may be handled at the same time, in one process or several. With a table (`MEDIAHOOK_TABLE`) an event
/// is handled by one process at a time, and not again after this has returned `Ok`. It can be handled again if the
/// last attempt did not finish: an error, a panic, a crash, a handler that was cut off. So a handler must be
/// idempotent.
pub trait Handler: Send + Sync {
    /// Returns once the event is processed. If the invocation is about to end, the handler is cut off at an `await`.
    ///
    /// # Errors
    /// [`Failure`] if it was not processed. The failure decides whether the event is retried or goes to the
    /// dead-letter queue. After a panic the event is retried.
    fn handle(&self, event: &CloudEvent) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Whether the handler reads [`CloudEvent::data`]. If so, and the event was too large for the queue, its data is
    /// fetched from the bucket before [`Handler::handle`]. Return `false` if the attributes are enough: `dataref`
    /// then names the place of the data. The function needs `MEDIAHOOK_BUCKET` and `s3:GetObject` on `payload/*` in
    /// it.
    fn needs_data(&self) -> bool {
        true
    }
}

/// Why an event was not processed, and whether it is retried. Its text goes to the log. `?` converts any type that
/// implements `Display` into a failure that is retried.
pub struct Failure {
    reason: String,
    action: FailureAction,
}

/// What is done with an event that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FailureAction {
    Retry,
    DeadLetter,
}

impl Failure {
    /// A failure for this reason. The event is retried when its visibility timeout ends, together with the later
    /// events of its group. If it fails at its last receive (`MEDIAHOOK_MAX_RECEIVE_COUNT`), it goes to the
    /// dead-letter queue, and the others are processed.
    pub fn new(reason: impl fmt::Display) -> Self {
        Self { reason: reason.to_string(), action: FailureAction::Retry }
    }

    /// A failure that no retry can fix: the event goes to the dead-letter queue now, and the next event of its media
    /// asset is processed. Without a dead-letter queue (`MEDIAHOOK_DEAD_LETTER_QUEUE_URL`) it is the same as
    /// [`Failure::new`].
    pub fn dead_letter(reason: impl fmt::Display) -> Self {
        Self { reason: reason.to_string(), action: FailureAction::DeadLetter }
    }

    pub(super) fn reason(&self) -> &str {
        &self.reason
    }

    /// The same failure with a second reason.
    pub(super) fn and(self, more: impl fmt::Display) -> Self {
        Self { reason: format!("{}; {more}", self.reason), ..self }
    }

    pub(super) fn action(&self) -> FailureAction {
        self.action
    }
}

impl<E: fmt::Display> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::new(error)
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failure").field("reason", &self.reason).field("action", &self.action).finish()
    }
}
