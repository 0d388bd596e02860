//! Who may come in.

use std::fmt;
use std::str::Utf8Error;

use http::{Method, StatusCode};
use time::OffsetDateTime;

use crate::event::envelope::{Channel, Envelope};
use crate::ingest::{self, Unreadable};
use crate::lambda::request::Malformed;
use crate::senders::{BadSignature, CallbackRequest, SENDERS, Verified, Verify};
use crate::sources::{Source, Sources};

/// A callback that came from one of our sources. Only [`Authentic::new`] makes one, and only from one can there be an
/// envelope: what nobody vouched for cannot be stored.
pub struct Authentic<'a> {
    body: &'a [u8],
    source: &'a Source,
    verified: Option<Verified>,
}

/// Why a callback is not let in. For the operator: whoever called is told the status alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The invocation is not a request.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// It has no secret of the proxy in front: [`super::origin`].
    #[error("not by the proxy in front")]
    NotFromOrigin,
    /// Another method than POST.
    #[error("not a POST")]
    NotPost,
    /// No source of ours has that path.
    #[error("unknown path")]
    UnknownPath,
    /// The source has neither keys nor tokens, and does not say that it is meant to be open.
    #[error("the source takes no push")]
    TakesNoPush,
    /// The token in the path is missing or none of the source's.
    #[error("wrong path token")]
    WrongToken,
    /// The signature is no good.
    #[error(transparent)]
    BadSignature(#[from] BadSignature),
}

impl Refusal {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Malformed(Malformed),
        Self::NotFromOrigin,
        Self::NotPost,
        Self::UnknownPath,
        Self::TakesNoPush,
        Self::WrongToken,
        Self::BadSignature(BadSignature::Missing),
        Self::BadSignature(BadSignature::Repeated),
        Self::BadSignature(BadSignature::Stale),
        Self::BadSignature(BadSignature::Wrong),
    ];

    /// The status that whoever called is told.
    pub fn status(self) -> StatusCode {
        match self {
            Self::Malformed(Malformed) => StatusCode::BAD_REQUEST,
            Self::NotPost => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotFromOrigin | Self::UnknownPath => StatusCode::NOT_FOUND,
            Self::TakesNoPush | Self::WrongToken | Self::BadSignature(_) => StatusCode::UNAUTHORIZED,
        }
    }

    /// The word by which refusals are counted: `Reason` in the metrics.
    pub fn word(self) -> &'static str {
        match self {
            Self::Malformed(Malformed) => "Malformed",
            Self::NotFromOrigin => "NotFromOrigin",
            Self::NotPost => "NotPost",
            Self::UnknownPath => "UnknownPath",
            Self::TakesNoPush => "TakesNoPush",
            Self::WrongToken => "WrongToken",
            Self::BadSignature(BadSignature::Missing) => "SignatureMissing",
            Self::BadSignature(BadSignature::Repeated) => "SignatureRepeated",
            Self::BadSignature(BadSignature::Stale) => "SignatureStale",
            Self::BadSignature(BadSignature::Wrong) => "SignatureWrong",
        }
    }

    /// Whether newer sources might let it in. A path that begins with no sender's name never becomes a source's: scans of
    /// a public URL cause no read.
    pub(super) fn depends_on_sources(self, callback: &CallbackRequest) -> bool {
        match self {
            Self::UnknownPath => {
                let sender = callback.uri().path().split('/').nth(1);
                SENDERS.iter().any(|known| Some(known.name()) == sender)
            }
            Self::TakesNoPush | Self::WrongToken => true,
            // Missing: its keys may have been replaced by tokens.
            Self::BadSignature(bad) => matches!(bad, BadSignature::Wrong | BadSignature::Missing),
            Self::Malformed(Malformed) | Self::NotFromOrigin | Self::NotPost => false,
        }
    }
}

