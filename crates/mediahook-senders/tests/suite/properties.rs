//! What holds for every body, tried on many.

use mediahook_events::Channel;
use mediahook_senders::{Body, SENDERS, Unprocessable, id::id, read_event};
use proptest::prelude::*;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use time::OffsetDateTime;

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        prop_oneof![Just("FINISH"), Just("FAIL"), Just("PROCESSING"), Just("")].prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 48, 6, |inner| {
        let name = prop_oneof![
            "[A-Za-z]{1,8}",
            Just("EventType".to_owned()),
            Just("eventType".to_owned()),
            Just("PullCompleteEvent".to_owned()),
            Just("MessageBody".to_owned()),
            Just("Status".to_owned()),
            Just("ErrCode".to_owned()),
            Just("FileId".to_owned()),
            Just("Input".to_owned()),
            Just("Output".to_owned()),
            Just("Type".to_owned()),
            Just("MediaProcessResultSet".to_owned()),
            Just("TranscodeTask".to_owned()),
            Just("AiAnalysisResultSet".to_owned()),
            Just("Sign".to_owned()),
            Just("T".to_owned()),
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(name, inner, 0..6).prop_map(|m| m.into_iter().collect()),
        ]
    })
}

/// What is nearly JSON: pieces of it in any order, or a text with one piece changed.
fn nearly_json() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        r#"[\[\]{},:" \t\n\\/u0-9eE.+-]"#,
        r#""([a-z\\"é媒]|\\u[0-9a-fA-F]{3,5}|\\["/bfnrtx]){0,9}""#,
        "-?[0-9]{0,3}(\\.[0-9]{0,3})?([eE][+-]?[0-9]{0,3})?",
        prop_oneof!["true", "false", "null", "tru", "nulll", "\u{1}", "\u{7f}", "\u{a0}", "\u{feff}"]
            .prop_map(String::from),
    ];
    let changed = (any_json(), any::<prop::sample::Index>(), any::<bool>(), piece.clone()).prop_map(
        |(value, place, replace, piece)| {
            let mut chars: Vec<_> = value.to_string().chars().collect();
            let at = place.index(chars.len());
            chars.splice(at..at + usize::from(replace), piece.chars());
            chars.into_iter().collect()
        },
    );
    prop_oneof![prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat()), changed]
}

/// A value as it counts for an id: without members that are null, and a number by its value.
fn as_counted(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(as_counted).collect(),
        Value::Object(members) => {
            let members = members.into_iter().filter(|(_, value)| !value.is_null());
            members.map(|(name, value)| (name, as_counted(value))).collect()
        }
        Value::Number(number) if number.is_f64() => {
            let digits = number.as_f64().unwrap().to_string();
            let integer = digits.parse::<i64>().map(Value::from);
            integer.or_else(|_| digits.parse::<u64>().map(Value::from)).unwrap_or(Value::Number(number))
        }
        value => value,
    }
}

/// The same value, written by somebody else: members the other way round, every letter escaped, white space.
fn written_otherwise(value: &Value) -> String {
    let escaped = |text: &str| {
        text.encode_utf16().fold(String::new(), |escaped, unit| format!("{escaped}\\u{unit:04x}"))
    };
    match value {
        Value::String(text) => format!("\"{}\"", escaped(text)),
        Value::Array(items) => {
            format!("[ {} ]", items.iter().map(written_otherwise).collect::<Vec<_>>().join(" ,\n"))
        }
        Value::Object(members) => {
            let members = members.iter().rev();
            let members =
                members.map(|(name, v)| format!("\"{}\" : {}", escaped(name), written_otherwise(v)));
            format!("{{ {} }}", members.chain([r#""none":null"#.to_owned()]).collect::<Vec<_>>().join("\t, "))
        }
        value => value.to_string(),
    }
}

fn id_of(body: &str) -> String {
    id("s/a", "X", &Body::parse(body).unwrap(), &[], "")
}

proptest! {
    #[test]
    fn what_is_nearly_json_is_json_where_serde_json_says_so(text in nearly_json()) {
        let body = format!(r#"{{"a":{text}}}"#);
        let is_json = serde_json::from_str::<&RawValue>(&body).is_ok();
        let read = Body::parse(&body);
        prop_assert_eq!(is_json, !matches!(read, Err(Unprocessable::NotJson { .. })), "{}", body);
        if let Ok(value) = serde_json::from_str::<Value>(&body) {
            prop_assert!(read.is_ok());
            let read = read.unwrap().without(&[]).unwrap();
            prop_assert_eq!(read.get(), body.trim());
            prop_assert!(value.is_object());
        }
    }

    #[test]
    fn two_values_are_one_event_exactly_if_serde_json_says_they_are_equal(a in any_json(), b in any_json()) {
        // As it is read: a float may not be the one that was written.
        let [a, b] = [a, b].map(|v| as_counted(serde_json::from_str(&v.to_string()).unwrap()));
        let of = |value: &Value| id_of(&json!({ "a": value }).to_string());
        prop_assert_eq!(a == b, of(&a) == of(&b), "{} {}", a, b);
        let body = format!(r#"{{"none":null,"\u0061":{}}}"#, written_otherwise(&a));
        prop_assert_eq!(id_of(&body), of(&a), "{}", body);
    }

    #[test]
    fn any_json_is_an_event_with_its_members_or_an_error(value in any_json()) {
        let text = value.to_string();
        for sender in SENDERS {
            let Ok(event) = read_event(*sender, "s/a", text.as_bytes(), Channel::Push, None, OffsetDateTime::UNIX_EPOCH) else { continue };
            for attribute in [&event.subject, &event.context, &event.errorcode, &event.errormessage] {
                prop_assert!(attribute.as_deref().is_none_or(|text| !text.contains(char::is_control)));
            }
            let mut expected = value.clone();
            for name in ["Sign", "T"].iter().filter(|_| sender.name().starts_with("tencent")) {
                expected.as_object_mut().unwrap().remove(*name);
            }
            let data: Value = serde_json::from_str(event.data.unwrap().get()).unwrap();
            prop_assert_eq!(data, serde_json::from_str::<Value>(&expected.to_string()).unwrap());
        }
    }
}
