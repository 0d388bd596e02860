//! The event types of format v3.0: the one table that [`Event`], the reading of notifications and `docs/senders.md`
//! are made from.
//!
//! Source: the official SDK's `EventContent` and the class of each of its members (tencentcloud-sdk-python-vod 3.1.194).
//! 13 of the 37 payload members are not named type + `Event`, and for some the wire differs from the SDK. So a payload
//! is found, not named: it is the member that is an object.

use std::borrow::Cow;

use serde::ser::{Serialize, Serializer};

use super::event::edit::{ComposeMediaTask, EditMediaTask, SplitMediaTask};
use super::event::procedure::ProcedureTask;
use super::event::review::ReviewAudioVideoTask;
use super::event::task::{
    AigcHunyuan3DTask, AigcImageTask, AigcVideoTask, ComplexAdaptiveDynamicStreamingTask,
    CreateAigcAdvancedCustomElementTask, CreateAigcCustomVoiceTask, DescribeAigcFaceInfoAsyncTask,
    DescribeFileAttributesTask, ExtractBlindWatermarkTask, ExtractCopyRightWatermarkTask,
    ExtractTraceWatermarkTask, MediaCastEvent, ProcessImageAsyncTask, ProcessMediaByMPS, QualityEnhanceTask,
    QualityInspectTask, RebuildMediaTask, ReduceMediaBitrateTask, RemoveWatermarkTask, SceneAigcImageTask,
    WechatMiniProgramPublishTask, WechatPublishTask,
};
use super::event::task_2017::{
    ClipTask2017, ConcatTask2017, CreateImageSpriteTask2017, SnapshotByTimeOffsetTask2017, TranscodeTask2017,
};
use super::event::upload::{
    FileDeleteTask, FileUploadTask, PersistenceCompleteTask, PullUploadTask, RestoreMediaTask,
};
use super::event::{Legacy, Unknown};
use super::notification::transport;
use super::outcome::Rule;
use crate::json::{self, Member, Value};
use crate::sender::model::Shape;

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
    /// The SDK's class of the payload, and the name of ours.
    pub class: &'static str,
    /// How far down the payload is typed.
    pub depth: Depth,
    /// Where the name of the event type is from.
    pub source: Source,
}

/// How far down a payload is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// To the last member, but for what the caller had asked for and what artificial intelligence found.
    Deep,
    /// Its own members, and what inputs and outputs have in common.
    Task,
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
    class: "",
    depth: Depth::Task,
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

