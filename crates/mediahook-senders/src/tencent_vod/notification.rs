//! The attributes that are read in the same way for every type: ids, subject, outcome, time, context, errors.

use std::borrow::Cow;

use serde_json::value::RawValue;
use time::OffsetDateTime;

use super::findings::{Findings, time};
use super::kind::{Kind, UNLISTED, kind, kind_with};
use crate::body::{Body, Object, for_each_item};
use crate::sender::Attributes;
use crate::sender::{Notification, final_verdict};
use mediahook_events::{Deleted, Outcome};

/// The prefix of the sender's event type.
pub(super) const TYPE_PREFIX: &str = "com.tencentcloud.vod.";

/// Members of the body that belong to the delivery: the signature, and the receipt of a pulled event. The spelling of
/// the signature is inferred (see [`super::signature`]).
const TRANSPORTS: [&[&str]; 4] = [
    &["Sign", "T", "EventHandle"],
    &["Sign", "t", "EventHandle"],
    &["sign", "T", "EventHandle"],
    &["sign", "t", "EventHandle"],
];

/// The paths of the caller's own text: `SessionContext` of a task, else the `SourceContext` of an upload (SDK). An
/// older page has `MediaBasicInfo` twice.
const CONTEXT: [&str; 3] = [
    "SessionContext",
    "MediaBasicInfo.SourceInfo.SourceContext",
    "MediaBasicInfo.MediaBasicInfo.SourceInfo.SourceContext",
];

/// Reads a body of format v3.0: an `EventType` and one member that is not null, the payload.
pub(super) fn read(body: &Body<'_>) -> Option<Notification> {
    let Found { event_type, kind, payload, transport } = find(body)?;
    let attributes = payload.and_then(|payload| attributes(kind, payload)).unwrap_or_default();
    Some(Notification {
        // For an unknown type, it is better to process an event twice than never.
        repeats: kind.repeats && attributes.task_id.is_none(),
        event_type: format!("{TYPE_PREFIX}{event_type}"),
        attributes,
        transport,
    })
}

fn attributes(kind: &Kind, payload: &RawValue) -> Option<Attributes> {
    let object = Object::only(payload, is_read)?;
    let text = |path| object.text(path).map(Cow::into_owned);
    let scanned = Findings::of(payload);
    let is_whole = scanned.is_some();
    let mut findings = scanned.unwrap_or_default();
    let outcome = if is_whole { kind.rule.outcome(&object, &mut findings) } else { Outcome::Unknown };

    let (task_id, cast_id) = (text("TaskId"), text("CastId"));
    let (about, media_id) = kind.media_ids(&object, outcome);
    Some(Attributes {
        subject: about.or_else(|| task_id.clone()).or_else(|| media_id.clone()).or(cast_id),
        time: findings.finished.max(created(&object, kind.created)).filter(|_| outcome != Outcome::Progress),
        outcome,
        task_id,
        media_id,
        procedure_task_id: text("ProcedureTaskId"),
        context: CONTEXT.into_iter().find_map(text),
        verdict: final_verdict(findings.verdict, outcome),
        deleted: kind.deletes.then(|| deleted(&object)),
        error: findings.take_error().filter(|_| outcome != Outcome::Succeeded),
    })
}

/// The members of a payload that are read individually. The others are only searched for errors.
fn is_read(name: &[u8]) -> bool {
    matches!(
        name,
        b"TaskId"
            | b"CastId"
            | b"FileId"
            | b"SrcFileId"
            | b"FileIdSet"
            | b"FileDeleteResultInfo"
            | b"FileInfo"
            | b"FileInfoSet"
            | b"SubTaskSet"
            | b"Input"
            | b"InputInfo"
            | b"Output"
            | b"MediaBasicInfo"
            | b"Status"
            | b"Message"
            | b"ProcedureTaskId"
            | b"SessionContext"
    )
}

