//! Which event is which: the id that makes a re-send the same event, and two happenings two.
//!
//! Neither sender gives its events an id. Ours is the SHA-256 of:
//! - the source's name and the event's type,
//! - every top-level member of the body but those of the transport (`Sign`, `T`, `EventHandle`): a signature or a
//!   receipt is made anew for each delivery, and push and pull differ in them,
//! - for the few types whose payload can honestly repeat, and for one we do not know that has neither a time nor a task
//!   id, what tells one occurrence from the next (see [`Occurrence`]): the entry of the sender's queue, where that has a
//!   name that all its deliveries share, else the minute of receipt.
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
//! - A *pulled* event of these types of Tencent that is redelivered, because its confirmation failed, has another id in
//!   another minute and is processed twice. Nothing in it tells it from a second occurrence: whether a redelivered event
//!   keeps its `EventHandle` is documented nowhere, and a pushed event has none. Rather twice than never.
//! - No documented type of IMS repeats. An unknown one with neither `EventTime` nor job id does: pulled, it is one event
//!   for each MNS message (`MessageId` stays the same at each delivery), so a redelivery is the same event. The same event
//!   pushed has another id, since nothing in a callback names the message.
//! - An Alibaba event carries its `EventTime`, to the second, and most a job id: equal ones are taken for a re-send.

use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use crate::envelope::hex;
use crate::json::{Kind, Member, Value};

/// Each call costs something, and so does room for all of a large event.
const DIGESTED_AT_ONCE_BYTES: usize = 4096;

/// What tells one occurrence of an event from the next, where the payload does not.
#[derive(Debug, Clone, Copy)]
pub enum Occurrence<'a> {
    /// The minute of this time of receipt.
    Minute(OffsetDateTime),
    /// The entry of the sender's queue, whose name is the same at each delivery.
    Entry(&'a str),
}

/// The id of an event, as 64 hex digits. `occurrence` is for events that repeat.
pub fn id<'a>(
    source: &str,
    event_type: &str,
    members: impl Iterator<Item = Member<'a, 'a>>,
    occurrence: Option<Occurrence<'_>>,
) -> String {
    let mut said = Said {
        digest: Sha256::new(),
        bytes: Vec::with_capacity(2 * DIGESTED_AT_ONCE_BYTES),
        waiting: Vec::with_capacity(32),
    };
    said.text(source);
    said.text(event_type);
    said.members(members);
    match occurrence {
        None => {}
        Some(Occurrence::Minute(received)) => {
            said.bytes.extend((received.unix_timestamp() / 60).to_le_bytes());
        }
        Some(Occurrence::Entry(name)) => {
            said.bytes.push(b'e');
            said.text(name);
        }
    }
    said.digest.update(&said.bytes);
    hex(&said.digest.finalize())
}

/// What is digested. Each kind of value begins with a byte of its own and says where it ends: no two values give the same
/// bytes.
struct Said<'a> {
    digest: Sha256,
    /// What is not digested yet.
    bytes: Vec<u8>,
    /// The members of the objects that are being said, those to be said first last, behind the first bytes of their names.
    waiting: Vec<(u64, Member<'a, 'a>)>,
}

impl<'a> Said<'a> {
    fn value(&mut self, value: Value<'a, 'a>) {
        match value.kind() {
            Kind::Null => self.bytes.push(b'0'),
            Kind::Bool => self.bytes.push(if value.flag() == Some(true) { b't' } else { b'f' }),
            Kind::Number => {
                self.bytes.push(b'#');
                self.text(value.raw());
            }
            Kind::String => match value.string() {
                Ok(text) => {
                    self.bytes.push(b'"');
                    self.text(&text);
                }
                Err(written) => {
                    self.bytes.push(b'\\');
                    self.text(written);
                }
            },
            Kind::Array => {
                self.bytes.push(b'[');
                value.items().for_each(|item| self.value(item));
                self.bytes.push(b']');
            }
            Kind::Object => self.members(value.members()),
        }
        if self.bytes.len() >= DIGESTED_AT_ONCE_BYTES {
            self.digest.update(&self.bytes);
            self.bytes.clear();
        }
    }

