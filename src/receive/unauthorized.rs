//! Why a request is unauthorized, and the status of its response.

use http::StatusCode;
use mediahook_senders::BadSignature;

use crate::lambda::request::Malformed;

/// Why a request is unauthorized. The reason is for the operator: the response contains only the status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unauthorized {
    /// Its path is not valid HTTP, or its body is not the base64 that it claims.
    Malformed,
    /// The request does not have a secret of the proxy in front: [`super::origin`].
    NotFromOrigin,
    /// The method is not POST.
    NotPost,
    /// The path does not begin with a sender's name: the noise of scanners.
    UnknownPath,
    /// The path begins with a sender's name, but is no source: a source was renamed or removed, or the URL at the
    /// sender has a typing error.
    UnknownSource,
    /// The source has neither keys nor tokens, and is not declared `unauthenticated`.
    TakesNoPush,
    /// The token in the path is missing, or is not one of the source's.
    WrongToken,
    /// The signature is not valid.
    BadSignature(BadSignature),
}

impl Unauthorized {
    /// Every reason.
    pub const ALL: [Self; 11] = [
        Self::Malformed,
        Self::NotFromOrigin,
        Self::NotPost,
        Self::UnknownPath,
        Self::UnknownSource,
        Self::TakesNoPush,
        Self::WrongToken,
        Self::BadSignature(BadSignature::Missing),
        Self::BadSignature(BadSignature::Repeated),
        Self::BadSignature(BadSignature::Stale),
        Self::BadSignature(BadSignature::Wrong),
    ];

    /// The status of the response.
    pub fn status(self) -> StatusCode {
        match self {
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::NotPost => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotFromOrigin | Self::UnknownPath | Self::UnknownSource => StatusCode::NOT_FOUND,
            Self::TakesNoPush | Self::WrongToken | Self::BadSignature(_) => StatusCode::UNAUTHORIZED,
        }
    }

    /// The name of the reason in the log and the metrics: the dimension `Reason`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "Malformed",
            Self::NotFromOrigin => "NotFromOrigin",
            Self::NotPost => "NotPost",
            Self::UnknownPath => "UnknownPath",
            Self::UnknownSource => "UnknownSource",
            Self::TakesNoPush => "TakesNoPush",
            Self::WrongToken => "WrongToken",
            Self::BadSignature(BadSignature::Missing) => "SignatureMissing",
            Self::BadSignature(BadSignature::Repeated) => "SignatureRepeated",
            Self::BadSignature(BadSignature::Stale) => "SignatureStale",
            Self::BadSignature(BadSignature::Wrong) => "SignatureWrong",
        }
    }

    /// Whether the request is probably a real sender's, so that an alarm watches it: strangers seldom know a sender's
    /// name.
    pub fn is_probably_a_senders(self) -> bool {
        match self {
            Self::UnknownSource | Self::TakesNoPush | Self::WrongToken | Self::BadSignature(_) => true,
            Self::Malformed | Self::NotFromOrigin | Self::NotPost | Self::UnknownPath => false,
        }
    }

    /// Whether newer sources might authorize the request. A path that does not begin with a sender's name can never
    /// belong to a source, so scans of a public URL cause no read.
    pub(super) fn depends_on_sources(self) -> bool {
        match self {
            Self::UnknownSource | Self::TakesNoPush | Self::WrongToken => true,
            // Missing: tokens may have replaced the source's keys in the meantime.
            Self::BadSignature(bad) => matches!(bad, BadSignature::Wrong | BadSignature::Missing),
            Self::Malformed | Self::NotFromOrigin | Self::NotPost | Self::UnknownPath => false,
        }
    }
}

impl From<Malformed> for Unauthorized {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

impl From<BadSignature> for Unauthorized {
    fn from(bad: BadSignature) -> Self {
        Self::BadSignature(bad)
    }
}
