//! The bucket.

use std::sync::{Arc, OnceLock};

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{Builder, StalledStreamProtectionConfig};
use aws_sdk_s3::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Error;
use aws_sdk_s3::types::{Delete, Object, ObjectIdentifier};
use time::OffsetDateTime;

use super::http_client::DropUnanswered;
use super::{Aws, has_own_endpoint, retry, store_error};
use crate::ingest::object_keys::SPILL;
use crate::storage::{Bucket, Listed, MAX_OBJECT_BYTES, Page, StoreError, Unusable, too_large};
use crate::timeouts::RetryPolicy;

/// An S3 bucket. Its client is built when it is first used: nearly every callback does not need it.
#[derive(Debug, Clone)]
pub struct S3Bucket {
    aws: Aws,
    name: String,
    retry_policy: RetryPolicy,
    client: Arc<OnceLock<Client>>,
}

impl S3Bucket {
    /// The bucket of that name. No request is sent yet.
    pub fn new(aws: Aws, name: String, retry_policy: RetryPolicy) -> Self {
        Self { aws, name, retry_policy, client: Arc::default() }
    }

    /// Checks that the bucket exists, with a call that the puller may make anyway: it lists `spill/`.
    ///
    /// # Errors
    /// [`Unusable::Misconfigured`]: there is no such bucket, or it is in another region. Otherwise the bucket did not
    /// answer, or the role may not call it; then it may work nevertheless.
    pub async fn check(&self) -> Result<(), Unusable> {
        let list = self.client().list_objects_v2().bucket(&self.name).prefix(SPILL).max_keys(1);
        Box::pin(list.send()).await.map(drop).map_err(|error| self.unusable(&error))
    }

    fn unusable(&self, error: &SdkError<ListObjectsV2Error>) -> Unusable {
        let (name, why) = (&self.name, store_error(error));
        let code = error.code().unwrap_or_default();
        let is_elsewhere = error.raw_response().is_some_and(|response| response.status().as_u16() == 301);
        if code == "NoSuchBucket" {
            Unusable::Misconfigured(format!("there is no bucket `{name}` ({why})"))
        } else if is_elsewhere {
            Unusable::Misconfigured(format!("the bucket `{name}` is in another region ({why})"))
        } else if code == "AccessDenied" {
            Unusable::NotPermitted(format!("the role may not list the bucket `{name}`: {why}"))
        } else {
            Unusable::Unknown(why)
        }
    }

    fn client(&self) -> &Client {
        self.client.get_or_init(|| {
            let sdk = self.aws.config(self.retry_policy);
            // An attempt ends with the headers; this limits the time to read the object after that.
            let stalled = StalledStreamProtectionConfig::enabled()
                .upload_enabled(false)
                .grace_period(self.retry_policy.attempt)
                .build();
            let config = Builder::from(&sdk)
                .interceptor(DropUnanswered)
                .retry_partition(retry::no_quota())
                .stalled_stream_protection(stalled)
                // A configured endpoint seldom resolves `BUCKET.HOST`.
                .force_path_style(has_own_endpoint(&sdk, "S3"));
            Client::from_conf(config.build())
        })
    }
}

impl Bucket for S3Bucket {
    fn name(&self) -> &str {
        &self.name
    }

    async fn put(&self, key: &str, body: Vec<u8>, media_type: &'static str) -> Result<(), StoreError> {
        let put = self.client().put_object().bucket(&self.name).key(key);
        let put = put.content_type(media_type).body(body.into());
        // Boxed, because the futures of the SDK are large and these hardly ever run.
        Box::pin(put.send()).await.map(drop).map_err(|e| store_error(&e))
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let get = self.client().get_object().bucket(&self.name).key(key);
        let mut body = match Box::pin(get.send()).await {
            Ok(answer) => answer.body,
            Err(error) if error.code() == Some("NoSuchKey") => return Ok(None),
            Err(error) => return Err(store_error(&error)),
        };
        let mut object = Vec::new();
        // Without the error's own text, because it may quote the object.
        let cut_off = |_| StoreError("the object was cut off".to_owned());
        while let Some(piece) = body.try_next().await.map_err(cut_off)? {
            if object.len() + piece.len() > MAX_OBJECT_BYTES {
                return Err(StoreError(too_large()));
            }
            object.extend_from_slice(&piece);
        }
        Ok(Some(object))
    }

    async fn list(&self, prefix: &str, after: Option<&str>) -> Result<Page, StoreError> {
        let list = self.client().list_objects_v2().bucket(&self.name).prefix(prefix);
        let list = list.set_start_after(after.map(String::from));
        let page = Box::pin(list.send()).await.map_err(|e| store_error(&e))?;
        let more = page.is_truncated() == Some(true);
        Ok(Page { objects: page.contents.unwrap_or_default().into_iter().filter_map(listed).collect(), more })
    }

    async fn delete_many(&self, keys: &[String]) -> Result<Vec<StoreError>, StoreError> {
        let objects = keys.iter().filter_map(|key| ObjectIdentifier::builder().key(key).build().ok());
        let delete = Delete::builder().set_objects(Some(objects.collect())).quiet(true).build();
        let delete = delete.map_err(|_| StoreError("the request is incomplete".to_owned()))?;
        let delete = self.client().delete_objects().bucket(&self.name).delete(delete);
        let answer = Box::pin(delete.send()).await.map_err(|e| store_error(&e))?;
        Ok(answer
            .errors()
            .iter()
            .map(|error| StoreError(error.code().unwrap_or("no code").to_owned()))
            .collect())
    }
}

fn listed(object: Object) -> Option<Listed> {
    let modified = OffsetDateTime::from_unix_timestamp(object.last_modified?.secs()).ok()?;
    let bytes = usize::try_from(object.size.unwrap_or_default()).unwrap_or_default();
    Some(Listed { key: object.key?, modified, bytes })
}
