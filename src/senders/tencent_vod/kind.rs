//! The event types of format v3.0: the one table that the reading of notifications and `docs/senders.md` are made from.
//!
//! Source: the official SDK's `EventContent` and the class of each of its members (tencentcloud-sdk-python-vod 3.1.194).
//! 13 of the 37 payload members are not named type + `Event`, and for some the wire differs from the SDK. So a payload
//! is found, not named: it is the member that is an object.

use super::outcome::Rule;

/// One event type of the sender.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Kind {
    /// `EventType`.
    pub event_type: &'static str,
    /// The payload's name in the SDK, then as seen or documented elsewhere.
    pub members: &'static [&'static str],
    /// The paths at which the payload names the one media that the event is about.
    pub media: &'static [&'static str],
    /// Whether that media is the event's subject: not where the task also has another media, its input or output.
    pub one_media: bool,
    /// How the payload says how it went.
    pub rule: Rule,
    /// Neither time nor task id in the payload, so that the same can be said twice.
    pub repeats: bool,
    /// Where the name of the event type is from.
    pub source: Source,
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

/// A task about the media in `FileId`.
const TASK: Kind = Kind {
    event_type: "",
    members: &[],
    media: &["FileId"],
    one_media: true,
    rule: Rule::Task,
    repeats: false,
    source: Source::Listed,
};

/// A task about no media, or several.
const BARE_TASK: Kind = Kind { media: &[], ..TASK };

/// A task about one input media.
const INPUT_TASK: Kind = Kind { media: &["Input.FileId", "InputInfo.FileId"], ..TASK };

/// A task that makes a media out of others.
const OUTPUT_TASK: Kind = Kind { media: &["Output.FileId"], one_media: false, ..TASK };

/// A task begun with the 2017 interface: no status, the event is sent at the end.
const OLD_TASK: Kind = Kind { rule: Rule::Ended, ..TASK };

/// News of a media, not of a task.
const NEWS: Kind = Kind { rule: Rule::Success, ..TASK };

/// Every event type, in the order of the SDK's `EventContent`.
pub static KINDS: &[Kind] = &[
    Kind { event_type: "NewFileUpload", members: &["FileUploadEvent"], ..NEWS },
    Kind { event_type: "ProcedureStateChanged", members: &["ProcedureStateChangeEvent"], ..TASK },
    Kind { event_type: "FileDeleted", members: &["FileDeleteEvent"], media: &["FileIdSet"], ..NEWS },
    Kind { event_type: "PullComplete", members: &["PullCompleteEvent"], ..TASK },
    // Older samples have the payload without `Event`.
    Kind {
        event_type: "EditMediaComplete",
        members: &["EditMediaCompleteEvent", "EditMediaComplete"],
        ..OUTPUT_TASK
    },
    Kind { event_type: "SplitMediaComplete", members: &["SplitMediaCompleteEvent"], ..BARE_TASK },
    Kind { event_type: "ComposeMediaComplete", members: &["ComposeMediaCompleteEvent"], ..OUTPUT_TASK },
    Kind {
        event_type: "ClipComplete",
        members: &["ClipCompleteEvent"],
        media: &["FileInfo.FileId"],
        one_media: false,
        ..OLD_TASK
    },
    Kind { event_type: "TranscodeComplete", members: &["TranscodeCompleteEvent"], ..OLD_TASK },
    Kind {
        event_type: "CreateImageSpriteComplete",
        members: &["CreateImageSpriteCompleteEvent"],
        ..OLD_TASK
    },
    Kind { event_type: "ConcatComplete", members: &["ConcatCompleteEvent"], media: &[], ..OLD_TASK },
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
        rule: Rule::Ended,
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
        ..INPUT_TASK
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
        rule: Rule::Stream,
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
        ..BARE_TASK
    },
    Kind { event_type: "AigcImageTaskComplete", members: &["AigcImageCompleteEvent"], ..BARE_TASK },
    Kind { event_type: "AigcVideoTaskComplete", members: &["AigcVideoCompleteEvent"], ..BARE_TASK },
    Kind {
        event_type: "ExtractBlindWatermarkComplete",
        members: &["ExtractBlindWatermarkComplete"],
        source: Source::Member,
        ..INPUT_TASK
    },
    Kind {
        event_type: "SceneAigcImageCompleteEvent",
        members: &["SceneAigcImageCompleteEvent"],
        source: Source::Member,
        ..BARE_TASK
    },
    // In the SDK's event there is neither task id nor time.
    Kind {
        event_type: "ProcessImageAsyncCompleteEvent",
        members: &["ProcessImageAsyncCompleteEvent"],
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
        ..BARE_TASK
    },
    Kind { event_type: "AigcHunyuan3DTaskComplete", members: &["AigcHunyuan3DCompleteEvent"], ..BARE_TASK },
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
