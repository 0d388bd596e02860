//! What stands in front of the receiver: a function URL, an HTTP API or CloudFront.

use std::sync::Arc;

use mediahook::aws::sqs::SqsQueue;
use mediahook::config::{Environment, ORIGIN_SECRETS};
use mediahook::lambda::invocation::Invocation;
use mediahook::receive::Receiver;
use mediahook::receive::origin::{ORIGIN_HEADER, OriginSecrets};
use mediahook::sources::Sources;
use mediahook::sources::cache::SourcesCache;
use mediahook::timeouts::receive::RETRY_POLICY;
use mediahook_testing::cloud::Cloud;
use mediahook_testing::function_url::{self, DOMAIN};
use mediahook_testing::signing::{sign_alibaba, sign_tencent};
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{PRODUCED, PULL_COMPLETE, SOURCES, deadline, now_s};

/// An HTTP API decodes the path that a function URL leaves encoded, and names its own domain. What Alibaba signs is the URL as
/// it was set at the sender.
#[tokio::test]
async fn a_function_url_and_an_http_api_have_the_same_answers() {
    const API: &str = "a1b2c3d4e5.execute-api.cn-north-1.amazonaws.com.cn";
    let cloud = Cloud::start().await;
    let (queue_url, _) = cloud.queues(5, 30).await;
    let receiver = Receiver::new(
        Arc::new(SourcesCache::fixed(Sources::parse(SOURCES).unwrap())),
        SqsQueue::new(&cloud.aws(), queue_url, RETRY_POLICY),
        cloud.bucket(),
        OffsetDateTime::now_utc,
    );
    let ask = |event: Value| {
        let request = function_url::request(&event);
        async { receiver.receive(request, deadline(), &Invocation::default()).await.status().as_u16() }
    };
    let by_url = |path: &str, query: &str, headers: &Value, body: &str| {
        function_url::event("POST", path, query, headers, (body.to_owned(), false))
    };
    let by_api = |path: &str, query: &str, headers: &Value, body: &str| {
        let mut event = by_url(path, query, headers, body);
        event["requestContext"]["domainName"] = API.into();
        event["requestContext"]["domainPrefix"] = "a1b2c3d4e5".into();
        event["requestContext"]["accountId"] = "123456789012".into();
        event
    };
    let alibaba = |url: &str| -> Value {
        let signed = sign_alibaba(url, "CurrentAuthKey1", now_s());
        signed.into_iter().map(|(name, value)| (name.to_owned(), Value::from(value))).collect()
    };
    let none = json!({});
    let signed = sign_tencent(PULL_COMPLETE, "CurrentSignKey1", now_s() + 600);
    let (path, query) = ("/alibaba-ims/derived", "tenant=b%20c");
    let (url, api) = (format!("https://{DOMAIN}{path}?{query}"), format!("https://{API}{path}?{query}"));
    assert_eq!(ask(by_url(path, query, &alibaba(&url), PRODUCED)).await, 200);
    assert_eq!(ask(by_api(path, query, &alibaba(&api), PRODUCED)).await, 200);
    assert_eq!(ask(by_api(path, query, &alibaba(&url), PRODUCED)).await, 401, "signed for another address");
    let set = alibaba("https://hooks.example.com/alibaba-ims/set?tenant=a");
    assert_eq!(ask(by_api("/alibaba-ims/set", "tenant=a", &set, PRODUCED)).await, 200);
    assert_eq!(ask(by_api("/tencent-vod/signed", "", &none, &signed)).await, 200);
    assert_eq!(ask(by_api("/tencent-vod/token/first-path-token", "", &none, PULL_COMPLETE)).await, 200);
    // The same request in both formats. Names and tokens have no encoded characters, so an encoded path is no source's.
    // Decoded it may be one, and is authenticated like any other.
    let forged = sign_tencent(PULL_COMPLETE, "ForgedKey", now_s() + 600);
    assert_eq!(ask(by_url("/tencent-vod/sign%65d", "", &none, &forged)).await, 404);
    assert_eq!(ask(by_api("/tencent-vod/signed", "", &none, &forged)).await, 401);
    for (encoded, decoded) in [
        ("/tencent-vod/open%2Ftoken", "/tencent-vod/open/token"),
        ("/%2e%2e/tencent-vod/open", "/../tencent-vod/open"),
        ("/tencent-vod/open%00", "/tencent-vod/open\0"),
        ("/tencent-vod/open%3Fa", "/tencent-vod/open?a"),
        ("/tencent-vod/open%20", "/tencent-vod/open "),
        ("/tencent-vod/open%FF", "/tencent-vod/open\u{fffd}"),
        ("/tencent-vod/open%252F", "/tencent-vod/open%252F"),
    ] {
        assert_eq!(ask(by_url(encoded, "", &none, PULL_COMPLETE)).await, 404, "{encoded}");
        // 400 if the decoded path is not valid HTTP.
        let status = ask(by_api(decoded, "", &none, PULL_COMPLETE)).await;
        assert!([400, 404].contains(&status), "{decoded:?}: {status}");
    }
}

