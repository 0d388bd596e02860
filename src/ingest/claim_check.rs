//! The claim check: an envelope that is too large for a message or a bus leaves its data in the bucket and has
//! `dataref` instead (the CloudEvents extension of that name).

use mediahook_events::CloudEvent;
use serde_json::value::RawValue;

use super::envelope::{NotAnEnvelope, dataref_key};
use super::object_keys;
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

/// Puts an envelope's data into the bucket, and replaces it by `dataref`. An envelope without data is unchanged.
///
/// # Errors
/// The bucket does not accept it; the envelope still has its data.
pub async fn check_in(envelope: &mut CloudEvent, bucket: &impl Bucket) -> Result<(), StoreError> {
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
pub async fn fetch(envelope: &CloudEvent, bucket: &impl Bucket) -> Result<Option<Box<RawValue>>, DataError> {
    let Some(key) = dataref_key(envelope, bucket.name())? else { return Ok(None) };
    let object = bucket.get(key).await?.ok_or_else(|| StoreError("NoSuchKey".to_owned()))?;
    let text = String::from_utf8(object).map_err(|_| DataError::NotJson)?;
    RawValue::from_string(text).map(Some).map_err(|_| DataError::NotJson)
}

fn reference(bucket: &impl Bucket, key: &str) -> String {
    format!("{SCHEME}{}/{key}", bucket.name())
}
