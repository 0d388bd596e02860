//! What the receiver does while no callback waits: in init, and after an answer.

use std::sync::atomic::Ordering;

use time::OffsetDateTime;

use super::Receiver;
use crate::config::ConfigError;
use crate::mutex::lock;
use crate::storage::{Bucket, Queue, Unusable, within};
use crate::telemetry::Line;
use crate::timeouts::receive::INIT_WITHIN;

impl<Q: Queue, B: Bucket> Receiver<Q, B> {
    /// Reads the sources and connects to the queue, for at most [`INIT_WITHIN`]; the first callback does what takes
    /// longer. A queue that cannot be used does not stop the start: a running receiver falls back to S3, a stopped one
    /// loses callbacks. The bucket is not checked: a second TLS handshake would make every cold start slower, and the
    /// puller sees each minute whether `spill/` can be listed.
    ///
    /// # Errors
    /// [`ConfigError::Secret`]: the secret with the sources does not exist, or its document has a mistake.
    pub async fn warm_up(&self) -> Result<(), ConfigError> {
        let now = (self.now)();
        let (read, ()) = tokio::join!(self.sources.refresh(now, INIT_WITHIN), self.check_queue(now));
        match read {
            Err(error) if error.is_lasting() && self.sources.current().is_none() => Err(ConfigError::Secret),
            _ => Ok(()),
        }
    }

    /// To be called between an answer and the next callback. Asks the queue for its size limit until it is known, but
    /// not while the queue is skipped: that would take time from the next callbacks.
    pub async fn after_answer(&self) {
        let now = (self.now)();
        let is_due =
            !self.queue_checked.load(Ordering::Relaxed) && self.was_authentic.load(Ordering::Relaxed);
        if is_due && !lock(&self.breaker).is_open(now) {
            self.check_queue(now).await;
        }
    }

    async fn check_queue(&self, now: OffsetDateTime) {
        let checked = within(INIT_WITHIN, self.queue.check()).await;
        // A role that may not ask will not be told the next time either.
        let is_over = matches!(checked, Ok(()) | Err(Unusable::NotPermitted(_)));
        self.queue_checked.store(is_over, Ordering::Relaxed);
        match checked {
            Ok(()) => {}
            Err(Unusable::Unknown(error)) => tracing::warn!(%error, "the queue is not checked yet"),
            Err(Unusable::Misconfigured(why) | Unusable::NotPermitted(why)) => {
                Line::misconfigured("misconfigured: callbacks fall back to S3", why)
                    .write(&self.recorder, now);
            }
        }
    }
}
