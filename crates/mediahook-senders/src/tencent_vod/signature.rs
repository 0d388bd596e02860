//! `Sign` and `T`: the callback signature of Tencent Cloud VOD, since 2026-04-29.
//!
//! `Sign` is MD5(`SignKey` + `T`), `T` the expiry in UNIX seconds, ten minutes ahead by default
//! (`ModifyEventConfig.SignKey`, SDK documentation). It covers the key and the time, **not the body**, so a captured
//! pair is a token that is valid until `T`.
//!
//! The place of the pair is inferred, not documented: members of the body beside the event, as in Tencent's sister
//! products. The documentation also has a lower-case `t`. So the receiver looks in the body first, for each in upper
//! case, else in lower case; then in the headers, then in the query.

use serde::Deserialize;
use serde_json::value::RawValue;
use subtle::Choice;

use super::notification::transport;
use crate::body::{Body, raw_text};
use crate::md5_signature::{md5_signature, signature_matches};
use crate::secret::Secret;
use crate::sender::{BadSignature, CallbackRequest, Verify, header, only, set_header};
use crate::settings::signature_keys;

/// How far ahead `T` may be. The sender documents no maximum (SDK), the signature covers `T`, and a callback that is
/// answered 401 is not sent again, so it is accepted. The limit restricts how long a captured pair can be used.
const MAX_AHEAD_S: i64 = 24 * 60 * 60;

/// How far ahead the sender sets `T` by default.
const VALID_S: i64 = 10 * 60;

/// More than either member has.
const MAX_BYTES: usize = 64;

/// The keys of one source. All are valid, so that a key can be replaced without a gap.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SignKeys {
    #[serde(default, deserialize_with = "signature_keys")]
    pub(super) sign_keys: Vec<Secret>,
}

impl Verify for SignKeys {
    fn verify(&self, callback: &CallbackRequest, now_s: i64) -> Result<(), BadSignature> {
        let Pair { sign, t } = pair(callback)?;
        let expiry_s: i64 = t.parse().map_err(|_| BadSignature::Wrong)?;
        let hits = self.sign_keys.iter().map(|key| signature_matches(&sign, &[key.reveal(), &t]));
        if !bool::from(hits.fold(Choice::from(0), |any, hit| any | hit)) {
            return Err(BadSignature::Wrong);
        }
        let is_valid = (0..=MAX_AHEAD_S).contains(&expiry_s.saturating_sub(now_s));
        if is_valid { Ok(()) } else { Err(BadSignature::Stale) }
    }
}

/// Signs a callback behind the members of its body, or in the headers if the body is no object.
pub(super) fn sign(callback: &mut CallbackRequest, key: &Secret, now_s: i64) {
    let t = (now_s + VALID_S).to_string();
    let sign = md5_signature(&[key.reveal(), &t]);
    let body = std::str::from_utf8(callback.body()).ok().and_then(|text| Body::parse(text).ok());
    let unsigned = body.and_then(|body| body.without(&transport(&body)));
    if let Some(members) = unsigned.as_ref().and_then(|object| object.get().strip_suffix('}')) {
        let comma = if members.trim_end() == "{" { "" } else { "," };
        *callback.body_mut() = format!(r#"{members}{comma}"Sign":"{sign}","T":{t}}}"#).into_bytes();
    } else {
        set_header(callback, "sign", sign);
        set_header(callback, "t", t);
    }
}

struct Pair {
    sign: String,
    t: String,
}

fn pair(callback: &CallbackRequest) -> Result<Pair, BadSignature> {
    if let Some(pair) = in_body(callback.body())? {
        return Ok(pair);
    }
    if let (Some(sign), Some(t)) = (header(callback, "sign")?, header(callback, "t")?) {
        return Ok(Pair { sign: sign.into(), t: t.into() });
    }
    let in_query = |name| one_in_query(callback.uri().query().unwrap_or_default(), name);
    match (in_query("Sign")?, in_query("T")?) {
        (Some(sign), Some(t)) => Ok(Pair { sign: sign.into(), t: t.into() }),
        _ => Err(BadSignature::Missing),
    }
}

/// The members of the signature. serde keeps no other member, because the body is not authentic yet.
#[derive(Deserialize)]
struct Members<'a> {
    #[serde(rename = "Sign", borrow)]
    upper_sign: Option<&'a RawValue>,
    #[serde(rename = "T", borrow)]
    upper_t: Option<&'a RawValue>,
    #[serde(rename = "sign", borrow)]
    lower_sign: Option<&'a RawValue>,
    #[serde(rename = "t", borrow)]
    lower_t: Option<&'a RawValue>,
}

