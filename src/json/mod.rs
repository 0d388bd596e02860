//! JSON text, read without changing it: every value keeps the bytes it came in.
//!
//! An event must be passed on, and told apart from others, digit by digit: a number here never becomes a float. And it
//! is read in one pass, since that is most of what the receiver itself does for a callback.

mod cursor;
mod raw;
mod reader;
mod skim;

use std::borrow::Cow;
use std::fmt;

pub use raw::RawJson;
use reader::Node;
pub(crate) use skim::skim;

/// How many arrays and objects may stand inside each other before a text counts as unreadable.
pub const MAX_DEPTH: usize = 128;

/// A JSON text that has been read.
pub struct Json<'a> {
    text: &'a str,
    index: Index,
}

/// Where each value of a text stands. For whoever owns the text, and so cannot keep a [`Json`] beside it.
pub(crate) struct Index(Vec<Node>);

/// One value in a [`Json`].
#[derive(Clone, Copy)]
pub struct Value<'j, 'a> {
    text: &'a str,
    /// Its own, those of what stands in it, and perhaps others.
    nodes: &'j [Node],
}

/// One member of an object.
#[derive(Clone, Copy)]
pub struct Member<'j, 'a> {
    text: &'a str,
    /// The name's, and then the value's.
    nodes: &'j [Node],
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool,
    /// A number, of any size and precision.
    Number,
    /// A text in quotes.
    String,
    /// A list of values.
    Array,
    /// Values with names.
    Object,
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
    /// Nothing that a Lambda function is given, or an object of ours holds, is that long.
    #[error("more than 4 GiB")]
    TooLong,
}

impl<'a> Json<'a> {
    /// Reads one JSON text.
    pub fn parse(text: &'a str) -> Result<Self, ParseError> {
        Ok(Self { text, index: Index::of(text)? })
    }

    /// The one value that is all of it.
    pub fn root(&self) -> Value<'_, 'a> {
        self.index.root(self.text)
    }
}

impl Index {
    /// Reads one JSON text.
    pub(crate) fn of(text: &str) -> Result<Self, ParseError> {
        reader::read(text).map(Self)
    }

    /// The one value that is all of that text, which must be the one that was read.
    pub(crate) fn root<'j, 'a>(&'j self, text: &'a str) -> Value<'j, 'a> {
        Value { text, nodes: &self.0 }
    }
}

impl<'j, 'a> Value<'j, 'a> {
    /// A `null` that stands nowhere.
    pub const NULL: Self = Self { text: "", nodes: &[] };

    /// What it is.
    pub fn kind(self) -> Kind {
        self.node().kind
    }

    /// Whether it is `null`.
    pub fn is_null(self) -> bool {
        self.kind() == Kind::Null
    }

    /// Whether it is `true` or `false`; nothing if it is neither.
    pub fn flag(self) -> Option<bool> {
        (self.kind() == Kind::Bool).then(|| self.raw() == "true")
    }

    /// Its own bytes: of a string, with its quotes and escapes.
    pub fn raw(self) -> &'a str {
        slice(self.text, self.node().start, self.node().end)
    }

    /// The member of that name; the last one where a name is repeated, as most JSON readers have it.
    pub fn get(self, name: &str) -> Option<Self> {
        self.members().filter(|m| m.name() == name).last().map(Member::value)
    }

    /// The value at a path of member names, such as `Input.FileId`.
    pub fn at(self, path: &str) -> Option<Self> {
        path.split('.').try_fold(self, Self::get)
    }

    /// The members of an object, repeated names included; none of anything else.
    pub fn members(self) -> impl Iterator<Item = Member<'j, 'a>> {
        let mut nodes = self.nodes_inside(Kind::Object);
        std::iter::from_fn(move || {
            let (_, value) = nodes.split_first()?;
            let member = Member { text: self.text, nodes };
            nodes = behind_first(value);
            Some(member)
        })
    }

    /// The items of an array; none of anything else.
    pub fn items(self) -> impl Iterator<Item = Self> {
        let mut nodes = self.nodes_inside(Kind::Array);
        std::iter::from_fn(move || {
            nodes.first()?;
            let item = Self { text: self.text, nodes };
            nodes = behind_first(nodes);
            Some(item)
        })
    }

    /// The item of an array that has one.
    pub(crate) fn only_item(self) -> Option<Self> {
        let mut items = self.items();
        items.next().filter(|_| items.next().is_none())
    }

    /// The text of a string, or the digits of a number; nothing for `""`, `null` and the rest.
    ///
    /// Both senders put numbers where they document strings, and `""` or `null` where they mean "none".
    pub fn text(self) -> Option<Cow<'a, str>> {
        let text = match self.kind() {
            Kind::String => self.string().unwrap_or_else(Cow::Borrowed),
            Kind::Number => Cow::Borrowed(self.raw()),
            _ => return None,
        };
        (!text.is_empty()).then_some(text)
    }

    /// The text at a path: [`Value::at`], then [`Value::text`].
    pub fn text_at(self, path: &str) -> Option<Cow<'a, str>> {
        self.at(path)?.text()
    }

    /// What a string says.
    ///
    /// # Errors
    /// What is written between its quotes, where no string can hold what that says (half a surrogate pair).
    pub(crate) fn string(self) -> Result<Cow<'a, str>, &'a str> {
        string(self.text, self.node())
    }

    fn node(self) -> Node {
        first(self.nodes)
    }

    /// Of what stands in it, if it is of that kind.
    fn nodes_inside(self, kind: Kind) -> &'j [Node] {
        let node = self.node();
        let inside = if node.kind == kind { self.nodes.get(1..=node.inside as usize) } else { None };
        inside.unwrap_or_default()
    }
}

