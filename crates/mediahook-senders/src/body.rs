//! Reads the JSON of a body: as a [`Value`] to compare and to look into, and member by member to pass on unchanged.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// How deep arrays and objects may be nested: the limit of `serde_json`, and the body's own level.
pub const MAX_DEPTH: usize = 128;

/// Why an authentic body has no event for the queue. The text names the place of the problem, and never repeats the
/// contents.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unprocessable {
    /// Not UTF-8, so not JSON.
    #[error("the body is not UTF-8 from byte {valid_bytes} on")]
    NotUtf8 {
        /// How many bytes were valid.
        valid_bytes: usize,
    },
    /// Not JSON.
    #[error("the body is not JSON: line {line}, column {column}")]
    NotJson {
        /// Counted from 1.
        line: usize,
        /// Counted from 1, in bytes.
        column: usize,
    },
    /// JSON that `serde_json` does not read.
    #[error("the body has more than {MAX_DEPTH} levels of nesting, or a number that no float can hold")]
    OutOfRange,
    /// JSON, but not an object.
    #[error("the body is JSON, but not an object")]
    NotAnObject,
    /// An object that names no event, or one whose type or id is longer than any of the senders'.
    #[error("the body names no event")]
    NoEvent,
    /// An event whose contents the queue does not allow. The code is the queue's.
    #[error("{0}: the contents are not allowed")]
    Unsendable(String),
    /// mediahook has a bug.
    #[error("the body cannot be read because of a bug in mediahook, please report it")]
    Panicked,
}

impl From<serde_json::Error> for Unprocessable {
    fn from(error: serde_json::Error) -> Self {
        Self::NotJson { line: error.line(), column: error.column() }
    }
}

/// A parsed body.
pub struct Body<'a> {
    /// As it came.
    object: &'a RawValue,
    /// The name of each member, and where it ends in the object.
    members: Vec<(String, usize)>,
    value: Map<String, Value>,
}

impl<'a> Body<'a> {
    /// Reads a body, with or without a byte order mark.
    ///
    /// # Errors
    /// The text is not JSON, is nested too deep, or is not an object.
    pub fn parse(text: &'a str) -> Result<Self, Unprocessable> {
        // RFC 8259 lets a reader ignore it. The line and column of an error are counted from behind it.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let object: &RawValue = serde_json::from_str(text)?;
        if !object.get().starts_with('{') {
            return Err(Unprocessable::NotAnObject);
        }
        Self::read(object, object.get()).or_else(|error| match without_half_surrogates(object.get()) {
            Some(readable) => Self::read(object, &readable),
            None => Err(error),
        })
    }

    /// `readable` has the same members at the same places as `object`.
    fn read(object: &'a RawValue, readable: &str) -> Result<Self, Unprocessable> {
        let Members(raw) = serde_json::from_str(readable)?;
        let end = |part: &str| part.as_ptr() as usize - readable.as_ptr() as usize + part.len();
        let (mut members, mut value) = (Vec::with_capacity(raw.len()), Map::new());
        for (name, member) in raw {
            members.push((name.clone(), end(member.get())));
            let member = serde_json::from_str(member.get()).map_err(|_| Unprocessable::OutOfRange)?;
            // Of a repeated name the last one counts, as for most readers.
            value.insert(name, member);
        }
        let mut value = Value::Object(value);
        normalize(&mut value);
        value.sort_all_objects();
        let Value::Object(value) = value else { return Err(Unprocessable::NotAnObject) };
        Ok(Self { object, members, value })
    }

    /// The members, without those that are null, in the order of their names.
    pub fn members(&self) -> &Map<String, Value> {
        &self.value
    }

    /// The text of the member of that name; see [`text`].
    pub fn text(&self, name: &str) -> Option<String> {
        text(self.value.get(name)?)
    }

