#![doc = include_str!("../README.md")]

pub mod alibaba_ims;
pub mod body;
mod canonical;
mod event;
mod hex;
pub mod id;
mod md5_signature;
pub mod queue;
pub mod secret;
mod sender;
pub mod settings;
pub mod tencent_vod;
pub mod text;

pub use body::{Body, MAX_DEPTH, Object, Unprocessable};
pub use event::{read_event, rfc3339};
pub use hex::hex;
pub use sender::{
    Attributes, BadSignature, CallbackRequest, EventError, Grade, Notification, Sender, Verified, Verify,
    header,
};

/// All senders. A new one needs a folder here, and its place in this list.
pub static SENDERS: &[&dyn Sender] = &[&tencent_vod::TencentVod, &alibaba_ims::AlibabaIms];
