//! What Lambda hands a function, and what it takes back. Everything above knows requests and responses of the `http` crate.

pub mod command_line;
pub mod invocation;
pub mod request;
pub mod response;
