//! The senders' own APIs, as far as they are about callbacks: where a sender posts, what, and how it signs.

mod acs3;
mod alibaba;
mod tencent;

use std::collections::BTreeMap;

use clap::Args;
use mediahook_senders::secret::Secret;
use serde::Deserialize;

use crate::callback::{Answered, Http};
use crate::failure::Failure;
use crate::input;
use crate::sources::Source;

pub(crate) use alibaba::Product;

/// How to reach a sender's API, where the source's own `pull` section does not say it.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ApiOptions {
    /// The credentials at the sender, a JSON file with the members of `pull`, of one sender or of both; `-` is standard input.
    /// Otherwise the sender's usual variables (`TENCENTCLOUD_SECRET_ID`, `ALIBABA_CLOUD_ACCESS_KEY_ID`, …), then the source's
    /// `pull` section
    #[arg(long, value_name = "FILE")]
    credentials: Option<String>,
    /// The sender's region, such as cn-shanghai (Alibaba's setting is per region)
    #[arg(long, value_name = "REGION")]
    sender_region: Option<String>,
    /// The API's address, instead of the sender's default
    #[arg(long, value_name = "URL")]
    sender_endpoint: Option<String>,
    /// The VOD sub-application: a number for Tencent, app-… for ApsaraVideo
    #[arg(long, value_name = "ID")]
    sender_app: Option<String>,
}

/// Credentials at a sender.
#[derive(Clone)]
struct Credentials {
    secret_id: String,
    secret_key: Secret,
    security_token: Option<String>,
    sub_app_id: Option<u64>,
    /// Of the queue, which for Tencent is also the API's.
    endpoint: Option<String>,
}

/// A file of credentials: Tencent's, Alibaba's, or both.
#[derive(Deserialize)]
struct CredentialsFile {
    secret_id: Option<String>,
    secret_key: Option<Secret>,
    access_key_id: Option<String>,
    access_key_secret: Option<Secret>,
    #[serde(alias = "token")]
    security_token: Option<String>,
    sub_app_id: Option<u64>,
    endpoint: Option<String>,
}

/// A sender's callback settings, by the names of its API. The key is apart: it is never shown.
#[derive(Clone, Default)]
pub(crate) struct CallbackSettings {
    pub(crate) members: BTreeMap<String, String>,
    /// The key that the sender signs with, where it can be read.
    pub(crate) key: Option<Secret>,
}

impl CallbackSettings {
    pub(crate) fn get(&self, member: &str) -> &str {
        self.members.get(member).map_or("", String::as_str)
    }

    pub(crate) fn with(mut self, member: &str, value: impl Into<String>) -> Self {
        self.members.insert(member.to_owned(), value.into());
        self
    }
}

/// One sender's API, for one source.
pub(crate) enum Api {
    Tencent(tencent::Vod),
    Alibaba(alibaba::Media),
}

impl Api {
    /// The API for a source.
    ///
    /// # Errors
    /// [`Failure::Usage`]: no credentials are known, or the region.
    pub(crate) fn new(source: &Source<'_>, options: &ApiOptions, http: Http) -> Result<Self, Failure> {
        let credentials = Credentials::find(source, options)?;
        match source.sender() {
            "tencent-vod" => Ok(Self::Tencent(tencent::Vod::new(credentials, options, http)?)),
            sender => {
                Ok(Self::Alibaba(alibaba::Media::new(Product::of(sender), credentials, options, http)?))
            }
        }
    }

    pub(crate) async fn read(&self) -> Result<CallbackSettings, Failure> {
        match self {
            Self::Tencent(api) => api.describe_event_config().await,
            Self::Alibaba(api) => api.get_callback().await,
        }
    }

    /// Writes all members that have a value, and the key if there is one: nothing says whether the sender keeps what is left
    /// out.
    pub(crate) async fn write(&self, settings: &CallbackSettings) -> Result<(), Failure> {
        match self {
            Self::Tencent(api) => api.modify_event_config(settings).await,
            Self::Alibaba(api) => api.set_callback(settings).await,
        }
    }
}

