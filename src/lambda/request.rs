//! From an invocation of a function URL (payload format 2.0) to a request.
//!
//! `lambda_http` refuses a whole invocation, or panics, for a query, a header or a null that nobody needs, and so would
//! lose an authentic callback. So it is given only what we need and can convert; the rest is left out, or read here.

use base64_simd::STANDARD as BASE64;
use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use lambda_http::Body;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use lambda_http::request::LambdaRequest;
use mediahook_senders::CallbackRequest;
use serde::Deserialize;
use serde_json::{Map, Value};

/// The invocation is not one of a function URL. It must fail: SQS, Kafka, a pipe and others delete what they sent if it
/// succeeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a request: the receiver is for its function URL, the processor for the queue")]
pub struct NotARequest;

/// The path or the method is not valid HTTP, or the body is not the base64 that it claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed;

/// An invocation of a function URL.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FunctionUrlInvocation {
    request_context: RequestContext,
    raw_path: Option<String>,
    raw_query_string: Option<String>,
    headers: Option<Map<String, Value>>,
    body: Option<String>,
    is_base64_encoded: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext {
    domain_name: Option<String>,
    http: Http,
}

#[derive(Deserialize)]
struct Http {
    method: String,
}

impl FunctionUrlInvocation {
    /// Reads an invocation.
    ///
    /// # Errors
    /// [`NotARequest`].
    pub fn parse(invocation: &str) -> Result<Self, NotARequest> {
        // A struct can be read from a list too.
        if !invocation.trim_start().starts_with('{') {
            return Err(NotARequest);
        }
        serde_json::from_str(invocation).map_err(|_| NotARequest)
    }

    /// The request.
    ///
    /// Its URI is the URL that was called, with the function URL's own domain, path and query as the invocation has them:
    /// still percent-encoded, and not normalized, since one of the senders signs it.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn into_request(self) -> Result<CallbackRequest, Malformed> {
        let uri = self.uri().ok_or(Malformed)?;
        let is_base64 = self.is_base64_encoded == Some(true);
        // The conversion panics on a body that is not base64.
        if is_base64 && self.body.as_ref().is_some_and(|body| BASE64.check(body.as_bytes()).is_err()) {
            return Err(Malformed);
        }
        let mut invocation = ApiGatewayV2httpRequest::default();
        invocation.request_context.http.method =
            self.request_context.http.method.parse().map_err(|_| Malformed)?;
        invocation.body = self.body;
        invocation.is_base64_encoded = is_base64;
        let request = lambda_http::Request::from(LambdaRequest::ApiGatewayV2(invocation));
        let (mut parts, body) = request.into_parts();
        parts.uri = uri;
        parts.headers = headers(&self.headers.unwrap_or_default());
        let body = match body {
            Body::Text(text) => text.into_bytes(),
            Body::Binary(bytes) => bytes,
            _ => Vec::new(),
        };
        Ok(CallbackRequest::from_parts(parts, body))
    }

    fn uri(&self) -> Option<Uri> {
        let path = self.raw_path.as_deref().filter(|path| !path.is_empty()).unwrap_or("/");
        let query = self.raw_query_string.as_deref().filter(|query| !query.is_empty());
        let build = |target: &str| {
            let uri = Uri::builder().path_and_query(target);
            let uri = match &self.request_context.domain_name {
                Some(domain) => uri.scheme("https").authority(domain.as_str()),
                None => uri,
            };
            uri.build().ok().filter(|uri| uri.path() == path)
        };
        query.and_then(|query| build(&format!("{path}?{query}"))).or_else(|| build(path))
    }
}

