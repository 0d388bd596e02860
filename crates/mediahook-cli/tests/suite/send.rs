//! `send`: every sample of every sender reaches the queue through a real receiver.

use std::io::Write as _;

use serde_json::Value;

use crate::receiver;
use crate::stack::{Stack, run};

#[tokio::test]
async fn every_sample_of_every_sender_is_accepted() {
    let stack = Stack::start().await;
    receiver::start(&stack).await;
    let list = run(&["send", "--list", "--json"], &[], b"").await.expect(0).json();
    assert!(list.len() > 100, "{}", list.len());
    for sample in &list {
        let source = match sample["sender"].as_str().unwrap() {
            "tencent-vod" => "tencent-vod/main",
            "alibaba-ims" => "alibaba-ims/prod",
            // A stack has no source of it here.
            _ => continue,
        };
        let ran = stack.run(&["send", source, sample["type"].as_str().unwrap(), "--json"]).await.expect(0);
        assert_eq!(ran.last()["status"], 200, "{sample} {ran:?}");
    }
    assert!(stack.drain(&stack.queue_url).await.len() > 50);
}

#[tokio::test]
async fn a_callback_is_signed_with_the_sources_own_key_and_token_and_url() {
    let stack = Stack::start().await;
    receiver::start(&stack).await;
    for (source, event_type) in [
        ("tencent-vod/main", "PullComplete"),
        ("tencent-vod/tokens", "PullComplete"),
        ("tencent-vod/main", "v2.PullComplete"),
        ("alibaba-ims/prod", "FileUploadComplete"),
        ("alibaba-ims/derived", "FileUploadComplete"),
    ] {
        let ran = stack.run(&["send", source, event_type]).await;
        // The URL in the signature of `derived` is the function URL's own, which is another one on loopback.
        let expected = i32::from(source == "alibaba-ims/derived");
        assert_eq!(ran.code, expected, "{source} {ran:?}");
    }
}

#[tokio::test]
async fn a_forged_one_is_refused_and_that_is_the_success() {
    let stack = Stack::start().await;
    receiver::start(&stack).await;
    for source in ["tencent-vod/main", "tencent-vod/tokens", "alibaba-ims/prod"] {
        let event_type = if source.starts_with("tencent") { "PullComplete" } else { "FileUploadComplete" };
        for forge in ["unsigned", "bad-signature", "stale"] {
            let ran = stack.run(&["send", source, event_type, "--forge", forge, "--json"]).await.expect(0);
            assert_eq!(ran.last()["status"], 401, "{ran:?}");
        }
        stack.run(&["send", source, event_type, "--forge", "unsigned", "--expect", "200"]).await.expect(1);
    }
    assert!(stack.drain(&stack.queue_url).await.is_empty());
}

#[tokio::test]
async fn a_file_of_ones_own_is_sent_byte_for_byte_but_for_what_is_set() {
    let stack = Stack::start().await;
    receiver::start(&stack).await;
    let body = br#"{"EventType" : "PullComplete","PullCompleteEvent":{"TaskId":"t","FileId":16092504232103571364, "x":1.50e3}}"#;
    let arguments =
        ["send", "tencent-vod/main", "--data", "-", "--set", "/PullCompleteEvent/TaskId=7", "--json"];
    let ran = stack.run_with(&arguments, body).await.expect(0);
    let messages = stack.drain(&stack.queue_url).await;
    let envelope = messages[0].body.as_deref().unwrap();
    let expected = r#""data":{"EventType" : "PullComplete","PullCompleteEvent":{"TaskId":"7","FileId":16092504232103571364, "x":1.50e3}}"#;
    assert!(envelope.contains(expected), "{envelope}");
    let envelope: Value = serde_json::from_str(envelope).unwrap();
    assert_eq!(envelope["id"], ran.last()["id"]);
    let ran = stack
        .run_with(&["send", "tencent-vod/main", "--data", "-", "--set", "/TaskId=7"], body)
        .await
        .expect(2);
    assert!(ran.stderr.contains("`/TaskId` matches nothing"), "{ran:?}");
}

