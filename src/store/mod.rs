//! What we ask of AWS: small traits, and the adapters behind them, which are the only files that know an SDK.

pub mod aws;
pub mod dynamodb;
pub mod eventbridge;
pub mod s3;
pub mod secrets;
pub mod sqs;
mod trust;

use std::future::Future;
use std::time::Duration;

use crate::envelope::Message;

/// Keeps messages until they are processed.
pub trait Queue: Send + Sync {
    /// The largest message it takes, in bytes.
    fn max_message_bytes(&self) -> usize;

    /// Returns once the queue has the message for good, or already had it.
    ///
    /// # Errors
    /// It did not say so in time. It may have it all the same.
    fn enqueue(&self, message: &Message) -> impl Future<Output = Result<(), StoreError>> + Send;
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
    /// There is none of that key, or it could not be read in time.
    fn get(&self, key: &str) -> impl Future<Output = Result<Vec<u8>, StoreError>> + Send;
}

/// A service did not do what it was asked. The text is for the log: no payload, no secret.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct StoreError(pub String);

/// How a client deals with a service that does not answer.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Until a connection stands. In one region that takes a few milliseconds, or it never will.
    pub connect: Duration,
    /// One attempt, connecting included. A connection that went stale while the function was frozen costs this much.
    pub attempt: Duration,
    /// How many attempts in all; the second has a fresh connection.
    pub attempts: u32,
    /// The longest pause between two.
    pub pause: Duration,
}
