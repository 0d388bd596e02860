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

use crate::body::Body;
use crate::queue::SenderQueue;
use crate::secret::Secret;
use crate::sender::{CallbackRequest, Notification, Sender, Verify};
use crate::settings::{Settings, SettingsError};
use mns::MnsQueue;

/// One of the two products.
#[derive(Debug, Clone, Copy)]
pub struct Alibaba {
    pub(crate) name: &'static str,
    /// The header of the signature.
    pub(crate) signature: &'static str,
    /// The header of its time.
    pub(crate) timestamp: &'static str,
}

impl Sender for Alibaba {
    fn name(&self) -> &'static str {
        self.name
    }

    fn verifier(&self, settings: Settings<'_>) -> Result<Option<Box<dyn Verify>>, SettingsError> {
        signature::verifier(*self, settings)
    }

    fn sign(&self, callback: &mut CallbackRequest, url: &str, key: &Secret, now_s: i64) {
        signature::sign(*self, callback, url, key, now_s);
    }

    fn queue(&self, pull: Settings<'_>) -> Result<Box<dyn SenderQueue>, SettingsError> {
        Ok(Box::new(pull.read::<MnsQueue>()?))
    }

    fn read(&self, body: &Body<'_>) -> Option<Notification> {
        notification::read(body)
    }
}
