//! The tests that look at mediahook from outside. One binary, so that they are linked once.

#[path = "../support/mod.rs"]
#[allow(dead_code, reason = "shared with the local example; neither uses all of it")]
mod support;

mod end_to_end;
mod events;
mod policy;
mod properties;
