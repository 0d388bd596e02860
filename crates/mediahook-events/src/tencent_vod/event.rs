//! The events of format v3.0.

use serde::de::DeserializeOwned;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::edit::{ComposeMediaTask, EditMediaTask, SplitMediaTask};
use super::procedure::ProcedureTask;
use super::quality::{QualityEnhanceTask, QualityInspectTask, RebuildMediaTask};
use super::review::ReviewAudioVideoTask;
use super::task::{
    ComplexAdaptiveDynamicStreamingTask, DescribeFileAttributesTask, MediaCastEvent, ProcessImageAsyncTask,
    ProcessMediaByMPS, ReduceMediaBitrateTask,
};
use super::task_2017::{
    ClipTask2017, ConcatTask2017, CreateImageSpriteTask2017, SnapshotByTimeOffsetTask2017, TranscodeTask2017,
};
use super::upload::{
    FileDeleteTask, FileUploadTask, PersistenceCompleteTask, PullUploadTask, RestoreMediaTask,
};
use super::watermark::{
    ExtractBlindWatermarkTask, ExtractCopyRightWatermarkTask, ExtractTraceWatermarkTask, RemoveWatermarkTask,
};
use super::wechat::{WechatMiniProgramPublishTask, WechatPublishTask};
use super::{TYPE_PREFIX, aigc, v2};
use crate::event_enum::event_enum;
use crate::event_types::{event_type_of, known, payload_member};
use crate::lenient::{self, take, without};

event_enum! {
    /// An event of Tencent Cloud VOD: a variant for each event type, named like it.
    ///
    /// Reading fails only if the JSON is not an object. A type or payload that is not known is
    /// [`Event::Unknown`], and whatever does not fit a field is in an `other`.
    ///
    /// ```
    /// use mediahook_events::tencent_vod::Event;
    ///
    /// let json = r#"{"EventType":"PullComplete","PullCompleteEvent":{"FileId":5285485487985271490,"ErrCode":"0","New":true}}"#;
    /// let Event::PullComplete(event) = serde_json::from_str(json)? else { panic!() };
    /// assert_eq!(event.payload.file_id.as_deref(), Some("5285485487985271490"));
    /// assert_eq!(event.payload.err_code, Some(0));
    /// assert_eq!(event.payload.other["New"], true);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub enum Event {
        known {
            /// A media asset was uploaded.
            NewFileUpload(FileUploadTask),
            /// A task flow changed its state, or ended.
            ProcedureStateChanged(ProcedureTask),
            /// Media assets were deleted.
            FileDeleted(FileDeleteTask),
            /// A media asset was pulled from a URL, or could not be.
            PullComplete(PullUploadTask),
            /// Media assets were edited into one.
            EditMediaComplete(EditMediaTask),
            /// A media asset was split.
            SplitMediaComplete(SplitMediaTask),
            /// A media asset was composed of tracks.
            ComposeMediaComplete(ComposeMediaTask),
            /// A clip was cut (2017 API).
            ClipComplete(ClipTask2017),
            /// A media asset was transcoded (2017 API).
            TranscodeComplete(TranscodeTask2017),
            /// Image sprites were created (2017 API).
            CreateImageSpriteComplete(CreateImageSpriteTask2017),
            /// Media assets were joined (2017 API).
            ConcatComplete(ConcatTask2017),
            /// Snapshots were taken (2017 API).
            CreateSnapshotByTimeOffsetComplete(SnapshotByTimeOffsetTask2017),
            /// A media asset was published on WeChat.
            WechatPublishComplete(WechatPublishTask),
            /// A media asset was published in a WeChat mini program.
            WechatMiniProgramPublishComplete(WechatMiniProgramPublishTask),
            /// A watermark was removed.
            RemoveWatermark(RemoveWatermarkTask),
            /// A media asset was restored from cold storage.
            RestoreMediaComplete(RestoreMediaTask),
            /// A media asset was rebuilt in better quality.
            RebuildMediaComplete(RebuildMediaTask),
            /// A trace watermark was searched for.
            ExtractTraceWatermarkComplete(ExtractTraceWatermarkTask),
            /// A copyright watermark was searched for.
            ExtractCopyRightWatermarkComplete(ExtractCopyRightWatermarkTask),
            /// A media asset was reviewed.
            ReviewAudioVideoComplete(ReviewAudioVideoTask),
            /// The bitrate of a media asset was reduced.
            ReduceMediaBitrateComplete(ReduceMediaBitrateTask),
            /// The digests of a file were computed.
            DescribeFileAttributesComplete(DescribeFileAttributesTask),
            /// The quality of a media asset was inspected.
            QualityInspectComplete(QualityInspectTask),
            /// The quality of a media asset was enhanced.
            QualityEnhanceComplete(QualityEnhanceTask),
            /// A media cast changed its state.
            MediaCastStatusChanged(MediaCastEvent),
            /// A clip was saved as a media asset.
            PersistenceComplete(PersistenceCompleteTask),
            /// A media asset was packaged for adaptive bitrate streaming.
            ComplexAdaptiveDynamicStreamingComplete(ComplexAdaptiveDynamicStreamingTask),
            /// MPS processed a media asset.
            ProcessMediaByMPSComplete(ProcessMediaByMPS),
            /// An image was generated.
            AigcImageTaskComplete(aigc::AigcImageTask),
            /// A video was generated.
            AigcVideoTaskComplete(aigc::AigcVideoTask),
            /// A blind watermark was searched for.
            ExtractBlindWatermarkComplete(ExtractBlindWatermarkTask),
            /// An image of a scene was generated.
            SceneAigcImageCompleteEvent(aigc::SceneAigcImageTask),
            /// An image was processed.
            ProcessImageAsyncCompleteEvent(ProcessImageAsyncTask),
            /// A custom element for generated videos was created.
            CreateAigcAdvancedCustomElementCompleteEvent(aigc::CreateAigcAdvancedCustomElementTask),
            /// A custom voice was created.
            CreateAigcCustomVoiceCompleteEvent(aigc::CreateAigcCustomVoiceTask),
            /// The faces in a video were searched for.
            DescribeAigcFaceInfoAsyncComplete(aigc::DescribeAigcFaceInfoAsyncTask),
            /// A 3D model was generated.
            AigcHunyuan3DTaskComplete(aigc::AigcHunyuan3DTask),
        }
        /// An event of the legacy format v2.0.
        V2(v2::Event),
        /// An event type that is not known, or a payload that is not there: the sender's whole object.
        Unknown(Map<String, Value>),
    }
}

