//! Tencent Cloud VOD: event notifications v3.0 (`EventType`) and the legacy format v2.0 (`eventType`, `data`).

pub mod kind;
pub mod legacy;
mod notification;
pub mod outcome;
mod reliable;
mod signature;
mod tc3;

use super::pull::Pull;
use super::{Notification, Sender, Verify};
use crate::json::Value;
use crate::settings::{Settings, SettingsError};

/// The sender `tencent-vod`.
#[derive(Debug, Clone, Copy)]
pub struct TencentVod;

impl Sender for TencentVod {
    fn name(&self) -> &'static str {
        "tencent-vod"
    }

    fn verifier(&self, settings: &mut Settings<'_>) -> Result<Option<Box<dyn Verify>>, SettingsError> {
        let sign_keys = settings.secrets("sign_keys")?;
        Ok((!sign_keys.is_empty()).then(|| Box::new(signature::SignKeys::new(sign_keys)) as Box<dyn Verify>))
    }

    fn puller(&self, pull: &mut Settings<'_>) -> Result<Box<dyn Pull>, SettingsError> {
        Ok(Box::new(reliable::ReliableCallback::read(pull)?))
    }

    fn read(&self, body: Value<'_, '_>) -> Option<Notification> {
        notification::read(body).or_else(|| legacy::read(body))
    }
}
