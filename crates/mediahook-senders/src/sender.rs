//! What a sender is: its settings, its signatures, its format, its queue.

use std::fmt::Debug;

use mediahook_events::{Deleted, Outcome, Verdict};
use time::OffsetDateTime;

use crate::body::Body;
use crate::queue::SenderQueue;
use crate::secret::Secret;
use crate::settings::{Settings, SettingsError};

/// A cloud service that sends event notifications.
pub trait Sender: Send + Sync {
    /// The first half of its sources' names, such as `tencent-vod`.
    fn name(&self) -> &'static str;

    /// Reads the settings of a source, except those that every source may have (`path_tokens`, `unauthenticated`,
    /// `pull`). Returns the signature check; nothing if the source has no keys.
    ///
    /// # Errors
    /// [`SettingsError`]: a member is unknown, missing or of the wrong type; see [`Settings::read`].
    fn verifier(&self, settings: Settings<'_>) -> Result<Option<Box<dyn Verify>>, SettingsError>;

    /// Signs a callback as the sender does, in place of a signature that it has already: its receiver with this key
    /// verifies it. For tests of a handler, and for sending a callback again.
    ///
    /// `url` is the address that is set at the sender, byte for byte; a sender that does not sign it ignores it.
    fn sign(&self, callback: &mut CallbackRequest, url: &str, key: &Secret, now_s: i64);

    /// Reads a source's `pull` section, and returns the client of its queue. Every function calls this, so that a
    /// mistake shows at start.
    ///
    /// # Errors
    /// [`SettingsError`], as for [`Sender::verifier`].
    fn queue(&self, pull: Settings<'_>) -> Result<Box<dyn SenderQueue>, SettingsError>;

    /// Reads a body; nothing if it names no event.
    fn read(&self, body: &Body<'_>) -> Option<Notification>;
}

/// A callback, before it is known to be authentic. Its URI is the URL that was called, with scheme and domain if they
/// are known.
pub type CallbackRequest = http::Request<Vec<u8>>;

/// The value of a header. An empty one counts as missing.
///
/// # Errors
/// [`BadSignature::Repeated`]: the header is given more than once, so it is ambiguous. (AWS joins the values of a
/// repeated header with commas; other gateways repeat it.)
pub fn header<'a>(callback: &'a CallbackRequest, name: &str) -> Result<Option<&'a str>, BadSignature> {
    let value = only(callback.headers().get_all(name))?;
    Ok(value.and_then(|v| v.to_str().ok()).map(str::trim).filter(|value| !value.is_empty()))
}

/// The one value of several, if any. More are ambiguous.
pub(crate) fn only<T>(values: impl IntoIterator<Item = T>) -> Result<Option<T>, BadSignature> {
    let mut values = values.into_iter();
    let value = values.next();
    if values.next().is_none() { Ok(value) } else { Err(BadSignature::Repeated) }
}

/// Sets a header, in place of one that the callback has already. The value is of visible characters.
pub(crate) fn set_header(callback: &mut CallbackRequest, name: &'static str, value: String) {
    if let Ok(value) = value.try_into() {
        callback.headers_mut().insert(name, value);
    }
}

/// Checks that the signer of a callback holds a key of the source.
pub trait Verify: Debug + Send + Sync {
    /// # Errors
    /// [`BadSignature`] says which check failed. `now_s` is UNIX time in seconds.
    fn verify(&self, callback: &CallbackRequest, now_s: i64) -> Result<(), BadSignature>;
}

/// Why a signature is not valid. The reason is for the operator: the response to the sender is only 401.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadSignature {
    /// There is none, or a part of it is missing.
    #[error("missing signature")]
    Missing,
    /// It is given more than once.
    #[error("repeated signature")]
    Repeated,
    /// Its time is past, or too far ahead.
    #[error("stale signature")]
    Stale,
    /// No key matches.
    #[error("wrong signature")]
    Wrong,
}

/// A parsed event notification.
pub struct Notification {
    /// The sender's event type after the sender's prefix.
    pub event_type: String,
    /// The facts that it gives about the event.
    pub attributes: Attributes,
    /// The names of the top-level members that belong to the transport, not to the event.
    pub transport: Vec<&'static str>,
    /// Whether the same payload can be sent for another occurrence.
    pub repeats: bool,
}

/// The facts that a sender gives about an event, in terms common to all senders. None of them changes the id.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Attributes {
    /// The id of the media asset if the event concerns exactly one, else of the task or job.
    pub subject: Option<String>,
    /// When it happened by the sender's clock; the time of receipt if there is none.
    pub time: Option<OffsetDateTime>,
    /// How the task went.
    pub outcome: Outcome,
    /// The id of the task or job.
    pub task_id: Option<String>,
    /// The id of the media asset.
    pub media_id: Option<String>,
    /// The id of the task flow that an upload or pull started.
    pub procedure_task_id: Option<String>,
    /// The caller's own text, of any length.
    pub context: Option<String>,
    /// The cause of a failure.
    pub error: Option<EventError>,
    /// The verdict of a review.
    pub verdict: Option<Verdict>,
    /// What was deleted.
    pub deleted: Option<Deleted>,
}

/// The facts that a sender gives about a failure.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct EventError {
    /// The code, of any length.
    pub code: Option<String>,
    /// The message beside it, of any length.
    pub message: Option<String>,
}

/// The verdict for a status word of a review; both senders use the same words.
pub(crate) fn verdict(word: &str) -> Option<Verdict> {
    match word {
        "pass" => Some(Verdict::Pass),
        "review" => Some(Verdict::Review),
        "block" => Some(Verdict::Block),
        _ => None,
    }
}

/// The verdict of an event. While parts of a task are still running there is none. A failed task has no `pass`,
/// because the failed part may have been a review.
pub(crate) fn final_verdict(found: Option<Verdict>, outcome: Outcome) -> Option<Verdict> {
    match outcome {
        Outcome::Progress => None,
        Outcome::Failed => found.filter(|verdict| *verdict > Verdict::Pass),
        _ => found,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_task_has_no_pass_and_a_running_one_no_verdict() {
        let (pass, review, block) = (Some(Verdict::Pass), Some(Verdict::Review), Some(Verdict::Block));
        for found in [pass, review, block] {
            assert_eq!(final_verdict(found, Outcome::Progress), None);
            assert_eq!(final_verdict(found, Outcome::Succeeded), found);
        }
        let failed = [pass, review, block].map(|found| final_verdict(found, Outcome::Failed));
        assert_eq!(failed, [None, review, block]);
    }
}
