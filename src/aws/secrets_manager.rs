//! The secret that holds the sources document.

use std::sync::OnceLock;

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::Builder;
use aws_sdk_secretsmanager::error::SdkError;
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::http_client::DropUnanswered;
use super::{Aws, retry, store_error};
use crate::config::SOURCES_SECRET;
use crate::sources::cache::{ReadSources, SourcesError, Version};
use crate::storage::StoreError;
use crate::timeouts::RetryPolicy;

/// A secret of AWS Secrets Manager, by name or ARN.
#[derive(Debug)]
pub struct SourcesSecret {
    aws: Aws,
    id: String,
    retry_policy: RetryPolicy,
    client: OnceLock<Client>,
}

impl SourcesSecret {
    /// The secret of that name or ARN. No request is sent yet.
    pub fn new(aws: Aws, id: String, retry_policy: RetryPolicy) -> Self {
        Self { aws, id, retry_policy, client: OnceLock::new() }
    }

    fn client(&self) -> &Client {
        self.client.get_or_init(|| {
            let config = Builder::from(&self.aws.config(self.retry_policy))
                .interceptor(DropUnanswered)
                .retry_partition(retry::no_quota());
            Client::from_conf(config.build())
        })
    }

    async fn value(&self, version: Version) -> Result<String, SourcesError> {
        let stage = match version {
            Version::Current => "AWSCURRENT",
            Version::Previous => "AWSPREVIOUS",
        };
        let secret = self.client().get_secret_value().secret_id(&self.id).version_stage(stage);
        let secret = secret.send().await;
        let text = secret.map_err(|e| sources_error(&e))?.secret_string;
        let bytes = || SourcesError::Unreadable(StoreError("the secret holds bytes, not a text".to_owned()));
        text.ok_or_else(bytes)
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
        self.value(version).boxed()
    }
}
