//! The storage that mediahook needs from AWS: queue and bucket, each a small trait, and idempotency records.
//!
//! [`crate::aws`] implements it with the official SDK. The senders' APIs are in [`crate::pull`].

pub mod checks;
pub mod idempotency;
#[cfg(feature = "functions")]
mod transport_error;

use std::collections::VecDeque;
use std::future::Future;
use std::time::Duration;

use tokio::time::timeout;

#[cfg(feature = "functions")]
pub(crate) use transport_error::transport_error;

/// A call to a service. A task on any thread can wait for it.
pub trait Call<T, E = StoreError>: Future<Output = Result<T, E>> + Send {}

impl<T, E, F: Future<Output = Result<T, E>> + Send> Call<T, E> for F {}

/// A queue: stores messages until they are processed.
pub trait Queue: Send + Sync {
    /// The largest message it accepts, in bytes.
    fn max_message_bytes(&self) -> usize;

    /// Checks that it exists, and asks for its limits.
    ///
    /// # Errors
    /// [`Unusable`]: it does not exist, did not answer, or the role may not ask.
    fn check(&self) -> impl Call<(), Unusable> {
        async { Ok(()) }
    }

    /// Returns once the queue has stored the message, or already had it.
    ///
    /// # Errors
    /// The queue refused the message, or there was no confirmation in time. It may have the message nevertheless.
    fn enqueue(&self, message: &Message) -> impl Call<(), EntryError>;

    /// Enqueues several messages at once: at most [`MAX_BATCH_MESSAGES`], and together no larger than one may be.
    /// Returns the result of each, in their order.
    ///
    /// # Errors
    /// The queue itself fails, or did not answer in time. It may have any of the messages nevertheless.
    fn enqueue_batch(&self, messages: &[&Message]) -> impl Call<Vec<Result<(), EntryError>>>;
}

/// A message for SQS FIFO. `ingest::message` builds it. It has no `Debug`, because payloads must not be logged.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// The envelope as JSON, without characters that SQS does not allow.
    pub body: String,
    /// `MessageDeduplicationId`: the event's id.
    pub deduplication_id: String,
    /// `MessageGroupId`: the messages of a group keep their order.
    pub group_id: String,
    /// `AWSTraceHeader`: X-Ray's header of the trace it belongs to.
    pub trace_header: Option<String>,
}

/// Why the queue or the bus did not accept one of the messages of a call that it answered.
#[derive(Debug, Clone)]
pub struct EntryError {
    /// The service's own code.
    pub why: StoreError,
    /// Whether the message itself is the reason, so that a retry would fail again.
    pub is_lasting: bool,
}

impl From<StoreError> for EntryError {
    fn from(why: StoreError) -> Self {
        Self { why, is_lasting: false }
    }
}

/// The maximum number of messages in one SQS call.
pub const MAX_BATCH_MESSAGES: usize = 10;

/// The largest object that is read. A callback in Lambda has at most 6 MB, and escapes for the queue can double that.
/// A larger object is not from mediahook, and would only take memory from others.
pub const MAX_OBJECT_BYTES: usize = 16 * 1024 * 1024;

/// A bucket: stores what is too large for the queue, or cannot go there.
pub trait Bucket: Send + Sync {
    /// The bucket's name.
    fn name(&self) -> &str;

    /// Returns once the object is stored. An object with the same key is replaced.
    ///
    /// # Errors
    /// There was no confirmation in time. The bucket may have the object nevertheless.
    fn put(&self, key: &str, body: Vec<u8>, media_type: &'static str) -> impl Call<()>;

    /// Reads an object; `None` if no object has this key.
    ///
    /// # Errors
    /// It has more than [`MAX_OBJECT_BYTES`], or it could not be read in time.
    fn get(&self, key: &str) -> impl Call<Option<Vec<u8>>>;

    /// Returns one page of the objects below a prefix, in the order of their keys: those after this key, or the first
    /// ones.
    ///
    /// # Errors
    /// They could not be listed in time.
    fn list(&self, prefix: &str, after: Option<&str>) -> impl Call<Page>;

    /// Removes objects in one call, at most 1,000 (S3's limit). Returns an error for each that it did not remove; an
    /// object that does not exist is none.
    ///
    /// # Errors
    /// There was no confirmation in time. The bucket may have removed any of them nevertheless.
    fn delete_many(&self, keys: &[String]) -> impl Call<Vec<StoreError>>;
}

/// One page of a listing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// In the order of their keys.
    pub objects: VecDeque<Listed>,
    /// Whether there are others after the last of them.
    pub more: bool,
}

/// An object of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its key.
    pub key: String,
    /// Its size in bytes.
    pub bytes: usize,
}

/// A call to a service failed. The text is for the log: no payload, no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct StoreError(pub String);

/// Limits the duration of a call to a service.
///
/// # Errors
/// That of the call, or the service did not answer within this time.
pub(crate) async fn within<T, E: From<StoreError>>(
    bound: Duration,
    call: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let late = |_| StoreError(format!("no answer within {} ms", bound.as_millis()));
    timeout(bound, call).await.map_err(late)?
}

/// Why a resource that a variable names cannot be used, or may not be usable. The texts name both.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// It does not exist, or is of another kind: nothing works until somebody changes the variable or the resource.
    #[error("{0}")]
    Misconfigured(String),
    /// The role may not check it. It may be usable nevertheless.
    #[error("{0}")]
    NotPermitted(String),
    /// There was no answer, or another one.
    #[error("{0}")]
    Unknown(#[from] StoreError),
}
