//! The bucket, by S3's own REST interface.
//!
//! Four simple requests, signed by the SDK's own signer. `aws-sdk-s3` was here before: of the receiver's zip, which every
//! cold start downloads, it was a quarter, most of that tables for checksums that none of these requests has.

use std::time::SystemTime;

use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, USER_AGENT};
use hyper::{Method, Request, Response, StatusCode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::time::{sleep, timeout};

use super::aws::{Aws, causes};
use super::connect::{Connections, OUR_NAME, Payload};
use super::{Bucket, Listed, Page, Patience, StoreError};
use crate::xml::{self, Record};

/// What stands in a key or a query as it is.
const PLAIN: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
const PLAIN_IN_KEYS: AsciiSet = PLAIN.remove(b'/');

/// An S3 bucket. No connection is made before it is first needed: nearly every callback goes without.
#[derive(Debug)]
pub struct S3Bucket {
    aws: Aws,
    name: String,
    /// Up to the bucket's root, the slash included.
    address: String,
    patience: Patience,
    connections: Connections,
}

/// What is asked of S3, but for the signature.
struct Ask {
    method: Method,
    /// Key and query, encoded.
    target: String,
    media_type: Option<&'static str>,
    body: Bytes,
}

/// S3 did not do what it was asked.
struct Refused {
    why: StoreError,
    /// Whether the same request may be answered better in a moment.
    transient: bool,
}

impl S3Bucket {
    /// The bucket of that name. Nothing is sent yet.
    pub fn new(aws: Aws, name: String, patience: Patience) -> Self {
        let address = address(aws.endpoint_url("S3").as_deref(), aws.region.as_ref(), &name);
        let connections = Connections::new(aws.connector.clone());
        Self { aws, name, address, patience, connections }
    }

    /// Asks until there is an answer that asking again would not change, each further time on a fresh connection. The last
    /// attempt has all the time that is left: whoever waits for it bounds the whole.
    async fn ask(&self, ask: &Ask) -> Result<Bytes, StoreError> {
        for _ in 1..self.patience.attempts {
            match timeout(self.patience.attempt, self.attempt(ask)).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(Refused { why, transient: false })) => return Err(why),
                Ok(Err(_)) | Err(_) => {}
            }
            self.connections.forget();
            sleep(self.patience.pause).await;
        }
        self.attempt(ask).await.map_err(|refused| refused.why)
    }

    async fn attempt(&self, ask: &Ask) -> Result<Bytes, Refused> {
        let request = self.signed(ask, SystemTime::now()).map_err(Refused::lasting)?;
        let answer = self.connections.exchange(request, None).await.map_err(Refused::for_now)?;
        if answer.status().is_success() { Ok(answer.into_body()) } else { Err(Refused::of(&answer)) }
    }

    fn signed(&self, ask: &Ask, at: SystemTime) -> Result<Request<Payload>, StoreError> {
        let uri = format!("{}{}", self.address, ask.target);
        let mut request = Request::builder().method(&ask.method).uri(&uri).header(USER_AGENT, OUR_NAME);
        if let Some(media_type) = ask.media_type {
            request = request.header(CONTENT_TYPE, media_type);
        }
        let mut request = request.body(Payload::from(ask.body.clone())).map_err(|e| causes(&e))?;

        let identity = Identity::from(self.aws.credentials.clone());
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(self.aws.region.as_ref())
            .name("s3")
            .time(at)
            .settings(settings())
            .build()
            .map_err(|e| causes(&e))?;
        let headers = request.headers().iter();
        let headers = headers.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let signable =
            SignableRequest::new(ask.method.as_str(), uri.as_str(), headers, SignableBody::Bytes(&ask.body));
        let signable = signable.map_err(|e| causes(&e))?;
        let (signature, _) = sign(signable, &parameters.into()).map_err(|e| causes(&e))?.into_parts();
        signature.apply_to_request_http1x(&mut request);
        Ok(request)
    }
}

impl Bucket for S3Bucket {
    fn name(&self) -> &str {
        &self.name
    }

    async fn put(&self, key: &str, body: Vec<u8>, media_type: &'static str) -> Result<(), StoreError> {
        let put = Ask {
            method: Method::PUT,
            target: encoded(key),
            media_type: Some(media_type),
            body: body.into(),
        };
        // Boxed, as it is large and hardly ever run.
        Box::pin(self.ask(&put)).await.map(drop)
    }

    async fn get(&self, key: &str) -> Result<Vec<u8>, StoreError> {
        Ok(Box::pin(self.ask(&Ask::of(Method::GET, encoded(key)))).await?.into())
    }

    async fn list(&self, prefix: &str, after: Option<&str>) -> Result<Page, StoreError> {
        let encoded = |text| utf8_percent_encode(text, &PLAIN).to_string();
        let after = after.map(|key| format!("&start-after={}", encoded(key))).unwrap_or_default();
        let target = format!("?list-type=2&prefix={}{after}", encoded(prefix));
        let page = Box::pin(self.ask(&Ask::of(Method::GET, target))).await?;
        page_of(&page).ok_or_else(|| StoreError("a listing that is none".to_owned()))
    }

    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        Box::pin(self.ask(&Ask::of(Method::DELETE, encoded(key)))).await.map(drop)
    }
}

impl Ask {
    fn of(method: Method, target: String) -> Self {
        Self { method, target, media_type: None, body: Bytes::new() }
    }
}

