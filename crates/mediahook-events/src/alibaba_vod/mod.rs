//! Events of Alibaba Cloud ApsaraVideo VOD.
//!
//! [`Event`] has a variant for each event type. Read it with
//! [`CloudEvent::alibaba_vod`](crate::CloudEvent::alibaba_vod), [`Event::from_data`] or serde. The sender's
//! object is flat, so it is one struct.
//!
//! | module | events |
//! | --- | --- |
//! | [`upload`] | `FileUploadComplete`, `ImageUploadComplete`, `AttachedMediaUploadComplete`, `UploadByURLComplete` |
//! | [`process`] | `VideoAnalysisComplete`, `StreamTranscodeComplete`, `TranscodeComplete`, `SnapshotComplete`, `DynamicImageComplete` |
//! | [`live`] | `AddLiveRecordVideoComplete`, `LiveRecordVideoComposeStart` |
//! | [`review`] | `CreateAuditComplete`, `AIMediaAuditComplete` |
//! | [`ai`] | `AIMediaDNAComplete`, `AIVideoTagComplete` |
//! | [`produce`] | `ProduceMediaComplete`, `WorkflowTaskComplete` |
//! | [`asset`] | `DeleteMediaComplete`, `MediaBaseChangeComplete`, `UpdateMediaStorageClassComplete`, `RestoreMediaComplete`, `SubmitMediaRefreshComplete` |
//!
//! Four things to know about this sender:
//!
//! - Event types are named as in IMS, but mean something else: `TranscodeComplete`, for example, is about all
//!   renditions.
//! - `TranscodeComplete` says `success` if at least one rendition succeeded. The envelope's
//!   [`outcome`](crate::CloudEvent::outcome) is `failed` if any of them failed.
//! - The id of a video is `VideoId` in some events and `MediaId` in others.
//! - URLs of files are `http://`, and without a key.
//!
//! Source: Alibaba's page of each event (help.aliyun.com/en/vod/user-guide/events), and real events where they
//! differ.

/// Declares the structs of events: `lenient!`, with the members that every event has.
macro_rules! events {
    ($(
        $(#[$attr:meta])*
        pub struct $name:ident {
            $( $(#[$field_attr:meta])* pub $field:ident: $type:ty, )*
        }
    )*) => {
        crate::lenient::lenient! {$(
            $(#[$attr])*
            #[serde(rename_all = "PascalCase")]
            pub struct $name {
                /// The event type.
                pub event_type: Option<String>,
                /// When it happened, UTC. AI events have a colon before the milliseconds, which is not ISO
                /// 8601.
                pub event_time: Option<String>,
                /// `success` or `fail`, in other words and another case in some events.
                pub status: Option<String>,
                $( $(#[$field_attr])* pub $field: $type, )*
                /// The caller's own text, often JSON: `Extend` of the request's `UserData`.
                pub extend: Option<String>,
            }
        )*}
    };
}

pub mod ai;
pub mod asset;
mod event;
pub mod live;
pub mod process;
pub mod produce;
pub mod review;
pub mod upload;

pub use crate::event_types::ALIBABA_VOD_PREFIX as TYPE_PREFIX;
pub use event::{EVENT_TYPES, Event};
