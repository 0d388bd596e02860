//! The bytes that an id is made of. They are equal for two bodies with equal contents, however these are written.
//!
//! Each kind of value begins with its own byte and marks its end, so that no two values give the same bytes. Members
//! are in the order of their names. A member that is null is left out.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Number;
use serde_json::value::RawValue;

/// The contents of a JSON string, in UTF-8 except for halves of surrogate pairs: `serde_json` only reads those as
/// bytes.
pub(crate) struct Name<'a>(pub(crate) Cow<'a, [u8]>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl<'de> Visitor<'de> for Bytes {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_bytes<E>(self, bytes: &'de [u8]) -> Result<Self::Value, E> {
                Ok(Name(bytes.into()))
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Self::Value, E> {
                Ok(Name(bytes.to_owned().into()))
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}

/// Beyond this a float represents an integer that 64 bits cannot hold, so its digits are compared.
const MAX_FLOAT: f64 = 9_223_372_036_854_775_808.0;

/// More levels than [`super::MAX_DEPTH`].
#[derive(Debug)]
pub(crate) struct TooDeep;

/// The canonical bytes of an object's members, in the order in which they were added.
#[derive(Default)]
pub(crate) struct Canonical {
    bytes: Vec<u8>,
    /// The members that were added. While a member is being added, the members of its open objects follow them.
    members: Vec<Written>,
    /// Used to sort the members of an object.
    sorted: Vec<u8>,
}

/// The position of a member in the bytes.
#[derive(Debug, Clone, Copy)]
struct Written {
    start: usize,
    behind_name: usize,
    end: usize,
}

impl Canonical {
    /// Reserves room for the members of a body of this size, as the senders write them.
    pub(crate) fn with_capacity(body_bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(body_bytes), members: Vec::with_capacity(32), sorted: Vec::new() }
    }

    /// Adds a member of a body.
    ///
    /// Returns a readable copy of a value that `serde_json` cannot read unchanged: strings with half of a surrogate
    /// pair, and numbers beyond 64 bits, which become strings.
    ///
    /// # Errors
    /// The body is nested too deep.
    pub(crate) fn add(&mut self, name: &[u8], value: &RawValue) -> Result<Option<Box<RawValue>>, TooDeep> {
        let (start, members) = (self.bytes.len(), self.members.len());
        self.text(name);
        let behind_name = self.bytes.len();
        if let Ok(is_null) = self.value(value.get()) {
            self.end_member(start, behind_name, is_null);
            return Ok(None);
        }
        self.bytes.truncate(behind_name);
        self.members.truncate(members);
        // So that the copy of a value never equals a value that was sent in that form.
        self.bytes.push(b'?');
        let copy = readable(value.get());
        self.value(&copy).map_err(|_| TooDeep)?;
        self.end_member(start, behind_name, false);
        Ok(RawValue::from_string(copy).ok())
    }

    /// The members that do not have one of these names, in the order of their names.
    pub(crate) fn without(&self, names: &[&str]) -> impl Iterator<Item = &[u8]> {
        let left_out: Vec<_> = names
            .iter()
            .map(|name| {
                let mut canonical = Self::default();
                canonical.text(name.as_bytes());
                canonical.bytes
            })
            .collect();
        let is_left_out = |member: &&Written| left_out.iter().any(|name| name == member.name_in(&self.bytes));
        let mut members: Vec<_> = self.members.iter().filter(|member| !is_left_out(member)).collect();
        members.sort_by_key(|member| member.name_in(&self.bytes));
        members.into_iter().map(|member| member.in_(&self.bytes))
    }

    /// Writes a value, and returns whether it is null. `serde_json` allows 127 levels, and the body is one more.
    fn value(&mut self, json: &str) -> Result<bool, serde_json::Error> {
        Value(self).deserialize(&mut serde_json::Deserializer::from_str(json))
    }

    /// Writes a text after its length, seven bits to a byte.
    fn text(&mut self, text: &[u8]) {
        let mut length = text.len();
        while length >= 0x80 {
            self.bytes.push(length.to_le_bytes()[0] | 0x80);
            length >>= 7;
        }
        self.bytes.push(length.to_le_bytes()[0]);
        self.bytes.extend(text);
    }

    fn end_member(&mut self, start: usize, behind_name: usize, is_null: bool) {
        if is_null {
            self.bytes.truncate(start);
        } else {
            self.members.push(Written { start, behind_name, end: self.bytes.len() });
        }
    }

    /// Sorts the members from this one on by their names. Those of the same name keep their order.
    fn end_object(&mut self, first_member: usize) {
        let Self { bytes, members, sorted } = self;
        let Some(own) = members.get_mut(first_member..) else { return };
        if let [first, ..] = *own
            && !own.is_sorted_by_key(|member| member.name_in(bytes))
        {
            own.sort_by(|a, b| a.name_in(bytes).cmp(b.name_in(bytes)));
            sorted.clear();
            for member in own.iter() {
                sorted.extend(member.in_(bytes));
            }
            bytes.truncate(first.start);
            bytes.extend(&*sorted);
        }
        members.truncate(first_member);
        bytes.push(b'}');
    }
}

impl Written {
    /// The name, after its length. Any order is fine if it is always the same.
    fn name_in<'b>(&self, bytes: &'b [u8]) -> &'b [u8] {
        bytes.get(self.start..self.behind_name).unwrap_or_default()
    }

    fn in_<'b>(&self, bytes: &'b [u8]) -> &'b [u8] {
        bytes.get(self.start..self.end).unwrap_or_default()
    }
}

