//! What stands around mediahook when it runs, for the tests and the local example: the senders, the function URL, the
//! Lambda Runtime API, an embedded SQS and its event source mapping. All of it on loopback.

pub mod function_url;
pub mod http;
pub mod mapping;
pub mod runtime_api;
pub mod senders;
pub mod sqs;
