//! The trait that your own code implements, and the failure that it returns.

use std::fmt;

use mediahook_events::CloudEvent;

/// Processes an event. Implement this with your own code.
///
/// The events of one media asset are handled one after the other, in the order they were received. Those of different
/// media assets may be handled at the same time, in one process or several. An event is handled by one process at a time,
/// and not again once its idempotency record says that it is completed. It is handled again if the last attempt did not
/// get that far: an error, a panic, a handler that was cut off, or a crash or a failing table after this has returned
/// `Ok`. So a handler must be idempotent.
pub trait Handler: Send + Sync {
    /// Returns once the event is processed. If the invocation is about to end, the handler is cut off at an `await`.
    ///
    /// # Errors
    /// [`Failure`] if it was not processed. The failure decides whether the event is retried or goes to the
    /// dead-letter queue. A panic is the same as [`Failure::new`], if the binary is built with `panic = "unwind"`.
    fn handle(&self, event: &CloudEvent) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Whether the handler reads [`CloudEvent::data`]. If so, and the event was too large for the queue, its data is
    /// fetched from the bucket before [`Handler::handle`]. Return `false` if the attributes are enough: `dataref`
    /// then names the place of the data. The function's role needs `s3:GetObject` on `payload/*` of `MEDIAHOOK_BUCKET`.
    fn needs_data(&self) -> bool {
        true
    }
}

/// Why an event was not processed, and whether it is tried again. Its text goes to the log. `?` converts any type that
/// implements `Display` into a failure that is retried.
#[derive(Debug, Clone)]
pub struct Failure {
    pub(super) reason: String,
    pub(super) action: FailureAction,
}

/// What is done with an event that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FailureAction {
    /// The reason may pass: it is tried again within the invocation while time is left, and then retried.
    TryAgain,
    /// SQS redelivers it. At its last receive it is tried once more, and then sent to the dead-letter queue.
    Retry,
    /// SQS redelivers it, because it was not tried. It is never sent to the dead-letter queue for that.
    RetryUntried,
    /// It is sent to the dead-letter queue.
    DeadLetter,
}

impl Failure {
    /// A failure for this reason. The event is retried when its visibility timeout ends, together with the later
    /// events of its group. At its last receive (`MEDIAHOOK_MAX_RECEIVE_COUNT`) it is tried once more in the same
    /// invocation. If it fails again, it goes to the dead-letter queue, and the others are processed.
    pub fn new(reason: impl fmt::Display) -> Self {
        Self::with(FailureAction::Retry, reason)
    }

    /// A failure that no retry can fix: the event goes to the dead-letter queue now, and the next event of its media
    /// asset is processed.
    pub fn dead_letter(reason: impl fmt::Display) -> Self {
        Self::with(FailureAction::DeadLetter, reason)
    }

    pub(super) fn passing(reason: impl fmt::Display) -> Self {
        Self::with(FailureAction::TryAgain, reason)
    }

    pub(super) fn with(action: FailureAction, reason: impl fmt::Display) -> Self {
        Self { reason: reason.to_string(), action }
    }

    /// The same failure with a second reason.
    pub(super) fn and(self, more: impl fmt::Display) -> Self {
        Self { reason: format!("{}; {more}", self.reason), ..self }
    }
}

impl<E: fmt::Display> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::new(error)
    }
}