impl<'j, 'a> Member<'j, 'a> {
    /// The name, decoded. One that no string can hold is as it was written.
    #[inline]
    pub fn name(self) -> Cow<'a, str> {
        self.name_string().unwrap_or_else(Cow::Borrowed)
    }

    /// Whether [`Member::name`] has something to decode.
    pub(crate) fn is_name_escaped(self) -> bool {
        first(self.nodes).is_escaped
    }

    /// What the name says; see [`Value::string`].
    #[inline]
    pub(crate) fn name_string(self) -> Result<Cow<'a, str>, &'a str> {
        string(self.text, first(self.nodes))
    }

    /// The value.
    pub fn value(self) -> Value<'j, 'a> {
        Value { text: self.text, nodes: self.nodes.get(1..).unwrap_or_default() }
    }

    /// The member's own bytes, from the first quote of its name to the end of its value.
    pub fn text(self) -> &'a str {
        slice(self.text, first(self.nodes).start, self.value().node().end)
    }
}

/// The first of them; that of a `null` where there is none.
fn first(nodes: &[Node]) -> Node {
    const NULL: Node = Node { kind: Kind::Null, is_escaped: false, start: 0, end: 0, inside: 0 };
    nodes.first().copied().unwrap_or(NULL)
}

/// Those that are neither the first nor in it.
fn behind_first(nodes: &[Node]) -> &[Node] {
    nodes.get(1 + first(nodes).inside as usize..).unwrap_or_default()
}

/// What stands in it is for nobody's log.
impl fmt::Debug for Value<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}({} bytes)", self.kind(), self.raw().len())
    }
}

impl fmt::Debug for Member<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:?}", self.name(), self.value())
    }
}

impl fmt::Debug for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.root().fmt(f)
    }
}

/// Decodes a quoted JSON string. One that no string can hold stays as it was written.
pub(crate) fn unquote(quoted: &str) -> Cow<'_, str> {
    let written = quoted.strip_prefix('"').and_then(|s| s.strip_suffix('"')).unwrap_or(quoted);
    if !written.as_bytes().contains(&b'\\') {
        return Cow::Borrowed(written);
    }
    decode(quoted).map_or(Cow::Borrowed(written), Cow::Owned)
}

#[inline]
fn string(text: &str, node: Node) -> Result<Cow<'_, str>, &str> {
    if node.is_escaped {
        return decode(slice(text, node.start, node.end)).ok_or_else(|| written(text, node)).map(Cow::Owned);
    }
    Ok(Cow::Borrowed(written(text, node)))
}

/// What stands between the quotes.
fn written(text: &str, node: Node) -> &str {
    slice(text, node.start + 1, node.end.saturating_sub(1))
}

#[cold]
fn decode(quoted: &str) -> Option<String> {
    serde_json::from_str(quoted).ok()
}

fn slice(text: &str, start: u32, end: u32) -> &str {
    text.get(start as usize..end as usize).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_digits_escapes_and_bytes() {
        let text = r#" { "a" : 16092504232103571364.50 , "b\u0031":"x\"\\", "c":[1, {"d":null}],"e":true } "#;
        let json = Json::parse(text).unwrap();
        let root = json.root();
        assert_eq!(root.raw(), text.trim());
        assert_eq!(root.text_at("b1").unwrap(), "x\"\\");
        assert!(root.get("c").unwrap().items().nth(1).unwrap().get("d").unwrap().is_null());
        let raws: Vec<_> = root.members().map(|m| m.value().raw()).collect();
        assert_eq!(raws, ["16092504232103571364.50", r#""x\"\\""#, r#"[1, {"d":null}]"#, "true"]);
        let texts: Vec<_> = root.members().map(Member::text).collect();
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
        let text_at = |path| json.root().text_at(path);
        assert_eq!((text_at("a"), text_at("b"), text_at("d.e")), (None, None, None));
        assert_eq!(text_at("c").unwrap(), "0");
    }

    #[test]
    fn of_a_repeated_name_the_last_one_counts() {
        let json = Json::parse(r#"{"a":1,"b":2,"\u0061":3}"#).unwrap();
        assert_eq!(json.root().text_at("a").unwrap(), "3");
        assert_eq!(json.root().members().count(), 3);
    }

    #[test]
    fn half_a_surrogate_stays_as_written() {
        let json = Json::parse(r#"{"a":"\ud800"}"#).unwrap();
        assert_eq!(json.root().text_at("a").unwrap(), r"\ud800");
    }

    #[test]
    fn levels_are_counted() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(Json::parse(&nested(MAX_DEPTH)).is_ok());
        assert_eq!(Json::parse(&nested(MAX_DEPTH + 1)).unwrap_err(), ParseError::TooDeep);
        assert_eq!(Json::parse(&nested(1_000_000)).unwrap_err(), ParseError::TooDeep);
    }

    #[test]
    fn a_mistake_has_a_place() {
        let mistake = |text| Json::parse(text).unwrap_err();
        assert_eq!(mistake("{\"a\":\n 1,}"), ParseError::Syntax { line: 2, column: 4 });
        assert_eq!(mistake(""), ParseError::Syntax { line: 1, column: 1 });
        assert_eq!(mistake("[1,\n\n\"\u{e9}\\x\"]"), ParseError::Syntax { line: 3, column: 5 });
    }

    #[test]
    fn what_stands_in_it_is_not_shown() {
        let json = Json::parse(r#"{"a":"PayloadMark"}"#).unwrap();
        assert_eq!(format!("{json:?}"), "Object(19 bytes)");
    }
}
