//! JSON Schemas of the envelope and of every typed event, made from the Rust types: the files under `schemas/`.
//!
//! A sender's schema describes the object in the envelope's `data`. It allows what senders send besides what they document,
//! as `mediahook_events::lenient` does: a number in quotes, an id as a number, `null` for "none", members that nobody has
//! documented.

use mediahook_events::{CloudEvent, alibaba_ims, alibaba_vod, tencent_vod};
use serde_json::{Map, Value, json};

/// Each schema, by the path of its file under `schemas/`.
pub fn schemas() -> Vec<(String, Value)> {
    let mut schemas = vec![("cloud-event.json".to_owned(), schemars::schema_for!(CloudEvent).into())];
    for (folder, events) in [
        ("tencent-vod", tencent_vod::Event::schemas()),
        ("tencent-vod/v2", tencent_vod::v2::Event::schemas()),
        ("alibaba-ims", alibaba_ims::Event::schemas()),
        ("alibaba-vod", alibaba_vod::Event::schemas()),
    ] {
        for (event_type, mut schema) in events {
            allow_what_senders_send(&mut schema);
            schemas.push((format!("{folder}/{event_type}.json"), schema));
        }
    }
    schemas
}

fn allow_what_senders_send(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            allow_more_types(members);
            members.values_mut().for_each(allow_what_senders_send);
        }
        Value::Array(items) => items.iter_mut().for_each(allow_what_senders_send),
        _ => {}
    }
}

/// A text may come as a number, a number in quotes, and any of them as `null`.
fn allow_more_types(schema: &mut Map<String, Value>) {
    let documented = match schema.get("type") {
        Some(Value::String(name)) => name.clone(),
        Some(Value::Array(names)) => names.first().and_then(Value::as_str).unwrap_or_default().to_owned(),
        _ => return,
    };
    let allowed = match documented.as_str() {
        "string" => json!(["string", "number", "null"]),
        "integer" => json!(["integer", "string", "null"]),
        "number" => json!(["number", "string", "null"]),
        "array" => json!(["array", "null"]),
        "boolean" => json!(["boolean", "null"]),
        _ => return,
    };
    schema.insert("type".to_owned(), allowed);
    // That of the Rust type.
    schema.remove("format");
}
