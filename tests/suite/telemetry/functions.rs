//! The lines of the three functions, and when they are written.

use std::time::{Duration, Instant};

use mediahook::ingest::envelope;
use mediahook_testing::cloud::{BUCKET, Cloud, Fault};
use mediahook_testing::runtime_api::{Function, REQUEST_ID};
use mediahook_testing::tencent_vod::TencentVod;
use serde_json::{Value, json};

use super::{OPEN, forged, metrics, sum, wide_events};
use crate::end_to_end::{post, receiver_binary, receiver_variables};
use crate::policy::PULL_COMPLETE;

#[tokio::test]
async fn the_receiver_logs_a_line_for_each_callback() {
    let cloud = Cloud::start().await;
    let (queue_url, _) = cloud.queues(5, 30).await;
    let mut receiver = Function::start(receiver_binary(), &receiver_variables(&cloud, &queue_url)).await;
    let open = |n: u32| post(OPEN, &json!({}), &PULL_COMPLETE.replace("1450807", &n.to_string()));
    receiver.invoke(open(1)).await.unwrap();
    cloud.sqs_faults(|_| Fault::Error);
    receiver.invoke(open(2)).await.unwrap();
    cloud.s3_faults(|_| Fault::Error);
    receiver.invoke(open(3)).await.unwrap();
    receiver.invoke(forged(PULL_COMPLETE)).await.unwrap();
    let lines = wide_events(&receiver.stop().await);
    for metric in ["Spilled", "Lost", "Unauthorized"] {
        assert_eq!(sum(&lines, metric), 1, "{lines:?}");
    }
    assert_eq!(sum(&lines, "Accepted"), 2);
    assert_eq!(
        lines.iter().map(|l| l.get("cold").is_some()).collect::<Vec<_>>(),
        [true, false, false, false]
    );
    for line in &lines[1..3] {
        assert_eq!((&line["request_id"], &line["FunctionName"]), (&json!(REQUEST_ID), &json!("test")));
    }
    assert!(lines[1]["error"].as_str().unwrap().contains("InternalError"), "{}", lines[1]);
    assert!(lines[2]["error"].as_str().unwrap().starts_with("queue: "), "{}", lines[2]);
}

#[tokio::test]
async fn with_standard_output_closed_callbacks_are_answered() {
    let cloud = Cloud::start().await;
    let (queue_url, _) = cloud.queues(5, 30).await;
    let mut receiver = Function::start(receiver_binary(), &receiver_variables(&cloud, &queue_url)).await;
    receiver.close_log().await;
    for event in [post(OPEN, &json!({}), PULL_COMPLETE), post(OPEN, &json!({}), "[]"), forged(PULL_COMPLETE)]
    {
        assert!(receiver.invoke(event).await.unwrap()["statusCode"].is_number());
    }
}

#[tokio::test]
async fn in_text_format_wide_events_and_lost_events_are_still_json() {
    let cloud = Cloud::start().await;
    let (queue_url, _) = cloud.queues(5, 30).await;
    let mut variables = receiver_variables(&cloud, &queue_url);
    variables.push(("AWS_LAMBDA_LOG_FORMAT", "Text".to_owned()));
    variables.push(("AWS_LAMBDA_LOG_LEVEL", "INFO".to_owned()));
    cloud.sqs_faults(|_| Fault::Error);
    cloud.s3_faults(|_| Fault::Error);
    let mut receiver = Function::start(receiver_binary(), &variables).await;
    receiver.invoke(post(OPEN, &json!({}), PULL_COMPLETE)).await.unwrap();
    let log = receiver.stop().await;
    let (json, text): (Vec<&str>, Vec<&str>) = log.lines().partition(|line| line.starts_with('{'));
    assert_eq!(wide_events(&log).len(), 1);
    let lost: Value = serde_json::from_str(json[0]).unwrap();
    assert!(lost["lost"] == true && lost["envelope"].as_str().unwrap().contains("125-Pull-1"), "{log}");
    assert_eq!(json.len(), 2, "{log}");
    assert!(text.iter().any(|line| line.contains(" WARN ")), "{log}");
    assert!(!log.contains('\u{1b}'));
}

