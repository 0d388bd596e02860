//! A body that came from a source and is no event: kept in the bucket, and beside it why, where an operator finds both.

use serde_json::json;
use time::OffsetDateTime;

use crate::event::Unreadable;
use crate::event::envelope::rfc3339;
use crate::storage::keys;
use crate::storage::{Bucket, StoreError};

/// A body on its way to `rejected/`.
#[derive(Debug, Clone, Copy)]
pub struct Rejected<'a> {
    /// The source it came from.
    pub source: &'a str,
    /// Its bytes, as they came.
    pub body: &'a [u8],
    /// Why it is no event.
    pub why: &'a Unreadable,
    /// When it came.
    pub received: OffsetDateTime,
}

impl Rejected<'_> {
    /// Where the body lies, once it is there.
    pub fn key(&self) -> String {
        keys::rejected(self.source, self.body, self.received)
    }

    /// Keeps the body. From then on it is safe.
    ///
    /// # Errors
    /// The bucket does not take it.
    pub async fn put_body(&self, bucket: &impl Bucket) -> Result<(), StoreError> {
        bucket.put(&self.key(), self.body.to_vec(), "application/octet-stream").await
    }

    /// Keeps the reason beside it, under the same key with `.json` behind.
    ///
    /// # Errors
    /// The bucket does not take it.
    pub async fn put_reason(&self, bucket: &impl Bucket) -> Result<(), StoreError> {
        let key = self.key();
        let reason = json!({
            "source": self.source,
            "reason": self.why.to_string(),
            "receivedtime": rfc3339(self.received),
            "bytes": self.body.len(),
            "body": format!("s3://{}/{key}", bucket.name()),
        });
        bucket.put(&format!("{key}.json"), reason.to_string().into_bytes(), "application/json").await
    }
}
