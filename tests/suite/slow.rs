//! The real receiver while the secret, the queue or the bucket is slow: nothing authentic is lost, and what is lost is
//! named.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::end_to_end::{post, receiver_binary, receiver_variables, tencent};
use crate::policy::{PULL_COMPLETE, SOURCES, now_s};
use crate::telemetry::wide_events;
use mediahook_testing::cloud::{Cloud, Fault, SECRET};
use mediahook_testing::event_source_mapping::Mapping;
use mediahook_testing::function_url;
use mediahook_testing::runtime_api::Function;
use mediahook_testing::signing::sign_tencent;

/// An AWS with the sources in its secret, and a receiver's variables for it.
struct Setup {
    cloud: Cloud,
    queue: Mapping,
    variables: Vec<(&'static str, String)>,
}

impl Setup {
    async fn with_secret() -> Self {
        let mut setup = Self::with_variable().await;
        setup.cloud.put_secret(SOURCES).await;
        setup.variables.retain(|(name, _)| *name != "MEDIAHOOK_SOURCES");
        setup.variables.push(("MEDIAHOOK_SOURCES_SECRET", SECRET.to_owned()));
        setup
    }

    async fn with_variable() -> Self {
        let cloud = Cloud::start().await;
        let (queue_url, _) = cloud.queues(5, 300).await;
        let variables = receiver_variables(&cloud, &queue_url);
        Self { queue: Mapping::new(cloud.sqs(), &queue_url), cloud, variables }
    }

    async fn receiver(&self) -> Function {
        Function::start(receiver_binary(), &self.variables).await
    }

