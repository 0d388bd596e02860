//! The CloudEvent in which an event travels: through the queue, to the handlers, and to every place where an event
//! waits.

use std::fmt;

use memchr::memchr_iter;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::text::is_blank;
use crate::trace::Trace;

pub use mediahook_events::{Deleted, Outcome, Verdict};

/// `specversion` of every envelope.
const SPEC_VERSION: &str = "1.0";
/// About the size of an envelope without its data.
const SHELL_BYTES: usize = 768;
const JSON_MEDIA_TYPE: &str = "application/json";
/// The maximum length of a `MessageGroupId` in SQS, in characters.
const MAX_GROUP_ID_CHARS: usize = 128;
/// `context`, `errorcode` and `errormessage` are cut to this many characters.
const MAX_TEXT_CHARS: usize = 1_000;
/// If the other attributes already take more bytes than this, the sender's texts are left out: they must not make an
/// event too large for the queue.
const MAX_BYTES_BESIDE_TEXTS: usize = 64 * 1024;
/// The maximum length of a `MessageDeduplicationId` in SQS, in characters. Ours have 64 hexadecimal digits.
const MAX_ID_CHARS: usize = 128;
/// The members that are parsed.
const MEMBERS: [&str; 21] = [
    "specversion",
    "id",
    "source",
    "type",
    "subject",
    "time",
    "datacontenttype",
    "data",
    "dataref",
    "outcome",
    "taskid",
    "mediaid",
    "proceduretaskid",
    "context",
    "errorcode",
    "errormessage",
    "verdict",
    "deleted",
    "channel",
    "receivedtime",
    "traceparent",
];

/// One event notification as CloudEvents 1.0, structured JSON.
#[derive(Clone, Serialize, Deserialize)]
pub struct Envelope {
    /// The version of CloudEvents, `1.0`.
    pub specversion: String,
    /// The same for the same event, however often it is sent, and whether it is pushed or pulled. See
    /// [`crate::event::id`].
    pub id: String,
    /// The source's name, `SENDER/APP`, such as `tencent-vod/main`.
    pub source: String,
    /// The sender's event type after the sender's prefix, such as `com.tencentcloud.vod.PullComplete`.
    #[serde(rename = "type")]
    pub event_type: String,
    /// The id of the media asset if the event concerns exactly one, else of the task or job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// When it happened by the sender's clock, else when it was received; RFC 3339.
    pub time: String,
    /// The content type of `data`: always `application/json`.
    #[serde(default = "json_media_type")]
    pub datacontenttype: String,
    /// The sender's JSON object, byte for byte, without the members that belong to the transport.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Box<RawValue>>,
    /// The place of `data` if it is too large to travel: `s3://BUCKET/payload/...` (claim check).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataref: Option<String>,
    /// The outcome of the task.
    #[serde(default)]
    pub outcome: Outcome,
    /// The sender's id of the task or job, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taskid: Option<String>,
    /// The sender's id of the media asset, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mediaid: Option<String>,
    /// Id of the task flow that an upload or pull started: the `taskid` of that flow's events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proceduretaskid: Option<String>,
    /// The caller's own text, at most 1,000 characters. Handlers correlate by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// The first error code of a failure, at most 1,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errorcode: Option<String>,
    /// The message beside that code, at most 1,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errormessage: Option<String>,
    /// The verdict of a review.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// What was deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted: Option<Deleted>,
    /// The way it was received.
    pub channel: Channel,
    /// When it was received; RFC 3339.
    pub receivedtime: String,
    /// The trace of the invocation that received it, in W3C format (`CloudEvents`' extension for distributed
    /// tracing). It is converted from X-Ray's header, if that names a segment. `id` does not depend on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
}

