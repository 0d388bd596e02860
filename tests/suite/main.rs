//! The tests that look at mediahook from outside. One binary, so that they are linked once.

#![allow(
    clippy::panic,
    clippy::string_slice,
    clippy::too_many_lines, // tables and days of faults
    clippy::unused_async,   // the faults of a table have one shape
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that cannot go on may say so by panicking"
)]

mod alarms;
mod backend;
mod bad_input;
mod day_of_faults;
mod docs;
mod end_to_end;
#[cfg(target_os = "linux")] // as on Lambda: others bring crates of their own
mod footprint;
mod limits;
mod local_page;
mod policy;
mod process;
mod properties;
mod pull;
mod rotation;
mod sender_facts;
mod slow;
mod standards;
mod store;
mod storm;
mod structure;
mod telemetry;
mod template;
mod third_sender;
mod trace;
