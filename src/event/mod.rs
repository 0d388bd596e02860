//! The body of an event notification: its members, and the id that makes a redelivery the same event.

pub mod body;
mod canonical;
pub mod id;

pub(crate) use body::Name;
pub use body::{Body, MAX_DEPTH, Object, Unreadable, only_item, text};
