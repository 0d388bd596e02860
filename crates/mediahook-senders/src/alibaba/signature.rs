//! The callback authentication of IMS (`X-ICE-SIGNATURE`, `X-ICE-TIMESTAMP`) and ApsaraVideo VOD (`X-VOD-SIGNATURE`,
//! `X-VOD-TIMESTAMP`).
//!
//! The signature is the lower-case hex MD5 of `CallbackURL|timestamp|key` (official documentation, "callback
//! authentication"; its printed example was computed with the key `test123`, not with the `Test123` it names). It
//! covers neither body nor method, so a captured pair is a token that is valid for five minutes.
//!
//! The URL is the one that is set at the sender, byte for byte; its normal form is not documented. So it is
//! configured, and may be several. Only a function URL's own address is known from the invocation.

use serde::Deserialize;
use subtle::Choice;

use super::Alibaba;
use crate::md5_signature::{md5_signature, signature_matches};
use crate::secret::Secret;
use crate::sender::{BadSignature, CallbackRequest, Verify, header, set_header};
use crate::settings::{Settings, SettingsError, list, signature_keys};
use crate::url::parse_url;

/// The maximum difference between the sender's clock and ours, either way, as the documentation recommends.
const TOLERANCE_S: u64 = 5 * 60;

/// ApsaraVideo VOD documents seconds, IMS no unit. 13 digits can only be milliseconds (inferred). The signature covers the timestamp's text in both cases.
const DIGITS_OF_MS: usize = 13;

/// The keys of one source, and the URLs that may be set for its callbacks. Every combination is valid.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AuthKeys {
    #[serde(default, deserialize_with = "signature_keys")]
    auth_keys: Vec<Secret>,
    #[serde(default, deserialize_with = "list")]
    callback_urls: Vec<CallbackUrl>,
}

/// The URL as it is set at the sender, which signs it byte for byte. It may have a query.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
struct CallbackUrl(String);

impl TryFrom<String> for CallbackUrl {
    type Error = &'static str;

    fn try_from(url: String) -> Result<Self, Self::Error> {
        parse_url(&url).map(|_| Self(url)).ok_or("expected a URL")
    }
}

/// The signature in the headers of one product.
#[derive(Debug)]
struct SignedHeaders {
    keys: AuthKeys,
    product: Alibaba,
}

/// Reads the settings of a source.
pub(super) fn verifier(
    product: Alibaba,
    settings: Settings<'_>,
) -> Result<Option<Box<dyn Verify>>, SettingsError> {
    let keys: AuthKeys = settings.read()?;
    let has_keys = !keys.auth_keys.is_empty();
    Ok(has_keys.then(|| Box::new(SignedHeaders { keys, product }) as Box<dyn Verify>))
}

/// Signs a callback to a URL.
pub(super) fn sign(product: Alibaba, callback: &mut CallbackRequest, url: &str, key: &Secret, now_s: i64) {
    let timestamp = now_s.to_string();
    set_header(callback, product.signature, md5_signature(&[url, "|", &timestamp, "|", key.reveal()]));
    set_header(callback, product.timestamp, timestamp);
}

impl Verify for SignedHeaders {
    fn verify(&self, callback: &CallbackRequest, now_s: i64) -> Result<(), BadSignature> {
        let signature = header(callback, self.product.signature)?.ok_or(BadSignature::Missing)?;
        let timestamp = header(callback, self.product.timestamp)?.ok_or(BadSignature::Missing)?;
        let sent: i64 = timestamp.parse().map_err(|_| BadSignature::Wrong)?;
        let is_ms = timestamp.len() == DIGITS_OF_MS && timestamp.bytes().all(|b| b.is_ascii_digit());
        let sent_s = if is_ms { sent / 1_000 } else { sent };
        let called = callback.uri().to_string();
        let AuthKeys { auth_keys, callback_urls } = &self.keys;
        let urls: Vec<&str> = match callback_urls.as_slice() {
            [] => vec![&called],
            urls => urls.iter().map(|CallbackUrl(url)| url.as_str()).collect(),
        };
        let mut any = Choice::from(0);
        for url in urls {
            for key in auth_keys {
                any |= signature_matches(signature, &[url, "|", timestamp, "|", key.reveal()]);
            }
        }
        if !bool::from(any) {
            return Err(BadSignature::Wrong);
        }
        if sent_s.abs_diff(now_s) > TOLERANCE_S {
            return Err(BadSignature::Stale);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use BadSignature::{Missing, Repeated, Stale, Wrong};

    const URL: &str = "https://www.example.com/your/callback";
    const TIMESTAMP: i64 = 1_519_375_990;

    fn keys(keys: &[&str], urls: &[&str]) -> SignedHeaders {
        let keys = AuthKeys {
            auth_keys: keys.iter().map(|k| Secret::new(*k)).collect(),
            callback_urls: urls.iter().map(|u| CallbackUrl((*u).to_owned())).collect(),
        };
        SignedHeaders { keys, product: crate::alibaba_ims::ALIBABA_IMS }
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
            assert_eq!(keys.verify(&signed(signature, timestamp), now_s), Ok(()), "{url}");
            assert_eq!(keys.verify(&signed(&signature.to_ascii_uppercase(), timestamp), now_s), Ok(()));
        }
    }

    #[test]
    fn without_configured_urls_the_invocation_tells() {
        let callback = signed("c587b80d2d0ede300e8967937da7219b", "1519375990");
        assert_eq!(keys(&["Test123"], &[]).verify(&callback, TIMESTAMP), Ok(()));
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
        assert_eq!(verify(TIMESTAMP + 300), Ok(()));
        assert_eq!(verify(TIMESTAMP - 300), Ok(()));
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
        assert_eq!(verify("1519375990123", TIMESTAMP + 300), Ok(()));
        assert_eq!(verify("1519375990123", TIMESTAMP + 301), Err(Stale));
        assert_eq!(verify("1519375990123", 1_519_375_990_123), Err(Stale));
        assert_eq!(verify("01519375990", TIMESTAMP), Ok(()));
    }
}
