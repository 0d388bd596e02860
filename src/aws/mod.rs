//! AWS, through the official SDK: only these files use an SDK. Each implements a trait of [`crate::storage`].
//!
//! All clients share the official SDK's own configuration, read from the environment.
//!
//! Lambda puts region and credentials into the environment, so nothing else is read: no profile, no instance
//! metadata, no STS. Therefore `aws-config` does not load it. Even without its default features, and with credentials
//! and HTTP client given, it links those readers and the STS client. Measured: 1.2 MB of executable (0.5 MB of the
//! zip), 0.9 MiB of memory and five more crates, for the same CPU at start.

pub mod dynamodb;
pub mod eventbridge;
mod http_client;
mod retry;
pub mod s3;
pub mod secrets_manager;
pub mod sqs;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, LazyLock};

use aws_sdk_sqs::config::{
    AppName, BehaviorVersion, Credentials, IdentityCache, Region, SharedCredentialsProvider,
    StalledStreamProtectionConfig,
};
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_types::SdkConfig;
use aws_types::request_id::RequestId;
use time::OffsetDateTime;

use crate::config::{ConfigError, Environment};
use crate::storage::{StoreError, Unusable, transport_error};
use crate::timeouts::{Clock, RetryPolicy};
use http_client::Trust;

const ENDPOINT_URL: &str = "AWS_ENDPOINT_URL";
const IGNORE_ENDPOINT_URLS: &str = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS";
const USE_FIPS: &str = "AWS_USE_FIPS_ENDPOINT";
const USE_DUALSTACK: &str = "AWS_USE_DUALSTACK_ENDPOINT";
/// The variables that configure the endpoints of our clients.
const ENDPOINT_URLS: [&str; 6] = [
    ENDPOINT_URL,
    "AWS_ENDPOINT_URL_SQS",
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT_URL_SECRETS_MANAGER",
    "AWS_ENDPOINT_URL_DYNAMODB",
    "AWS_ENDPOINT_URL_EVENTBRIDGE",
];

/// Our AWS account as described by the environment.
#[derive(Clone)]
pub struct Aws {
    sdk: SdkConfig,
    /// The configured endpoints by their variables.
    endpoints: HashMap<&'static str, String>,
}

impl Aws {
    /// Reads `AWS_REGION` (or `AWS_DEFAULT_REGION`), `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`. If they are
    /// set, it also reads `AWS_SESSION_TOKEN`, `AWS_ENDPOINT_URL`, `AWS_ENDPOINT_URL_*`,
    /// `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS`, `AWS_USE_FIPS_ENDPOINT` and `AWS_USE_DUALSTACK_ENDPOINT`.
    ///
    /// # Errors
    /// [`ConfigError::Missing`] or [`ConfigError::Wrong`] for the first missing or wrong variable; [`ConfigError::Tls`] if
    /// TLS cannot be set up. With an endpoint that is not a URL, the SDK would put the whole request into its error;
    /// with a newline in region or credentials, it would panic.
    pub fn new(environment: &Environment) -> Result<Self, ConfigError> {
        Self::with_clock(environment, OffsetDateTime::now_utc)
    }

