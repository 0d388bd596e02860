//! Typed readings of what a sender says: a struct with public fields per object, made by the macro `model`.
//!
//! Nothing a sender says can make a reading fail, and nothing is dropped by it:
//! - a member that the struct does not know is kept in its `other`, byte for byte;
//! - so is one whose value is not of the documented shape, a text where an object was promised;
//! - absent, `null`, `""` and `[]` all mean "none", as both senders use them;
//! - a number where a text is documented is that text, and a number in quotes is a number, with every digit kept;
//! - dates stay text (`0000-00-00T00:00:00Z` is sent), and so do words such as `FINISH`: there will be others.
//!
//! Serialized, a struct is the sender's object again, less the members that say "none".

use std::borrow::Cow;

use serde::de::Deserialize;
use serde::ser::{Error as _, Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;

use crate::envelope::Envelope;
use crate::json::{Kind, Member, ParseError, RawJson, Value};

/// Why there is no event to read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    /// Not JSON, or nested too deep.
    #[error("the event is {0}")]
    NotJson(#[from] ParseError),
    /// JSON that names no event.
    #[error("the JSON names no event")]
    NoEvent,
    /// The envelope is of another sender.
    #[error("the envelope is of another sender")]
    OtherSender,
    /// The event was too large to travel: it lies where the envelope's `dataref` says.
    #[error("the event is not in the envelope but where its dataref says")]
    Elsewhere,
}

/// The data of an envelope whose type has that prefix.
pub(super) fn data_of<'a>(envelope: &'a Envelope, type_prefix: &str) -> Result<&'a str, Unread> {
    if !envelope.event_type.starts_with(type_prefix) {
        return Err(Unread::OtherSender);
    }
    envelope.data.as_ref().map(RawJson::get).ok_or(Unread::Elsewhere)
}

/// A text, borrowed from the event where it has no escapes.
pub type Text<'a> = Cow<'a, str>;

/// A number with the digits it came with, in quotes or without.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Number<'a> {
    /// With the quotes, if it came in quotes.
    raw: &'a str,
}

impl<'a> Number<'a> {
    /// The digits as sent, such as `60.04700088501` or `16092504232103571364`.
    pub fn digits(self) -> &'a str {
        self.raw.trim_matches('"')
    }

    /// As an integer, where it is one and fits.
    pub fn as_i64(self) -> Option<i64> {
        self.digits().parse().ok()
    }

    /// As an integer, where it is one and fits: some of Tencent's ids are above `i64::MAX`.
    pub fn as_u64(self) -> Option<u64> {
        self.digits().parse().ok()
    }

    /// As a float, perhaps rounded; nothing where it is beyond what a float can say.
    pub fn as_f64(self) -> Option<f64> {
        self.digits().parse().ok().filter(|n: &f64| n.is_finite())
    }
}

impl std::fmt::Debug for Number<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.raw)
    }
}

impl std::fmt::Display for Number<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.digits())
    }
}

/// A member that is not typed, as it came.
#[derive(Debug, Clone, PartialEq)]
pub struct Other<'a> {
    /// The name, decoded.
    pub name: Text<'a>,
    /// The value's own bytes.
    pub raw: &'a str,
    /// The member's own bytes, from the first quote of its name to the end of its value.
    pub text: &'a str,
}

impl<'a> From<Member<'_, 'a>> for Other<'a> {
    fn from(member: Member<'_, 'a>) -> Self {
        Self { name: member.name(), raw: member.value().raw(), text: member.text() }
    }
}

/// A value as it came, for what is not typed here.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Raw<'a>(&'a str);

impl<'a> Raw<'a> {
    /// The JSON text.
    pub fn get(self) -> &'a str {
        self.0
    }

    /// Reads it as a type of the caller's.
    pub fn parse<T: Deserialize<'a>>(self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.0)
    }
}

impl std::fmt::Debug for Raw<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl Serialize for Raw<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde_json::from_str::<&RawValue>(self.0).map_err(S::Error::custom)?.serialize(serializer)
    }
}

impl Serialize for Number<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Raw(self.raw).serialize(serializer)
    }
}

/// What values of a documented shape are read as.
pub(crate) trait Shape<'a>: Sized {
    /// Nothing where the value is of another shape.
    fn read(value: Value<'_, 'a>) -> Option<Self>;
}

impl<'a> Shape<'a> for Text<'a> {
    fn read(value: Value<'_, 'a>) -> Option<Self> {
        value.text()
    }
}

