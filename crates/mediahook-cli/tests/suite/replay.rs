//! `replay`: what was rejected, spilled or lost reaches the queue or a receiver, with the id that it had.

use mediahook::storage::Bucket as _;
use serde_json::{Value, json};

use crate::receiver;
use crate::stack::Stack;

const BODY: &str = r#"{"EventType":"PullComplete","PullCompleteEvent":{"TaskId":"t","FileId":16092504232103571364},"Sign":"a","T":1}"#;
const DAY: &str = "2026/11/22";

async fn put(stack: &Stack, key: &str, body: &str) {
    stack.cloud.bucket().put(key, body.as_bytes().to_vec(), "application/octet-stream").await.unwrap();
}

/// As the receiver leaves it.
async fn reject(stack: &Stack, source: &str, name: &str, body: &str) {
    let key = format!("rejected/{source}/{DAY}/{name}");
    put(stack, &key, body).await;
    let reason = json!({ "source": source, "reason": "it was told", "recordedtime": "2026-11-22T05:50:25Z", "bytes": body.len() });
    put(stack, &format!("{key}.json"), &reason.to_string()).await;
}

async fn queued(stack: &Stack) -> Vec<Value> {
    let messages = stack.drain(&stack.queue_url).await;
    messages.iter().map(|message| serde_json::from_str(message.body.as_deref().unwrap()).unwrap()).collect()
}

#[tokio::test]
async fn a_rejected_body_goes_to_the_queue_with_the_id_it_would_have_had() {
    let stack = Stack::start().await;
    receiver::start(&stack).await;
    let accepted = stack
        .run_with(&["send", "tencent-vod/main", "--data", "-", "--json"], BODY.as_bytes())
        .await
        .expect(0);
    stack.drain(&stack.queue_url).await;

    reject(&stack, "tencent-vod/main", "0a", BODY).await;
    let dry = stack.run(&["replay", "rejected/", "--json"]).await.expect(0);
    assert_eq!(dry.json()[0]["event"]["type"], "com.tencentcloud.vod.PullComplete", "{dry:?}");
    assert_eq!(dry.last(), json!({ "dry_run": true, "meant": 1, "sent": 0, "skipped": 0, "failed": 0 }));
    assert!(queued(&stack).await.is_empty());

    // Within five minutes SQS would swallow what it already had; here the event was accepted under another queue's id.
    let ran = stack
        .run(&["replay", "s3://mediahook-test/rejected/tencent-vod/", "--yes", "--json"])
        .await
        .expect(0);
    assert_eq!(ran.json()[0]["event"]["id"], accepted.last()["id"], "{ran:?}");
    assert_eq!(ran.last()["sent"], 1);
}

#[tokio::test]
async fn every_situation_in_which_the_shell_recipe_failed() {
    let stack = Stack::start().await;
    receiver::start(&stack).await;
    let ims = r#"{"EventType":"FileUploadComplete","UserId":1,"EventTime":"2026-11-22T05:50:25Z","MessageBody":{"MediaId":"m","Status":"Success"}}"#;
    reject(&stack, "alibaba-ims/prod", "0a", ims).await;
    reject(&stack, "tencent-vod/pulled", "0b", BODY).await;
    reject(&stack, "tencent-vod/tokens", "0c", BODY).await;
    reject(&stack, "tencent-vod/main", "0d", "not JSON").await;

    let ran = stack.run(&["replay", "rejected/", "--yes", "--json"]).await.expect(1);
    assert_eq!(ran.last(), json!({ "dry_run": false, "meant": 4, "sent": 3, "skipped": 1, "failed": 0 }));
    let mut sources: Vec<_> =
        queued(&stack).await.iter().map(|event| event["source"].as_str().unwrap().to_owned()).collect();
    sources.sort();
    assert_eq!(sources, ["alibaba-ims/prod", "tencent-vod/pulled", "tencent-vod/tokens"]);

    let ran = stack.run(&["replay", "rejected/", "--to", "url", "--yes", "--json"]).await.expect(1);
    let results: Vec<_> =
        ran.json().iter().map(|line| (line["event"]["source"].clone(), line["result"].clone())).collect();
    let result_of =
        |source: &str| results.iter().find(|(of, _)| of == source).unwrap().1.as_str().unwrap().to_owned();
    assert_eq!(result_of("alibaba-ims/prod"), "200");
    assert_eq!(result_of("tencent-vod/tokens"), "200", "its old signature is replaced");
    assert!(result_of("tencent-vod/pulled").contains("takes no push"));
    assert_eq!(result_of("tencent-vod/main"), "failed: answered 400", "authentic, and no event in it");
}

