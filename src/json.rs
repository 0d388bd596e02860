//! JSON text, read without changing it: every value keeps the bytes it came in.
//!
//! `serde_json` decides what is JSON; [`Json`] then only walks text that is known to be valid. It exists because an
//! event must be passed on, and told apart from others, digit by digit: a number here never becomes a float.

use std::borrow::Cow;

use memchr::memchr2;
use serde_json::value::RawValue;

/// How many arrays and objects may stand inside each other before a text counts as unreadable.
pub const MAX_DEPTH: usize = 128;

/// One JSON value, borrowed from the text it was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Json<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number's digits, as sent.
    Number(&'a str),
    /// A string with its quotes and escapes, as sent; [`Json::text`] decodes it.
    String(&'a str),
    /// The items in order.
    Array(Vec<Json<'a>>),
    /// The members in order, repeated names included.
    Object(Vec<Member<'a>>),
}

/// One member of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member<'a> {
    /// The name, decoded.
    pub name: Cow<'a, str>,
    /// The value.
    pub value: Json<'a>,
    /// The value's own bytes.
    pub raw: &'a str,
    /// The member's own bytes, from the first quote of its name to the end of its value.
    pub text: &'a str,
}

/// Why a text could not be read. Says where, never what stood there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Not JSON.
    #[error("not JSON: line {line}, column {column}")]
    Syntax {
        /// Counted from 1.
        line: usize,
        /// Counted from 1, in bytes.
        column: usize,
    },
    /// More than [`MAX_DEPTH`] levels.
    #[error("more than {MAX_DEPTH} levels of nesting")]
    TooDeep,
}

impl From<serde_json::Error> for ParseError {
    fn from(error: serde_json::Error) -> Self {
        Self::Syntax { line: error.line(), column: error.column() }
    }
}

impl<'a> Json<'a> {
    /// Reads one JSON text.
    pub fn parse(text: &'a str) -> Result<Self, ParseError> {
        Self::of(serde_json::from_str(text)?)
    }

    /// Reads text that is known to be JSON.
    ///
    /// # Errors
    /// It is nested too deep.
    pub fn of(valid: &'a RawValue) -> Result<Self, ParseError> {
        Reader { text: valid.get(), at: 0 }.value(MAX_DEPTH)
    }

    /// The member of that name; the last one where a name is repeated, as most JSON readers have it.
    pub fn get(&self, name: &str) -> Option<&Json<'a>> {
        self.members().iter().rev().find(|m| m.name == name).map(|m| &m.value)
    }

    /// The value at a path of member names, such as `Input.FileId`.
    pub fn at(&self, path: &str) -> Option<&Json<'a>> {
        path.split('.').try_fold(self, |value, name| value.get(name))
    }

    /// The members of an object; none of anything else.
    pub fn members(&self) -> &[Member<'a>] {
        match self {
            Json::Object(members) => members,
            _ => &[],
        }
    }

    /// The items of an array; none of anything else.
    pub fn items(&self) -> &[Json<'a>] {
        match self {
            Json::Array(items) => items,
            _ => &[],
        }
    }

    /// The text of a string, or the digits of a number; nothing for `""`, `null` and the rest.
    ///
    /// Both senders put numbers where they document strings, and `""` or `null` where they mean "none".
    pub fn text(&self) -> Option<Cow<'a, str>> {
        let text = match self {
            Json::String(quoted) => unquote(quoted),
            Json::Number(digits) => Cow::Borrowed(*digits),
            _ => return None,
        };
        (!text.is_empty()).then_some(text)
    }

    /// The text at a path: [`Json::at`], then [`Json::text`].
    pub fn text_at(&self, path: &str) -> Option<Cow<'a, str>> {
        self.at(path)?.text()
    }
}

/// Decodes a quoted JSON string. One that no string can hold (half a surrogate pair) stays as it was written.
pub(crate) fn unquote(quoted: &str) -> Cow<'_, str> {
    decode(quoted).unwrap_or_else(Cow::Borrowed)
}

/// Decodes a quoted JSON string.
///
/// # Errors
/// What is written between the quotes, where no string can hold what it says.
pub(crate) fn decode(quoted: &str) -> Result<Cow<'_, str>, &str> {
    let inner = quoted.strip_prefix('"').and_then(|s| s.strip_suffix('"')).unwrap_or(quoted);
    if !inner.as_bytes().contains(&b'\\') {
        return Ok(Cow::Borrowed(inner));
    }
    serde_json::from_str::<String>(quoted).map(Cow::Owned).map_err(|_| inner)
}

/// Walks text that `serde_json` has found valid, so that it need not look for mistakes.
struct Reader<'a> {
    text: &'a str,
    /// How many bytes are behind it.
    at: usize,
}

