#![doc = include_str!("../README.md")]

pub mod alibaba;
pub mod alibaba_ims;
pub mod alibaba_vod;
pub mod body;
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
mod url;

pub use body::{Body, MAX_DEPTH, Unprocessable, text};
pub use event::{read_event, rfc3339};
pub use hex::hex;
pub use sender::{
    Attributes, BadSignature, CallbackRequest, EventError, Notification, Sender, Verify, header,
};

/// All senders. A new one needs a folder here, and its place in this list.
pub static SENDERS: &[&dyn Sender] =
    &[&tencent_vod::TencentVod, &alibaba_ims::ALIBABA_IMS, &alibaba_vod::ALIBABA_VOD];
