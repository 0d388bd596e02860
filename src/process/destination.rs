//! Where the events of a batch go, and the destination that is a handler.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use tokio::time::timeout_at;

use super::handler::{Failure, Handler};
use super::record::Event;
use crate::aws::s3::S3Bucket;
use crate::ingest::claim_check::{self, DataError};
use crate::storage::{Call, Unusable};
use crate::timeouts::Deadline;

/// Where the events of a batch go: a handler ([`HandlerDestination`]), or an event bus ([`super::EventBus`]).
pub trait Destination: Send + Sync {
    /// Checks whether events can be delivered at all, if that is due.
    ///
    /// # Errors
    /// They cannot; then nothing is delivered. [`Unusable::Misconfigured`] names the variable.
    fn check(&self, _within: Duration) -> impl Call<(), Unusable> {
        async { Ok(()) }
    }

    /// Whether the group of such a message is processed on its own, because its delivery may take longer than that of
    /// other groups. All other groups share the calls of [`Destination::deliver`].
    fn delays_others(&self, body: &str) -> bool;

    /// Delivers events of different groups. Returns one result for each, in their order, at the deadline at the latest.
    fn deliver(
        &self,
        events: &[&Event<'_>],
        until: Deadline,
    ) -> impl Future<Output = Vec<Result<(), Failure>>> + Send;
}

/// Delivers each event to a handler.
#[derive(Debug)]
pub struct HandlerDestination<H> {
    /// Handles each event.
    pub handler: H,
    /// Contains the data of events too large for the queue.
    pub bucket: S3Bucket,
}

impl<H: Handler> Destination for HandlerDestination<H> {
    /// A slow handler must not delay another media asset.
    fn delays_others(&self, _: &str) -> bool {
        true
    }

    async fn deliver(&self, events: &[&Event<'_>], until: Deadline) -> Vec<Result<(), Failure>> {
        join_all(events.iter().map(|event| attempt(until, self.handle(event)))).await
    }
}

impl<H: Handler> HandlerDestination<H> {
    async fn handle(&self, Event { envelope, .. }: &Event<'_>) -> Result<(), Failure> {
        if envelope.dataref.is_none() || !self.handler.needs_data() {
            return self.handler.handle(envelope).await;
        }
        let mut event = envelope.clone();
        event.data = claim_check::fetch(envelope, &self.bucket).await.map_err(|error| {
            let reason = format!("the data was not fetched from the bucket: {error}");
            match error {
                DataError::Unread(_) => Failure::passing(reason),
                DataError::Elsewhere(_) | DataError::NotJson => Failure::dead_letter(reason),
            }
        })?;
        event.dataref = None;
        self.handler.handle(&event).await
    }
}

/// Runs a delivery until the deadline. A panic is a failure of this delivery alone.
pub(super) async fn attempt<T>(
    until: Deadline,
    delivery: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    match timeout_at(until.instant(), AssertUnwindSafe(delivery).catch_unwind()).await {
        Ok(Ok(result)) => result,
        Ok(Err(panic)) => Err(Failure::new(format!("panic: {}", panic_message(panic.as_ref())))),
        Err(_) => Err(Failure::new("cut off: the lease or the invocation is at its end")),
    }
}

fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without a message")
}
