//! The envelope, and the way from it to a typed event.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

#[cfg(feature = "typed")]
use crate::{alibaba_ims, alibaba_vod, tencent_vod};

/// One event in mediahook's envelope: CloudEvents 1.0, JSON.
///
/// It is what a handler gets, the `detail` of the EventBridge event, and the body of the SQS message.
///
/// ```
/// use mediahook_events::{CloudEvent, Outcome, alibaba_ims, tencent_vod};
///
/// let json = r#"{
///     "specversion": "1.0", "id": "1f3a", "source": "tencent-vod/main",
///     "type": "com.tencentcloud.vod.PullComplete",
///     "outcome": "succeeded", "context": "order 1042", "datacontenttype": "application/json",
///     "data": {"EventType":"PullComplete","PullCompleteEvent":{"FileId":"5285485487985271490"}}
/// }"#;
/// let event: CloudEvent = serde_json::from_str(json)?;
/// assert_eq!(event.outcome, Outcome::Succeeded);
/// assert_eq!(event.context.as_deref(), Some("order 1042"));
/// let tencent_vod::Event::PullComplete(pull) = event.tencent_vod()? else { panic!() };
/// assert_eq!(pull.payload.file_id.as_deref(), Some("5285485487985271490"));
/// assert!(event.alibaba_ims().is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// `Debug` shows which event it is, and not what is in it: payloads belong in no log.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct CloudEvent {
    /// Version of CloudEvents: `1.0`.
    pub specversion: String,
    /// Id of the event: the same each time it is delivered, so a handler can recognize a redelivery.
    pub id: String,
    /// Name of the source, `SENDER/APP`, such as `tencent-vod/main`.
    pub source: String,
    /// The sender's event type behind the sender's prefix, such as `com.tencentcloud.vod.PullComplete`.
    #[serde(rename = "type")]
    pub event_type: String,
    /// Id of the media asset if the event is about exactly one, else of the task or job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// When it happened by the sender's clock, else when it was received; RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// Media type of `data`: `application/json`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub datacontenttype: Option<String>,
    /// The sender's JSON object, as it came. None if it is at `dataref`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Map<String, Value>>"))]
    pub data: Option<Box<RawValue>>,
    /// Where `data` is if it is too large for the queue: `s3://BUCKET/payload/…` (claim check).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataref: Option<String>,
    /// How it went.
    #[serde(default)]
    pub outcome: Outcome,
    /// Id of the task or job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taskid: Option<String>,
    /// Id of the media asset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mediaid: Option<String>,
    /// Id of the task flow that an upload or pull started: `taskid` of that flow's events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proceduretaskid: Option<String>,
    /// The caller's own text, at most 1,000 characters: `SessionContext`, `SourceContext`, `UserData` or
    /// `Extend` of the sender.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// The first error code of a failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errorcode: Option<String>,
    /// The message beside `errorcode`, at most 1,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errormessage: Option<String>,
    /// The verdict of a review that has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// What a deletion deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted: Option<Deleted>,
    /// How the event came in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// When it was received; RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recordedtime: Option<String>,
    /// The trace it belongs to, as W3C has it (CloudEvents' extension for distributed tracing).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// Every other attribute, as it came.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// How the task or change that an event is about went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Outcome {
    /// It ended, and all of it succeeded.
    Succeeded,
    /// It ended, and at least a part of it failed.
    Failed,
    /// It has not ended: more events will follow.
    Progress,
    /// The sender does not say, or says it in words that mediahook does not know.
    #[default]
    #[serde(other)]
    Unknown,
}

/// The verdict of a review. The review itself succeeded, whatever the verdict. The worst is the greatest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Verdict {
    /// The media asset may be shown.
    Pass,
    /// A person should look at it.
    Review,
    /// It should not be shown.
    Block,
    /// A verdict of a later version of mediahook.
    #[serde(other)]
    Unknown,
}

/// What a deletion deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Deleted {
    /// Each media asset as a whole.
    Media,
    /// Files of each media asset, such as a rendition or the original: the media asset is still there.
    Parts,
    /// Some media assets as a whole, and files of others.
    Mixed,
    /// A word of a later version of mediahook.
    #[serde(other)]
    Unknown,
}

/// How an event came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Channel {
    /// The sender called the receiver.
    Push,
    /// The puller fetched it from the sender's queue.
    Pull,
    /// A channel of a later version of mediahook.
    #[serde(other)]
    Unknown,
}

