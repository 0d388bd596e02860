//! The table of answers, row by row, through the real HTTP path: a function URL in front, an SQS behind.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::prelude::{BASE64_STANDARD, Engine as _};
use mediahook::aws::sqs::SqsQueue;
use mediahook::config::Environment;
use mediahook::config::ORIGIN_SECRETS;
use mediahook::events::CloudEvent;
use mediahook::ingest::claim_check;
use mediahook::ingest::envelope;
use mediahook::lambda::invocation::Invocation;
use mediahook::receive::Receiver;
use mediahook::receive::origin::{ORIGIN_HEADER, OriginSecrets};
use mediahook::sources::Sources;
use mediahook::sources::cache::SourcesCache;
use mediahook::timeouts::Deadline;
use mediahook::timeouts::receive::{self as limits, RETRY_POLICY};
use serde_json::{Value, json};
use time::OffsetDateTime;

use mediahook_testing::cloud::{BUCKET, Cloud, Fault};
use mediahook_testing::event_source_mapping::Mapping;
use mediahook_testing::function_url::{self, DOMAIN};
use mediahook_testing::http::{self, Answered};
use mediahook_testing::signing::{sign_alibaba, sign_tencent};

pub(crate) const SOURCES: &str = r#"{
  "tencent-vod/signed": { "sign_keys": ["CurrentSignKey1", "PreviousSignKey0"] },
  "tencent-vod/token": { "path_tokens": ["first-path-token", "second-path-token"] },
  "tencent-vod/both": { "sign_keys": ["CurrentSignKey1"], "path_tokens": ["first-path-token"] },
  "tencent-vod/open": { "unauthenticated": true },
  "tencent-vod/pulled": { "pull": { "secret_id": "AKIDPULL", "secret_key": "PullSecretKey" } },
  "alibaba-ims/derived": { "auth_keys": ["CurrentAuthKey1"] },
  "alibaba-ims/set": {
    "auth_keys": ["CurrentAuthKey1", "PreviousAuthKey0"],
    "callback_urls": ["https://hooks.example.com/alibaba-ims/set?tenant=a"]
  },
  "alibaba-ims/token": { "path_tokens": ["first-path-token"] }
}"#;

pub(crate) const PULL_COMPLETE: &str = r#"{"EventType":"PullComplete","PullCompleteEvent":{"TaskId":"125-Pull-1","Status":"FINISH","ErrCode":0,"FileId":"1450807"}}"#;
pub(crate) const PRODUCED: &str = r#"{"EventType":"ProduceMediaComplete","UserId":1234567890123456,"EventTime":"2026-11-22T05:50:25Z","MessageBody":{"Status":"Success","JobId":"j1","MediaId":"m1"}}"#;

pub(crate) fn now_s() -> i64 {
    OffsetDateTime::now_utc().unix_timestamp()
}

fn deadline() -> Deadline {
    limits::deadline(Duration::from_secs(10))
}

struct World {
    cloud: Cloud,
    queue: Mapping,
    url: SocketAddr,
}

impl World {
    async fn new() -> Self {
        let cloud = Cloud::start().await;
        let (queue_url, _) = cloud.queues(5, 30).await;
        let receiver = Arc::new(Receiver::new(
            Arc::new(SourcesCache::fixed(Sources::parse(SOURCES).unwrap())),
            SqsQueue::new(&cloud.aws(), queue_url.clone(), RETRY_POLICY),
            cloud.bucket(),
            OffsetDateTime::now_utc,
        ));
        let (listener, url) = http::listen().await;
        tokio::spawn(function_url::serve(listener, move |invocation: Value| {
            let receiver = Arc::clone(&receiver);
            async move {
                receiver.receive(function_url::request(&invocation), deadline(), &Invocation::default()).await
            }
        }));
        Self { queue: Mapping::new(cloud.sqs(), &queue_url), cloud, url }
    }

    async fn post(&self, path: &str, body: impl Into<String>) -> Answered {
        self.post_with(path, &[("content-type", "application/json".to_owned())], body).await
    }

    async fn post_with(&self, path: &str, headers: &[(&str, String)], body: impl Into<String>) -> Answered {
        let headers: Vec<_> = headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
        http::send(self.url, "POST", path, &headers, body.into()).await
    }

