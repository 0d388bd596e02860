//! The bucket.

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{Builder, StalledStreamProtectionConfig};
use aws_sdk_s3::error::ProvideErrorMetadata as _;
use aws_sdk_s3::types::{Delete, Object, ObjectIdentifier};

use super::{Aws, no_quota, store_error, unusable};
use crate::config::BUCKET;
use crate::storage::{Bucket, Listed, MAX_OBJECT_BYTES, Page, StoreError};
use crate::timeouts::RetryPolicy;

/// An S3 bucket.
#[derive(Debug, Clone)]
pub struct S3Bucket {
    name: String,
    client: Client,
}

impl S3Bucket {
    /// The bucket of that name. No request is sent yet.
    pub fn new(aws: &Aws, name: String, retry_policy: RetryPolicy) -> Self {
        // An attempt ends with the headers; this limits the time to read the object after that.
        let stalled =
            StalledStreamProtectionConfig::enabled().upload_enabled(false).grace_period(retry_policy.attempt);
        let config = Builder::from(&aws.config(retry_policy))
            .retry_partition(no_quota())
            .stalled_stream_protection(stalled.build())
            // A configured endpoint seldom resolves `BUCKET.HOST`.
            .force_path_style(aws.has_own_endpoint);
        Self { name, client: Client::from_conf(config.build()) }
    }
}

impl Bucket for S3Bucket {
    fn name(&self) -> &str {
        &self.name
    }

    async fn put(&self, key: &str, body: Vec<u8>, media_type: &'static str) -> Result<(), StoreError> {
        let put = self.client.put_object().bucket(&self.name).key(key);
        let put = put.content_type(media_type).body(body.into());
        // Boxed, because the futures of the SDK are large and these hardly ever run.
        Box::pin(put.send()).await.map(drop).map_err(|e| store_error(&e))
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let get = self.client.get_object().bucket(&self.name).key(key);
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
                return Err(StoreError("too large: mediahook writes no object of that size".to_owned()));
            }
            object.extend_from_slice(&piece);
        }
        Ok(Some(object))
    }

    async fn list(&self, prefix: &str, after: Option<&str>) -> Result<Page, StoreError> {
        let list = self.client.list_objects_v2().bucket(&self.name).prefix(prefix);
        let list = list.set_start_after(after.map(String::from));
        let page = Box::pin(list.send()).await.map_err(|error| {
            let (bucket, missing) =
                (format!("bucket `{}`", self.name), ["NoSuchBucket", "PermanentRedirect"]);
            StoreError(unusable(&error, BUCKET, &bucket, "s3:ListBucket", &missing).to_string())
        })?;
        let more = page.is_truncated() == Some(true);
        Ok(Page { objects: page.contents.unwrap_or_default().into_iter().filter_map(listed).collect(), more })
    }

    async fn delete_many(&self, keys: &[String]) -> Result<Vec<StoreError>, StoreError> {
        let objects = keys.iter().filter_map(|key| ObjectIdentifier::builder().key(key).build().ok());
        let delete = Delete::builder().set_objects(Some(objects.collect())).quiet(true).build();
        let delete = delete.map_err(|_| StoreError("the request is incomplete".to_owned()))?;
        let delete = self.client.delete_objects().bucket(&self.name).delete(delete);
        let answer = Box::pin(delete.send()).await.map_err(|e| store_error(&e))?;
        let errors = answer.errors().iter().map(|e| StoreError(e.code().unwrap_or("no code").to_owned()));
        Ok(errors.collect())
    }
}

fn listed(object: Object) -> Option<Listed> {
    let bytes = usize::try_from(object.size.unwrap_or_default()).unwrap_or_default();
    Some(Listed { key: object.key?, bytes })
}
