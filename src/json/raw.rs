//! A JSON text that is passed on as it is.

use std::fmt;

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, SerializeStruct as _, Serializer};
use serde_json::value::RawValue;

use super::ParseError;

/// A JSON text, known to be one, which is passed on as it is.
///
/// As `serde_json`'s `RawValue`, but that reads every text again that it is made of.
#[derive(Clone, PartialEq, Eq)]
pub struct RawJson(String);

impl RawJson {
    /// A text as it stands, but for white space around it.
    ///
    /// # Errors
    /// It is not JSON.
    pub fn parse(text: String) -> Result<Self, ParseError> {
        match RawValue::from_string(text) {
            Ok(valid) => Ok(Self::of(valid)),
            Err(error) => Err(ParseError::Syntax { line: error.line(), column: error.column() }),
        }
    }

    fn of(valid: Box<RawValue>) -> Self {
        Self(Box::<str>::from(valid).into())
    }

    /// A text that was put together from valid ones.
    pub(crate) fn trusted(text: String) -> Self {
        Self(text)
    }

    /// The text.
    pub fn get(&self) -> &str {
        &self.0
    }
}

/// What stands in it is for nobody's log.
impl fmt::Debug for RawJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawJson({} bytes)", self.0.len())
    }
}

impl Serialize for RawJson {
    /// As `RawValue` does it: by this name `serde_json` knows that a text is to be written as it stands.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        const AS_IT_STANDS: &str = "$serde_json::private::RawValue";
        let mut raw = serializer.serialize_struct(AS_IT_STANDS, 1)?;
        raw.serialize_field(AS_IT_STANDS, &self.0)?;
        raw.end()
    }
}

impl<'de> Deserialize<'de> for RawJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(Self::of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_written_as_it_stands() {
        let raw = RawJson::parse(" { \"a\" : 1.50e3, \"b\":\"\\u0041\" }\n".to_owned()).unwrap();
        assert_eq!(serde_json::to_string(&vec![raw.clone()]).unwrap(), r#"[{ "a" : 1.50e3, "b":"\u0041" }]"#);
        let read: Vec<RawJson> = serde_json::from_str(r#"[{ "a" : 1.50e3, "b":"\u0041" }]"#).unwrap();
        assert_eq!(read, [raw]);
        assert!(RawJson::parse("{".to_owned()).is_err());
    }
}
