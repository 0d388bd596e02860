//! What mediahook asks of AWS: a small trait for each service, all of them here, and where objects are kept.
//!
//! [`crate::aws`] implements them with the official SDK. What mediahook asks of the senders' APIs is in [`crate::pull`].

pub mod bus;
pub mod claim_check;
pub mod idempotency;
pub mod object_keys;
pub mod rejected_bodies;

use std::error::Error;
use std::future::Future;
use std::io;
use std::time::Duration;

use time::OffsetDateTime;
use tokio::time::timeout;

use crate::event::envelope::Message;

/// Keeps messages until they are processed.
pub trait Queue: Send + Sync {
    /// The largest message it takes, in bytes.
    fn max_message_bytes(&self) -> usize;

    /// Returns once the queue has the message for good, or already had it.
    ///
    /// # Errors
    /// It did not say so in time. It may have it all the same.
    fn enqueue(&self, message: &Message) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// The same for several at once: at most [`MAX_BATCH_MESSAGES`], and together no larger than one may be. What became of
    /// each, in their order.
    ///
    /// # Errors
    /// The queue itself fails, or did not answer in time. It may have any of them all the same.
    fn enqueue_batch(
        &self,
        messages: &[&Message],
    ) -> impl Future<Output = Result<Vec<Result<(), EntryError>>, StoreError>> + Send;
}

/// Why the queue or the bus did not take one of the messages of a call that it answered.
#[derive(Debug, Clone)]
pub struct EntryError {
    /// The service's own code.
    pub why: StoreError,
    /// Whether the message itself is the reason, so that it would be refused again.
    pub is_lasting: bool,
}

/// How many messages SQS takes in one call.
pub const MAX_BATCH_MESSAGES: usize = 10;

/// The largest object that is read: what Lambda hands over as one callback is 6 MB at most, and escapes for the queue can
/// double it. A larger one is not from mediahook, and would only take the memory of those that are.
pub const MAX_OBJECT_BYTES: usize = 16 * 1024 * 1024;

/// Why an object is not read.
pub(crate) fn too_large() -> String {
    format!("the object has more than {MAX_OBJECT_BYTES} bytes: mediahook writes none of that size")
}

/// Keeps what the queue cannot.
pub trait Bucket: Send + Sync {
    /// The bucket's name.
    fn name(&self) -> &str;

    /// Returns once the object is there for good. An object of that key is replaced.
    ///
    /// # Errors
    /// The bucket did not say so in time. It may have it all the same.
    fn put(
        &self,
        key: &str,
        body: Vec<u8>,
        media_type: &'static str,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Reads an object.
    ///
    /// # Errors
    /// There is none of that key, it has more than [`MAX_OBJECT_BYTES`], or it could not be read in time.
    fn get(&self, key: &str) -> impl Future<Output = Result<Vec<u8>, StoreError>> + Send;

    /// One page of the objects below a prefix, in the order of their keys: those behind this key, or the first ones.
    ///
    /// # Errors
    /// They could not be listed in time.
    fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
    ) -> impl Future<Output = Result<Page, StoreError>> + Send;

    /// Removes an object. One that is not there is removed already.
    ///
    /// # Errors
    /// The bucket did not say so in time. It may have done it all the same.
    fn delete(&self, key: &str) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// One page of a listing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// In the order of their keys.
    pub objects: Vec<Listed>,
    /// Whether there are others behind the last of them.
    pub more: bool,
}

/// An object as a listing has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its key.
    pub key: String,
    /// When it was written; S3 says so to the second.
    pub modified: OffsetDateTime,
    /// Its size in bytes.
    pub bytes: usize,
}

/// A service did not do what it was asked. The text is for the log: no payload, no secret.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct StoreError(pub String);

/// Bounds a call to a service.
///
/// # Errors
/// [`StoreError`] of the call, or that it did not answer within this time.
pub(crate) async fn within<T>(
    bound: Duration,
    call: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let late = |_| StoreError(format!("no answer within {} ms", bound.as_millis()));
    timeout(bound, call).await.map_err(late)?
}

/// Why a resource that a variable names cannot be used, or why that is not known. The texts name the resource, and are for
/// the log behind the variable's name.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Unusable {
    /// It does not exist, or is of another kind: nothing works until somebody changes the variable or the resource.
    #[error("{0}")]
    Misconfigured(String),
    /// The role may not ask. It may be usable all the same.
    #[error("{0}")]
    NotPermitted(String),
    /// There was no answer, or none of these.
    #[error("{0}")]
    Unknown(StoreError),
}

/// How a connection failed, by kind alone: the errors of connectors may quote the address with its password.
pub(crate) fn transport_error(error: &(dyn Error + 'static)) -> StoreError {
    let causes = || std::iter::successors(Some(error), |&error| cause(error));
    if causes().any(<dyn Error>::is::<rustls::Error>) {
        return StoreError("the TLS handshake failed: is the certificate trusted?".to_owned());
    }
    let kinds = causes().filter_map(|cause| cause.downcast_ref::<io::Error>()).map(io::Error::kind);
    let known = kinds.filter(|kind| *kind != io::ErrorKind::Other).last();
    StoreError(
        known.map_or_else(
            || "the connection failed".to_owned(),
            |kind| format!("the connection failed: {kind}"),
        ),
    )
}

/// The next error of a chain. `io::Error::source` would skip the error that it holds.
fn cause<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>() {
        Some(io) => io.get_ref().map(|held| held as &(dyn Error + 'static)),
        None => error.source(),
    }
}
