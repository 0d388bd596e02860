//! What holds for every body, tried on many.

use arbtest::arbitrary::{Result, Unstructured};
use arbtest::arbtest;
use mediahook_events::Channel;
use mediahook_senders::{Body, SENDERS, Unprocessable, id::id, read_event};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use time::OffsetDateTime;

/// Names that a sender's body has, so that any JSON meets what is read.
const NAMES: &[&str] = &[
    "EventType",
    "eventType",
    "PullCompleteEvent",
    "MessageBody",
    "Status",
    "ErrCode",
    "FileId",
    "Input",
    "Output",
    "Type",
    "MediaProcessResultSet",
    "TranscodeTask",
    "AiAnalysisResultSet",
    "Sign",
    "T",
];

/// What JSON is made of, and what only looks like it.
#[rustfmt::skip]
const PIECES: &[&str] = &[
    "[", "]", "{", "}", ",", ":", " ", "\t", "\n", "\u{1}", "\u{7f}", "\u{a0}", "\u{feff}", "\"", "\\", "/", "é", "媒",
    "true", "false", "null", "tru", "nulll", "0", "7", "-", "-0", "01", "7.", ".5", "1.5", "e", "1e5", "1E+", "-2.0e-3", "1e400",
];

/// The same for the contents of a text. Some are the half of an escape.
#[rustfmt::skip]
const OF_TEXTS: &[&str] = &[
    "a", "é", "媒", "\\\"", "\\\\", "\\/", "\\n", "\\r", "\\x", "\"", "\\", "\n", "\\u", "\\u5A", "92", "f", "\\ud834", "\\udd1e",
];

/// Of small values far more can be tried than of large ones.
fn on_many(property: impl FnMut(&mut Unstructured) -> Result<()>) {
    arbtest(property).size_max(2_048).run();
}

fn up_to<T>(
    most: usize,
    u: &mut Unstructured,
    each: impl Fn(&mut Unstructured) -> Result<T>,
) -> Result<Vec<T>> {
    (0..u.int_in_range(0..=most)?).map(|_| each(u)).collect()
}

/// One that JSON, base64 or a terminal minds as often as any other.
fn character(u: &mut Unstructured) -> Result<char> {
    if u.arbitrary()? { Ok(char::from(u.int_in_range(0..=0x7f)?)) } else { u.arbitrary() }
}

fn text(u: &mut Unstructured, most: usize) -> Result<String> {
    Ok(up_to(most, u, character)?.into_iter().collect())
}

fn name(u: &mut Unstructured) -> Result<String> {
    if u.ratio(9, 10)? { Ok((*u.choose(NAMES)?).to_owned()) } else { text(u, 8) }
}

fn any_json(u: &mut Unstructured, depth: usize) -> Result<Value> {
    if depth > 0 && u.arbitrary()? {
        return Ok(if u.arbitrary()? {
            up_to(5, u, |u| Ok((name(u)?, any_json(u, depth - 1)?)))?.into_iter().collect()
        } else {
            up_to(5, u, |u| any_json(u, depth - 1))?.into()
        });
    }
    Ok(match u.int_in_range(0..=5)? {
        0 => Value::Null,
        1 => u.arbitrary::<bool>()?.into(),
        2 => u.arbitrary::<i64>()?.into(),
        3 => u.arbitrary::<f64>()?.into(),
        4 => text(u, 12)?.into(),
        _ => (*u.choose(&["FINISH", "FAIL", "PROCESSING", ""])?).into(),
    })
}

fn piece(u: &mut Unstructured) -> Result<String> {
    if u.ratio(3, 4)? {
        return Ok((*u.choose(PIECES)?).to_owned());
    }
    Ok(format!("\"{}\"", up_to(9, u, |u| u.choose(OF_TEXTS).copied())?.concat()))
}

/// What is nearly JSON: pieces of it in any order, or a text with one piece changed.
fn nearly_json(u: &mut Unstructured) -> Result<String> {
    if u.arbitrary()? {
        return Ok(up_to(11, u, piece)?.concat());
    }
    let mut chars: Vec<_> = any_json(u, 4)?.to_string().chars().collect();
    let at = u.choose_index(chars.len())?;
    chars.splice(at..at + usize::from(u.arbitrary::<bool>()?), piece(u)?.chars());
    Ok(chars.into_iter().collect())
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

#[test]
fn what_is_nearly_json_is_json_where_serde_json_says_so() {
    on_many(|u| {
        let body = format!(r#"{{"a":{}}}"#, nearly_json(u)?);
        let is_json = serde_json::from_str::<&RawValue>(&body).is_ok();
        let read = Body::parse(&body);
        assert_eq!(is_json, !matches!(read, Err(Unprocessable::NotJson { .. })), "{body}");
        if let Ok(value) = serde_json::from_str::<Value>(&body) {
            assert_eq!(read.unwrap().without(&[]).unwrap().get(), body.trim());
            assert!(value.is_object());
        }
        Ok(())
    });
}

#[test]
fn two_values_are_one_event_exactly_if_serde_json_says_they_are_equal() {
    on_many(|u| {
        let [a, b] = [any_json(u, 4)?, any_json(u, 4)?];
        // As it is read: a float may not be the one that was written.
        let [a, b] = [a, b].map(|v| as_counted(serde_json::from_str(&v.to_string()).unwrap()));
        let of = |value: &Value| id_of(&json!({ "a": value }).to_string());
        assert_eq!(a == b, of(&a) == of(&b), "{a} {b}");
        let body = format!(r#"{{"none":null,"\u0061":{}}}"#, written_otherwise(&a));
        assert_eq!(id_of(&body), of(&a), "{body}");
        Ok(())
    });
}

#[test]
fn any_json_is_an_event_with_its_members_or_an_error() {
    on_many(|u| {
        let value = any_json(u, 4)?;
        let text = value.to_string();
        for sender in SENDERS {
            let Ok(event) =
                read_event(*sender, "s/a", text.as_bytes(), Channel::Push, None, OffsetDateTime::UNIX_EPOCH)
            else {
                continue;
            };
            for attribute in [&event.subject, &event.context, &event.errorcode, &event.errormessage] {
                assert!(attribute.as_deref().is_none_or(|text| !text.contains(char::is_control)));
            }
            let mut expected = value.clone();
            for name in ["Sign", "T"].iter().filter(|_| sender.name().starts_with("tencent")) {
                expected.as_object_mut().unwrap().remove(*name);
            }
            let data: Value = serde_json::from_str(event.data.unwrap().get()).unwrap();
            assert_eq!(data, serde_json::from_str::<Value>(&expected.to_string()).unwrap());
        }
        Ok(())
    });
}