/// A body that is not an object has no signature; the headers or the query may have one.
fn in_body(body: &[u8]) -> Result<Option<Pair>, BadSignature> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    if !body.trim_ascii_start().starts_with(b"{") {
        return Ok(None);
    }
    let members: Members<'_> = match serde_json::from_slice(body) {
        Ok(members) => members,
        // Only a repeated member is JSON that serde does not take.
        Err(error) if error.is_data() => return Err(BadSignature::Repeated),
        Err(_) => return Ok(None),
    };
    let (sign, t) = (members.upper_sign.or(members.lower_sign), members.upper_t.or(members.lower_t));
    let Some((sign, t)) = sign.zip(t) else { return Ok(None) };
    let text = |value: &RawValue| {
        let is_short = value.get().len() <= MAX_BYTES;
        is_short.then(|| raw_text(value)).flatten().ok_or(BadSignature::Wrong)
    };
    Ok(Some(Pair { sign: text(sign)?, t: text(t)? }))
}

fn one_in_query<'a>(query: &'a str, name: &str) -> Result<Option<&'a str>, BadSignature> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let is_it = |(n, v): &(&str, &str)| n.eq_ignore_ascii_case(name) && !v.is_empty();
    only(pairs.filter(is_it).map(|(_, value)| value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use BadSignature::{Missing, Repeated, Stale, Wrong};

    /// Published by Tencent for a sister product with the same construction.
    const KEY: &str = "Xz4ZgayTr7rMgWQrH";
    const T: i64 = 1_588_040_109;
    const SIGN: &str = "a2dabb362a9b811c0e26953a6276a41c";

    fn callback(query: &str, headers: &[(&str, &str)], body: &str) -> CallbackRequest {
        let request = http::Request::builder().uri(format!("/?{query}"));
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        request.body(body.into()).unwrap()
    }

    fn verify(callback: &CallbackRequest, now_s: i64) -> Result<(), BadSignature> {
        SignKeys { sign_keys: vec![Secret::new("other"), Secret::new(KEY)] }.verify(callback, now_s)
    }

    fn verify_body(body: &str) -> Result<(), BadSignature> {
        verify(&callback("", &[], body), T - 60)
    }

    #[test]
    fn the_published_vector_fits_wherever_it_stands() {
        let upper = SIGN.to_ascii_uppercase();
        for callback in [
            callback("", &[], &format!(r#"{{"EventType":"X","Sign":"{SIGN}","T":{T}}}"#)),
            callback("", &[], &format!(r#"{{"T":"{T}","Sign":"{upper}"}}"#)),
            callback("", &[], &format!(r#"{{"sign":"{SIGN}","t":{T}}}"#)),
            callback("", &[], &format!(r#"{{"Sign":"{SIGN}","t":{T}}}"#)),
            callback("", &[], &format!(r#"{{"Sign":"{SIGN}","T":{T},"t":"an event's own"}}"#)),
            callback("", &[("Sign", SIGN), ("t", &T.to_string())], "no JSON at all"),
            callback(&format!("a=b&sign={SIGN}&t={T}"), &[], "[]"),
        ] {
            assert_eq!(verify(&callback, T - 60), Ok(()), "{callback:?}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for (body, expected) in [
            ("{}".to_owned(), Missing),
            ("not JSON".to_owned(), Missing),
            (format!(r#"{{"Sign":"{SIGN}"}}"#), Missing),
            (format!(r#"{{"Sign":null,"T":{T}}}"#), Missing),
            (format!(r#"{{"Sign":"{SIGN}","Sign":"{SIGN}","T":{T}}}"#), Repeated),
            (format!(r#"{{"Sign":"{SIGN}","T":{T},"T":{T}}}"#), Repeated),
            (format!(r#"{{"Sign":"{SIGN}","T":{}}}"#, T + 1), Wrong),
            (format!(r#"{{"Sign":"{SIGN}","T":"{T} "}}"#), Wrong),
            (format!(r#"{{"Sign":"{SIGN}0","T":{T}}}"#), Wrong),
            (format!(r#"{{"Sign":{{}},"T":{T}}}"#), Wrong),
            (format!(r#"{{"EventType":{{"Sign":"{SIGN}","T":{T}}}}}"#), Missing),
        ] {
            assert_eq!(verify_body(&body), Err(expected), "{body}");
        }
        assert_eq!(verify(&callback(&format!("sign={SIGN}&sign={SIGN}&t={T}"), &[], "{}"), T), Err(Repeated));
    }

    #[test]
    fn it_is_valid_until_t_and_for_a_day_at_most() {
        let callback = callback("", &[], &format!(r#"{{"Sign":"{SIGN}","T":{T}}}"#));
        assert_eq!(verify(&callback, T), Ok(()));
        assert_eq!(verify(&callback, T + 1), Err(Stale));
        assert_eq!(verify(&callback, T - 15 * 60), Ok(()));
        assert_eq!(verify(&callback, T - 15 * 60 - 1), Ok(()));
        assert_eq!(verify(&callback, T - MAX_AHEAD_S), Ok(()));
        assert_eq!(verify(&callback, T - MAX_AHEAD_S - 1), Err(Stale));
        assert_eq!((verify(&callback, i64::MIN), verify(&callback, i64::MAX)), (Err(Stale), Err(Stale)));
    }
}
