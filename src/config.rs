//! The environment: what a function is told at start.

use std::env;

use crate::settings::SettingsError;
use crate::source::Sources;

/// Where the sources document stands, inline.
pub const SOURCES: &str = "MEDIAHOOK_SOURCES";
/// The URL of the FIFO queue. No other will do: it drops a repeated event, and keeps the events of a media in order.
pub const QUEUE_URL: &str = "MEDIAHOOK_QUEUE_URL";

/// Why a function cannot start. Names the variable, never its value.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// Not set, or empty.
    #[error("{0} is not set")]
    Missing(&'static str),
    /// Set to something else than what it must be.
    #[error("{0}: {1}")]
    Wrong(&'static str, &'static str),
    /// The sources document has a mistake.
    #[error("{SOURCES}: {0}")]
    Sources(#[from] SettingsError),
}

/// The sources document.
///
/// # Errors
/// It is missing, or has a mistake.
pub fn sources() -> Result<Sources, ConfigError> {
    Ok(Sources::parse(&required(SOURCES)?)?)
}

/// The queue's URL.
///
/// # Errors
/// It is missing, or no URL.
pub fn queue_url() -> Result<String, ConfigError> {
    let url = required(QUEUE_URL)?;
    if !url.starts_with("https://") && !url.starts_with("http://") {
        return Err(ConfigError::Wrong(QUEUE_URL, "expected a URL"));
    }
    Ok(url)
}

/// A variable that is set and not empty.
pub(crate) fn optional(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.trim().is_empty())
}

/// A variable that must be set.
pub(crate) fn required(name: &'static str) -> Result<String, ConfigError> {
    optional(name).ok_or(ConfigError::Missing(name))
}
