//! AWS, through the official SDK: only these files use an SDK. Queue and bucket
//! implement the traits of [`crate::storage`].
//!
//! All clients share one configuration, which `aws-config` reads as for every program with an AWS SDK: region,
//! credentials, profiles, endpoints, FIPS and dual-stack.

pub mod dynamodb;
pub mod eventbridge;
mod http_client;
pub mod s3;
pub mod secrets_manager;
pub mod sqs;

use aws_config::{AppName, BehaviorVersion, SdkConfig};
use aws_sdk_sqs::config::retry::{RetryConfig, RetryPartition, TokenBucket};
use aws_sdk_sqs::config::timeout::TimeoutConfig;
use aws_sdk_sqs::config::{ProvideCredentials as _, StalledStreamProtectionConfig};
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_types::request_id::RequestId;
use time::OffsetDateTime;

use crate::config::{ConfigError, Environment};
use crate::storage::{StoreError, Unusable, transport_error};
use crate::timeouts::{Clock, RetryPolicy};

/// An AWS account, and how it is called. It has no `Debug`, because an endpoint may contain a password.
#[derive(Clone)]
pub struct Aws {
    sdk: SdkConfig,
    /// Whether an endpoint is configured, for one service or all.
    has_own_endpoint: bool,
}

impl Aws {
    /// Reads the environment of this process, and the profile that it names.
    ///
    /// # Errors
    /// [`ConfigError::Wrong`] for a variable that the SDK cannot use: with an endpoint that is not a URL, it would put the
    /// whole request into its error; with a newline in region or credentials, it would panic. [`ConfigError::Missing`] if
    /// there is no region, or no credentials anywhere; [`ConfigError::Tls`] if TLS cannot be set up.
    pub async fn from_env(environment: &Environment) -> Result<Self, ConfigError> {
        environment.check()?;
        let has_own_endpoint = environment.has_any("AWS_ENDPOINT_URL");
        let http = http_client::build(http_client::trusts_system(environment), OffsetDateTime::now_utc)?;
        // The tested version.
        let loader = aws_config::defaults(BehaviorVersion::v2026_01_12()).http_client(http);
        // Given here, because the loader panics for a mode that it does not know; [`Aws::config`] has ours.
        let sdk = loader.retry_config(RetryConfig::standard()).load().await;
        sdk.region()
            .filter(|region| !region.as_ref().is_empty())
            .ok_or(ConfigError::Missing("AWS_REGION"))?;
        let credentials = sdk.credentials_provider().ok_or(ConfigError::Missing("AWS_ACCESS_KEY_ID"))?;
        credentials.provide_credentials().await.map_err(|_| ConfigError::Missing("AWS_ACCESS_KEY_ID"))?;
        Ok(Self { sdk, has_own_endpoint })
    }

    /// With a configuration that is loaded already, and the wall clock that measures how long connections are idle.
    ///
    /// # Errors
    /// [`ConfigError::Tls`] if TLS cannot be set up.
    pub fn from_config(sdk: SdkConfig, now: Clock) -> Result<Self, ConfigError> {
        let has_own_endpoint = sdk.endpoint_url().is_some();
        let http = http_client::build(true, now)?;
        Ok(Self { sdk: sdk.into_builder().http_client(http).build(), has_own_endpoint })
    }

    /// The configuration of a client: the SDK's standard retries, which repeat temporary errors (connections, timeouts,
    /// throttling, 5xx), within the limits of a [`RetryPolicy`]. The caller limits the total.
    pub(super) fn config(&self, policy: RetryPolicy) -> SdkConfig {
        let timeouts = TimeoutConfig::builder().operation_attempt_timeout(policy.attempt).build();
        let retries = RetryConfig::standard()
            .with_max_attempts(policy.attempts)
            .with_initial_backoff(policy.pause)
            .with_max_backoff(policy.pause);
        let mut sdk = self.sdk.clone().into_builder().timeout_config(timeouts).retry_config(retries);
        // Requests and answers are in memory, and each attempt has a time limit. The bucket has its own setting.
        sdk.set_stalled_stream_protection(Some(StalledStreamProtectionConfig::disabled()));
        sdk.set_app_name(AppName::new(env!("CARGO_PKG_NAME")).ok());
        sdk.build()
    }
}

/// Retries without the SDK's quota. A long outage would use it up, and then a call with a stale connection would have
/// no second attempt. The attempts of a call are few and limited in time.
pub(super) fn no_quota() -> RetryPartition {
    RetryPartition::custom(env!("CARGO_PKG_NAME")).token_bucket(TokenBucket::unlimited()).build()
}

/// The text of an error for the log: the service's code and request id, or the kind of the transport failure.
///
/// Never the SDK's own text: its `Debug` shows the whole answer, a connector's error may show the endpoint with its
/// password, and a service's message may quote the request (`ValidationException` quotes the value,
/// `InvalidSignatureException` the signed headers with the session token). Only a message about permissions is
/// logged: it names role, action and resource.
pub(super) fn store_error<E: ProvideErrorMetadata>(error: &SdkError<E>) -> StoreError {
    match error {
        SdkError::ServiceError(context) => {
            let status = context.raw().status().as_u16();
            let code = error.code().map_or_else(|| format!("HTTP status {status}"), String::from);
            let message = error.message().filter(|_| code.contains("AccessDenied"));
            let message = message.map(|message| format!(": {message}")).unwrap_or_default();
            let id = context.raw().request_id().map(|id| format!(" (request {id})")).unwrap_or_default();
            StoreError(format!("{code}{message}{id}"))
        }
        SdkError::ResponseError(context) => {
            let status = context.raw().status().as_u16();
            StoreError(format!("an answer that cannot be read, HTTP status {status}"))
        }
        SdkError::TimeoutError(_) => StoreError("no answer in time".to_owned()),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => {
            StoreError("no answer in time".to_owned())
        }
        SdkError::DispatchFailure(failure) => match failure.as_connector_error() {
            Some(error) => transport_error(error),
            None => StoreError("the request was not sent".to_owned()),
        },
        _ => StoreError("the request cannot be built".to_owned()),
    }
}

/// Why the resource that a variable names cannot be used, from the error of the call that checks it, which needs the
/// permission for this action. With one of the codes in `missing` there is no such resource.
pub(super) fn unusable<E: ProvideErrorMetadata>(
    error: &SdkError<E>,
    variable: &str,
    resource: &str,
    action: &str,
    missing: &[&str],
) -> Unusable {
    let (why, code) = (store_error(error), error.code().unwrap_or_default());
    if missing.iter().any(|missing| code.ends_with(missing)) {
        Unusable::Misconfigured(format!(
            "{variable}: there is no {resource} in this account and region: {why}"
        ))
    } else if code.contains("AccessDenied") {
        Unusable::NotPermitted(format!(
            "{variable}: the role may not ask for the {resource} ({action}): {why}"
        ))
    } else {
        Unusable::Unknown(why)
    }
}
