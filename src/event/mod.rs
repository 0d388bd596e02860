//! An event: the body that a sender sent, the id that identifies its redeliveries, and the envelope.

pub mod body;
mod canonical;
pub mod envelope;
pub mod id;

pub use body::{Body, MAX_DEPTH, Object, Unreadable, for_each_item, only_item, text};
pub(crate) use canonical::Name;