    /// The same, with the wall clock that measures the idle time of connections.
    ///
    /// # Errors
    /// The same as for [`Aws::new`].
    pub fn with_clock(environment: &Environment, now: Clock) -> Result<Self, ConfigError> {
        let region = match environment.checked("AWS_REGION")? {
            Some(region) => region,
            None => environment.checked("AWS_DEFAULT_REGION")?.ok_or(ConfigError::Missing("AWS_REGION"))?,
        };
        let key_id = environment.required("AWS_ACCESS_KEY_ID")?;
        let key = environment.required("AWS_SECRET_ACCESS_KEY")?;
        let token = environment.checked("AWS_SESSION_TOKEN")?;
        let has_endpoints = environment.flag(IGNORE_ENDPOINT_URLS)? != Some(true);
        let mut endpoints = HashMap::new();
        for name in ENDPOINT_URLS.into_iter().filter(|_| has_endpoints) {
            endpoints.extend(environment.checked(name)?.map(|url| (name, url)));
        }
        let (use_fips, use_dualstack) = (environment.flag(USE_FIPS)?, environment.flag(USE_DUALSTACK)?);
        let credentials = Credentials::new(key_id, key, token, None, "environment");
        let http = http_client::build(Trust::of(environment, &region, has_endpoints), now)?;
        let mut sdk = SdkConfig::builder()
            // The tested version.
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new(region))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            // The credentials are valid as long as the process runs: there is nothing to look up or refresh.
            .identity_cache(IdentityCache::no_cache())
            .http_client(http)
            // Requests and answers are in memory, and each attempt has a time limit. The bucket has its own setting.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        sdk.set_app_name(AppName::new(env!("CARGO_PKG_NAME")).ok());
        sdk.set_use_fips(use_fips);
        sdk.set_use_dual_stack(use_dualstack);
        Ok(Self { sdk: sdk.build(), endpoints })
    }

    /// The configuration of a service's client. Its endpoint is that of its own variable, else that of all services,
    /// else AWS's.
    pub(super) fn config(&self, service: &str, retry_policy: RetryPolicy) -> SdkConfig {
        let own = self.endpoints.get(format!("{ENDPOINT_URL}_{service}").as_str());
        let mut sdk = self.sdk.clone().into_builder();
        sdk.set_endpoint_url(own.or_else(|| self.endpoints.get(ENDPOINT_URL)).cloned());
        retry::configure(sdk, retry_policy).build()
    }
}

/// An endpoint may contain a password.
impl fmt::Debug for Aws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Aws").field("region", &self.sdk.region()).finish_non_exhaustive()
    }
}

/// A client that is built when it is first used, because most invocations do not need it.
type Lazy<T> = Arc<LazyLock<T, Box<dyn FnOnce() -> T + Send>>>;