/// An endpoint of one's own seldom resolves `BUCKET.HOST`, and a name with a dot has no certificate there.
fn address(endpoint: Option<&str>, region: &str, bucket: &str) -> String {
    let domain = match region {
        region if region.starts_with("cn-") => "amazonaws.com.cn",
        region if region.starts_with("eusc-") => "amazonaws.eu",
        _ => "amazonaws.com",
    };
    match endpoint {
        Some(endpoint) => format!("{}/{bucket}/", endpoint.trim_end_matches('/')),
        None if bucket.contains('.') => format!("https://s3.{region}.{domain}/{bucket}/"),
        None => format!("https://{bucket}.s3.{region}.{domain}/"),
    }
}

fn encoded(key: &str) -> String {
    utf8_percent_encode(key, &PLAIN_IN_KEYS).to_string()
}

/// What S3 asks of a signature, other than most services: the path as it stands, and the body's digest in a header.
fn settings() -> SigningSettings {
    let mut settings = SigningSettings::default();
    settings.percent_encoding_mode = PercentEncodingMode::Single;
    settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    settings
}

impl Refused {
    fn for_now(why: StoreError) -> Self {
        Self { why, transient: true }
    }

    fn lasting(why: StoreError) -> Self {
        Self { why, transient: false }
    }

    /// S3's own code and words. `SlowDown` is 503; a body that came too slowly is 400.
    fn of(answer: &Response<Bytes>) -> Self {
        let status = answer.status();
        let error = std::str::from_utf8(answer.body()).ok();
        let error = error.and_then(|text| xml::records(text, "Error")?.pop());
        let mut error = error.unwrap_or_default();
        let code = error.remove("Code").unwrap_or_else(|| format!("HTTP status {}", status.as_u16()));
        let message = error.remove("Message").unwrap_or_else(|| "no message".to_owned());
        let transient = status.is_server_error()
            || status == StatusCode::TOO_MANY_REQUESTS
            || status == StatusCode::REQUEST_TIMEOUT
            || code == "RequestTimeout";
        Self { why: StoreError(format!("{code}: {message}")), transient }
    }
}

fn page_of(answer: &[u8]) -> Option<Page> {
    let text = std::str::from_utf8(answer).ok()?;
    let mut listing = xml::records(text, "ListBucketResult")?.pop()?;
    let objects = xml::records(text, "Contents")?.into_iter().map(listed).collect::<Option<_>>()?;
    Some(Page { objects, more: listing.remove("IsTruncated").is_some_and(|more| more == "true") })
}

fn listed(mut object: Record) -> Option<Listed> {
    let modified = OffsetDateTime::parse(&object.remove("LastModified")?, &Rfc3339).ok()?;
    Some(Listed { key: object.remove("Key")?, modified, bytes: object.remove("Size")?.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_has_an_address() {
        for (endpoint, region, bucket, address_of_it) in [
            (None, "eu-central-1", "events", "https://events.s3.eu-central-1.amazonaws.com/"),
            (None, "eu-central-1", "my.events", "https://s3.eu-central-1.amazonaws.com/my.events/"),
            (None, "cn-north-1", "events", "https://events.s3.cn-north-1.amazonaws.com.cn/"),
            (Some("http://localhost:4566/"), "eu-central-1", "events", "http://localhost:4566/events/"),
        ] {
            assert_eq!(address(endpoint, region, bucket), address_of_it);
        }
        assert_eq!(encoded("spill/a-b_c/2026/é +.json"), "spill/a-b_c/2026/%C3%A9%20%2B.json");
    }

    /// The example in AWS's own documentation ("Signature Calculations for the Authorization Header", GET Bucket).
    #[test]
    fn a_request_is_signed_as_s3_documents_it() {
        let environment = [
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        ];
        let aws = Aws::new(environment.into_iter().collect()).unwrap();
        let patience = crate::receive::budget::PATIENCE;
        let mut bucket = S3Bucket::new(aws, "examplebucket".to_owned(), patience);
        bucket.address = "https://examplebucket.s3.amazonaws.com/".to_owned();
        let at = time::macros::datetime!(2013-05-24 00:00 UTC).into();
        let list = Ask::of(Method::GET, "?max-keys=2&prefix=J".to_owned());
        let request = bucket.signed(&list, at).unwrap();
        let signature =
            request.headers()["authorization"].to_str().unwrap().rsplit_once("Signature=").unwrap().1;
        assert_eq!(signature, "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
    }

    #[test]
    fn a_page_has_its_objects_and_whether_there_are_others() {
        let xml = "<?xml version=\"1.0\"?><ListBucketResult xmlns=\"x\"><Name>b</Name><IsTruncated>true</IsTruncated>\
            <Contents><Key>spill/a&amp;b</Key><LastModified>2026-11-22T05:50:25.000Z</LastModified><Size>7</Size>\
            <Owner><ID>1</ID></Owner></Contents><NextContinuationToken>1/=</NextContinuationToken></ListBucketResult>";
        let modified = time::macros::datetime!(2026-11-22 05:50:25 UTC);
        let objects = vec![Listed { key: "spill/a&b".to_owned(), modified, bytes: 7 }];
        assert_eq!(page_of(xml.as_bytes()), Some(Page { objects, more: true }));
        let empty = page_of(b"<ListBucketResult><KeyCount>0</KeyCount></ListBucketResult>");
        assert_eq!(empty, Some(Page::default()));
        assert_eq!(page_of(b"<ListBucketResult><Contents>"), None, "cut off");
        assert_eq!(page_of(b"{}"), None);
    }
}