/// A copy of a JSON text that `serde_json` can read: a string with half of a surrogate pair is changed, and a number
/// beyond 64 bits becomes a string.
fn readable(json: &str) -> String {
    let mut copy = String::with_capacity(json.len());
    let mut rest = json;
    // Between strings and numbers there are only brackets, commas, `true`, `false` and `null`.
    let is_first = |c: char| matches!(c, '"' | '-' | '0'..='9');
    while let Some((before, from_leaf)) = rest.find(is_first).and_then(|at| rest.split_at_checked(at)) {
        copy.push_str(before);
        let leaf = <&RawValue>::deserialize(&mut serde_json::Deserializer::from_str(from_leaf));
        let leaf = leaf.map_or(from_leaf, RawValue::get);
        match unreadable(leaf) {
            Some(text) => copy.push_str(&serde_json::Value::from(text).to_string()),
            None => copy.push_str(leaf),
        }
        rest = from_leaf.get(leaf.len()..).unwrap_or_default();
    }
    copy.push_str(rest);
    copy
}

/// A text in place of a string or a number that `serde_json` cannot read. Nearly all have no escape, or few digits:
/// they are not parsed.
fn unreadable(leaf: &str) -> Option<String> {
    if !leaf.starts_with('"') {
        if leaf.len() < 19 && !leaf.contains(['e', 'E']) {
            return None;
        }
        let number = serde_json::from_str::<Number>(leaf).ok();
        let is_readable = number.is_some_and(|n| !n.is_f64() || n.as_f64().is_some_and(is_within_64_bits));
        return (!is_readable).then(|| leaf.to_owned());
    }
    if !leaf.contains('\\') {
        return None;
    }
    let Name(bytes) = serde_json::from_str(leaf).ok()?;
    if std::str::from_utf8(&bytes).is_ok() {
        return None;
    }
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            // Writing into a string cannot fail.
            let _ = write!(text, "\u{fffd}{byte:02x}");
        }
    }
    Some(text)
}

fn is_within_64_bits(float: f64) -> bool {
    float.abs() < MAX_FLOAT
}

/// Writes any value in one pass, and returns whether it is null.
struct Value<'c>(&'c mut Canonical);

impl Value<'_> {
    fn digits(self, digits: fmt::Arguments<'_>) {
        // Writing into a vector cannot fail.
        let _ = std::io::Write::write_fmt(&mut self.0.bytes, digits);
    }
}

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<bool, E> {
        self.0.bytes.push(b'0');
        Ok(true)
    }

    fn visit_bool<E>(self, value: bool) -> Result<bool, E> {
        self.0.bytes.push(if value { b't' } else { b'f' });
        Ok(false)
    }

    fn visit_u64<E>(self, value: u64) -> Result<bool, E> {
        self.digits(format_args!("#{value};"));
        Ok(false)
    }

    fn visit_i64<E>(self, value: i64) -> Result<bool, E> {
        self.digits(format_args!("#{value};"));
        Ok(false)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<bool, E> {
        if !is_within_64_bits(value) {
            return Err(E::custom("a number beyond 64 bits"));
        }
        self.0.bytes.push(b'.');
        // Zero has one spelling: -0.0 + 0.0 is 0.0.
        self.0.bytes.extend((value + 0.0).to_be_bytes());
        Ok(false)
    }

    fn visit_str<E>(self, value: &str) -> Result<bool, E> {
        self.0.bytes.push(b'"');
        self.0.text(value.as_bytes());
        Ok(false)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<bool, A::Error> {
        self.0.bytes.push(b'[');
        while items.next_element_seed(Value(self.0))?.is_some() {}
        self.0.bytes.push(b']');
        Ok(false)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        let Self(canonical) = self;
        let first_member = canonical.members.len();
        canonical.bytes.push(b'{');
        loop {
            let start = canonical.bytes.len();
            if map.next_key_seed(MemberName(canonical))?.is_none() {
                break;
            }
            let behind_name = canonical.bytes.len();
            let is_null = map.next_value_seed(Value(canonical))?;
            canonical.end_member(start, behind_name, is_null);
        }
        canonical.end_object(first_member);
        Ok(false)
    }
}

/// Writes a member's name.
struct MemberName<'c>(&'c mut Canonical);

impl<'de> DeserializeSeed<'de> for MemberName<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for MemberName<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<(), E> {
        self.0.text(name.as_bytes());
        Ok(())
    }
}
