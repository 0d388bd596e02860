//! The environment variables of the three functions: their names, their rules, and all mistakes in them at once.
//!
//! The text of a variable is checked here, at start. The functions check what only AWS knows (whether a queue exists
//! and is of the right kind).

mod rules;

use std::collections::BTreeMap;
use std::fmt;

use crate::sources::Sources;
use crate::storage::StoreError;
use mediahook_senders::settings::SettingsError;
use mediahook_senders::text::{distance, is_blank};
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
#[derive(Debug, thiserror::Error)]
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
    #[error("{name}: there is no such variable, is {nearest} meant?")]
    Unknown {
        /// Its name.
        name: String,
        /// The most similar name in [`VARIABLES`].
        nearest: &'static str,
    },
    /// No sources document is set.
    #[error("neither {SOURCES} nor {SOURCES_SECRET} is set")]
    NoSources,
    /// The sources document has a mistake.
    #[error("{SOURCES}: {0}")]
    Sources(#[from] SettingsError),
    /// The secret with the sources document cannot be read, or has a mistake. Its own line and metric have the
    /// details.
    #[error("{SOURCES_SECRET}: the sources cannot be read, as the line before this one says")]
    Secret,
    /// TLS cannot be set up.
    #[error("TLS cannot be set up: {0}")]
    Tls(StoreError),
}

/// Every reason why a function cannot start, each once.
#[derive(Default)]
pub struct ConfigErrors(Vec<ConfigError>);

impl ConfigErrors {
    /// Adds an error, unless it is there already: two parts of a function may need the same variable.
    pub fn add(&mut self, error: ConfigError) {
        let text = error.to_string();
        if self.0.iter().all(|known| known.to_string() != text) {
            self.0.push(error);
        }
    }

    /// Returns the value. If there is an error, adds it to these and returns nothing.
    pub fn take<T, E: Into<Self>>(&mut self, result: Result<T, E>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(errors) => {
                errors.into().0.into_iter().for_each(|error| self.add(error));
                None
            }
        }
    }

    /// # Errors
    /// These, if there are any.
    pub fn none(self) -> Result<(), Self> {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }

    /// Logs one line for each.
    pub fn log(&self) {
        for error in &self.0 {
            tracing::error!(%error, "cannot start");
        }
    }
}

