//! What two JSON texts must have in common to say the same to either sender's reader. The fuzz targets go by it as well.

use mediahook::json::{Kind, Value};

/// With numbers digit by digit, as texts, so that a number in a text's place is the same; without what means "none".
pub fn normal(value: Value<'_, '_>) -> Option<serde_json::Value> {
    match value.kind() {
        Kind::Null => None,
        Kind::Bool => value.flag().map(Into::into),
        Kind::Number | Kind::String => value.text().map(Into::into),
        Kind::Array => {
            let items: Vec<_> = value.items().filter_map(normal).collect();
            (!items.is_empty()).then(|| items.into())
        }
        Kind::Object => {
            Some(value.members().filter_map(|m| Some((m.name().to_string(), normal(m.value())?))).collect())
        }
    }
}
