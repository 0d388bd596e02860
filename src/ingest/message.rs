//! The queue message that carries an event.

use mediahook_events::CloudEvent;
use mediahook_senders::hex;
use memchr::memchr_iter;
use sha2::{Digest as _, Sha256};

use crate::storage::Message;
use crate::trace::xray_header;

/// About the size of an envelope without its data.
const SHELL_BYTES: usize = 768;
/// The maximum length of a `MessageGroupId` in SQS, in characters.
const MAX_GROUP_ID_CHARS: usize = 128;

/// The message that carries an event.
pub fn message(event: &CloudEvent) -> Message {
    let mut body = Vec::with_capacity(event.data.as_ref().map_or(0, |data| data.get().len()) + SHELL_BYTES);
    // Every member is already a text, an enum or valid JSON, so this cannot fail.
    let _ = serde_json::to_writer(&mut body, event);
    Message {
        body: escape_for_sqs(String::from_utf8(body).unwrap_or_default()),
        deduplication_id: event.id.clone(),
        group_id: group_id(event),
        trace_header: event.traceparent.as_deref().and_then(xray_header),
    }
}

/// The events of one media asset are one group, so that they keep their order and others do not wait for them. An event
/// without a subject is a group of its own. It is at most 128 characters, as SQS requires.
pub fn group_id(event: &CloudEvent) -> String {
    let subject = event.subject.as_deref().unwrap_or(&event.id);
    let readable = format!("{}/{subject}", event.source);
    if readable.len() <= MAX_GROUP_ID_CHARS && readable.bytes().all(|b| b.is_ascii_graphic()) {
        return readable;
    }
    hex(&Sha256::digest(readable.as_bytes()))
}

/// SQS does not allow U+FFFE and U+FFFF. In JSON they can only occur inside a string, where an escape means the same.
fn escape_for_sqs(body: String) -> String {
    let bytes = body.as_bytes();
    // In UTF-8 they are EF BF BE and EF BF BF.
    let is_refused = |at: usize| matches!(bytes.get(at + 1..at + 3), Some([0xbf, 0xbe | 0xbf]));
    if !memchr_iter(0xef, bytes).any(is_refused) {
        return body;
    }
    body.replace('\u{fffe}', "\\ufffe").replace('\u{ffff}', "\\uffff")
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::*;
    use crate::ingest::envelope::parse;

    fn event(subject: Option<&str>, data: &str) -> CloudEvent {
        let mut event = CloudEvent::new("0123", "tencent-vod/main", "com.tencentcloud.vod.PullComplete");
        event.subject = subject.map(Into::into);
        event.data = Some(RawValue::from_string(data.into()).unwrap());
        event
    }

    #[test]
    fn it_has_the_data_as_it_came() {
        let message = message(&event(Some("42"), r#"{ "n": 1.50 }"#));
        assert_eq!(
            message.body,
            r#"{"specversion":"1.0","id":"0123","source":"tencent-vod/main","type":"com.tencentcloud.vod.PullComplete","subject":"42","data":{ "n": 1.50 },"outcome":"unknown"}"#
        );
        assert_eq!(message.deduplication_id, "0123");
        assert!(super::message(&parse(&message.body).unwrap()) == message);
    }

    #[test]
    fn what_sqs_refuses_is_escaped_and_means_the_same() {
        let message = message(&event(Some("\u{ffff}"), "{\"a\":\"x\u{fffe}y\u{fffd}\"}"));
        assert!(!message.body.contains(['\u{fffe}', '\u{ffff}']));
        let read = parse(&message.body).unwrap();
        assert_eq!(read.subject.unwrap(), "\u{ffff}");
        let data: serde_json::Value = serde_json::from_str(read.data.unwrap().get()).unwrap();
        assert_eq!(data["a"], "x\u{fffe}y\u{fffd}");
    }

    #[test]
    fn a_group_is_readable_where_sqs_allows_it() {
        assert_eq!(message(&event(Some("42"), "{}")).group_id, "tencent-vod/main/42");
        assert_eq!(message(&event(None, "{}")).group_id, "tencent-vod/main/0123");
        for odd in ["a b", "媒体", &"9".repeat(200)] {
            assert_eq!(message(&event(Some(odd), "{}")).group_id.len(), 64, "{odd}");
        }
    }
}
