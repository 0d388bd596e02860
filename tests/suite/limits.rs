//! The largest and strangest that an invocation can hold: bounded in time and memory.

use std::time::Instant;

use base64::prelude::{BASE64_STANDARD, Engine as _};
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

/// An object whose names differ late, have escapes, and are in no order.
fn alike_and_escaped(bytes: usize) -> String {
    let members = (0_u32..)
        .take(bytes / 26)
        .map(|n| format!(r#""\u0061aaaaaaa{:08x}":0"#, n.wrapping_mul(0x9e37_79b1)));
    format!(r#"{{"EventType":"X","XEvent":{{{}}}}}"#, members.collect::<Vec<_>>().join(","))
}

/// Bodies of so many bytes once they are escaped, whether they are base64, and the status of the answer.
fn largest(escaped: usize) -> Vec<(&'static str, (String, bool), u64)> {
    let plain = |body: String| (body, false);
    let base64 = |body: String| (BASE64_STANDARD.encode(body), true);
    let member = r#"{"Status":"SUCCESS","ErrCode":0,"Url":"http://example.com/a.ts"},"#;
    let event = r#"{"EventType":"X","XEvent":{"TaskId":"t","Set":["#;
    vec![
        (
            "one long text",
            plain(filled(r#"{"EventType":"X","XEvent":{"Text":""#, "x", r#""}}"#, escaped)),
            200,
        ),
        ("many members", plain(filled(event, member, "0]}}", escaped)), 200),
        ("many members, base64", base64(filled(event, member, "0]}}", escaped * 9 / 10)), 200),
        ("empty arrays", plain(filled(event, "[],", "0]}}", escaped)), 200),
        ("empty objects", plain(filled(event, "{},", "0]}}", escaped)), 200),
        ("small objects", plain(filled(event, r#"{"":0},"#, "0]}}", escaped)), 200),
        ("small numbers", plain(filled(event, "0,", "0]}}", escaped)), 200),
        (
            "one object",
            plain(filled(r#"{"EventType":"X","XEvent":{"#, r#""":0,"#, r#""":0}}"#, escaped * 9 / 10)),
            200,
        ),
        ("names alike and escaped", plain(alike_and_escaped(escaped)), 200),
        ("small arrays", plain(filled(event, "[0],", "0]}}", escaped)), 200),
        (
            "one object, its members in no order, base64",
            base64(filled(
                r#"{"EventType":"X","XEvent":{"#,
                r#""b":0,"a":0,"#,
                r#""":0}}"#,
                escaped * 9 / 10,
            )),
            200,
        ),
        (
            "nothing but members",
            base64(filled(r#"{"EventType":"X","#, r#""":0,"#, r#""":0}"#, escaped * 9 / 10)),
            200,
        ),
        (
            "nothing but members, half of them in a payload",
            base64(format!(
                r#"{{"EventType":"X",{}"XEvent":{{{}"":0}}}}"#,
                r#""":0,"#.repeat(escaped / 11),
                r#""":0,"#.repeat(escaped / 12)
            )),
            200,
        ),
        (
            "128 levels and then small arrays, half a surrogate pair among them",
            plain(filled(
                &format!(r#"{{"EventType":"X","XEvent":{{"Set":{}"\ud800","#, "[".repeat(125)),
                "[],",
                &format!("0{}}}}}", "]".repeat(125)),
                escaped,
            )),
            200,
        ),
        (
            "a number beyond 64 bits beside small objects",
            plain(filled(event, r#"{"":0},"#, "1e999]}}", escaped)),
            200,
        ),
        (
            "128 levels and then small numbers, one of them beyond 64 bits",
            plain(filled(
                &format!(r#"{{"EventType":"X","XEvent":{{"Set":{}1e999,"#, "[".repeat(125)),
                "0,",
                &format!("0{}}}}}", "]".repeat(125)),
                escaped,
            )),
            200,
        ),
        (
            "more levels than anybody needs",
            plain(format!(
                r#"{{"EventType":"X","XEvent":{}{}}}"#,
                "[".repeat(escaped / 2 - 50),
                "]".repeat(escaped / 2 - 50)
            )),
            400,
        ),
        ("nested without end", plain("[".repeat(escaped)), 400),
        ("no JSON", plain("x".repeat(escaped)), 400),
        ("no base64", ("*".repeat(escaped), true), 400),
        ("not UTF-8", (BASE64_STANDARD.encode(vec![0xff; escaped * 9 / 10]), true), 400),
    ]
}

#[tokio::test]
async fn the_largest_callback_is_answered_in_little_memory() {
    let cloud = Cloud::start().await;
    let (queue_url, _) = cloud.queues(5, 30).await;
    let mut variables = receiver_variables(&cloud, &queue_url);
    variables.push(("AWS_LAMBDA_LOG_LEVEL", "INFO".to_owned()));
    // The invocation has the body in JSON, every quote escaped, and some 1.5 KB besides.
    let escaped = invocation_bytes() * 3 / 4;
    for (what, body, status) in largest(escaped) {
        let mut receiver = Function::start(receiver_binary(), &variables).await;
        let path = "/tencent-vod/token/first-path-token";
        let invocation = function_url::event("POST", path, "", &Value::Null, body);
        assert!(invocation.to_string().len() < invocation_bytes(), "{what}: more than Lambda takes");
        let started = Instant::now();
        let answer = receiver.invoke(invocation).await.unwrap();
        let took = started.elapsed();
        let peak = receiver.peak_memory_bytes().unwrap_or_default();
        println!("{what}: {} in {} ms, {} MiB at most", answer["statusCode"], took.as_millis(), peak >> 20);
        assert_eq!(answer["statusCode"], status, "{what}");
        assert!(took < ANSWER_WITHIN || another_receiver().is_none(), "{what}: {took:?}");
        assert!(peak < SMALLEST_FUNCTION_BYTES, "{what}: {peak} bytes");
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
