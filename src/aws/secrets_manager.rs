//! The secret that holds the sources document.

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::Builder;
use aws_sdk_secretsmanager::error::SdkError;
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::{Aws, no_quota, store_error};
use crate::config::SOURCES_SECRET;
use crate::sources::cache::{ReadSources, SourcesError, Version};
use crate::storage::StoreError;
use crate::timeouts::RetryPolicy;

/// A secret of AWS Secrets Manager, by name or ARN.
#[derive(Debug)]
pub struct SourcesSecret {
    id: String,
    client: Client,
}

impl SourcesSecret {
    /// The secret of that name or ARN. No request is sent yet.
    pub fn new(aws: &Aws, id: String, retry_policy: RetryPolicy) -> Self {
        let config = Builder::from(&aws.config(retry_policy)).retry_partition(no_quota());
        Self { id, client: Client::from_conf(config.build()) }
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
