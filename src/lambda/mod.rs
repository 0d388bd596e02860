//! Lambda's invocations and answers. The modules above it see requests and responses of the `http` crate.

pub mod command_line;
pub mod invocation;
pub mod request;
pub mod response;
