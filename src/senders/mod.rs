//! What a sender says: its formats, its authentication, its idea of success. Pure: no I/O, no clock of its own.
//!
//! A further sender is a folder here, and a line in [`SENDERS`].

pub mod alibaba_ims;
pub mod pull;
mod signature;
pub mod tencent_vod;

use std::fmt::Debug;

use crate::event::Body;
use crate::event::envelope::{Attributes, Outcome, Verdict};
use crate::settings::{Settings, SettingsError};
use pull::Pull;

/// Every sender there is.
pub static SENDERS: &[&dyn Sender] = &[&tencent_vod::TencentVod, &alibaba_ims::AlibabaIms];

/// A cloud service that sends event notifications.
pub trait Sender: Send + Sync {
    /// The first half of its sources' names, such as `tencent-vod`.
    fn name(&self) -> &'static str;

    /// Reads a source's settings, but for those that every source may have (`path_tokens`, `unauthenticated`, `pull`),
    /// and makes what checks its signatures; nothing where the source has no keys.
    ///
    /// # Errors
    /// A member is unknown, missing or of another type; see [`Settings::read`].
    fn verifier(&self, settings: Settings<'_>) -> Result<Option<Box<dyn Verify>>, SettingsError>;

    /// Reads a source's `pull` section, and makes what speaks with its queue. Every function does, so that a mistake
    /// shows at start.
    ///
    /// # Errors
    /// The same.
    fn puller(&self, pull: Settings<'_>) -> Result<Box<dyn Pull>, SettingsError>;

    /// Reads a body; nothing where it names no event.
    fn read(&self, body: &Body<'_>) -> Option<Notification>;
}

/// A callback as it was sent, before it is known to be authentic. Its URI is the URL that was called, with scheme and
/// domain where they are known.
pub type CallbackRequest = http::Request<Vec<u8>>;

/// The value of a header. An empty one counts as missing.
///
/// # Errors
/// [`BadSignature::Repeated`]: the header is given more than once, so that nobody can say which one counts. (AWS joins
/// the values of a repeated header with commas; other gateways repeat it.)
pub fn header<'a>(callback: &'a CallbackRequest, name: &str) -> Result<Option<&'a str>, BadSignature> {
    let mut found = callback.headers().get_all(name).iter();
    match (found.next(), found.next()) {
        (_, Some(_)) => Err(BadSignature::Repeated),
        (value, None) => {
            Ok(value.and_then(|v| v.to_str().ok()).map(str::trim).filter(|value| !value.is_empty()))
        }
    }
}

/// Checks that a callback was signed by one who holds a source's key.
pub trait Verify: Debug + Send + Sync {
    /// # Errors
    /// Why it is refused. `now_s` is UNIX time in seconds.
    fn verify(&self, callback: &CallbackRequest, now_s: i64) -> Result<Verified, BadSignature>;

    /// Why the keys cannot be the sender's, where that is likely and not certain: logged once, at start.
    fn warning(&self) -> Option<&'static str> {
        None
    }
}

/// A signature that is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verified {
    /// For as long as the sender's documentation says.
    AsDocumented,
    /// For longer: it is accepted, because the sender does not send the event again, and counted, because whoever captures
    /// it can use it for longer.
    FarAhead,
}

/// Why a signature is refused. For the operator's eyes: the sender of the request is only told 401.
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
    /// No key fits.
    #[error("wrong signature")]
    Wrong,
}

/// One event notification, understood as far as every event must be.
pub struct Notification {
    /// The sender's event type behind the sender's prefix.
    pub event_type: String,
    /// What it says about the event.
    pub attributes: Attributes,
    /// The names of the top-level members that belong to the transport and not to the event.
    pub transport: &'static [&'static str],
    /// Whether the same payload can honestly be sent again for another occurrence.
    pub repeats: bool,
}

/// How sure a fact about a sender is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grade {
    /// The official SDK or the documentation prints it.
    Certain,
    /// It was seen in a captured payload or in deployed code.
    Seen,
    /// We conclude it, from a neighbor or from a name.
    Inferred,
    /// No source says it.
    Open,
}

/// The verdict that a word of a review means; both senders use the same words.
fn verdict(word: &str) -> Option<Verdict> {
    match word {
        "pass" => Some(Verdict::Pass),
        "review" => Some(Verdict::Review),
        "block" => Some(Verdict::Block),
        _ => None,
    }
}

/// The verdict of an event. While parts of a task are still running there is none; of a task that failed, `pass` is left
/// out, because the part that failed may have been a review.
fn final_verdict(found: Option<Verdict>, outcome: Outcome) -> Option<Verdict> {
    match outcome {
        Outcome::Progress => None,
        Outcome::Failed => found.filter(|verdict| *verdict > Verdict::Pass),
        _ => found,
    }
}
