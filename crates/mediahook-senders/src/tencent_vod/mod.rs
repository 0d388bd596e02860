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
use crate::sender::{Notification, Sender, Verify};
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
        Ok((!keys.is_empty()).then(|| Box::new(keys) as Box<dyn Verify>))
    }

    fn queue(&self, pull: Settings<'_>) -> Result<Box<dyn SenderQueue>, SettingsError> {
        Ok(Box::new(pull.read::<ReliableCallback>()?))
    }

    fn read(&self, body: &Body<'_>) -> Option<Notification> {
        notification::read(body).or_else(|| format_v2::read(body))
    }
}
