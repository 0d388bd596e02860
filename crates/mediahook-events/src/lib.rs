#![doc = include_str!("../README.md")]

#[cfg(feature = "typed")]
pub mod alibaba_ims;
#[cfg(feature = "typed")]
pub mod alibaba_vod;
mod cloud_event;
#[cfg(feature = "typed")]
mod event_enum;
pub mod event_types;
#[cfg(feature = "typed")]
pub mod lenient;
#[cfg(feature = "typed")]
pub mod tencent_vod;

pub use cloud_event::{Channel, CloudEvent, Deleted, Outcome, ReadError, Verdict};
