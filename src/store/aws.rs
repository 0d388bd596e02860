//! What every AWS client of ours shares: region, credentials, endpoint, and one HTTP client.
//!
//! Lambda puts all of it into the environment, so these few variables are read directly: `aws-config` would bring its
//! STS, SSO, profile and instance-metadata clients into a function that can use none of them.

use aws_sdk_sqs::config::retry::{ReconnectMode, RetryConfig};
use aws_sdk_sqs::config::timeout::TimeoutConfig;
use aws_sdk_sqs::config::{BehaviorVersion, Credentials, IntoShared as _, Region, SharedHttpClient};
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};

use super::connect::{self, Connector};
use super::sdk_http::SdkHttp;
use super::{Patience, StoreError, trust};
use crate::config::{ConfigError, Environment};

/// Our AWS account as the environment describes it.
#[derive(Debug, Clone)]
pub struct Aws {
    pub(super) region: Region,
    pub(super) credentials: Credentials,
    pub(super) connector: Connector,
    pub(super) http: SharedHttpClient,
    environment: Environment,
}

impl Aws {
    /// Reads `AWS_REGION` (or `AWS_DEFAULT_REGION`), `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and, where they are
    /// set, `AWS_SESSION_TOKEN`, `AWS_ENDPOINT_URL` and `AWS_ENDPOINT_URL_*`.
    ///
    /// # Errors
    /// Names the one that is missing; or TLS cannot be set up.
    pub fn new(environment: Environment) -> Result<Self, ConfigError> {
        let region =
            environment.optional("AWS_REGION").or_else(|| environment.optional("AWS_DEFAULT_REGION"));
        let region = region.ok_or(ConfigError::Missing("AWS_REGION"))?;
        let credentials = Credentials::new(
            environment.required("AWS_ACCESS_KEY_ID")?,
            environment.required("AWS_SECRET_ACCESS_KEY")?,
            environment.optional("AWS_SESSION_TOKEN").map(String::from),
            None,
            "environment",
        );
        let connector = connect::connector(trust::roots(&environment, region)).map_err(ConfigError::Tls)?;
        Ok(Self {
            region: Region::new(region.to_owned()),
            credentials,
            http: SdkHttp::new(connector.clone()).into_shared(),
            connector,
            environment,
        })
    }

    /// The endpoint that `AWS_ENDPOINT_URL_SERVICE` or `AWS_ENDPOINT_URL` asks for, unless
    /// `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS` is set; nothing for the service's own.
    pub(super) fn endpoint_url(&self, service: &str) -> Option<String> {
        let ignore = self.environment.optional("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
        if ignore.is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            return None;
        }
        let own = self.environment.optional(&format!("AWS_ENDPOINT_URL_{service}"));
        own.or_else(|| self.environment.optional("AWS_ENDPOINT_URL")).map(String::from)
    }
}

/// The configuration of a client: what all of ours have in common. A macro, because every SDK crate has a type of its own
/// of the same form.
macro_rules! client_config {
    ($sdk:ident, $service:literal, $aws:expr, $patience:expr) => {{
        let mut config = $sdk::Config::builder()
            .behavior_version(aws::behavior_version())
            .region($aws.region.clone())
            .credentials_provider($aws.credentials.clone())
            // They last as long as the process: there is nothing to look up.
            .identity_cache($sdk::config::IdentityCache::no_cache())
            .http_client($aws.http.clone())
            .interceptor($crate::store::sdk_http::WithoutFrills)
            .timeout_config(aws::timeouts($patience))
            .retry_config(aws::retries($patience));
        config.set_endpoint_url($aws.endpoint_url($service));
        config
    }};
}
pub(super) use client_config;

/// The behaviour of the SDK that we have tested with.
pub(super) fn behavior_version() -> BehaviorVersion {
    BehaviorVersion::v2026_01_12()
}

/// Every attempt is bounded; the whole is bounded by whoever waits for it.
pub(super) fn timeouts(patience: Patience) -> TimeoutConfig {
    TimeoutConfig::builder().operation_attempt_timeout(patience.attempt).build()
}

pub(super) fn retries(patience: Patience) -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(patience.attempts)
        .with_initial_backoff(patience.pause)
        .with_max_backoff(patience.pause)
        // Which connection is used again is decided where they are kept.
        .with_reconnect_mode(ReconnectMode::ReuseAllConnections)
}

/// What went wrong: the service's own code and words, else the chain of causes. Not the SDK's `Debug`, which shows the
/// whole response, and with it a secret that could not be understood.
pub(super) fn store_error<E>(error: &SdkError<E>) -> StoreError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    if let (Some(code), message) = (error.code(), error.message()) {
        return StoreError(format!("{code}: {}", message.unwrap_or("no message")));
    }
    causes(error)
}

/// An error and its causes, each in its own words.
pub(super) fn causes(error: &dyn std::error::Error) -> StoreError {
    let causes = std::iter::successors(Some(error), |e| e.source());
    StoreError(causes.map(ToString::to_string).collect::<Vec<_>>().join(": "))
}
