//! Alibaba Cloud IMS (API product ICE): event notifications by HTTP callback or through an MNS queue.

pub mod kind;
mod mns;
mod mns_signature;
mod notification;
mod signature;

use crate::body::Body;
use crate::queue::SenderQueue;
use crate::sender::{Notification, Sender, Verify};
use crate::settings::{Settings, SettingsError};
use mns::MnsQueue;
use signature::AuthKeys;

/// The sender `alibaba-ims`.
#[derive(Debug, Clone, Copy)]
pub struct AlibabaIms;

impl Sender for AlibabaIms {
    fn name(&self) -> &'static str {
        "alibaba-ims"
    }

    fn verifier(&self, settings: Settings<'_>) -> Result<Option<Box<dyn Verify>>, SettingsError> {
        let keys: AuthKeys = settings.read()?;
        Ok((!keys.is_empty()).then(|| Box::new(keys) as Box<dyn Verify>))
    }

    fn queue(&self, pull: Settings<'_>) -> Result<Box<dyn SenderQueue>, SettingsError> {
        Ok(Box::new(pull.read::<MnsQueue>()?))
    }

    fn read(&self, body: &Body<'_>) -> Option<Notification> {
        notification::read(body)
    }
}
