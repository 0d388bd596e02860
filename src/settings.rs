//! Reads one source's settings, member by member, with errors that name the place and never the value.

use std::borrow::Cow;

use crate::json::{Kind, Member, Value};
use crate::secret::Secret;

/// What is wrong with the sources document, and where: `tencent-vod/main: sign_keys: an empty list`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct SettingsError {
    place: String,
    problem: String,
}

impl SettingsError {
    pub(crate) fn new(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { place: place.into(), problem: problem.into() }
    }
}

/// The members of one object of the document. Each is taken once; [`Settings::finish`] refuses what nobody took.
#[derive(Debug)]
pub struct Settings<'a> {
    place: String,
    rest: Vec<Member<'a, 'a>>,
}

impl<'a> Settings<'a> {
    /// The settings in an object that stands at a place.
    pub fn new(place: impl Into<String>, json: Value<'a, 'a>) -> Result<Self, SettingsError> {
        let place = place.into();
        if json.kind() != Kind::Object {
            return Err(SettingsError::new(place, "expected an object"));
        }
        let rest: Vec<_> = json.members().collect();
        for (at, member) in rest.iter().enumerate() {
            if rest.iter().take(at).any(|earlier| earlier.name() == member.name()) {
                return Err(SettingsError::new(format!("{place}: {}", member.name()), "given twice"));
            }
        }
        Ok(Self { place, rest })
    }

    /// Every member's name and value, for an object whose names are not known beforehand.
    pub fn entries(self) -> impl Iterator<Item = (Cow<'a, str>, Value<'a, 'a>)> {
        self.rest.into_iter().map(|m| (m.name(), m.value()))
    }

    /// A text that is not empty.
    pub fn text(&mut self, name: &str) -> Result<Option<String>, SettingsError> {
        self.read(name, "expected a text that is not empty", text)
    }

    /// A text that must be there.
    pub fn required_text(&mut self, name: &str) -> Result<String, SettingsError> {
        self.text(name)?.ok_or_else(|| self.error(name, "missing"))
    }

    /// A secret that must be there.
    pub fn required_secret(&mut self, name: &str) -> Result<Secret, SettingsError> {
        self.required_text(name).map(Secret::new)
    }

    /// A list of texts, none of them empty; an empty list where the member is missing.
    pub fn texts(&mut self, name: &str) -> Result<Vec<String>, SettingsError> {
        let list =
            self.read(name, "expected a list of texts, at least one, none of them empty", |value| {
                let texts = value.items().map(text).collect::<Option<Vec<_>>>();
                texts.filter(|texts| !texts.is_empty())
            })?;
        Ok(list.unwrap_or_default())
    }

    /// A list of secrets; an empty list where the member is missing.
    pub fn secrets(&mut self, name: &str) -> Result<Vec<Secret>, SettingsError> {
        Ok(self.texts(name)?.into_iter().map(Secret::new).collect())
    }

    /// `true` or `false`; `false` where the member is missing.
    pub fn flag(&mut self, name: &str) -> Result<bool, SettingsError> {
        let flag = self.read(name, "expected true or false", Value::flag)?;
        Ok(flag.unwrap_or_default())
    }

    /// A whole number, zero or more.
    pub fn number(&mut self, name: &str) -> Result<Option<u64>, SettingsError> {
        self.read(name, "expected a whole number", |value| match value.kind() {
            Kind::Number => value.raw().parse().ok(),
            _ => None,
        })
    }

    /// The settings of a member that is an object itself.
    pub fn section(&mut self, name: &str) -> Result<Option<Settings<'a>>, SettingsError> {
        let place = format!("{}: {name}", self.place);
        self.take(name).map(|value| Settings::new(place, value)).transpose()
    }

    /// Refuses a member that nobody took: it would be a promise not kept.
    pub fn finish(self) -> Result<(), SettingsError> {
        match self.rest.first() {
            Some(member) => Err(self.error(&member.name(), "unknown member")),
            None => Ok(()),
        }
    }

    /// An error at a member.
    pub fn error(&self, name: &str, problem: impl Into<String>) -> SettingsError {
        SettingsError::new(format!("{}: {name}", self.place), problem)
    }

    fn read<T>(
        &mut self,
        name: &str,
        expected: &str,
        reader: impl FnOnce(Value<'a, 'a>) -> Option<T>,
    ) -> Result<Option<T>, SettingsError> {
        let Some(value) = self.take(name) else { return Ok(None) };
        reader(value).map(Some).ok_or_else(|| self.error(name, expected))
    }

    fn take(&mut self, name: &str) -> Option<Value<'a, 'a>> {
        let at = self.rest.iter().position(|m| m.name() == name)?;
        Some(self.rest.swap_remove(at).value())
    }
}

fn text(value: Value<'_, '_>) -> Option<String> {
    match value.kind() {
        Kind::String => value.text().filter(|t| !t.trim().is_empty()).map(String::from),
        _ => None,
    }
}
