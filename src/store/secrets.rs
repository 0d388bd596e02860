//! The secret that holds the sources document.

use std::sync::OnceLock;

use aws_sdk_secretsmanager::Client;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::aws::{self, Aws};
use super::{Patience, StoreError};
use crate::keyring::ReadSources;

/// A secret of AWS Secrets Manager, by name or ARN.
#[derive(Debug)]
pub struct Secret {
    aws: Aws,
    id: String,
    patience: Patience,
    client: OnceLock<Client>,
}

impl Secret {
    /// The secret of that name or ARN. Nothing is sent yet.
    pub fn new(aws: Aws, id: String, patience: Patience) -> Self {
        Self { aws, id, patience, client: OnceLock::new() }
    }

    fn client(&self) -> &Client {
        self.client.get_or_init(|| {
            let mut config = aws_sdk_secretsmanager::Config::builder()
                .behavior_version(aws::behavior_version())
                .region(self.aws.region.clone())
                .credentials_provider(self.aws.credentials.clone())
                .http_client(self.aws.http.clone())
                .timeout_config(aws::timeouts(self.patience))
                .retry_config(aws::retries(self.patience));
            config.set_endpoint_url(self.aws.endpoint_url("SECRETS_MANAGER"));
            Client::from_conf(config.build())
        })
    }

    async fn value(&self) -> Result<String, StoreError> {
        let secret = self.client().get_secret_value().secret_id(&self.id).send().await;
        let text = secret.map_err(|e| aws::store_error(&e))?.secret_string;
        text.ok_or_else(|| StoreError("the secret holds bytes, not a text".to_owned()))
    }
}

impl ReadSources for Secret {
    fn read(&self) -> BoxFuture<'_, Result<String, StoreError>> {
        self.value().boxed()
    }
}
