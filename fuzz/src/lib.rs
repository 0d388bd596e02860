//! What must hold for every text, whoever sent it.

use std::collections::BTreeSet;
use std::fmt;

use mediahook::events::{Channel, CloudEvent};
use mediahook::ingest::envelope;
use mediahook_senders::{Body, MAX_DEPTH, Unprocessable, id};
use mediahook::ingest;
use mediahook::lambda::request::FunctionUrlInvocation;
use mediahook::sources::Sources;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use time::OffsetDateTime;

const TRANSPORT: [&str; 5] = ["Sign", "T", "sign", "t", "EventHandle"];

/// A body is read where `serde_json` says that it is an object, and then every value in it can be read.
pub fn is_read_where_serde_json_says_so(text: &str) {
    let valid: Option<&RawValue> = serde_json::from_str(text).ok();
    match Body::parse(text) {
        Ok(body) => {
            assert!(valid.is_some_and(|json| json.get().starts_with('{')));
            for (_, value) in body.members() {
                assert!(serde_json::from_str::<Value>(value.get()).is_ok(), "{value}");
            }
        }
        Err(Unprocessable::TooDeep) => assert!(text.matches(['[', '{']).count() > MAX_DEPTH),
        Err(Unprocessable::NotAnObject) => assert!(valid.is_some_and(|json| !json.get().starts_with('{'))),
        Err(_) => assert!(valid.is_none()),
    }
}

