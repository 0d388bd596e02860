//! A callback as the function URL hands it over, before anybody has vouched for it.

use std::fmt;
use std::sync::OnceLock;

use base64_simd::STANDARD as BASE64;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::intake::Unreadable;

/// One invocation of a Lambda function URL (payload format 2.0), as far as it concerns us.
///
/// Every member may be missing or null: an odd request is ours to answer, and not a failed invocation. That is why
/// `lambda_http` is not used here: it panics on a body that is not the base64 it claims to be and on a path or query
/// that no URI can hold, which the sender would see as a 502.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Callback {
    #[serde(deserialize_with = "or_default")]
    raw_path: String,
    #[serde(deserialize_with = "or_default")]
    raw_query_string: String,
    headers: Headers,
    #[serde(deserialize_with = "or_default")]
    request_context: RequestContext,
    #[serde(deserialize_with = "or_default")]
    body: String,
    #[serde(deserialize_with = "or_default")]
    is_base64_encoded: bool,
    #[serde(skip)]
    decoded: OnceLock<Option<Vec<u8>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RequestContext {
    #[serde(deserialize_with = "or_default")]
    domain_name: String,
    #[serde(deserialize_with = "or_default")]
    http: Http,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Http {
    #[serde(deserialize_with = "or_default")]
    method: String,
}

/// A header that must be there once stood there more often, so that nobody can say which one counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Repeated;

impl Callback {
    /// The HTTP method, upper case as sent.
    pub fn method(&self) -> &str {
        &self.request_context.http.method
    }

    /// The path as the invocation gives it, from the first slash on.
    pub fn path(&self) -> &str {
        &self.raw_path
    }

    /// The query as the invocation gives it, without the question mark.
    pub fn query(&self) -> &str {
        &self.raw_query_string
    }

    /// The address the callback was sent to: `https://`, the function URL's own domain, path and query.
    pub fn url(&self) -> String {
        let (domain, path, query) = (&self.request_context.domain_name, self.path(), self.query());
        let mark = if query.is_empty() { "" } else { "?" };
        format!("https://{domain}{path}{mark}{query}")
    }

    /// The value of a header, its name in any case. An empty one counts as missing.
    pub fn header(&self, name: &str) -> Result<Option<&str>, Repeated> {
        let mut found = self.headers.0.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v);
        match (found.next(), found.next()) {
            (_, Some(_)) => Err(Repeated),
            (value, None) => Ok(value.map(|v| v.trim()).filter(|v| !v.is_empty())),
        }
    }

    /// The body as text.
    ///
    /// # Errors
    /// It is not the base64 it is said to be, or not UTF-8.
    pub fn body(&self) -> Result<&str, Unreadable> {
        if !self.is_base64_encoded {
            return Ok(&self.body);
        }
        let bytes = self.decoded().ok_or(Unreadable::NotBase64)?;
        std::str::from_utf8(bytes).map_err(|e| Unreadable::NotUtf8 { valid_bytes: e.valid_up_to() })
    }

    /// The body's bytes: as the sender sent them, or as the invocation has them where they are not the base64 they are
    /// said to be.
    pub fn body_bytes(&self) -> &[u8] {
        let decoded = if self.is_base64_encoded { self.decoded() } else { None };
        decoded.unwrap_or(self.body.as_bytes())
    }

    /// Decoded once, and only when somebody asks: whoever is refused by path or token costs no memory.
    fn decoded(&self) -> Option<&[u8]> {
        self.decoded.get_or_init(|| BASE64.decode_to_vec(&self.body).ok()).as_deref()
    }
}

/// A callback read at one go. The runtime's deserializer notes at every member where it is, for an error that says so, and
/// takes twice as long; so it is shown the invocation as a whole.
#[derive(Debug)]
pub struct Whole(pub Callback);

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let invocation = <&RawValue>::deserialize(deserializer)?;
        serde_json::from_str(invocation.get()).map(Self).map_err(D::Error::custom)
    }
}

/// Path, query and headers hold tokens and signatures, the body is the sender's: none of it is for a log.
impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callback")
            .field("method", &self.method())
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// Names and values in the order of the invocation. AWS joins a repeated header with commas; other gateways repeat it.
#[derive(Default)]
struct Headers(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Headers;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the headers, an object of texts")
            }

            fn visit_unit<E>(self) -> Result<Headers, E> {
                Ok(Headers::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Headers, A::Error> {
                let mut headers = Vec::with_capacity(map.size_hint().unwrap_or(16));
                while let Some((name, value)) = map.next_entry::<String, Option<String>>()? {
                    headers.push((name, value.unwrap_or_default()));
                }
                Ok(Headers(headers))
            }
        }
        deserializer.deserialize_any(InOrder)
    }
}

fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(d: D) -> Result<T, D::Error> {
    Option::deserialize(d).map(Option::unwrap_or_default)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn callback(json: &str) -> Callback {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn anything_may_be_missing_or_null() {
        for json in [
            "{}",
            r#"{"headers":null,"body":null,"requestContext":null,"rawPath":null,"isBase64Encoded":null}"#,
        ] {
            let callback = callback(json);
            assert_eq!((callback.method(), callback.path(), callback.body()), ("", "", Ok("")));
        }
    }

    #[test]
    fn a_header_is_found_in_any_case_and_once() {
        let callback = callback(r#"{"headers":{"Sign":" a ","t":"","x":"1","X":"2"}}"#);
        assert_eq!(callback.header("sign"), Ok(Some("a")));
        assert_eq!(callback.header("t"), Ok(None));
        assert_eq!(callback.header("missing"), Ok(None));
        assert_eq!(callback.header("x"), Err(Repeated));
    }

    #[test]
    fn the_url_is_built_from_the_invocation() {
        let context = r#""requestContext":{"domainName":"abc.lambda-url.eu-west-1.on.aws"}"#;
        let plain = callback(&format!(r#"{{"rawPath":"/alibaba-ims/prod",{context}}}"#));
        assert_eq!(plain.url(), "https://abc.lambda-url.eu-west-1.on.aws/alibaba-ims/prod");
        let query = callback(&format!(r#"{{"rawPath":"/a/b","rawQueryString":"x=1&y=%20",{context}}}"#));
        assert_eq!(query.url(), "https://abc.lambda-url.eu-west-1.on.aws/a/b?x=1&y=%20");
    }

    #[test]
    fn a_body_is_decoded_or_refused() {
        let encoded = |body: &str| callback(&format!(r#"{{"isBase64Encoded":true,"body":"{body}"}}"#));
        assert_eq!(encoded("e30=").body(), Ok("{}"));
        assert_eq!(encoded("e3*=").body(), Err(Unreadable::NotBase64));
        assert_eq!(encoded("e3*=").body_bytes(), b"e3*=");
        assert_eq!(encoded("e33/").body_bytes(), b"{}\xff");
        assert_eq!(encoded("e33/").body(), Err(Unreadable::NotUtf8 { valid_bytes: 2 }));
    }
}
