//! From a sender's body to the envelope: decode → parse → read → build, for every event, pushed or pulled.

use std::panic::{AssertUnwindSafe, catch_unwind};

use time::OffsetDateTime;

use crate::event::Body;
use crate::event::envelope::{Channel, Contents, Envelope};
use crate::event::id::{self, Occurrence};
use crate::sources::Source;

pub use crate::event::Unreadable;

/// Decodes a body.
///
/// # Errors
/// [`Unreadable::NotUtf8`].
pub fn decode(body: &[u8]) -> Result<&str, Unreadable> {
    std::str::from_utf8(body).map_err(|error| Unreadable::NotUtf8 { valid_bytes: error.valid_up_to() })
}

/// Builds the envelope of the event in a body that is known to come from a source.
///
/// # Errors
/// [`Unreadable`]: the body has no event in it. The caller puts it into `rejected/`.
pub fn build_envelope(
    source: &Source,
    body: &str,
    channel: Channel,
    received: OffsetDateTime,
) -> Result<Envelope, Unreadable> {
    catch_panic(|| build(source, body, channel, received, None))
}

/// The same for a body from a sender's queue. `entry_id` is the queue's own name for the entry, if it has one.
///
/// # Errors
/// The same.
pub fn build_pulled_envelope(
    source: &Source,
    body: &str,
    entry_id: Option<&str>,
    received: OffsetDateTime,
) -> Result<Envelope, Unreadable> {
    catch_panic(|| build(source, body, Channel::Pull, received, entry_id))
}

/// A bug of ours must not lose an event: a body that causes a panic goes to `rejected/`.
fn catch_panic<T>(read: impl FnOnce() -> Result<T, Unreadable>) -> Result<T, Unreadable> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or(Err(Unreadable::Panicked))
}

fn build(
    source: &Source,
    body: &str,
    channel: Channel,
    received: OffsetDateTime,
    entry_id: Option<&str>,
) -> Result<Envelope, Unreadable> {
    let body = Body::parse(body)?;
    let notification = source.sender().read(&body).ok_or(Unreadable::NoEvent)?;
    let occurrence =
        notification.repeats.then(|| entry_id.map_or(Occurrence::Minute(received), Occurrence::Entry));
    let (event_type, transport) = (notification.event_type, notification.transport);
    let contents = Contents {
        id: id::id(source.name(), &event_type, &body, transport, occurrence),
        source: source.name().to_owned(),
        event_type,
        data: body.without(transport),
        attributes: notification.attributes,
    };
    Ok(Envelope::build(contents, channel, received))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::envelope::Outcome;
    use crate::sources::Sources;
    use time::macros::datetime;

    const RECEIVED: OffsetDateTime = datetime!(2026-11-22 05:50:25 UTC);

    fn build_for(source: &str, body: &str, channel: Channel) -> Result<Envelope, Unreadable> {
        let sources = Sources::parse(r#"{"tencent-vod/main":{},"alibaba-ims/prod":{}}"#).unwrap();
        build_envelope(sources.get(source).unwrap(), body, channel, RECEIVED)
    }

    fn tencent(body: &str) -> Envelope {
        build_for("tencent-vod/main", body, Channel::Push).unwrap()
    }

    #[test]
    fn transport_members_are_removed_and_all_others_keep_their_bytes() {
        let envelope = tencent(
            "{ \"Sign\":\"x\" ,\"EventType\" : \"PullComplete\",\n\"T\":1, \"n\": 1.50e3 , \"EventHandle\":\"h\" }",
        );
        assert_eq!(envelope.data.unwrap().get(), "{\"EventType\" : \"PullComplete\",\"n\": 1.50e3}");
        let pretty = tencent("{\"Sign\":\"x\",\"EventType\":\"A\",\n\"a\": [1] ,\n\"b\": {\"c\":{ } } \n}");
        assert_eq!(pretty.data.unwrap().get(), "{\"EventType\":\"A\",\"a\": [1],\"b\": {\"c\":{ } }}");
        let untouched = "{ \"EventType\" : \"PullComplete\" }";
        assert_eq!(tencent(untouched).data.unwrap().get(), untouched);
    }

    #[test]
    fn transport_members_are_not_read_as_payload() {
        let envelope = tencent(r#"{"EventType":"RestoreMediaComplete","T":{"FileId":"1","TaskId":"t"}}"#);
        assert_eq!((envelope.subject, envelope.outcome), (None, Outcome::Unknown));
        assert_eq!(envelope.data.unwrap().get(), r#"{"EventType":"RestoreMediaComplete"}"#);
    }

    #[test]
    fn an_event_pushed_twice_or_pulled_has_one_id() {
        let pushed = r#"{"EventType":"PullComplete","PullCompleteEvent":{"TaskId":"t","FileId":"1"},"Sign":"a","T":1}"#;
        let again = r#"{"EventType":"PullComplete","PullCompleteEvent":{"TaskId":"t","FileId":"1"},"Sign":"b","T":2}"#;
        let pulled = r#"{"EventHandle":"8","EventType":"PullComplete","FileUploadEvent":null,"PullCompleteEvent":{"TaskId":"t","FileId":"1","Message":null}}"#;
        let id = tencent(pushed).id;
        assert_eq!(tencent(again).id, id);
        assert_eq!(build_for("tencent-vod/main", pulled, Channel::Pull).unwrap().id, id);
        let other = r#"{"EventType":"PullComplete","PullCompleteEvent":{"TaskId":"t","FileId":"2"}}"#;
        assert_ne!(tencent(other).id, id);
    }

    #[test]
    fn a_panic_is_an_error_like_any_other() {
        assert_eq!(catch_panic(|| -> Result<(), _> { panic!("a bug") }), Err(Unreadable::Panicked));
        assert_eq!(catch_panic(|| Ok(1)), Ok(1));
    }

    #[test]
    fn a_body_without_an_event_is_an_error_with_its_reason() {
        for (body, expected) in [
            ("", Unreadable::NotJson { line: 1, column: 0 }),
            ("[1]", Unreadable::NotAnObject),
            ("\"EventType\"", Unreadable::NotAnObject),
            ("{}", Unreadable::NoEvent),
            (r#"{"EventType":""}"#, Unreadable::NoEvent),
            (r#"{"hello":{"world":1}}"#, Unreadable::NoEvent),
        ] {
            assert_eq!(build_for("tencent-vod/main", body, Channel::Push).unwrap_err(), expected, "{body}");
            assert_eq!(build_for("alibaba-ims/prod", body, Channel::Push).unwrap_err(), expected, "{body}");
        }
    }
}