impl Credentials {
    fn find(source: &Source<'_>, options: &ApiOptions) -> Result<Self, Failure> {
        let is_tencent = source.sender() == "tencent-vod";
        let pull = source.settings.pull.clone();
        let (sub_app_id, endpoint) =
            pull.as_ref().map_or((None, None), |pull| (pull.sub_app_id, pull.endpoint.clone()));
        if let Some(file) = &options.credentials {
            let mut read = Self::read(file, is_tencent)?;
            read.sub_app_id = read.sub_app_id.or(sub_app_id);
            read.endpoint = read.endpoint.or(endpoint);
            return Ok(read);
        }
        let names = if is_tencent {
            ["TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY", "TENCENTCLOUD_SESSION_TOKEN"]
        } else {
            ["ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN"]
        };
        let [id, secret, token] =
            names.map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
        if let (Some(secret_id), Some(secret)) = (id, secret) {
            let secret_key = Secret::new(secret);
            return Ok(Self { secret_id, secret_key, security_token: token, sub_app_id, endpoint });
        }
        let missing = || {
            let name = source.name;
            Failure::Usage(format!(
                "{name}: no credentials at the sender: give --credentials, or set {} and {}",
                names[0], names[1]
            ))
        };
        let pull = pull.ok_or_else(missing)?;
        Ok(Self {
            secret_id: pull.secret_id,
            secret_key: pull.secret_key,
            security_token: None,
            sub_app_id,
            endpoint,
        })
    }

    /// One sender's own members: those of the other are never sent to it.
    fn read(file: &str, is_tencent: bool) -> Result<Self, Failure> {
        let names =
            if is_tencent { "secret_id and secret_key" } else { "access_key_id and access_key_secret" };
        let invalid = || Failure::Usage(format!("{file}: expected the members of a `pull` section: {names}"));
        // serde's own words may repeat a secret.
        let text = input::read_text(file)?;
        let read: CredentialsFile = serde_json::from_str(&text).map_err(|_| invalid())?;
        let CredentialsFile { security_token, sub_app_id, endpoint, .. } = read;
        let (id, key) = if is_tencent {
            (read.secret_id, read.secret_key)
        } else {
            (read.access_key_id, read.access_key_secret)
        };
        let (secret_id, secret_key) = id.zip(key).ok_or_else(invalid)?;
        Ok(Self { secret_id, secret_key, security_token, sub_app_id, endpoint })
    }
}

/// The answer of an API as JSON, or what it says is wrong. Its message may repeat the request, so it is left out.
fn refused(action: &str, code: &str, request_id: &str, is_denied: bool) -> Failure {
    if is_denied {
        return Failure::Unknown(format!(
            "no permission: {action} at the sender ({code}, request {request_id})"
        ));
    }
    Failure::Failed(format!("{action} at the sender failed: {code} (request {request_id})"))
}

fn parse<'a, T: Deserialize<'a>>(action: &str, answered: &'a Answered) -> Result<T, Failure> {
    let unreadable = |_| {
        Failure::Unknown(format!(
            "{action}: the sender answered {} and nothing that is known",
            answered.status
        ))
    };
    serde_json::from_str(&answered.body).map_err(unreadable)
}

/// Scheme and host of an endpoint.
fn host_of(endpoint: &str) -> Result<&str, Failure> {
    let is_loopback = |host: &str| {
        ["127.0.0.1", "localhost", "[::1]"]
            .iter()
            .any(|name| host.split(':').next() == Some(name) || host.starts_with(name))
    };
    let host = endpoint
        .strip_prefix("https://")
        .or_else(|| endpoint.strip_prefix("http://").filter(|host| is_loopback(host)));
    let host =
        host.map(|host| host.trim_end_matches('/')).filter(|host| !host.is_empty() && !host.contains('/'));
    host.ok_or_else(|| Failure::Usage(format!("`{endpoint}` is no address of an API: https:// and a host")))
}