impl<'a> Shape<'a> for Number<'a> {
    fn read(value: Value<'_, 'a>) -> Option<Self> {
        let raw = matches!(value.kind(), Kind::Number | Kind::String).then(|| value.raw())?;
        let digits = raw.trim_matches('"');
        let is_number = digits.starts_with(|c: char| c == '-' || c.is_ascii_digit())
            && digits.ends_with(|c: char| c.is_ascii_digit())
            && serde_json::from_str::<&RawValue>(digits).is_ok();
        is_number.then_some(Self { raw })
    }
}

impl<'a> Shape<'a> for bool {
    fn read(value: Value<'_, 'a>) -> Option<Self> {
        value.flag()
    }
}

impl<'a> Shape<'a> for Raw<'a> {
    fn read(value: Value<'_, 'a>) -> Option<Self> {
        Some(value.raw()).filter(|raw| !raw.is_empty()).map(Self)
    }
}

impl<'a, T: Shape<'a>> Shape<'a> for Box<T> {
    fn read(value: Value<'_, 'a>) -> Option<Self> {
        T::read(value).map(Box::new)
    }
}

/// A field of a struct: there may be nothing in it.
pub(crate) trait Field<'a>: Default + Serialize {
    /// Nothing where the value is of another shape than the field.
    fn read(value: Value<'_, 'a>) -> Option<Self>;
    fn is_none(&self) -> bool;
}

impl<'a, T: Shape<'a> + Serialize> Field<'a> for Option<T> {
    fn read(value: Value<'_, 'a>) -> Option<Self> {
        if says_none(value) { Some(None) } else { T::read(value).map(Some) }
    }

    fn is_none(&self) -> bool {
        Option::is_none(self)
    }
}

/// Nulls in a list say nothing and are left out; one item of another shape, and the whole list stays as it came.
impl<'a, T: Shape<'a> + Serialize> Field<'a> for Vec<T> {
    fn read(value: Value<'_, 'a>) -> Option<Self> {
        match value.kind() {
            _ if says_none(value) => Some(Self::new()),
            Kind::Array => value.items().filter(|item| !item.is_null()).map(T::read).collect(),
            _ => None,
        }
    }

    fn is_none(&self) -> bool {
        self.is_empty()
    }
}

fn says_none(value: Value<'_, '_>) -> bool {
    match value.kind() {
        Kind::Null => true,
        Kind::String => value.raw() == "\"\"",
        Kind::Array => value.items().next().is_none(),
        _ => false,
    }
}

/// Writes a field unless there is nothing in it.
pub(crate) fn write_field<'a, M: SerializeMap>(
    map: &mut M,
    name: &str,
    field: &impl Field<'a>,
) -> Result<(), M::Error> {
    if field.is_none() { Ok(()) } else { map.serialize_entry(name, field) }
}

