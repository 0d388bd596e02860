//! Everything between an authentic body and its place in the queue, for push and pull.

pub mod claim_check;
pub mod envelope;
mod message;
pub mod object_keys;
pub mod rejected;
pub mod store;

use std::panic::{AssertUnwindSafe, catch_unwind};

use mediahook_events::{Channel, CloudEvent};
use mediahook_senders::{Unprocessable, read_event};
use time::OffsetDateTime;

use crate::sources::Source;

pub use message::{group_id, message};

/// Builds the event in a body that is known to come from a source. `entry_id` is the name of its entry in the sender's
/// queue, if it was pulled and the queue has such names.
///
/// # Errors
/// [`Unprocessable`]: the body has no event in it. The caller puts it into `rejected/`.
pub fn build(
    source: &Source,
    body: &[u8],
    channel: Channel,
    entry_id: Option<&str>,
    received: OffsetDateTime,
) -> Result<CloudEvent, Unprocessable> {
    catch_panic(|| read_event(source.sender(), source.name(), body, channel, entry_id, received))
}

/// A bug of ours must not lose an event: a body that causes a panic goes to `rejected/`.
fn catch_panic<T>(read: impl FnOnce() -> Result<T, Unprocessable>) -> Result<T, Unprocessable> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or(Err(Unprocessable::Panicked))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::Sources;
    use mediahook_events::Outcome;
    use time::macros::datetime;

    const RECEIVED: OffsetDateTime = datetime!(2026-11-22 05:50:25 UTC);

    fn build_for(source: &str, body: &str, channel: Channel) -> Result<CloudEvent, Unprocessable> {
        let sources = Sources::parse(r#"{"tencent-vod/main":{},"alibaba-ims/prod":{}}"#).unwrap();
        build(sources.get(source).unwrap(), body.as_bytes(), channel, None, RECEIVED)
    }

    fn tencent(body: &str) -> CloudEvent {
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
        assert_eq!(catch_panic(|| -> Result<(), _> { panic!("a bug") }), Err(Unprocessable::Panicked));
        assert_eq!(catch_panic(|| Ok(1)), Ok(1));
    }

    #[test]
    fn a_body_without_an_event_is_an_error_with_its_reason() {
        for (body, expected) in [
            ("", Unprocessable::NotJson { line: 1, column: 0 }),
            ("[1]", Unprocessable::NotAnObject),
            ("\"EventType\"", Unprocessable::NotAnObject),
            ("{}", Unprocessable::NoEvent),
            (r#"{"EventType":""}"#, Unprocessable::NoEvent),
            (r#"{"hello":{"world":1}}"#, Unprocessable::NoEvent),
        ] {
            assert_eq!(build_for("tencent-vod/main", body, Channel::Push).unwrap_err(), expected, "{body}");
            assert_eq!(build_for("alibaba-ims/prod", body, Channel::Push).unwrap_err(), expected, "{body}");
        }
    }
}
