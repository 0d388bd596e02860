//! Reads the JSON of a body without changing it: every member keeps its original bytes.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::canonical::{Canonical, Name, TooDeep};

/// How deep arrays and objects may be nested; a body with more levels counts as unreadable.
pub const MAX_DEPTH: usize = 128;

/// Why an authentic body is not an event. The text names the place of the problem, and never repeats its contents.
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
    /// More than [`MAX_DEPTH`] levels.
    #[error("the body has more than {MAX_DEPTH} levels of nesting")]
    TooDeep,
    /// JSON, but not an object.
    #[error("the body is JSON, but not an object")]
    NotAnObject,
    /// An object that names no event.
    #[error("the body names no event")]
    NoEvent,
    /// An event whose contents the queue does not allow. The code is the queue's.
    #[error("the queue refuses it: {0}")]
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

impl From<TooDeep> for Unprocessable {
    fn from(TooDeep: TooDeep) -> Self {
        Self::TooDeep
    }
}

/// A parsed body.
pub struct Body<'a> {
    text: &'a RawValue,
    object: Object<'a>,
    canonical: Canonical,
    /// Readable copies of the members that `serde_json` cannot read unchanged, by their positions.
    readable: BTreeMap<usize, Box<RawValue>>,
}

impl<'a> Body<'a> {
    /// Reads a body, with or without a byte order mark.
    ///
    /// # Errors
    /// The text is not JSON, is nested too deep, or is not an object.
    pub fn parse(text: &'a str) -> Result<Self, Unprocessable> {
        // RFC 8259 lets a reader ignore it. The line and column of an error are counted from behind it.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let text: &RawValue = serde_json::from_str(text)?;
        let object = Object::of(text).ok_or(Unprocessable::NotAnObject)?;
        let mut canonical = Canonical::with_capacity(text.get().len());
        let mut readable = BTreeMap::new();
        for (place, member) in object.0.iter().enumerate() {
            if let Some(copy) = canonical.add(&member.name, member.value)? {
                readable.insert(place, copy);
            }
        }
        Ok(Self { text, object, canonical, readable })
    }

    /// The value of the member of that name. If a name is repeated, the last one, as most JSON readers do.
    pub fn get(&self, name: &str) -> Option<&RawValue> {
        self.members().filter(|(of, _)| of == name).last().map(|(_, value)| value)
    }

    /// The text of the member of that name; see [`text`].
    pub fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        self.get(name).and_then(text)
    }

    /// Every member's name and value, repeated names included.
    ///
    /// `serde_json` can read these values. Where it could not (half of a surrogate pair, a number beyond a float),
    /// the value is replaced by a text.
    pub fn members(&self) -> impl Iterator<Item = (Cow<'_, str>, &RawValue)> {
        self.object.0.iter().enumerate().map(|(place, member)| {
            let value = self.readable.get(&place).map_or(member.value, |copy| &**copy);
            (String::from_utf8_lossy(&member.name), value)
        })
    }

    /// The JSON object without the members of these names. Every other member keeps its original bytes.
    pub fn without(&self, names: &[&str]) -> Box<RawValue> {
        let is_left_out = |member: &Member<'_>| names.iter().any(|name| name.as_bytes() == &*member.name);
        if !self.object.0.iter().any(is_left_out) {
            return self.text.to_owned();
        }
        let text = self.text.get();
        let (mut kept, mut behind_last) = (String::with_capacity(text.len()), 0);
        for member in &self.object.0 {
            let end =
                member.value.get().as_ptr() as usize + member.value.get().len() - text.as_ptr() as usize;
            // From the end of the previous member: white space, a bracket or a comma, and the member itself.
            let bytes = text.get(behind_last..end).unwrap_or_default();
            behind_last = end;
            if !is_left_out(member) {
                kept.push(if kept.is_empty() { '{' } else { ',' });
                kept.push_str(bytes.trim_start_matches(['{', ',', ' ', '\t', '\r', '\n']));
            }
        }
        kept.push_str(if kept.is_empty() { "{}" } else { "}" });
        // The kept members always form a JSON object. If that were ever wrong, the whole body is used as the data.
        RawValue::from_string(kept).unwrap_or_else(|_| self.text.to_owned())
    }

    pub(crate) fn canonical(&self) -> &Canonical {
        &self.canonical
    }
}

/// Its contents must not be logged.
impl fmt::Debug for Body<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({} bytes)", self.text.get().len())
    }
}

/// The members of one object, with their values not parsed yet.
pub struct Object<'a>(Vec<Member<'a>>);

struct Member<'a> {
    /// UTF-8, except for halves of surrogate pairs.
    name: Cow<'a, [u8]>,
    value: &'a RawValue,
}

