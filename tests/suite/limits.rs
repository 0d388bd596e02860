//! The largest that an invocation can hold: bounded in time and memory.

use std::time::Instant;

use mediahook::timeouts::receive::ANSWER_WITHIN;
use serde_json::{Value, json};

use crate::end_to_end::{another_receiver, receiver_binary, receiver_variables};
use mediahook_testing::cloud::Cloud;
use mediahook_testing::function_url;
use mediahook_testing::runtime_api::Function;

/// What Lambda takes as one invocation: 6 MB. A build without optimization is ten times slower: it gets a third of it, and
/// no clock. `MEDIAHOOK_RECEIVER=target/release/receiver cargo test limits -- --nocapture` for the whole.
fn invocation_bytes() -> usize {
    (if another_receiver().is_some() { 6 } else { 2 }) * 1024 * 1024
}

/// The least memory a function can have.
const SMALLEST_FUNCTION_BYTES: u64 = 128 * 1024 * 1024;

fn filled(head: &str, piece: &str, tail: &str, bytes: usize) -> String {
    format!("{head}{}{tail}", piece.repeat((bytes - head.len() - tail.len()) / piece.len()))
}

/// The largest body of each sender, of parts as a real one has them.
fn largest(bytes: usize) -> [(&'static str, String); 3] {
    let subtask = r#"{"Type":"Transcode","TranscodeTask":{"Status":"SUCCESS","ErrCode":0,"ErrCodeExt":"","Message":"SUCCESS","Output":{"Url":"http://1500000000.vod2.example.com/a/b/v.f100030.mp4","Size":7912845,"Bitrate":524288,"Height":720,"Width":1280,"Duration":60.04,"Definition":100030}}},"#;
    let flow = r#"{"EventType":"ProcedureStateChanged","ProcedureStateChangeEvent":{"TaskId":"t","Status":"FINISH","FileId":"1","MediaProcessResultSet":["#;
    let output = r#"{"Name":"o","TaskId":"t","Status":"Success","Result":{"OutputFile":{"Type":"OSS","Media":"oss://b/o.mp4","Url":"https://b.example.com/o.mp4"}}},"#;
    let convert = r#"{"EventType":"MediaConvertComplete","UserId":1690042718835501,"EventTime":"2026-10-05T08:00:00Z","MessageBody":{"JobId":"j","State":"Complete","OutputDetails":["#;
    let stream = r#"{"Status":"success","Bitrate":"778","Definition":"HD","Duration":12.5,"Encrypt":false,"FileUrl":"http://v.example.com/a/b.mp4","Format":"mp4","Fps":"25","Height":720,"Width":1280,"Size":1215844,"JobId":"j"},"#;
    let transcode = r#"{"EventType":"TranscodeComplete","EventTime":"2026-10-05T08:00:00Z","VideoId":"v","Status":"success","StreamInfos":["#;
    [
        ("/tencent-vod/token/first-path-token", filled(flow, subtask, "{}]}}", bytes)),
        ("/alibaba-ims/token/first-path-token", filled(convert, output, "{}]}}", bytes)),
        ("/alibaba-vod/token/first-path-token", filled(transcode, stream, "{}]}", bytes)),
    ]
}

/// The template's default for the receiver.
const RECEIVER_BYTES: u64 = 256 * 1024 * 1024;

#[tokio::test]
async fn the_largest_callback_of_each_sender_fits_into_the_memory() {
    let cloud = Cloud::start().await;
    let (queue_url, _) = cloud.queues(5, 30).await;
    let token = json!({ "path_tokens": ["first-path-token"] });
    let sources =
        json!({ "tencent-vod/token": token, "alibaba-ims/token": token, "alibaba-vod/token": token })
            .to_string();
    let mut variables = receiver_variables(&cloud, &queue_url);
    variables.retain(|(name, _)| *name != "MEDIAHOOK_SOURCES");
    variables.push(("MEDIAHOOK_SOURCES", sources));
    // The invocation has the body in JSON, every quote escaped, and some 1.5 KB besides.
    for (path, body) in largest(invocation_bytes() * 3 / 4) {
        let mut receiver = Function::start(receiver_binary(), &variables).await;
        let started = Instant::now();
        let answer = receiver
            .invoke(function_url::event("POST", path, "", &Value::Null, (body, false)))
            .await
            .unwrap();
        let (took, peak) = (started.elapsed(), receiver.peak_memory_bytes().unwrap_or_default());
        println!("{path}: {} in {} ms, {} MiB at most", answer["statusCode"], took.as_millis(), peak >> 20);
        assert_eq!(answer["statusCode"], 200, "{path}");
        assert!(took < ANSWER_WITHIN || another_receiver().is_none(), "{path}: {took:?}");
        assert!(peak < RECEIVER_BYTES, "{path}: {peak} bytes");
    }
}

/// Before a body is known to be authentic, it costs itself and what the invocation was read from: nothing that grows with
/// what stands in it.
#[tokio::test]
async fn an_unauthorized_request_costs_little_memory() {
    let cloud = Cloud::start().await;
    let (queue_url, _) = cloud.queues(5, 30).await;
    let mut receiver = Function::start(receiver_binary(), &receiver_variables(&cloud, &queue_url)).await;
    let bytes = invocation_bytes() * 3 / 4;
    let body = filled(r#"{"EventType":"X","XEvent":["#, "0,", "0]}", bytes);
    let answer =
        receiver.invoke(function_url::event("POST", "/tencent-vod/signed", "", &json!({}), (body, false)));
    assert_eq!(answer.await.unwrap()["statusCode"], 401);
    let peak = receiver.peak_memory_bytes().unwrap_or_default();
    println!("refused: {} MiB at most", peak >> 20);
    assert!(peak < SMALLEST_FUNCTION_BYTES / 2, "{peak} bytes");
    assert_eq!(
        cloud.calls(),
        [3, 1, 0],
        "two queues and a bucket were made, init asked the queue, and nothing since"
    );
}
