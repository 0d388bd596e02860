//! The adapters: what we ask of AWS. The only files that know an SDK.

pub mod aws;
pub mod sqs;
