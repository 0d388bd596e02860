//! Why a request is unauthorized, and the status of its response.

use http::StatusCode;

use crate::lambda::request::Malformed;
use mediahook_senders::{BadSignature, CallbackRequest, SENDERS};

/// Why a request is unauthorized. The reason is for the operator: the response contains only the status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unauthorized {
    /// The invocation is not a request.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// The request does not have a secret of the proxy in front: [`super::origin`].
    #[error("not through the proxy in front")]
    NotFromOrigin,
    /// The method is not POST.
    #[error("not a POST")]
    NotPost,
    /// No source has that path.
    #[error("unknown path")]
    UnknownPath,
    /// The source has neither keys nor tokens, and is not declared `unauthenticated`.
    #[error("the source takes no push")]
    TakesNoPush,
    /// The token in the path is missing, or is not one of the source's.
    #[error("wrong path token")]
    WrongToken,
    /// The signature is not valid.
    #[error(transparent)]
    BadSignature(#[from] BadSignature),
}

impl Unauthorized {
    /// Every reason.
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

    /// The status of the response.
    pub fn status(self) -> StatusCode {
        match self {
            Self::Malformed(Malformed) => StatusCode::BAD_REQUEST,
            Self::NotPost => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotFromOrigin | Self::UnknownPath => StatusCode::NOT_FOUND,
            Self::TakesNoPush | Self::WrongToken | Self::BadSignature(_) => StatusCode::UNAUTHORIZED,
        }
    }

    /// The name of the reason in the metrics: the dimension `Reason`.
    pub fn as_str(self) -> &'static str {
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

    /// Whether newer sources might authorize the request. A path that does not begin with a sender's name can never
    /// belong to a source, so scans of a public URL cause no read.
    pub(super) fn depends_on_sources(self, request: &CallbackRequest) -> bool {
        match self {
            Self::UnknownPath => {
                let sender = request.uri().path().split('/').nth(1);
                SENDERS.iter().any(|known| Some(known.name()) == sender)
            }
            Self::TakesNoPush | Self::WrongToken => true,
            // Missing: tokens may have replaced the source's keys in the meantime.
            Self::BadSignature(bad) => matches!(bad, BadSignature::Wrong | BadSignature::Missing),
            Self::Malformed(Malformed) | Self::NotFromOrigin | Self::NotPost => false,
        }
    }
}
