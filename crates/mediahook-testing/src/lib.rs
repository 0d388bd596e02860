//! What stands around mediahook when it runs, for its tests and the local example: the senders, the function URL, the
//! Lambda Runtime API, an embedded AWS and its event source mapping. All of it on loopback.

pub mod cloud;
pub mod event_source_mapping;
pub mod fifo;
pub mod fixtures;
pub mod function_url;
pub mod http;
pub mod inbox;
pub mod local;
pub mod mns;
pub mod runtime_api;
pub mod sender_queue;
pub mod senders_api;
pub mod signing;
pub mod table_and_bus;
pub mod tencent_vod;
pub mod tls;