/// Makes [`KINDS`] and [`Event`] out of the same lines.
macro_rules! kinds {
    ($(
        $(#[$doc:meta])*
        $event_type:ident($class:ident), $depth:ident, $source:ident, $members:expr, $kind:expr;
    )*) => {
        /// Every event type, in the order of the SDK's `EventContent`.
        pub static KINDS: &[Kind] = &[
            $( Kind {
                event_type: stringify!($event_type),
                members: &$members,
                class: stringify!($class),
                depth: Depth::$depth,
                source: Source::$source,
                ..$kind
            }, )*
        ];

        /// An event of Tencent Cloud VOD: a variant per event type, named like it, with the payload in a struct named like
        /// the official SDK's class.
        ///
        /// Read it from an envelope with [`Event::of`], or from JSON with [`Event::read`]:
        /// ```
        /// use mediahook::sender::tencent_vod::Event;
        ///
        /// let json = r#"{"EventType":"PullComplete","PullCompleteEvent":{"FileId":5285485487985271490,"ErrCode":0,"New":[]}}"#;
        /// let Ok(Event::PullComplete(pull)) = Event::read(json) else { panic!() };
        /// assert_eq!(pull.file_id.as_deref(), Some("5285485487985271490"));
        /// assert_eq!(pull.err_code.and_then(|code| code.as_i64()), Some(0));
        /// assert_eq!(pull.other[0].text, r#""New":[]"#);
        /// ```
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub enum Event<'a> {
            $( $(#[$doc])* $event_type(Box<$class<'a>>), )*
            /// An event of the legacy format v2.0, of any type.
            Legacy(Box<Legacy<'a>>),
            /// An event type that is not in this list, or one whose payload is not there.
            Unknown(Unknown<'a>),
        }

        impl<'a> Event<'a> {
            /// The event of that kind, where the payload is an object.
            pub(super) fn of_kind(kind: &Kind, payload: Value<'_, 'a>) -> Option<Self> {
                match kind.event_type {
                    $( stringify!($event_type) => $class::read(payload).map(Box::new).map(Self::$event_type), )*
                    _ => None,
                }
            }
        }

        impl Serialize for Event<'_> {
            /// As the payload alone.
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    $( Self::$event_type(payload) => payload.serialize(serializer), )*
                    Self::Legacy(legacy) => legacy.serialize(serializer),
                    Self::Unknown(unknown) => unknown.payload.serialize(serializer),
                }
            }
        }
    };
}

kinds! {
    /// A media was uploaded.
    NewFileUpload(FileUploadTask), Deep, Listed, ["FileUploadEvent"], NEWS;
    /// A task flow changed its state, or ended.
    ProcedureStateChanged(ProcedureTask), Deep, Listed, ["ProcedureStateChangeEvent"], TASK;
    /// Media were deleted.
    FileDeleted(FileDeleteTask), Deep, Listed, ["FileDeleteEvent"], Kind { media: &["FileIdSet"], ..NEWS };
    /// A media was pulled from a URL, or was not.
    PullComplete(PullUploadTask), Deep, Listed, ["PullCompleteEvent"], TASK;
    /// Media were edited into one. Older samples have the payload without `Event`.
    EditMediaComplete(EditMediaTask), Deep, Listed, ["EditMediaCompleteEvent", "EditMediaComplete"], OUTPUT_TASK;
    /// A media was split.
    SplitMediaComplete(SplitMediaTask), Deep, Listed, ["SplitMediaCompleteEvent"], BARE_TASK;
    /// Media were composed into one.
    ComposeMediaComplete(ComposeMediaTask), Deep, Listed, ["ComposeMediaCompleteEvent"], OUTPUT_TASK;
    /// A clip was cut (2017 interface).
    ClipComplete(ClipTask2017), Deep, Listed, ["ClipCompleteEvent"],
        Kind { media: &["FileInfo.FileId"], one_media: false, ..OLD_TASK };
    /// A media was transcoded (2017 interface).
    TranscodeComplete(TranscodeTask2017), Deep, Listed, ["TranscodeCompleteEvent"], OLD_TASK;
    /// Image sprites were made (2017 interface).
    CreateImageSpriteComplete(CreateImageSpriteTask2017), Deep, Listed, ["CreateImageSpriteCompleteEvent"], OLD_TASK;
    /// Media were joined (2017 interface).
    ConcatComplete(ConcatTask2017), Deep, Listed, ["ConcatCompleteEvent"], Kind { media: &[], ..OLD_TASK };
    /// Snapshots were taken (2017 interface).
    CreateSnapshotByTimeOffsetComplete(SnapshotByTimeOffsetTask2017), Deep, Listed,
        ["SnapshotByTimeOffsetCompleteEvent"], OLD_TASK;
    /// A media was published on WeChat. Its product page has the payload without `Event`.
    WechatPublishComplete(WechatPublishTask), Task, Member,
        ["WechatPublishCompleteEvent", "WechatPublishComplete"], TASK;
    /// A media was published in a WeChat mini program. On the wire the payload was seen without `Complete`.
    WechatMiniProgramPublishComplete(WechatMiniProgramPublishTask), Task, Listed,
        ["WechatMiniProgramPublishCompleteEvent", "WechatMiniProgramPublishEvent"], TASK;
    /// A watermark was removed.
    RemoveWatermark(RemoveWatermarkTask), Task, Listed, ["RemoveWatermarkCompleteEvent"], OUTPUT_TASK;
    /// A media was restored from cold storage.
    RestoreMediaComplete(RestoreMediaTask), Deep, Listed, ["RestoreMediaCompleteEvent"],
        Kind { rule: Rule::Ended, repeats: true, ..NEWS };
    /// A media was rebuilt.
    RebuildMediaComplete(RebuildMediaTask), Task, Listed, ["RebuildMediaCompleteEvent"], OUTPUT_TASK;
    /// A trace watermark was looked for.
    ExtractTraceWatermarkComplete(ExtractTraceWatermarkTask), Task, Listed,
        ["ExtractTraceWatermarkCompleteEvent"], INPUT_TASK;
    /// A copyright watermark was looked for.
    ExtractCopyRightWatermarkComplete(ExtractCopyRightWatermarkTask), Task, Listed,
        ["ExtractCopyRightWatermarkCompleteEvent"], INPUT_TASK;
    /// A media was reviewed.
    ReviewAudioVideoComplete(ReviewAudioVideoTask), Deep, Listed, ["ReviewAudioVideoCompleteEvent"], INPUT_TASK;
    /// The bit rate of a media was reduced.
    ReduceMediaBitrateComplete(ReduceMediaBitrateTask), Task, Page, ["ReduceMediaBitrateCompleteEvent"], TASK;
    /// The digests of a file were computed.
    DescribeFileAttributesComplete(DescribeFileAttributesTask), Task, Listed,
        ["DescribeFileAttributesCompleteEvent"], TASK;
    /// The quality of a media was inspected.
    QualityInspectComplete(QualityInspectTask), Task, Listed, ["QualityInspectCompleteEvent"], INPUT_TASK;
    /// The quality of a media was enhanced.
    QualityEnhanceComplete(QualityEnhanceTask), Task, Listed, ["QualityEnhanceCompleteEvent"], OUTPUT_TASK;
    /// A cast changed its state.
    MediaCastStatusChanged(MediaCastEvent), Deep, Member, ["MediaCastStatusChangedEvent"],
        Kind { rule: Rule::Stream, repeats: true, ..BARE_TASK };
    /// A clip was made into a media.
    PersistenceComplete(PersistenceCompleteTask), Deep, Listed, ["PersistenceCompleteEvent"],
        Kind { repeats: true, ..NEWS };
    /// A media was packed for adaptive streaming.
    ComplexAdaptiveDynamicStreamingComplete(ComplexAdaptiveDynamicStreamingTask), Task, Listed,
        ["ComplexAdaptiveDynamicStreamingCompleteEvent"], BARE_TASK;
    /// MPS processed a media.
    ProcessMediaByMPSComplete(ProcessMediaByMPS), Task, Listed, ["ProcessMediaByMPSCompleteEvent"], BARE_TASK;
    /// An image was generated.
    AigcImageTaskComplete(AigcImageTask), Task, Listed, ["AigcImageCompleteEvent"], BARE_TASK;
    /// A video was generated.
    AigcVideoTaskComplete(AigcVideoTask), Task, Listed, ["AigcVideoCompleteEvent"], BARE_TASK;
    /// A blind watermark was looked for.
    ExtractBlindWatermarkComplete(ExtractBlindWatermarkTask), Task, Member,
        ["ExtractBlindWatermarkComplete"], INPUT_TASK;
    /// An image of a scene was generated.
    SceneAigcImageCompleteEvent(SceneAigcImageTask), Task, Member, ["SceneAigcImageCompleteEvent"], BARE_TASK;
    /// An image was processed. In the SDK's event there is neither task id nor time.
    ProcessImageAsyncCompleteEvent(ProcessImageAsyncTask), Task, Member, ["ProcessImageAsyncCompleteEvent"],
        Kind { repeats: true, ..BARE_TASK };
    /// A custom element for generated videos was created.
    CreateAigcAdvancedCustomElementCompleteEvent(CreateAigcAdvancedCustomElementTask), Task, Member,
        ["CreateAigcAdvancedCustomElementCompleteEvent"], BARE_TASK;
    /// A custom voice was created.
    CreateAigcCustomVoiceCompleteEvent(CreateAigcCustomVoiceTask), Task, Member,
        ["CreateAigcCustomVoiceCompleteEvent"], BARE_TASK;
    /// The faces in a video were found.
    DescribeAigcFaceInfoAsyncComplete(DescribeAigcFaceInfoAsyncTask), Task, Listed,
        ["DescribeAigcFaceInfoAsyncCompleteEvent"], BARE_TASK;
    /// A 3D model was generated.
    AigcHunyuan3DTaskComplete(AigcHunyuan3DTask), Task, Listed, ["AigcHunyuan3DCompleteEvent"], BARE_TASK;
}

/// What a body of format v3.0 is about.
pub(super) struct Found<'j, 'a> {
    pub(super) event_type: Cow<'a, str>,
    /// Nothing for a type that is not in the table.
    pub(super) kind: Option<&'static Kind>,
    pub(super) payload: Option<Member<'j, 'a>>,
    /// The members that are not about the event.
    pub(super) transport: &'static [&'static str],
}