/// Writes members as they came.
pub(crate) fn write_members<M: SerializeMap>(map: &mut M, members: &[Other<'_>]) -> Result<(), M::Error> {
    members.iter().try_for_each(|member| map.serialize_entry(&member.name, &Raw(member.raw)))
}

/// Declares structs with their fields' names in the sender's JSON, and how they are read and written.
///
/// Each gets a last field `other` for the members that are not declared, and those whose values surprise.
/// The doc comment of a field begins with its name on the wire; more can be said in the declaration.
macro_rules! model {
    ($(
        $(#[$doc:meta])*
        $vis:vis struct $name:ident {
            $( $(#[$field_doc:meta])* $field:ident $wire:literal: $type:ty, )*
        }
    )*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq)]
        #[non_exhaustive]
        $vis struct $name<'a> {
            $(
                #[doc = concat!("`", $wire, "`")]
                $(#[doc = ""] #[$field_doc])*
                pub $field: $type,
            )*
            /// Every other member, as it came.
            pub other: Vec<$crate::sender::model::Other<'a>>,
        }

        impl<'a> $crate::sender::model::Shape<'a> for $name<'a> {
            fn read(value: $crate::json::Value<'_, 'a>) -> Option<Self> {
                if value.kind() != $crate::json::Kind::Object {
                    return None;
                }
                let mut read = Self::default();
                for member in value.members() {
                    let is_read = match member.name().as_ref() {
                        $(
                            $wire => $crate::sender::model::Field::read(member.value())
                                .map(|field| read.$field = field)
                                .is_some(),
                        )*
                        _ => false,
                    };
                    if !is_read {
                        read.other.push(member.into());
                    }
                }
                Some(read)
            }
        }

        impl serde::Serialize for $name<'_> {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut map = serde::Serializer::serialize_map(serializer, None)?;
                $( $crate::sender::model::write_field(&mut map, $wire, &self.$field)?; )*
                $crate::sender::model::write_members(&mut map, &self.other)?;
                serde::ser::SerializeMap::end(map)
            }
        }
    )*};
}
pub(crate) use model;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Json;

    model! {
        /// What a test needs.
        struct Outer {
            name "Name": Option<Text<'a>>,
            size "Size": Option<Number<'a>>,
            is_new "IsNew": Option<bool>,
            inner "Inner": Option<Box<Inner<'a>>>,
            list "List": Vec<Inner<'a>>,
            names "Names": Vec<Text<'a>>,
            /// Untyped.
            any "Any": Option<Raw<'a>>,
        }
        /// The other.
        struct Inner {
            id "Id": Option<Text<'a>>,
        }
    }

    fn read(json: &str) -> Outer<'_> {
        Outer::read(Json::parse(json).unwrap().root()).unwrap()
    }

    #[test]
    fn what_is_documented_lands_in_its_field_with_every_digit() {
        let outer = read(
            r#"{"Name":16092504232103571364,"Size":"60.0470008850100000001","IsNew":false,"Inner":{"Id":"\u0031"},
               "List":[{"Id":"2"},null,{"Id":3}],"Names":["a",4],"Any":{ "x" : [1.50] }}"#,
        );
        assert_eq!(outer.name.as_deref(), Some("16092504232103571364"));
        assert_eq!(outer.size.unwrap().digits(), "60.0470008850100000001");
        assert_eq!(outer.is_new, Some(false));
        assert_eq!(outer.inner.as_ref().unwrap().id.as_deref(), Some("1"));
        let ids: Vec<_> = outer.list.iter().filter_map(|i| i.id.as_deref()).collect();
        assert_eq!(ids, ["2", "3"]);
        assert_eq!(outer.names, ["a", "4"]);
        assert_eq!(outer.any.unwrap().get(), r#"{ "x" : [1.50] }"#);
        assert!(outer.other.is_empty());
        assert_eq!(
            serde_json::to_string(&outer).unwrap(),
            r#"{"Name":"16092504232103571364","Size":"60.0470008850100000001","IsNew":false,"Inner":{"Id":"1"},"List":[{"Id":"2"},{"Id":"3"}],"Names":["a","4"],"Any":{ "x" : [1.50] }}"#
        );
    }

    #[test]
    fn none_has_four_spellings() {
        for none in ["null", "\"\"", "[]"] {
            let names = ["Name", "Size", "IsNew", "Inner", "List", "Names", "Any"];
            let text = names.map(|name| format!("\"{name}\":{none}")).join(",");
            assert_eq!(read(&format!("{{{text}}}")), Outer::default(), "{none}");
        }
        assert_eq!(read("{}"), Outer::default());
    }

    #[test]
    fn what_surprises_stays_as_it_came() {
        for member in [
            r#""Name":{"a":1}"#,
            r#""Name":true"#,
            r#""Size":"big""#,
            r#""Size":"1 ""#,
            r#""Size":"\u0031""#,
            r#""Size":"null""#,
            r#""IsNew":"yes""#,
            r#""Inner":"none so far""#,
            r#""Inner":[{"Id":"1"}]"#,
            r#""List":{"Id":"1"}"#,
            r#""List":[{"Id":"1"},"2"]"#,
            r#""Names":["a",{}]"#,
            r#""name":"1""#,
            r#""N\u0061me2":1.50"#,
        ] {
            let text = format!("{{{member}}}");
            let outer = read(&text);
            let kept: Vec<_> = outer.other.iter().map(|m| m.text).collect();
            assert_eq!(kept, [member]);
            assert_eq!(Outer { other: Vec::new(), ..outer }, Outer::default());
        }
        assert_eq!(Outer::read(Json::parse("[]").unwrap().root()), None);
    }

    #[test]
    fn a_number_is_what_it_is_asked_for_where_that_is_possible() {
        let number = |raw| Number { raw };
        assert_eq!(number("\"42\"").as_i64(), Some(42));
        assert_eq!(number("16092504232103571364").as_i64(), None);
        assert_eq!(number("16092504232103571364").as_u64(), Some(16_092_504_232_103_571_364));
        assert_eq!(number("6.5e1").as_f64(), Some(65.0));
        assert_eq!(number("1e999").as_f64(), None);
        assert_eq!(number("\"1.50\"").to_string(), "1.50");
    }
}
