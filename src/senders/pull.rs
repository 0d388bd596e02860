//! Speaking with a sender's queue: requests made, answers understood. No I/O: `crate::pull` carries them to and fro.

use std::fmt::Debug;

use serde::Deserialize;
use time::OffsetDateTime;

use crate::text::{UrlProblem, invisible, url_path};

/// How many deliveries both senders hand out, and let us confirm, in one call.
pub const MAX_BATCH: usize = 16;

/// A sender's queue: what to say to it, and what its answers mean.
pub trait Pull: Debug + Send + Sync {
    /// The request for the next deliveries, up to [`MAX_BATCH`]. The sender may hold it for some seconds.
    fn pull(&self, now: OffsetDateTime) -> Request;

    /// The deliveries in the answer; none where the queue is empty.
    ///
    /// # Errors
    /// The sender says no, or cannot be understood.
    fn pulled(&self, answer: &Answer) -> Result<Vec<Delivery>, PullError>;

    /// The request to forget what has been dealt with: up to [`MAX_BATCH`] receipts.
    fn confirm(&self, receipts: &[String], now: OffsetDateTime) -> Request;

    /// How many of the confirmed were not taken, by the answer: their receipts came too late, and they will come again.
    ///
    /// # Errors
    /// The sender says no to all of them at once, or cannot be understood.
    fn confirmed(&self, answer: &Answer) -> Result<usize, PullError>;
}

/// An HTTP request, to be sent byte for byte: target and headers are signed as they stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Upper case.
    pub method: &'static str,
    /// Scheme, host and target.
    pub url: String,
    /// Names in lower case. `host` and `content-length` are the client's.
    pub headers: Vec<(&'static str, String)>,
    /// Empty where there is none.
    pub body: String,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The whole body.
    pub body: Vec<u8>,
}

/// One event notification, handed out but not yet forgotten by the sender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// What confirms it. New at each delivery; without one it cannot be confirmed.
    pub receipt: Option<String>,
    /// What the sender says: a body as it would have been pushed.
    pub body: String,
    /// What names the entry in the sender's queue, the same at each delivery of it; nothing where the sender does not
    /// promise such a name. It tells a redelivery from another event with the same payload.
    pub entry_id: Option<String>,
    /// What an operator should hear about it. It goes on all the same.
    pub doubt: Option<&'static str>,
}

/// A sender's queue did not do what it was asked. The text is for the log: it has the sender's error code and request
/// id, not its message, which may repeat what was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct PullError {
    /// In few words.
    pub why: String,
    /// Whether the same request may be answered better in a moment.
    pub transient: bool,
}

impl PullError {
    /// One that may be gone in a moment.
    pub fn transient(why: impl Into<String>) -> Self {
        Self { why: why.into(), transient: true }
    }

    /// One that stays until somebody changes something.
    pub fn lasting(why: impl Into<String>) -> Self {
        Self { why: why.into(), transient: false }
    }
}

/// An error code or request id of a sender, cut to what such a thing can be: it goes to the log.
pub(super) fn printable(code: &str) -> String {
    const MAX_CHARS: usize = 80;
    code.chars().filter(|c| c.is_ascii_alphanumeric() || "._-".contains(*c)).take(MAX_CHARS).collect()
}

/// Where an API is: scheme and host, nothing behind.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Endpoint(String);

impl Endpoint {
    pub(super) fn new(url: &str) -> Self {
        Self(url.to_owned())
    }

    /// Host, and port where it is not the scheme's own: the `Host` header.
    pub(super) fn host(&self) -> &str {
        let (scheme, host) = self.0.split_once("://").unwrap_or_default();
        let own_port = if scheme == "https" { ":443" } else { ":80" };
        host.strip_suffix(own_port).unwrap_or(host)
    }

    /// The URL of a target that begins with a slash.
    pub(super) fn url(&self, target: &str) -> String {
        format!("{}{target}", self.0)
    }
}

/// From the settings: `https://`, or `http://` to this machine alone.
impl TryFrom<String> for Endpoint {
    type Error = &'static str;

    fn try_from(url: String) -> Result<Self, Self::Error> {
        let loopback = ["http://127.0.0.1", "http://localhost", "http://[::1]"];
        let is_loopback = loopback.iter().any(|prefix| {
            url.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
        });
        if !url.starts_with("https://") && !is_loopback {
            return Err("expected a URL that begins with https:// (http:// only for loopback)");
        }
        match url_path(&url) {
            Ok("" | "/") if invisible(&url).is_none() => {
                Ok(Self(url.strip_suffix('/').unwrap_or(&url).to_owned()))
            }
            Err(UrlProblem::Port) => Err("expected a URL with a port from 1 to 65535 if any"),
            _ => Err("expected a URL of scheme and host alone"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_what_a_client_sends() {
        for (url, host) in [
            ("https://vod.tencentcloudapi.com", "vod.tencentcloudapi.com"),
            ("https://vod.tencentcloudapi.com:443", "vod.tencentcloudapi.com"),
            ("https://127.0.0.1:8443", "127.0.0.1:8443"),
            ("http://localhost:80", "localhost"),
            ("http://[::1]:9000", "[::1]:9000"),
        ] {
            assert_eq!(Endpoint::new(url).host(), host);
        }
    }

    #[test]
    fn what_goes_to_the_log_is_a_code() {
        assert_eq!(printable("AuthFailure.SignatureFailure"), "AuthFailure.SignatureFailure");
        assert_eq!(printable("a b\n\"c\"<d>-1_2"), "abcd-1_2");
        assert_eq!(printable(&"x".repeat(1_000)).len(), 80);
    }
}
