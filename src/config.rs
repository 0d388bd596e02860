//! The environment variables of the three functions: their names, and their rules.
//!
//! The text of a variable is checked here, at start. The functions check what only AWS knows (whether a queue exists
//! and is of the right kind).

mod rules;

use std::collections::BTreeMap;
use std::fmt;

use mediahook_senders::settings::SettingsError;
use mediahook_senders::text::is_blank;

use crate::sources::Sources;
use crate::storage::StoreError;
pub use rules::Problem;

/// The variable that holds the sources document.
pub const SOURCES: &str = "MEDIAHOOK_SOURCES";
/// The variable that names the secret with the sources document, instead.
pub const SOURCES_SECRET: &str = "MEDIAHOOK_SOURCES_SECRET";
/// The variable with the name of the bucket.
pub const BUCKET: &str = "MEDIAHOOK_BUCKET";
/// The variable with the URL of the FIFO queue. A standard queue cannot be used: a FIFO queue drops a repeated event,
/// and keeps the events of a media asset in order.
pub const QUEUE_URL: &str = "MEDIAHOOK_QUEUE_URL";
/// The variable with the name of the table of idempotency records.
pub const TABLE: &str = "MEDIAHOOK_TABLE";
/// The variable with the length of a lease, in seconds. Set it to the function's timeout.
pub const LEASE_S: &str = "MEDIAHOOK_LEASE_S";
/// The variable with the time for which a completed event is remembered, in seconds.
pub const IDEMPOTENCY_TTL_S: &str = "MEDIAHOOK_IDEMPOTENCY_TTL_S";
/// The variable with the name or ARN of the event bus.
pub const EVENT_BUS: &str = "MEDIAHOOK_EVENT_BUS";
/// The variable with the URL of the FIFO queue for records that can never succeed, or have failed at their last
/// receive.
pub const DEAD_LETTER_QUEUE_URL: &str = "MEDIAHOOK_DEAD_LETTER_QUEUE_URL";
/// The variable with the queue's `maxReceiveCount`, from 1 to 1000. By it the processor recognizes a record's last
/// receive, and sends it to [`DEAD_LETTER_QUEUE_URL`] if it fails, before SQS moves the rest of its group with it.
pub const MAX_RECEIVE_COUNT: &str = "MEDIAHOOK_MAX_RECEIVE_COUNT";
/// The variable with the secrets that a proxy in front of the receiver adds to each request, separated by commas. All
/// of them are valid, so that one can be replaced. If it is not set, a request needs none.
pub const ORIGIN_SECRETS: &str = "MEDIAHOOK_ORIGIN_SECRETS";
/// The variable that the template sets so that the rule `EventBusGuard` is created first. No function reads it.
const EVENT_BUS_GUARD: &str = "MEDIAHOOK_EVENT_BUS_GUARD";

/// All our variables, of all three functions: the same environment may be used for all of them.
pub const VARIABLES: [&str; 12] = [
    SOURCES,
    SOURCES_SECRET,
    BUCKET,
    QUEUE_URL,
    TABLE,
    LEASE_S,
    IDEMPOTENCY_TTL_S,
    EVENT_BUS,
    EVENT_BUS_GUARD,
    ORIGIN_SECRETS,
    DEAD_LETTER_QUEUE_URL,
    MAX_RECEIVE_COUNT,
];
/// Their common prefix. Another variable with this prefix is a spelling mistake.
const PREFIX: &str = "MEDIAHOOK_";

/// The variable in which Lambda reports a function's memory, in MiB.
const MEMORY_MIB: &str = "AWS_LAMBDA_FUNCTION_MEMORY_SIZE";
/// The minimum.
const LEAST_MEMORY_MIB: usize = 128;

