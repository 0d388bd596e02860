//! The events: the event types, and how a body is read.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::TYPE_PREFIX;
use super::ai::{AiMediaAudit, SmartJob};
use super::asset::{CreateAudit, DeleteMedia, MediaBaseChange, RegisterMedia};
use super::job::Job;
use super::media_convert::{MediaConvertJob, MediaConvertOutput, MediaConvertOutputGroup};
use super::process::{DynamicImage, Snapshot, VideoAnalysis};
use super::produce::{BatchProduceMedia, ProduceMedia};
use super::upload::{AttachedMediaUpload, FileUpload, ImageUpload, StreamUpload, UrlUpload};
use super::workflow::WorkflowTask;
use crate::event_enum::event_enum;
use crate::lenient::{self, take, without};

event_enum! {
    /// An event of Alibaba Cloud IMS: a variant for each event type, named like it.
    ///
    /// Reading fails only if the JSON is not an object. A type or `MessageBody` that is not known is
    /// [`Event::Unknown`], and whatever does not fit a field is in an `other`.
    ///
    /// ```
    /// use mediahook_events::alibaba_ims::Event;
    ///
    /// let json = r#"{"EventType":"FileUploadComplete","UserId":1690042718835501,"MessageBody":{"MediaId":"4b9b","Size":"5510872"}}"#;
    /// let Event::FileUploadComplete(event) = serde_json::from_str(json)? else { panic!() };
    /// assert_eq!(event.user_id.as_deref(), Some("1690042718835501"));
    /// assert_eq!(event.message_body.size, Some(5_510_872));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub enum Event {
        known {
            /// An audio or video file was uploaded.
            FileUploadComplete(FileUpload),
            /// A file was pulled from a URL, or could not be.
            UploadByURLComplete(UrlUpload),
            /// An image was uploaded.
            ImageUploadComplete(ImageUpload),
            /// An auxiliary media asset was uploaded.
            AttachedMediaUploadComplete(AttachedMediaUpload),
            /// A stream was registered.
            RegisterStreamComplete(StreamUpload),
            /// A stream was uploaded.
            StreamUploadComplete(StreamUpload),
            /// A stream was pulled from a URL, or could not be.
            UploadStreamByURLComplete(UrlUpload),
            /// A media asset was reviewed manually.
            CreateAuditComplete(CreateAudit),
            /// A media asset was registered and analyzed.
            RegisterMediaComplete(RegisterMedia),
            /// A media asset, or a part of it, was deleted.
            DeleteMediaComplete(DeleteMedia),
            /// What is known about a media asset was changed.
            MediaBaseChangeComplete(MediaBaseChange),
            /// A workflow task ended.
            WorkflowTaskComplete(WorkflowTask),
            /// A file was analyzed.
            VideoAnalysisComplete(VideoAnalysis),
            /// Snapshots were taken.
            SnapshotComplete(Snapshot),
            /// An animated image was created.
            DynamicImageComplete(DynamicImage),
            /// One rendition was transcoded.
            TranscodeComplete(Job),
            /// All renditions were transcoded.
            TranscodeParentComplete(Job),
            /// A media conversion job ended.
            MediaConvertComplete(MediaConvertJob),
            /// One output group of a media conversion job ended.
            MediaConvertOutputGroupComplete(MediaConvertOutputGroup),
            /// One output of a media conversion job ended.
            MediaConvertOutputComplete(MediaConvertOutput),
            /// A media asset was reviewed by AI.
            AIMediaAuditComplete(AiMediaAudit),
            /// AI produced a media asset.
            AIProduceComplete(Job),
            /// AI analyzed a media asset.
            MediaAiAnalysisComplete(Job),
            /// A timeline was rendered into a media asset, or could not be.
            ProduceMediaComplete(ProduceMedia),
            /// A batch of media assets was rendered.
            BatchProduceMediaComplete(BatchProduceMedia),
            /// A recording of a live stream has a further file.
            LiveRecordFileCreated(Job),
            /// A recording of a live stream changed its state.
            LiveRecordTaskStatus(Job),
            /// A snapshot of a live stream was taken.
            LiveSnapshotFileCreated(Job),
            /// A smart job ended, such as speech recognition or translation.
            SmartJobComplete(SmartJob),
        }
        /// An event type that is not known, or a `MessageBody` that is not an object: the sender's whole
        /// object. A body without `MessageBody` is of ApsaraVideo VOD: see
        /// [`alibaba_vod::Event`](crate::alibaba_vod::Event).
        Unknown(Map<String, Value>),
    }
}

/// The sender's object.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct Notification<T> {
    /// The event type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_type: Option<String>,
    /// Id of the account: sixteen digits or more, sent as a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// When it happened; ISO 8601.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_time: Option<String>,
    /// The payload.
    pub message_body: T,
    /// Every other member, as it came.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

fn read<T: DeserializeOwned>(body: Body<'_>) -> Option<Notification<T>> {
    let message_body = lenient::from_value(body.get("MessageBody")?).ok()?;
    let mut other = without(body, "MessageBody");
    let event_type = take(&mut other, "EventType");
    let user_id = take(&mut other, "UserId");
    let event_time = take(&mut other, "EventTime");
    Some(Notification { event_type, user_id, event_time, message_body, other })
}

#[cfg(feature = "schema")]
fn object_schema(event_type: &str, payload: &schemars::Schema) -> Value {
    serde_json::json!({
        "title": event_type,
        "type": "object",
        "properties": {
            "EventType": {"const": event_type},
            "UserId": {"type": ["integer", "null"], "description": "Id of the account."},
            "EventTime": {"type": ["string", "null"], "description": "When it happened; ISO 8601."},
            "MessageBody": payload,
        },
        "required": ["EventType", "MessageBody"],
    })
}

type Body<'a> = &'a Map<String, Value>;

impl Event {
    /// The sender's event type.
    pub fn event_type(&self) -> Option<&str> {
        match self {
            Self::Unknown(body) => body.get("EventType").and_then(Value::as_str),
            known => known.known_type(),
        }
    }

    pub(crate) fn from_body(event_type: Option<&str>, body: Map<String, Value>) -> Self {
        event_type
            .map(|name| name.strip_prefix(TYPE_PREFIX).unwrap_or(name))
            .or_else(|| body.get("EventType")?.as_str())
            .and_then(|event_type| Self::known(event_type, &body))
            .unwrap_or(Self::Unknown(body))
    }
}
