//! The events: the event types, and how a body is read.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::TYPE_PREFIX;
use super::ai::{AiMediaDna, AiVideoTag};
use super::asset::{DeleteMedia, MediaBaseChange, RestoreMedia, SubmitMediaRefresh, UpdateMediaStorageClass};
use super::live::{AddLiveRecordVideo, LiveRecordVideoComposeStart};
use super::process::{DynamicImage, Snapshot, StreamTranscode, Transcode, VideoAnalysis};
use super::produce::{ProduceMedia, WorkflowTask};
use super::review::{AiMediaAudit, CreateAudit};
use super::upload::{AttachedMediaUpload, FileUpload, ImageUpload, UploadByUrl};
use crate::event_enum::event_enum;
use crate::lenient;

event_enum! {
    /// An event of ApsaraVideo VOD: a variant for each event type, named like it.
    ///
    /// Reading fails only if the JSON is not an object. A type that is not known is [`Event::Unknown`], and
    /// whatever does not fit a field is in an `other`.
    ///
    /// ```
    /// use mediahook_events::alibaba_vod::Event;
    ///
    /// let json = r#"{"EventType":"FileUploadComplete","VideoId":"4b9b","Size":15237744,"Extend":"{\"order\":7}"}"#;
    /// let Event::FileUploadComplete(event) = serde_json::from_str(json)? else { panic!() };
    /// assert_eq!(event.video_id.as_deref(), Some("4b9b"));
    /// assert_eq!(event.extend.as_deref(), Some(r#"{"order":7}"#));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub enum Event {
        known {
            /// An audio or video file has arrived: uploaded, pulled, produced or composed.
            FileUploadComplete(FileUpload),
            /// An image was uploaded.
            ImageUploadComplete(ImageUpload),
            /// A watermark, subtitle or other auxiliary file was uploaded.
            AttachedMediaUploadComplete(AttachedMediaUpload),
            /// A file or rendition was pulled from a URL, or could not be.
            UploadByURLComplete(UploadByUrl),
            /// One rendition of a video was transcoded, or could not be.
            StreamTranscodeComplete(StreamTranscode),
            /// All renditions of a video have ended.
            TranscodeComplete(Transcode),
            /// Snapshots were taken.
            SnapshotComplete(Snapshot),
            /// An animated image was created.
            DynamicImageComplete(DynamicImage),
            /// A file was analyzed.
            VideoAnalysisComplete(VideoAnalysis),
            /// A live stream, or a period of it, was recorded into a video.
            AddLiveRecordVideoComplete(AddLiveRecordVideo),
            /// The joining of recordings has started.
            LiveRecordVideoComposeStart(LiveRecordVideoComposeStart),
            /// A media asset was reviewed manually.
            CreateAuditComplete(CreateAudit),
            /// A media asset was reviewed by AI.
            AIMediaAuditComplete(AiMediaAudit),
            /// Videos like this one were searched for.
            AIMediaDNAComplete(AiMediaDna),
            /// A video was tagged by AI.
            AIVideoTagComplete(AiVideoTag),
            /// A timeline was rendered into a video, or could not be.
            ProduceMediaComplete(ProduceMedia),
            /// A media asset, or a part of it, was deleted.
            DeleteMediaComplete(DeleteMedia),
            /// What is known about a media asset was changed.
            MediaBaseChangeComplete(MediaBaseChange),
            /// The storage class of a media asset was changed.
            UpdateMediaStorageClassComplete(UpdateMediaStorageClass),
            /// An archived media asset can be read again.
            RestoreMediaComplete(RestoreMedia),
            /// Requests to refresh or prefetch a media asset's URLs were submitted.
            SubmitMediaRefreshComplete(SubmitMediaRefresh),
            /// A workflow task ended.
            WorkflowTaskComplete(WorkflowTask),
        }
        /// An event type that is not known: the sender's whole object.
        Unknown(Map<String, Value>),
    }
}

/// The sender's object is flat: the payload is all of it.
type Notification<T> = T;

#[cfg(feature = "schema")]
fn object_schema(event_type: &str, payload: &schemars::Schema) -> Value {
    serde_json::json!({
        "title": event_type,
        "type": "object",
        "allOf": [payload],
        "properties": {"EventType": {"const": event_type}},
        "required": ["EventType"],
    })
}

type Body<'a> = &'a Value;

fn read<T: DeserializeOwned>(body: Body<'_>) -> Option<Notification<T>> {
    lenient::from_value(body).ok()
}

impl Event {
    /// The sender's event type. Of a known event, the name of the variant.
    pub fn event_type(&self) -> Option<&str> {
        match self {
            Self::Unknown(body) => member(body, "EventType")?.as_str(),
            known => known.known_type(),
        }
    }

    pub(crate) fn from_body(event_type: Option<&str>, body: Map<String, Value>) -> Self {
        let own = member(&body, "EventType").and_then(Value::as_str).map(str::to_owned);
        let event_type =
            event_type.map(|name| name.strip_prefix(TYPE_PREFIX).unwrap_or(name)).or(own.as_deref());
        let body = Value::Object(body);
        let known = event_type.and_then(|event_type| Self::known(event_type, &body));
        known.unwrap_or_else(|| Self::Unknown(body.as_object().cloned().unwrap_or_default()))
    }
}

/// A member, by its name without the blanks at its end.
fn member<'a>(body: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    body.get(name).or_else(|| body.iter().find(|(other, _)| other.trim_end() == name).map(|(_, value)| value))
}
