//! How a sender's JSON is read: leniently, and without losing a member.
//!
//! The senders write "none" as `null`, `""`, `[]` or nothing at all; send a number where they document a
//! text and the reverse; and add members at any time. So every struct of this crate is read by these rules:
//!
//! | in the JSON | in the struct |
//! | --- | --- |
//! | no member, `null`, `""`, `[]` | `None`, or an empty list |
//! | an integer for a text | its digits: ids of 19 and 20 digits are texts |
//! | a number in quotes for a number | the number |
//! | `null` in a list | left out |
//! | a member name that ends in blanks | the name without them |
//! | a member that is not a field | in `other` |
//! | a value that does not fit its field | in `other`, under its own name; the field is empty |
//!
//! Reading a struct fails only if the JSON is not an object. Written again, it is the sender's object without
//! the members that say "none".
//!
//! [`from_str`] and [`from_value`] read a type of your own by the same rules, for example the payload of an
//! event that this crate does not know yet.

use serde::de::value::SeqDeserializer;
use serde::de::{
    Deserialize, DeserializeOwned, DeserializeSeed, Deserializer, Error as _, Expected, IntoDeserializer,
    MapAccess, Unexpected, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::{Error, Map, Number, Value};

/// Integers up to here have an exact `f64`: 2^53.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

/// Reads a type of your own from JSON text by the rules of this module.
///
/// A value that does not fit its field is an error here unless `T` is a struct of this crate: only these can
/// keep it.
///
/// ```
/// #[derive(serde::Deserialize)]
/// #[serde(rename_all = "PascalCase")]
/// struct MoonLanding { crater_id: Option<String>, depth: Option<f64> }
///
/// let landing: MoonLanding = mediahook_events::lenient::from_str(r#"{"CraterId":42,"Depth":"1.5"}"#)?;
/// assert_eq!(landing.crater_id.as_deref(), Some("42"));
/// assert_eq!(landing.depth, Some(1.5));
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// # Errors
/// The text is not JSON, or a value does not fit `T`.
pub fn from_str<T: DeserializeOwned>(json: &str) -> Result<T, Error> {
    serde_json::from_str(json).and_then(|value: Value| from_value(&value))
}

/// Reads a type of your own from a JSON value by the rules of this module. See [`from_str`].
///
/// # Errors
/// A value does not fit `T`.
pub fn from_value<T: DeserializeOwned>(value: &Value) -> Result<T, Error> {
    T::deserialize(Lenient(value))
}

/// Takes a member out of an object if it fits `T`; else leaves it there and gives the empty `T`.
pub(crate) fn take<T: DeserializeOwned + Default>(object: &mut Map<String, Value>, name: &str) -> T {
    let Some(Ok(read)) = object.get(name).map(from_value) else { return T::default() };
    object.remove(name);
    read
}

/// The members of an object but one.
pub(crate) fn without(object: &Map<String, Value>, name: &str) -> Map<String, Value> {
    let others = object.iter().filter(|(other, _)| *other != name);
    others.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Takes the blanks from the ends of member names. ApsaraVideo VOD's documentation prints such names.
pub(crate) fn trim_names(object: &mut Map<String, Value>) {
    let padded: Vec<_> = object.keys().filter(|name| name.ends_with(char::is_whitespace)).cloned().collect();
    for name in padded {
        if object.contains_key(name.trim_end()) {
            continue; // the member of the right name counts
        }
        if let Some(value) = object.remove(&name) {
            object.insert(name.trim_end().to_owned(), value);
        }
    }
}

/// Whether a field is not written, because the sender would mean nothing by it.
pub(crate) trait IsNone {
    fn is_none(&self) -> bool;
}

impl<T> IsNone for Option<T> {
    fn is_none(&self) -> bool {
        Option::is_none(self)
    }
}

impl<T> IsNone for Vec<T> {
    fn is_none(&self) -> bool {
        self.is_empty()
    }
}

/// Gives the structs in it what all structs of this crate have: the derives, `#[non_exhaustive]`, the field
/// `other`, and a `Deserialize` by the rules of this module.
///
/// `#[derive(Deserialize)]` alone cannot keep a value that does not fit its field. So it is derived for a
/// twin of the struct (serde's "remote derive"), which reads from [`Fields`] and so never sees such a value.
macro_rules! lenient {
    ($(
        $(#[$attr:meta])*
        pub struct $name:ident $(<$($t:ident),+>)? {
            $( $(#[$field_attr:meta])* pub $field:ident: $type:ty, )*
        }
    )*) => {$(
        #[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        $(#[$attr])*
        #[non_exhaustive]
        pub struct $name $(<$($t),+>)? {
            $(
                $(#[$field_attr])*
                #[serde(default, skip_serializing_if = "crate::lenient::IsNone::is_none")]
                pub $field: $type,
            )*
            /// Every other member, and every value that does not fit its field, as it came.
            #[serde(flatten)]
            pub other: serde_json::Map<String, serde_json::Value>,
        }

        const _: () = {
            type Target $(<$($t),+>)? = $name $(<$($t),+>)?;

            #[derive(serde::Deserialize)]
            $(#[$attr])*
            #[serde(remote = "Target")]
            struct Twin $(<$($t),+>)? {
                $( $(#[$field_attr])* #[serde(default)] $field: $type, )*
                #[serde(flatten)]
                other: serde_json::Map<String, serde_json::Value>,
            }

            impl<'de $($(, $t)+)?> serde::Deserialize<'de> for $name $(<$($t),+>)?
            $(where $($t: serde::de::DeserializeOwned + Default),+)?
            {
                fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    let mut object = serde_json::Map::deserialize(deserializer)?;
                    crate::lenient::trim_names(&mut object);
                    let mut unfit = serde_json::Map::new();
                    let mut read = Twin::deserialize(crate::lenient::Fields::new(&object, &mut unfit))
                        .map_err(serde::de::Error::custom)?;
                    read.other.append(&mut unfit);
                    Ok(read)
                }
            }
        };
    )*};
}
pub(crate) use lenient;

/// The members of an object, each read by the rules of this module.
pub(crate) struct Fields<'de, 'u> {
    members: serde_json::map::Iter<'de>,
    current: Option<(&'de String, &'de Value)>,
    /// Where a value that does not fit its field is put, if it need not be an error. The field then reads
    /// `null`.
    unfit: Option<&'u mut Map<String, Value>>,
}

impl<'de, 'u> Fields<'de, 'u> {
    pub(crate) fn new(object: &'de Map<String, Value>, unfit: &'u mut Map<String, Value>) -> Self {
        Self { members: object.iter(), current: None, unfit: Some(unfit) }
    }
}

impl<'de> Deserializer<'de> for Fields<'de, '_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_map(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de> MapAccess<'de> for Fields<'de, '_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        self.current = self.members.next();
        self.current.map(|(name, _)| seed.deserialize(name.as_str().into_deserializer())).transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        seed.deserialize(Lenient(self.current.map_or(&Value::Null, |(_, value)| value)))
    }

    /// What a derived `Deserialize` calls for a field.
    fn next_value<V: Deserialize<'de>>(&mut self) -> Result<V, Error> {
        let Some((name, value)) = self.current else { return V::deserialize(Lenient(&Value::Null)) };
        V::deserialize(Lenient(value)).or_else(|error| {
            let Some(unfit) = &mut self.unfit else { return Err(error) };
            unfit.insert(name.clone(), value.clone());
            V::deserialize(Lenient(&Value::Null))
        })
    }
}

/// A value read by the rules of this module.
#[derive(Clone, Copy)]
struct Lenient<'de>(&'de Value);

impl<'de> Lenient<'de> {
    fn is_none(self) -> bool {
        match self.0 {
            Value::Null => true,
            Value::String(text) => text.is_empty(),
            Value::Array(items) => items.is_empty(),
            _ => false,
        }
    }

    /// The number, in quotes or without.
    fn number(self) -> Option<Number> {
        match self.0 {
            Value::Number(number) => Some(number.clone()),
            // The parser would allow blanks around it.
            Value::String(text) if !text.contains(char::is_whitespace) => serde_json::from_str(text).ok(),
            _ => None,
        }
    }

    fn integer<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let Some(number) = self.number() else { return Err(self.unexpected(&visitor)) };
        match (number.as_u64(), number.as_i64(), number.as_f64()) {
            (Some(n), _, _) => visitor.visit_u64(n),
            (_, Some(n), _) => visitor.visit_i64(n),
            // A length of `60.0` seconds.
            #[expect(clippy::cast_possible_truncation, reason = "it has no fraction and is below 2^53")]
            (_, _, Some(n)) if n.fract() == 0.0 && n.abs() < MAX_EXACT => visitor.visit_i64(n as i64),
            _ => Err(self.unexpected(&visitor)),
        }
    }

    fn float<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.number().and_then(|number| number.as_f64().map(|n| (n, number.is_f64()))) {
            // A longer integer would lose digits.
            Some((n, is_float)) if is_float || n.abs() < MAX_EXACT => visitor.visit_f64(n),
            _ => Err(self.unexpected(&visitor)),
        }
    }

    fn text<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::String(text) => visitor.visit_borrowed_str(text),
            // Beyond that it may be an id of which digits are lost already.
            Value::Number(n) if !n.is_f64() || n.as_f64().is_some_and(|n| n.abs() < MAX_EXACT) => {
                visitor.visit_string(n.to_string())
            }
            _ => Err(self.unexpected(&visitor)),
        }
    }

    fn list<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let items = match self.0 {
            Value::Array(items) => items.as_slice(),
            _ if self.is_none() => &[],
            _ => return Err(self.unexpected(&visitor)),
        };
        visitor.visit_seq(SeqDeserializer::new(items.iter().filter(|item| !item.is_null()).map(Lenient)))
    }

    fn unexpected(self, expected: &dyn Expected) -> Error {
        let unexpected = match self.0 {
            Value::Null => Unexpected::Unit,
            Value::Bool(is_true) => Unexpected::Bool(*is_true),
            Value::Number(_) => Unexpected::Other("number"),
            Value::String(_) => Unexpected::Other("text"), // which one is not for a log
            Value::Array(_) => Unexpected::Seq,
            Value::Object(_) => Unexpected::Map,
        };
        Error::invalid_type(unexpected, expected)
    }
}

