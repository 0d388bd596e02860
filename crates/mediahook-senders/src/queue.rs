//! The protocol of a sender's queue: it builds requests and parses answers. No I/O: the
//! caller sends and receives them.

use std::fmt::Debug;

use serde::Deserialize;
use time::OffsetDateTime;

use crate::url::parse_url;

/// The maximum number of events in one pull and in one confirmation, for both senders.
pub const MAX_BATCH: usize = 16;

/// The protocol of one sender's queue.
pub trait SenderQueue: Debug + Send + Sync {
    /// The request for the next events, up to this many, which is at most [`MAX_BATCH`]. A sender whose API has no
    /// such number ignores it. The sender may hold the request for some seconds.
    fn receive_request(&self, max_events: usize, now: OffsetDateTime) -> Request;

    /// The events in the answer; none if the queue is empty. An event that cannot be read is delivered as it is, so
    /// that it harms no other.
    ///
    /// # Errors
    /// [`QueueError`]: the sender answered with an error, or the answer cannot be parsed.
    fn parse_receive(&self, answer: &Answer) -> Result<Vec<Delivery>, QueueError>;

    /// The request that confirms up to [`MAX_BATCH`] receipts.
    fn delete_request(&self, receipts: &[String], now: OffsetDateTime) -> Request;

    /// How many receipts of a confirmation were not accepted. They had expired, so their events are redelivered.
    ///
    /// # Errors
    /// [`QueueError`]: the sender did not accept any of them, or the answer cannot be parsed.
    fn parse_delete(&self, answer: &Answer) -> Result<usize, QueueError>;
}

/// An HTTP request. It must be sent byte for byte, because target and headers are signed in this form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Upper case.
    pub method: &'static str,
    /// Scheme, host and target.
    pub url: String,
    /// Names in lower case. The HTTP client adds `host` and `content-length`.
    pub headers: Vec<(&'static str, String)>,
    /// Empty if there is none.
    pub body: String,
}

/// An HTTP response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The whole body.
    pub body: Vec<u8>,
}

/// One event notification that was pulled and not yet confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The receipt that confirms it. It is new at each delivery; without one it cannot be confirmed.
    pub receipt: Option<String>,
    /// The same body as that of a callback.
    pub body: String,
    /// The name of the entry in the sender's queue, the same at each delivery; nothing if the sender does not
    /// guarantee such a name. It distinguishes a redelivery from another event with the same payload.
    pub entry_id: Option<String>,
}

/// A request to a sender's queue failed. The text is for the log: it has the sender's error code and request id, not
/// its message, which may repeat parts of the request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct QueueError {
    /// A short text.
    pub why: String,
    /// What the failure means for a retry.
    pub kind: Failure,
}

/// What a failed request means for a retry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The sender refuses the request until somebody changes something.
    Refused,
    /// The sender fails for now, and says so: it has handed out no events.
    Busy,
    /// The answer was lost or cannot be read. It may have had events, which the sender now hides for a while.
    Lost,
}

impl QueueError {
    /// The error of a request that the sender refuses.
    pub fn refused(why: impl Into<String>) -> Self {
        Self { why: why.into(), kind: Failure::Refused }
    }

    /// The error of a sender that fails for now.
    pub fn busy(why: impl Into<String>) -> Self {
        Self { why: why.into(), kind: Failure::Busy }
    }

    /// The error of an answer that was lost or cannot be read.
    pub fn lost(why: impl Into<String>) -> Self {
        Self { why: why.into(), kind: Failure::Lost }
    }
}

/// An error code or request id of a sender, cut to a plausible length and characters, because it goes to the log.
pub(crate) fn printable(code: &str) -> String {
    const MAX_CHARS: usize = 80;
    code.chars().filter(|c| c.is_ascii_alphanumeric() || "._-".contains(*c)).take(MAX_CHARS).collect()
}

/// The address of an API: only scheme and host; `https://`, or `http://` to this machine.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Endpoint(http::Uri);

impl Endpoint {
    /// An endpoint of our own, which is a URL.
    pub(crate) fn from_static(url: &'static str) -> Self {
        Self(http::Uri::from_static(url))
    }

    /// Host, and port if it is not the default of the scheme: the `Host` header.
    pub(crate) fn host(&self) -> &str {
        let authority = self.0.authority().map_or("", |authority| authority.as_str());
        let own_port = if self.0.scheme_str() == Some("https") { ":443" } else { ":80" };
        authority.strip_suffix(own_port).unwrap_or(authority)
    }

    /// The URL of a target that begins with a slash.
    pub(crate) fn url(&self, target: &str) -> String {
        let authority = self.0.authority().map_or("", |authority| authority.as_str());
        format!("{}://{authority}{target}", self.0.scheme_str().unwrap_or_default())
    }
}

impl TryFrom<String> for Endpoint {
    type Error = &'static str;

    fn try_from(url: String) -> Result<Self, Self::Error> {
        let uri = parse_url(&url).ok_or("expected a URL")?;
        let is_loopback = matches!(uri.host(), Some("127.0.0.1" | "localhost" | "[::1]"));
        let is_safe = uri.scheme_str() == Some("https") || is_loopback;
        let has_no_path = uri.path() == "/" && uri.query().is_none() && !url.contains('#');
        if is_safe && has_no_path { Ok(Self(uri)) } else { Err("expected https:// and a host") }
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
            assert_eq!(Endpoint::try_from(url.to_owned()).unwrap().host(), host);
        }
    }

    #[test]
    fn an_endpoint_has_tls_or_is_this_machine_and_has_no_path() {
        for url in [
            "http://vod.tencentcloudapi.com",
            "https://vod.tencentcloudapi.com/path",
            "https://vod.tencentcloudapi.com/?a",
            "https://vod.tencentcloudapi.com/#a",
            "vod.tencentcloudapi.com",
        ] {
            assert!(Endpoint::try_from(url.to_owned()).is_err(), "{url}");
        }
    }

    #[test]
    fn what_goes_to_the_log_is_a_code() {
        assert_eq!(printable("AuthFailure.SignatureFailure"), "AuthFailure.SignatureFailure");
        assert_eq!(printable("a b\n\"c\"<d>-1_2"), "abcd-1_2");
        assert_eq!(printable(&"x".repeat(1_000)).len(), 80);
    }
}