/// Why a text is not an envelope. It names the place, and never repeats the contents.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAnEnvelope {
    /// Not JSON.
    #[error("not JSON: line {line}, column {column}")]
    NotJson {
        /// Counted from 1.
        line: usize,
        /// Counted from 1, in bytes.
        column: usize,
    },
    /// JSON, but not an object.
    #[error("not a JSON object")]
    NotAnObject,
    /// A member that every envelope has is missing.
    #[error("{0}: missing")]
    Missing(&'static str),
    /// A member is given twice: it is ambiguous.
    #[error("{0}: given twice")]
    Repeated(&'static str),
    /// A member has a wrong type or value.
    #[error("{member}: {expected}")]
    Wrong {
        /// Its name.
        member: &'static str,
        /// The expected type or value.
        expected: &'static str,
    },
    /// `dataref` is not below `payload/` of the bucket of this deployment.
    #[error("dataref: not below payload/ of the bucket of this deployment")]
    ElsewhereRef,
}

impl NotAnEnvelope {
    /// serde's own text may repeat a value. Only the member's name is taken from it, if it is one of ours.
    fn diagnose(text: &str, error: &serde_json::Error) -> Self {
        if !error.is_data() {
            return Self::NotJson { line: error.line(), column: error.column() };
        }
        if !text.trim_start().starts_with('{') {
            return Self::NotAnObject;
        }
        let known = |name: &str| MEMBERS.into_iter().find(|member| *member == name);
        let words = error.to_string();
        let named = words.split('`').nth(1).and_then(known);
        if let Some(member) = named.filter(|_| words.starts_with("missing field")) {
            return Self::Missing(member);
        }
        if let Some(member) = named.filter(|_| words.starts_with("duplicate field")) {
            return Self::Repeated(member);
        }
        let read: Result<Envelope, _> =
            serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_str(text));
        match read.err().and_then(|error| known(&error.path().to_string())) {
            Some(member) => Self::Wrong { member, expected: "expected another type or value" },
            None => Self::NotJson { line: error.line(), column: error.column() },
        }
    }
}

/// The bucket and the key of a `dataref`: an object below `payload/`.
fn payload_key(dataref: &str) -> Option<(&str, &str)> {
    let (bucket, key) = dataref.strip_prefix("s3://")?.split_once('/')?;
    let is_plain = key.bytes().all(|b| b.is_ascii_graphic() && !b"%?#\\".contains(&b));
    let has_no_way_out = key.split('/').all(|part| !matches!(part, "" | "." | ".."));
    (key.starts_with("payload/") && is_plain && has_no_way_out && !bucket.is_empty()).then_some((bucket, key))
}

/// The way an event was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// The sender called us.
    Push,
    /// The puller read it from the sender's queue.
    Pull,
}

/// A message for SQS FIFO.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// The envelope as JSON, without characters that SQS does not allow.
    pub body: String,
    /// `MessageDeduplicationId`: the envelope's id.
    pub deduplication_id: String,
    /// `MessageGroupId`: the events of one media asset keep their order, and others do not wait for them.
    pub group_id: String,
    /// `AWSTraceHeader`: the trace it belongs to.
    pub trace: Option<Trace>,
}

/// The parts of an [`Envelope`], after the sender's format was parsed.
pub struct Contents {
    /// See [`Envelope::id`].
    pub id: String,
    /// See [`Envelope::source`].
    pub source: String,
    /// See [`Envelope::event_type`].
    pub event_type: String,
    /// See [`Envelope::data`].
    pub data: Box<RawValue>,
    /// The facts that the sender gives about the event.
    pub attributes: Attributes,
}

/// The facts that a sender gives about an event, in terms common to all senders. None of them changes the id.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Attributes {
    /// See [`Envelope::subject`].
    pub subject: Option<String>,
    /// See [`Envelope::time`]; the time of receipt if there is none.
    pub time: Option<OffsetDateTime>,
    /// See [`Envelope::outcome`].
    pub outcome: Outcome,
    /// See [`Envelope::taskid`].
    pub task_id: Option<String>,
    /// See [`Envelope::mediaid`].
    pub media_id: Option<String>,
    /// See [`Envelope::proceduretaskid`].
    pub procedure_task_id: Option<String>,
    /// See [`Envelope::context`]; of any length.
    pub context: Option<String>,
    /// The cause of a failure.
    pub error: Option<EventError>,
    /// See [`Envelope::verdict`].
    pub verdict: Option<Verdict>,
    /// See [`Envelope::deleted`].
    pub deleted: Option<Deleted>,
}

