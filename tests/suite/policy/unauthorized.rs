//! What is not let in: its status, and that nothing of it is kept.

use std::sync::Arc;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use mediahook::aws::sqs::SqsQueue;
use mediahook::lambda::invocation::Invocation;
use mediahook::receive::Receiver;
use mediahook::sources::Sources;
use mediahook::sources::cache::SourcesCache;
use mediahook::timeouts::receive::RETRY_POLICY;
use mediahook_testing::function_url::{self, DOMAIN};
use mediahook_testing::http;
use mediahook_testing::signing::{sign_alibaba, sign_tencent};
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{PRODUCED, PULL_COMPLETE, SOURCES, World, assert_problem, deadline, id, now_s};

#[tokio::test]
async fn a_signature_or_token_that_is_missing_wrong_stale_or_repeated_is_401() {
    let world = World::new().await;
    let sign = |key, t| sign_tencent(PULL_COMPLETE, key, t);
    for (path, body) in [
        ("/tencent-vod/signed", PULL_COMPLETE.to_owned()),
        ("/tencent-vod/signed", "not JSON".to_owned()),
        ("/tencent-vod/signed", sign("ForgedSignKey", now_s() + 600)),
        ("/tencent-vod/signed", sign("CurrentSignKey1", now_s() - 2)),
        ("/tencent-vod/signed", sign("CurrentSignKey1", now_s() + 24 * 60 * 60 + 5)),
        ("/tencent-vod/signed", sign("CurrentSignKey1", now_s() + 600).replacen('{', r#"{"Sign":"0","#, 1)),
        ("/tencent-vod/token", PULL_COMPLETE.to_owned()),
        ("/tencent-vod/token/", PULL_COMPLETE.to_owned()),
        ("/tencent-vod/token/third-path-token", PULL_COMPLETE.to_owned()),
        ("/tencent-vod/token/first-path-token%20", PULL_COMPLETE.to_owned()),
        ("/tencent-vod/both/first-path-token", PULL_COMPLETE.to_owned()),
        ("/tencent-vod/both", sign("CurrentSignKey1", now_s() + 600)),
        ("/tencent-vod/pulled", PULL_COMPLETE.to_owned()),
    ] {
        assert_problem(&world.post(path, body).await, 401);
    }

    let url = format!("https://{DOMAIN}/alibaba-ims/derived");
    let signed = |url: &str, key, timestamp_s| sign_alibaba(url, key, timestamp_s).to_vec();
    let good = signed(&url, "CurrentAuthKey1", now_s());
    for headers in [
        vec![],
        good[..1].to_vec(),
        good[1..].to_vec(),
        [good.clone(), good[1..].to_vec()].concat(),
        [good.clone(), good[..1].to_vec()].concat(),
        signed(&url, "ForgedAuthKey", now_s()),
        signed("https://hooks.example.com/alibaba-ims/derived", "CurrentAuthKey1", now_s()),
        signed(&url, "CurrentAuthKey1", now_s() - 5 * 60 - 2),
        signed(&url, "CurrentAuthKey1", now_s() + 5 * 60 + 5),
    ] {
        assert_problem(&world.post_with("/alibaba-ims/derived", &headers, PRODUCED).await, 401);
    }
    world.assert_nothing_kept().await;
}

/// Tencent names 10 minutes as the default and no maximum, and does not retry after a 401.
#[tokio::test]
async fn a_signature_up_to_a_day_ahead_and_a_timestamp_in_milliseconds_are_200() {
    let world = World::new().await;
    for ahead_s in [10 * 60, 16 * 60, 24 * 60 * 60 - 60] {
        let body = PULL_COMPLETE.replace("125-Pull-1", &format!("ahead-{ahead_s}"));
        let body = sign_tencent(&body, "CurrentSignKey1", now_s() + ahead_s);
        id(&world.post("/tencent-vod/signed", body).await);
    }
    let url = format!("https://{DOMAIN}/alibaba-ims/derived");
    let headers = sign_alibaba(&url, "CurrentAuthKey1", now_s() * 1_000 + 7);
    id(&world.post_with("/alibaba-ims/derived", &headers, PRODUCED).await);
    let headers = sign_alibaba(&url, "CurrentAuthKey1", (now_s() - 5 * 60 - 2) * 1_000);
    assert_problem(&world.post_with("/alibaba-ims/derived", &headers, PRODUCED).await, 401);
}

#[tokio::test]
async fn an_unknown_source_or_path_is_404() {
    let world = World::new().await;
    for path in [
        "/",
        "/tencent-vod",
        "/tencent-vod/other",
        "/tencent-vod/open/token",
        "/favicon.ico",
        "/a/b/c/d",
        "//",
    ] {
        assert_problem(&world.post(path, PULL_COMPLETE).await, 404);
    }
    world.assert_nothing_kept().await;
}

#[tokio::test]
async fn another_method_than_post_is_405_with_allow_post() {
    let world = World::new().await;
    for method in ["GET", "PUT", "DELETE", "OPTIONS", "BREW"] {
        let answer = http::send(world.url, method, "/tencent-vod/open", &[], PULL_COMPLETE).await;
        assert_problem(&answer, 405);
        assert_eq!(answer.headers["allow"], "POST");
    }
    world.assert_nothing_kept().await;
}

/// A stranger's request may have any path, query, headers and body.
#[tokio::test]
async fn an_odd_request_is_answered() {
    let world = World::new().await;
    let receiver = Receiver::new(
        Arc::new(SourcesCache::fixed(Sources::parse(SOURCES).unwrap())),
        SqsQueue::new(&world.cloud.aws(), "http://127.0.0.1:9/q.fifo".to_owned(), RETRY_POLICY),
        world.cloud.bucket(),
        OffsetDateTime::now_utc,
    );
    let ask = |invocation: &Value| {
        let request = function_url::request(invocation);
        async { receiver.receive(request, deadline(), &Invocation::default()).await.status().as_u16() }
    };
    let post = |path: &str, query: &str, headers: Value, (body, is_base64): (&str, bool)| {
        function_url::event("POST", path, query, &headers, (body.to_owned(), is_base64))
    };
    let (signed, token) = ("/tencent-vod/signed", "/tencent-vod/token/first-path-token");
    let plain = ("{}", false);
    for (invocation, status) in [
        (post("/\"<>{}|\\ \u{1}é", "", json!({}), plain), 400),
        (post("/tencent-vod/token/first-path-token?", "", json!({}), plain), 400),
        (post("/tencent-vod/%74oken/first-path-token", "", json!({}), plain), 404),
        (post("", "", json!({}), plain), 404),
        (post(signed, "a=%zz&&=&Sign", json!({}), plain), 401),
        (post(signed, "a=\"<>", json!({}), plain), 401),
        (post(signed, "", json!({ "sign": "\u{1}\u{fffe}", "t": "é" }), plain), 401),
        (post(signed, "", json!({ "sign": ["a", "a"], "t": "1" }), plain), 401),
        (post(token, "", json!({}), ("not base64!", true)), 400),
    ] {
        assert_eq!(ask(&invocation).await, status, "{invocation}");
    }
    world.assert_nothing_kept().await;
    assert_eq!(ask(&post(token, "", json!({}), (&BASE64_STANDARD.encode([0xff, 0xfe]), true))).await, 400);
    assert_eq!(world.cloud.objects("rejected/").await.len(), 2, "a body, and why it was rejected");
}
