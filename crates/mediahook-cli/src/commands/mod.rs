//! One file for each command.

pub(crate) mod completion;
pub(crate) mod connect;
pub(crate) mod dlq;
pub(crate) mod doctor;
pub(crate) mod replay;
mod rotate_key;
pub(crate) mod send;
pub(crate) mod tail;
