//! Format v3.0: an `EventType`, and one member that is not null, the payload.

use mediahook_events::Deleted;
use mediahook_events::event_types::{TENCENT_VOD_PREFIX, event_type_of, payload_member};
use serde_json::Value;
use time::OffsetDateTime;

use super::findings::{Findings, time};
use super::kind::{Kind, UNLISTED, kind};
use crate::body::{Body, first_text, texts};
use crate::sender::{Attributes, Notification, final_verdict};
use mediahook_events::Outcome;

/// The paths of the caller's own text: `SessionContext` of a task, else the `SourceContext` of an upload (SDK). An
/// older page has `MediaBasicInfo` twice.
const CONTEXT: &str = "SessionContext MediaBasicInfo.SourceInfo.SourceContext \
    MediaBasicInfo.MediaBasicInfo.SourceInfo.SourceContext";

/// The flow that an upload or an edit started. Lists have one for each result: it is known if there is exactly one.
const FLOW: &str = "ProcedureTaskId Output.ProcedureTaskIds[] FileInfoSet[].ProcedureTaskId";

/// Reads a body. It is of this format if it has an `EventType`, or a member that is the payload of a known event: one
/// documented sample lacks the type.
pub(super) fn read(body: &Body<'_>) -> Option<Notification> {
    let transport = transport(body);
    let given_type = body.text("EventType");
    let objects = body
        .members()
        .iter()
        .filter(|(name, value)| value.is_object() && !transport.contains(&name.as_str()));
    let objects = objects.map(|(name, _)| name.as_str());
    let member = payload_member(given_type.as_deref(), objects);
    let of_member = member.and_then(event_type_of);
    let event_type = match given_type {
        Some(event_type) => event_type,
        None => type_of(member?, of_member)?,
    };
    let kind = kind(&event_type)
        // If the payload is that of another event, nobody knows which of the two happened.
        .filter(|kind| of_member.is_none_or(|of_member| of_member == kind.event_type))
        .unwrap_or(&UNLISTED);
    let payload = member.and_then(|member| body.members().get(member));
    let attributes = payload.map(|payload| attributes(kind, payload)).unwrap_or_default();
    Some(Notification {
        // For an unknown type, it is better to process an event twice than never.
        repeats: kind.repeats && attributes.task_id.is_none(),
        event_type: format!("{TENCENT_VOD_PREFIX}{event_type}"),
        attributes,
        transport,
    })
}

/// The type of an event without `EventType`: that of its payload, else the payload's name without `Event`.
fn type_of(member: &str, of_member: Option<&str>) -> Option<String> {
    let stem = || member.strip_suffix("Event").filter(|name| !name.is_empty());
    of_member.or_else(stem).map(ToOwned::to_owned)
}

fn attributes(kind: &Kind, payload: &Value) -> Attributes {
    let mut findings = Findings::of(payload);
    let outcome = kind.rule.outcome(payload, &mut findings);
    let (task_id, cast_id) = (first_text(payload, "TaskId"), first_text(payload, "CastId"));
    let (about, media_id) = kind.media_ids(payload, outcome);
    Attributes {
        subject: about.or_else(|| task_id.clone()).or_else(|| media_id.clone()).or(cast_id),
        time: findings.finished.max(created(payload, kind.created)).filter(|_| outcome != Outcome::Progress),
        outcome,
        task_id,
        media_id,
        procedure_task_id: first_text(payload, FLOW),
        context: first_text(payload, CONTEXT),
        verdict: final_verdict(findings.verdict, outcome),
        deleted: kind.deletes.then(|| deleted(payload)),
        error: findings.error.filter(|_| outcome != Outcome::Succeeded),
    }
}

/// Whether each media asset is deleted, or only parts of it (`DeleteParts`; SDK). One without an entry is deleted
/// completely (inferred).
fn deleted(payload: &Value) -> Deleted {
    let results =
        payload.get("FileDeleteResultInfo").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let has_parts = |result: &Value| {
        result.get("DeleteParts").and_then(Value::as_array).is_some_and(|parts| !parts.is_empty())
    };
    match results.iter().filter(|result| has_parts(result)).count() {
        0 => Deleted::Media,
        parts if parts == results.len() => Deleted::Parts,
        _ => Deleted::Mixed,
    }
}

/// The latest of the times at these paths.
fn created(payload: &Value, paths: &str) -> Option<OffsetDateTime> {
    paths.split(' ').flat_map(|path| texts(payload, path)).filter_map(|text| time(&text)).max()
}

/// The members of the signature, as they are spelled in this body, and the receipt of a pulled event. The spelling of the
/// signature is inferred (see [`super::signature`]); a `t` without a signature belongs to the event.
pub(super) fn transport(body: &Body<'_>) -> Vec<&'static str> {
    let given = |names: [&'static str; 2]| names.into_iter().find(|name| body.members().contains_key(*name));
    let (sign, t) = given(["Sign", "sign"]).zip(given(["T", "t"])).unwrap_or(("Sign", "T"));
    vec![sign, t, "EventHandle"]
}