/// Why there is no typed event.
#[derive(Debug)]
#[non_exhaustive]
pub enum ReadError {
    /// The event is of another sender.
    OtherSender {
        /// The envelope's `type`.
        event_type: String,
    },
    /// The data is not in the envelope but at its `dataref`: fetch it first and put it into `data`.
    DataElsewhere {
        /// The envelope's `dataref`.
        dataref: String,
    },
    /// The envelope has neither `data` nor `dataref`.
    NoData,
    /// The data is not a JSON object.
    Json(serde_json::Error),
}

impl CloudEvent {
    /// An envelope with the attributes that CloudEvents requires, and no data.
    pub fn new(id: impl Into<String>, source: impl Into<String>, event_type: impl Into<String>) -> Self {
        Self {
            specversion: "1.0".to_owned(),
            id: id.into(),
            source: source.into(),
            event_type: event_type.into(),
            subject: None,
            time: None,
            datacontenttype: None,
            data: None,
            dataref: None,
            outcome: Outcome::Unknown,
            taskid: None,
            mediaid: None,
            proceduretaskid: None,
            context: None,
            errorcode: None,
            errormessage: None,
            verdict: None,
            deleted: None,
            channel: None,
            recordedtime: None,
            traceparent: None,
            other: Map::new(),
        }
    }
}

#[cfg(feature = "typed")]
impl CloudEvent {
    /// The event of Tencent Cloud VOD.
    ///
    /// # Errors
    /// The event is of another sender, its data is not in the envelope, or the data is not a JSON object.
    pub fn tencent_vod(&self) -> Result<tencent_vod::Event, ReadError> {
        let data = self.data_of(tencent_vod::TYPE_PREFIX)?;
        tencent_vod::Event::from_data(&self.event_type, data).map_err(ReadError::Json)
    }

    /// The event of Alibaba Cloud IMS.
    ///
    /// # Errors
    /// The event is of another sender, its data is not in the envelope, or the data is not a JSON object.
    pub fn alibaba_ims(&self) -> Result<alibaba_ims::Event, ReadError> {
        let data = self.data_of(alibaba_ims::TYPE_PREFIX)?;
        alibaba_ims::Event::from_data(&self.event_type, data).map_err(ReadError::Json)
    }

    /// The event of ApsaraVideo VOD. A source of IMS has such events too, if its URL or queue is also VOD's.
    ///
    /// # Errors
    /// The event is of another sender, its data is not in the envelope, or the data is not a JSON object.
    pub fn alibaba_vod(&self) -> Result<alibaba_vod::Event, ReadError> {
        let data = self.data_of(alibaba_vod::TYPE_PREFIX)?;
        alibaba_vod::Event::from_data(&self.event_type, data).map_err(ReadError::Json)
    }

    fn data_of(&self, type_prefix: &str) -> Result<&str, ReadError> {
        if !self.event_type.starts_with(type_prefix) {
            return Err(ReadError::OtherSender { event_type: self.event_type.clone() });
        }
        match (&self.data, &self.dataref) {
            (Some(data), _) => Ok(data.get()),
            (None, Some(dataref)) => Err(ReadError::DataElsewhere { dataref: dataref.clone() }),
            (None, None) => Err(ReadError::NoData),
        }
    }
}

impl fmt::Debug for CloudEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, source, event_type, outcome, .. } = self;
        f.debug_struct("CloudEvent")
            .field("id", id)
            .field("source", source)
            .field("type", event_type)
            .field("outcome", outcome)
            .finish_non_exhaustive()
    }
}

/// Displays an enum by the word that it has in the envelope.
macro_rules! display_as_serialized {
    ($($name:ident)+) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.serialize(f)
            }
        }
    )+};
}
display_as_serialized! { Outcome Verdict Deleted Channel }

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherSender { event_type } => write!(f, "`{event_type}` is an event of another sender"),
            Self::DataElsewhere { dataref } => write!(f, "the data is not in the envelope but at {dataref}"),
            Self::NoData => f.write_str("the envelope has neither data nor dataref"),
            Self::Json(_) => f.write_str("the data is not a JSON object"),
        }
    }
}

impl std::error::Error for ReadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Json(error) => Some(error),
            _ => None,
        }
    }
}
