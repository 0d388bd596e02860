//! Whether every event is read, and nothing of it lost.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on may say so by panicking"
)]

mod any_json;
mod cloud_event;
mod fixtures;
mod normal;
mod tencent_vod_sdk;
mod typed;