    async fn queued(&self) -> usize {
        self.queue.receive().await.len()
    }
}

async fn status(receiver: &mut Function, event: Value) -> u64 {
    receiver.invoke(event).await.unwrap()["statusCode"].as_u64().unwrap()
}

fn signed(path: &str, body: &str, key: &str) -> Value {
    post(path, &json!({}), &sign_tencent(body, key, now_s() + 600))
}

fn slow(ms: u64) -> Fault {
    Fault::Slow(Duration::from_millis(ms))
}

#[tokio::test]
async fn a_slow_secret_loses_no_callback_of_a_cold_environment() {
    for ms in [600, 800, 1_200] {
        let setup = Setup::with_secret().await;
        setup.cloud.secrets_faults(move |_| slow(ms));
        let mut receiver = setup.receiver().await;
        assert_eq!(status(&mut receiver, tencent(PULL_COMPLETE)).await, 200, "{ms} ms");
        assert_eq!(setup.queued().await, 1, "{ms} ms");
    }
}

#[tokio::test]
async fn with_a_slow_secret_a_rotated_key_is_accepted() {
    for ms in [600, 800, 1_200] {
        let setup = Setup::with_secret().await;
        let mut receiver = setup.receiver().await;
        assert_eq!(status(&mut receiver, tencent(PULL_COMPLETE)).await, 200);
        setup.cloud.put_secret(&SOURCES.replace("CurrentSignKey1", "RotatedSignKey2")).await;
        setup.cloud.secrets_faults(move |_| slow(ms));
        let rotated = signed("/tencent-vod/signed", PULL_COMPLETE, "RotatedSignKey2");
        assert_eq!(status(&mut receiver, rotated).await, 200, "{ms} ms");
    }
}

/// IAM takes seconds to apply a change of a role.
#[tokio::test]
async fn a_secret_that_may_not_be_read_yet_does_not_end_the_process() {
    let setup = Setup::with_secret().await;
    setup.cloud.secrets_faults(|_| Fault::Denied);
    let mut receiver = setup.receiver().await;
    assert_eq!(status(&mut receiver, tencent(PULL_COMPLETE)).await, 503);
    setup.cloud.secrets_faults(|_| Fault::None);
    assert_eq!(status(&mut receiver, tencent(PULL_COMPLETE)).await, 200);
}

/// Whatever is slow, each callback is in the queue, in the spill, or in the log.
#[tokio::test]
async fn with_a_slow_secret_queue_and_bucket_still_have_a_turn() {
    for queue in [Fault::None, slow(400), Fault::Hang] {
        for bucket in [Fault::None, slow(400), Fault::Hang] {
            let setup = Setup::with_secret().await;
            setup.cloud.secrets_faults(|_| slow(1_200));
            setup.cloud.sqs_faults(move |_| queue);
            setup.cloud.s3_faults(move |_| bucket);
            let place = match (queue, bucket) {
                (Fault::Hang, Fault::Hang) => "lost",
                (Fault::Hang, _) => "spill",
                _ => "queue",
            };
            let mut receiver = setup.receiver().await;
            let started = Instant::now();
            let status = status(&mut receiver, tencent(PULL_COMPLETE)).await;
            let took = started.elapsed();
            let log = receiver.stop().await;
            assert_eq!(
                status,
                if place == "lost" { 503 } else { 200 },
                "{queue:?} {bucket:?} {took:?}: {log}"
            );
            assert!(took < Duration::from_secs(3), "{queue:?} {bucket:?} {took:?}");
            setup.cloud.sqs_faults(|_| Fault::None);
            setup.cloud.s3_faults(|_| Fault::None);
            assert_eq!(setup.queued().await, usize::from(place == "queue"), "{queue:?} {bucket:?}");
            assert_eq!(setup.cloud.objects("spill/").await.len(), usize::from(place == "spill"));
            assert_eq!(log.contains(r#""lost":true"#), place == "lost", "{log}");
        }
    }
}

/// A process that stood still, or a large body on little CPU: a late 200 is better than a 503.
#[tokio::test]
async fn without_time_left_queue_and_bucket_get_an_attempt_each() {
    for (queue, place) in [(slow(200), "queue"), (Fault::Error, "spill"), (Fault::Hang, "spill")] {
        let setup = Setup::with_variable().await;
        let no_time = Duration::from_millis(100);
        let mut receiver = Function::start_with_timeout(receiver_binary(), &setup.variables, no_time).await;
        receiver.asked_for(1).await;
        setup.cloud.sqs_faults(move |_| queue);
        setup.cloud.s3_faults(|_| slow(200));
        assert_eq!(status(&mut receiver, tencent(PULL_COMPLETE)).await, 200, "{queue:?}");
        setup.cloud.sqs_faults(|_| Fault::None);
        setup.cloud.s3_faults(|_| Fault::None);
        assert_eq!(setup.queued().await, usize::from(place == "queue"));
        assert_eq!(setup.cloud.objects("spill/").await.len(), usize::from(place == "spill"));
    }
}

/// A source that was renamed or removed, or a typing error at the sender.
#[tokio::test]
async fn a_callback_to_an_unknown_source_is_not_the_noise_of_scanners() {
    let setup = Setup::with_variable().await;
    let mut receiver = setup.receiver().await;
    for (path, status_expected) in [("/tencent-vod/main", 404), ("/tencent-vod", 404), ("/wp-login.php", 404)]
    {
        let event = signed(path, PULL_COMPLETE, "CurrentSignKey1");
        assert_eq!(status(&mut receiver, event).await, status_expected);
    }
    let lines = wide_events(&receiver.stop().await);
    let reasons: Vec<_> = lines.iter().map(|line| line["Reason"].as_str().unwrap()).collect();
    assert_eq!(reasons, ["UnknownSource", "UnknownSource", "UnknownPath"]);
    let of_a_sender: Vec<_> = lines.iter().map(|line| line["UnauthorizedSender"] == 1).collect();
    assert_eq!(of_a_sender, [true, true, false]);
}

/// What one gets by joining the function URL and the path.
#[tokio::test]
async fn a_doubled_slash_reaches_the_source() {
    let setup = Setup::with_variable().await;
    let mut receiver = setup.receiver().await;
    let event = signed("//tencent-vod/signed", PULL_COMPLETE, "CurrentSignKey1");
    assert_eq!(status(&mut receiver, event).await, 200);
}

#[tokio::test]
async fn an_odd_part_that_nothing_needs_does_not_matter() {
    let setup = Setup::with_variable().await;
    let mut receiver = setup.receiver().await;
    let body = sign_tencent(PULL_COMPLETE, "CurrentSignKey1", now_s() + 600);
    for query in ["a=\"", "a=b c", "a=\u{1}", "a=é", "<>"] {
        let event =
            function_url::event("POST", "/tencent-vod/signed", query, &json!({}), (body.clone(), false));
        assert_eq!(status(&mut receiver, event).await, 200, "{query}");
    }
    for headers in [json!({ "x-odd": "a\u{1}b" }), json!({ "x odd": "a" }), json!({ "": "" }), Value::Null] {
        let event = function_url::event("POST", "/tencent-vod/signed", "", &headers, (body.clone(), false));
        assert_eq!(status(&mut receiver, event).await, 200, "{headers}");
    }
    let mut event = tencent(PULL_COMPLETE);
    event["isBase64Encoded"] = Value::Null;
    assert_eq!(status(&mut receiver, event).await, 200);
}

/// Each of these invokers deletes what it sent if the invocation succeeds.
#[tokio::test]
async fn an_invocation_that_is_no_request_fails() {
    let setup = Setup::with_variable().await;
    let mut receiver = setup.receiver().await;
    for event in [
        json!([{ "messageId": "1", "body": "{}", "eventSource": "aws:sqs" }]),
        json!({ "Records": [{ "messageId": "1", "body": "{}" }] }),
        json!({ "eventSource": "aws:kafka", "records": { "topic-0": [{ "value": "e30=" }] } }),
        json!({ "eventSource": "aws:mq", "messages": [{ "data": "e30=" }] }),
        json!({ "version": "0", "detail-type": "Scheduled Event", "source": "aws.scheduler", "detail": {} }),
        json!({}),
        json!("text"),
        Value::Null,
    ] {
        let error = receiver.invoke(event.clone()).await.expect_err(&event.to_string());
        assert_eq!(error["errorType"], "NotARequest", "{event}");
    }
    assert_eq!(status(&mut receiver, tencent(PULL_COMPLETE)).await, 200);
}

/// An older queue takes 256 KiB. If it does not say so at start, it is asked again.
#[tokio::test]
async fn the_queues_limit_is_asked_for_until_it_is_known() {
    let setup = Setup::with_variable().await;
    setup.cloud.sqs_faults(|call| if call < 2 { Fault::Hang } else { Fault::None });
    let mut receiver = setup.receiver().await;
    receiver.asked_for(1).await;
    setup.cloud.sqs_faults(|_| Fault::None);
    assert_eq!(status(&mut receiver, tencent(PULL_COMPLETE)).await, 200);
    receiver.asked_for(2).await;
    assert_eq!(setup.cloud.calls()[0], 2, "the event, and the question for the limit");
    let large = PULL_COMPLETE.replacen('{', &format!(r#"{{"Note":"{}","#, "x".repeat(300 * 1024)), 1);
    assert_eq!(status(&mut receiver, tencent(&large)).await, 200);
    assert_eq!(setup.cloud.objects("payload/").await.len(), 1);
    assert_eq!(setup.cloud.objects("spill/").await.len(), 0);
}

/// From the spill it could not get into the queue either.
#[tokio::test]
async fn what_the_queue_refuses_by_content_is_queued_as_a_reference() {
    let setup = Setup::with_variable().await;
    let mut receiver = setup.receiver().await;
    receiver.asked_for(1).await;
    let refused = Fault::Code("InvalidMessageContents");
    setup.cloud.sqs_faults(move |call| if call == 0 { refused } else { Fault::None });
    assert_eq!(status(&mut receiver, tencent(PULL_COMPLETE)).await, 200);
    assert_eq!(setup.queued().await, 1);
    assert_eq!(setup.cloud.objects("payload/").await.len(), 1);
    assert_eq!(setup.cloud.objects("spill/").await.len(), 0);
}

#[tokio::test]
async fn what_the_queue_refuses_by_content_does_not_open_the_circuit_breaker() {
    let setup = Setup::with_variable().await;
    let mut receiver = setup.receiver().await;
    receiver.asked_for(1).await;
    setup.cloud.sqs_faults(|_| Fault::Code("InvalidMessageContents"));
    for number in 0..5 {
        let event = tencent(&PULL_COMPLETE.replace("1450807", &number.to_string()));
        assert_eq!(status(&mut receiver, event).await, 200);
    }
    setup.cloud.sqs_faults(|_| Fault::None);
    assert_eq!(status(&mut receiver, tencent(PULL_COMPLETE)).await, 200);
    assert_eq!(setup.cloud.calls()[0], 1, "the queue was not skipped");
}
