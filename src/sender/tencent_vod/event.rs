//! Event notifications v3.0: one object with an `EventType` and one member that is not null, the payload.
//!
//! Source of the table: the official SDK's `EventContent` and the class of each member (tencentcloud-sdk-python-vod
//! 3.1.194). 13 of the 37 payload members are not named type + `Event`, and for some the wire differs from the SDK. So
//! the payload is found, not named: it is the member that is an object.

use std::borrow::Cow;

use super::outcome::Rule;
use crate::envelope::Outcome;
use crate::json::{Json, Member};
use crate::sender::Notification;

/// What stands before the sender's event type.
pub(super) const TYPE_PREFIX: &str = "com.tencentcloud.vod.";

/// Members of the body that are about the delivery: the signature, and the receipt of a pulled event.
const TRANSPORT: &[&str] = &["Sign", "T", "EventHandle"];
/// The same where the signature is written in lower case (inferred, see [`super::signature`]).
const TRANSPORT_LOWER_CASE: &[&str] = &["sign", "t", "EventHandle"];

/// One event type of the sender.
#[derive(Debug)]
struct Kind {
    event_type: &'static str,
    /// The payload's name in the SDK, then as seen or documented elsewhere.
    members: &'static [&'static str],
    /// The paths at which the payload names the one media that the event is about.
    media: &'static [&'static str],
    /// Whether that media is the event's subject: not where the task also has another media, its input or output.
    one_media: bool,
    rule: Rule,
    /// Neither time nor task id in the payload, so that the same can be said twice.
    repeats: bool,
}

