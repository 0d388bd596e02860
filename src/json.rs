//! JSON text, read without changing it: every value keeps the bytes it came in.
//!
//! `serde_json` decides what is JSON; [`Json`] then only walks text that is known to be valid. It exists because an
//! event must be passed on, and told apart from others, digit by digit: a number here never becomes a float.

use std::borrow::Cow;
use std::fmt;

use memchr::memchr2;
use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, SerializeStruct as _, Serializer};
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

/// A JSON text, known to be one, which is passed on as it is.
///
/// As `serde_json`'s `RawValue`, but that reads every text again that it is made of.
#[derive(Clone, PartialEq, Eq)]
pub struct RawJson(Box<str>);

impl RawJson {
    /// A text as it stands, but for white space around it.
    ///
    /// # Errors
    /// It is not JSON.
    pub fn parse(text: String) -> Result<Self, ParseError> {
        Ok(Self(RawValue::from_string(text)?.into()))
    }

    /// A text that was put together from valid ones.
    pub(crate) fn trusted(text: String) -> Self {
        Self(text.into_boxed_str())
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
        Box::<RawValue>::deserialize(deserializer).map(|valid| Self(valid.into()))
    }
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
    pub(crate) fn of(valid: &'a RawValue) -> Result<Self, ParseError> {
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

/// Passes over an object without keeping any of it: the name and the value of each of its members, as they are written.
/// Nothing where the text is no object, or a bracket or a quote is not closed. Of what stands inside, JSON or not,
/// nothing is checked.
pub(crate) fn skim<'a>(text: &'a str, mut each: impl FnMut(&'a str, &'a str)) -> Option<()> {
    let mut reader = Reader { text, at: 0 };
    reader.space();
    reader.byte().filter(|byte| *byte == b'{')?;
    while reader.has_another(b'}') {
        reader.byte().filter(|byte| *byte == b'"')?;
        let name = reader.string();
        reader.space();
        reader.byte().filter(|byte| *byte == b':')?;
        reader.at += 1;
        reader.space();
        let start = reader.at;
        reader.pass()?;
        each(name, reader.since(start));
    }
    reader.space();
    reader.byte().is_none().then_some(())
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

    /// Goes over one value, however deep.
    fn pass(&mut self) -> Option<()> {
        let mut open = 0_usize;
        loop {
            match self.byte()? {
                b'"' => drop(self.string()),
                b'{' | b'[' => {
                    open += 1;
                    self.at += 1;
                }
                b'}' | b']' => {
                    open = open.checked_sub(1)?;
                    self.at += 1;
                }
                _ if open == 0 => drop(self.scalar()),
                _ => self.at += 1,
            }
            if open == 0 {
                return Some(());
            }
        }
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
            let member = Member { name, value, raw: self.since(value_start), text: self.since(start) };
            push(&mut members, member);
        }
        Ok(members)
    }

    fn array(&mut self, levels_left: usize) -> Result<Vec<Json<'a>>, ParseError> {
        let levels_left = levels_left.checked_sub(1).ok_or(ParseError::TooDeep)?;
        let mut items = Vec::new();
        while self.has_another(b']') {
            push(&mut items, self.value(levels_left)?);
        }
        Ok(items)
    }

    /// Goes over the bracket or the comma, and stands before another item, or behind the closing bracket.
    fn has_another(&mut self, closing: u8) -> bool {
        self.space();
        let is_end = self.byte() == Some(closing);
        self.at += 1;
        if is_end {
            return false;
        }
        self.space();
        let is_empty = self.byte() == Some(closing);
        self.at += usize::from(is_empty);
        !is_empty
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
        loop {
            let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
            let Some(found) = memchr2(b'"', b'\\', rest) else {
                self.at = self.text.len(); // never closed: only what is skimmed can be like that
                break;
            };
            self.at += found + 1;
            if rest.get(found) == Some(&b'"') {
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

/// Pushes an item. A `Vec` begins with room for four: in a body of a million small objects, that is most of a function's
/// memory.
fn push<T>(items: &mut Vec<T>, item: T) {
    if items.len() == items.capacity() {
        items.reserve_exact(items.len().max(1));
    }
    items.push(item);
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
    fn an_object_is_passed_over_member_by_member() {
        let members = |text| {
            let mut members = Vec::new();
            skim(text, |name, value| members.push((name.to_owned(), value.to_owned()))).map(|()| members)
        };
        let text = r#" { "a" : 1.0 ,"b\"}": [{"c":"]}"},[[]]] , "d":{} ,"e":"\\" , "f":null } "#;
        let expected = [
            (r#""a""#, "1.0"),
            (r#""b\"}""#, r#"[{"c":"]}"},[[]]]"#),
            (r#""d""#, "{}"),
            (r#""e""#, r#""\\""#),
            (r#""f""#, "null"),
        ];
        assert_eq!(members(text).unwrap(), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(members("{}"), Some(vec![]));
        for text in [
            "",
            " ",
            "[]",
            "1",
            r#"{"a""#,
            r#"{"a":"#,
            r#"{"a":1"#,
            r#"{"a":[}"#,
            r#"{"a":"b}"#,
            "{} {}",
            "{a:1}",
        ] {
            assert_eq!(members(text), None, "{text}");
        }
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(1_000_000), "]".repeat(1_000_000));
        assert_eq!(members(&deep).unwrap().len(), 1);
    }

    #[test]
    fn raw_json_is_written_as_it_stands() {
        let raw = RawJson::parse(" { \"a\" : 1.50e3, \"b\":\"\\u0041\" }\n".to_owned()).unwrap();
        assert_eq!(serde_json::to_string(&vec![raw.clone()]).unwrap(), r#"[{ "a" : 1.50e3, "b":"\u0041" }]"#);
        let read: Vec<RawJson> = serde_json::from_str(r#"[{ "a" : 1.50e3, "b":"\u0041" }]"#).unwrap();
        assert_eq!(read, [raw]);
        assert!(RawJson::parse("{".to_owned()).is_err());
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
