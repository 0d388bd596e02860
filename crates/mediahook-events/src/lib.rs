#![doc = include_str!("../README.md")]

pub mod alibaba_ims;
pub mod alibaba_vod;
mod cloud_event;
mod event_enum;
pub mod lenient;
pub mod tencent_vod;

pub use cloud_event::{Channel, CloudEvent, Deleted, Outcome, ReadError, Verdict};
