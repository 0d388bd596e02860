//! `doctor`: a stack that is whole is ok, and each planted mistake is named with what fixes it.

use aws_sdk_dynamodb::types::TimeToLiveSpecification;
use aws_sdk_s3::types::{BucketVersioningStatus, PublicAccessBlockConfiguration, VersioningConfiguration};
use aws_sdk_sqs::types::QueueAttributeName as Attribute;
use mediahook_testing::cloud::{BUCKET, SECRET};
use mediahook_testing::senders_api::{ACCESS_KEY_ID, ACCESS_KEY_SECRET, SendersApi};
use mediahook_testing::table_and_bus::TABLE;
use mediahook_testing::tencent_vod::{SECRET_ID, SECRET_KEY};
use serde_json::{Value, json};

use crate::receiver;
use crate::stack::Stack;

const QUEUE_ARN: &str = "arn:aws:sqs:us-east-1:123456789012:callbacks.fifo";
const BUS: &str = "arn:aws:events:us-east-1:123456789012:event-bus/mediahook";
const MAPPINGS: &str = "/2015-03-31/event-source-mappings";

/// A stack in which everything is as the template makes it.
async fn whole() -> Stack {
    let stack = Stack::start().await;
    stack.output("EventBusArn", BUS);
    receiver::start(&stack).await;
    set_queue(&stack, Attribute::MaximumMessageSize, "1048576").await;
    set_queue(&stack, Attribute::MessageRetentionPeriod, "1209600").await;
    bucket(&stack).await;
    stack.cloud.table().create().await;
    ttl(&stack, true).await;
    let both = json!({ "MEDIAHOOK_BUCKET": BUCKET, "MEDIAHOOK_QUEUE_URL": stack.queue_url, "MEDIAHOOK_SOURCES_SECRET": SECRET });
    let processor = json!({
        "MEDIAHOOK_BUCKET": BUCKET, "MEDIAHOOK_TABLE": TABLE, "MEDIAHOOK_MAX_RECEIVE_COUNT": "5",
        "MEDIAHOOK_DEAD_LETTER_QUEUE_URL": stack.dead_letter_queue_url
    });
    for (name, variables) in [("receiver", both.clone()), ("puller", both), ("processor", processor)] {
        let configuration = json!({ "FunctionName": name, "Timeout": 30, "State": "Active", "Environment": { "Variables": variables } });
        answer(&stack, &format!("/2015-03-31/functions/{name}/configuration"), configuration);
        answer(&stack, &format!("/2019-09-30/functions/{name}/concurrency"), json!({}));
    }
    answer(
        &stack,
        "/2019-09-30/functions/receiver/concurrency",
        json!({ "ReservedConcurrentExecutions": 50 }),
    );
    answer(
        &stack,
        "/2016-08-19/account-settings",
        json!({ "AccountLimit": { "ConcurrentExecutions": 1000 } }),
    );
    answer(&stack, MAPPINGS, mapping("Enabled", &["ReportBatchItemFailures"]));
    stack.put_alarm("mediahook-Lost", "arn:aws:sns:us-east-1:123456789012:alarms").await;
    stack
}

fn answer(stack: &Stack, path: &str, body: Value) {
    stack.aside.lambda.lock().unwrap().insert(path.to_owned(), body);
}

fn mapping(state: &str, types: &[&str]) -> Value {
    json!({ "EventSourceMappings": [{
        "UUID": "0f64c6e8", "EventSourceArn": QUEUE_ARN, "State": state, "FunctionResponseTypes": types,
        "ScalingConfig": { "MaximumConcurrency": 10 }
    }] })
}

async fn set_queue(stack: &Stack, attribute: Attribute, value: &str) {
    let set =
        stack.cloud.sqs().set_queue_attributes().queue_url(&stack.queue_url).attributes(attribute, value);
    set.send().await.unwrap();
}

async fn bucket(stack: &Stack) {
    let s3 = aws_sdk_s3::Client::from_conf(
        aws_sdk_s3::config::Builder::from(&stack.config()).force_path_style(true).build(),
    );
    let blocks = PublicAccessBlockConfiguration::builder()
        .block_public_acls(true)
        .ignore_public_acls(true)
        .block_public_policy(true)
        .restrict_public_buckets(true)
        .build();
    s3.put_public_access_block()
        .bucket(BUCKET)
        .public_access_block_configuration(blocks)
        .send()
        .await
        .unwrap();
    let on = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
    s3.put_bucket_versioning().bucket(BUCKET).versioning_configuration(on).send().await.unwrap();
}

