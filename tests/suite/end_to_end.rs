//! The real binaries, each behind a Runtime API, with a queue between them that speaks SQS's wire protocol.

use std::path::{Path, PathBuf};

use aws_lambda_events::sqs::SqsBatchResponse;
use serde_json::{Value, json};

use crate::policy::{PRODUCED, PULL_COMPLETE, SOURCES, now_s};
use mediahook_testing::cloud::{BUCKET, Cloud, Fault};
use mediahook_testing::event_source_mapping::{self as mapping, Mapping};
use mediahook_testing::function_url::{self, DOMAIN};
use mediahook_testing::runtime_api::Function;
use mediahook_testing::signing::{sign_alibaba, sign_tencent};

/// The receiver that was built with the tests, or another build of it: `MEDIAHOOK_RECEIVER=target/release/receiver`.
pub(crate) fn receiver_binary() -> PathBuf {
    another_receiver().unwrap_or_else(|| env!("CARGO_BIN_EXE_receiver").into())
}

pub(crate) fn another_receiver() -> Option<PathBuf> {
    let path = std::env::var_os("MEDIAHOOK_RECEIVER")?;
    Some(Path::new(env!("CARGO_MANIFEST_DIR")).join(path))
}

const PROCESSOR: &str = env!("CARGO_BIN_EXE_processor");

pub(crate) fn receiver_variables(cloud: &Cloud, queue_url: &str) -> Vec<(&'static str, String)> {
    let mut variables = cloud.variables();
    variables.push(("MEDIAHOOK_SOURCES", SOURCES.to_owned()));
    variables.push(("MEDIAHOOK_QUEUE_URL", queue_url.to_owned()));
    variables.push(("MEDIAHOOK_BUCKET", BUCKET.to_owned()));
    variables.push(("AWS_LAMBDA_LOG_LEVEL", "TRACE".to_owned()));
    variables
}

pub(crate) fn post(path: &str, headers: &Value, body: &str) -> Value {
    function_url::event("POST", path, "", headers, (body.to_owned(), false))
}

pub(crate) fn tencent(body: &str) -> Value {
    post("/tencent-vod/signed", &json!({}), &sign_tencent(body, "CurrentSignKey1", now_s() + 600))
}

fn alibaba(body: &str) -> Value {
    let url = format!("https://{DOMAIN}/alibaba-ims/derived");
    let headers = sign_alibaba(&url, "CurrentAuthKey1", now_s())
        .into_iter()
        .map(|(n, v)| (n.to_owned(), Value::from(v)));
    post("/alibaba-ims/derived", &headers.collect(), body)
}

async fn invoke_processor(
    processor: &mut Function,
    messages: &[aws_sdk_sqs::types::Message],
) -> SqsBatchResponse {
    let response = processor.invoke(mapping::invocation(messages)).await.unwrap();
    serde_json::from_value(response).unwrap()
}

#[tokio::test]
async fn a_callback_travels_from_the_url_to_the_handler() {
    let cloud = Cloud::start().await;
    cloud.table().create().await;
    let (queue_url, dead_letter_url) = cloud.queues(5, 30).await;
    let mut receiver = Function::start(receiver_binary(), &receiver_variables(&cloud, &queue_url)).await;
    for event in [tencent(PULL_COMPLETE), alibaba(PRODUCED), tencent(PULL_COMPLETE)] {
        let answer = receiver.invoke(event).await.unwrap();
        assert_eq!(answer["statusCode"], 200, "{answer}");
        assert_eq!(answer["isBase64Encoded"], false);
        assert_eq!(answer["headers"]["content-type"], "application/json");
    }

    let queue = Mapping::new(cloud.sqs(), &queue_url);
    let messages = queue.receive().await;
    assert_eq!(messages.len(), 2, "the repeated event is in the queue once");
    let mut processor = Function::start(PROCESSOR, &cloud.processor_variables(&dead_letter_url)).await;
    assert_eq!(invoke_processor(&mut processor, &messages).await.batch_item_failures.len(), 0);

    let events: Vec<Value> = cloud
        .bus()
        .events()
        .iter()
        .map(|entry| serde_json::from_str(entry["Detail"].as_str().unwrap()).unwrap())
        .collect();
    assert_eq!(events.len(), 2);
    assert_eq!(events[0]["type"], "com.tencentcloud.vod.PullComplete");
    assert_eq!(events[0]["subject"], "1450807");
    assert_eq!(events[1]["type"], "com.alibabacloud.ims.ProduceMediaComplete");
    assert_eq!(events[1]["time"], "2026-11-22T05:50:25Z");
}