    /// The messages in the queue that were not received yet.
    async fn queued(&self) -> Vec<CloudEvent> {
        self.queue.envelopes().await
    }

    async fn assert_nothing_kept(&self) {
        assert_eq!(self.queued().await.len(), 0);
        assert_eq!(self.cloud.objects("").await, []);
    }
}

fn id(answer: &Answered) -> String {
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.headers["content-type"], "application/json");
    let body: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(body.as_object().unwrap().len(), 1);
    body["id"].as_str().unwrap().to_owned()
}

fn assert_problem(answer: &Answered, status: u16) {
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!(answer.headers["content-type"], "application/problem+json");
    let problem: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(problem["status"], status);
    assert_eq!(problem.as_object().unwrap().len(), 3, "says more than its status: {problem}");
}

#[tokio::test]
async fn an_authentic_callback_is_200_and_queued() {
    let world = World::new().await;
    let hooks_url = "https://hooks.example.com/alibaba-ims/set?tenant=a";
    let derived = format!("https://{DOMAIN}/alibaba-ims/derived?tenant=b");
    let json = ("content-type", "application/json".to_owned());
    let alibaba = |url: &str, key| [vec![json.clone()], sign_alibaba(url, key, now_s()).to_vec()].concat();
    let answers = [
        world
            .post("/tencent-vod/signed", sign_tencent(PULL_COMPLETE, "CurrentSignKey1", now_s() + 600))
            .await,
        world.post("/tencent-vod/token/second-path-token", PULL_COMPLETE).await,
        world
            .post(
                "/tencent-vod/both/first-path-token",
                sign_tencent(PULL_COMPLETE, "CurrentSignKey1", now_s() + 600),
            )
            .await,
        world.post("/tencent-vod/open", PULL_COMPLETE).await,
        world
            .post_with("/alibaba-ims/derived?tenant=b", &alibaba(&derived, "CurrentAuthKey1"), PRODUCED)
            .await,
        world.post_with("/alibaba-ims/set", &alibaba(hooks_url, "PreviousAuthKey0"), PRODUCED).await,
        world.post("/alibaba-ims/token/first-path-token", PRODUCED).await,
    ];
    let ids: Vec<_> = answers.iter().map(id).collect();
    let envelopes = world.queued().await;
    assert_eq!(envelopes.iter().map(|e| e.id.clone()).collect::<Vec<_>>(), ids);
    let sources: Vec<_> = envelopes.iter().map(|e| e.source.as_str()).collect();
    assert_eq!(
        sources,
        [
            "tencent-vod/signed",
            "tencent-vod/token",
            "tencent-vod/both",
            "tencent-vod/open",
            "alibaba-ims/derived",
            "alibaba-ims/set",
            "alibaba-ims/token"
        ]
    );
    for envelope in &envelopes {
        let sent = if envelope.source.starts_with("tencent") { PULL_COMPLETE } else { PRODUCED };
        assert_eq!(envelope.data.as_ref().unwrap().get(), sent);
    }
}

#[tokio::test]
async fn an_unknown_event_type_is_200_and_queued() {
    let world = World::new().await;
    let body = r#"{"EventType":"BrandNewComplete","BrandNewCompleteEvent":{"TaskId":7,"New":[null,1e300]},"More":{"x":""}}"#;
    id(&world.post("/tencent-vod/token/first-path-token", body).await);
    let envelope = world.queued().await.remove(0);
    assert_eq!(envelope.event_type, "com.tencentcloud.vod.BrandNewComplete");
    assert_eq!(envelope.subject.unwrap(), "7");
    assert_eq!(envelope.data.unwrap().get(), body);
}

#[tokio::test]
async fn a_body_is_accepted_plain_or_base64_with_any_or_no_content_type() {
    let world = World::new().await;
    let path = "/tencent-vod/token/first-path-token";
    let mut ids = Vec::new();
    for headers in [
        vec![],
        vec![("content-type", "application/octet-stream".to_owned())],
        vec![("content-type", "text/plain".to_owned())],
    ] {
        ids.push(id(&world.post_with(path, &headers, PULL_COMPLETE).await));
    }
    ids.dedup();
    assert_eq!(ids.len(), 1);
}

