//! From a sender's body to the envelope that travels: the way of every event, pushed or pulled.

use std::panic::{AssertUnwindSafe, catch_unwind};

use time::OffsetDateTime;

use crate::event::Body;
use crate::event::envelope::{Channel, Contents, Envelope};
use crate::event::id::{self, Occurrence};
use crate::sources::Source;

pub use crate::event::Unreadable;

/// Puts a body that is known to come from a source into its envelope.
///
/// # Errors
/// The body is not an event. The caller keeps it where an operator finds it.
pub fn seal(
    source: &Source,
    body: &str,
    channel: Channel,
    received: OffsetDateTime,
) -> Result<Envelope, Unreadable> {
    contained(|| understand(source, &Body::parse(body)?, channel, received, None))
}

/// The same of a body that a sender's queue handed out, in an entry with that name, if it has one.
///
/// # Errors
/// The body is not an event, as with [`seal`].
pub fn seal_pulled(
    source: &Source,
    body: &str,
    entry_id: Option<&str>,
    received: OffsetDateTime,
) -> Result<Envelope, Unreadable> {
    contained(|| understand(source, &Body::parse(body)?, Channel::Pull, received, entry_id))
}

/// A bug of ours must not cost an event: its body is kept like one that nobody can read.
fn contained<T>(read: impl FnOnce() -> Result<T, Unreadable>) -> Result<T, Unreadable> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or(Err(Unreadable::Panicked))
}

fn understand(
    source: &Source,
    body: &Body<'_>,
    channel: Channel,
    received: OffsetDateTime,
    entry_id: Option<&str>,
) -> Result<Envelope, Unreadable> {
    let notification = source.sender().read(body).ok_or(Unreadable::NoEvent)?;
    let occurrence =
        notification.repeats.then(|| entry_id.map_or(Occurrence::Minute(received), Occurrence::Entry));
    let (event_type, transport) = (notification.event_type, notification.transport);
    let contents = Contents {
        id: id::id(source.name(), &event_type, body, transport, occurrence),
        source: source.name().to_owned(),
        event_type,
        data: body.without(transport),
        attributes: notification.attributes,
    };
    Ok(Envelope::seal(contents, channel, received))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::envelope::Outcome;
    use crate::sources::Sources;
    use time::macros::datetime;

    const RECEIVED: OffsetDateTime = datetime!(2026-11-22 05:50:25 UTC);

    fn seal_for(source: &str, body: &str, channel: Channel) -> Result<Envelope, Unreadable> {
        let sources = Sources::parse(r#"{"tencent-vod/main":{},"alibaba-ims/prod":{}}"#).unwrap();
        seal(sources.get(source).unwrap(), body, channel, RECEIVED)
    }

    fn tencent(body: &str) -> Envelope {
        seal_for("tencent-vod/main", body, Channel::Push).unwrap()
    }

    #[test]
    fn the_transport_is_cut_out_and_the_rest_keeps_its_bytes() {
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
    fn what_belongs_to_the_transport_is_no_payload() {
        let envelope = tencent(r#"{"EventType":"RestoreMediaComplete","T":{"FileId":"1","TaskId":"t"}}"#);
        assert_eq!((envelope.subject, envelope.outcome), (None, Outcome::Unknown));
        assert_eq!(envelope.data.unwrap().get(), r#"{"EventType":"RestoreMediaComplete"}"#);
    }

    #[test]
    fn pushed_again_or_pulled_it_is_the_same_event() {
        let pushed = r#"{"EventType":"PullComplete","PullCompleteEvent":{"TaskId":"t","FileId":"1"},"Sign":"a","T":1}"#;
        let again = r#"{"EventType":"PullComplete","PullCompleteEvent":{"TaskId":"t","FileId":"1"},"Sign":"b","T":2}"#;
        let pulled = r#"{"EventHandle":"8","EventType":"PullComplete","FileUploadEvent":null,"PullCompleteEvent":{"TaskId":"t","FileId":"1","Message":null}}"#;
        let id = tencent(pushed).id;
        assert_eq!(tencent(again).id, id);
        assert_eq!(seal_for("tencent-vod/main", pulled, Channel::Pull).unwrap().id, id);
        let other = r#"{"EventType":"PullComplete","PullCompleteEvent":{"TaskId":"t","FileId":"2"}}"#;
        assert_ne!(tencent(other).id, id);
    }

    #[test]
    fn a_mistake_of_ours_is_an_error_like_any_other() {
        assert_eq!(contained(|| -> Result<(), _> { panic!("a mistake") }), Err(Unreadable::Panicked));
        assert_eq!(contained(|| Ok(1)), Ok(1));
    }

    #[test]
    fn what_is_no_event_says_why() {
        for (body, expected) in [
            ("", Unreadable::NotJson { line: 1, column: 0 }),
            ("[1]", Unreadable::NotAnObject),
            ("\"EventType\"", Unreadable::NotAnObject),
            ("{}", Unreadable::NoEvent),
            (r#"{"EventType":""}"#, Unreadable::NoEvent),
            (r#"{"hello":{"world":1}}"#, Unreadable::NoEvent),
        ] {
            assert_eq!(seal_for("tencent-vod/main", body, Channel::Push).unwrap_err(), expected, "{body}");
            assert_eq!(seal_for("alibaba-ims/prod", body, Channel::Push).unwrap_err(), expected, "{body}");
        }
    }
}
