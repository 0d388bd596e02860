//! The event types of format v3.0: the parser and `docs/senders.md` use this one table.
//!
//! Source: the official SDK's `EventContent` and the class of each of its members (tencentcloud-sdk-python-vod
//! 3.1.194). The names of 13 of the 37 payload members are not type + `Event`, and some differ between the SDK and
//! real callbacks. So the payload is not found by its name: it is the member that is an object.

use super::outcome::Rule;
use crate::body::Object;
use mediahook_events::Outcome;

/// A longer id in a part of the payload is ignored: it would make the envelope too large.
const MAX_NESTED_ID_BYTES: usize = 1_000;

/// One event type of the sender.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Kind {
    /// `EventType`.
    pub event_type: &'static str,
    /// The payload's name in the SDK, then the names seen or documented elsewhere.
    pub members: &'static [&'static str],
    /// The paths of the one media asset that the event concerns, which is the event's subject. In these paths `[]`
    /// means every item of a list; all must have the same id.
    pub about: &'static [&'static str],
    /// The paths of the media asset that the task created, or worked on with others: `mediaid`, not the subject.
    pub output: &'static [&'static str],
    /// The paths of the media asset that the task should have worked on: `mediaid` of a failure.
    pub input: &'static [&'static str],
    /// The paths of the time at which the resulting media asset was created.
    pub created: &'static [&'static str],
    /// How the outcome is determined.
    pub rule: Rule,
    /// Whether it reports a deletion.
    pub deletes: bool,
    /// The payload has neither time nor task id, so two occurrences can have the same payload.
    pub repeats: bool,
    /// The source of the event type's name.
    pub source: Source,
}

impl Kind {
    /// The media asset that the event concerns, and the `mediaid`. These may differ: the `mediaid` may be that of the
    /// task's result, or, for a failure, of its input.
    pub(super) fn media_ids(
        &self,
        payload: &Object<'_>,
        outcome: Outcome,
    ) -> (Option<String>, Option<String>) {
        let about = media_id(payload, self.about);
        let input = || media_id(payload, self.input).filter(|_| outcome == Outcome::Failed);
        let media_id = about.clone().or_else(|| media_id(payload, self.output)).or_else(input);
        (about, media_id)
    }
}

/// The id at the first path that has one; for a list, the id that all items share.
fn media_id(payload: &Object<'_>, paths: &[&str]) -> Option<String> {
    paths.iter().find_map(|path| {
        let is_nested = path.contains(['.', '[']);
        payload.common_text(path).filter(|id| !is_nested || id.len() <= MAX_NESTED_ID_BYTES)
    })
}

/// The source of an event type's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The SDK's list of event types.
    Listed,
    /// Only the SDK's description of the payload member.
    Member,
    /// A product page; the SDK calls the payload member deprecated.
    Page,
}

/// A task about the media asset in `FileId`.
pub(super) const TASK: Kind = Kind {
    event_type: "",
    members: &[],
    about: &["FileId"],
    output: &[],
    input: &[],
    created: &[],
    rule: Rule::Task,
    deletes: false,
    repeats: false,
    source: Source::Listed,
};

/// A task about no media asset, or several.
const BARE_TASK: Kind = Kind { about: &[], ..TASK };

/// A task with one input.
const INPUT_TASK: Kind = Kind { about: &["Input.FileId"], ..TASK };

/// A task that creates a media asset from another one.
const OUTPUT_TASK: Kind = Kind { output: &["Output.FileId"], input: &["Input.FileId"], ..BARE_TASK };

/// A task that creates media assets from a prompt and other media assets. Of its outputs, only permanent ones have an
/// id (SDK).
const AIGC_TASK: Kind =
    Kind { output: &["Output.FileInfos[].FileId"], input: &["Input.FileInfos[].FileId"], ..BARE_TASK };

/// A task that was started with the 2017 interface: no status, the event is sent at the end.
const OLD_TASK: Kind = Kind { rule: Rule::Ended, ..TASK };

/// An event of a media asset, not of a task.
const NEWS: Kind = Kind { rule: Rule::Success, ..TASK };