#[tokio::test]
async fn a_repeated_event_is_200_with_the_same_id_and_queued_once() {
    let world = World::new().await;
    let first = world
        .post("/tencent-vod/signed", sign_tencent(PULL_COMPLETE, "CurrentSignKey1", now_s() + 600))
        .await;
    let again = world
        .post("/tencent-vod/signed", sign_tencent(PULL_COMPLETE, "PreviousSignKey0", now_s() + 700))
        .await;
    assert_eq!(id(&first), id(&again));
    assert_eq!(world.queued().await.len(), 1);
}

#[tokio::test]
async fn an_event_too_large_for_the_queue_is_200_with_its_data_in_the_bucket() {
    let world = World::new().await;
    let body =
        json!({ "EventType": "PullComplete", "PullCompleteEvent": { "Message": "x".repeat(1024 * 1024) } });
    let id = id(&world.post("/tencent-vod/open", body.to_string()).await);
    let envelope = world.queued().await.remove(0);
    assert_eq!(envelope.id, id);
    assert!(envelope.data.is_none());
    let dataref = envelope.dataref.clone().unwrap();
    assert!(dataref.starts_with(&format!("s3://{BUCKET}/payload/tencent-vod/open/2")), "{dataref}");
    assert!(dataref.ends_with(&format!("/{id}.json")), "{dataref}");

    let data = claim_check::fetch(&envelope, &world.cloud.bucket()).await.unwrap();
    assert_eq!(data.unwrap().get(), body.to_string());
}

#[tokio::test]
async fn an_event_too_large_for_the_queue_is_200_and_spilled_if_the_bucket_is_slow() {
    let world = World::new().await;
    world
        .cloud
        .s3_faults(|call| if call < RETRY_POLICY.attempts as usize { Fault::Error } else { Fault::None });
    let body =
        json!({ "EventType": "X", "XEvent": { "TaskId": "1", "Text": "x".repeat(1024 * 1024) } }).to_string();
    let id = id(&world.post("/tencent-vod/open", body.as_str()).await);
    let (key, object) = world.cloud.objects("").await.remove(0);
    assert!(key.starts_with("spill/tencent-vod/open/") && key.ends_with(&format!("-{id}.json")), "{key}");
    assert_eq!(envelope::parse(&object).unwrap().data.unwrap().get(), body);
}

#[tokio::test]
async fn with_the_queue_down_a_callback_is_200_and_spilled() {
    let world = World::new().await;
    for fault in
        [Fault::Error, Fault::Throttle, Fault::Reset, Fault::Hang, Fault::Slow(Duration::from_secs(3))]
    {
        world.cloud.sqs_faults(move |_| fault);
        let body = PULL_COMPLETE.replace("125-Pull-1", &format!("{fault:?}"));
        let started = Instant::now();
        let id = id(&world.post("/tencent-vod/open", body.as_str()).await);
        assert!(started.elapsed() < Duration::from_millis(2_500), "{fault:?}: {:?}", started.elapsed());
        let spill = world.cloud.objects("spill/tencent-vod/open/").await;
        let (_, object) = spill.iter().find(|(key, _)| key.ends_with(&format!("-{id}.json"))).unwrap();
        assert_eq!(envelope::parse(object).unwrap().data.unwrap().get(), body);
    }
    world.cloud.sqs_faults(|_| Fault::None);
    assert_eq!(world.queued().await.len(), 0);
}

/// Otherwise each callback of an outage would wait for the queue, and most would be answered 429 by Lambda.
#[tokio::test]
async fn a_queue_that_keeps_failing_is_skipped_and_retried_later() {
    let world = World::new().await;
    world.cloud.sqs_faults(|_| Fault::Hang);
    let post = async |number: usize| {
        let started = Instant::now();
        let body = PULL_COMPLETE.replace("125-Pull-1", &format!("skipped-{number}"));
        let id = id(&world.post("/tencent-vod/open", body).await);
        (id, started.elapsed())
    };
    let mut ids = Vec::new();
    for number in 0..3 {
        ids.push(post(number).await.0);
    }
    let calls = world.cloud.calls()[0];
    for number in 3..8 {
        let (id, took) = post(number).await;
        assert!(took < Duration::from_millis(500), "{took:?}");
        ids.push(id);
    }
    assert_eq!(world.cloud.calls()[0], calls, "the queue is skipped");
    let spilled = world.cloud.objects("spill/tencent-vod/open/").await;
    assert!(ids.iter().all(|id| spilled.iter().any(|(key, _)| key.ends_with(&format!("{id}.json")))));

    world.cloud.s3_faults(|_| Fault::Error);
    world.cloud.sqs_faults(|_| Fault::None);
    let (while_open, _) = post(8).await;
    assert_eq!(
        world.queued().await.remove(0).id,
        while_open,
        "the bucket fails: the queue is tried after all"
    );
    world.cloud.s3_faults(|_| Fault::None);
    let (closed, _) = post(9).await;
    assert_eq!(world.queued().await.remove(0).id, closed);
}