impl<'a> Object<'a> {
    /// The members of a value; nothing if it is not an object.
    pub fn of(value: &'a RawValue) -> Option<Self> {
        if !value.get().starts_with('{') {
            return None;
        }
        serde_json::from_str(value.get()).ok()
    }

    /// The members of these names, of a value that is an object. The others are dropped.
    pub fn only(value: &'a RawValue, is_wanted: fn(&[u8]) -> bool) -> Option<Self> {
        if !value.get().starts_with('{') {
            return None;
        }
        serde_json::Deserializer::from_str(value.get()).deserialize_map(InOrder(is_wanted)).ok()
    }

    /// The value of the member of that name; the last one if a name is repeated.
    pub fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.0.iter().rfind(|member| &*member.name == name.as_bytes()).map(|member| member.value)
    }

    /// The value at a path of member names, such as `Input.FileId`.
    pub fn at(&self, path: &str) -> Option<&'a RawValue> {
        match path.split_once('.') {
            Some((name, rest)) => at(self.get(name)?, rest),
            None => self.get(path),
        }
    }

    /// The text at a path; see [`text`].
    pub fn text(&self, path: &str) -> Option<Cow<'a, str>> {
        self.at(path).and_then(text)
    }

    /// Calls `each` with every text at a path in which `[]` stands for all items of an array, such as
    /// `FileInfoSet[].Input.FileId`.
    pub fn for_each_text(&self, path: &str, each: &mut dyn FnMut(Cow<'a, str>)) {
        let (name, rest) = path.split_once('.').unwrap_or((path, ""));
        if let Some(value) = self.get(name.trim_end_matches("[]")) {
            texts(value, name.ends_with("[]"), rest, each);
        }
    }

    /// The text at such a path, if all texts there are equal.
    pub fn common_text(&self, path: &str) -> Option<String> {
        let (mut common, mut differ) = (None, false);
        self.for_each_text(path, &mut |text| match &common {
            Some(common) => differ |= *common != text,
            None => common = Some(text.into_owned()),
        });
        common.filter(|_| !differ)
    }

    /// Every member's value, including those of repeated names.
    pub fn values(&self) -> impl Iterator<Item = &'a RawValue> {
        self.0.iter().map(|member| member.value)
    }
}

/// The text of a string, or the digits of a number; nothing for `""`, `null` and any other value.
///
/// Both senders send numbers where they document strings, and `""` or `null` where they mean "none".
pub fn text(value: &RawValue) -> Option<Cow<'_, str>> {
    let json = value.get();
    let text = match json.as_bytes().first()? {
        b'"' => {
            let Name(bytes) = serde_json::from_str(json).ok()?;
            match bytes {
                Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
                Cow::Owned(bytes) => String::from_utf8_lossy(&bytes).into_owned().into(),
            }
        }
        b'-' | b'0'..=b'9' => json.into(),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

/// The item of an array that has exactly one.
pub fn only_item(value: &RawValue) -> Option<&RawValue> {
    let (item,) = serde_json::from_str(value.get()).ok()?;
    Some(item)
}

/// Calls `each` with every item of an array, one after the other; never if the value is not an array.
pub fn for_each_item<'a>(value: &'a RawValue, each: impl FnMut(&'a RawValue)) {
    struct Items<F>(F);
    impl<'de, F: FnMut(&'de RawValue)> Visitor<'de> for Items<F> {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an array")
        }

        fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
            while let Some(item) = items.next_element()? {
                (self.0)(item);
            }
            Ok(())
        }
    }
    if value.get().starts_with('[') {
        // The body has been parsed before, so this cannot fail.
        let _ = serde_json::Deserializer::from_str(value.get()).deserialize_seq(Items(each));
    }
}

/// The value at a path in a value that is an object.
fn at<'a>(value: &'a RawValue, path: &str) -> Option<&'a RawValue> {
    match path.split_once('.') {
        Some((name, rest)) => at(member(value, name)?, rest),
        None => member(value, path),
    }
}

/// Every text in a value, or in each item of a list, at the remaining path.
fn texts<'a>(value: &'a RawValue, is_list: bool, path: &str, each: &mut dyn FnMut(Cow<'a, str>)) {
    if is_list {
        return for_each_item(value, |item| texts(item, false, path, each));
    }
    if path.is_empty() {
        return text(value).into_iter().for_each(each);
    }
    let (name, rest) = path.split_once('.').unwrap_or((path, ""));
    if let Some(value) = member(value, name.trim_end_matches("[]")) {
        texts(value, name.ends_with("[]"), rest, each);
    }
}

