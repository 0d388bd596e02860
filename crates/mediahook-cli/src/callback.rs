//! One callback, as the sender would send it: signed with the source's own key, to the source's path.

use std::time::{Duration, Instant};

use clap::ValueEnum;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use mediahook_senders::CallbackRequest;
use mediahook_senders::secret::Secret;

use crate::failure::Failure;
use crate::sources::Source;

/// How a callback differs from a genuine one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Forge {
    /// No signature
    Unsigned,
    /// Signed with a key that the source does not have
    BadSignature,
    /// Signed with the source's key, for a time that is past
    Stale,
}

/// A callback that can be sent.
pub(crate) struct Callback {
    pub(crate) url: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// How a receiver answered.
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) body: String,
    pub(crate) took: Duration,
}

/// Longer ago than any sender's signature is valid.
const STALE_S: i64 = 2 * 24 * 3600;

impl Callback {
    /// A callback of a source to a receiver's address, signed at a time. A source without keys sends unsigned ones.
    pub(crate) fn new(
        source: &Source<'_>,
        receiver: &str,
        body: Vec<u8>,
        forge: Option<Forge>,
        now_s: i64,
    ) -> Self {
        let url = url_for(source, receiver);
        let mut request = CallbackRequest::new(body);
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let wrong_key = Secret::new("0123456789abcdefABCDEF0123456789");
        let signed_s = if forge == Some(Forge::Stale) { now_s - STALE_S } else { now_s };
        let key = match forge {
            Some(Forge::Unsigned) => None,
            Some(Forge::BadSignature) => Some(&wrong_key),
            None | Some(Forge::Stale) => source.settings.keys().first(),
        };
        if let Some(key) = key {
            // The URL in a signature is the registered one, byte for byte.
            let registered = source.settings.callback_urls.first().unwrap_or(&url);
            source.parsed.sender().sign(&mut request, registered, key, signed_s);
        }
        let (head, body) = request.into_parts();
        Self { url, headers: head.headers, body }
    }
}

/// The source's address at the receiver. An address that names the source already is taken as it is.
fn url_for(source: &Source<'_>, receiver: &str) -> String {
    let given = receiver.trim_end_matches('/');
    let names_it = format!("/{}", source.name);
    if given.ends_with(&names_it)
        || given.contains(&format!("{names_it}/"))
        || given.contains(&format!("{names_it}?"))
    {
        return given.to_owned();
    }
    source.url_at(receiver)
}

/// How long a sender waits for the answer.
pub(crate) fn sender_waits(sender: &str) -> Duration {
    Duration::from_secs(if sender == "alibaba-ims" { 3 } else { 5 })
}

/// Sends callbacks, and follows no redirection, as the senders do not.
pub(crate) struct Http {
    client: reqwest::Client,
}

