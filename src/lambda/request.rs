//! From an invocation of a function URL (payload format 2.0) to a request.

use std::cell::Cell;
use std::panic::{self, UnwindSafe};
use std::sync::Once;

use http::Uri;
use lambda_http::request::{RequestContext, from_str};
use lambda_http::{Body, RequestExt as _};

use mediahook_senders::CallbackRequest;

/// The invocation is not one of a function URL, its body is not the base64 that it claims, or its path, query or headers
/// are not valid HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a request")]
pub struct Malformed;

/// The request in an invocation.
///
/// Its URI is the URL that was called, with the function URL's own domain, path and query as the invocation has them:
/// still percent-encoded, and not normalized, since one of the senders signs it.
///
/// # Errors
/// [`Malformed`].
pub fn from_invocation(invocation: &str) -> Result<CallbackRequest, Malformed> {
    // `lambda_http` panics on a body that is not base64 and on a path or query that no URI can hold.
    let request = catch_panic(|| from_str(invocation)).ok_or(Malformed)?.map_err(|_| Malformed)?;
    let uri = uri(&request)?;
    let (mut parts, body) = request.into_parts();
    parts.uri = uri;
    let body = match body {
        Body::Text(text) => text.into_bytes(),
        Body::Binary(bytes) => bytes,
        _ => Vec::new(),
    };
    Ok(CallbackRequest::from_parts(parts, body))
}

/// `None` where it panics. The panic is not printed: a stranger can cause it with each request, and each is counted.
fn catch_panic<T>(convert: impl FnOnce() -> T + UnwindSafe) -> Option<T> {
    thread_local!(static IS_CONVERTING: Cell<bool> = const { Cell::new(false) });
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let print = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if !IS_CONVERTING.get() {
                print(panic);
            }
        }));
    });
    IS_CONVERTING.set(true);
    let converted = panic::catch_unwind(convert);
    IS_CONVERTING.set(false);
    converted.ok()
}

/// `lambda_http`'s own URI has a normalized path and the domain of the `Host` header.
fn uri(request: &lambda_http::Request) -> Result<Uri, Malformed> {
    let path = Some(request.raw_http_path()).filter(|path| !path.is_empty()).unwrap_or("/");
    let target = match request.uri().query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    let domain = match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => context.domain_name.as_deref(),
        _ => None,
    };
    let uri = match domain {
        Some(domain) => Uri::builder().scheme("https").authority(domain).path_and_query(target).build(),
        None => Uri::builder().path_and_query(target).build(),
    };
    uri.ok().filter(|uri| uri.path() == path).ok_or(Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const CONTEXT: &str =
        r#""requestContext":{"domainName":"abc.lambda-url.eu-west-1.on.aws","http":{"method":"POST"}}"#;

    fn request(more: &str) -> Result<CallbackRequest, Malformed> {
        from_invocation(&format!("{{{CONTEXT}{more}}}"))
    }

    fn with(name: &str, value: &Value) -> Result<CallbackRequest, Malformed> {
        request(&format!(",{}:{value}", json!(name)))
    }

    #[test]
    fn the_uri_is_the_called_url() {
        for (path, query, url) in [
            ("/a/b", "", "https://abc.lambda-url.eu-west-1.on.aws/a/b"),
            ("/a/b/", "x=1&y=%20", "https://abc.lambda-url.eu-west-1.on.aws/a/b/?x=1&y=%20"),
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
        let nowhere = from_invocation(r#"{"rawPath":"/a","requestContext":{"http":{"method":"POST"}}}"#);
        assert_eq!(nowhere.unwrap().uri(), "/a");
    }

    #[test]
    fn most_members_may_be_missing_or_null() {
        for members in
            ["", r#","headers":null,"body":null,"rawPath":null,"rawQueryString":null,"cookies":null"#]
        {
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
        assert_eq!(with("body", &json!("{\"é\":1}")).unwrap().into_body(), "{\"é\":1}".as_bytes());
    }

    #[test]
    fn an_invocation_that_is_no_valid_http_request_is_malformed() {
        for (name, value) in [
            ("rawPath", json!("/a b")),
            ("rawPath", json!("/<>")),
            ("rawPath", json!("/a?b")),
            ("rawPath", json!("/a#b")),
            ("rawPath", json!("/é\u{1}")),
            ("rawPath", json!("a/b")),
            ("rawPath", json!(["/a"])),
            ("rawQueryString", json!("a=<b>")),
            ("rawQueryString", json!("a=é b")),
            ("headers", json!({ "": "a" })),
            ("headers", json!({ "t": "\u{1}" })),
            ("headers", json!({ "t": 1 })),
            ("isBase64Encoded", json!("yes")),
            ("body", json!({})),
        ] {
            assert_eq!(with(name, &value).unwrap_err(), Malformed, "{name}: {value}");
        }
        assert_eq!(request(r#","isBase64Encoded":true,"body":"e3*=""#).unwrap_err(), Malformed);
        for invocation in ["{}", "", "null", "[]", r#"{"requestContext":{}}"#, r#"{"Records":[]}"#] {
            assert_eq!(from_invocation(invocation).unwrap_err(), Malformed, "{invocation}");
        }
    }
}