/// The facts that a sender gives about a failure.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct EventError {
    /// See [`Envelope::errorcode`]; of any length.
    pub code: Option<String>,
    /// See [`Envelope::errormessage`]; of any length.
    pub message: Option<String>,
}

impl Envelope {
    /// Builds the envelope of an event that was received on this channel at this time.
    pub fn build(contents: Contents, channel: Channel, received: OffsetDateTime) -> Self {
        let attributes = contents.attributes;
        let EventError { code, message } = attributes.error.unwrap_or_default();
        let envelope = Self {
            specversion: SPEC_VERSION.to_owned(),
            id: contents.id,
            source: contents.source,
            event_type: contents.event_type,
            subject: attributes.subject,
            time: rfc3339(attributes.time.unwrap_or(received)),
            datacontenttype: JSON_MEDIA_TYPE.to_owned(),
            data: Some(contents.data),
            dataref: None,
            outcome: attributes.outcome,
            taskid: attributes.task_id,
            mediaid: attributes.media_id,
            // An id is never cut: one that is too long is left out.
            proceduretaskid: attributes.procedure_task_id.filter(|id| id.len() <= MAX_TEXT_CHARS),
            context: attributes.context.map(cut),
            errorcode: code.map(cut),
            errormessage: message.map(cut),
            verdict: attributes.verdict,
            deleted: attributes.deleted,
            channel,
            receivedtime: rfc3339(received),
            traceparent: None,
        };
        let ids = [&envelope.subject, &envelope.taskid, &envelope.mediaid];
        let bytes = ids.into_iter().flatten().map(String::len).sum::<usize>() + envelope.event_type.len();
        if bytes > MAX_BYTES_BESIDE_TEXTS {
            return Self {
                proceduretaskid: None,
                context: None,
                errorcode: None,
                errormessage: None,
                ..envelope
            };
        }
        envelope
    }

    /// Reads an envelope from a queue message or from `spill/`. Whoever wrote it, the result is a valid event of
    /// mediahook and CloudEvents.
    ///
    /// # Errors
    /// [`NotAnEnvelope`] names the member that is missing or wrong. No retry can fix it.
    pub fn parse(text: &str) -> Result<Self, NotAnEnvelope> {
        let envelope: Self =
            serde_json::from_str(text).map_err(|error| NotAnEnvelope::diagnose(text, &error))?;
        envelope.check()?;
        Ok(envelope)
    }

    fn check(&self) -> Result<(), NotAnEnvelope> {
        let wrong = |member, expected| Err(NotAnEnvelope::Wrong { member, expected });
        if self.specversion != SPEC_VERSION {
            return wrong("specversion", "expected 1.0");
        }
        if !(1..=MAX_ID_CHARS).contains(&self.id.len()) || !self.id.bytes().all(|b| b.is_ascii_graphic()) {
            return wrong("id", "expected 1 to 128 visible ASCII characters, as SQS has it");
        }
        for (member, text) in [("source", &self.source), ("type", &self.event_type), ("time", &self.time)] {
            if is_blank(text) {
                return wrong(member, "expected a text that is not empty");
            }
        }
        match (&self.data, &self.dataref) {
            (Some(_), None) => Ok(()),
            (None, None) => Err(NotAnEnvelope::Missing("data")),
            (Some(_), Some(_)) => wrong("dataref", "expected no data beside it"),
            (None, Some(dataref)) if payload_key(dataref).is_some() => Ok(()),
            (None, Some(_)) => wrong("dataref", "expected s3://BUCKET/payload/ and the rest of a key"),
        }
    }

