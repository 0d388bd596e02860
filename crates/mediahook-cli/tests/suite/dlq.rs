//! `dlq`: dead letters listed, shown, sent back and dropped.

use serde_json::{Value, json};

use crate::stack::Stack;

const IDS: [&str; 3] = ["a1", "b2", "c3"];

fn envelope(id: &str) -> String {
    format!(
        r#"{{"specversion":"1.0","id":"{id}","source":"tencent-vod/main","type":"com.tencentcloud.vod.PullComplete","time":"2026-11-22T05:50:25Z","channel":"push","outcome":"succeeded","recordedtime":"2026-11-22T05:50:25Z","subject":"{id}","data":{{"FileId":5285485487985271490,"PayloadMark":"{id}"}}}}"#
    )
}

async fn with_dead_letters() -> Stack {
    let stack = Stack::start().await;
    for id in IDS {
        stack.dead_letter(&envelope(id), &format!("tencent-vod/main/{id}")).await;
    }
    stack
}

async fn left(stack: &Stack) -> usize {
    stack.drain(&stack.dead_letter_queue_url).await.len()
}

#[tokio::test]
async fn they_are_listed_with_their_reasons_and_without_payload() {
    let stack = with_dead_letters().await;
    let now_ms = i64::try_from(time::OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000).unwrap();
    stack.log(
        "processor",
        now_ms,
        &json!({ "message": "dead letter", "result": "dead_letter", "id": "b2", "reason": "no such order" }),
    );
    let ran = stack.run(&["dlq", "list", "--json"]).await.expect(0);
    assert!(!ran.stdout.contains("PayloadMark"));
    let lines = ran.json();
    let reasons: Vec<_> = lines.iter().map(|line| (line["id"].as_str(), line["reason"].as_str())).collect();
    assert!(
        reasons.contains(&(Some("b2"), Some("no such order"))) && reasons.contains(&(Some("a1"), None)),
        "{reasons:?}"
    );
    assert_eq!(ran.last(), json!({ "listed": 3, "about": 3 }));
    // What was listed is there for others at once.
    let again = stack.run(&["dlq", "list", "--id", "c3"]).await.expect(0);
    assert_eq!(again.stdout.lines().count(), 1);
    assert!(
        again.stdout.contains("tencent-vod/main\tcom.tencentcloud.vod.PullComplete\tc3\tc3"),
        "{again:?}"
    );
    assert_eq!(left(&stack).await, 3);
}

#[tokio::test]
async fn a_log_that_may_not_be_read_costs_the_reasons_alone() {
    let stack = with_dead_letters().await;
    stack.deny("FilterLogEvents");
    let ran = stack.run(&["dlq", "list", "--json"]).await.expect(0);
    assert_eq!(ran.last()["listed"], 3);
    assert!(ran.stderr.contains("no permission: logs:FilterLogEvents on /aws/lambda/processor"), "{ran:?}");
}

#[tokio::test]
async fn one_is_shown_whole() {
    let stack = with_dead_letters().await;
    let ran = stack.run(&["dlq", "show", "b2", "--json"]).await.expect(0);
    assert_eq!(ran.last()["body"], envelope("b2"));
    let ran = stack.run(&["dlq", "show", "zz"]).await.expect(1);
    assert!(ran.stderr.contains("no dead letter `zz`"), "{ran:?}");
}

#[tokio::test]
async fn redrive_keeps_body_and_group_and_takes_a_fresh_deduplication_id() {
    let stack = with_dead_letters().await;
    let dry = stack.run(&["dlq", "redrive", "--all", "--json"]).await.expect(0);
    assert_eq!(dry.last(), json!({ "dry_run": true, "meant": 3, "about": 3 }));
    assert!(stack.drain(&stack.queue_url).await.is_empty());

    let ran = stack.run(&["dlq", "redrive", "--id", "b2", "--yes", "--json"]).await.expect(0);
    assert_eq!((&ran.last()["sent_back"], &ran.last()["failed"]), (&json!(1), &json!(0)), "{ran:?}");
    let ran = stack.run(&["dlq", "redrive", "--all", "--rate", "50", "--yes"]).await.expect(0);
    assert_eq!(ran.stdout, "2 sent back, 0 failed, about 0 left\n");
    let sent = stack.drain(&stack.queue_url).await;
    let mut sent: Vec<_> = sent
        .iter()
        .map(|message| {
            let attributes: Value = message
                .attributes
                .iter()
                .flatten()
                .map(|(name, value)| (name.as_str().to_owned(), value.as_str().into()))
                .collect::<serde_json::Map<_, _>>()
                .into();
            (message.body.clone().unwrap(), attributes["MessageGroupId"].as_str().unwrap().to_owned())
        })
        .collect();
    sent.sort();
    let expected = IDS.map(|id| (envelope(id), format!("tencent-vod/main/{id}")));
    assert_eq!(sent, expected);
    assert_eq!(left(&stack).await, 0);
}

#[tokio::test]
async fn what_the_queue_does_not_take_stays_a_dead_letter() {
    let stack = with_dead_letters().await;
    let queue = format!("{}-gone.fifo", stack.queue_url.trim_end_matches(".fifo"));
    let ran =
        stack.run(&["dlq", "redrive", "--all", "--yes", "--json", "--queue-url", &queue]).await.expect(1);
    assert_eq!(ran.last()["failed"], 3, "{ran:?}");
    assert_eq!(left(&stack).await, 3);
}

#[tokio::test]
async fn drop_asks_for_the_queues_name() {
    let stack = with_dead_letters().await;
    stack.run(&["dlq", "drop", "--all"]).await.expect(0);
    let ran = stack.run(&["dlq", "drop", "--all", "--yes"]).await.expect(2);
    assert!(ran.stderr.contains("--queue-name callbacks-dead.fifo"), "{ran:?}");
    stack.run(&["dlq", "drop", "--yes", "--queue-name", "callbacks-dead.fifo"]).await.expect(2);
    stack.run(&["dlq", "drop", "--all", "--yes", "--queue-name", "callbacks.fifo"]).await.expect(2);
    let ran = stack
        .run(&["dlq", "drop", "--id", "a1", "--yes", "--queue-name", "callbacks-dead.fifo", "--json"])
        .await
        .expect(0);
    assert_eq!((&ran.last()["deleted"], &ran.last()["failed"]), (&json!(1), &json!(0)), "{ran:?}");
    assert_eq!(left(&stack).await, 2);
}

#[tokio::test]
async fn an_export_can_be_replayed() {
    let stack = with_dead_letters().await;
    let exported = stack.run(&["dlq", "export", "--id", "a1", "--id", "b2"]).await.expect(0).stdout;
    let ran = stack.run_with(&["replay", "-", "--yes", "--json"], exported.as_bytes()).await.expect(0);
    assert_eq!(ran.last()["sent"], 2, "{ran:?}");
    assert_eq!(stack.drain(&stack.queue_url).await.len(), 2);
}
