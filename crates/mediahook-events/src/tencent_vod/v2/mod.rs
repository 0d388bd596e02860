//! The legacy format v2.0: `{"version":"4.0","eventType":"…","data":{…}}`. Accounts older than 2019 may still
//! receive it.
//!
//! Where both formats are set up, Tencent sends both, as two events of two types. Source: product/266/33962.

mod event;
pub mod procedure;
pub mod task;
pub mod upload;

pub use crate::event_types::TENCENT_VOD_V2_PREFIX as TYPE_PREFIX;
pub use event::{EVENT_TYPES, Event, Notification};
