//! Tencent Cloud VOD: event notifications v3.0 (`EventType`) and the legacy format v2.0 (`eventType`, `data`).

mod findings;
pub mod format_v2;
pub mod kind;
mod notification;
pub mod outcome;
mod pull_events;
mod signature;
pub mod tc3;

use crate::body::Body;
use crate::queue::SenderQueue;
use crate::secret::Secret;
use crate::sender::{CallbackRequest, Notification, Sender, Verify};
use crate::settings::{Settings, SettingsError};
use pull_events::ReliableCallback;
use signature::SignKeys;

/// The sender `tencent-vod`.
#[derive(Debug, Clone, Copy)]
pub struct TencentVod;

impl Sender for TencentVod {
    fn name(&self) -> &'static str {
        "tencent-vod"
    }

    fn verifier(&self, settings: Settings<'_>) -> Result<Option<Box<dyn Verify>>, SettingsError> {
        let keys: SignKeys = settings.read()?;
        Ok((!keys.sign_keys.is_empty()).then(|| Box::new(keys) as Box<dyn Verify>))
    }

    fn sign(&self, callback: &mut CallbackRequest, _: &str, key: &Secret, now_s: i64) {
        signature::sign(callback, key, now_s);
    }

    fn queue(&self, pull: Settings<'_>) -> Result<Box<dyn SenderQueue>, SettingsError> {
        Ok(Box::new(pull.read::<ReliableCallback>()?))
    }

    fn read(&self, body: &Body<'_>) -> Option<Notification> {
        notification::read(body).or_else(|| format_v2::read(body))
    }
}
