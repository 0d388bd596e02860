//! The AWS clients, and what went wrong with a call: who was asked for what, in words.

use std::fmt;
use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sqs::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;

use crate::failure::Failure;
use crate::options::Common;

/// The configuration of all clients: region, credentials and endpoints as every AWS tool has them.
pub(crate) struct Aws {
    config: SdkConfig,
}

impl Aws {
    pub(crate) async fn load(options: &Common) -> Result<Self, Failure> {
        let http = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(options.timeout().min(Duration::from_secs(5)))
            .operation_timeout(options.timeout())
            .build();
        let mut loader =
            aws_config::defaults(BehaviorVersion::v2026_01_12()).http_client(http).timeout_config(timeouts);
        if let Some(region) = &options.region {
            loader = loader.region(Region::new(region.clone()));
        }
        if let Some(profile) = &options.profile {
            loader = loader.profile_name(profile);
        }
        let config = loader.load().await;
        if config.region().is_none() {
            let text = "no AWS region: give --region, set AWS_REGION, or name a profile that has one";
            return Err(Failure::Usage(text.to_owned()));
        }
        Ok(Self { config })
    }

    pub(crate) fn cloudformation(&self) -> aws_sdk_cloudformation::Client {
        aws_sdk_cloudformation::Client::new(&self.config)
    }

    pub(crate) fn cloudwatch(&self) -> aws_sdk_cloudwatch::Client {
        aws_sdk_cloudwatch::Client::new(&self.config)
    }

    pub(crate) fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        aws_sdk_dynamodb::Client::new(&self.config)
    }

    pub(crate) fn events(&self) -> aws_sdk_eventbridge::Client {
        aws_sdk_eventbridge::Client::new(&self.config)
    }

    pub(crate) fn lambda(&self) -> aws_sdk_lambda::Client {
        aws_sdk_lambda::Client::new(&self.config)
    }

    pub(crate) fn logs(&self) -> aws_sdk_cloudwatchlogs::Client {
        aws_sdk_cloudwatchlogs::Client::new(&self.config)
    }

    pub(crate) fn s3(&self) -> aws_sdk_s3::Client {
        let config = aws_sdk_s3::config::Builder::from(&self.config);
        // An endpoint of one's own has no host name for each bucket.
        let own_endpoint = ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"];
        let is_own = own_endpoint.iter().any(|name| std::env::var_os(name).is_some());
        aws_sdk_s3::Client::from_conf(config.force_path_style(is_own).build())
    }

    pub(crate) fn secrets(&self) -> aws_sdk_secretsmanager::Client {
        aws_sdk_secretsmanager::Client::new(&self.config)
    }

    pub(crate) fn sns(&self) -> aws_sdk_sns::Client {
        aws_sdk_sns::Client::new(&self.config)
    }

    pub(crate) fn sqs(&self) -> aws_sdk_sqs::Client {
        aws_sdk_sqs::Client::new(&self.config)
    }
}

/// A call that did not succeed.
#[derive(Debug, Clone)]
pub(crate) struct AwsError {
    /// The permission that the call needs, such as `sqs:SendMessage`.
    action: &'static str,
    resource: String,
    pub(crate) kind: Kind,
    detail: String,
}

/// What kind of answer it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The caller may not do this.
    Denied,
    /// The resource does not exist.
    Missing,
    /// There was no answer, or nobody to ask as: no connection, no credentials.
    Unanswered,
    /// The service answered with another error.
    Refused,
}

impl fmt::Display for AwsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { action, resource, kind, detail } = self;
        match kind {
            Kind::Denied => write!(f, "no permission: {action} on {resource} ({detail})"),
            Kind::Missing => write!(f, "{resource} does not exist ({action}: {detail})"),
            Kind::Unanswered => write!(f, "no answer to {action} on {resource}: {detail}"),
            Kind::Refused => write!(f, "{action} on {resource} failed: {detail}"),
        }
    }
}

impl From<AwsError> for Failure {
    fn from(error: AwsError) -> Self {
        match error.kind {
            Kind::Denied | Kind::Unanswered => Self::Unknown(error.to_string()),
            Kind::Missing | Kind::Refused => Self::Failed(error.to_string()),
        }
    }
}

/// Waits for a call, and names action and resource if it did not succeed.
pub(crate) async fn call<T, E, R>(
    action: &'static str,
    resource: &str,
    request: impl Future<Output = Result<T, SdkError<E, R>>>,
) -> Result<T, AwsError>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: fmt::Debug,
{
    // Boxed: the futures of the SDK are large.
    Box::pin(request).await.map_err(|error| {
        let (kind, detail) = describe(&error);
        AwsError { action, resource: resource.to_owned(), kind, detail }
    })
}

fn describe<E, R>(error: &SdkError<E, R>) -> (Kind, String)
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: fmt::Debug,
{
    let SdkError::ServiceError(answered) = error else {
        return (Kind::Unanswered, DisplayErrorContext(error).to_string());
    };
    let code = answered.err().code().unwrap_or("no error code");
    let message = answered.err().message().unwrap_or_default();
    let is = |words: &[&str]| words.iter().any(|word| code.contains(word));
    let kind = if is(&["AccessDenied", "NotAuthorized", "AuthorizationError", "Forbidden", "Unauthorized"]) {
        Kind::Denied
    } else if is(&["Token", "UnrecognizedClient", "InvalidAccessKeyId", "SignatureDoesNotMatch"]) {
        Kind::Unanswered
    } else if is(&["NotFound", "NonExistent", "NoSuch", "DoesNotExist"]) || message.contains("does not exist")
    {
        Kind::Missing
    } else {
        Kind::Refused
    };
    (kind, if message.is_empty() { code.to_owned() } else { format!("{code}: {message}") })
}
