//! How events are identified: a redelivery is the same event, and two occurrences are two events.
//!
//! Neither sender gives its events an id. Ours is the SHA-256 of:
//! - the source's name and the event's type,
//! - every top-level member of the body except those of the transport (`Sign`, `T`, `EventHandle`): a signature or a
//!   receipt is new in each delivery, and differs between push and pull,
//! - a distinction between occurrences, for the few types whose payload can repeat, and for an
//!   unknown type that has neither a time nor a task id: the entry of the sender's queue, if it has a name that all
//!   its deliveries share, else the minute of receipt.
//!
//! They count as sorted JSON, without members that are null: the pulled form of a Tencent event fills every unused member
//! with null, and two JSON writers may escape or order differently. A number counts by its value (`56.0` is `56`, `1e2` is
//! `100`): as an integer of 64 bits with every digit, else as a float. So two events are equal exactly if `serde_json`
//! considers their members equal.
//!
//! Why the whole payload, and not only the task id and the status: a Tencent flow with `TasksNotifyMode` `Change`
//! sends many events with one `TaskId` and the status `PROCESSING`, which differ only in their subtasks; a media
//! asset's parts are deleted one by one under one `FileId`; the outputs of an Alibaba media convert job share its
//! `JobId`. Conversely, neither sender changes the contents of an event when it sends it again (inferred: neither
//! documents that it does).
//!
//! The id cannot distinguish two occurrences that a sender describes with the same contents.
//! - `MediaCastStatusChanged`, `RestoreMediaComplete` and `PersistenceComplete` of Tencent have neither time nor task
//!   id, and the same can happen twice: the second "Working" of a cast, the second restoration of a media asset.
//!   Therefore the minute is added (also for `ProcessImageAsyncComplete` in the SDK's shape, without a task id). Two
//!   of them within a minute are one event; a redelivery in the next minute is a second event, which is the lesser
//!   evil.
//! - `FileDeleted` has no time either. A media asset is deleted once. But if parts of it are created again and
//!   deleted again, that is the same event as the first deletion, because with a minute every redelivery of a
//!   deletion would be a second event.
//! - Two `PROCESSING` events of a flow with equal contents are one event; nothing is lost by that.
//! - An occurrence sent in Tencent's format v3.0 and in the legacy one is two events, of two types.
//! - If a *pulled* event of these Tencent types is redelivered because its confirmation failed, it has another id in
//!   another minute and is processed twice. Nothing in it distinguishes it from a second occurrence: no document says
//!   whether a redelivered event keeps its `EventHandle`, and a pushed event has none. Twice is better than never.
//! - An Alibaba event has its `EventTime`, to the second, and most have a job id: equal ones count as a redelivery. So
//!   do equal ones of a documented type without a time, which no document has, and a consumer's test of
//!   `FileUploadComplete` has: a video's file arrives once. If it is overwritten by one of the same size, and its event
//!   has no time either, that is the same event.
//! - An unknown type of Alibaba with neither `EventTime` nor job id may repeat. When pulled, it is one event for each MNS
//!   message (`MessageId` stays the same at each delivery), so a redelivery is the same event. The same event pushed
//!   has another id, because a callback does not name the message.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use crate::body::Body;
use crate::hex::hex;

