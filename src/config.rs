//! The environment: what a function is told at start.

use std::collections::BTreeMap;
use std::fmt;

use crate::settings::SettingsError;
use crate::sources::Sources;
use crate::storage::StoreError;

/// The variable that holds the sources document.
pub const SOURCES: &str = "MEDIAHOOK_SOURCES";
/// The variable that names the secret which holds it instead.
pub const SOURCES_SECRET: &str = "MEDIAHOOK_SOURCES_SECRET";
/// The variable with the name of the bucket.
pub const BUCKET: &str = "MEDIAHOOK_BUCKET";
/// The variable with the URL of the FIFO queue. No other kind will do: this one drops a repeated event, and keeps the
/// events of a media in order.
pub const QUEUE_URL: &str = "MEDIAHOOK_QUEUE_URL";

/// The variable in which Lambda says how much memory a function has, in MiB.
const MEMORY_MIB: &str = "AWS_LAMBDA_FUNCTION_MEMORY_SIZE";
/// The least there is.
const LEAST_MEMORY_MIB: usize = 128;

/// Why a function cannot start. Names the variable, never its value.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// Not set, or empty.
    #[error("{0} is not set")]
    Missing(&'static str),
    /// Set to something else than what it must be.
    #[error("{0}: {1}")]
    Wrong(&'static str, &'static str),
    /// There is no sources document.
    #[error("neither {SOURCES} nor {SOURCES_SECRET} is set")]
    NoSources,
    /// The sources document has a mistake.
    #[error("{SOURCES}: {0}")]
    Sources(#[from] SettingsError),
    /// The secret with the sources document cannot be read, or has a mistake.
    #[error("{SOURCES_SECRET}: {0}")]
    Secret(String),
    /// There is no TLS to be had.
    #[error("TLS cannot be set up: {0}")]
    Tls(StoreError),
}

/// Where the sources come from.
#[derive(Debug)]
pub enum SourcesFrom {
    /// They stand in the environment.
    Document(Sources),
    /// They are kept in the secret of this name or ARN.
    Secret(String),
}

/// The environment variables of one function.
#[derive(Clone)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// Those of this process. One that is not UTF-8 is none of ours.
    pub fn of_process() -> Self {
        let vars = std::env::vars_os();
        Self(vars.filter_map(|(n, v)| Some((n.into_string().ok()?, v.into_string().ok()?))).collect())
    }

    /// The sources document, or the secret that holds it.
    ///
    /// # Errors
    /// Neither is there, or both are, or the document has a mistake.
    pub fn sources(&self) -> Result<SourcesFrom, ConfigError> {
        match (self.optional(SOURCES), self.optional(SOURCES_SECRET)) {
            (Some(_), Some(_)) => {
                Err(ConfigError::Wrong(SOURCES, "set beside MEDIAHOOK_SOURCES_SECRET: which one counts?"))
            }
            (Some(document), None) => Ok(SourcesFrom::Document(Sources::parse(document)?)),
            (None, Some(secret)) => Ok(SourcesFrom::Secret(secret.to_owned())),
            (None, None) => Err(ConfigError::NoSources),
        }
    }

    /// The bucket's name.
    ///
    /// # Errors
    /// It is missing, or no bucket's name.
    pub fn bucket(&self) -> Result<String, ConfigError> {
        let name = self.required(BUCKET)?;
        if name.contains([':', '/']) {
            return Err(ConfigError::Wrong(BUCKET, "is not the name of a bucket (an ARN or a path?)"));
        }
        Ok(name.to_owned())
    }

    /// The queue's URL.
    ///
    /// # Errors
    /// It is missing, or no URL.
    pub fn queue_url(&self) -> Result<String, ConfigError> {
        let url = self.required(QUEUE_URL)?;
        if !url.starts_with("https://") && !url.starts_with("http://") {
            return Err(ConfigError::Wrong(QUEUE_URL, "expected a URL"));
        }
        Ok(url.to_owned())
    }

    /// The function's memory in bytes; the least that Lambda gives where it does not say.
    pub fn memory_bytes(&self) -> usize {
        let mib = self.optional(MEMORY_MIB).and_then(|mib| mib.parse().ok()).unwrap_or(LEAST_MEMORY_MIB);
        mib.saturating_mul(1024 * 1024)
    }

    /// A variable that may be missing; an empty one is.
    pub fn optional(&self, name: &str) -> Option<&str> {
        self.raw(name).filter(|value| !value.trim().is_empty())
    }

    /// A variable as it is, blank or not: for what a blank one would switch off.
    pub(crate) fn raw(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
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
            Some(_) => Err(ConfigError::Wrong(name, "expected true or false")),
        }
    }

    /// Whether a variable is set, and not empty, whose name begins like this.
    pub(crate) fn has_any(&self, beginning: &str) -> bool {
        self.0.keys().any(|name| name.starts_with(beginning) && self.optional(name).is_some())
    }

    /// A variable that must be set.
    ///
    /// # Errors
    /// It is not, or it is empty.
    pub fn required(&self, name: &'static str) -> Result<&str, ConfigError> {
        self.optional(name).ok_or(ConfigError::Missing(name))
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(vars: I) -> Self {
        Self(vars.into_iter().map(|(n, v)| (n.into(), v.into())).collect())
    }
}

/// Names alone: among the values are keys.
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
        let none = environment("OTHER", "x");
        assert_eq!(
            none.sources().unwrap_err().to_string(),
            "neither MEDIAHOOK_SOURCES nor MEDIAHOOK_SOURCES_SECRET is set"
        );
        assert_eq!(none.queue_url().unwrap_err().to_string(), "MEDIAHOOK_QUEUE_URL is not set");
        assert_eq!(
            environment(QUEUE_URL, " ").queue_url().unwrap_err().to_string(),
            "MEDIAHOOK_QUEUE_URL is not set"
        );
        assert_eq!(
            environment(QUEUE_URL, "callbacks").queue_url().unwrap_err().to_string(),
            "MEDIAHOOK_QUEUE_URL: expected a URL"
        );
        let wrong = environment(SOURCES, r#"{"tencent-vod/a":{"sign_keys":"S3cret"}}"#);
        let error = wrong.sources().unwrap_err().to_string();
        assert_eq!(error, "MEDIAHOOK_SOURCES: tencent-vod/a: sign_keys: expected a list");
        assert_eq!(format!("{wrong:?}"), r#"{"MEDIAHOOK_SOURCES"}"#);
    }
}
