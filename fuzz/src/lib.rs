//! What must hold for every text, whoever sent it.

#[path = "../../tests/support/normal.rs"]
mod normal;

use std::collections::BTreeSet;

use mediahook::envelope::{Channel, Envelope};
use mediahook::intake;
use mediahook::json::{self, Json, Kind, Member, ParseError};
use mediahook::sender::{alibaba_ims, tencent_vod};
use mediahook::source::Sources;
use normal::normal;
use serde_json::Value;
use serde_json::value::RawValue;
use time::OffsetDateTime;

const TRANSPORT: [&str; 5] = ["Sign", "T", "sign", "t", "EventHandle"];

/// Our reader takes what `serde_json` takes, and understands the same by it.
pub fn is_read_as_serde_json_reads_it(text: &str) {
    let valid: Result<&RawValue, _> = serde_json::from_str(text);
    let json = match Json::parse(text) {
        Ok(json) => json,
        // Whether what stands further in is JSON, nobody looked.
        Err(ParseError::TooDeep) => return assert!(text.matches(['[', '{']).count() > json::MAX_DEPTH),
        Err(_) => return assert!(valid.is_err()),
    };
    assert!(valid.is_ok());
    // Half a surrogate pair and numbers beyond a float are JSON, but nothing that a `Value` can hold.
    if let Ok(expected) = serde_json::from_str::<Value>(text) {
        assert_eq!(value_of(json.root()), expected);
    }
    let start = text.as_ptr() as usize;
    for_each_member(json.root(), &mut |member| {
        let at = member.text().as_ptr() as usize - start;
        assert_eq!(text.get(at..at + member.text().len()), Some(member.text()));
        assert!(member.text().ends_with(member.value().raw()));
        let alone = Json::parse(member.value().raw()).expect("a value of its own");
        assert_eq!(normal(alone.root()), normal(member.value()));
    });
}

/// What is sealed arrives, member for member, with an id that neither the order of members nor the transport changes.
pub fn is_sealed_whole(source: &str, text: &str) {
    let received = OffsetDateTime::UNIX_EPOCH;
    let sources = Sources::parse(r#"{"tencent-vod/main":{},"alibaba-ims/prod":{}}"#).expect("valid sources");
    let source = sources.get(source).expect("a known source");
    let Ok(envelope) = intake::seal(source, text, Channel::Push, received) else { return };

    let message = envelope.message();
    assert!(!message.body.contains(['\u{fffe}', '\u{ffff}']));
    assert!(!message.group_id.is_empty() && message.group_id.len() <= 128);
    assert_eq!(message.deduplication_id, envelope.id);
    let read = Envelope::parse(&message.body).expect("our own envelope");
    assert_eq!(read.message(), message);

    let sent = Json::parse(text).expect("it was sealed");
    let sent = sent.root();
    let data = envelope.data.as_ref().expect("sealed with it").get();
    let kept = Json::parse(data).expect("it was sealed");
    let kept = kept.root();
    let mut kept_texts = kept.members().map(|m| m.text()).peekable();
    for member in sent.members() {
        if kept_texts.next_if_eq(&member.text()).is_none() {
            assert!(TRANSPORT.contains(&member.name().as_ref()), "{} is lost", member.name());
        }
    }
    assert_eq!(kept_texts.next(), None);

    let again = intake::seal(source, data, Channel::Pull, received).expect("it was one");
    assert_eq!((&again.id, &again.event_type), (&envelope.id, &envelope.event_type));
    let objects = kept.members().filter(|m| m.value().kind() == Kind::Object).count();
    if !has_repeated_names(kept) && objects <= 1 {
        let mut reversed: Vec<_> = kept.members().map(|m| m.text()).collect();
        reversed.reverse();
        let reversed = format!("{{{}}}", reversed.join(" ,\n"));
        let again =
            intake::seal(source, &reversed, Channel::Push, received).expect("the same said otherwise");
        assert_eq!(
            (again.id, again.subject, again.outcome),
            (envelope.id, envelope.subject, envelope.outcome)
        );
    }
}

/// A typed reading keeps every member, and written and read again it is the same reading.
pub fn is_read_as_tencent_event(text: &str) {
    let Ok(body) = tencent_vod::Body::read(text) else { return };
    let written = serde_json::to_string(&body).expect("a body can be written");
    is_kept(text, &written, || {
        let again = tencent_vod::Body::read(&written).expect("what we wrote");
        serde_json::to_string(&again).expect("a body can be written")
    });
}

/// See [`is_read_as_tencent_event`].
pub fn is_read_as_alibaba_event(text: &str) {
    let Ok(body) = alibaba_ims::Body::read(text) else { return };
    let written = serde_json::to_string(&body).expect("a body can be written");
    is_kept(text, &written, || {
        let again = alibaba_ims::Body::read(&written).expect("what we wrote");
        serde_json::to_string(&again).expect("a body can be written")
    });
}

/// Of a name that is repeated in an object the last one counts, so such texts say nothing here.
fn is_kept(text: &str, written: &str, again: impl FnOnce() -> String) {
    let sent = Json::parse(text).expect("it was read");
    let sent = sent.root();
    if has_repeated_names(sent) {
        return;
    }
    assert_eq!(again(), written);
    let mut kept = normal(Json::parse(written).expect("what we wrote").root());
    let sent = normal(sent);
    // A type that is missing is written as what it must be.
    if let (Some(Value::Object(kept)), Some(sent)) = (&mut kept, &sent)
        && sent.get("EventType").is_none()
    {
        kept.remove("EventType");
    }
    assert_eq!(kept, sent);
}

/// An envelope from a queue, written again, is the same message.
pub fn is_an_envelope_or_not(text: &str) {
    let Ok(envelope) = Envelope::parse(text) else { return };
    let message = envelope.message();
    assert!(!message.body.contains(['\u{fffe}', '\u{ffff}']));
    let read = Envelope::parse(&message.body).expect("our own envelope");
    assert_eq!(read.message(), message);
    let _ = tencent_vod::Event::of(&envelope);
    let _ = alibaba_ims::Event::of(&envelope);
}

fn value_of(value: json::Value<'_, '_>) -> Value {
    match value.kind() {
        Kind::Array => value.items().map(value_of).collect(),
        Kind::Object => value.members().map(|m| (m.name().to_string(), value_of(m.value()))).collect(),
        _ => serde_json::from_str(value.raw()).expect("a value of its own"),
    }
}

fn for_each_member(value: json::Value<'_, '_>, check: &mut impl FnMut(&Member<'_, '_>)) {
    value.items().for_each(|item| for_each_member(item, check));
    for member in value.members() {
        check(&member);
        for_each_member(member.value(), check);
    }
}

fn has_repeated_names(value: json::Value<'_, '_>) -> bool {
    let names: BTreeSet<_> = value.members().map(|m| m.name()).collect();
    names.len() < value.members().count()
        || value.members().any(|m| has_repeated_names(m.value()))
        || value.items().any(has_repeated_names)
}
