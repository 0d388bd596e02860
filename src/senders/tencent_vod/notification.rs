//! What every event has, read without its type: ids, subject, outcome.

use std::borrow::Cow;

use super::kind::{self, Kind};
use crate::event::envelope::Outcome;
use crate::event::{Body, Object, only_item, text};
use crate::senders::Notification;

/// What stands before the sender's event type.
pub(super) const TYPE_PREFIX: &str = "com.tencentcloud.vod.";

/// Members of the body that are about the delivery: the signature, and the receipt of a pulled event. How the signature is
/// spelled is inferred (see [`super::signature`]).
const TRANSPORTS: [&[&str]; 4] = [
    &["Sign", "T", "EventHandle"],
    &["Sign", "t", "EventHandle"],
    &["sign", "T", "EventHandle"],
    &["sign", "t", "EventHandle"],
];

/// Reads a body of format v3.0: an `EventType` and one member that is not null, the payload.
pub(super) fn read(body: &Body<'_>) -> Option<Notification> {
    let kind::Found { event_type, kind, payload, transport } = kind::find(body)?;
    let object = payload.and_then(Object::of);
    let text = |path| object.as_ref()?.text(path).map(Cow::into_owned);

    let (task_id, cast_id) = (text("TaskId"), text("CastId"));
    let media_id = object.as_ref().and_then(|o| media_id(o, kind.map_or(&["FileId"], |k: &Kind| k.media)));
    let about_one_media = media_id.as_ref().filter(|_| kind.is_none_or(|k| k.one_media));
    Some(Notification {
        // An event of a type we do not know is rather processed twice than never.
        repeats: kind.is_none_or(|k| k.repeats) && task_id.is_none(),
        subject: about_one_media.or(task_id.as_ref()).or(media_id.as_ref()).or(cast_id.as_ref()).cloned(),
        event_type: format!("{TYPE_PREFIX}{event_type}"),
        task_id,
        media_id,
        time: None, // no event of this sender carries the time it happened
        outcome: kind.zip(payload).map_or(Outcome::Unknown, |(kind, payload)| kind.rule.outcome(payload)),
        transport,
    })
}

/// The members of the signature as this body spells them. Without both halves in some spelling there is none, and a lone
/// `t` is the event's own.
pub(super) fn transport(body: &Body<'_>) -> &'static [&'static str] {
    let is_here = |names: &[&str]| names.iter().take(2).all(|name| body.get(name).is_some());
    TRANSPORTS.into_iter().find(|names| is_here(names)).unwrap_or(TRANSPORTS[0])
}

/// The id at the first path that has one; of a list of ids, the only one.
fn media_id(payload: &Object<'_>, paths: &[&str]) -> Option<String> {
    paths.iter().find_map(|path| {
        let value = payload.at(path)?;
        text(only_item(value).unwrap_or(value)).map(Cow::into_owned)
    })
}