/// For a type that is not in the table, ids are looked up where known tasks have them.
pub(super) const UNLISTED: Kind = Kind {
    output: &["Output.FileId", "Output.FileInfos[].FileId"],
    input: &["Input.FileId", "InputInfo.FileId", "Input.FileInfos[].FileId", "Input.FileInfoSet[].FileId"],
    rule: Rule::Unlisted,
    repeats: true,
    ..TASK
};

/// Every event type, in the order of the SDK's `EventContent`.
pub static KINDS: &[Kind] = &[
    Kind {
        event_type: "NewFileUpload",
        members: &["FileUploadEvent"],
        created: &["MediaBasicInfo.CreateTime"],
        ..NEWS
    },
    // In a flow that was started by a URL, `FileId` is the caller's own id.
    Kind { event_type: "ProcedureStateChanged", members: &["ProcedureStateChangeEvent"], ..TASK },
    Kind {
        event_type: "FileDeleted",
        members: &["FileDeleteEvent"],
        about: &["FileIdSet[]"],
        deletes: true,
        ..NEWS
    },
    // That the media asset is created when the pull ends is inferred. An older page has `MediaBasicInfo` twice.
    Kind {
        event_type: "PullComplete",
        members: &["PullCompleteEvent"],
        created: &["MediaBasicInfo.CreateTime", "MediaBasicInfo.MediaBasicInfo.CreateTime"],
        ..TASK
    },
    // In older samples the payload's name has no `Event`.
    Kind {
        event_type: "EditMediaComplete",
        members: &["EditMediaCompleteEvent", "EditMediaComplete"],
        input: &["Input.FileInfoSet[].FileId"],
        ..OUTPUT_TASK
    },
    // It has several outputs, cut from one media asset.
    Kind {
        event_type: "SplitMediaComplete",
        members: &["SplitMediaCompleteEvent"],
        output: &["FileInfoSet[].Input.FileId"],
        created: &["FileInfoSet[].Output.MediaBasicInfo.CreateTime"],
        ..BARE_TASK
    },
    // Its inputs are ids or URLs, with one name.
    Kind {
        event_type: "ComposeMediaComplete",
        members: &["ComposeMediaCompleteEvent"],
        input: &[],
        ..OUTPUT_TASK
    },
    Kind {
        event_type: "ClipComplete",
        members: &["ClipCompleteEvent"],
        about: &[],
        output: &["FileInfo.FileId"],
        input: &["SrcFileId"],
        ..OLD_TASK
    },
    Kind { event_type: "TranscodeComplete", members: &["TranscodeCompleteEvent"], ..OLD_TASK },
    Kind {
        event_type: "CreateImageSpriteComplete",
        members: &["CreateImageSpriteCompleteEvent"],
        ..OLD_TASK
    },
    Kind { event_type: "ConcatComplete", members: &["ConcatCompleteEvent"], about: &[], ..OLD_TASK },
    Kind {
        event_type: "CreateSnapshotByTimeOffsetComplete",
        members: &["SnapshotByTimeOffsetCompleteEvent"],
        ..OLD_TASK
    },
    // On its product page the payload's name has no `Event`.
    Kind {
        event_type: "WechatPublishComplete",
        members: &["WechatPublishCompleteEvent", "WechatPublishComplete"],
        source: Source::Member,
        ..TASK
    },
    // In a real callback the payload's name had no `Complete`.
    Kind {
        event_type: "WechatMiniProgramPublishComplete",
        members: &["WechatMiniProgramPublishCompleteEvent", "WechatMiniProgramPublishEvent"],
        ..TASK
    },
    Kind { event_type: "RemoveWatermark", members: &["RemoveWatermarkCompleteEvent"], ..OUTPUT_TASK },
    Kind {
        event_type: "RestoreMediaComplete",
        members: &["RestoreMediaCompleteEvent"],
        rule: Rule::Restored,
        repeats: true,
        ..NEWS
    },
    Kind { event_type: "RebuildMediaComplete", members: &["RebuildMediaCompleteEvent"], ..OUTPUT_TASK },
    Kind {
        event_type: "ExtractTraceWatermarkComplete",
        members: &["ExtractTraceWatermarkCompleteEvent"],
        ..INPUT_TASK
    },
    Kind {
        event_type: "ExtractCopyRightWatermarkComplete",
        members: &["ExtractCopyRightWatermarkCompleteEvent"],
        ..BARE_TASK
    },
    Kind {
        event_type: "ReviewAudioVideoComplete",
        members: &["ReviewAudioVideoCompleteEvent"],
        ..INPUT_TASK
    },
    Kind {
        event_type: "ReduceMediaBitrateComplete",
        members: &["ReduceMediaBitrateCompleteEvent"],
        source: Source::Page,
        ..TASK
    },
    Kind {
        event_type: "DescribeFileAttributesComplete",
        members: &["DescribeFileAttributesCompleteEvent"],
        ..TASK
    },
    Kind { event_type: "QualityInspectComplete", members: &["QualityInspectCompleteEvent"], ..INPUT_TASK },
    Kind { event_type: "QualityEnhanceComplete", members: &["QualityEnhanceCompleteEvent"], ..OUTPUT_TASK },
    Kind {
        event_type: "MediaCastStatusChanged",
        members: &["MediaCastStatusChangedEvent"],
        rule: Rule::Cast,
        repeats: true,
        source: Source::Member,
        ..BARE_TASK
    },
    Kind { event_type: "PersistenceComplete", members: &["PersistenceCompleteEvent"], repeats: true, ..NEWS },
    Kind {
        event_type: "ComplexAdaptiveDynamicStreamingComplete",
        members: &["ComplexAdaptiveDynamicStreamingCompleteEvent"],
        ..BARE_TASK
    },
    Kind {
        event_type: "ProcessMediaByMPSComplete",
        members: &["ProcessMediaByMPSCompleteEvent"],
        output: &["SubTaskSet[].Output.OutputFiles[].FileId"],
        ..BARE_TASK
    },
    Kind { event_type: "AigcImageTaskComplete", members: &["AigcImageCompleteEvent"], ..AIGC_TASK },
    Kind { event_type: "AigcVideoTaskComplete", members: &["AigcVideoCompleteEvent"], ..AIGC_TASK },
    Kind {
        event_type: "ExtractBlindWatermarkComplete",
        members: &["ExtractBlindWatermarkComplete"],
        about: &["InputInfo.FileId"],
        source: Source::Member,
        ..INPUT_TASK
    },
    Kind {
        event_type: "SceneAigcImageCompleteEvent",
        members: &["SceneAigcImageCompleteEvent"],
        source: Source::Member,
        ..AIGC_TASK
    },
    // The SDK's event has neither task id nor time; these ids are those of the SDK's query for the task (inferred).
    Kind {
        event_type: "ProcessImageAsyncCompleteEvent",
        members: &["ProcessImageAsyncCompleteEvent"],
        output: &["Output.FileInfo.FileId"],
        input: &["Input.FileId"],
        repeats: true,
        source: Source::Member,
        ..BARE_TASK
    },
    Kind {
        event_type: "CreateAigcAdvancedCustomElementCompleteEvent",
        members: &["CreateAigcAdvancedCustomElementCompleteEvent"],
        source: Source::Member,
        ..BARE_TASK
    },
    Kind {
        event_type: "CreateAigcCustomVoiceCompleteEvent",
        members: &["CreateAigcCustomVoiceCompleteEvent"],
        source: Source::Member,
        ..BARE_TASK
    },
    Kind {
        event_type: "DescribeAigcFaceInfoAsyncComplete",
        members: &["DescribeAigcFaceInfoAsyncCompleteEvent"],
        about: &["Input.FileInfos[].FileId"],
        ..BARE_TASK
    },
    // Its outputs have no id.
    Kind {
        event_type: "AigcHunyuan3DTaskComplete",
        members: &["AigcHunyuan3DCompleteEvent"],
        input: &["Input.ImageInfos[].FileId"],
        ..BARE_TASK
    },
];

/// The kind that has a payload member of this name.
pub(super) fn kind_with(member: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.members.contains(&member))
}

/// Four documented types end in `Event`, which may be a mistake, so both spellings are accepted (inferred).
pub(super) fn kind(event_type: &str) -> Option<&'static Kind> {
    KINDS
        .iter()
        .find(|kind| kind.event_type == event_type)
        .or_else(|| KINDS.iter().find(|kind| stem(kind.event_type) == stem(event_type)))
}

fn stem(name: &str) -> &str {
    name.strip_suffix("Event").unwrap_or(name)
}
