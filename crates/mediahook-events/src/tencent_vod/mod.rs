//! Events of Tencent Cloud VOD.
//!
//! [`Event`] has a variant for each event type of format v3.0, and [`Event::V2`] for the legacy format.
//! Read it with [`CloudEvent::tencent_vod`](crate::CloudEvent::tencent_vod), [`Event::from_data`] or serde. The
//! payload is a struct named like the class of the official SDK, its fields are the SDK's members in snake case.
//!
//! | module | events |
//! | --- | --- |
//! | [`upload`] | `NewFileUpload`, `PullComplete`, `FileDeleted`, `RestoreMediaComplete`, `PersistenceComplete` |
//! | [`procedure`] | `ProcedureStateChanged`; its subtasks are in [`media_process`], [`ai_review`], [`ai_analysis`], [`ai_recognition`] |
//! | [`review`] | `ReviewAudioVideoComplete` |
//! | [`edit`] | `EditMediaComplete`, `SplitMediaComplete`, `ComposeMediaComplete` |
//! | [`quality`] | `RebuildMediaComplete`, `QualityEnhanceComplete`, `QualityInspectComplete` |
//! | [`watermark`] | `RemoveWatermark`, `Extract…WatermarkComplete` |
//! | [`aigc`] | `Aigc…`, `SceneAigc…`, `CreateAigc…`, `DescribeAigc…` |
//! | [`wechat`] | `WechatPublishComplete`, `WechatMiniProgramPublishComplete` |
//! | [`task`] | `ReduceMediaBitrateComplete`, `DescribeFileAttributesComplete`, `MediaCastStatusChanged`, and others |
//! | [`task_2017`] | `ClipComplete`, `TranscodeComplete`, `ConcatComplete`, and others |
//! | [`media`] | no events: what several of them say about a media asset |
//! | [`v2`] | the legacy format |
//!
//! Three things to know about this sender:
//!
//! - `FINISH` is the end of a task, not its success: look at `err_code` and `err_code_ext`, and in a task flow at
//!   those of each subtask. The envelope's [`outcome`](crate::CloudEvent::outcome) says what they come to.
//! - Settings that the caller had requested, such as `watermark_set`, come back as [`serde_json::Value`].
//! - Long lists of AI results stop after 100 items, those of reviews after 10. The file at `…_file_url` has all of
//!   them.
//!
//! Source: the official SDK (tencentcloud-sdk-python-vod 3.1.194), and Tencent's product pages where they
//! differ.

pub mod ai_analysis;
pub mod ai_recognition;
pub mod ai_review;
pub mod aigc;
pub mod edit;
mod event;
pub mod media;
pub mod media_process;
pub mod procedure;
pub mod quality;
pub mod review;
pub mod task;
pub mod task_2017;
pub mod upload;
pub mod v2;
pub mod watermark;
pub mod wechat;

pub use crate::event_types::TENCENT_VOD_PREFIX as TYPE_PREFIX;
pub use event::{EVENT_TYPES, Event, Notification};
