//! `tail`: events in the logs of receiver and processor.

use serde_json::json;

use crate::stack::Stack;

fn now_ms() -> i64 {
    i64::try_from(time::OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000).unwrap()
}

fn with_lines(stack: &Stack) {
    let event = |id: &str, message: &str| json!({ "level": "INFO", "message": message, "Source": "tencent-vod/main", "id": id, "type": "com.tencentcloud.vod.PullComplete", "subject": "528", "outcome": "succeeded" });
    let with = |mut line: serde_json::Value, name: &str, value: &str| {
        line[name] = value.into();
        line
    };
    let at = now_ms() - 60_000;
    stack.log("receiver", at, &event("a1", "queued"));
    stack.log("receiver", at + 1, &with(event("b2", "spilled"), "destination", "spill"));
    stack.log("receiver", at + 2, &json!({ "message": "unauthorized", "Source": "tencent-vod/main", "status": 401, "Reason": "SignatureWrong" }));
    stack.log("receiver", at + 3, &json!({ "message": "a line that is about no event" }));
    let mut processed = event("a1", "processed");
    processed.as_object_mut().unwrap().retain(|name, _| name != "subject" && name != "outcome");
    stack.log("processor", at + 10, &processed);
    let dead = with(with(event("b2", "dead letter"), "result", "dead_letter"), "reason", "no such order");
    stack.log("processor", at + 11, &dead);
    stack.log("processor", at - 3_600_000, &event("old", "processed"));
}

#[tokio::test]
async fn the_last_events_are_shown_with_where_each_stands() {
    let stack = Stack::start().await;
    with_lines(&stack);
    let ran = stack.run(&["tail", "--no-follow", "--json"]).await.expect(0);
    let shown: Vec<_> = ran
        .json()
        .iter()
        .map(|line| {
            (
                line["stage"].as_str().unwrap().to_owned(),
                line["event"]["id"].as_str().unwrap_or("-").to_owned(),
            )
        })
        .collect();
    let expected =
        [("accepted", "a1"), ("spilled", "b2"), ("unauthorized", "-"), ("processed", "a1"), ("dead", "b2")];
    assert_eq!(shown, expected.map(|(stage, id)| (stage.to_owned(), id.to_owned())));
    let text = stack.run(&["tail", "--no-follow", "--since", "2h"]).await.expect(0).stdout;
    assert_eq!(text.lines().count(), 6, "{text}");
    assert!(
        text.contains(
            "dead          tencent-vod/main  com.tencentcloud.vod.PullComplete  succeeded  528  no such order"
        ),
        "{text}"
    );
    let processed = "processed     tencent-vod/main  com.tencentcloud.vod.PullComplete  succeeded  528  a1";
    assert!(text.contains(processed), "subject and outcome are the accepted line's: {text}");
    let none = stack.run(&["tail", "--no-follow", "--type", "NewFileUpload"]).await.expect(0);
    assert_eq!(none.stdout, "");
}

#[tokio::test]
async fn the_whole_way_of_one_event_ends_with_its_envelope() {
    let stack = Stack::start().await;
    stack.cloud.table().create().await;
    with_lines(&stack);
    stack
        .dead_letter(
            r#"{"specversion":"1.0","id":"b2","source":"tencent-vod/main","type":"t","data":{}}"#,
            "g",
        )
        .await;
    let ran = stack.run(&["tail", "--event", "b2", "--json"]).await.expect(0);
    let last = ran.last();
    assert_eq!(
        (&last["lines"], &last["envelope"]["place"]),
        (&json!(2), &json!("the dead-letter queue")),
        "{ran:?}"
    );
    let ran = stack.run(&["tail", "--event", "zz"]).await.expect(1);
    assert!(ran.stderr.contains("nothing is known of `zz`"), "{ran:?}");
}