/// The body is the sender's: none of it is for a log.
impl fmt::Debug for Authentic<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { body, source, .. } = self;
        f.debug_struct("Authentic").field("source", source).field("body_bytes", &body.len()).finish()
    }
}

impl<'a> Authentic<'a> {
    /// Lets a callback in if everything its source asks for is there: a token, a signature, or both.
    ///
    /// # Errors
    /// Why not. Nothing of the body is stored until then.
    pub fn new(
        callback: &'a CallbackRequest,
        sources: &'a Sources,
        now: OffsetDateTime,
    ) -> Result<Self, Refusal> {
        if callback.method() != Method::POST {
            return Err(Refusal::NotPost);
        }
        let (source, token) = route(callback.uri().path(), sources).ok_or(Refusal::UnknownPath)?;
        if !source.takes_push() {
            return Err(Refusal::TakesNoPush);
        }
        if source.has_path_tokens() && !source.accepts_token(token) {
            return Err(Refusal::WrongToken);
        }
        let verify = |verifier: &dyn Verify| verifier.verify(callback, now.unix_timestamp());
        let verified = source.verifier().map(verify).transpose()?;
        Ok(Self { body: callback.body(), source, verified })
    }

    /// Who sent it.
    pub fn source(&self) -> &'a Source {
        self.source
    }

    /// Whether its signature is valid for longer than usual.
    pub fn is_far_ahead(&self) -> bool {
        self.verified == Some(Verified::FarAhead)
    }

    /// The body's bytes, to be kept where there is no event in them.
    pub fn body_bytes(&self) -> &'a [u8] {
        self.body
    }

    /// The event in the body.
    ///
    /// # Errors
    /// There is none.
    pub fn envelope(&self, received: OffsetDateTime) -> Result<Envelope, Unreadable> {
        let not_utf8 = |error: Utf8Error| Unreadable::NotUtf8 { valid_bytes: error.valid_up_to() };
        let body = std::str::from_utf8(self.body).map_err(not_utf8)?;
        ingest::seal(self.source, body, Channel::Push, received)
    }
}

/// The source whose path was called, whoever it was that did.
pub(super) fn addressee<'s>(callback: &CallbackRequest, sources: &'s Sources) -> Option<&'s Source> {
    route(callback.uri().path(), sources).map(|(source, _)| source)
}

/// `/SENDER/APP` and `/SENDER/APP/TOKEN`, where the source has tokens. A slash at the end changes nothing.
fn route<'a, 's>(path: &'a str, sources: &'s Sources) -> Option<(&'s Source, &'a str)> {
    let path = path.strip_prefix('/')?;
    let path = path.strip_suffix('/').unwrap_or(path);
    if let Some(source) = sources.get(path) {
        return Some((source, ""));
    }
    let (name, token) = path.rsplit_once('/')?;
    sources.get(name).filter(|source| source.has_path_tokens()).map(|source| (source, token))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_sources() {
        let sources = Sources::parse(
            r#"{"tencent-vod/main":{"path_tokens":["path-token"]},"alibaba-ims/prod":{"auth_keys":["AuthKey1"]}}"#,
        )
        .unwrap();
        let route = |path| route(path, &sources).map(|(source, token)| (source.name(), token));
        assert_eq!(route("/tencent-vod/main/abc"), Some(("tencent-vod/main", "abc")));
        assert_eq!(route("/tencent-vod/main"), Some(("tencent-vod/main", "")));
        assert_eq!(route("/tencent-vod/main/"), Some(("tencent-vod/main", "")));
        assert_eq!(route("/alibaba-ims/prod/"), Some(("alibaba-ims/prod", "")));
        for path in [
            "",
            "/",
            "//",
            "/tencent-vod",
            "tencent-vod/main",
            "/tencent-vod/other",
            "/tencent-vod/main/a/b",
            "/alibaba-ims/prod/token",
            "/Tencent-vod/main",
            "/\"<>",
        ] {
            assert_eq!(route(path), None, "{path}");
        }
    }
}