/// The member of that name, of a value that is an object; the last one if a name is repeated. The others are dropped.
fn member<'a>(value: &'a RawValue, name: &str) -> Option<&'a RawValue> {
    struct Last<'n>(&'n str);
    impl<'de> Visitor<'de> for Last<'_> {
        type Value = Option<&'de RawValue>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut last = None;
            while let Some(Name(name)) = map.next_key()? {
                if *name == *self.0.as_bytes() {
                    last = Some(map.next_value()?);
                } else {
                    map.next_value::<IgnoredAny>()?;
                }
            }
            Ok(last)
        }
    }
    if !value.get().starts_with('{') {
        return None;
    }
    serde_json::Deserializer::from_str(value.get()).deserialize_map(Last(name)).ok()?
}

/// Reads the members of an object whose names are wanted.
struct InOrder(fn(&[u8]) -> bool);

impl<'de> Visitor<'de> for InOrder {
    type Value = Object<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(Name(name)) = map.next_key()? {
            if (self.0)(&name) {
                members.push(Member { name, value: map.next_value()? });
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Object(members))
    }
}

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(InOrder(|_| true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(levels: usize, innermost: &str) -> String {
        format!("{{\"a\":{}{innermost}{}}}", "[".repeat(levels - 1), "]".repeat(levels - 1))
    }

    #[test]
    fn levels_are_counted() {
        for innermost in ["1", r#""\ud800""#, "1e400"] {
            assert!(Body::parse(&nested(MAX_DEPTH, innermost)).is_ok(), "{innermost}");
            for levels in [MAX_DEPTH + 1, 1_000_000] {
                assert_eq!(Body::parse(&nested(levels, innermost)).unwrap_err(), Unprocessable::TooDeep);
            }
        }
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
        assert_eq!(Object::of(body.get("b").unwrap()).unwrap().text("c").unwrap(), "3");
        assert_eq!(body.members().count(), 3);
    }

    #[test]
    fn a_text_is_a_string_or_digits_and_an_empty_one_is_none() {
        let body = r#"{"a":"","b":null,"c":16092504232103571364.50,"d":"x\"","e":{"f":{"g":0}},"h":["i"],"j":"\ud800"}"#;
        let body: &RawValue = serde_json::from_str(body).unwrap();
        let object = Object::of(body).unwrap();
        let texts = ["a", "b", "c", "d", "e", "e.f.g", "e.g", "h"].map(|path| object.text(path));
        let texts = texts.each_ref().map(|text| text.as_deref());
        let expected =
            [None, None, Some("16092504232103571364.50"), Some("x\""), None, Some("0"), None, None];
        assert_eq!(texts, expected);
        assert_eq!(text(only_item(object.get("h").unwrap()).unwrap()).unwrap(), "i");
        assert!(object.text("j").is_some());
        for several in ["[]", "[1,2]", "{\"a\":1}", "1"] {
            assert!(only_item(&RawValue::from_string(several.to_owned()).unwrap()).is_none(), "{several}");
        }
    }

    #[test]
    fn texts_in_lists_are_common_where_all_are_the_same() {
        let body = r#"{"a":[{"b":{"c":"1"}},{"b":{"c":1}},{"b":{"c":""}},{"b":null},7],"d":["x","y"],"e":["x",null]}"#;
        let object = Object::of(serde_json::from_str(body).unwrap()).unwrap();
        let common = ["a[].b.c", "d[]", "e[]", "a[].b", "a[]", "a.b.c", "d", "f[]"]
            .map(|path| object.common_text(path));
        let common = common.each_ref().map(Option::as_deref);
        assert_eq!(common, [Some("1"), None, Some("x"), None, Some("7"), None, None, None]);
    }

    #[test]
    fn what_serde_json_refuses_is_replaced_where_it_is_read_and_kept_where_it_is_passed_on() {
        let text = r#"{"\ud800":1,"T":0,"a":{"b":["\ud83d\ude00 \ud800",1e400,{"\udfff":[]},160925042321035713640,1.5,{}]}}"#;
        let body = Body::parse(text).unwrap();
        let value: serde_json::Value = serde_json::from_str(body.get("a").unwrap().get()).unwrap();
        let expected = serde_json::json!([
            "\u{1f600} \u{fffd}ed\u{fffd}a0\u{fffd}80",
            "1e400",
            { "\u{fffd}ed\u{fffd}bf\u{fffd}bf": [] },
            "160925042321035713640",
            1.5,
            {}
        ]);
        assert_eq!(value["b"], expected);
        assert_eq!(body.without(&["T"]).get(), text.replace(r#""T":0,"#, ""));
    }

    #[test]
    fn what_stands_in_it_is_not_shown() {
        let body = Body::parse(r#" {"a":"PayloadMark"} "#).unwrap();
        assert_eq!(format!("{body:?}"), "Body(19 bytes)");
    }
}