#[tokio::test]
async fn a_spilled_envelope_and_a_lost_one_keep_every_byte_of_their_data() {
    let stack = Stack::start().await;
    let envelope = r#"{"specversion":"1.0","id":"5a","source":"tencent-vod/main","type":"com.tencentcloud.vod.X","time":"2026-11-22T05:50:25Z","channel":"push","recordedtime":"2026-11-22T05:50:25Z","data":{"FileId":16092504232103571364,"x":1.50e3}}"#;
    put(&stack, "spill/tencent-vod/main/2026/11/22/1795326625123-5a.json", envelope).await;
    stack.run(&["replay", "spill/", "--yes"]).await.expect(0);
    let log = format!(
        "{}\n",
        json!({ "level": "ERROR", "lost": true, "id": "6b", "part": 1, "parts": 1, "envelope": envelope.replace("5a", "6b") })
    );
    stack.run_with(&["replay", "-", "--yes"], log.as_bytes()).await.expect(0);
    let messages = stack.drain(&stack.queue_url).await;
    assert_eq!(messages.len(), 2);
    for message in messages {
        assert!(message.body.unwrap().contains(r#""data":{"FileId":16092504232103571364,"x":1.50e3}"#));
    }
}

#[tokio::test]
async fn filters_choose_among_them() {
    let stack = Stack::start().await;
    reject(&stack, "tencent-vod/main", "0a", BODY).await;
    reject(&stack, "tencent-vod/pulled", "0b", &BODY.replace("PullComplete", "EditMediaComplete")).await;
    for (filter, meant) in [
        (&["--source", "tencent-vod/main"][..], 1),
        (&["--type", "EditMediaComplete"], 1),
        (&["--type", "NewFileUpload"], 0),
        (&["--since", "2026-11-22T05:50:26Z"], 0),
        (&["--until", "2026-11-22T05:50:26Z"], 2),
    ] {
        let ran = stack.run(&[&["replay", "rejected/", "--json"], filter].concat()).await.expect(0);
        assert_eq!(ran.last()["meant"], meant, "{filter:?} {ran:?}");
    }
}

#[tokio::test]
async fn a_body_in_a_file_needs_its_source_named() {
    let stack = Stack::start().await;
    let ran = stack.run_with(&["replay", "-", "--yes", "--json"], BODY.as_bytes()).await.expect(1);
    assert!(ran.json()[0]["result"].as_str().unwrap().contains("give --source"), "{ran:?}");
    let ran = stack
        .run_with(&["replay", "-", "--source", "tencent-vod/main", "--yes", "--json"], BODY.as_bytes())
        .await
        .expect(0);
    assert_eq!(ran.last()["sent"], 1);
    stack.run(&["replay", "rejected/nothing", "--yes"]).await.expect(1);
    stack.run(&["replay", "/no/such/file", "--yes"]).await.expect(2);
}

#[tokio::test]
async fn an_event_that_is_too_large_for_the_queue_leaves_its_data_in_the_bucket() {
    let stack = Stack::start().await;
    let limit = aws_sdk_sqs::types::QueueAttributeName::MaximumMessageSize;
    let set =
        stack.cloud.sqs().set_queue_attributes().queue_url(&stack.queue_url).attributes(limit, "262144");
    set.send().await.unwrap();
    let large = BODY.replace("\"Sign\"", &format!("\"Filler\":\"{}\",\"Sign\"", "x".repeat(300 * 1024)));
    let ran = stack
        .run_with(&["replay", "-", "--source", "tencent-vod/main", "--yes", "--json"], large.as_bytes())
        .await
        .expect(0);
    assert_eq!(ran.last()["sent"], 1);
    let event = queued(&stack).await.pop().unwrap();
    let dataref = event["dataref"].as_str().unwrap();
    assert!(dataref.starts_with("s3://mediahook-test/payload/tencent-vod/main/"), "{dataref}");
    assert!(stack.cloud.objects("payload/").await[0].1.contains("16092504232103571364"));
}