    /// The JSON object without the members of these names. Every other member keeps its original bytes.
    pub fn without(&self, names: &[&str]) -> Option<Box<RawValue>> {
        let is_left_out = |name: &str| names.contains(&name);
        if !self.members.iter().any(|(name, _)| is_left_out(name)) {
            return Some(self.object.to_owned());
        }
        let text = self.object.get();
        let (mut kept, mut begin) = (String::with_capacity(text.len()), 0);
        for (name, end) in &self.members {
            // From the end of the previous member: white space, a bracket or a comma, and the member itself.
            let bytes = text.get(begin..*end).unwrap_or_default();
            begin = *end;
            if !is_left_out(name) {
                kept.push(if kept.is_empty() { '{' } else { ',' });
                kept.push_str(bytes.trim_start_matches(['{', ',', ' ', '\t', '\r', '\n']));
            }
        }
        kept.push_str(if kept.is_empty() { "{}" } else { "}" });
        RawValue::from_string(kept).ok()
    }
}

/// Its contents must not be logged.
impl fmt::Debug for Body<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({} bytes)", self.object.get().len())
    }
}

/// The members of an object in their order, repeated names included.
pub(crate) struct Members<'a>(pub(crate) Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

/// What two writers may write differently: a null for a missing member, and a number such as `56.0`, `1e2` or `-0` for an
/// integer.
fn normalize(value: &mut Value) {
    match value {
        Value::Number(number) if number.is_f64() => {
            let digits = number.as_f64().unwrap_or_default().to_string();
            if let Ok(integer) = digits.parse::<i64>() {
                *value = integer.into();
            } else if let Ok(integer) = digits.parse::<u64>() {
                *value = integer.into();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(normalize),
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            members.values_mut().for_each(normalize);
        }
        _ => {}
    }
}

/// The text with `\uFFFD` for each half of a surrogate pair, which has as many bytes. A sender that cuts a caption in UTF-16
/// writes such halves, and `serde_json` does not read them. `None` if there are none.
fn without_half_surrogates(text: &str) -> Option<String> {
    let code = |at: usize| {
        let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
        u32::from_str_radix(digits, 16).ok()
    };
    let (mut readable, mut at, mut copied) = (String::new(), 0, 0);
    while let Some(next) = text.get(at..).and_then(|rest| rest.find('\\')) {
        at += next;
        match (code(at), code(at + 6)) {
            (Some(0xd800..0xdc00), Some(0xdc00..0xe000)) => at += 12,
            (Some(0xd800..0xe000), _) => {
                readable.push_str(text.get(copied..at)?);
                readable.push_str("\\uFFFD");
                at += 6;
                copied = at;
            }
            _ => at += 2,
        }
    }
    readable.push_str(text.get(copied..)?);
    (copied > 0).then_some(readable)
}

/// The text of a string, or the digits of a number; `None` for `""` and any other value.
///
/// The senders send numbers where they document strings, and `""` where they mean "none".
pub fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => (!text.is_empty()).then(|| text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The same for a member that is not parsed.
pub(crate) fn raw_text(value: &RawValue) -> Option<String> {
    text(&serde_json::from_str(value.get()).ok()?)
}

/// Every text at a path such as `FileInfoSet[].Input.FileId`, in which `[]` means every item of a list.
pub(crate) fn texts(value: &Value, path: &str) -> Vec<String> {
    let (name, rest) = path.split_once('.').unwrap_or((path, ""));
    let Some(member) = value.get(name.trim_end_matches("[]")) else { return Vec::new() };
    let items = match member {
        Value::Array(items) if name.ends_with("[]") => items,
        member => std::slice::from_ref(member),
    };
    let of_item = |item| if rest.is_empty() { text(item).into_iter().collect() } else { texts(item, rest) };
    items.iter().flat_map(of_item).collect()
}

/// The text at the first of these paths, separated by spaces, that has one. All texts at a path must be equal.
pub(crate) fn first_text(value: &Value, paths: &str) -> Option<String> {
    paths.split(' ').find_map(|path| {
        let mut texts = texts(value, path);
        texts.dedup();
        texts.pop().filter(|_| texts.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn levels_are_counted() {
        let nested =
            |levels: usize| format!("{{\"a\":{}1{}}}", "[".repeat(levels - 1), "]".repeat(levels - 1));
        assert!(Body::parse(&nested(MAX_DEPTH)).is_ok());
        for levels in [MAX_DEPTH + 1, 1_000_000] {
            assert_eq!(Body::parse(&nested(levels)).unwrap_err(), Unprocessable::OutOfRange);
        }
        assert_eq!(Body::parse(r#"{"a":1e999}"#).unwrap_err(), Unprocessable::OutOfRange);
    }

    #[test]
    fn a_mistake_has_a_place() {
        let mistake = |text| Body::parse(text).unwrap_err();
        assert_eq!(mistake("{\"a\":\n 1,}"), Unprocessable::NotJson { line: 2, column: 4 });
        assert_eq!(mistake("{\"a\n\":1}"), Unprocessable::NotJson { line: 1, column: 3 });
        assert_eq!(mistake(r#"{"a":1} x"#), Unprocessable::NotJson { line: 1, column: 9 });
        assert_eq!(mistake("[1]"), Unprocessable::NotAnObject);
    }

    #[test]
    fn of_a_repeated_name_the_last_one_counts() {
        let body = Body::parse(r#"{"a":1,"b":{"c":2,"c":3},"\u0061":4}"#).unwrap();
        assert_eq!(body.text("a").unwrap(), "4");
        assert_eq!(first_text(&body.members()["b"], "c").unwrap(), "3");
    }

    #[test]
    fn a_text_is_a_string_or_digits_and_an_empty_one_is_none() {
        let value = json!({"a": "", "b": null, "c": 16_092_504_232_103_571_364_u64, "d": "x\"", "e": {"f": {"g": 0}}, "h": ["i"]});
        let texts = ["a", "b", "c", "d", "e", "e.f.g", "e.g", "h"].map(|path| first_text(&value, path));
        let texts = texts.each_ref().map(|text| text.as_deref());
        let expected = [None, None, Some("16092504232103571364"), Some("x\""), None, Some("0"), None, None];
        assert_eq!(texts, expected);
    }

    #[test]
    fn texts_in_lists_are_common_where_all_are_the_same() {
        let value = json!({
            "a": [{"b": {"c": "1"}}, {"b": {"c": 1}}, {"b": {"c": ""}}, {"b": null}, 7], "d": ["x", "y"], "e": ["x", null]
        });
        let common = ["a[].b.c", "d[]", "e[]", "a[].b", "a[]", "a.b.c", "d", "f[]"]
            .map(|path| first_text(&value, path));
        let common = common.each_ref().map(Option::as_deref);
        assert_eq!(common, [Some("1"), None, Some("x"), None, Some("7"), None, None, None]);
    }

    #[test]
    fn half_a_surrogate_pair_is_read_as_the_replacement_character_and_passed_on_as_it_came() {
        let text = r#" {"\ud800":1,"T":0,"a":{"b":["\ud83d\ude00 \ud83d","\\ud800",{"\udfff":[]}]}} "#;
        let body = Body::parse(text).unwrap();
        assert_eq!(body.members()["a"]["b"], json!(["\u{1f600} \u{fffd}", "\\ud800", { "\u{fffd}": [] }]));
        assert_eq!(body.without(&["T"]).unwrap().get(), text.trim().replace(r#""T":0,"#, ""));
        assert_eq!(body.without(&[]).unwrap().get(), text.trim());
    }

    #[test]
    fn what_stands_in_it_is_not_shown() {
        assert_eq!(format!("{:?}", Body::parse(r#" {"a":"PayloadMark"} "#).unwrap()), "Body(19 bytes)");
    }
}
