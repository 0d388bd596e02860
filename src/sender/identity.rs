//! Which event is which: the id that makes a re-send the same event, and two happenings two.
//!
//! Neither sender gives its events an id. Ours is the SHA-256 of:
//! - the source's name and the event's type,
//! - every top-level member of the body but those of the transport (`Sign`, `T`, `EventHandle`): a signature or a
//!   receipt is made anew for each delivery, and push and pull differ in them,
//! - for the few types whose payload can honestly repeat, and for one we do not know that has no task id, the minute of
//!   receipt.
//!
//! Members are taken in the order of their names, decoded, and without those that are null: the pulled form of a
//! Tencent event fills every unused member with null, and two JSON writers may escape or order differently. Numbers
//! count digit by digit. So two events are one only if they say the same in every member.
//!
//! Why all of the payload, and not the task id and the status: a Tencent flow with `TasksNotifyMode` `Change` sends many
//! events with one `TaskId` and the status `PROCESSING`, which differ in their subtasks alone; a media's parts are deleted
//! one by one under one `FileId`; the outputs of an Alibaba media convert job share its `JobId`. The other way round,
//! neither sender says the same event in other words when it sends again (inferred: neither documents that it does).
//!
//! What this cannot tell apart: two happenings that a sender describes with the same words.
//! - `MediaCastStatusChanged`, `RestoreMediaComplete` and `PersistenceComplete` of Tencent have neither time nor task id,
//!   and their happenings honestly come again: the second "Working" of a cast, the second restoration of a media. Hence
//!   the minute (also for `ProcessImageAsyncComplete` in the SDK's shape, without a task id). Two of them within a minute
//!   are one; a re-send that crosses the minute is two, which is the lesser evil.
//! - `FileDeleted` has no time either. A media is deleted once; but parts of it that are made again and deleted again
//!   are one event with the first deletion, because a minute would make every re-send of every deletion two.
//! - Two `PROCESSING` events of a flow that differ in nothing are one; nothing is lost by that.
//! - A happening sent in Tencent's format v3.0 and in the legacy one is two events, of two types.
//! - An Alibaba event carries its `EventTime`, to the second, and most a job id: equal ones are taken for a re-send.

use std::borrow::Cow;

use memchr::memchr;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use crate::envelope::hex;
use crate::json::{Json, Member, decode};

/// The id of an event, as 64 hex digits. `minute` is the time of receipt, for events that repeat.
pub fn id(source: &str, event_type: &str, members: &[&Member<'_>], minute: Option<OffsetDateTime>) -> String {
    let said = members.iter().map(|m| m.text.len()).sum::<usize>();
    let mut bytes = Vec::with_capacity(source.len() + event_type.len() + said + 64);
    push_text(&mut bytes, source);
    push_text(&mut bytes, event_type);
    push_members(&mut bytes, members.iter().copied());
    if let Some(received) = minute {
        bytes.extend((received.unix_timestamp() / 60).to_le_bytes());
    }
    hex(&Sha256::digest(&bytes))
}

/// Each kind of value begins with a byte of its own and says where it ends: no two values give the same bytes.
fn push_value(bytes: &mut Vec<u8>, value: &Json<'_>) {
    match value {
        Json::Null => bytes.push(b'0'),
        Json::Bool(false) => bytes.push(b'f'),
        Json::Bool(true) => bytes.push(b't'),
        Json::Number(digits) => {
            bytes.push(b'#');
            push_text(bytes, digits);
        }
        Json::String(quoted) => {
            let (kind, text) = match decode(quoted) {
                Ok(text) => (b'"', text),
                Err(written) => (b'\\', written.into()),
            };
            bytes.push(kind);
            push_text(bytes, &text);
        }
        Json::Array(items) => {
            bytes.push(b'[');
            for item in items {
                push_value(bytes, item);
            }
            bytes.push(b']');
        }
        Json::Object(members) => push_members(bytes, members.iter()),
    }
}

fn push_members<'m, 'a: 'm>(bytes: &mut Vec<u8>, members: impl Iterator<Item = &'m Member<'a>>) {
    let mut members: Vec<_> = members.filter(|m| !matches!(m.value, Json::Null)).collect();
    members.sort_by(|a, b| a.name.cmp(&b.name));
    bytes.push(b'{');
    for member in members {
        push_text(bytes, &member.name);
        if is_undecoded(&member.name) {
            bytes.push(b'\\');
        }
        push_value(bytes, &member.value);
    }
    bytes.push(b'}');
}

/// Whether a text stands as it was written, since no string can hold what its escapes say.
#[expect(clippy::ptr_arg, reason = "whether it is borrowed is the question")]
fn is_undecoded(text: &Cow<'_, str>) -> bool {
    matches!(text, Cow::Borrowed(written) if memchr(b'\\', written.as_bytes()).is_some())
}

/// A text behind its length, seven bits to a byte: most lengths need one, and every byte is digested.
fn push_text(bytes: &mut Vec<u8>, text: &str) {
    let mut length = text.len();
    while length >= 0x80 {
        bytes.push(length.to_le_bytes()[0] | 0x80);
        length >>= 7;
    }
    bytes.push(length.to_le_bytes()[0]);
    bytes.extend(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    fn id_of(text: &str) -> String {
        let json = Json::parse(text).unwrap();
        id("s/a", "t", &json.members().iter().collect::<Vec<_>>(), None)
    }

    #[test]
    fn the_same_said_otherwise_is_the_same() {
        let id = id_of(r#"{"a":{"x":1.50,"y":"é"},"b":[1,null]}"#);
        for text in [
            r#"{"b":[1,null],"a":{"y":"\u00e9","x":1.50}}"#,
            r#" { "a" : { "x" : 1.50, "y":"é" , "z": null } , "b":[ 1, null ], "c":null } "#,
        ] {
            assert_eq!(id_of(text), id, "{text}");
        }
    }

    #[test]
    fn the_least_difference_is_another_event() {
        let texts = [
            "{}",
            r#"{"a":1}"#,
            r#"{"a":"1"}"#,
            r#"{"a":1.0}"#,
            r#"{"a":16092504232103571364}"#,
            r#"{"a":16092504232103571365}"#,
            r#"{"a":160925042321035713640}"#,
            r#"{"a":160925042321035713641}"#,
            r#"{"a":[]}"#,
            r#"{"a":[[]]}"#,
            r#"{"a":[null]}"#,
            r#"{"a":{}}"#,
            r#"{"a":""}"#,
            r#"{"a":false}"#,
            r#"{"a":true}"#,
            r#"{"a":"b","c":"d"}"#,
            r#"{"a":"bc","":"d"}"#,
            r#"{"a":"\ud800"}"#,
            r#"{"a":"\\ud800"}"#,
            r#"{"\ud800":1}"#,
            r#"{"\\ud800":1}"#,
        ];
        let ids: std::collections::HashSet<_> = texts.iter().map(|t| id_of(t)).collect();
        assert_eq!(ids.len(), texts.len());
    }

    #[test]
    fn source_type_and_minute_count() {
        let at = |second| datetime!(2026-11-22 05:50:00 UTC) + time::Duration::seconds(second);
        let ids = [
            id("s/a", "t", &[], None),
            id("s/b", "t", &[], None),
            id("s/a", "u", &[], None),
            id("s/a", "t", &[], Some(at(0))),
            id("s/a", "t", &[], Some(at(60))),
        ];
        assert_eq!(ids.iter().collect::<std::collections::HashSet<_>>().len(), ids.len());
        assert_eq!(id("s/a", "t", &[], Some(at(59))), ids[3]);
    }
}