/// An envelope has every member of its body, with an id that neither the order of members nor the transport changes.
pub fn is_passed_on_whole(source: &str, text: &str) {
    let received = OffsetDateTime::UNIX_EPOCH;
    let sources = Sources::parse(r#"{"tencent-vod/main":{},"alibaba-ims/prod":{}}"#).expect("valid sources");
    let source = sources.get(source).expect("a known source");
    let Ok(envelope) = ingest::build(source, text.as_bytes(), Channel::Push, None, received) else { return };

    let message = ingest::message(&envelope);
    assert!(!message.body.contains(['\u{fffe}', '\u{ffff}']));
    assert!(!message.group_id.is_empty() && message.group_id.len() <= 128);
    assert_eq!(message.deduplication_id, envelope.id);
    let read = envelope::parse(&message.body).expect("our own envelope");
    assert_eq!(ingest::message(&read), message);

    // A name that is not Unicode is nothing that can be compared here.
    let data = envelope.data.as_ref().expect("data").get();
    let (Ok(Members(sent)), Ok(Members(kept))) = (serde_json::from_str(text), serde_json::from_str(data))
    else {
        return;
    };
    let mut kept_values = kept.iter().map(|(name, value)| (name, value.get())).peekable();
    for (name, value) in &sent {
        if kept_values.next_if_eq(&(name, value.get())).is_none() {
            assert!(TRANSPORT.contains(&name.as_str()), "{name} is lost");
        }
    }
    assert_eq!(kept_values.next(), None);

    let again = ingest::build(source, data.as_bytes(), Channel::Pull, None, received).expect("it was one");
    assert_eq!((&again.id, &again.event_type), (&envelope.id, &envelope.event_type));
    let names: BTreeSet<_> = kept.iter().map(|(name, _)| name).collect();
    let objects = kept.iter().filter(|(_, value)| value.get().starts_with('{')).count();
    if names.len() == kept.len() && objects <= 1 {
        let member = |(name, value): &(String, &RawValue)| format!("{}:{value}", Value::from(name.as_str()));
        let reversed: Vec<_> = kept.iter().rev().map(member).collect();
        let reversed = format!("{{{}}}", reversed.join(" ,\n"));
        let again = ingest::build(source, reversed.as_bytes(), Channel::Push, None, received)
            .expect("the same body, otherwise written");
        assert_eq!(
            (again.id, again.subject, again.outcome),
            (envelope.id, envelope.subject, envelope.outcome)
        );
    }
}

/// Two bodies, on a line each, have the same id exactly if `serde_json` reads the same out of them; and a body that is
/// written otherwise has the same id.
pub fn are_one_event_if_they_are_equal(text: &str) {
    let (a, b) = text.split_once('\n').unwrap_or((text, "{}"));
    let (Some(a), Some(b)) = (Read::of(a), Read::of(b)) else { return };
    assert_eq!(a.value == b.value, a.id == b.id, "{} {}", a.value, b.value);
    let otherwise = written_otherwise(&a.value);
    let otherwise = Read::of(&otherwise).unwrap_or_else(|| panic!("it has no repeated names: {otherwise}"));
    assert_eq!((otherwise.value, otherwise.id), (a.value, a.id));
}

/// An envelope from a queue, written again, is the same message.
pub fn is_an_envelope_or_not(text: &str) {
    let Ok(envelope) = envelope::parse(text) else { return };
    let message = ingest::message(&envelope);
    assert!(!message.body.contains(['\u{fffe}', '\u{ffff}']));
    let read = envelope::parse(&message.body).expect("our own envelope");
    assert_eq!(ingest::message(&read), message);
}

/// An invocation is a request with the path that it has, or is malformed; it never panics.
pub fn is_a_request_or_malformed(text: &str) {
    let Ok(Ok(request)) = FunctionUrlInvocation::parse(text).map(FunctionUrlInvocation::into_request) else { return };
    // A number beyond 64 bits in a member that nobody reads is no number to `Value`.
    let Ok(invocation) = serde_json::from_str::<Value>(text) else { return };
    let path = invocation["rawPath"].as_str().or(invocation["path"].as_str()).unwrap_or_default();
    assert_eq!(request.uri().path(), if path.is_empty() { "/" } else { path });
}

/// What `serde_json` reads out of a body, without members that are null, and the body's id.
struct Read {
    value: Value,
    id: String,
}

impl Read {
    /// Nothing where a name is repeated (all of them count for the id) or a number is beyond 64 bits (its digits count).
    fn of(text: &str) -> Option<Self> {
        let body = Body::parse(text).ok()?;
        let value = counted(serde_json::from_str(text).ok()?)?;
        let names: Result<Names, _> = serde_json::from_str(text);
        names.ok()?;
        Some(Self { value, id: id::id("tencent-vod/main", "X", &body, &[], None) })
    }
}

fn counted(value: Value) -> Option<Value> {
    match value {
        Value::Number(n) if n.is_f64() && n.as_f64().is_none_or(|n| n.abs() >= 2_f64.powi(63)) => None,
        Value::Array(items) => items.into_iter().map(counted).collect(),
        Value::Object(members) => {
            let members = members.into_iter().filter(|(_, value)| !value.is_null());
            let members = members.map(|(name, value)| Some((name, counted(value)?)));
            members.collect::<Option<serde_json::Map<_, _>>>().map(Value::from)
        }
        value => Some(value),
    }
}

/// The same value: members the other way round, every letter escaped, white space, a null.
fn written_otherwise(value: &Value) -> String {
    let string = |text: &str| {
        let escaped = text.encode_utf16().fold(String::new(), |text, unit| format!("{text}\\u{unit:04x}"));
        format!("\"{escaped}\"")
    };
    let list = |items: &mut dyn Iterator<Item = String>| items.collect::<Vec<_>>().join("\t,\n");
    match value {
        Value::String(text) => string(text),
        Value::Array(items) => format!("[ {} ]", list(&mut items.iter().map(written_otherwise))),
        Value::Object(members) => {
            let null = (!members.contains_key("null")).then(|| r#""null":null"#.to_owned());
            let members = members.iter().rev();
            let members = members.map(|(name, v)| format!("{} : {}", string(name), written_otherwise(v)));
            format!("{{ {} }}", list(&mut members.chain(null)))
        }
        value => value.to_string(),
    }
}

/// The members of an object, repeated names included.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

/// Any value in which no object has a name twice.
struct Names;

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = <&RawValue>::deserialize(deserializer)?;
        if value.get().starts_with('{') {
            let Members(members) = serde_json::from_str(value.get()).map_err(serde::de::Error::custom)?;
            let names: BTreeSet<_> = members.iter().map(|(name, _)| name).collect();
            if names.len() < members.len() {
                return Err(serde::de::Error::custom("a name is repeated"));
            }
            for (_, value) in members {
                serde_json::from_str::<Names>(value.get()).map_err(serde::de::Error::custom)?;
            }
        } else if value.get().starts_with('[') {
            serde_json::from_str::<Vec<Names>>(value.get()).map_err(serde::de::Error::custom)?;
        }
        Ok(Self)
    }
}