    /// The key of `dataref` in this bucket.
    ///
    /// # Errors
    /// [`NotAnEnvelope::ElsewhereRef`]: `dataref` points to another bucket. It is not read: otherwise a writer to the
    /// queue or `spill/` could make mediahook read, for a handler, data that only the function's role may read.
    pub fn dataref_in(&self, bucket: &str) -> Result<Option<&str>, NotAnEnvelope> {
        let Some(dataref) = &self.dataref else { return Ok(None) };
        match payload_key(dataref) {
            Some((of, key)) if of == bucket => Ok(Some(key)),
            _ => Err(NotAnEnvelope::ElsewhereRef),
        }
    }

    /// The message that carries it.
    pub fn message(&self) -> Message {
        let mut body =
            Vec::with_capacity(self.data.as_ref().map_or(0, |data| data.get().len()) + SHELL_BYTES);
        // Every member is already a text, an enum or valid JSON, so this cannot fail.
        let _ = serde_json::to_writer(&mut body, self);
        Message {
            body: escape_for_sqs(String::from_utf8(body).unwrap_or_default()),
            deduplication_id: self.id.clone(),
            group_id: self.group_id(),
            trace: self.trace(),
        }
    }

    /// The trace of `traceparent`, if it is valid.
    pub fn trace(&self) -> Option<Trace> {
        self.traceparent.as_deref().and_then(Trace::from_traceparent)
    }

    /// An event without a subject is a group of its own, so that it delays no other.
    fn group_id(&self) -> String {
        let subject = self.subject.as_deref().unwrap_or(&self.id);
        let readable = format!("{}/{subject}", self.source);
        if readable.len() <= MAX_GROUP_ID_CHARS && readable.bytes().all(|b| b.is_ascii_graphic()) {
            return readable;
        }
        hex(&Sha256::digest(readable.as_bytes()))
    }
}

/// Shows which event it is, without its contents: payloads must not be logged.
impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, source, event_type, outcome, .. } = self;
        f.debug_struct("Envelope")
            .field("id", id)
            .field("source", source)
            .field("type", event_type)
            .field("outcome", outcome)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("deduplication_id", &self.deduplication_id)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// The first characters of a text of the sender.
fn cut(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(MAX_TEXT_CHARS) {
        text.truncate(end);
        text.shrink_to_fit();
    }
    text
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

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().unwrap_or_default();
    bytes.iter().flat_map(|b| [digit(b >> 4), digit(b & 15)]).collect()
}

/// Precision: milliseconds. A year that RFC 3339 cannot represent (beyond 9999) becomes the epoch and not an error.
pub(crate) fn rfc3339(time: OffsetDateTime) -> String {
    let milliseconds = time.replace_millisecond(time.millisecond()).unwrap_or(time);
    milliseconds.format(&Rfc3339).unwrap_or_else(|_| "1970-01-01T00:00:00Z".to_owned())
}

