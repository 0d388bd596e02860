//! The bucket.

use std::sync::OnceLock;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{Builder, StalledStreamProtectionConfig};
use aws_sdk_s3::primitives::AggregatedBytes;

use super::aws::{Aws, has_own_endpoint, store_error};
use super::http_client::DropUnanswered;
use super::{Bucket, Patience, StoreError};

/// How many objects a listing has at least, where there are so many: ten pages of S3's.
const MAX_LISTED: usize = 10_000;

/// An S3 bucket. Its client is made when it is first needed: nearly every callback goes without.
#[derive(Debug)]
pub struct S3Bucket {
    aws: Aws,
    name: String,
    patience: Patience,
    client: OnceLock<Client>,
}

impl S3Bucket {
    /// The bucket of that name. Nothing is sent yet.
    pub fn new(aws: Aws, name: String, patience: Patience) -> Self {
        Self { aws, name, patience, client: OnceLock::new() }
    }

    fn client(&self) -> &Client {
        self.client.get_or_init(|| {
            let sdk = self.aws.config(self.patience);
            // An attempt ends with the headers; from there on this bounds an object that stops coming.
            let stalled = StalledStreamProtectionConfig::enabled()
                .upload_enabled(false)
                .grace_period(self.patience.attempt)
                .build();
            let config = Builder::from(&sdk)
                .interceptor(DropUnanswered)
                .stalled_stream_protection(stalled)
                // An endpoint of one's own seldom resolves `BUCKET.HOST`.
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
        // Boxed, as the futures of the SDK are large and these are hardly ever run.
        Box::pin(put.send()).await.map(drop).map_err(|e| store_error(&e))
    }

    async fn get(&self, key: &str) -> Result<Vec<u8>, StoreError> {
        let get = self.client().get_object().bucket(&self.name).key(key);
        let object = Box::pin(get.send()).await.map_err(|e| store_error(&e))?;
        // Not the error's own words: they may quote the object.
        let cut_off = |_| StoreError("the object was cut off".to_owned());
        object.body.collect().await.map(AggregatedBytes::to_vec).map_err(cut_off)
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        let list = self.client().list_objects_v2().bucket(&self.name).prefix(prefix);
        let mut pages = list.into_paginator().send();
        let mut objects = Vec::new();
        while objects.len() < MAX_LISTED
            && let Some(page) = Box::pin(pages.next()).await
        {
            let page = page.map_err(|e| store_error(&e))?;
            let page = page.contents.unwrap_or_default().into_iter();
            objects.extend(page.filter_map(|object| Some((object.last_modified?, object.key?))));
        }
        objects.sort_unstable_by(|(at, key), (other_at, other)| {
            (at.secs(), at.subsec_nanos(), key).cmp(&(other_at.secs(), other_at.subsec_nanos(), other))
        });
        Ok(objects.into_iter().map(|(_, key)| key).collect())
    }

    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        let delete = self.client().delete_object().bucket(&self.name).key(key);
        Box::pin(delete.send()).await.map(drop).map_err(|e| store_error(&e))
    }
}
