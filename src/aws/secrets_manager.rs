//! The secret that holds the sources document.

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::Builder;
use aws_sdk_secretsmanager::error::SdkError;
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::{Aws, Lazy, lazy, retry, store_error};
use crate::config::{SOURCES_SECRET, SourcesFrom};
use crate::sources::cache::{ReadSources, SourcesCache, SourcesError, Version};
use crate::storage::StoreError;
use crate::telemetry::Recorder;
use crate::timeouts::RetryPolicy;

/// The sources of receiver and puller. A secret is not read yet.
pub fn sources_cache(
    from: SourcesFrom,
    aws: &Aws,
    retry_policy: RetryPolicy,
    recorder: &Recorder,
) -> SourcesCache {
    match from {
        SourcesFrom::Document(sources) => SourcesCache::fixed(sources),
        SourcesFrom::Secret(id) => {
            let secret = SourcesSecret::new(aws.clone(), id, retry_policy);
            SourcesCache::from_reader(secret, recorder.clone())
        }
    }
}

/// A secret of AWS Secrets Manager, by name or ARN.
#[derive(Debug)]
pub struct SourcesSecret {
    id: String,
    client: Lazy<Client>,
}

impl SourcesSecret {
    /// The secret of that name or ARN. No request is sent yet.
    pub fn new(aws: Aws, id: String, retry_policy: RetryPolicy) -> Self {
        let client = move || {
            let config = Builder::from(&aws.config("SECRETS_MANAGER", retry_policy))
                .retry_partition(retry::no_quota());
            Client::from_conf(config.build())
        };
        Self { id, client: lazy(client) }
    }
}

/// Only a secret that does not exist is a mistake for good. A role that may not read it may have been changed just now.
fn sources_error(error: &SdkError<GetSecretValueError>) -> SourcesError {
    let text = store_error(error);
    let is_missing =
        error.as_service_error().is_some_and(GetSecretValueError::is_resource_not_found_exception);
    if is_missing { SourcesError::Unreadable(text) } else { SourcesError::Unavailable(text) }
}

impl ReadSources for SourcesSecret {
    fn place(&self) -> String {
        format!("{SOURCES_SECRET} (the secret `{}`)", self.id)
    }

    fn read(&self, version: Version) -> BoxFuture<'_, Result<String, SourcesError>> {
        let stage = match version {
            Version::Current => "AWSCURRENT",
            Version::Previous => "AWSPREVIOUS",
        };
        let get = self.client.get_secret_value().secret_id(&self.id).version_stage(stage);
        let bytes = || SourcesError::Unreadable(StoreError("the secret holds bytes, not a text".to_owned()));
        let value = async move {
            let secret = get.send().await.map_err(|error| sources_error(&error))?;
            secret.secret_string.ok_or_else(bytes)
        };
        value.boxed()
    }
}
