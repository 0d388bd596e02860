//! Reads settings with serde, with errors that name the place and never the value.

use std::collections::HashSet;
use std::fmt;

use serde::Deserialize;
use serde::de::Deserializer;
use serde::de::value::MapDeserializer;
use serde_json::value::RawValue;

use crate::body::Members;
use crate::secret::{Secret, SignatureKey};

/// What is wrong with the sources document, and where: `tencent-vod/main: sign_keys[0]: unknown or wrong`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SettingsError(String);

impl SettingsError {
    /// An error at a place of the document.
    pub fn new(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self(format!("{}: {}", place.into(), problem.into()))
    }

    /// All of them as one, if there are any: an operator corrects them at once.
    pub fn all(errors: Vec<Self>) -> Option<Self> {
        let texts: Vec<_> = errors.into_iter().map(|Self(text)| text).collect();
        (!texts.is_empty()).then(|| Self(texts.join("; ")))
    }

    /// Names the place. serde's own words may repeat a value, which may be a secret.
    fn of(place: &str, error: &serde_path_to_error::Error<serde_json::Error>) -> Self {
        match error.path().to_string().as_str() {
            "." => Self::new(place, "a member is missing"),
            path => Self::new(format!("{place}: {path}"), "unknown or wrong"),
        }
    }
}

/// The members of one object of the document, not read yet.
pub struct Settings<'a> {
    place: String,
    members: Vec<(String, &'a RawValue)>,
}

impl<'a> Settings<'a> {
    /// The settings in a JSON text that stands at a place.
    ///
    /// # Errors
    /// The text is not JSON, not an object, or gives a member twice.
    pub fn parse(place: impl Into<String>, json: &'a str) -> Result<Self, SettingsError> {
        let place = place.into();
        let not_json = |error: serde_json::Error| {
            let (line, column) = (error.line(), error.column());
            SettingsError::new(&place, format!("not JSON: line {line}, column {column}"))
        };
        let json: &RawValue = serde_json::from_str(json).map_err(not_json)?;
        if !json.get().starts_with('{') {
            return Err(SettingsError::new(place, "expected an object"));
        }
        let Members(members) = serde_json::from_str(json.get()).map_err(not_json)?;
        let mut names = HashSet::with_capacity(members.len());
        if let Some((name, _)) = members.iter().find(|(name, _)| !names.insert(name)) {
            return Err(SettingsError::new(format!("{place}: {name}"), "given twice"));
        }
        Ok(Self { place, members })
    }

    /// Reads all of them. `T` denies unknown fields, so a misspelt member is an error.
    ///
    /// # Errors
    /// A member is unknown, missing or of another type; the error names it and not its value.
    pub fn read<T: Deserialize<'a>>(self) -> Result<T, SettingsError> {
        let members = self.members.iter().map(|(name, value)| (name.as_str(), *value));
        serde_path_to_error::deserialize(MapDeserializer::new(members))
            .map_err(|error| SettingsError::of(&self.place, &error))
    }

    /// Takes those of these names out.
    #[must_use]
    pub fn split_off(&mut self, names: &[&str]) -> Self {
        let members = self.members.extract_if(.., |(name, _)| names.contains(&name.as_str())).collect();
        Self { place: self.place.clone(), members }
    }

    /// Takes a member out that is an object itself.
    pub fn section(&mut self, name: &str) -> Result<Option<Self>, SettingsError> {
        let found = self.split_off(&[name]).members.pop();
        found.map(|(_, json)| Self::parse(format!("{}: {name}", self.place), json.get())).transpose()
    }

    /// Every member's name and JSON, for an object whose names are not known beforehand.
    pub fn entries(self) -> impl Iterator<Item = (String, &'a str)> {
        self.members.into_iter().map(|(name, value)| (name, value.get()))
    }
}

/// The values may be secrets.
impl fmt::Debug for Settings<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("place", &self.place).finish_non_exhaustive()
    }
}

/// A list with something in it, for `#[serde(default, deserialize_with = "list")]`: where the member is missing, the list
/// is empty.
pub fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let list = Vec::deserialize(deserializer)?;
    if list.is_empty() { Err(serde::de::Error::custom("expected at least one")) } else { Ok(list) }
}

/// A list of keys that callbacks are signed with, as [`list`].
pub fn signature_keys<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Secret>, D::Error> {
    Ok(list::<D, SignatureKey>(deserializer)?.into_iter().map(Secret::from).collect())
}

/// A member that may be missing, and is not null, for `#[serde(default, deserialize_with = "given")]`.
pub fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// A text that goes into a header or a path as it is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Word(String);

impl Word {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Word {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.is_empty() || !text.bytes().all(is_unreserved) {
            return Err("expected A-Z a-z 0-9 - . _ ~ alone, at least one");
        }
        Ok(Self(text))
    }
}

/// What no client, proxy or gateway rewrites (RFC 3986, unreserved).
pub fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}
