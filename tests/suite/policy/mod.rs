//! The table of answers, row by row, through the real HTTP path: a function URL in front, an SQS behind.

mod front;
mod unauthorized;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mediahook::aws::sqs::SqsQueue;
use mediahook::events::CloudEvent;
use mediahook::ingest::claim_check;
use mediahook::ingest::envelope;
use mediahook::lambda::invocation::Invocation;
use mediahook::receive::Receiver;
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