/// Why a function cannot start. The text names the variable, never its value.
#[derive(thiserror::Error)]
pub enum ConfigError {
    /// Not set, or blank.
    #[error("{0} is not set")]
    Missing(&'static str),
    /// Its value breaks a rule.
    #[error("{0}: {1}")]
    Wrong(&'static str, Problem),
    /// Not text.
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

/// Where the sources come from.
#[derive(Debug)]
pub enum SourcesFrom {
    /// They are in the environment.
    Document(Sources),
    /// They are kept in the secret of this name or ARN.
    Secret(String),
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
        environment.check_names()?;
        Ok(Self {
            sources: environment.sources()?,
            queue_url: environment.fifo_queue_url(QUEUE_URL)?,
            bucket: environment.bucket()?,
        })
    }
}

/// The environment variables of one function.
#[derive(Clone)]
pub struct Environment {
    variables: BTreeMap<String, String>,
    /// The names of variables whose name or value is not UTF-8, with invalid characters replaced.
    not_utf8: Vec<String>,
}

impl Environment {
    /// The environment of this process.
    pub fn from_env() -> Self {
        let (mut variables, mut not_utf8) = (BTreeMap::new(), Vec::new());
        for (name, value) in std::env::vars_os() {
            let shown = name.to_string_lossy().into_owned();
            match (name.into_string(), value.into_string()) {
                (Ok(name), Ok(value)) => drop(variables.insert(name, value)),
                _ => not_utf8.push(shown),
            }
        }
        Self { variables, not_utf8 }
    }

    /// Checks that each variable with our prefix exists in [`VARIABLES`], and that the variables that we read are
    /// text.
    ///
    /// # Errors
    /// [`ConfigError::Unknown`] or [`ConfigError::NotUtf8`].
    pub fn check_names(&self) -> Result<(), ConfigError> {
        if let Some(name) = self.not_utf8.iter().find(|name| is_ours(name) || name.starts_with("AWS_")) {
            return Err(ConfigError::NotUtf8(shown(name)));
        }
        let unknown = |name: &&String| is_ours(name) && !VARIABLES.contains(&name.as_str());
        match self.variables.keys().find(unknown) {
            Some(name) => Err(ConfigError::Unknown(shown(name))),
            None => Ok(()),
        }
    }

    /// The sources document, or the secret that holds it.
    ///
    /// # Errors
    /// Neither or both are set, or the document has a mistake, or the secret's name has an invisible character.
    pub fn sources(&self) -> Result<SourcesFrom, ConfigError> {
        match (self.optional(SOURCES), self.visible(SOURCES_SECRET)?) {
            (Some(_), Some(_)) => {
                Err(ConfigError::Wrong(SOURCES, "set it or MEDIAHOOK_SOURCES_SECRET, not both"))
            }
            (Some(document), None) => Ok(SourcesFrom::Document(Sources::parse(document)?)),
            (None, Some(secret)) => Ok(SourcesFrom::Secret(secret.to_owned())),
            (None, None) => Err(ConfigError::NoSources),
        }
    }

    /// The bucket's name.
    ///
    /// # Errors
    /// It is missing, or is not a valid bucket name.
    pub fn bucket(&self) -> Result<String, ConfigError> {
        self.checked(BUCKET, rules::bucket)?.ok_or(ConfigError::Missing(BUCKET))
    }

    /// The URL of a queue.
    ///
    /// # Errors
    /// It is missing, or is not the URL of a FIFO queue.
    pub fn fifo_queue_url(&self, name: &'static str) -> Result<String, ConfigError> {
        self.checked(name, rules::fifo_queue_url)?.ok_or(ConfigError::Missing(name))
    }

    /// A variable that AWS itself checks: the name or ARN of a resource, or a region.
    ///
    /// # Errors
    /// It is missing, or has an invisible character.
    pub fn required(&self, name: &'static str) -> Result<String, ConfigError> {
        self.visible(name)?.map(str::to_owned).ok_or(ConfigError::Missing(name))
    }

    /// A whole number from 1 to `max`, if the variable is set.
    ///
    /// # Errors
    /// [`ConfigError::Wrong`] with this problem.
    pub fn number(&self, name: &'static str, max: u64, problem: Problem) -> Result<Option<u64>, ConfigError> {
        let Some(value) = self.optional(name) else { return Ok(None) };
        let number = value.trim().parse().ok().filter(|number| (1..=max).contains(number));
        number.map(Some).ok_or(ConfigError::Wrong(name, problem))
    }

    /// A part of the credentials.
    pub(crate) fn credential(&self, name: &'static str) -> Result<Option<String>, ConfigError> {
        self.checked(name, rules::credential)
    }

    /// The URL of an endpoint.
    pub(crate) fn endpoint(&self, name: &'static str) -> Result<Option<String>, ConfigError> {
        self.checked(name, rules::url)
    }

    /// A variable that is `true` or `false`, as the AWS SDK writes them.
    pub(crate) fn flag(&self, name: &'static str) -> Result<Option<bool>, ConfigError> {
        match self.optional(name).map(str::to_ascii_lowercase).as_deref() {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(_) => Err(ConfigError::Wrong(name, "expected true or false")),
        }
    }

    /// The function's memory in bytes; Lambda's minimum if the variable is not set.
    pub fn memory_bytes(&self) -> usize {
        let mib = self.optional(MEMORY_MIB).and_then(|mib| mib.parse().ok()).unwrap_or(LEAST_MEMORY_MIB);
        mib.saturating_mul(1024 * 1024)
    }

    /// An optional variable. A blank one counts as missing.
    pub fn optional(&self, name: &str) -> Option<&str> {
        self.raw(name).filter(|value| !is_blank(value))
    }

    /// The raw value of a variable, even if it is blank: for variables where a blank value must be an error.
    pub(crate) fn raw(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    /// Whether a variable is set, and not blank, whose name begins like this.
    pub(crate) fn has_any(&self, beginning: &str) -> bool {
        self.variables.keys().any(|name| name.starts_with(beginning) && self.optional(name).is_some())
    }

    /// The same for a variable that is passed on to AWS: it must have no invisible character.
    fn visible(&self, name: &'static str) -> Result<Option<&str>, ConfigError> {
        let Some(value) = self.optional(name) else { return Ok(None) };
        rules::visible(value).map_err(|problem| ConfigError::Wrong(name, problem))?;
        Ok(Some(value))
    }

    fn checked(
        &self,
        name: &'static str,
        rule: impl FnOnce(&str) -> Result<(), Problem>,
    ) -> Result<Option<String>, ConfigError> {
        let Some(value) = self.visible(name)? else { return Ok(None) };
        rule(value).map_err(|problem| ConfigError::Wrong(name, problem))?;
        Ok(Some(value.to_owned()))
    }
}

fn is_ours(name: &str) -> bool {
    name.get(..PREFIX.len()).is_some_and(|beginning| beginning.eq_ignore_ascii_case(PREFIX))
}

/// Anybody can choose a name, so its length and characters are limited.
fn shown(name: &str) -> String {
    const MAX_CHARS: usize = 80;
    name.chars().take(MAX_CHARS).filter(|c| !c.is_control()).collect()
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(vars: I) -> Self {
        let variables = vars.into_iter().map(|(n, v)| (n.into(), v.into())).collect();
        Self { variables, not_utf8: Vec::new() }
    }
}

/// Only names, because the values include keys.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.variables.keys()).finish()
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
        let blank = environment(QUEUE_URL, " \u{a0}").fifo_queue_url(QUEUE_URL);
        assert_eq!(blank.unwrap_err().to_string(), "MEDIAHOOK_QUEUE_URL is not set");
        let wrong = environment(SOURCES, r#"{"tencent-vod/a":{"sign_keys":"S3cret"}}"#);
        let text = wrong.sources().unwrap_err().to_string();
        assert!(
            text.starts_with("MEDIAHOOK_SOURCES: tencent-vod/a: sign_keys") && !text.contains("S3cret"),
            "{text}"
        );
        assert_eq!(format!("{wrong:?}"), r#"{"MEDIAHOOK_SOURCES"}"#);
        assert!(VARIABLES.into_iter().map(|name| (name, "x")).collect::<Environment>().check_names().is_ok());
    }
}