/// What CloudFront makes of a request, with the origin request policy of `template-edge.yaml`: the sender's headers but its
/// `Host`, which becomes the function URL's; CloudFront's own; and the secret that it adds.
fn by_cloudfront(
    path: &str,
    query: &str,
    headers: &[(&'static str, String)],
    secret: &str,
    body: &str,
) -> Value {
    let mut all = json!({
        "host": DOMAIN,
        "content-type": "application/json",
        "user-agent": "sender",
        "via": "1.1 0123456789abcdef0123456789abcdef.cloudfront.net (CloudFront)",
        "x-amz-cf-id": "3e8xKMkV6uXhR1d9kGJwQm2s5pYbT0nLfA7cZvHqE4iOaWgDrNuSxg==",
        "x-amzn-tls-version": "TLSv1.3",
        "x-forwarded-for": "203.0.113.9, 198.51.100.7",
        "x-forwarded-port": "443",
        "x-forwarded-proto": "https",
    });
    if !secret.is_empty() {
        all[ORIGIN_HEADER] = secret.into();
    }
    for (name, value) in headers {
        all[*name] = value.as_str().into();
    }
    function_url::event("POST", path, query, &all, (body.to_owned(), false))
}

/// Alibaba signs the URL that was set at it. CloudFront does not pass the name in it on, so only `callback_urls` has it.
#[tokio::test]
async fn behind_cloudfront_only_what_has_its_secret_is_let_in() {
    const OLD: &str = "0123456789abcdefghijABCDEFGHIJ01";
    const NEW: &str = "98765432109876543210987654321098";
    let cloud = Cloud::start().await;
    let (queue_url, _) = cloud.queues(5, 30).await;
    let receiver = |secrets: Option<&str>| {
        let variables: Environment = secrets.map(|secrets| (ORIGIN_SECRETS, secrets)).into_iter().collect();
        let mut receiver = Receiver::new(
            Arc::new(SourcesCache::fixed(Sources::parse(SOURCES).unwrap())),
            SqsQueue::new(&cloud.aws(), queue_url.clone(), RETRY_POLICY),
            cloud.bucket(),
            OffsetDateTime::now_utc,
        );
        receiver.origin = OriginSecrets::from_env(&variables).unwrap();
        receiver
    };
    let ask = async |receiver: &Receiver<_, _>, event: &Value| {
        let request = function_url::request(event);
        receiver.receive(request, deadline(), &Invocation::default()).await.status().as_u16()
    };
    let tencent = |secret: &str| {
        let signed = sign_tencent(PULL_COMPLETE, "CurrentSignKey1", now_s() + 600);
        by_cloudfront("/tencent-vod/signed", "", &[], secret, &signed)
    };
    let alibaba = |url: &str, secret: &str| {
        let (path, query) =
            url.split_once(".com").or(url.split_once(".aws")).unwrap().1.split_once('?').unwrap();
        by_cloudfront(path, query, &sign_alibaba(url, "CurrentAuthKey1", now_s()), secret, PRODUCED)
    };
    let set = "https://hooks.example.com/alibaba-ims/set?tenant=a";
    let behind = receiver(Some(&format!("{NEW},{OLD}")));
    for secret in [NEW, OLD] {
        assert_eq!(ask(&behind, &tencent(secret)).await, 200, "either of two, while one is replaced");
        assert_eq!(ask(&behind, &alibaba(set, secret)).await, 200);
    }
    let own = format!("https://{DOMAIN}/alibaba-ims/set?tenant=a");
    assert_eq!(ask(&behind, &alibaba(&own, NEW)).await, 401, "signed for another URL than is configured");
    let derived = "https://hooks.example.com/alibaba-ims/derived?tenant=a";
    assert_eq!(
        ask(&behind, &alibaba(derived, NEW)).await,
        401,
        "without callback_urls the name is not known"
    );
    let token = by_cloudfront("/tencent-vod/token/wrong", "", &[], NEW, PULL_COMPLETE);
    assert_eq!(ask(&behind, &token).await, 401, "the secret alone lets nobody in");
    // Signed or not, what comes past CloudFront is answered the same, so that it does not tell which paths there are.
    for secret in
        ["", NEW.trim_start_matches('9'), &format!("{NEW},{OLD}"), "00000000000000000000000000000000"]
    {
        for mut event in [
            tencent(secret),
            alibaba(set, secret),
            by_cloudfront("/tencent-vod/open", "", &[], secret, PULL_COMPLETE),
            by_cloudfront("/nobody", "", &[], secret, "{}"),
        ] {
            assert_eq!(ask(&behind, &event).await, 404, "{secret}: {event}");
            event["requestContext"]["http"]["method"] = "GET".into();
            assert_eq!(ask(&behind, &event).await, 404, "{secret}: {event}");
        }
    }
    // A secret that was removed is valid no longer, and without any in force none is asked for.
    let rotated = receiver(Some(NEW));
    assert_eq!(ask(&rotated, &tencent(OLD)).await, 404);
    assert_eq!(ask(&rotated, &tencent(NEW)).await, 200);
    for secret in ["", NEW] {
        assert_eq!(ask(&receiver(None), &tencent(secret)).await, 200);
    }
}
