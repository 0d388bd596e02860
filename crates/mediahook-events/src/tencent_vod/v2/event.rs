//! The events of the legacy format.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::procedure::ProcedureStateChanged;
use super::task::{
    ClipComplete, ConcatComplete, CreateImageSpriteComplete, CreateSnapshotByTimeOffsetComplete,
    TranscodeComplete,
};
use super::upload::{FileDeleted, NewFileUpload, PullComplete};
use crate::event_enum::event_enum;
use crate::lenient::{self, take, without};

event_enum! {
    /// An event of the legacy format: a variant for each event type, named like it.
    ///
    /// ```
    /// use mediahook_events::tencent_vod::v2::Event;
    ///
    /// let json = r#"{"version":"4.0","eventType":"ClipComplete","data":{"fileInfo":{"status":0,"fileId":"14508913077459933120"}}}"#;
    /// let Event::ClipComplete(event) = serde_json::from_str(json)? else { panic!() };
    /// assert_eq!(event.data.file_info.unwrap().file_id.as_deref(), Some("14508913077459933120"));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub enum Event {
        known {
            /// A media asset was uploaded.
            NewFileUpload(NewFileUpload),
            /// A media asset was pulled from a URL, or could not be.
            PullComplete(PullComplete),
            /// Media assets were deleted.
            FileDeleted(FileDeleted),
            /// A task flow changed its state, or ended.
            ProcedureStateChanged(ProcedureStateChanged),
            /// A media asset was transcoded.
            TranscodeComplete(TranscodeComplete),
            /// Snapshots were taken.
            CreateSnapshotByTimeOffsetComplete(CreateSnapshotByTimeOffsetComplete),
            /// Image sprites were created.
            CreateImageSpriteComplete(CreateImageSpriteComplete),
            /// A clip was cut.
            ClipComplete(ClipComplete),
            /// Media assets were joined.
            ConcatComplete(ConcatComplete),
        }
        /// An event type that is not known, or `data` that is not there: the sender's whole object.
        Unknown(Map<String, Value>),
    }
}

/// A payload, and what stands beside it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Notification<T> {
    /// `4.0`, although Tencent calls the format 2.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The event type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_type: Option<String>,
    /// The payload.
    pub data: T,
    /// Every other member, as it came.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

fn read<T: DeserializeOwned>(body: Body<'_>) -> Option<Notification<T>> {
    let data = body.get("data").filter(|data| data.is_object())?;
    let data = lenient::from_value(data).ok()?;
    let mut other = without(body, "data");
    let version = take(&mut other, "version");
    let event_type = take(&mut other, "eventType");
    Some(Notification { version, event_type, data, other })
}

#[cfg(feature = "schema")]
fn object_schema(event_type: &str, payload: &schemars::Schema) -> Value {
    serde_json::json!({
        "title": event_type,
        "type": "object",
        "properties": {
            "version": {"type": ["string", "null"], "description": "`4.0`, although Tencent calls the format 2.0."},
            "eventType": {"const": event_type},
            "data": payload,
        },
        "required": ["eventType", "data"],
    })
}

type Body<'a> = &'a Map<String, Value>;

impl Event {
    /// The sender's event type.
    pub fn event_type(&self) -> Option<&str> {
        match self {
            Self::Unknown(body) => body.get("eventType").and_then(Value::as_str),
            known => known.known_type(),
        }
    }

    pub(crate) fn from_body(event_type: Option<&str>, body: Map<String, Value>) -> Self {
        let event_type = event_type.map(|name| name.strip_prefix(super::TYPE_PREFIX).unwrap_or(name));
        let event_type = event_type.map(|name| name.strip_prefix("v2.").unwrap_or(name));
        event_type
            .or_else(|| body.get("eventType")?.as_str())
            .and_then(|event_type| Self::known(event_type, &body))
            .unwrap_or(Self::Unknown(body))
    }
}