    fn members(&mut self, members: impl Iterator<Item = Member<'a, 'a>>) {
        let others = self.waiting.len();
        let said = members.filter(|member| !member.value().is_null());
        self.waiting.extend(said.map(|member| (first_bytes(&member.name()), member)));
        if let Some(members) = self.waiting.get_mut(others..) {
            sort(members);
            members.reverse();
        }
        self.bytes.push(b'{');
        while self.waiting.len() > others
            && let Some((_, member)) = self.waiting.pop()
        {
            match member.name_string() {
                Ok(name) => self.text(&name),
                Err(written) => {
                    self.text(written);
                    self.bytes.push(b'\\');
                }
            }
            self.value(member.value());
        }
        self.bytes.push(b'}');
    }

    /// A text behind its length, seven bits to a byte: most lengths need one, and every byte is digested.
    fn text(&mut self, text: &str) {
        let mut length = text.len();
        while length >= 0x80 {
            self.bytes.push(length.to_le_bytes()[0] | 0x80);
            length >>= 7;
        }
        self.bytes.push(length.to_le_bytes()[0]);
        self.bytes.extend(text.as_bytes());
    }
}

/// By their names; those of the same name stay in their order.
fn sort(members: &mut [(u64, Member<'_, '_>)]) {
    members.sort_by_key(|(first, _)| *first);
    for alike in members.chunk_by_mut(|(a, _), (b, _)| a == b).filter(|alike| alike.len() > 1) {
        if alike.iter().any(|(_, member)| member.is_name_escaped()) {
            alike.sort_by_cached_key(|(_, member)| member.name()); // each is decoded once
        } else {
            alike.sort_by(|(_, a), (_, b)| a.name().cmp(&b.name()));
        }
    }
}

/// The first eight, as a number that is smaller where the name comes before another: most names differ in these, and need
/// not be compared letter by letter.
fn first_bytes(name: &str) -> u64 {
    let mut first = [0; 8];
    first.iter_mut().zip(name.bytes()).for_each(|(to, from)| *to = from);
    u64::from_be_bytes(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Json;
    use time::macros::datetime;

    fn id_of(text: &str) -> String {
        let json = Json::parse(text).unwrap();
        id("s/a", "t", json.root().members(), None)
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

    /// Names that are alike at the beginning, or as short as can be, in two orders.
    #[test]
    fn the_order_of_members_is_nothing() {
        let names =
            ["", "\0", "a", "a\0", "ab", "b", "abcdefg", "abcdefgh", "abcdefgh\0", "abcdefgha", "é", "媒体"];
        let object = |names: &mut dyn Iterator<Item = &&str>| {
            let members: Vec<_> = names.map(|name| serde_json::to_string(name).unwrap() + ":1").collect();
            format!("{{{}}}", members.join(","))
        };
        let mut sorted = names;
        sorted.sort_by_key(|name| first_bytes(name));
        assert!(sorted.is_sorted_by_key(|name| name.bytes().take(8).collect::<Vec<_>>()));
        assert_eq!(id_of(&object(&mut names.iter())), id_of(&object(&mut names.iter().rev())));
    }

    #[test]
    fn source_type_and_occurrence_count() {
        let at = |second| datetime!(2026-11-22 05:50:00 UTC) + time::Duration::seconds(second);
        let ids = [
            id("s/a", "t", std::iter::empty(), None),
            id("s/b", "t", std::iter::empty(), None),
            id("s/a", "u", std::iter::empty(), None),
            id("s/a", "t", std::iter::empty(), Some(Occurrence::Minute(at(0)))),
            id("s/a", "t", std::iter::empty(), Some(Occurrence::Minute(at(60)))),
            id("s/a", "t", std::iter::empty(), Some(Occurrence::Entry("1"))),
            id("s/a", "t", std::iter::empty(), Some(Occurrence::Entry("2"))),
        ];
        assert_eq!(ids.iter().collect::<std::collections::HashSet<_>>().len(), ids.len());
        assert_eq!(id("s/a", "t", std::iter::empty(), Some(Occurrence::Minute(at(59)))), ids[3]);
    }
}
