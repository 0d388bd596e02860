//! The bucket.

use std::sync::OnceLock;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::RequestChecksumCalculation;

use super::aws::{self, Aws};
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
            let config = aws::client_config!(aws_sdk_s3, "S3", self.aws, self.patience)
                // TLS guards the way; a checksum of our own would only cost the time we are short of here.
                .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
                // An endpoint of one's own seldom resolves BUCKET.HOST.
                .force_path_style(self.aws.endpoint_url("S3").is_some());
            Client::from_conf(config.build())
        })
    }
}

impl Bucket for S3Bucket {
    fn name(&self) -> &str {
        &self.name
    }

    async fn put(&self, key: &str, body: Vec<u8>, media_type: &'static str) -> Result<(), StoreError> {
        let put = self.client().put_object().bucket(&self.name).key(key).content_type(media_type);
        // Boxed, as it is large and hardly ever run.
        Box::pin(put.body(body.into()).send()).await.map(drop).map_err(|e| aws::store_error(&e))
    }

    async fn get(&self, key: &str) -> Result<Vec<u8>, StoreError> {
        let get = self.client().get_object().bucket(&self.name).key(key);
        let object = Box::pin(get.send()).await.map_err(|e| aws::store_error(&e))?;
        let body = object.body.collect().await.map_err(|e| aws::causes(&e))?;
        Ok(body.to_vec())
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        let pages = self.client().list_objects_v2().bucket(&self.name).prefix(prefix).into_paginator().send();
        let mut pages = Box::pin(pages);
        let mut objects = Vec::new();
        while objects.len() < MAX_LISTED {
            let Some(page) = pages.next().await else { break };
            let page = page.map_err(|e| aws::store_error(&e))?;
            objects.extend(page.contents.unwrap_or_default().into_iter().filter_map(|object| {
                let modified = object.last_modified.map(|time| (time.secs(), time.subsec_nanos()));
                Some((modified, object.key?))
            }));
        }
        objects.sort();
        Ok(objects.into_iter().map(|(_, key)| key).collect())
    }

    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        let delete = self.client().delete_object().bucket(&self.name).key(key);
        Box::pin(delete.send()).await.map(drop).map_err(|e| aws::store_error(&e))
    }
}