impl<'de> IntoDeserializer<'de, Error> for Lenient<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// Has each method of [`Deserializer`] do what a method of [`Lenient`] does.
macro_rules! read_by {
    ($($how:ident: $($method:ident)+;)+) => {$($(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            self.$how(visitor)
        }
    )+)+};
}

impl<'de> Deserializer<'de> for Lenient<'de> {
    type Error = Error;

    read_by! {
        integer: deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_u8 deserialize_u16
            deserialize_u32 deserialize_u64;
        float: deserialize_f32 deserialize_f64;
        text: deserialize_str deserialize_string;
        list: deserialize_seq;
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.0.deserialize_any(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.is_none() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let Value::Object(object) = self.0 else { return Err(self.unexpected(&visitor)) };
        visitor.visit_map(Fields { members: object.iter(), current: None, unfit: None })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_map(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.0.deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        bool i128 u128 char bytes byte_buf unit unit_struct tuple tuple_struct identifier ignored_any
    }
}

#[cfg(test)]
#[expect(unreachable_pub, reason = "the macro takes public structs only")]
mod tests {
    use super::*;
    use serde_json::json;

    lenient! {
        /// Has a field of each kind.
        #[serde(rename_all = "PascalCase")]
        pub struct Outer {
            pub name: Option<String>,
            pub size: Option<i64>,
            pub length: Option<f64>,
            pub is_new: Option<bool>,
            pub inner: Option<Inner<Value>>,
            pub list: Vec<Inner<Value>>,
            pub names: Vec<String>,
            pub any: Option<Value>,
        }

        #[serde(rename_all = "PascalCase")]
        pub struct Inner<T> {
            pub id: Option<T>,
        }
    }

    fn read(value: Value) -> Outer {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn what_is_documented_is_in_its_field() {
        let outer = read(json!({
            "Name": 16_092_504_232_103_571_364_u64, "Size": "5510872", "Length": "60.25", "IsNew": false,
            "Inner": {"Id": "1", "New": 1}, "List": [{"Id": 2}, null, {}], "Names": ["a", 4], "Any": {"x": [1.5]},
        }));
        assert_eq!(outer.name.as_deref(), Some("16092504232103571364"));
        assert_eq!((outer.size, outer.length, outer.is_new), (Some(5_510_872), Some(60.25), Some(false)));
        assert_eq!(outer.inner.as_ref().unwrap().other["New"], 1);
        assert_eq!(outer.list.len(), 2);
        assert_eq!(outer.names, ["a", "4"]);
        assert_eq!(outer.any, Some(json!({"x": [1.5]})));
        assert!(outer.other.is_empty());
        assert_eq!(
            serde_json::to_string(&outer).unwrap(),
            r#"{"Name":"16092504232103571364","Size":5510872,"Length":60.25,"IsNew":false,"Inner":{"Id":"1","New":1},"List":[{"Id":2},{}],"Names":["a","4"],"Any":{"x":[1.5]}}"#
        );
    }

    #[test]
    fn none_has_four_spellings() {
        let names = ["Name", "Size", "Length", "IsNew", "Inner", "List", "Names", "Any"];
        for none in [json!(null), json!(""), json!([])] {
            let object = names.into_iter().map(|name| (name.to_owned(), none.clone())).collect();
            assert_eq!(read(object), Outer::default(), "{none}");
        }
        assert_eq!(read(json!({})), Outer::default());
        assert_eq!(serde_json::to_string(&Outer::default()).unwrap(), "{}");
    }

    #[test]
    fn what_does_not_fit_is_in_other_under_its_own_name() {
        for (name, value) in [
            ("Name", json!({"a": 1})),
            ("Name", json!(true)),
            ("Name", json!(1e20)),
            ("Size", json!("big")),
            ("Size", json!("1 ")),
            ("Size", json!("null")),
            ("Size", json!("\"1\"")),
            ("Size", json!("+1")),
            ("Size", json!("007")),
            ("Size", json!(1.5)),
            ("Size", json!(u64::MAX)),
            ("Length", json!("inf")),
            ("Length", json!("1e999")),
            ("Length", json!(u64::MAX)),
            ("IsNew", json!("yes")),
            ("Inner", json!("none so far")),
            ("Inner", json!([{"Id": "1"}])),
            ("List", json!({"Id": "1"})),
            ("List", json!([{"Id": "1"}, "2"])),
            ("Names", json!(["a", {}])),
            ("name", json!("1")),
        ] {
            let outer = read(json!({name: value}));
            assert_eq!(outer.other.get(name), Some(&value), "{name}");
            assert_eq!(Outer { other: Map::new(), ..outer }, Outer::default(), "{name}: {value}");
        }
        assert!(serde_json::from_value::<Outer>(json!([])).is_err());
    }

    #[test]
    fn a_whole_number_may_have_a_fraction_of_zero() {
        let outer = read(json!({"Size": 60.0, "Length": 60}));
        assert_eq!((outer.size, outer.length), (Some(60), Some(60.0)));
    }

    #[test]
    fn a_type_of_ones_own_is_read_by_the_same_rules() {
        #[derive(serde::Deserialize)]
        struct Id(String);
        #[derive(serde::Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Own {
            id: Id,
            kind: Kind,
            parts: Vec<u8>,
            outer: Outer,
        }
        #[derive(serde::Deserialize, PartialEq, Debug)]
        enum Kind {
            File,
        }
        let own: Own =
            from_str(r#"{"Id":42,"Kind":"File","Parts":["1",null,2],"Outer":{"Size":"x"},"Else":1}"#)
                .unwrap();
        assert_eq!((own.id.0.as_str(), own.kind, own.parts), ("42", Kind::File, vec![1, 2]));
        assert_eq!(own.outer.other["Size"], "x");
        let Err(error) = from_str::<Own>(r#"{"Id":42,"Kind":"File","Parts":"secret","Outer":{}}"#) else {
            panic!()
        };
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}