/// Whether each media asset is deleted, or only parts of it (`DeleteParts`; SDK). One without an entry is deleted
/// completely (inferred).
fn deleted(payload: &Object<'_>) -> Deleted {
    let (mut any_whole, mut any_parts) = (false, false);
    let mut count = |item: &RawValue| {
        let mut has_parts = false;
        if let Some(parts) = Object::of(item).and_then(|item| item.get("DeleteParts")) {
            for_each_item(parts, |_| has_parts = true);
        }
        any_whole |= !has_parts;
        any_parts |= has_parts;
    };
    if let Some(items) = payload.get("FileDeleteResultInfo") {
        for_each_item(items, &mut count);
    }
    match (any_whole, any_parts) {
        (true, true) => Deleted::Mixed,
        (false, true) => Deleted::Parts,
        (_, false) => Deleted::Media,
    }
}

/// The latest of the times at these paths.
fn created(payload: &Object<'_>, paths: &[&str]) -> Option<OffsetDateTime> {
    let mut latest = None;
    for path in paths {
        payload.for_each_text(path, &mut |text| latest = latest.max(time(&text)));
    }
    latest
}

/// The type and the payload of a body in format v3.0.
struct Found<'b> {
    event_type: Cow<'b, str>,
    /// [`UNLISTED`] for a type that is not in the table.
    kind: &'static Kind,
    /// An object.
    payload: Option<&'b RawValue>,
    /// The members that belong to the transport.
    transport: &'static [&'static str],
}

/// A body is of format v3.0 if it has an `EventType`, or a member that is the payload of a known event: one
/// documented sample lacks the type.
fn find<'b>(body: &'b Body<'_>) -> Option<Found<'b>> {
    let transport = transport(body);
    let payload = payload(body, transport);
    let event_type = match body.text("EventType") {
        Some(event_type) => event_type,
        None => type_of(payload.as_ref().map(|(name, _)| name)?)?.into(),
    };
    let kind = kind(&event_type).unwrap_or(&UNLISTED);
    Some(Found { kind, event_type, payload: payload.map(|(_, value)| value), transport })
}

/// The member that is an object. If a future body has several, the one with the name of an event.
fn payload<'b>(body: &'b Body<'_>, transport: &[&str]) -> Option<(Cow<'b, str>, &'b RawValue)> {
    let objects = || {
        body.members().filter(|(name, value)| value.get().starts_with('{') && !transport.contains(&&**name))
    };
    objects()
        .find(|(name, _)| kind_with(name).is_some())
        .or_else(|| objects().find(|(name, _)| name.ends_with("Event")))
        .or_else(|| objects().next())
}

/// The type of an event without `EventType`: that of the kind with this payload, else the member's name without
/// `Event`.
fn type_of(payload: &str) -> Option<String> {
    let event_type = match kind_with(payload) {
        Some(kind) => kind.event_type,
        None => payload.strip_suffix("Event").filter(|name| !name.is_empty())?,
    };
    Some(event_type.to_owned())
}

/// The members of the signature, as they are spelled in this body. The body must have both in one spelling; a single
/// `t` belongs to the event.
pub(super) fn transport(body: &Body<'_>) -> &'static [&'static str] {
    let is_here = |names: &[&str]| names.iter().take(2).all(|name| body.get(name).is_some());
    TRANSPORTS.into_iter().find(|names| is_here(names)).unwrap_or(TRANSPORTS[0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tencent_vod::kind::KINDS;

    #[test]
    fn every_path_begins_with_a_member_that_is_read() {
        let of_kinds = KINDS.iter().chain([&UNLISTED]).flat_map(|kind| {
            [kind.about, kind.output, kind.input, kind.created].into_iter().flatten().copied()
        });
        for path in of_kinds.chain(CONTEXT) {
            let name = path.split(['.', '[']).next().unwrap();
            assert!(is_read(name.as_bytes()), "{path}");
        }
    }
}