impl From<ConfigError> for ConfigErrors {
    fn from(error: ConfigError) -> Self {
        Self(vec![error])
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, error) in self.0.iter().enumerate() {
            write!(f, "{}{error}", if at == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

/// Uses the same text as `Display`: Rust prints `Debug` for an error that `main` returns.
impl fmt::Debug for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for ConfigErrors {}

/// Both values, or the errors of both.
///
/// # Errors
/// Those of either.
pub fn both<A, B>(
    a: Result<A, impl Into<ConfigErrors>>,
    b: Result<B, impl Into<ConfigErrors>>,
) -> Result<(A, B), ConfigErrors> {
    let mut errors = ConfigErrors::default();
    match (errors.take(a), errors.take(b)) {
        (Some(a), Some(b)) => Ok((a, b)),
        _ => Err(errors),
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
pub struct Intake {
    /// Where the sources come from.
    pub sources: SourcesFrom,
    /// The URL of the FIFO queue.
    pub queue_url: String,
    /// The bucket's name.
    pub bucket: String,
}

impl Intake {
    /// Reads the configuration.
    ///
    /// # Errors
    /// Every one of these variables that is missing or wrong, and every misspelt one.
    pub fn from_env(environment: &Environment) -> Result<Self, ConfigErrors> {
        let (((), sources), (queue_url, bucket)) = both(
            both(environment.check_names(), environment.sources()),
            both(environment.queue_url(), environment.bucket()),
        )?;
        Ok(Self { sources, queue_url, bucket })
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
    /// [`ConfigError::Unknown`] and [`ConfigError::NotUtf8`], for each variable that fails.
    pub fn check_names(&self) -> Result<(), ConfigErrors> {
        let mut errors = ConfigErrors::default();
        for name in self.not_utf8.iter().filter(|name| is_ours(name) || name.starts_with("AWS_")) {
            errors.add(ConfigError::NotUtf8(shown(name)));
        }
        for name in self.variables.keys().filter(|name| is_ours(name) && !VARIABLES.contains(&name.as_str()))
        {
            let upper = name.to_ascii_uppercase();
            let is_part = |known: &str| known.starts_with(&upper) || upper.starts_with(known);
            let nearest =
                VARIABLES.into_iter().min_by_key(|known| (!is_part(known), distance(known, &upper)));
            errors.add(ConfigError::Unknown { name: shown(name), nearest: nearest.unwrap_or(PREFIX) });
        }
        errors.none()
    }

    /// The sources document, or the secret that holds it.
    ///
    /// # Errors
    /// Neither or both are set, or the document has a mistake, or the secret's name is not valid.
    pub fn sources(&self) -> Result<SourcesFrom, ConfigError> {
        match (self.optional(SOURCES), self.visible(SOURCES_SECRET)?) {
            (Some(_), Some(_)) => Err(ConfigError::Wrong(SOURCES, Problem::BesideSecret)),
            (Some(document), None) => Ok(SourcesFrom::Document(Sources::parse(document)?)),
            (None, Some(secret)) => {
                rules::secret(secret).map_err(|problem| ConfigError::Wrong(SOURCES_SECRET, problem))?;
                Ok(SourcesFrom::Secret(secret.to_owned()))
            }
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

    /// The queue's URL.
    ///
    /// # Errors
    /// It is missing, or is not the URL of a FIFO queue.
    pub fn queue_url(&self) -> Result<String, ConfigError> {
        self.checked(QUEUE_URL, rules::fifo_queue_url)?.ok_or(ConfigError::Missing(QUEUE_URL))
    }

    /// The URL of the dead-letter queue, if it is set.
    ///
    /// # Errors
    /// It is not the URL of a FIFO queue.
    pub fn dead_letter_queue_url(&self) -> Result<Option<String>, ConfigError> {
        self.checked(DEAD_LETTER_QUEUE_URL, rules::fifo_queue_url)
    }

    /// The table's name or ARN, if it is set.
    ///
    /// # Errors
    /// It is not a valid table name.
    pub fn table(&self) -> Result<Option<String>, ConfigError> {
        self.checked(TABLE, rules::table)
    }

    /// The event bus's name or ARN, if it is set.
    ///
    /// # Errors
    /// It is not a valid name of an event bus.
    pub fn event_bus(&self) -> Result<Option<String>, ConfigError> {
        self.checked(EVENT_BUS, rules::event_bus)
    }

    /// The region, from the first of these variables that is set.
    pub(crate) fn region(&self, names: [&'static str; 2]) -> Result<String, ConfigError> {
        for name in names {
            if let Some(region) = self.checked(name, rules::region)? {
                return Ok(region);
            }
        }
        Err(ConfigError::Missing(names[0]))
    }

    /// A part of the credentials.
    pub(crate) fn credential(&self, name: &'static str) -> Result<Option<String>, ConfigError> {
        self.checked(name, rules::credential)
    }

    /// The URL of an endpoint.
    pub(crate) fn endpoint(&self, name: &'static str) -> Result<Option<String>, ConfigError> {
        self.checked(name, |url| rules::url(url).map(drop))
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

    /// A variable that is `true` or `false`, as the AWS SDK writes them.
    ///
    /// # Errors
    /// [`ConfigError::Wrong`] if it is something else.
    pub(crate) fn flag(&self, name: &'static str) -> Result<Option<bool>, ConfigError> {
        match self.optional(name).map(str::to_ascii_lowercase).as_deref() {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(_) => Err(ConfigError::Wrong(name, Problem::NotABoolean)),
        }
    }

    /// Whether a variable is set, and not blank, whose name begins like this.
    pub(crate) fn has_any(&self, beginning: &str) -> bool {
        self.variables.keys().any(|name| name.starts_with(beginning) && self.optional(name).is_some())
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
    fn all_that_is_missing_or_wrong_is_named_and_not_shown() {
        let errors = |environment: &Environment| Intake::from_env(environment).unwrap_err().to_string();
        assert_eq!(
            errors(&environment("OTHER", "x")),
            "neither MEDIAHOOK_SOURCES nor MEDIAHOOK_SOURCES_SECRET is set; MEDIAHOOK_QUEUE_URL is not set; \
             MEDIAHOOK_BUCKET is not set"
        );
        let blank = environment(QUEUE_URL, " \u{a0}");
        assert_eq!(blank.queue_url().unwrap_err().to_string(), "MEDIAHOOK_QUEUE_URL is not set");
        let wrong = environment(SOURCES, r#"{"tencent-vod/a":{"sign_keys":"S3cret"}}"#);
        let error = wrong.sources().unwrap_err().to_string();
        assert_eq!(error, "MEDIAHOOK_SOURCES: tencent-vod/a: sign_keys: expected a list");
        assert_eq!(format!("{wrong:?}"), r#"{"MEDIAHOOK_SOURCES"}"#);
    }

    #[test]
    fn a_misspelt_variable_is_an_error_with_the_nearest_one() {
        for (name, nearest) in [
            ("MEDIAHOOK_EVENTBUS", "MEDIAHOOK_EVENT_BUS"),
            ("MEDIAHOOK_EVENT_BUS_NAME", "MEDIAHOOK_EVENT_BUS"),
            ("mediahook_bucket", "MEDIAHOOK_BUCKET"),
            ("MEDIAHOOK_QUEUE", "MEDIAHOOK_QUEUE_URL"),
            ("MEDIAHOOK_SOURCE_SECRET", "MEDIAHOOK_SOURCES_SECRET"),
        ] {
            let error = environment(name, "").check_names().unwrap_err().to_string();
            assert_eq!(error, format!("{name}: there is no such variable, is {nearest} meant?"));
        }
        assert!(VARIABLES.into_iter().map(|name| (name, "x")).collect::<Environment>().check_names().is_ok());
    }
}
