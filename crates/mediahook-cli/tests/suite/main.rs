//! The command itself, run against an embedded AWS, a real receiver, and fakes of the senders' APIs.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod command_line;
mod connect;
mod dlq;
mod doctor;
mod receiver;
mod replay;
mod send;
mod stack;
mod tail;
