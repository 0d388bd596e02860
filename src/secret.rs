//! Text that must not be seen: keys, tokens, access secrets.

use std::fmt;

use serde::Deserialize;
use subtle::{Choice, ConstantTimeEq};

/// A key or token. It can be compared and used, not printed.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct Secret(String);

impl Secret {
    /// Takes a text into custody.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one who computes with it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether the text is this one, in a time that depends on its length alone.
    pub fn matches(&self, text: &str) -> Choice {
        self.0.as_bytes().ct_eq(text.as_bytes())
    }
}

/// From the settings, where an empty one is a mistake.
impl TryFrom<String> for Secret {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.trim().is_empty() { Err("expected a text that is not empty") } else { Ok(Self(text)) }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[REDACTED]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compares_but_does_not_print() {
        let secret = Secret::new("CurrentKey1");
        let matches = |text| bool::from(secret.matches(text));
        assert!(matches("CurrentKey1"));
        assert!(!matches("CurrentKey"));
        assert!(!matches("CurrentKey2"));
        assert_eq!(format!("{secret:?}"), "[REDACTED]");
    }
}
