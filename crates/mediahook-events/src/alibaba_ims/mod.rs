//! Events of Alibaba Cloud IMS.
//!
//! [`Event`] has a variant for each event type. Read it with
//! [`CloudEvent::alibaba_ims`](crate::CloudEvent::alibaba_ims), [`Event::from_data`] or serde. The sender's
//! object is the [`Notification`], its `MessageBody` a struct.
//!
//! | module | events |
//! | --- | --- |
//! | [`upload`] | `FileUploadComplete`, `UploadByURLComplete`, `ImageUploadComplete`, and others |
//! | [`asset`] | `RegisterMediaComplete`, `DeleteMediaComplete`, `MediaBaseChangeComplete`, `CreateAuditComplete` |
//! | [`workflow`] | `WorkflowTaskComplete` |
//! | [`process`] | `VideoAnalysisComplete`, `SnapshotComplete`, `DynamicImageComplete` |
//! | [`media_convert`] | `MediaConvertComplete`, `MediaConvertOutputGroupComplete`, `MediaConvertOutputComplete` |
//! | [`ai`] | `AIMediaAuditComplete`, `SmartJobComplete` |
//! | [`produce`] | `ProduceMediaComplete`, `BatchProduceMediaComplete` |
//! | [`job`] | those of which only the name is documented |
//!
//! Alibaba documents the members of four events; those of the others are inferred from its SDK
//! (alibabacloud-ice20201109 6.20.2) and from the ApsaraVideo VOD events of the same name. Each struct says
//! so. What an event has beyond its fields is in `other`.

pub mod ai;
pub mod asset;
mod event;
pub mod job;
pub mod media_convert;
pub mod process;
pub mod produce;
pub mod upload;
pub mod workflow;

pub use crate::event_types::ALIBABA_IMS_PREFIX as TYPE_PREFIX;
pub use event::{EVENT_TYPES, Event, Notification};
