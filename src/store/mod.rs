//! What we ask of AWS, and of the senders' APIs: small traits, and the adapters behind them, which are the only files
//! that know an SDK. AWS is called through the official SDK alone.

pub mod aws;
pub mod dynamodb;
pub mod eventbridge;
pub mod http;
mod http_client;
pub mod s3;
pub mod secrets;
pub mod sqs;

use std::error::Error;
use std::future::Future;
use std::io;
use std::time::Duration;

use crate::envelope::Message;
use crate::sender::pull::{Answer, Request};

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
    fn enqueue_batch(
        &self,
        messages: &[&Message],
    ) -> impl Future<Output = Vec<Result<(), StoreError>>> + Send;
}

/// How many messages SQS takes in one call.
pub const MAX_BATCH_MESSAGES: usize = 10;

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
    /// There is none of that key, or it could not be read in time.
    fn get(&self, key: &str) -> impl Future<Output = Result<Vec<u8>, StoreError>> + Send;

    /// The keys below a prefix, the object that was written first before the others; of very many, some.
    ///
    /// # Errors
    /// They could not be listed in time.
    fn list(&self, prefix: &str) -> impl Future<Output = Result<Vec<String>, StoreError>> + Send;

    /// Removes an object. One that is not there is removed already.
    ///
    /// # Errors
    /// The bucket did not say so in time. It may have done it all the same.
    fn delete(&self, key: &str) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// Carries requests to the senders' APIs.
pub trait Http: Send + Sync {
    /// Sends a request byte for byte, and follows no redirect.
    ///
    /// # Errors
    /// There is no whole answer within this time.
    fn send(
        &self,
        request: &Request,
        within: Duration,
    ) -> impl Future<Output = Result<Answer, StoreError>> + Send;

    /// Forgets the connections at hand: a function that was frozen wakes with some that lead nowhere.
    fn forget_connections(&self);
}

/// A service did not do what it was asked. The text is for the log: no payload, no secret.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct StoreError(pub String);

/// How a connection failed, by kind alone: the errors of connectors may quote the address with its password.
fn transport_error(error: &(dyn Error + 'static)) -> StoreError {
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

/// How a client deals with a service that does not answer.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// One attempt, connecting included. A connection that went stale while the function was frozen costs this much.
    pub attempt: Duration,
    /// How many attempts in all; the second has a fresh connection.
    pub attempts: u32,
    /// The longest pause between two.
    pub pause: Duration,
}