fn lazy<T>(build: impl FnOnce() -> T + Send + 'static) -> Lazy<T> {
    Arc::new(LazyLock::new(Box::new(build)))
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

/// Why a resource cannot be used, from the error of the call that checks it, which needs the permission for this action.
/// With one of the codes in `missing` there is no such resource.
pub(super) fn unusable<E: ProvideErrorMetadata>(
    error: &SdkError<E>,
    resource: &str,
    action: &str,
    missing: &[&str],
) -> Unusable {
    let (why, code) = (store_error(error), error.code().unwrap_or_default());
    if missing.iter().any(|missing| code.ends_with(missing)) {
        Unusable::Misconfigured(format!("there is no {resource} in this account and region: {why}"))
    } else if code.contains("AccessDenied") {
        Unusable::NotPermitted(format!("the role may not ask for the {resource} ({action}): {why}"))
    } else {
        Unusable::Unknown(why)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use aws_smithy_runtime_api::client::http::{
        HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
    };
    use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
    use aws_smithy_runtime_api::client::result::ConnectorError;

    use super::*;
    use crate::timeouts::receive::RETRY_POLICY;

    /// Records the target of a request, and sends nothing.
    #[derive(Debug, Clone, Default)]
    struct Addresses(Arc<Mutex<Vec<String>>>);

    impl HttpConnector for Addresses {
        fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
            self.0.lock().unwrap().push(request.uri().to_owned());
            HttpConnectorFuture::ready(Err(ConnectorError::user("not sent".into())))
        }
    }

    fn aws(variables: &[(&str, &str)]) -> Result<Aws, ConfigError> {
        let fixed = [
            ("AWS_REGION", "eu-central-1"),
            ("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "SecretMark"),
        ];
        Aws::new(&fixed.into_iter().chain(variables.iter().copied()).collect())
    }

    /// The targets of calls for a queue, a secret and an object.
    async fn addresses(variables: &[(&str, &str)]) -> [String; 3] {
        let addresses = Addresses::default();
        let connector = SharedHttpConnector::new(addresses.clone());
        let aws = aws(variables).unwrap();
        let config = |service| {
            let sdk = aws.config(service, RETRY_POLICY).into_builder();
            let connector = connector.clone();
            sdk.http_client(http_client_fn(move |_, _| connector.clone())).build()
        };
        let s3 = config("S3");
        let s3 = aws_sdk_s3::config::Builder::from(&s3).force_path_style(s3.endpoint_url().is_some());
        let _ = aws_sdk_sqs::Client::new(&config("SQS")).list_queues().send().await;
        let secrets = aws_sdk_secretsmanager::Client::new(&config("SECRETS_MANAGER"));
        let _ = secrets.list_secrets().send().await;
        let _ = aws_sdk_s3::Client::from_conf(s3.build()).get_object().bucket("bucket").key("k").send().await;
        let addresses = std::mem::take(&mut *addresses.0.lock().unwrap());
        addresses.try_into().unwrap()
    }

    #[tokio::test]
    async fn endpoints_are_those_that_the_environment_asks_for() {
        let own = ("AWS_ENDPOINT_URL", "http://localhost:4566");
        let own_secrets = ("AWS_ENDPOINT_URL_SECRETS_MANAGER", "http://localhost:1");
        for (variables, expected) in [
            (
                &[][..],
                [
                    "https://sqs.eu-central-1.amazonaws.com/",
                    "https://secretsmanager.eu-central-1.amazonaws.com/",
                    "https://bucket.s3.eu-central-1.amazonaws.com/k?x-id=GetObject",
                ],
            ),
            (
                &[("AWS_REGION", "cn-north-1"), ("AWS_USE_DUALSTACK_ENDPOINT", "False")],
                [
                    "https://sqs.cn-north-1.amazonaws.com.cn/",
                    "https://secretsmanager.cn-north-1.amazonaws.com.cn/",
                    "https://bucket.s3.cn-north-1.amazonaws.com.cn/k?x-id=GetObject",
                ],
            ),
            (
                &[("AWS_REGION", "us-gov-west-1"), ("AWS_USE_FIPS_ENDPOINT", "TRUE")],
                [
                    "https://sqs.us-gov-west-1.amazonaws.com/",
                    "https://secretsmanager-fips.us-gov-west-1.amazonaws.com/",
                    "https://bucket.s3-fips.us-gov-west-1.amazonaws.com/k?x-id=GetObject",
                ],
            ),
            (
                &[("AWS_USE_DUALSTACK_ENDPOINT", "true")],
                [
                    "https://sqs.eu-central-1.api.aws/",
                    "https://secretsmanager.eu-central-1.amazonaws.com/",
                    "https://bucket.s3.dualstack.eu-central-1.amazonaws.com/k?x-id=GetObject",
                ],
            ),
            (
                &[own, own_secrets],
                [
                    "http://localhost:4566/",
                    "http://localhost:1/",
                    "http://localhost:4566/bucket/k?x-id=GetObject",
                ],
            ),
            (
                &[own, own_secrets, ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")],
                [
                    "https://sqs.eu-central-1.amazonaws.com/",
                    "https://secretsmanager.eu-central-1.amazonaws.com/",
                    "https://bucket.s3.eu-central-1.amazonaws.com/k?x-id=GetObject",
                ],
            ),
        ] {
            assert_eq!(addresses(variables).await, expected, "{variables:?}");
        }
    }

    #[test]
    fn an_endpoint_region_or_credential_that_the_sdk_cannot_use_is_an_error_that_does_not_show_it() {
        for name in ENDPOINT_URLS {
            let error = aws(&[(name, "vpce-1.sqs.eu-central-1.amazonaws.com")]).unwrap_err().to_string();
            assert!(error.starts_with(&format!("{name}: expected a URL")), "{error}");
        }
        assert!(aws(&[("AWS_ENDPOINT_URL_LAMBDA", "of another service")]).is_ok());
        assert!(aws(&[(ENDPOINT_URL, "no URL"), (IGNORE_ENDPOINT_URLS, "true")]).is_ok());
        for (name, value, problem) in [
            ("AWS_REGION", "eu-central-1\n", "ends with white space"),
            ("AWS_SESSION_TOKEN", "SecretMark b", "has white space"),
            ("AWS_SESSION_TOKEN", "SecretMarké", "has characters that no credential has"),
            (ENDPOINT_URL, "http://user:SecretMark@[", "expected a URL"),
        ] {
            let error = aws(&[(name, value)]).unwrap_err().to_string();
            assert!(
                error.starts_with(&format!("{name}: {problem}")) && !error.contains("SecretMark"),
                "{error}"
            );
        }
    }

    #[test]
    fn a_switch_that_is_neither_on_nor_off_is_an_error_that_names_it() {
        for name in [USE_FIPS, USE_DUALSTACK, IGNORE_ENDPOINT_URLS] {
            let error = aws(&[(name, "yes")]).unwrap_err().to_string();
            assert_eq!(error, format!("{name}: expected true or false"));
        }
    }
}
