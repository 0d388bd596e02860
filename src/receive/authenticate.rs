//! The checks that make a request authentic: first its path, then its token, then its signature.

use http::Method;
use mediahook_senders::{CallbackRequest, SENDERS};
use time::OffsetDateTime;

use super::unauthorized::Unauthorized;
use crate::sources::{Source, Sources};

/// The body of a callback that came from one of our sources.
///
/// Only [`authenticate`] creates one, and the receiver stores nothing else: a body that is not authentic is never
/// stored.
pub struct Authentic<'a> {
    body: &'a [u8],
    source: &'a Source,
}

/// Which check failed, and the source whose path was called, if any.
#[derive(Debug, Clone, Copy)]
pub struct NotAuthentic<'s> {
    /// The check.
    pub reason: Unauthorized,
    /// The source.
    pub source: Option<&'s Source>,
}

/// Authenticates a request by everything that its source requires: token, signature or both.
///
/// # Errors
/// [`NotAuthentic`] says which check failed.
pub fn authenticate<'a>(
    request: &'a CallbackRequest,
    sources: &'a Sources,
    now: OffsetDateTime,
) -> Result<Authentic<'a>, NotAuthentic<'a>> {
    let path = request.uri().path().trim_start_matches('/');
    let route = route(path, sources);
    let not_authentic = |reason| NotAuthentic { reason, source: route.map(|(source, _)| source) };
    if request.method() != Method::POST {
        return Err(not_authentic(Unauthorized::NotPost));
    }
    let (source, token) = route.ok_or_else(|| not_authentic(unknown(path)))?;
    let checked = check_token(source, token).map_err(not_authentic)?;
    verify(request, checked, now).map_err(not_authentic)
}

/// Finds `SENDER/APP`, or `SENDER/APP/TOKEN` if the source has tokens: the source and the token, which is empty if there
/// is none. A slash at the end makes no difference.
fn route<'r, 's>(path: &'r str, sources: &'s Sources) -> Option<(&'s Source, &'r str)> {
    let path = path.strip_suffix('/').unwrap_or(path);
    if let Some(source) = sources.get(path) {
        return Some((source, ""));
    }
    let (name, token) = path.rsplit_once('/')?;
    sources.get(name).filter(|source| source.has_path_tokens()).map(|source| (source, token))
}

/// Why a path is no source's.
fn unknown(path: &str) -> Unauthorized {
    let sender = path.split('/').next().unwrap_or_default();
    let is_a_senders = SENDERS.iter().any(|known| known.name() == sender);
    if is_a_senders { Unauthorized::UnknownSource } else { Unauthorized::UnknownPath }
}

/// A source and the proof that its path token was checked, if it has tokens.
struct TokenChecked<'s>(&'s Source);

/// Checks that the source accepts push, and that the path has its token if it has any.
fn check_token<'s>(source: &'s Source, token: &str) -> Result<TokenChecked<'s>, Unauthorized> {
    if !source.takes_push() {
        return Err(Unauthorized::TakesNoPush);
    }
    if source.has_path_tokens() && !source.accepts_token(token) {
        return Err(Unauthorized::WrongToken);
    }
    Ok(TokenChecked(source))
}

/// Verifies the signature, if the source has keys.
fn verify<'a>(
    request: &'a CallbackRequest,
    TokenChecked(source): TokenChecked<'a>,
    now: OffsetDateTime,
) -> Result<Authentic<'a>, Unauthorized> {
    if let Some(verifier) = source.verifier() {
        verifier.verify(request, now.unix_timestamp()).map_err(Unauthorized::BadSignature)?;
    }
    Ok(Authentic { body: request.body(), source })
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_to_its_source() {
        let sources = Sources::parse(
            r#"{"tencent-vod/main":{"path_tokens":["path-token"]},"alibaba-ims/prod":{"unauthenticated":true}}"#,
        )
        .unwrap();
        let reached = |path: &str| {
            let request = http::Request::post(path).body(Vec::new()).unwrap();
            match authenticate(&request, &sources, OffsetDateTime::UNIX_EPOCH) {
                Ok(authentic) => format!("authentic {}", authentic.source().name()),
                Err(NotAuthentic { reason, source }) => {
                    format!("{} {}", reason.as_str(), source.map(Source::name).unwrap_or_default())
                }
            }
        };
        for path in ["/tencent-vod/main/path-token", "//tencent-vod/main/path-token/"] {
            assert_eq!(reached(path), "authentic tencent-vod/main", "{path}");
        }
        for path in ["/alibaba-ims/prod", "/alibaba-ims/prod/", "///alibaba-ims/prod"] {
            assert_eq!(reached(path), "authentic alibaba-ims/prod", "{path}");
        }
        for path in ["/tencent-vod/main", "/tencent-vod/main/", "/tencent-vod/main/other"] {
            assert_eq!(reached(path), "WrongToken tencent-vod/main", "{path}");
        }
        for path in ["/tencent-vod", "/tencent-vod/other", "/tencent-vod/main/a/b", "/alibaba-ims/prod/token"]
        {
            assert_eq!(reached(path), "UnknownSource ", "{path}");
        }
        for path in ["/", "//", "/wp-login.php", "/Tencent-vod/main", "/x/tencent-vod/main", "/\"{}"] {
            assert_eq!(reached(path), "UnknownPath ", "{path}");
        }
    }
}