impl Http {
    pub(crate) fn new(timeout: Duration) -> Result<Self, Failure> {
        let builder = reqwest::Client::builder()
            .timeout(timeout)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("mediahook/", env!("CARGO_PKG_VERSION")));
        let failed = |error| Failure::Unknown(format!("no HTTP client: {error}"));
        Ok(Self { client: builder.build().map_err(failed)? })
    }

    /// Sends one.
    ///
    /// # Errors
    /// [`Failure::Unknown`]: there was no answer.
    pub(crate) async fn send(&self, callback: Callback) -> Result<Answered, Failure> {
        let request = self.client.post(&callback.url).headers(callback.headers).body(callback.body);
        self.answer(request).await
    }

    /// Calls any API.
    ///
    /// # Errors
    /// The same.
    pub(crate) async fn call(
        &self,
        method: reqwest::Method,
        url: &str,
        headers: &[(&str, String)],
        body: String,
    ) -> Result<Answered, Failure> {
        let mut request = self.client.request(method, url).body(body);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        self.answer(request).await
    }

    async fn answer(&self, request: reqwest::RequestBuilder) -> Result<Answered, Failure> {
        let began = Instant::now();
        // An URL may have a token in it.
        let unanswered = |error: reqwest::Error| {
            let error = error.without_url();
            let why =
                std::error::Error::source(&error).map(|source| format!(": {source}")).unwrap_or_default();
            Failure::Unknown(format!("no answer: {error}{why}"))
        };
        let answer = request.send().await.map_err(unanswered)?;
        let status = answer.status().as_u16();
        let body = answer.text().await.map_err(unanswered)?;
        Ok(Answered { status, body, took: began.elapsed() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::Document;

    const SOURCES: &str = r#"{
        "tencent-vod/main": { "sign_keys": ["Xz4ZgayTr7rMgWQrH"], "path_tokens": ["4c1f0e9b7a"] },
        "alibaba-ims/prod": { "auth_keys": ["test123"], "callback_urls": ["https://www.example.com/your/callback"] }
    }"#;

    fn callback(name: &str, body: &str, forge: Option<Forge>, now_s: i64) -> Callback {
        let document = Document::parse(SOURCES.to_owned()).unwrap();
        let source = document.get(name).unwrap();
        Callback::new(&source, "https://receiver.example.com/", body.into(), forge, now_s)
    }

    /// Tencent's published vector: the key, this `T`, this `Sign`.
    #[test]
    fn tencent_signs_in_the_body_or_in_the_headers() {
        let (sign, t) = ("a2dabb362a9b811c0e26953a6276a41c", 1_588_040_109);
        let of = |body| callback("tencent-vod/main", body, None, t - 600);
        let signed = of("{\"EventType\": \"X\", \"id\": 5285485487985271490}\n");
        let expected =
            format!("{{\"EventType\": \"X\", \"id\": 5285485487985271490,\"Sign\":\"{sign}\",\"T\":{t}}}");
        assert_eq!(String::from_utf8(signed.body).unwrap(), expected);
        assert_eq!(signed.url, "https://receiver.example.com/tencent-vod/main/4c1f0e9b7a");
        assert_eq!(of("{}").body, format!(r#"{{"Sign":"{sign}","T":{t}}}"#).into_bytes());
        let not_json = of("not JSON }");
        assert_eq!(not_json.body, b"not JSON }");
        assert_eq!(not_json.headers["sign"], sign);
        assert_eq!(not_json.headers["t"], t.to_string());
    }

    /// The example of Alibaba's documentation.
    #[test]
    fn alibaba_signs_the_registered_url() {
        let signed = callback("alibaba-ims/prod", "{}", None, 1_519_375_990);
        assert_eq!(signed.url, "https://receiver.example.com/alibaba-ims/prod");
        assert_eq!(signed.headers["x-ice-timestamp"], "1519375990");
        assert_eq!(signed.headers["x-ice-signature"], "c72b60894140fa98920f1279219b7ed4");
    }

    #[test]
    fn a_forged_one_differs_in_its_signature_alone() {
        let unsigned = callback("tencent-vod/main", "{}", Some(Forge::Unsigned), 0);
        assert_eq!((unsigned.body, unsigned.headers.len()), (b"{}".to_vec(), 1));
        let [good, bad, stale] = [None, Some(Forge::BadSignature), Some(Forge::Stale)].map(|forge| {
            String::from_utf8(callback("tencent-vod/main", "{}", forge, 1_000_000).body).unwrap()
        });
        assert!(good != bad && good.ends_with(r#""T":1000600}"#) && bad.ends_with(r#""T":1000600}"#));
        assert!(stale.ends_with(r#""T":827800}"#), "{stale}");
    }

    #[test]
    fn an_address_that_names_the_source_is_taken_as_it_is() {
        let document = Document::parse(SOURCES.to_owned()).unwrap();
        let source = document.get("tencent-vod/main").unwrap();
        for url in
            ["http://localhost:9000/tencent-vod/main", "https://a.example.com/tencent-vod/main/othertoken"]
        {
            assert_eq!(url_for(&source, url), url);
        }
        let elsewhere = url_for(&source, "http://localhost:9000/lambda-url/receiver/");
        assert_eq!(elsewhere, "http://localhost:9000/lambda-url/receiver/tencent-vod/main/4c1f0e9b7a");
    }
}
