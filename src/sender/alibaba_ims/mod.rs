//! Alibaba Cloud IMS (API product ICE): event notifications by HTTP callback or through an MNS queue.

pub mod kind;
mod mns;
mod mns_signature;
mod notification;
mod signature;

use super::pull::Pull;
use super::{Notification, Sender, Verify};
use crate::json::Value;
use crate::settings::{Settings, SettingsError};

/// The sender `alibaba-ims`.
#[derive(Debug, Clone, Copy)]
pub struct AlibabaIms;

impl Sender for AlibabaIms {
    fn name(&self) -> &'static str {
        "alibaba-ims"
    }

    fn verifier(&self, settings: &mut Settings<'_>) -> Result<Option<Box<dyn Verify>>, SettingsError> {
        let auth_keys = settings.secrets("auth_keys")?;
        let callback_urls = settings.texts("callback_urls")?;
        if !callback_urls.iter().all(|url| url.starts_with("https://") || url.starts_with("http://")) {
            return Err(
                settings.error("callback_urls", "expected a URL that begins with https:// or http://")
            );
        }
        let signed = (!auth_keys.is_empty()).then(|| signature::AuthKeys::new(auth_keys, callback_urls));
        Ok(signed.map(|keys| Box::new(keys) as Box<dyn Verify>))
    }

    fn puller(&self, pull: &mut Settings<'_>) -> Result<Box<dyn Pull>, SettingsError> {
        Ok(Box::new(mns::MnsQueue::read(pull)?))
    }

    fn read(&self, body: Value<'_, '_>) -> Option<Notification> {
        notification::read(body)
    }
}