/// A payload, and what stands beside it.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Notification<T> {
    /// `EventType` as it came. Two documented spellings mean the same type, and one documented sample has
    /// none.
    pub event_type: Option<String>,
    /// Name of the member that holds the payload.
    pub member: String,
    /// The payload.
    pub payload: T,
    /// Every other member as it came, without the empty payloads of other events that a pulled event lists.
    pub other: Map<String, Value>,
}

impl<T: Serialize> Serialize for Notification<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(event_type) = &self.event_type {
            map.serialize_entry("EventType", event_type)?;
        }
        map.serialize_entry(&self.member, &self.payload)?;
        self.other.iter().try_for_each(|(name, value)| map.serialize_entry(name, value))?;
        map.end()
    }
}

fn read<T: DeserializeOwned>(Body { body, member }: Body<'_>) -> Option<Notification<T>> {
    let payload = lenient::from_value(body.get(member)?).ok()?;
    let mut other = without(body, member);
    other.retain(|name, value| !value.is_null() || event_type_of(name).is_none());
    let event_type = take(&mut other, "EventType");
    Some(Notification { event_type, member: member.to_owned(), payload, other })
}

#[cfg(feature = "schema")]
fn object_schema(event_type: &str, payload: &schemars::Schema) -> Value {
    let members = known(event_type).map_or(&[][..], |(_, members)| members);
    let payloads = members.iter().map(|member| ((*member).to_owned(), payload.clone().into()));
    let mut properties: Map<String, Value> = payloads.collect();
    properties.insert("EventType".to_owned(), serde_json::json!({"const": event_type}));
    serde_json::json!({"title": event_type, "type": "object", "properties": properties})
}

/// A body, and the member of it that holds the payload.
#[derive(Clone, Copy)]
struct Body<'a> {
    body: &'a Map<String, Value>,
    member: &'a str,
}

impl Event {
    /// The sender's event type. Of a known event, the name of the variant.
    pub fn event_type(&self) -> Option<&str> {
        match self {
            Self::V2(event) => event.event_type(),
            Self::Unknown(body) => body.get("EventType").and_then(Value::as_str),
            known => known.known_type(),
        }
    }

    pub(crate) fn from_body(event_type: Option<&str>, body: Map<String, Value>) -> Self {
        let event_type = event_type.map(|name| name.strip_prefix(TYPE_PREFIX).unwrap_or(name));
        let is_v2 = event_type.is_some_and(|name| name.starts_with("v2."));
        let text = |name: &str| body.get(name)?.as_str().filter(|text| !text.is_empty());
        if is_v2 || (text("EventType").is_none() && text("eventType").is_some()) {
            return Self::V2(v2::Event::from_body(event_type, body));
        }
        let Some(event_type) = event_type.or_else(|| text("EventType")) else {
            return Self::without_type(body);
        };
        known(event_type)
            .zip(payload_member(Some(event_type), objects(&body)))
            // The payload of another event: which of the two names is right is not known.
            .filter(|((event_type, _), member)| event_type_of(member).is_none_or(|of| of == *event_type))
            .and_then(|((event_type, _), member)| Self::known(event_type, Body { body: &body, member }))
            .unwrap_or(Self::Unknown(body))
    }

    /// By the name of the member that holds the payload.
    fn without_type(body: Map<String, Value>) -> Self {
        payload_member(None, objects(&body))
            .and_then(|member| event_type_of(member).map(|event_type| (event_type, member)))
            .and_then(|(event_type, member)| Self::known(event_type, Body { body: &body, member }))
            .unwrap_or(Self::Unknown(body))
    }
}

/// The names of the members that are objects.
fn objects(body: &Map<String, Value>) -> impl Iterator<Item = &str> + Clone {
    body.iter().filter(|(_, value)| value.is_object()).map(|(name, _)| name.as_str())
}

#[cfg(test)]
mod tests {
    use super::EVENT_TYPES;
    use crate::event_types::TENCENT_VOD_EVENTS;

    #[test]
    fn every_event_type_has_a_payload() {
        assert_eq!(TENCENT_VOD_EVENTS.iter().map(|(name, _)| *name).collect::<Vec<_>>(), EVENT_TYPES);
    }
}
