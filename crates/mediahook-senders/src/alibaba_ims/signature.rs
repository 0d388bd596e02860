//! `X-ICE-SIGNATURE` and `X-ICE-TIMESTAMP`: the callback authentication of Alibaba Cloud IMS.
//!
//! The signature is the lower-case hex MD5 of `CallbackURL|timestamp|key` (official documentation, "callback
//! authentication"; its printed example was computed with the key `test123`, not with the `Test123` it names). It
//! covers neither body nor method, so a captured pair is a token that is valid for five minutes.
//!
//! The URL is the one that is set at the sender, byte for byte; its normal form is not documented. So it is
//! configured, and may be several. Only a function URL's own address is known from the invocation.

use std::borrow::Cow;

use serde::Deserialize;
use subtle::Choice;

use crate::md5_signature as signature;
use crate::secret::Secret;
use crate::sender::{BadSignature, CallbackRequest, Verified, Verify, header};
use crate::settings::{list, signature_keys};
use crate::text::{UrlProblem, invisible, url_path};

/// The maximum difference between the sender's clock and ours, either way, as the documentation recommends.
const TOLERANCE_S: u64 = 5 * 60;

/// The documentation does not name the unit. Its example, and that of ApsaraVideo VOD, are in seconds; 13 digits can
/// only be milliseconds (inferred). The signature covers the timestamp's text in both cases.
const DIGITS_OF_MS: usize = 13;

/// The keys of one source, and the URLs that may be set for its callbacks. Every combination is valid.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AuthKeys {
    #[serde(default, deserialize_with = "signature_keys")]
    auth_keys: Vec<Secret>,
    #[serde(default, deserialize_with = "list")]
    callback_urls: Vec<CallbackUrl>,
}

/// The URL as it is set at the sender.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
struct CallbackUrl(String);

impl TryFrom<String> for CallbackUrl {
    type Error = &'static str;

    fn try_from(url: String) -> Result<Self, Self::Error> {
        if invisible(&url).is_some() {
            return Err("expected a URL without white space or invisible characters");
        }
        match url_path(&url) {
            // It may have a query: the sender signs the URL exactly as it is set.
            Ok(_) | Err(UrlProblem::Query) => Ok(Self(url)),
            Err(UrlProblem::Scheme) => Err("expected a URL that begins with https:// or http://"),
            Err(_) => Err("expected a URL with a host, and a port from 1 to 65535 if any"),
        }
    }
}

impl AuthKeys {
    pub(super) fn is_empty(&self) -> bool {
        self.auth_keys.is_empty()
    }

    fn urls(&self, callback: &CallbackRequest) -> Vec<Cow<'_, str>> {
        if self.callback_urls.is_empty() {
            return vec![callback.uri().to_string().into()];
        }
        self.callback_urls.iter().map(|CallbackUrl(url)| url.into()).collect()
    }
}