/// Whole batches, as an event source mapping hands them over: it never splits what it has received of a group, and every
/// record that is reported failed has one receive more the next time, tried or not.
#[tokio::test]
async fn a_bad_record_fails_alone_and_ends_in_the_dead_letter_queue() {
    let cloud = Cloud::start().await;
    cloud.table().create().await;
    let (queue_url, dead_letter_url) = cloud.queues(2, 0).await;
    let mut receiver = Function::start(receiver_binary(), &receiver_variables(&cloud, &queue_url)).await;
    let send = |body: &str| {
        cloud
            .sqs()
            .send_message()
            .queue_url(&queue_url)
            .message_body(body)
            .message_group_id("tencent-vod/signed/1450807")
            .message_deduplication_id(body)
            .send()
    };
    send("not an envelope").await.unwrap();
    assert_eq!(receiver.invoke(tencent(PULL_COMPLETE)).await.unwrap()["statusCode"], 200);
    assert_eq!(receiver.invoke(alibaba(PRODUCED)).await.unwrap()["statusCode"], 200);

    let queue = Mapping::new(cloud.sqs(), &queue_url);
    let mut variables = cloud.processor_variables(&dead_letter_url);
    variables.push(("MEDIAHOOK_MAX_RECEIVE_COUNT", "2".to_owned()));
    let mut processor = Function::start(PROCESSOR, &variables).await;
    // The dead-letter queue cannot be reached at first, so that the bad record fails like any other.
    let messages = queue.receive().await;
    cloud.sqs_faults(|_| Fault::Error);
    let response = invoke_processor(&mut processor, &messages).await;
    cloud.sqs_faults(|_| Fault::None);
    let failed: Vec<_> = response.batch_item_failures.iter().map(|f| f.item_identifier.as_str()).collect();
    let ids: Vec<_> = messages.iter().map(|m| m.message_id().unwrap()).collect();
    assert_eq!(failed, ids[..2], "the bad one, and the one behind it in its group");
    queue.settle(&messages, &response).await;

    let messages = queue.receive().await;
    assert_eq!(messages.len(), 2);
    let response = invoke_processor(&mut processor, &messages).await;
    assert_eq!(
        response.batch_item_failures.len(),
        0,
        "it is in the dead-letter queue, and the one behind it processed"
    );
    queue.settle(&messages, &response).await;
    assert_eq!(queue.receive().await.len(), 0);
    let dead = Mapping::new(cloud.sqs(), &dead_letter_url).receive().await;
    assert_eq!(dead.iter().map(|m| m.body().unwrap()).collect::<Vec<_>>(), ["not an envelope"]);

    let log = processor.stop().await;
    assert!(log.contains("not an envelope: cannot be read at line 1, column 2"), "{log}");
    assert_eq!(cloud.bus().ids().len(), 2, "{log}");
}