impl<'a> Reader<'a> {
    fn value(&mut self, levels_left: usize) -> Result<Json<'a>, ParseError> {
        self.space();
        Ok(match self.byte() {
            Some(b'{') => Json::Object(self.object(levels_left)?),
            Some(b'[') => Json::Array(self.array(levels_left)?),
            Some(b'"') => Json::String(self.string()),
            Some(b'n') => self.word(Json::Null),
            Some(b't') => self.word(Json::Bool(true)),
            Some(b'f') => self.word(Json::Bool(false)),
            _ => Json::Number(self.scalar()),
        })
    }

    fn object(&mut self, levels_left: usize) -> Result<Vec<Member<'a>>, ParseError> {
        let levels_left = levels_left.checked_sub(1).ok_or(ParseError::TooDeep)?;
        let mut members = Vec::new();
        while self.has_another(b'}') {
            let start = self.at;
            let name = unquote(self.string());
            self.space();
            self.at += 1; // the colon
            self.space();
            let value_start = self.at;
            let value = self.value(levels_left)?;
            members.push(Member { name, value, raw: self.since(value_start), text: self.since(start) });
        }
        Ok(members)
    }

    fn array(&mut self, levels_left: usize) -> Result<Vec<Json<'a>>, ParseError> {
        let levels_left = levels_left.checked_sub(1).ok_or(ParseError::TooDeep)?;
        let mut items = Vec::new();
        while self.has_another(b']') {
            items.push(self.value(levels_left)?);
        }
        Ok(items)
    }

    /// Goes over the bracket or the comma, and stands before another item, or behind the closing bracket.
    fn has_another(&mut self, closing: u8) -> bool {
        self.space();
        let is_end = self.byte() == Some(closing);
        self.at += 1;
        self.space();
        if !is_end && self.byte() == Some(closing) {
            self.at += 1; // there was nothing between the brackets
            return false;
        }
        !is_end
    }

    fn word(&mut self, value: Json<'a>) -> Json<'a> {
        self.scalar();
        value
    }

    fn scalar(&mut self) -> &'a str {
        let start = self.at;
        while !matches!(self.byte(), None | Some(b',' | b']' | b'}' | b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
        self.since(start)
    }

    /// A string with its quotes.
    fn string(&mut self) -> &'a str {
        let start = self.at;
        self.at += 1;
        while let Some(found) = memchr2(b'"', b'\\', self.text.as_bytes().get(self.at..).unwrap_or_default())
        {
            self.at += found + 1;
            if self.text.as_bytes().get(self.at - 1) == Some(&b'"') {
                break;
            }
            self.at += 1; // what is escaped closes nothing
        }
        self.since(start)
    }

    /// What was read since then.
    fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    fn space(&mut self) {
        while matches!(self.byte(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_digits_escapes_and_bytes() {
        let text = r#" { "a" : 16092504232103571364.50 , "b\u0031":"x\"\\", "c":[1, {"d":null}],"e":true } "#;
        let json = Json::parse(text).unwrap();
        assert_eq!(json.get("a"), Some(&Json::Number("16092504232103571364.50")));
        assert_eq!(json.text_at("b1").unwrap(), "x\"\\");
        assert_eq!(json.get("c").unwrap().items()[1].get("d"), Some(&Json::Null));
        let raws: Vec<_> = json.members().iter().map(|m| m.raw).collect();
        assert_eq!(raws, ["16092504232103571364.50", r#""x\"\\""#, r#"[1, {"d":null}]"#, "true"]);
        let texts: Vec<_> = json.members().iter().map(|m| m.text).collect();
        assert_eq!(
            texts,
            [
                r#""a" : 16092504232103571364.50"#,
                r#""b\u0031":"x\"\\""#,
                r#""c":[1, {"d":null}]"#,
                r#""e":true"#
            ]
        );
    }

    #[test]
    fn an_empty_text_is_none() {
        let json = Json::parse(r#"{"a":"","b":null,"c":0}"#).unwrap();
        assert_eq!(json.text_at("a"), None);
        assert_eq!(json.text_at("b"), None);
        assert_eq!(json.text_at("c").unwrap(), "0");
        assert_eq!(json.text_at("d.e"), None);
    }

    #[test]
    fn half_a_surrogate_stays_as_written() {
        let json = Json::parse(r#"{"a":"\ud800"}"#).unwrap();
        assert_eq!(json.text_at("a").unwrap(), r"\ud800");
    }

    #[test]
    fn levels_are_counted() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(Json::parse(&nested(MAX_DEPTH)).is_ok());
        assert_eq!(Json::parse(&nested(MAX_DEPTH + 1)), Err(ParseError::TooDeep));
        assert_eq!(Json::parse(&nested(1_000_000)), Err(ParseError::TooDeep));
    }

    #[test]
    fn a_mistake_has_a_place() {
        assert_eq!(Json::parse("{\"a\":\n 1,}"), Err(ParseError::Syntax { line: 2, column: 4 }));
        for text in ["", "{", "nul", "01", "{'a':1}", "[1 2]", "\"\u{1}\"", "{} {}"] {
            assert!(matches!(Json::parse(text), Err(ParseError::Syntax { .. })), "{text}");
        }
    }
}