/// A task about the media in `FileId`.
const fn task(event_type: &'static str, members: &'static [&'static str]) -> Kind {
    Kind { event_type, members, media: &["FileId"], one_media: true, rule: Rule::Task, repeats: false }
}

/// A task about one input media.
const fn input_task(event_type: &'static str, members: &'static [&'static str]) -> Kind {
    Kind { media: &["Input.FileId", "InputInfo.FileId"], ..task(event_type, members) }
}

/// A task that makes a media out of others.
const fn output_task(event_type: &'static str, members: &'static [&'static str]) -> Kind {
    Kind { media: &["Output.FileId"], one_media: false, ..task(event_type, members) }
}

/// A task begun with the 2017 interface: no status, the event is sent at the end.
const fn old_task(event_type: &'static str, members: &'static [&'static str]) -> Kind {
    Kind { rule: Rule::Ended, ..task(event_type, members) }
}

/// News of a media, not of a task.
const fn news(event_type: &'static str, members: &'static [&'static str]) -> Kind {
    Kind { rule: Rule::Success, ..task(event_type, members) }
}

#[rustfmt::skip]
static KINDS: [Kind; 37] = [
    news("NewFileUpload", &["FileUploadEvent"]),
    task("ProcedureStateChanged", &["ProcedureStateChangeEvent"]),
    Kind { media: &["FileIdSet"], ..news("FileDeleted", &["FileDeleteEvent"]) },
    task("PullComplete", &["PullCompleteEvent"]),
    output_task("EditMediaComplete", &["EditMediaCompleteEvent", "EditMediaComplete"]),
    Kind { media: &[], ..task("SplitMediaComplete", &["SplitMediaCompleteEvent"]) },
    output_task("ComposeMediaComplete", &["ComposeMediaCompleteEvent"]),
    Kind { media: &["FileInfo.FileId"], one_media: false, ..old_task("ClipComplete", &["ClipCompleteEvent"]) },
    old_task("TranscodeComplete", &["TranscodeCompleteEvent"]),
    old_task("CreateImageSpriteComplete", &["CreateImageSpriteCompleteEvent"]),
    Kind { media: &[], ..old_task("ConcatComplete", &["ConcatCompleteEvent"]) },
    old_task("CreateSnapshotByTimeOffsetComplete", &["SnapshotByTimeOffsetCompleteEvent"]),
    task("WechatPublishComplete", &["WechatPublishCompleteEvent", "WechatPublishComplete"]),
    task("WechatMiniProgramPublishComplete", &["WechatMiniProgramPublishCompleteEvent", "WechatMiniProgramPublishEvent"]),
    output_task("RemoveWatermark", &["RemoveWatermarkCompleteEvent"]),
    Kind { rule: Rule::Ended, repeats: true, ..news("RestoreMediaComplete", &["RestoreMediaCompleteEvent"]) },
    output_task("RebuildMediaComplete", &["RebuildMediaCompleteEvent"]),
    input_task("ExtractTraceWatermarkComplete", &["ExtractTraceWatermarkCompleteEvent"]),
    input_task("ExtractCopyRightWatermarkComplete", &["ExtractCopyRightWatermarkCompleteEvent"]),
    input_task("ReviewAudioVideoComplete", &["ReviewAudioVideoCompleteEvent"]),
    task("ReduceMediaBitrateComplete", &["ReduceMediaBitrateCompleteEvent"]),
    task("DescribeFileAttributesComplete", &["DescribeFileAttributesCompleteEvent"]),
    input_task("QualityInspectComplete", &["QualityInspectCompleteEvent"]),
    output_task("QualityEnhanceComplete", &["QualityEnhanceCompleteEvent"]),
    Kind { media: &[], rule: Rule::Stream, repeats: true, ..task("MediaCastStatusChanged", &["MediaCastStatusChangedEvent"]) },
    Kind { repeats: true, ..news("PersistenceComplete", &["PersistenceCompleteEvent"]) },
    Kind { media: &[], ..task("ComplexAdaptiveDynamicStreamingComplete", &["ComplexAdaptiveDynamicStreamingCompleteEvent"]) },
    Kind { media: &[], ..task("ProcessMediaByMPSComplete", &["ProcessMediaByMPSCompleteEvent"]) },
    Kind { media: &[], ..task("AigcImageTaskComplete", &["AigcImageCompleteEvent"]) },
    Kind { media: &[], ..task("AigcVideoTaskComplete", &["AigcVideoCompleteEvent"]) },
    input_task("ExtractBlindWatermarkComplete", &["ExtractBlindWatermarkComplete"]),
    Kind { media: &[], ..task("SceneAigcImageCompleteEvent", &["SceneAigcImageCompleteEvent"]) },
    // In the SDK's event this has settings alone, no task id: the shape of the task query is taken too.
    Kind { media: &[], repeats: true, ..task("ProcessImageAsyncCompleteEvent", &["ProcessImageAsyncCompleteEvent"]) },
    Kind { media: &[], ..task("CreateAigcAdvancedCustomElementCompleteEvent", &["CreateAigcAdvancedCustomElementCompleteEvent"]) },
    Kind { media: &[], ..task("CreateAigcCustomVoiceCompleteEvent", &["CreateAigcCustomVoiceCompleteEvent"]) },
    Kind { media: &[], ..task("DescribeAigcFaceInfoAsyncComplete", &["DescribeAigcFaceInfoAsyncCompleteEvent"]) },
    Kind { media: &[], ..task("AigcHunyuan3DTaskComplete", &["AigcHunyuan3DCompleteEvent"]) },
];

/// Understands a body of format v3.0. It is one if it has an `EventType`, or a member that is some event's payload:
/// one documented sample lacks the type.
pub(super) fn read(body: &Json<'_>) -> Option<Notification> {
    let payload = payload(body);
    let event_type = match body.text_at("EventType") {
        Some(event_type) => event_type,
        None => type_of(payload?)?,
    };
    let kind = kind(&event_type);
    let payload = payload.map_or(&Json::Null, |member| &member.value);

    let task_id = payload.text_at("TaskId").map(String::from);
    let media_id = media_id(payload, kind.map_or(&["FileId"], |k| k.media));
    let about_one_media = media_id.as_ref().filter(|_| kind.is_none_or(|k| k.one_media));
    let cast_id = payload.text_at("CastId").map(String::from);
    Some(Notification {
        repeats: kind.is_some_and(|k| k.repeats) && task_id.is_none(),
        subject: about_one_media.or(task_id.as_ref()).or(media_id.as_ref()).or(cast_id.as_ref()).cloned(),
        event_type: format!("{TYPE_PREFIX}{event_type}"),
        task_id,
        media_id,
        time: None, // no event of this sender carries the time it happened
        outcome: kind.map_or(Outcome::Unknown, |k| k.rule.outcome(payload)),
        transport: transport(body),
    })
}

/// The signature's members, upper case or lower, whichever pair is there: a lone `t` may one day be an event's own.
pub(super) fn transport(body: &Json<'_>) -> &'static [&'static str] {
    let lower_case = body.get("sign").is_some() && body.get("t").is_some();
    let upper_case = body.get("Sign").is_some() || body.get("T").is_some();
    if lower_case && !upper_case { TRANSPORT_LOWER_CASE } else { TRANSPORT }
}

/// The member that is an object. Should tomorrow's body have several, the one named like an event.
fn payload<'b, 'a>(body: &'b Json<'a>) -> Option<&'b Member<'a>> {
    let objects = || body.members().iter().filter(|m| matches!(m.value, Json::Object(_)));
    let is_known = |member: &&Member<'_>| kind_with(&member.name).is_some();
    objects()
        .find(is_known)
        .or_else(|| objects().find(|m| m.name.ends_with("Event")))
        .or_else(|| objects().next())
}

/// The type of an event that does not name it: of the kind with that payload, else the member's name less `Event`.
fn type_of<'a>(payload: &Member<'a>) -> Option<Cow<'a, str>> {
    match kind_with(&payload.name) {
        Some(kind) => Some(kind.event_type.into()),
        None => payload.name.strip_suffix("Event").filter(|n| !n.is_empty()).map(|n| n.to_owned().into()),
    }
}

fn kind_with(member: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.members.contains(&member))
}

/// Four documented types end in `Event`, which may be a slip, so either spelling is taken (inferred).
fn kind(event_type: &str) -> Option<&'static Kind> {
    let stem = |name: &str| name.strip_suffix("Event").unwrap_or(name).to_owned();
    KINDS
        .iter()
        .find(|kind| kind.event_type == event_type)
        .or_else(|| KINDS.iter().find(|kind| stem(kind.event_type) == stem(event_type)))
}

/// The id at the first path that has one; of a list of ids, the only one.
fn media_id(payload: &Json<'_>, paths: &[&str]) -> Option<String> {
    paths.iter().find_map(|path| {
        let value = payload.at(path)?;
        let only = match value.items() {
            [only] => only,
            _ => value,
        };
        only.text().map(String::from)
    })
}
