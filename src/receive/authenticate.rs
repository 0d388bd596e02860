//! The checks that make a request authentic: first its path token, then its signature.

use std::fmt;

use time::OffsetDateTime;

use super::Unauthorized;
use super::route::Route;
use crate::sources::Source;
use mediahook_senders::{CallbackRequest, Verified, Verify};

/// A source and the proof that its path token was checked, if it has tokens.
pub(super) struct TokenChecked<'s>(&'s Source);

/// The body of a callback that came from one of our sources.
///
/// Only [`authenticate()`](super::authenticate()) creates one, and the receiver stores nothing else: a body that is
/// not authentic is never stored.
pub struct Authentic<'a> {
    body: &'a [u8],
    source: &'a Source,
    verified: Option<Verified>,
}

/// Checks that the source accepts push, and that the path has its token if it has any.
pub(super) fn check_token<'s>(route: Route<'_, 's>) -> Result<TokenChecked<'s>, Unauthorized> {
    let Route { source, token } = route;
    if !source.takes_push() {
        return Err(Unauthorized::TakesNoPush);
    }
    if source.has_path_tokens() && !source.accepts_token(token) {
        return Err(Unauthorized::WrongToken);
    }
    Ok(TokenChecked(source))
}

/// Verifies the signature, if the source has keys.
pub(super) fn verify<'a>(
    request: &'a CallbackRequest,
    TokenChecked(source): TokenChecked<'a>,
    now: OffsetDateTime,
) -> Result<Authentic<'a>, Unauthorized> {
    let verify = |verifier: &dyn Verify| verifier.verify(request, now.unix_timestamp());
    let verified = source.verifier().map(verify).transpose()?;
    Ok(Authentic { body: request.body(), source, verified })
}

impl<'a> Authentic<'a> {
    /// The source that sent it.
    pub fn source(&self) -> &'a Source {
        self.source
    }

    /// The body as it came.
    pub fn body(&self) -> &'a [u8] {
        self.body
    }

    /// Whether the signature is valid for longer than the sender documents.
    pub fn is_far_ahead(&self) -> bool {
        self.verified == Some(Verified::FarAhead)
    }
}

/// Does not show the body, which is the sender's.
impl fmt::Debug for Authentic<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { body, source, .. } = self;
        f.debug_struct("Authentic").field("source", source).field("body_bytes", &body.len()).finish()
    }
}