#[tokio::test]
async fn one_failed_queue_call_is_retried_and_nothing_is_spilled() {
    let world = World::new().await;
    for fault in [Fault::Error, Fault::Throttle, Fault::Reset, Fault::Hang] {
        world.cloud.sqs_faults(move |call| if call == 0 { fault } else { Fault::None });
        let body = PULL_COMPLETE.replace("125-Pull-1", &format!("{fault:?}"));
        let id = id(&world.post("/tencent-vod/open", body).await);
        assert_eq!(world.cloud.calls()[0], 2, "{fault:?}");
        assert_eq!(world.queued().await.remove(0).id, id);
    }
    assert_eq!(world.cloud.objects("").await, []);
}

#[tokio::test]
async fn with_queue_and_bucket_down_a_callback_is_503_in_time() {
    let world = World::new().await;
    for fault in [Fault::Error, Fault::Hang] {
        world.cloud.sqs_faults(move |_| fault);
        world.cloud.s3_faults(move |_| fault);
        let large = json!({ "EventType": "X", "XEvent": "x".repeat(1024 * 1024) }).to_string();
        for body in [PULL_COMPLETE, &large, "[]"] {
            let started = Instant::now();
            assert_problem(&world.post("/tencent-vod/open", body).await, 503);
            assert!(started.elapsed() < Duration::from_millis(2_500), "{fault:?}: {:?}", started.elapsed());
        }
    }
    world.cloud.sqs_faults(|_| Fault::None);
    world.cloud.s3_faults(|_| Fault::None);
    world.assert_nothing_kept().await;
    id(&world.post("/tencent-vod/open", PULL_COMPLETE).await);
}

#[tokio::test]
async fn a_body_without_an_event_is_400_and_kept_in_rejected() {
    let world = World::new().await;
    let path = "/tencent-vod/token/first-path-token";
    let deep = format!(r#"{{"EventType":"X","XEvent":{}{}}}"#, "[".repeat(128), "]".repeat(128));
    let latin1 = b"{\"EventType\":\"\xe9\"}";
    let bodies = ["", "not JSON", "[]", "{}", "null", r#"{"EventType":null}"#, &deep];
    for body in bodies {
        assert_problem(&world.post(path, body).await, 400);
        assert_problem(&world.post("/alibaba-ims/token/first-path-token", body).await, 400);
    }
    assert_problem(&http::send(world.url, "POST", path, &[], &latin1[..]).await, 400);
    assert_eq!(world.queued().await.len(), 0);

    let kept = world.cloud.objects("rejected/tencent-vod/token/").await;
    assert_eq!(kept.len(), 2 * (bodies.len() + 1), "each body, and beside it why");
    for body in bodies {
        let (key, _) = kept.iter().find(|(key, object)| object == body && !key.ends_with(".json")).unwrap();
        let (_, why) = kept.iter().find(|(other, _)| *other == format!("{key}.json")).unwrap();
        let why: Value = serde_json::from_str(why).unwrap();
        assert_eq!(why["source"], "tencent-vod/token");
        assert_eq!(why["bytes"], body.len());
        assert_eq!(why["body"], format!("s3://{BUCKET}/{key}"));
        assert!(why["reason"].as_str().unwrap().starts_with("the body "), "{why}");
    }

    let nearly = format!(r#"{{"EventType":"X","XEvent":{}{}}}"#, "[".repeat(127), "]".repeat(127));
    id(&world.post(path, nearly).await);
}

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
