//! What the event enums have in common.

/// Declares an event enum: a variant for each known event type, named like it, and what else can come.
///
/// A known variant holds a boxed `Notification` of the payload's type. The module provides that type, and
/// `read(body: Body) -> Option<Notification<Payload>>`; also `object_schema(event_type, payload)`, the schema of the
/// sender's whole object.
macro_rules! event_enum {
    (
        $(#[$enum_attr:meta])*
        pub enum Event {
            known { $( $(#[$known_attr:meta])* $known:ident($payload:ty), )* }
            $( $(#[$else_attr:meta])* $else:ident($content:ty), )*
        }
    ) => {
        /// The event types that are variants of [`Event`].
        pub const EVENT_TYPES: &[&str] = &[$(stringify!($known)),*];

        $(#[$enum_attr])*
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum Event {
            $( $(#[$known_attr])* $known(Box<Notification<$payload>>), )*
            $( $(#[$else_attr])* $else($content), )*
        }

        impl Event {
            /// The event of a known type, if its payload can be read.
            fn known(event_type: &str, body: Body<'_>) -> Option<Self> {
                match event_type {
                    $( stringify!($known) => read(body).map(Box::new).map(Self::$known), )*
                    _ => None,
                }
            }

            /// The event type that the variant is named for; none for the others.
            fn known_type(&self) -> Option<&'static str> {
                match self {
                    $( Self::$known(_) => Some(stringify!($known)), )*
                    _ => None,
                }
            }

            /// Reads the `data` of an envelope.
            ///
            /// `event_type` is the envelope's `type`, or the sender's own event type.
            ///
            /// # Errors
            /// The data is not JSON, or not an object.
            pub fn from_data(event_type: &str, data: &str) -> Result<Self, serde_json::Error> {
                serde_json::from_str(data).map(|body| Self::from_body(Some(event_type), body))
            }
        }

        #[cfg(feature = "schema")]
        impl Event {
            /// The JSON Schema of the sender's object for each known event type, as the sender documents it.
            pub fn schemas() -> Vec<(&'static str, serde_json::Value)> {
                let mut schemas = Vec::new();
                $({
                    let mut generator = schemars::SchemaGenerator::default();
                    let payload = generator.subschema_for::<$payload>();
                    let mut schema = object_schema(stringify!($known), &payload);
                    if let Some(members) = schema.as_object_mut() {
                        members.insert("$schema".to_owned(), "https://json-schema.org/draft/2020-12/schema".into());
                        members.insert("$defs".to_owned(), generator.take_definitions(true).into());
                    }
                    schemas.push((stringify!($known), schema));
                })*
                schemas
            }
        }

        /// From the sender's whole object.
        impl<'de> serde::Deserialize<'de> for Event {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                serde_json::Map::deserialize(deserializer).map(|body| Self::from_body(None, body))
            }
        }

        /// As the sender's whole object.
        impl serde::Serialize for Event {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    $( Self::$known(content) => content.serialize(serializer), )*
                    $( Self::$else(content) => content.serialize(serializer), )*
                }
            }
        }
    };
}
pub(crate) use event_enum;