fn record(id: &str, body: &str) -> Value {
    json!({ "messageId": format!("m-{id}"), "body": body, "attributes": {
        "MessageGroupId": id, "MessageDeduplicationId": id, "ApproximateReceiveCount": "2"
    } })
}

#[tokio::test]
async fn the_processor_logs_a_line_for_each_record() {
    let cloud = Cloud::start().await;
    cloud.table().create().await;
    let (_, dead_letter_url) = cloud.queues(5, 30).await;
    let variables = cloud.processor_variables(&dead_letter_url);
    let processor = env!("CARGO_BIN_EXE_processor");
    let mut processor = Function::start_with_timeout(processor, &variables, Duration::from_secs(4)).await;
    let envelope = json!({
        "specversion": "1.0", "id": "a", "source": "tencent-vod/main", "type": "t", "channel": "push",
        "subject": "5285890784273533167", "time": "2026-11-22T05:50:25Z", "recordedtime": "2026-11-22T05:50:26Z", "data": {}
    });
    let good = || json!({ "Records": [record("a", &envelope.to_string())] });
    processor.invoke(good()).await.unwrap();
    processor.invoke(good()).await.unwrap();
    processor.invoke(json!({ "Records": [record("b", "no envelope")] })).await.unwrap();
    cloud.sqs_faults(|_| Fault::Error);
    processor.invoke(json!({ "Records": [record("c", "no envelope")] })).await.unwrap();
    cloud.bus().faults(|_| Fault::Error);
    let mut odd = envelope.clone();
    odd["id"] = "d".into();
    odd["source"] = "ü".into();
    processor.invoke(json!({ "Records": [record("d", &odd.to_string())] })).await.unwrap();
    let log = processor.stop().await;
    // A processed event has a short line, without metrics: this long at most, as the longest names make it.
    let line = log.lines().find(|line| line.contains(r#""message":"processed""#)).unwrap();
    let longer = ("com.tencentcloud.vod.ProcedureStateChanged".len() - "t".len())
        + ("tencent-vod/production".len() - "tencent-vod/main".len())
        + (64 - "a".len());
    assert!(line.len() + longer <= 251, "{}: {line}", line.len() + longer);
    let line: Value = serde_json::from_str(line).unwrap();
    assert_eq!((&line["id"], &line["Source"]), (&json!("a"), &json!("tencent-vod/main")));
    assert_eq!([&line["_aws"], &line["subject"], &line["outcome"]], [&Value::Null; 3]);

    let lines = wide_events(&log);
    let logged: Vec<_> = lines.iter().map(|l| (l["id"].as_str(), l["result"].as_str(), metrics(l))).collect();
    let expected = [
        (None, None, vec!["Processed", "ProcessingLatency"]),
        (Some("a"), Some("duplicate"), vec!["Duplicates"]),
        (Some("b"), Some("dead_letter"), vec!["DeadLettered"]),
        (Some("c"), Some("failed"), vec!["Failed"]),
        (Some("d"), Some("failed"), vec!["Failed"]),
    ];
    assert_eq!(logged, expected);
    assert_eq!(lines[0]["Processed"], 1);
    assert!(!lines[4]["_aws"].to_string().contains("Source"), "not a valid dimension: {}", lines[4]);
    assert!(lines[4]["reason"].as_str().unwrap().starts_with("the bus: "));
    assert_eq!((&lines[3]["message_id"], &lines[3]["receive_count"]), (&json!("m-c"), &json!(2)));
    assert!(lines[3]["reason"].as_str().unwrap().contains("not sent to the dead-letter queue"));
    assert_eq!((lines[0]["cold"].as_bool(), lines[1]["cold"].as_bool()), (Some(true), None));
}

#[tokio::test]
async fn the_puller_logs_a_line_for_each_feed_and_run() {
    let cloud = Cloud::start().await;
    let (queue_url, _) = cloud.queues(5, 30).await;
    let variables = receiver_variables(&cloud, &queue_url);
    cloud.sqs_faults(|_| Fault::Error);
    let mut receiver = Function::start(receiver_binary(), &variables).await;
    for number in 0..3 {
        let body = PULL_COMPLETE.replace("1450807", &number.to_string());
        receiver.invoke(post(OPEN, &json!({}), &body)).await.unwrap();
    }

    let tencent = TencentVod::start(Duration::from_secs(30)).await;
    let mut settings = tencent.settings();
    settings["secret_key"] = "another".into();
    let mut variables = variables;
    variables.push(("MEDIAHOOK_SOURCES", json!({ "tencent-vod/pulled": { "pull": settings } }).to_string()));
    variables.push(("MEDIAHOOK_BUCKET", BUCKET.to_owned()));
    let puller = env!("CARGO_BIN_EXE_puller");
    let mut puller = Function::start_with_timeout(puller, &variables, Duration::from_secs(55)).await;
    tokio::time::sleep(Duration::from_secs(6)).await; // a younger object waits for the next run
    puller.invoke(json!({})).await.unwrap();
    cloud.sqs_faults(|_| Fault::None);
    puller.invoke(json!({})).await.unwrap();

    let lines = wide_events(&puller.stop().await);
    let of = |source: &str| lines.iter().filter(|l| l["Source"] == source).cloned().collect::<Vec<_>>();
    let (spill, source) = (of("spill"), of("tencent-vod/pulled"));
    assert_eq!((spill.len(), source.len(), lines.len()), (2, 2, 4), "one a feed and run");
    assert_eq!((&spill[0]["SpillWaiting"], &spill[1]["SpillWaiting"]), (&json!(3), &json!(0)));
    assert_eq!((sum(&spill, "PullFailed"), sum(&spill, "Confirmed")), (1, 3));
    assert_eq!(sum(&source, "PullFailed"), 2, "{source:?}");
    assert!(source[0]["level"] == "ERROR" && source[0]["error"].is_string());
}

/// Standard output is a pipe that Lambda reads as fast as it can. A write before the answer makes the sender wait; a write
/// after the request for the next invocation may never happen, because Lambda freezes the function.
#[tokio::test]
async fn the_answer_does_not_wait_for_a_slow_log_and_the_log_has_every_part_of_a_lost_event() {
    let cloud = Cloud::start().await;
    let (queue_url, _) = cloud.queues(5, 30).await;
    cloud.sqs_faults(|_| Fault::Error);
    cloud.s3_faults(|_| Fault::Error);
    let variables = receiver_variables(&cloud, &queue_url);
    let mut receiver = Function::start_with_slow_log(receiver_binary(), &variables, 1024 * 1024).await;
    receiver.asked_for(1).await;
    let body =
        json!({ "EventType": "X", "XEvent": { "TaskId": "lost-1", "Text": "0123456789".repeat(400_000) } })
            .to_string();

    let started = Instant::now();
    assert_eq!(receiver.invoke(post(OPEN, &json!({}), &body)).await.unwrap()["statusCode"], 503);
    let answered = started.elapsed();
    receiver.asked_for(2).await;
    assert!(started.elapsed() > Duration::from_secs(3), "the log was slow");
    let log = receiver.stop().await;

    assert!(answered < Duration::from_secs(3), "{answered:?}");
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let parts: Vec<_> = lines.filter(|line| line["lost"] == true && line["id"].is_string()).collect();
    assert_eq!(Some(parts.len() as u64), parts[0]["parts"].as_u64());
    let envelope: String = parts.iter().map(|part| part["envelope"].as_str().unwrap()).collect();
    assert_eq!(envelope::parse(&envelope).unwrap().data.unwrap().get(), body);
}
