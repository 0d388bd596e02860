//! What the crate promises, from outside. One binary, so that it is linked once.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that panics has failed"
)]

mod alibaba_vod_signatures;
mod attributes;
mod events;
mod fixtures;
mod identity;
mod properties;
mod signing;