impl Verify for AuthKeys {
    /// The rule of `SetEventCallback.AuthKey`: at most 32 characters, and all three kinds.
    fn warning(&self) -> Option<&'static str> {
        let is_possible = |key: &Secret| {
            let has = |kind: fn(&char) -> bool| key.reveal().chars().any(|c| kind(&c));
            key.reveal().chars().count() <= 32
                && has(char::is_ascii_uppercase)
                && has(char::is_ascii_lowercase)
                && has(char::is_ascii_digit)
        };
        (!self.auth_keys.iter().all(is_possible)).then_some(
            "auth_keys: IMS takes only keys of at most 32 characters with upper case, lower case and a digit in them",
        )
    }

    fn verify(&self, callback: &CallbackRequest, now_s: i64) -> Result<Verified, BadSignature> {
        let signature = header(callback, "x-ice-signature")?.ok_or(BadSignature::Missing)?;
        let timestamp = header(callback, "x-ice-timestamp")?.ok_or(BadSignature::Missing)?;
        let sent: i64 = timestamp.parse().map_err(|_| BadSignature::Wrong)?;
        let is_ms = timestamp.len() == DIGITS_OF_MS && timestamp.bytes().all(|b| b.is_ascii_digit());
        let sent_s = if is_ms { sent / 1_000 } else { sent };
        let mut any = Choice::from(0);
        for url in self.urls(callback) {
            for key in &self.auth_keys {
                any |= signature::fits(signature, &[&url, "|", timestamp, "|", key.reveal()]);
            }
        }
        if !bool::from(any) {
            return Err(BadSignature::Wrong);
        }
        if sent_s.abs_diff(now_s) > TOLERANCE_S {
            return Err(BadSignature::Stale);
        }
        Ok(Verified::AsDocumented)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use BadSignature::{Missing, Repeated, Stale, Wrong};
    use Verified::AsDocumented;

    const URL: &str = "https://www.example.com/your/callback";
    const TIMESTAMP: i64 = 1_519_375_990;

    fn keys(keys: &[&str], urls: &[&str]) -> AuthKeys {
        AuthKeys {
            auth_keys: keys.iter().map(|k| Secret::new(*k)).collect(),
            callback_urls: urls.iter().map(|u| CallbackUrl((*u).to_owned())).collect(),
        }
    }

    fn callback(headers: &[(&str, &str)]) -> CallbackRequest {
        let request = http::Request::builder().uri(URL);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        request.body(Vec::new()).unwrap()
    }

    fn signed(signature: &str, timestamp: &str) -> CallbackRequest {
        callback(&[("x-ice-signature", signature), ("x-ice-timestamp", timestamp)])
    }

    #[test]
    fn known_vectors_fit() {
        for (url, timestamp, key, signature) in [
            (URL, "1519375990", "Test123", "c587b80d2d0ede300e8967937da7219b"),
            (URL, "1519375990", "test123", "c72b60894140fa98920f1279219b7ed4"),
            (
                "https://hooks.example.com/ims?tenant=a&env=prod",
                "1790924719",
                "AcmeKey2026x",
                "72314ff0647eb5d6282ed3a5d386d0dd",
            ),
            (
                "https://hooks.example.com/ims/",
                "1790924719",
                "AcmeKey2026x",
                "ff14ed92967bf5d9c1402ca10aa0101f",
            ),
            (
                "https://hooks.example.com/ims",
                "1790924719",
                "AcmeKey2026x",
                "63bafaab5718130e343ef77be530d76f",
            ),
        ] {
            let keys = keys(&["Old1", key], &["https://other.example.com/", url]);
            let now_s = timestamp.parse().unwrap();
            assert_eq!(keys.verify(&signed(signature, timestamp), now_s), Ok(AsDocumented), "{url}");
            assert_eq!(
                keys.verify(&signed(&signature.to_ascii_uppercase(), timestamp), now_s),
                Ok(AsDocumented)
            );
        }
    }

    #[test]
    fn without_configured_urls_the_invocation_tells() {
        let callback = signed("c587b80d2d0ede300e8967937da7219b", "1519375990");
        assert_eq!(keys(&["Test123"], &[]).verify(&callback, TIMESTAMP), Ok(AsDocumented));
        let elsewhere = ["https://elsewhere.example.com/your/callback"];
        assert_eq!(keys(&["Test123"], &elsewhere).verify(&callback, TIMESTAMP), Err(Wrong));
    }

    #[test]
    fn anything_else_is_refused() {
        let good = "c587b80d2d0ede300e8967937da7219b";
        let twice = [("x-ice-signature", good), ("X-ICE-SIGNATURE", good), ("x-ice-timestamp", "1519375990")];
        for (callback, expected) in [
            (callback(&[]), Missing),
            (callback(&[("x-ice-signature", good)]), Missing),
            (signed("", "1519375990"), Missing),
            (callback(&twice), Repeated),
            (signed(&format!("{good},{good}"), "1519375990"), Wrong),
            (signed(good, "1519375990,1519375990"), Wrong),
            (signed(good, "1519375991"), Wrong),
            (signed(good, "+1519375990"), Wrong),
            (signed(&good.replace('c', "d"), "1519375990"), Wrong),
        ] {
            assert_eq!(
                keys(&["Test123"], &[URL]).verify(&callback, TIMESTAMP),
                Err(expected),
                "{callback:?}"
            );
        }
    }

    #[test]
    fn it_is_good_for_five_minutes_either_way() {
        let verify = |now_s| {
            keys(&["Test123"], &[URL])
                .verify(&signed("c587b80d2d0ede300e8967937da7219b", "1519375990"), now_s)
        };
        assert_eq!(verify(TIMESTAMP + 300), Ok(AsDocumented));
        assert_eq!(verify(TIMESTAMP - 300), Ok(AsDocumented));
        assert_eq!(verify(TIMESTAMP + 301), Err(Stale));
        assert_eq!(verify(TIMESTAMP - 301), Err(Stale));
        assert_eq!(verify(i64::MIN), Err(Stale));
    }

    #[test]
    fn thirteen_digits_are_milliseconds() {
        let verify = |timestamp: &str, now_s| {
            let text = format!("{URL}|{timestamp}|Test123");
            let digest = crate::hex::hex(&<md5::Md5 as md5::Digest>::digest(text));
            keys(&["Test123"], &[URL]).verify(&signed(&digest, timestamp), now_s)
        };
        assert_eq!(verify("1519375990123", TIMESTAMP + 300), Ok(AsDocumented));
        assert_eq!(verify("1519375990123", TIMESTAMP + 301), Err(Stale));
        assert_eq!(verify("1519375990123", 1_519_375_990_123), Err(Stale));
        assert_eq!(verify("01519375990", TIMESTAMP), Ok(AsDocumented));
    }
}
