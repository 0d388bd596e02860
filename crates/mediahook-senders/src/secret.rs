//! Text that must not be seen: keys, tokens, access secrets.

use std::fmt;

use serde::Deserialize;
use subtle::{Choice, ConstantTimeEq};

use crate::text::{invisible, is_placeholder};

/// A key or token. It can be compared and used, not printed.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret as text. Use it only to compute a signature.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether the text is this one, in a time that depends on its length alone.
    pub fn matches(&self, text: &str) -> Choice {
        self.0.as_bytes().ct_eq(text.as_bytes())
    }
}

/// Rejects text that cannot be a real key. With such a key every callback would be answered 401.
impl TryFrom<String> for Secret {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let is_usable = !text.is_empty() && invisible(&text).is_none() && !is_placeholder(&text);
        if is_usable { Ok(Self(text)) } else { Err("expected a visible text, not a placeholder") }
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

    #[test]
    fn what_can_be_no_key_is_refused() {
        for text in ["", "CurrentKey1\n", "<CurrentKey1>", "changeme"] {
            assert!(Secret::try_from(text.to_owned()).is_err(), "{text:?}");
        }
    }
}
