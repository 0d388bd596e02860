//! What every event has, read without its type: ids, subject, outcome.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::kind::{Kind, kind, kind_with};
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
    let Found { event_type, kind, payload, transport } = find(body)?;
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

/// What a body of format v3.0 is about.
struct Found<'b> {
    event_type: Cow<'b, str>,
    /// Nothing for a type that is not in the table.
    kind: Option<&'static Kind>,
    /// An object.
    payload: Option<&'b RawValue>,
    /// The members that are not about the event.
    transport: &'static [&'static str],
}

/// It is of format v3.0 if it has an `EventType`, or a member that is some event's payload: one documented sample
/// lacks the type.
fn find<'b>(body: &'b Body<'_>) -> Option<Found<'b>> {
    let transport = transport(body);
    let payload = payload(body, transport);
    let event_type = match body.text("EventType") {
        Some(event_type) => event_type,
        None => type_of(payload.as_ref().map(|(name, _)| name)?)?.into(),
    };
    Some(Found { kind: kind(&event_type), event_type, payload: payload.map(|(_, value)| value), transport })
}

/// The member that is an object. Should tomorrow's body have several, the one named like an event.
fn payload<'b>(body: &'b Body<'_>, transport: &[&str]) -> Option<(Cow<'b, str>, &'b RawValue)> {
    let objects = || {
        body.members().filter(|(name, value)| value.get().starts_with('{') && !transport.contains(&&**name))
    };
    objects()
        .find(|(name, _)| kind_with(name).is_some())
        .or_else(|| objects().find(|(name, _)| name.ends_with("Event")))
        .or_else(|| objects().next())
}

/// The type of an event that does not name it: of the kind with that payload, else the member's name less `Event`.
fn type_of(payload: &str) -> Option<String> {
    let event_type = match kind_with(payload) {
        Some(kind) => kind.event_type,
        None => payload.strip_suffix("Event").filter(|name| !name.is_empty())?,
    };
    Some(event_type.to_owned())
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