async fn ttl(stack: &Stack, enabled: bool) {
    let client = aws_sdk_dynamodb::Client::new(&stack.config());
    let ttl =
        TimeToLiveSpecification::builder().enabled(enabled).attribute_name("expiresat").build().unwrap();
    client.update_time_to_live().table_name(TABLE).time_to_live_specification(ttl).send().await.unwrap();
}

/// The checks that are not ok, each with its status.
async fn complaints(stack: &Stack, more: &[&str]) -> Vec<String> {
    let ran = stack.run(&[&["doctor", "--json"], more].concat()).await;
    let lines = ran.json();
    let of = |line: &Value| {
        format!(
            "{}: {}: {}",
            line["status"].as_str().unwrap_or_default(),
            line["check"].as_str().unwrap_or_default(),
            line["found"]
        )
    };
    let complaints: Vec<_> =
        lines.iter().filter(|line| line["check"].is_string() && line["status"] != "ok").map(of).collect();
    let has = |status: &str| complaints.iter().any(|text| text.starts_with(status));
    let expected = if has("fail") {
        1
    } else if has("unknown") {
        3
    } else {
        0
    };
    assert_eq!(ran.code, expected, "{ran:#?}");
    complaints
}

#[tokio::test]
async fn a_stack_that_is_whole_is_ok() {
    let stack = whole().await;
    let complaints = complaints(&stack, &["--no-senders"]).await;
    // The embedded bucket has no lifecycle.
    let others: Vec<_> = complaints.iter().filter(|text| !text.contains("is kept for ever")).collect();
    assert!(others.is_empty(), "{others:#?}");
    let ran = stack.run(&["doctor", "--no-senders"]).await.expect(0);
    assert!(!ran.stdout.contains("CurrentSignKey1") && ran.stdout.contains("keys sha256:"), "{ran:?}");
}