/// It is of format v3.0 if it has an `EventType`, or a member that is some event's payload: one documented sample
/// lacks the type.
pub(super) fn find<'j, 'a>(body: Value<'j, 'a>) -> Option<Found<'j, 'a>> {
    let transport = transport(body);
    let payload = payload(body, transport);
    let event_type = match body.text_at("EventType") {
        Some(event_type) => event_type,
        None => type_of(payload?)?,
    };
    let kind = kind(&event_type);
    Some(Found { event_type, kind, payload, transport })
}

/// Whether a member of that name is some event's payload.
pub(super) fn is_payload(member: &str) -> bool {
    kind_with(member).is_some()
}

/// The member that is an object. Should tomorrow's body have several, the one named like an event.
fn payload<'j, 'a>(body: Value<'j, 'a>, transport: &[&str]) -> Option<Member<'j, 'a>> {
    let is_object = |m: &Member<'_, '_>| m.value().kind() == json::Kind::Object;
    let objects = || body.members().filter(|m| is_object(m) && !transport.contains(&m.name().as_ref()));
    objects()
        .find(|m| is_payload(&m.name()))
        .or_else(|| objects().find(|m| m.name().ends_with("Event")))
        .or_else(|| objects().next())
}

/// The type of an event that does not name it: of the kind with that payload, else the member's name less `Event`.
fn type_of<'a>(payload: Member<'_, 'a>) -> Option<Cow<'a, str>> {
    let name = payload.name();
    match kind_with(&name) {
        Some(kind) => Some(kind.event_type.into()),
        None => name.strip_suffix("Event").filter(|n| !n.is_empty()).map(|n| n.to_owned().into()),
    }
}

fn kind_with(member: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.members.contains(&member))
}

/// Four documented types end in `Event`, which may be a slip, so either spelling is taken (inferred).
fn kind(event_type: &str) -> Option<&'static Kind> {
    KINDS
        .iter()
        .find(|kind| kind.event_type == event_type)
        .or_else(|| KINDS.iter().find(|kind| stem(kind.event_type) == stem(event_type)))
}

fn stem(name: &str) -> &str {
    name.strip_suffix("Event").unwrap_or(name)
}
