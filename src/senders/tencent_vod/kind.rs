//! The event types of format v3.0: the one table that the reading of notifications and `docs/senders.md` are made from.
//!
//! Source: the official SDK's `EventContent` and the class of each of its members (tencentcloud-sdk-python-vod 3.1.194).
//! 13 of the 37 payload members are not named type + `Event`, and for some the wire differs from the SDK. So a payload
//! is found, not named: it is the member that is an object.

use super::outcome::Rule;
use crate::event::Object;
use crate::event::envelope::Outcome;

/// An id in a part of the payload is none if it is longer than this: it is not worth an envelope that is too large.
const MAX_NESTED_ID_BYTES: usize = 1_000;

/// One event type of the sender.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Kind {
    /// `EventType`.
    pub event_type: &'static str,
    /// The payload's name in the SDK, then as seen or documented elsewhere.
    pub members: &'static [&'static str],
    /// Where the payload names the one media asset that the event is about, which is the event's subject. In these paths
    /// `[]` stands for every item of a list, which have to agree.
    pub about: &'static [&'static str],
    /// Where it names the media asset that the task made, or worked on beside others: `mediaid`, not the subject.
    pub output: &'static [&'static str],
    /// Where it names the media asset that the task was to work on: `mediaid` of a failure.
    pub input: &'static [&'static str],
    /// Where it says when the media asset that is its result was created.
    pub created: &'static [&'static str],
    /// How the payload says how it went.
    pub rule: Rule,
    /// Whether it tells of a deletion.
    pub deletes: bool,
    /// Neither time nor task id in the payload, so that the same can be said twice.
    pub repeats: bool,
    /// Where the name of the event type is from.
    pub source: Source,
}

impl Kind {
    /// The media asset that the event is about, and its `mediaid`, which may be another: what the task made, or, of a
    /// failure, what it was to work on.
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

/// The id at the first path that has one; of a list, the one that all of it have.
fn media_id(payload: &Object<'_>, paths: &[&str]) -> Option<String> {
    paths.iter().find_map(|path| {
        let is_nested = path.contains(['.', '[']);
        payload.common_text(path).filter(|id| !is_nested || id.len() <= MAX_NESTED_ID_BYTES)
    })
}

/// Where the name of an event type is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The SDK's list of event types.
    Listed,
    /// Only the SDK's description of the payload member.
    Member,
    /// A product page; the SDK calls the payload member no longer valid.
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

/// A task about one input.
const INPUT_TASK: Kind = Kind { about: &["Input.FileId"], ..TASK };

/// A task that makes a media asset out of another.
const OUTPUT_TASK: Kind = Kind { output: &["Output.FileId"], input: &["Input.FileId"], ..BARE_TASK };

/// A task that makes media assets out of a prompt and others. Of its outputs, only permanent ones have an id (SDK).
const AIGC_TASK: Kind =
    Kind { output: &["Output.FileInfos[].FileId"], input: &["Input.FileInfos[].FileId"], ..BARE_TASK };

/// A task begun with the 2017 interface: no status, the event is sent at the end.
const OLD_TASK: Kind = Kind { rule: Rule::Ended, ..TASK };

/// News of a media asset, not of a task.
const NEWS: Kind = Kind { rule: Rule::Success, ..TASK };

/// Of a type that is not in the table, ids are looked for where known tasks have them.
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
    // Of a flow begun by a URL, `FileId` is the caller's own id.
    Kind { event_type: "ProcedureStateChanged", members: &["ProcedureStateChangeEvent"], ..TASK },
    Kind {
        event_type: "FileDeleted",
        members: &["FileDeleteEvent"],
        about: &["FileIdSet[]"],
        deletes: true,
        ..NEWS
    },
    // That the media asset is created when the pull ends is inferred; an older page has `MediaBasicInfo` twice.
    Kind {
        event_type: "PullComplete",
        members: &["PullCompleteEvent"],
        created: &["MediaBasicInfo.CreateTime", "MediaBasicInfo.MediaBasicInfo.CreateTime"],
        ..TASK
    },
    // Older samples have the payload without `Event`.
    Kind {
        event_type: "EditMediaComplete",
        members: &["EditMediaCompleteEvent", "EditMediaComplete"],
        input: &["Input.FileInfoSet[].FileId"],
        ..OUTPUT_TASK
    },
    // Its outputs are several: what they were cut from is one.
    Kind {
        event_type: "SplitMediaComplete",
        members: &["SplitMediaCompleteEvent"],
        output: &["FileInfoSet[].Input.FileId"],
        created: &["FileInfoSet[].Output.MediaBasicInfo.CreateTime"],
        ..BARE_TASK
    },
    // Its inputs are ids or URLs, under one name.
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
    // Its product page has the payload without `Event`.
    Kind {
        event_type: "WechatPublishComplete",
        members: &["WechatPublishCompleteEvent", "WechatPublishComplete"],
        source: Source::Member,
        ..TASK
    },
    // On the wire the payload was seen without `Complete`.
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
    // In the SDK's event there is neither task id nor time; the ids are those of the SDK's query for the task (inferred).
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

/// Four documented types end in `Event`, which may be a slip, so either spelling is taken (inferred).
pub(super) fn kind(event_type: &str) -> Option<&'static Kind> {
    KINDS
        .iter()
        .find(|kind| kind.event_type == event_type)
        .or_else(|| KINDS.iter().find(|kind| stem(kind.event_type) == stem(event_type)))
}

fn stem(name: &str) -> &str {
    name.strip_suffix("Event").unwrap_or(name)
}