#[tokio::test]
async fn each_planted_mistake_is_named() {
    let stack = whole().await;
    let names = async |stack: &Stack, more: &[&str], expected: &str| {
        let complaints = complaints(stack, &[&["--no-senders"], more].concat()).await;
        assert!(complaints.iter().any(|text| text.contains(expected)), "{expected}: {complaints:#?}");
    };
    let standard =
        stack.cloud.sqs().create_queue().queue_name("standard").send().await.unwrap().queue_url.unwrap();
    names(&stack, &["--queue-url", &standard], "fail: queue: \"is a standard queue").await;

    set_queue(&stack, Attribute::VisibilityTimeout, "60").await;
    names(
        &stack,
        &[],
        "fail: queue visibility timeout: \"visibility timeout 60 s, the processor's timeout 30 s",
    )
    .await;
    set_queue(&stack, Attribute::VisibilityTimeout, "180").await;

    let other =
        json!({ "deadLetterTargetArn": QUEUE_ARN.replace("callbacks", "others"), "maxReceiveCount": 7 })
            .to_string();
    set_queue(&stack, Attribute::RedrivePolicy, &other).await;
    names(
        &stack,
        &[],
        "fail: dead-letter queue: \"the queue's is arn:aws:sqs:us-east-1:123456789012:others.fifo",
    )
    .await;
    names(
        &stack,
        &[],
        "fail: receive count: \"processor: MEDIAHOOK_MAX_RECEIVE_COUNT is 5, the queue's maxReceiveCount 7",
    )
    .await;

    answer(&stack, MAPPINGS, mapping("Disabled", &[]));
    names(&stack, &[], "fail: event source mapping: \"Disabled").await;
    names(&stack, &[], "fail: event source mapping: \"one failed record brings its whole batch back").await;
    answer(&stack, MAPPINGS, json!({ "EventSourceMappings": [] }));
    names(&stack, &[], "nothing is processed").await;

    answer(
        &stack,
        "/2019-09-30/functions/receiver/concurrency",
        json!({ "ReservedConcurrentExecutions": 0 }),
    );
    names(&stack, &[], "fail: concurrency: \"receiver: 0 reserved").await;

    let s3 = aws_sdk_s3::Client::from_conf(
        aws_sdk_s3::config::Builder::from(&stack.config()).force_path_style(true).build(),
    );
    s3.delete_public_access_block().bucket(BUCKET).send().await.unwrap();
    names(&stack, &[], "fail: bucket is private: \"public access is not blocked").await;

    ttl(&stack, false).await;
    names(&stack, &[], "fail: table TTL: \"no TTL on `expiresat`").await;
    names(&stack, &["--table", "another"], "fail: table: \"another does not exist").await;
    names(&stack, &["--event-bus", "gone"], "fail: event bus: \"gone does not exist").await;

    stack.put_alarm("mediahook-Silent", "").await;
    names(&stack, &[], "warn: alarms: \"1 of 2 alarms tell nobody").await;

    stack.deny("DescribeEventBus");
    names(&stack, &[], "unknown: event bus: \"no permission: events:DescribeEventBus").await;

    stack.cloud.put_secret(r#"{"tencent-vod/main":{"sign_key":["S3cret"]}}"#).await;
    names(&stack, &[], "fail: sources: \"the sources document: tencent-vod/main: sign_key: unknown or wrong")
        .await;
}

#[tokio::test]
async fn a_wrong_key_at_the_sender_and_an_address_elsewhere_are_named() {
    let (stack, api) = (whole().await, SendersApi::start().await);
    api.set("CallbackType", "HTTP");
    api.set("CallbackURL", "https://old.example.com/");
    api.set("AuthSwitch", "off");
    api.set("AuthKey", "StrangersKey9");
    api.set("EventTypeList", "FileUploadComplete");
    stack.cloud.put_secret(r#"{"alibaba-ims/prod":{"auth_keys":["CurrentAuthKey1"]}}"#).await;
    let file = std::env::temp_dir().join(format!("mediahook-credentials-{}.json", std::process::id()));
    let credentials = json!({ "access_key_id": ACCESS_KEY_ID, "access_key_secret": ACCESS_KEY_SECRET });
    std::fs::write(&file, credentials.to_string()).unwrap();
    let arguments = ["--credentials", file.to_str().unwrap(), "--sender-endpoint", &api.endpoint, "--source"];
    let with = |source| [&arguments[..], &[source]].concat();
    let unknown = complaints(&stack, &with("alibaba-ims/other")).await;
    assert!(unknown.iter().any(|text| text.contains("alibaba-ims/prod")), "the known ones: {unknown:#?}");
    let complaints = complaints(&stack, &with("alibaba-ims/prod")).await;
    std::fs::remove_file(&file).unwrap();
    for expected in [
        "AuthKey is `sha256:",
        "CallbackURL is `https://old.example.com/`",
        "AuthSwitch is `off`, needed is `on`",
    ] {
        let is_named = |text: &String| text.starts_with("fail: sender") && text.contains(expected);
        assert!(complaints.iter().any(is_named), "{expected}: {complaints:#?}");
    }
    assert!(!format!("{complaints:?}").contains("StrangersKey9"));
}

#[tokio::test]
async fn a_source_that_is_connected_for_pull_is_not_told_to_push() {
    let (stack, api) = (whole().await, SendersApi::start().await);
    let pull = json!({ "secret_id": SECRET_ID, "secret_key": SECRET_KEY, "endpoint": api.endpoint });
    let document = json!({ "tencent-vod/main": { "sign_keys": ["CurrentSignKey1"], "pull": pull } });
    stack.cloud.put_secret(&document.to_string()).await;
    let connect = ["connect", "tencent-vod/main", "--mode", "pull", "--yes"];
    stack.run(&connect).await.expect(0);
    let doctor = ["doctor", "--source", "tencent-vod/main", "--json"];
    let sender = async || {
        let lines = stack.run(&doctor).await.json();
        lines.into_iter().find(|line| line["check"] == "sender").unwrap()
    };
    assert_eq!(sender().await["status"], "ok");
    api.set("PersistenceCompleteEventSwitch", "OFF");
    let fix = sender().await["fix"].as_str().unwrap().to_owned();
    assert!(fix.starts_with("mediahook connect tencent-vod/main --mode pull "), "{fix}");
}

#[tokio::test]
async fn a_probe_that_nothing_processes_fails() {
    let stack = whole().await;
    let complaints = complaints(&stack, &["--no-senders", "--probe", "--timeout", "2"]).await;
    assert!(
        complaints.iter().any(|text| text.contains("fail: probe: \"accepted, and not processed within 2 s")),
        "{complaints:#?}"
    );
}
