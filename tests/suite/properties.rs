//! What holds for every input, tried on many.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use mediahook::events::Channel;
use mediahook::ingest;
use mediahook::ingest::envelope;
use mediahook::receive::{authenticate, read_event};
use mediahook::sources::Sources;
use mediahook_senders::CallbackRequest;
use mediahook_senders::{Body, id};
use proptest::prelude::*;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use time::OffsetDateTime;

use mediahook_testing::function_url::{self, DOMAIN};
use mediahook_testing::signing::{sign_alibaba, sign_tencent};

const NOW_S: i64 = 1_795_326_625;

fn now() -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(NOW_S).unwrap()
}

fn sources(key: &str) -> Sources {
    let document = json!({
        "tencent-vod/main": { "sign_keys": ["another", key] },
        "alibaba-ims/prod": { "auth_keys": [key, "another"] }
    });
    Sources::parse(&document.to_string()).unwrap()
}

fn callback(path: &str, headers: &Value, body: &str, base64: bool) -> CallbackRequest {
    let body = if base64 { BASE64_STANDARD.encode(body) } else { body.to_owned() };
    function_url::request(&function_url::event("POST", path, "", headers, (body, base64))).unwrap()
}

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

/// A value as it counts for an id: without members that are null, and a zero is a zero.
fn as_counted(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(as_counted).collect(),
        Value::Object(members) => {
            let members = members.into_iter().filter(|(_, value)| !value.is_null());
            members.map(|(name, value)| (name, as_counted(value))).collect()
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

fn id_of(value: &Value) -> String {
    let body = json!({ "a": value }).to_string();
    id::id("tencent-vod/main", "X", &Body::parse(&body).unwrap(), &[], None)
}

proptest! {
    #[test]
    fn a_signature_fits_its_key_and_no_other(key in "[A-Za-z0-9]{6,32}", other in "[A-Za-z0-9]{6,32}", ahead_s in 0i64..900) {
        prop_assume!(key != other && key != "another" && other != "another");
        let body = sign_tencent(r#"{"EventType":"X"}"#, &key, NOW_S + ahead_s);
        let tencent = callback("/tencent-vod/main", &json!({}), &body, false);
        prop_assert!(authenticate(&tencent, &sources(&key), now()).is_ok());
        prop_assert!(authenticate(&tencent, &sources(&other), now()).is_err());

        let url = format!("https://{DOMAIN}/alibaba-ims/prod");
        let headers: Value = sign_alibaba(&url, &key, NOW_S + ahead_s / 3).into_iter().map(|(n, v)| (n.to_owned(), Value::from(v))).collect();
        let alibaba = callback("/alibaba-ims/prod", &headers, "{}", false);
        prop_assert!(authenticate(&alibaba, &sources(&key), now()).is_ok());
        prop_assert!(authenticate(&alibaba, &sources(&other), now()).is_err());
    }

    #[test]
    fn what_is_nearly_json_is_json_where_serde_json_says_so(text in nearly_json()) {
        let body = format!(r#"{{"a":{text}}}"#);
        let is_json = serde_json::from_str::<&RawValue>(&body).is_ok();
        let read = Body::parse(&body);
        prop_assert_eq!(read.is_ok(), is_json);
        // What `serde_json` can only pass on, it reads once the body has been read.
        for (_, value) in read.iter().flat_map(Body::members) {
            prop_assert!(serde_json::from_str::<Value>(value.get()).is_ok(), "{}", value);
        }
    }

    #[test]
    fn two_values_are_one_event_exactly_if_serde_json_says_they_are_equal(a in any_json(), b in any_json()) {
        // As it is read: a float may not be the one that was written.
        let [a, b] = [a, b].map(|v| as_counted(serde_json::from_str(&v.to_string()).unwrap()));
        prop_assert_eq!(a == b, id_of(&a) == id_of(&b), "{} {}", a, b);
        let body = format!(r#"{{"none":null,"\u0061":{}}}"#, written_otherwise(&a));
        prop_assert_eq!(id::id("tencent-vod/main", "X", &Body::parse(&body).unwrap(), &[], None), id_of(&a), "{}", body);
    }

    #[test]
    fn any_json_is_an_event_with_its_members_or_an_error(value in any_json()) {
        let text = value.to_string();
        let sources = sources("TestKey1");
        for source in ["tencent-vod/main", "alibaba-ims/prod"] {
            let Ok(envelope) = ingest::build(sources.get(source).unwrap(), text.as_bytes(), Channel::Push, None, now()) else { continue };
            let message = ingest::message(&envelope);
            let refused_by_sqs = message.body.contains(['\u{fffe}', '\u{ffff}']);
            prop_assert!(!refused_by_sqs);
            prop_assert!(message.group_id.len() <= 128);
            let read = envelope::parse(&message.body).unwrap();
            let mut expected = value.clone();
            for name in ["Sign", "T"].iter().filter(|_| source.starts_with("tencent")) {
                expected.as_object_mut().unwrap().remove(*name);
            }
            let data: Value = serde_json::from_str(read.data.unwrap().get()).unwrap();
            prop_assert_eq!(data, serde_json::from_str::<Value>(&expected.to_string()).unwrap());
        }
    }

    #[test]
    fn the_order_of_members_makes_no_other_event(value in any_json()) {
        let text = json!({ "EventType": "PullComplete", "PullCompleteEvent": value }).to_string();
        let turned = format!(r#"{{ "PullCompleteEvent" : {value} , "EventType" : "PullComplete" }}"#);
        let sources = sources("TestKey1");
        let id = |text: &str| {
            ingest::build(sources.get("tencent-vod/main").unwrap(), text.as_bytes(), Channel::Push, None, now()).unwrap().id
        };
        prop_assert_eq!(id(&text), id(&turned));
    }

    #[test]
    fn any_text_is_answered(body in ".{0,200}", base64 in any::<bool>(), encode in any::<bool>()) {
        let sources = Sources::parse(r#"{"tencent-vod/main":{"path_tokens":["path-token"]}}"#).unwrap();
        let body = if encode { BASE64_STANDARD.encode(&body) } else { body };
        let event = function_url::event("POST", "/tencent-vod/main/path-token", "", &json!({}), (body, base64));
        let request = function_url::request(&event);
        // What is not the base64 it is said to be is no request.
        let is_base64 = BASE64_STANDARD.decode(event["body"].as_str().unwrap()).is_ok();
        prop_assert_eq!(request.is_ok(), is_base64 || !base64);
        let _ = request.map(|request| {
            let authentic = authenticate(&request, &sources, now()).unwrap();
            read_event(&authentic, now(), None)
        });
    }

    #[test]
    fn plain_and_base64_are_the_same_event(value in any_json()) {
        let body = sign_tencent(&json!({ "EventType": "X", "XEvent": value }).to_string(), "TestKey1", NOW_S);
        let message = |base64| {
            let callback = callback("/tencent-vod/main", &json!({}), &body, base64);
            let sources = sources("TestKey1");
            let authentic = authenticate(&callback, &sources, now()).unwrap();
            let envelope = read_event(&authentic, now(), None).unwrap();
            ingest::message(&envelope)
        };
        prop_assert_eq!(message(false), message(true));
    }
}