#[tokio::test]
async fn odd_invocations_neither_end_the_process_nor_the_next_callback() {
    let cloud = Cloud::start().await;
    let (queue_url, _) = cloud.queues(5, 30).await;
    let mut receiver = Function::start(receiver_binary(), &receiver_variables(&cloud, &queue_url)).await;
    let event = |path, query, body: (&str, bool)| {
        function_url::event("POST", path, query, &json!({}), (body.0.to_owned(), body.1))
    };
    for odd in [
        event("/\"<>\u{1}", "", ("", false)),
        event("/tencent-vod/open", "\"<>", ("{}", false)),
        event("/tencent-vod/open", "", ("not base64!", true)),
    ] {
        assert_eq!(receiver.invoke(odd).await.unwrap()["statusCode"], 400);
    }
    assert_eq!(receiver.invoke(tencent(PULL_COMPLETE)).await.unwrap()["statusCode"], 200);
    let log = receiver.stop().await;
    assert!(log.contains(r#""Reason":"Malformed""#) && !log.contains("not base64!"), "{log}");
    assert!(!log.contains("panicked"), "a stranger writes no lines of his own: {log}");
}

/// At the most talkative level there is.
#[tokio::test]
async fn no_secret_and_no_payload_shows_in_the_log() {
    let cloud = Cloud::start().await;
    cloud.table().create().await;
    let (queue_url, dead_letter_url) = cloud.queues(5, 30).await;
    let mut receiver = Function::start(receiver_binary(), &receiver_variables(&cloud, &queue_url)).await;
    let marked = r#"{"EventType":"PullComplete","PullCompleteEvent":{"TaskId":"t","Name":"PayloadMark"}}"#;
    let forged = sign_tencent(marked, "ForgedSignKey", now_s() + 600);
    let signed = sign_tencent(marked, "CurrentSignKey1", now_s() + 600);
    let signature: String = signed.split("\"Sign\":\"").nth(1).unwrap().chars().take(32).collect();
    for (event, status) in [
        (post("/tencent-vod/signed", &json!({}), &signed), 200),
        (post("/tencent-vod/signed", &json!({}), &forged), 401),
        (post("/tencent-vod/token/first-path-token", &json!({}), marked), 200),
        (post("/tencent-vod/token/wrong-path-token", &json!({}), marked), 401),
        (post("/tencent-vod/token/first-path-token", &json!({}), "[\"PayloadMark\"]"), 400),
        (post("/tencent-vod/token/first-path-token", &json!({}), "PayloadMark"), 400),
        (alibaba(PRODUCED), 200),
    ] {
        assert_eq!(receiver.invoke(event).await.unwrap()["statusCode"], status);
    }
    let messages = Mapping::new(cloud.sqs(), &queue_url).receive().await;
    let mut variables = cloud.processor_variables(&dead_letter_url);
    variables.push(("AWS_LAMBDA_LOG_LEVEL", "TRACE".to_owned()));
    let mut processor = Function::start(PROCESSOR, &variables).await;
    invoke_processor(&mut processor, &messages).await;

    let log = receiver.stop().await + &processor.stop().await;
    assert!(log.contains("authentic, but no event") && log.contains("SignatureWrong"), "{log}");
    for hidden in [
        "SignKey",
        "AuthKey",
        "PullSecretKey",
        "AKIDPULL",
        "path-token",
        "example-secret-access-key",
        "PayloadMark",
        &signature,
    ] {
        assert!(!log.contains(hidden), "{hidden} shows in {log}");
    }
}

#[tokio::test]
async fn a_mistake_in_the_environment_stops_the_start_and_is_named() {
    let cloud = Cloud::start().await;
    let good = receiver_variables(&cloud, "http://127.0.0.1:9/callbacks.fifo");
    for (name, value, expected) in [
        ("MEDIAHOOK_SOURCES", "", "neither MEDIAHOOK_SOURCES nor MEDIAHOOK_SOURCES_SECRET is set"),
        (
            "MEDIAHOOK_SOURCES_SECRET",
            "mediahook/sources",
            "MEDIAHOOK_SOURCES: set it or MEDIAHOOK_SOURCES_SECRET, not both",
        ),
        ("MEDIAHOOK_BUCKET", "", "MEDIAHOOK_BUCKET is not set"),
        (
            "MEDIAHOOK_SOURCES",
            r#"{"tencent-vod/a":{"sign_keys":["S3cret",7]}}"#,
            "tencent-vod/a: sign_keys[1]: unknown or wrong",
        ),
        ("MEDIAHOOK_QUEUE_URL", "callbacks", "MEDIAHOOK_QUEUE_URL: expected a URL"),
        (
            "MEDIAHOOK_ORIGIN_SECRETS",
            "S3cret0123456789abcdefghijABCDEFGHIJ,S3cret",
            "MEDIAHOOK_ORIGIN_SECRETS: expected secrets of at least 32 letters and digits",
        ),
        ("MEDIAHOOK_ORIGIN_SECRETS", "", "MEDIAHOOK_ORIGIN_SECRETS: expected secrets"),
        ("AWS_REGION", "", "AWS_REGION is not set"),
        ("AWS_ACCESS_KEY_ID", "", "AWS_ACCESS_KEY_ID is not set"),
    ] {
        let mut variables = good.clone();
        variables.push((name, value.to_owned()));
        let (content, log) = Function::start(receiver_binary(), &variables).await.wait().await;
        assert!(!content, "{name}");
        assert!(log.contains("cannot start") && log.contains(expected), "{name}: {log}");
        assert!(!log.contains("S3cret"), "{log}");
    }
}