fn json_media_type() -> String {
    JSON_MEDIA_TYPE.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    fn envelope(subject: Option<&str>, data: &str) -> Envelope {
        let contents = Contents {
            id: "0123".into(),
            source: "tencent-vod/main".into(),
            event_type: "com.tencentcloud.vod.PullComplete".into(),
            data: RawValue::from_string(data.into()).unwrap(),
            attributes: Attributes {
                subject: subject.map(Into::into),
                outcome: Outcome::Succeeded,
                ..Attributes::default()
            },
        };
        Envelope::build(contents, Channel::Push, RECEIVED)
    }

    const RECEIVED: OffsetDateTime = datetime!(2026-11-22 05:50:25.123456789 UTC);

    /// An envelope with every attribute that a sender can set.
    fn with_texts(subject: &str, text: &str) -> Envelope {
        let text = || Some(text.to_owned());
        let contents = Contents {
            id: "0123".into(),
            source: "tencent-vod/main".into(),
            event_type: "com.tencentcloud.vod.PullComplete".into(),
            data: RawValue::from_string("{}".into()).unwrap(),
            attributes: Attributes {
                subject: Some(subject.into()),
                procedure_task_id: text(),
                context: text(),
                error: Some(EventError { code: text(), message: text() }),
                verdict: Some(Verdict::Block),
                deleted: Some(Deleted::Parts),
                ..Attributes::default()
            },
        };
        Envelope::build(contents, Channel::Push, RECEIVED)
    }

    #[test]
    fn the_message_is_the_envelope_with_the_data_as_it_came() {
        let message = envelope(Some("42"), r#"{ "n": 1.50 }"#).message();
        assert_eq!(
            message.body,
            concat!(
                r#"{"specversion":"1.0","id":"0123","source":"tencent-vod/main","#,
                r#""type":"com.tencentcloud.vod.PullComplete","subject":"42","time":"2026-11-22T05:50:25.123Z","#,
                r#""datacontenttype":"application/json","data":{ "n": 1.50 },"outcome":"succeeded","channel":"push","#,
                r#""receivedtime":"2026-11-22T05:50:25.123Z"}"#
            )
        );
        assert_eq!(message.deduplication_id, "0123");
        let read = Envelope::parse(&message.body).unwrap();
        assert_eq!(read.message(), message);
    }

    #[test]
    fn texts_of_the_sender_are_cut_between_characters_and_ids_are_not_cut() {
        let whole = with_texts("42", &"媒".repeat(333));
        assert_eq!(whole.proceduretaskid.as_deref(), Some(&*"媒".repeat(333)));
        assert_eq!(whole.context, whole.errormessage);
        let cut = with_texts("42", &"媒".repeat(1_001));
        assert_eq!(cut.proceduretaskid, None);
        for text in [&cut.context, &cut.errorcode, &cut.errormessage] {
            assert_eq!(text.as_deref(), Some(&*"媒".repeat(1_000)));
        }
        let read = Envelope::parse(&cut.message().body).unwrap();
        assert_eq!(read.message(), cut.message());
        assert!(cut.message().body.contains(r#""verdict":"block","deleted":"parts","#));
    }

    #[test]
    fn an_envelope_that_is_large_already_grows_by_no_text() {
        let text = "\u{1}".repeat(1_000);
        let large = with_texts(&"9".repeat(MAX_BYTES_BESIDE_TEXTS + 1), &text);
        assert_eq!((large.proceduretaskid, large.context), (None, None));
        assert_eq!((large.errorcode, large.errormessage), (None, None));
        // The maximum that they can add to any other.
        let added = with_texts("9", &text).message().body.len() - with_texts("9", "").message().body.len();
        assert!(MAX_BYTES_BESIDE_TEXTS + added < 128 * 1024, "{added}");
    }

    #[test]
    fn what_sqs_refuses_is_escaped_and_means_the_same() {
        let message = envelope(Some("\u{ffff}"), "{\"a\":\"x\u{fffe}y\u{fffd}\"}").message();
        assert!(!message.body.contains(['\u{fffe}', '\u{ffff}']));
        let read = Envelope::parse(&message.body).unwrap();
        assert_eq!(read.subject.unwrap(), "\u{ffff}");
        let data: serde_json::Value = serde_json::from_str(read.data.unwrap().get()).unwrap();
        assert_eq!(data["a"], "x\u{fffe}y\u{fffd}");
    }

    #[test]
    fn a_group_is_readable_where_sqs_allows_it() {
        assert_eq!(envelope(Some("42"), "{}").message().group_id, "tencent-vod/main/42");
        assert_eq!(envelope(None, "{}").message().group_id, "tencent-vod/main/0123");
        for odd in ["a b", "媒体", &"9".repeat(200)] {
            let group_id = envelope(Some(odd), "{}").message().group_id;
            assert_eq!(group_id.len(), 64, "{odd}");
        }
    }

    #[test]
    fn it_shows_which_event_it_is_and_not_what_is_in_it() {
        let envelope = envelope(None, r#"{"a":"PayloadMark"}"#);
        assert!(!format!("{envelope:?}{:?}", envelope.message()).contains("PayloadMark"));
        assert_eq!(format!("{} {}", envelope.outcome, envelope.channel), "succeeded push");
    }

    #[test]
    fn tomorrows_outcome_and_members_do_not_stop_a_reader() {
        let text = r#"{"specversion":"1.0","id":"1","source":"a/b","type":"t","time":"x","channel":"push","receivedtime":"x","outcome":"postponed","traceparent":"00-","data":1}"#;
        assert_eq!(Envelope::parse(text).unwrap().outcome, Outcome::Unknown);
    }

    #[test]
    fn what_is_no_envelope_says_which_member_is_the_reason() {
        let good = serde_json::json!({
            "specversion": "1.0", "id": "1", "source": "a/b", "type": "t", "time": "x", "channel": "push",
            "receivedtime": "x", "data": { "a": "PayloadMark" }
        });
        assert!(Envelope::parse(&good.to_string()).is_ok());
        for member in ["specversion", "id", "source", "type", "time", "channel", "receivedtime", "data"] {
            let mut text = good.clone();
            text.as_object_mut().unwrap().remove(member);
            assert_eq!(Envelope::parse(&text.to_string()).unwrap_err(), NotAnEnvelope::Missing(member));
        }
        for (member, value, why) in [
            ("specversion", serde_json::json!("0.3"), "specversion: expected 1.0"),
            ("id", serde_json::json!(""), "id: expected 1 to 128"),
            ("id", serde_json::json!("x".repeat(129)), "id: expected 1 to 128"),
            ("id", serde_json::json!("a b"), "id: expected 1 to 128"),
            ("id", serde_json::json!(7), "id: expected another type"),
            ("source", serde_json::json!(" "), "source: expected a text"),
            ("type", serde_json::json!(null), "type: expected another type"),
            ("time", serde_json::json!(["PayloadMark"]), "time: expected another type"),
            ("channel", serde_json::json!("PayloadMark"), "channel: expected another type"),
            ("subject", serde_json::json!({ "a": "PayloadMark" }), "subject: expected another type"),
            ("dataref", serde_json::json!("s3://b/payload/a"), "dataref: expected no data beside it"),
            ("data", serde_json::json!(null), "data: missing"),
        ] {
            let mut text = good.clone();
            text[member] = value;
            let error = Envelope::parse(&text.to_string()).unwrap_err().to_string();
            assert!(error.starts_with(why), "{member}: {error}");
            assert!(!error.contains("PayloadMark"), "{error}");
        }
        let twice = good.to_string().replace("{\"channel\"", "{\"id\":\"PayloadMark\",\"channel\"");
        assert_eq!(Envelope::parse(&twice).unwrap_err(), NotAnEnvelope::Repeated("id"));
        assert_eq!(Envelope::parse("[\"PayloadMark\"]").unwrap_err(), NotAnEnvelope::NotAnObject);
        assert_eq!(Envelope::parse("{\"id\":").unwrap_err(), NotAnEnvelope::NotJson { line: 1, column: 6 });
    }

    #[test]
    fn a_dataref_is_below_payload_of_our_own_bucket() {
        let of = |dataref: &str| {
            let text = serde_json::json!({
                "specversion": "1.0", "id": "1", "source": "a/b", "type": "t", "time": "x", "channel": "push",
                "receivedtime": "x", "dataref": dataref
            });
            Envelope::parse(&text.to_string())?
                .dataref_in("own")
                .map(|key| key.unwrap_or_default().to_owned())
        };
        assert_eq!(of("s3://own/payload/a/b/2026/1.json").unwrap(), "payload/a/b/2026/1.json");
        for elsewhere in [
            "s3://evil/payload/a",
            "s3://own/spill/a",
            "s3://own/payload/../spill/a",
            "s3://own/payload/%2e%2e/spill/a",
            "s3://own/payload//a",
            "s3://own/payload",
            "s3://own",
            "s3:///payload/a",
            "https://own/payload/a",
            "file:///payload/a",
            "",
        ] {
            assert!(of(elsewhere).is_err(), "{elsewhere}");
        }
    }
}