/// The id of an event, as 64 hex digits.
///
/// `transport` are the names of the top-level members that do not count. `occurrence` distinguishes two occurrences with
/// the same payload, and is empty for types that do not repeat.
pub fn id(source: &str, event_type: &str, body: &Body<'_>, transport: &[&str], occurrence: &str) -> String {
    let mut digest = Sha256::new();
    for text in [source, event_type, occurrence] {
        digest.update(text.len().to_be_bytes());
        digest.update(text);
    }
    let members: BTreeMap<_, _> =
        body.members().iter().filter(|(name, _)| !transport.contains(&name.as_str())).collect();
    // A map of JSON values cannot fail.
    digest.update(serde_json::to_vec(&members).unwrap_or_default());
    hex(&digest.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id_of(text: &str) -> String {
        id("s/a", "t", &Body::parse(text).unwrap(), &[], "")
    }

    #[test]
    fn the_same_said_otherwise_is_the_same() {
        let id = id_of(r#"{"a":{"x":1.50,"y":"é"},"b":[1,null]}"#);
        for text in [
            r#"{"b":[1,null],"a":{"y":"\u00e9","x":1.50}}"#,
            r#" { "a" : { "x" : 1.50, "y":"é" , "z": null } , "b":[ 1, null ], "c":null } "#,
            r#"{"a":{"\u0078":15e-1,"y":"é"},"b":[1,null]}"#,
        ] {
            assert_eq!(id_of(text), id, "{text}");
        }
    }

    /// Any number of digits: the nearest float counts.
    #[test]
    fn a_float_is_the_one_that_is_nearest_to_its_digits() {
        for (digits, shortest) in [
            ("1694444444.44444444444444444444449e4", "16944444444444.445"),
            ("0.1000000000000000055511151231257827", "0.1"),
            ("60.04700088501000000000000001", "60.04700088501"),
        ] {
            assert_eq!(digits.parse::<f64>(), shortest.parse());
            assert_eq!(
                id_of(&format!(r#"{{"a":{digits}}}"#)),
                id_of(&format!(r#"{{"a":{shortest}}}"#)),
                "{digits}"
            );
        }
    }

    #[test]
    fn a_number_counts_by_its_value() {
        for (one, other) in [
            ("56.0", "56"),
            ("1e2", "100"),
            ("-0", "0"),
            ("-0.0", "0"),
            ("1E30", "1e30"),
            ("1e19", "10000000000000000000"),
        ] {
            assert_eq!(id_of(&format!(r#"{{"a":{one}}}"#)), id_of(&format!(r#"{{"a":{other}}}"#)), "{one}");
        }
    }

    #[test]
    fn the_least_difference_is_another_event() {
        let texts = [
            "{}",
            r#"{"a":1}"#,
            r#"{"a":"1"}"#,
            r#"{"a":1.5}"#,
            r#"{"a":1609250423210357136}"#,
            r#"{"a":1609250423210357137}"#,
            r#"{"a":16092504232103571364}"#,
            r#"{"a":16092504232103571365}"#,
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
            r#"{"a":{"\ud800":1}}"#,
            r#"{"a":"160925042321035713640"}"#,
            r#"{"a":1e19}"#,
        ];
        let ids: std::collections::HashSet<_> = texts.iter().map(|t| id_of(t)).collect();
        assert_eq!(ids.len(), texts.len());
    }

    /// Names with a common beginning, or as short as possible, in two orders.
    #[test]
    fn the_order_of_members_is_nothing() {
        let names =
            ["", "\0", "a", "a\0", "ab", "b", "abcdefg", "abcdefgh", "abcdefgh\0", "abcdefgha", "é", "媒体"];
        let object = |names: &mut dyn Iterator<Item = &&str>| {
            let members: Vec<_> = names.map(|name| serde_json::to_string(name).unwrap() + ":1").collect();
            format!("{{{}}}", members.join(","))
        };
        assert_eq!(id_of(&object(&mut names.iter())), id_of(&object(&mut names.iter().rev())));
    }

    #[test]
    fn source_type_and_occurrence_count() {
        let body = Body::parse("{}").unwrap();
        let id = |source, event_type, occurrence| id(source, event_type, &body, &[], occurrence);
        let ids = [
            id("s/a", "t", ""),
            id("s/b", "t", ""),
            id("s/a", "u", ""),
            id("s/a", "tu", ""),
            id("s/a", "t", "u"),
            id("s/a", "t", "v"),
        ];
        assert_eq!(ids.iter().collect::<std::collections::HashSet<_>>().len(), ids.len());
    }
}
