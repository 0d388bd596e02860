//! The claim check: an envelope that is too large for a message or a bus leaves its data in the bucket and has
//! `dataref` instead (the CloudEvents extension of that name).

use serde_json::value::RawValue;

use crate::event::Unreadable;
use crate::event::envelope::{Envelope, NotAnEnvelope};
use crate::storage::object_keys;
use crate::storage::{Bucket, StoreError};

/// The prefix of `BUCKET/KEY` in a `dataref`.
const SCHEME: &str = "s3://";

/// Why an envelope's data cannot be fetched.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// `dataref` is not `s3://BUCKET/payload/...` in this bucket.
    #[error(transparent)]
    Elsewhere(#[from] NotAnEnvelope),
    /// The object cannot be read.
    #[error(transparent)]
    Unread(#[from] StoreError),
    /// The object is not the JSON that was stored.
    #[error("the object is not JSON")]
    NotJson,
}

/// Why an envelope cannot go to the queue: it has too many bytes even with its data left in the bucket. The envelope
/// is unchanged.
pub fn too_large(envelope: &mut Envelope, bucket: &impl Bucket, limit_bytes: usize) -> Option<Unreadable> {
    let (data, dataref) = (envelope.data.take(), envelope.dataref.clone());
    if data.is_some() {
        envelope.dataref = Some(reference(bucket, &object_keys::payload(envelope)));
    }
    let bytes = envelope.message().body.len();
    (envelope.data, envelope.dataref) = (data, dataref);
    (bytes > limit_bytes).then_some(Unreadable::TooLarge { bytes, limit_bytes })
}

/// Puts an envelope's data into the bucket, and replaces it by `dataref`. An envelope without data is unchanged.
///
/// # Errors
/// The bucket does not accept it; the envelope still has its data.
pub async fn check_in(envelope: &mut Envelope, bucket: &impl Bucket) -> Result<(), StoreError> {
    let Some(data) = &envelope.data else { return Ok(()) };
    let key = object_keys::payload(envelope);
    bucket.put(&key, data.get().as_bytes().to_vec(), "application/json").await?;
    envelope.dataref = Some(reference(bucket, &key));
    envelope.data = None;
    Ok(())
}

/// Fetches the data that an envelope has left in the bucket; nothing if it has left none.
///
/// # Errors
/// [`DataError`]: `dataref` is not below `payload/` of this bucket, the object cannot be read, or it is not JSON.
pub async fn fetch(envelope: &Envelope, bucket: &impl Bucket) -> Result<Option<Box<RawValue>>, DataError> {
    let Some(key) = envelope.dataref_in(bucket.name())? else { return Ok(None) };
    let text = String::from_utf8(bucket.get(key).await?).map_err(|_| DataError::NotJson)?;
    RawValue::from_string(text).map(Some).map_err(|_| DataError::NotJson)
}

fn reference(bucket: &impl Bucket, key: &str) -> String {
    format!("{SCHEME}{}/{key}", bucket.name())
}
