//! The environment variables of the three functions: their names, and their rules.
//!
//! The text of a variable is checked here, at start. The functions check what only AWS knows (whether a queue exists
//! and is of the right kind).

mod rules;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;

use mediahook_senders::settings::SettingsError;
use mediahook_senders::text::is_blank;

use crate::sources::{Sources, SourcesFrom};
use crate::storage::StoreError;
pub use rules::Problem;

macro_rules! variables {
    ($($(#[$about:meta])* $name:ident = $text:literal;)*) => {
        $($(#[$about])* pub const $name: &str = $text;)*

        /// All our variables, of all three functions: the same environment may be used for all of them.
        pub const VARIABLES: &[&str] = &[$($name),*];
    };
}

variables! {
    /// The variable that holds the sources document.
    SOURCES = "MEDIAHOOK_SOURCES";
    /// The variable that names the secret with the sources document, instead.
    SOURCES_SECRET = "MEDIAHOOK_SOURCES_SECRET";
    /// The variable with the name of the bucket.
    BUCKET = "MEDIAHOOK_BUCKET";
    /// The variable with the URL of the FIFO queue. A standard queue cannot be used: a FIFO queue drops a repeated event,
    /// and keeps the events of a media asset in order.
    QUEUE_URL = "MEDIAHOOK_QUEUE_URL";
    /// The variable with the name of the table of idempotency records.
    TABLE = "MEDIAHOOK_TABLE";
    /// The variable with the length of a lease, in seconds. Set it to the function's timeout.
    LEASE_S = "MEDIAHOOK_LEASE_S";
    /// The variable with the time for which a completed event is remembered, in seconds.
    IDEMPOTENCY_TTL_S = "MEDIAHOOK_IDEMPOTENCY_TTL_S";
    /// The variable with the name or ARN of the event bus.
    EVENT_BUS = "MEDIAHOOK_EVENT_BUS";
    /// The variable with the URL of the FIFO queue for records that can never succeed, or have failed at their last
    /// receive.
    DEAD_LETTER_QUEUE_URL = "MEDIAHOOK_DEAD_LETTER_QUEUE_URL";
    /// The variable with the queue's `maxReceiveCount`, from 1 to 1000. By it the processor recognizes a record's last
    /// receive, and sends it to [`DEAD_LETTER_QUEUE_URL`] if it fails, before SQS moves the rest of its group with it.
    MAX_RECEIVE_COUNT = "MEDIAHOOK_MAX_RECEIVE_COUNT";
    /// The variable with the secrets that a proxy in front of the receiver adds to each request, separated by commas. All
    /// of them are valid, so that one can be replaced. If it is not set, a request needs none.
    ORIGIN_SECRETS = "MEDIAHOOK_ORIGIN_SECRETS";
    /// The variable that the template sets so that the rule `EventBusGuard` is created first. No function reads it.
    EVENT_BUS_GUARD = "MEDIAHOOK_EVENT_BUS_GUARD";
}

/// Their common prefix. Another variable with this prefix is a spelling mistake.
const PREFIX: &str = "MEDIAHOOK_";

/// The variable in which Lambda reports a function's memory, in MiB.
const MEMORY_MIB: &str = "AWS_LAMBDA_FUNCTION_MEMORY_SIZE";

/// Why a function cannot start. The text names the variable, never its value.
#[derive(thiserror::Error)]
pub enum ConfigError {
    /// Not set, or blank.
    #[error("{0} is not set")]
    Missing(&'static str),
    /// Its value breaks a rule.
    #[error("{0}: {1}")]
    Wrong(String, Problem),
    /// Its value is no whole number from 1 to this one.
    #[error("{0}: expected a whole number from 1 to {1}")]
    NotANumber(&'static str, u64),
    /// Not text: it has bytes that are not UTF-8.
    #[error("{0}: is not UTF-8")]
    NotUtf8(String),
    /// Its name has our prefix, but we have no such variable.
    #[error("{0}: there is no such variable")]
    Unknown(String),
    /// No sources document is set.
    #[error("neither {SOURCES} nor {SOURCES_SECRET} is set")]
    NoSources,
    /// The sources document has a mistake.
    #[error("{SOURCES}: {0}")]
    Sources(#[from] SettingsError),
    /// The secret with the sources document does not exist, or has a mistake. Its own line and metric have the
    /// details.
    #[error("{SOURCES_SECRET}: the sources cannot be read, as the line before this one says")]
    Secret,
    /// TLS cannot be set up.
    #[error("TLS cannot be set up: {0}")]
    Tls(StoreError),
}

impl ConfigError {
    /// Logs it, as the reason why the function does not start.
    pub fn log(&self) {
        tracing::error!(error = %self, "cannot start");
    }
}

/// Uses the same text as `Display`: Rust prints `Debug` for an error that `main` returns.
impl fmt::Debug for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The configuration of receiver and puller.
#[derive(Debug)]
pub struct IngestConfig {
    /// Where the sources come from.
    pub sources: SourcesFrom,
    /// The URL of the FIFO queue.
    pub queue_url: String,
    /// The bucket's name.
    pub bucket: String,
}

impl IngestConfig {
    /// Reads the configuration.
    ///
    /// # Errors
    /// The first variable that is missing, wrong or misspelt.
    pub fn from_env(environment: &Environment) -> Result<Self, ConfigError> {
        environment.check()?;
        Ok(Self {
            sources: environment.sources()?,
            queue_url: environment.required(QUEUE_URL)?,
            bucket: environment.required(BUCKET)?,
        })
    }
}

/// The environment variables of one function.
#[derive(Clone)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// The environment of this process. Bytes that are not UTF-8 become U+FFFD.
    pub fn from_env() -> Self {
        let text = |text: OsString| text.to_string_lossy().into_owned();
        std::env::vars_os().map(|(name, value)| (text(name), text(value))).collect()
    }

    /// Checks that each variable with our prefix exists in [`VARIABLES`], that what is read is text, and that each value
    /// keeps the rule of its variable.
    ///
    /// # Errors
    /// [`ConfigError::Unknown`], [`ConfigError::NotUtf8`] or [`ConfigError::Wrong`].
    pub fn check(&self) -> Result<(), ConfigError> {
        for (name, value) in &self.0 {
            let is_ours = name.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX));
            if (is_ours || name.starts_with("AWS_"))
                && [name, value].iter().any(|text| text.contains(char::REPLACEMENT_CHARACTER))
            {
                return Err(ConfigError::NotUtf8(name.clone()));
            }
            if is_ours && !VARIABLES.contains(&name.as_str()) {
                return Err(ConfigError::Unknown(name.clone()));
            }
            if !is_blank(value) {
                rules::check(name, value).map_err(|problem| ConfigError::Wrong(name.clone(), problem))?;
            }
        }
        Ok(())
    }

    /// The sources document, or the secret that holds it.
    ///
    /// # Errors
    /// Neither or both are set, or the document has a mistake.
    pub fn sources(&self) -> Result<SourcesFrom, ConfigError> {
        match (self.optional(SOURCES), self.optional(SOURCES_SECRET)) {
            (Some(_), Some(_)) => {
                let problem = "set it or MEDIAHOOK_SOURCES_SECRET, not both";
                Err(ConfigError::Wrong(SOURCES.to_owned(), problem))
            }
            (Some(document), None) => Ok(SourcesFrom::Document(Sources::parse(document)?)),
            (None, Some(secret)) => Ok(SourcesFrom::Secret(secret.to_owned())),
            (None, None) => Err(ConfigError::NoSources),
        }
    }

    /// A variable that must be set.
    ///
    /// # Errors
    /// [`ConfigError::Missing`].
    pub fn required(&self, name: &'static str) -> Result<String, ConfigError> {
        self.optional(name).map(String::from).ok_or(ConfigError::Missing(name))
    }

    /// A whole number from 1 to `max`, if the variable is set.
    ///
    /// # Errors
    /// [`ConfigError::NotANumber`].
    pub fn number(&self, name: &'static str, max: u64) -> Result<Option<u64>, ConfigError> {
        let Some(value) = self.optional(name) else { return Ok(None) };
        let number = value.trim().parse().ok().filter(|number| (1..=max).contains(number));
        number.map(Some).ok_or(ConfigError::NotANumber(name, max))
    }

    /// The function's memory in bytes; Lambda's minimum if the variable is not set.
    pub fn memory_bytes(&self) -> usize {
        let mib = self.optional(MEMORY_MIB).and_then(|mib| mib.parse().ok()).unwrap_or(128_usize);
        mib.saturating_mul(1024 * 1024)
    }

    /// An optional variable, as it is. A blank one counts as missing.
    pub fn optional(&self, name: &str) -> Option<&str> {
        self.raw(name).filter(|value| !is_blank(value))
    }

    /// The raw value of a variable, even if it is blank: for variables where a blank value must be an error.
    pub(crate) fn raw(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Whether a variable is set, and not blank, whose name begins like this.
    pub(crate) fn has_any(&self, beginning: &str) -> bool {
        self.0.keys().any(|name| name.starts_with(beginning) && self.optional(name).is_some())
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(vars: I) -> Self {
        Self(vars.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

/// Only names, because the values include keys.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(name: &str, value: &str) -> Environment {
        [(name, value)].into_iter().collect()
    }

    #[test]
    fn a_beginning_finds_every_name_that_is_set() {
        for name in ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SQS", "AWS_ENDPOINT_URL_DYNAMODB"] {
            assert!(environment(name, "https://aws.example.com").has_any("AWS_ENDPOINT_URL"), "{name}");
            assert!(!environment(name, "").has_any("AWS_ENDPOINT_URL"), "{name}");
        }
        assert!(!environment("AWS_REGION", "eu-central-1").has_any("AWS_ENDPOINT_URL"));
    }

    #[test]
    fn what_is_missing_or_wrong_is_named_and_not_shown() {
        let error = |name, value| IngestConfig::from_env(&environment(name, value)).unwrap_err().to_string();
        assert_eq!(error("OTHER", "x"), "neither MEDIAHOOK_SOURCES nor MEDIAHOOK_SOURCES_SECRET is set");
        assert_eq!(error(SOURCES_SECRET, "s"), "MEDIAHOOK_QUEUE_URL is not set");
        assert!(error(SOURCES_SECRET, "s\n").starts_with("MEDIAHOOK_SOURCES_SECRET: ends with white space"));
        assert_eq!(error("mediahook_bucket", "x"), "mediahook_bucket: there is no such variable");
        let blank = environment(QUEUE_URL, " \u{a0}").required(QUEUE_URL);
        assert_eq!(blank.unwrap_err().to_string(), "MEDIAHOOK_QUEUE_URL is not set");
        let wrong = environment(SOURCES, r#"{"tencent-vod/a":{"sign_keys":"S3cret"}}"#);
        let text = wrong.sources().unwrap_err().to_string();
        assert!(
            text.starts_with("MEDIAHOOK_SOURCES: tencent-vod/a: sign_keys") && !text.contains("S3cret"),
            "{text}"
        );
        assert_eq!(format!("{wrong:?}"), r#"{"MEDIAHOOK_SOURCES"}"#);
        let known = VARIABLES.iter().map(|name| (*name, "x")).collect::<Environment>();
        assert!(!matches!(known.check(), Err(ConfigError::Unknown(_))));
    }
}
