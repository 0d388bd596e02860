//! Text that must not be seen: keys, tokens, access secrets.

use std::fmt;

use serde::Deserialize;
use subtle::{Choice, ConstantTimeEq};

use crate::text::{Invisible, invisible, is_blank, is_placeholder};

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

/// From the settings, where one that cannot be the sender's is a mistake: every genuine callback would be unauthorized.
impl TryFrom<String> for Secret {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if is_blank(&text) {
            return Err("expected a text that is not empty");
        }
        match invisible(&text) {
            None if is_placeholder(&text) => Err("expected a value in place of the placeholder"),
            None => Ok(Self(text)),
            Some(Invisible::AtStart) => {
                Err("expected no white space or invisible character at the beginning")
            }
            Some(Invisible::Inside) => Err("expected no white space or invisible character inside"),
            Some(Invisible::AtEnd) => {
                Err("expected no white space or invisible character at the end (a newline?)")
            }
        }
    }
}

/// A key that callbacks are signed with. The senders set no lower limit to its length; we do, since whoever guesses it can
/// send events.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct SignatureKey(Secret);

impl TryFrom<String> for SignatureKey {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        const MIN_CHARS: usize = 6;
        let is_long_enough = text.chars().count() >= MIN_CHARS;
        let key = Secret::try_from(text)?;
        if is_long_enough { Ok(Self(key)) } else { Err("expected at least 6 characters") }
    }
}

impl From<SignatureKey> for Secret {
    fn from(SignatureKey(key): SignatureKey) -> Self {
        key
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