fn headers(members: &Map<String, Value>) -> HeaderMap {
    let carried = members.iter().filter_map(|(name, value)| {
        Some((HeaderName::try_from(name).ok()?, HeaderValue::try_from(value.as_str()?).ok()?))
    });
    carried.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const CONTEXT: &str =
        r#""requestContext":{"domainName":"abc.lambda-url.eu-west-1.on.aws","http":{"method":"POST"}}"#;

    fn parsed(more: &str) -> Result<FunctionUrlInvocation, NotARequest> {
        FunctionUrlInvocation::parse(&format!("{{{CONTEXT}{more}}}"))
    }

    fn request(more: &str) -> Result<CallbackRequest, Malformed> {
        parsed(more).unwrap().into_request()
    }

    fn with(name: &str, value: &Value) -> String {
        format!(",{}:{value}", json!(name))
    }

    #[test]
    fn the_uri_is_the_called_url() {
        for (path, query, url) in [
            ("/a/b", "", "https://abc.lambda-url.eu-west-1.on.aws/a/b"),
            ("/a/b/", "x=1&y=%20", "https://abc.lambda-url.eu-west-1.on.aws/a/b/?x=1&y=%20"),
            ("//a/b", "x", "https://abc.lambda-url.eu-west-1.on.aws//a/b?x"),
            (
                "/a%2Fb/../%7Ec//d",
                "a=b=c&&=",
                "https://abc.lambda-url.eu-west-1.on.aws/a%2Fb/../%7Ec//d?a=b=c&&=",
            ),
            ("", "", "https://abc.lambda-url.eu-west-1.on.aws/"),
        ] {
            let members = format!(
                r#","rawPath":"{path}","rawQueryString":"{query}","headers":{{"host":"hooks.example.com","x-forwarded-proto":"http"}}"#
            );
            assert_eq!(request(&members).unwrap().uri().to_string(), url);
        }
        let nowhere = r#"{"rawPath":"/a","requestContext":{"http":{"method":"POST"}}}"#;
        assert_eq!(FunctionUrlInvocation::parse(nowhere).unwrap().into_request().unwrap().uri(), "/a");
    }

    #[test]
    fn most_members_may_be_missing_or_null() {
        for members in [
            "",
            r#","headers":null,"body":null,"rawPath":null,"rawQueryString":null,"cookies":null,"isBase64Encoded":null"#,
        ] {
            let request = request(members).unwrap();
            assert_eq!((request.method().as_str(), request.uri().path()), ("POST", "/"));
            assert_eq!((request.headers().len(), request.body().len()), (0, 0));
        }
    }

    #[test]
    fn a_body_is_decoded() {
        let body = |body: &str| {
            request(&format!(r#","isBase64Encoded":true,"body":"{body}""#)).map(CallbackRequest::into_body)
        };
        assert_eq!(body("e30=").unwrap(), b"{}");
        assert_eq!(body("e33/").unwrap(), b"{}\xff");
        assert_eq!(body("").unwrap(), b"");
        for not_base64 in ["e3*=", "e30", "e30==", "e31=", "e", "e30=e30=", "e30=\\n", " e30="] {
            assert_eq!(body(not_base64).unwrap_err(), Malformed, "{not_base64}");
        }
        assert_eq!(request(&with("body", &json!("{\"é\":1}"))).unwrap().into_body(), "{\"é\":1}".as_bytes());
    }

    #[test]
    fn what_no_request_can_carry_is_left_out() {
        for query in ["a=\"", "a=<b>", "a=b c", "\u{1}"] {
            let request = request(&with("rawQueryString", &json!(query))).unwrap();
            assert_eq!(request.uri().path_and_query().unwrap(), "/", "{query}");
        }
        let headers = json!({ "": "a", "a b": "a", "odd": "\u{1}", "number": 1, "sign": "s", "T": "1" });
        let request = request(&with("headers", &headers)).unwrap();
        assert_eq!(
            (request.headers().len(), &request.headers()["sign"], &request.headers()["t"]),
            (2, &HeaderValue::from_static("s"), &HeaderValue::from_static("1"))
        );
    }

    #[test]
    fn a_path_that_is_not_http_is_malformed() {
        for path in ["/a b", "/<>", "/a?b", "/a#b", "/é\u{1}", "a/b"] {
            assert_eq!(request(&with("rawPath", &json!(path))).unwrap_err(), Malformed, "{path}");
        }
    }

    #[test]
    fn whatever_is_not_of_a_function_url_is_no_request() {
        for invocation in [
            "{}",
            "",
            "null",
            "[]",
            "\"text\"",
            r#"{"requestContext":{}}"#,
            r#"{"requestContext":{"elb":{}},"httpMethod":"POST","path":"/"}"#,
            r#"{"Records":[]}"#,
            r#"[{"domainName":null,"http":{"method":"POST"}},null,null,null,null,null]"#,
        ] {
            assert!(FunctionUrlInvocation::parse(invocation).is_err(), "{invocation}");
        }
        for (name, value) in
            [("rawPath", json!(["/a"])), ("isBase64Encoded", json!("yes")), ("body", json!({}))]
        {
            assert!(parsed(&with(name, &value)).is_err(), "{name}");
        }
    }
}
