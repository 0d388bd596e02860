//! A Lambda function URL: HTTP on one side, invocations (payload format 2.0) on the other.

use std::future::Future;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use mediahook::lambda::request::{FunctionUrlInvocation, Malformed};
use mediahook_senders::CallbackRequest;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::http::{self, Request, Response};

/// The domain the invocations name, whatever the port.
pub const DOMAIN: &str = "abcdefghijklmnopqrstuvwxyz012345.lambda-url.us-east-1.on.aws";

/// Serves a function at a listener.
pub async fn serve<F, R>(listener: TcpListener, function: F)
where
    F: Fn(Value) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = hyper::Response<String>> + Send,
{
    http::serve(listener, move |request| {
        let function = function.clone();
        async move { Some(response(function(invocation(&request)).await)) }
    })
    .await;
}

/// The invocation that AWS makes of a request: header names in lower case, repeated ones joined by commas, a body
/// without a textual content type in base64.
pub fn invocation(request: &Request) -> Value {
    let mut headers = serde_json::Map::new();
    for name in request.headers().keys() {
        let values = request.headers().get_all(name).iter().map(|v| v.to_str().unwrap_or_default());
        headers.insert(name.to_string(), values.collect::<Vec<_>>().join(",").into());
    }
    let media_type = headers.get("content-type").and_then(Value::as_str).unwrap_or_default();
    let is_text = ["text/", "application/json", "application/xml", "application/javascript"]
        .iter()
        .any(|prefix| media_type.starts_with(prefix));
    let body = match std::str::from_utf8(request.body()) {
        Ok(text) if is_text => (text.to_owned(), false),
        _ => (BASE64_STANDARD.encode(request.body()), true),
    };
    event(
        request.method().as_str(),
        request.uri().path(),
        request.uri().query().unwrap_or_default(),
        &headers.into(),
        body,
    )
}

/// An invocation of these parts; the body, and whether it is base64.
pub fn event(
    method: &str,
    path: &str,
    query: &str,
    headers: &Value,
    (body, is_base64): (String, bool),
) -> Value {
    json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers,
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "abcdefghijklmnopqrstuvwxyz012345",
            "domainName": DOMAIN,
            "domainPrefix": "abcdefghijklmnopqrstuvwxyz012345",
            "http": { "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.9", "userAgent": "sender" },
            "requestId": "2f1a8a9e-6d4f-4b1a-9a53-0d6c1a4f7f55",
            "routeKey": "$default",
            "stage": "$default",
            "time": "22/Nov/2026:05:50:25 +0000",
            "timeEpoch": 1_795_326_625_000_u64
        },
        "body": body,
        "isBase64Encoded": is_base64
    })
}

/// What an invocation is to the receiver.
pub fn request(event: &Value) -> Result<CallbackRequest, Malformed> {
    FunctionUrlInvocation::parse(&event.to_string()).expect("an invocation of a function URL").into_request()
}

/// What the function URL makes of a function's answer.
pub fn response(answer: hyper::Response<String>) -> Response {
    let (parts, body) = answer.into_parts();
    let mut response = http::response(parts.status.as_u16(), "", body);
    *response.headers_mut() = parts.headers;
    response
}
