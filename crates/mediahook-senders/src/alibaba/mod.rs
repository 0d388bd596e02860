//! What IMS and ApsaraVideo VOD share: the signature of their callbacks, the MNS queue, and one way to read a body.
//!
//! Several event types have the same name in both, with other meanings. A body of IMS has an object `MessageBody`, one of
//! ApsaraVideo VOD is flat. (`UserId` does not tell them apart: VOD's `WorkflowTaskComplete` has one too.) Whichever the
//! source is, each body is read by its own product's rules, and has that product's type.

pub mod kind;
mod mns;
mod mns_signature;
mod notification;
mod signature;

pub(crate) use mns::MnsQueue;
pub(crate) use notification::read;
pub(crate) use signature::verifier;
