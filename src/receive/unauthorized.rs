//! Why a request is unauthorized, and the status of its response.

use http::StatusCode;
use mediahook_senders::BadSignature;

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
    /// The name of the reason in the log and the metrics: the dimension `Reason`.
    pub fn as_str(self) -> &'static str {
        self.row().0
    }

    /// The status of the response.
    pub fn status(self) -> StatusCode {
        self.row().1
    }

    /// Whether the request is probably a real sender's, so that an alarm watches it: strangers seldom know a sender's
    /// name.
    pub fn is_probably_a_senders(self) -> bool {
        self.row().2
    }

    /// Whether newer sources might authorize the request. A path that does not begin with a sender's name can never
    /// belong to a source, so scans of a public URL cause no read.
    pub(super) fn depends_on_sources(self) -> bool {
        self.row().3
    }

    /// Its name, status, whether it is probably a sender's, and whether it depends on the sources.
    fn row(self) -> (&'static str, StatusCode, bool, bool) {
        use BadSignature::{Missing, Repeated, Stale, Wrong};
        match self {
            Self::Malformed => ("Malformed", StatusCode::BAD_REQUEST, false, false),
            Self::NotFromOrigin => ("NotFromOrigin", StatusCode::NOT_FOUND, false, false),
            Self::NotPost => ("NotPost", StatusCode::METHOD_NOT_ALLOWED, false, false),
            Self::UnknownPath => ("UnknownPath", StatusCode::NOT_FOUND, false, false),
            Self::UnknownSource => ("UnknownSource", StatusCode::NOT_FOUND, true, true),
            Self::TakesNoPush => ("TakesNoPush", StatusCode::UNAUTHORIZED, true, true),
            Self::WrongToken => ("WrongToken", StatusCode::UNAUTHORIZED, true, true),
            // Tokens may have replaced the source's keys in the meantime.
            Self::BadSignature(Missing) => ("SignatureMissing", StatusCode::UNAUTHORIZED, true, true),
            Self::BadSignature(Repeated) => ("SignatureRepeated", StatusCode::UNAUTHORIZED, true, false),
            Self::BadSignature(Stale) => ("SignatureStale", StatusCode::UNAUTHORIZED, true, false),
            Self::BadSignature(Wrong) => ("SignatureWrong", StatusCode::UNAUTHORIZED, true, true),
        }
    }
}