#[tokio::test]
async fn mistakes_name_what_is_known() {
    let stack = Stack::start().await;
    let url = receiver::start(&stack).await;
    let ran = stack.run(&["send", "tencent-vod/mian", "PullComplete"]).await.expect(2);
    assert!(
        ran.stderr
            .contains("no source `tencent-vod/mian`; the sources are tencent-vod/main, tencent-vod/tokens"),
        "{ran:?}"
    );
    let ran = stack.run(&["send", "tencent-vod/main", "PullCompleted"]).await.expect(2);
    assert!(ran.stderr.contains("PullComplete,"), "{ran:?}");
    let ran = stack.run(&["send", "--list", "aws-ivs"]).await.expect(2);
    assert!(ran.stderr.contains("tencent-vod, alibaba-ims"), "{ran:?}");
    assert!(!format!("{ran:?}").contains("CurrentSignKey1"));
    stack.run(&["send", "tencent-vod/main", "PullComplete", "--expect", "401"]).await.expect(1);
    let ran = stack
        .run(&["send", "tencent-vod/main", "PullComplete", "--url", "http://127.0.0.1:1/", "--json"])
        .await
        .expect(3);
    assert_eq!(ran.last()["error"]["kind"], "unknown");
    // The document may be a file, and an address that names the source is taken as it is.
    let mut file = std::env::temp_dir();
    file.push(format!("mediahook-sources-{}.json", std::process::id()));
    std::fs::File::create(&file).unwrap().write_all(crate::stack::SOURCES.as_bytes()).unwrap();
    let url = format!("{url}tencent-vod/main");
    let arguments =
        ["send", "tencent-vod/main", "PullComplete", "--sources", file.to_str().unwrap(), "--url", &url];
    run(&arguments, &[], b"").await.expect(0);
    std::fs::remove_file(&file).unwrap();
}

#[tokio::test]
async fn a_load_test_counts_answers_and_times() {
    let stack = Stack::start().await;
    receiver::start(&stack).await;
    let arguments = [
        "send",
        "tencent-vod/main",
        "PullComplete",
        "--count",
        "30",
        "--concurrency",
        "5",
        "--rate",
        "200",
        "--set",
        "/PullCompleteEvent/FileId={i}",
        "--json",
    ];
    let report = stack.run(&arguments).await.expect(0).last();
    assert_eq!((&report["sent"], &report["answers"]["200"]), (&30.into(), &30.into()), "{report}");
    assert!(report["p99_ms"].as_u64() >= report["p50_ms"].as_u64() && report["late"] == 0, "{report}");
    assert_eq!(report["sender_waits_ms"], 5000);
    assert!(report["seconds"].as_f64().unwrap() > 0.14, "30 at 200 a second: {report}");
    let ids: std::collections::HashSet<_> =
        stack.drain(&stack.queue_url).await.into_iter().map(|message| message.body.unwrap()).collect();
    assert_eq!(ids.len(), 30, "each is another event");
}

#[tokio::test]
async fn it_can_be_printed_instead_in_three_forms() {
    let stack = Stack::start().await;
    stack.output("ReceiverUrl", "https://abc.lambda-url.us-east-1.on.aws/");
    let print = async |source: &str, what: &str| {
        let event_type = if source.starts_with("tencent") { "PullComplete" } else { "FileUploadComplete" };
        stack.run(&["send", source, event_type, "--print", what]).await.expect(0).stdout
    };
    let body: Value = serde_json::from_str(&print("tencent-vod/main", "body").await).unwrap();
    assert!(body["Sign"].as_str().unwrap().len() == 32 && body["T"].is_i64());
    let curl = print("alibaba-ims/prod", "curl").await;
    for header in
        ["curl -H 'content-type: application/json' ", " -H 'x-ice-timestamp: ", " -H 'x-ice-signature: "]
    {
        assert!(curl.contains(header), "{curl}");
    }
    assert!(curl.ends_with("'https://abc.lambda-url.us-east-1.on.aws/alibaba-ims/prod'\n"), "{curl}");
    let invocation: Value = serde_json::from_str(&print("tencent-vod/tokens", "invocation").await).unwrap();
    assert_eq!(invocation["rawPath"], "/tencent-vod/tokens/4c1f0e9b7a");
    assert!(mediahook_testing::function_url::request(&invocation).is_ok());
}
