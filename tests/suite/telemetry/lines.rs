//! The receiver's lines, one for each request.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use mediahook::config::{Environment, ORIGIN_SECRETS};
use mediahook::lambda::invocation::Invocation;
use mediahook::receive::Receiver;
use mediahook::receive::origin::{ORIGIN_HEADER, OriginSecrets};
use mediahook::sources::Sources;
use mediahook::sources::cache::{ReadSources, SourcesCache, SourcesError, Version};
use mediahook::storage::{Bucket, EntryError, Message, Page, Queue, StoreError};
use mediahook::telemetry::Recorder;
use mediahook::timeouts::receive::deadline;
use mediahook::trace::traceparent;
use mediahook_testing::function_url;
use mediahook_testing::signing::sign_tencent;
use serde_json::{Value, json};

use super::{NOW, OPEN, forged, metrics, sum, wide_events};
use crate::end_to_end::post;
use crate::policy::{PRODUCED, PULL_COMPLETE, SOURCES};

/// Queue and bucket, either of which may be down.
#[derive(Clone, Default)]
struct Store {
    queue_down: Arc<AtomicBool>,
    bucket_down: Arc<AtomicBool>,
}

fn up(down: &AtomicBool) -> Result<(), StoreError> {
    if down.load(Ordering::Relaxed) { Err(StoreError("scripted".to_owned())) } else { Ok(()) }
}

impl Queue for Store {
    fn max_message_bytes(&self) -> usize {
        10_000
    }

    async fn enqueue(&self, _: &Message) -> Result<(), EntryError> {
        Ok(up(&self.queue_down)?)
    }

    async fn enqueue_batch(&self, messages: &[&Message]) -> Result<Vec<Result<(), EntryError>>, StoreError> {
        up(&self.queue_down).map(|()| messages.iter().map(|_| Ok(())).collect())
    }
}

impl Bucket for Store {
    fn name(&self) -> &'static str {
        "bucket"
    }

    async fn put(&self, _: &str, _: Vec<u8>, _: &'static str) -> Result<(), StoreError> {
        up(&self.bucket_down)
    }

    async fn get(&self, _: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Err(StoreError("nothing there".to_owned()))
    }

    async fn list(&self, _: &str, _: Option<&str>) -> Result<Page, StoreError> {
        Ok(Page::default())
    }

    async fn delete_many(&self, _: &[String]) -> Result<Vec<StoreError>, StoreError> {
        Ok(Vec::new())
    }
}

/// A receiver whose lines are kept.
struct World {
    store: Store,
    receiver: Receiver<Store, Store>,
    lines: Arc<Mutex<String>>,
}

impl World {
    fn new(level: &str) -> Self {
        Self::with(level, |_| SourcesCache::fixed(Sources::parse(SOURCES).unwrap()))
    }

    fn with(level: &str, sources: impl FnOnce(Recorder) -> SourcesCache) -> Self {
        let (store, lines) = (Store::default(), Arc::new(Mutex::new(String::new())));
        let kept = Arc::clone(&lines);
        let environment = [("AWS_LAMBDA_LOG_LEVEL", level), ("AWS_LAMBDA_FUNCTION_NAME", "f")];
        let recorder = Recorder::with_writer(&environment.into_iter().collect(), move |line| {
            kept.lock().unwrap().push_str(std::str::from_utf8(line).unwrap());
        });
        let mut receiver =
            Receiver::new(Arc::new(sources(recorder.clone())), store.clone(), store.clone(), || NOW);
        receiver.recorder = recorder;
        Self { store, receiver, lines }
    }

    async fn receive(&self, event: Value) -> u16 {
        let header = "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=53995c3f42cd8ad8;Sampled=1";
        let invocation =
            Invocation { request_id: "r-1".to_owned(), traceparent: traceparent(header), cold: true };
        let deadline = deadline(Duration::from_secs(10));
        let callback = function_url::request(&event);
        self.receiver.receive(callback, deadline, &invocation).await.status().as_u16()
    }

    /// The lines written since the last call.
    fn lines(&self) -> Vec<Value> {
        wide_events(&std::mem::take(&mut *self.lines.lock().unwrap()))
    }
}

fn produced() -> Value {
    post("/alibaba-ims/token/first-path-token", &json!({}), PRODUCED)
}

#[tokio::test]
async fn a_callback_is_one_short_line_that_says_nothing_twice() {
    let world = World::new("INFO");
    assert_eq!(world.receive(produced()).await, 200);
    let text = world.lines.lock().unwrap().clone();
    // As long as the longest names of a usual deployment make it.
    let [function, source] = ["mediahook-Receiver-1a2B3c4D5e6F", "tencent-vod/production"].map(str::len);
    let (event_type, subject) =
        ("com.tencentcloud.vod.ProcedureStateChanged".len(), "5285890784273533167".len());
    let longer = (function - "f".len())
        + (source - "alibaba-ims/token".len())
        + (subject - "m1".len())
        + (event_type - "com.alibabacloud.ims.ProduceMediaComplete".len());
    let bytes = text.trim_end().len() + longer - r#","cold":true"#.len();
    assert!(bytes <= 536, "{bytes}: {text}");

    let mut lines = world.lines();
    let line = lines[0].as_object_mut().unwrap();
    assert!(line.remove("queue_ms").unwrap().as_f64().unwrap() < 1_000.0);
    let id = line.remove("id").unwrap();
    assert_eq!(id.as_str().unwrap().len(), 64);
    let expected = json!({
        "timestamp": "2026-11-22T05:50:27.500Z", "level": "INFO", "message": "queued",
        "type": "com.alibabacloud.ims.ProduceMediaComplete", "subject": "m1", "outcome": "succeeded",
        "cold": true,
        "_aws": { "Timestamp": 1_795_326_627_500_u64, "CloudWatchMetrics": [{
            "Namespace": "mediahook", "Dimensions": [["FunctionName"], ["FunctionName", "Source"]],
            "Metrics": [{ "Name": "Accepted" }]
        }] },
        "FunctionName": "f", "Source": "alibaba-ims/token", "Accepted": 1
    });
    assert_eq!(Value::Object(line.clone()), expected);
}

#[tokio::test]
async fn each_outcome_has_its_line() {
    let world = World::new("INFO");
    let down = |queue, bucket| {
        world.store.queue_down.store(queue, Ordering::Relaxed);
        world.store.bucket_down.store(bucket, Ordering::Relaxed);
    };
    let open = |body: &str| post(OPEN, &json!({}), body);
    let large = PULL_COMPLETE.replacen('{', &format!(r#"{{"Note":"{}","#, "x".repeat(20_000)), 1);
    let without_data_too = PULL_COMPLETE.replace("125-Pull-1", &"x".repeat(20_000));
    let source = Some("tencent-vod/open");
    for (queue, bucket, event, status, level, destination, source, counted) in [
        (false, false, open(PULL_COMPLETE), 200, "INFO", "queue", source, &["Accepted"][..]),
        (false, false, open(&large), 200, "INFO", "payload+queue", source, &["Accepted"]),
        (true, false, open(PULL_COMPLETE), 200, "WARN", "spill", source, &["Accepted", "Spilled"]),
        (true, true, open(PULL_COMPLETE), 503, "ERROR", "lost", source, &["Lost"]),
        (false, false, open("[]"), 400, "WARN", "rejected", source, &["Rejected"]),
        (false, false, open(&without_data_too), 400, "WARN", "rejected", source, &["Rejected"]),
        (false, true, open("[]"), 503, "ERROR", "lost", source, &["Lost"]),
        (
            false,
            false,
            forged(PULL_COMPLETE),
            401,
            "INFO",
            "nowhere",
            Some("tencent-vod/signed"),
            &["Unauthorized", "UnauthorizedSender"],
        ),
    ] {
        down(queue, bucket);
        assert_eq!(world.receive(event).await, status);
        let lines = world.lines();
        let [line] = &lines[..] else { panic!("{lines:?}") };
        assert_eq!(line["level"], level);
        let is_plain = matches!(destination, "queue" | "nowhere");
        assert_eq!(line["destination"].as_str(), Some(destination).filter(|_| !is_plain), "{line}");
        assert_eq!(line["status"].as_u64(), Some(status.into()).filter(|s| *s != 200 && !is_plain), "{line}");
        assert_eq!(line["request_id"].as_str(), Some("r-1").filter(|_| !is_plain), "{line}");
        assert_eq!(line["Source"].as_str(), source, "{line}");
        assert_eq!(metrics(line), counted, "{line}");
        assert_eq!(line.get("bucket_ms").is_some(), !matches!(destination, "queue" | "nowhere"), "{line}");
        assert_eq!(line.get("error").is_some(), matches!(destination, "spill" | "lost"), "{line}");
    }
}

#[tokio::test]
async fn without_sources_a_callback_is_503_and_counted() {
    #[derive(Debug)]
    struct Unreadable;
    impl ReadSources for Unreadable {
        fn place(&self) -> String {
            "nowhere".to_owned()
        }

        fn read(&self, _: Version) -> BoxFuture<'_, Result<String, SourcesError>> {
            async { Err(SourcesError::Unreadable(StoreError("scripted".to_owned()))) }.boxed()
        }
    }
    let world = World::with("INFO", |_| SourcesCache::from_reader(Unreadable, Recorder::silent()));
    assert_eq!(world.receive(produced()).await, 503);
    assert_eq!(metrics(&world.lines()[0]), ["NoSources"]);
}

#[tokio::test]
async fn each_unauthorized_request_has_its_reason() {
    let now_s = NOW.unix_timestamp();
    let signed = |body: &str| post("/tencent-vod/signed", &json!({}), body);
    let world = || World::new("INFO");
    for (event, status, reason, source) in [
        (
            function_url::event("GET", OPEN, "", &json!({}), (String::new(), false)),
            405,
            "NotPost",
            Some("tencent-vod/open"),
        ),
        (post("/tencent-vod/<open>", &json!({}), "{}"), 400, "Malformed", None),
        (post("/nobody/here", &json!({}), "{}"), 404, "UnknownPath", None),
        (post("/tencent-vod/nobody", &json!({}), "{}"), 404, "UnknownSource", None),
        (post("/tencent-vod/pulled", &json!({}), "{}"), 401, "TakesNoPush", Some("tencent-vod/pulled")),
        (post("/tencent-vod/token/x", &json!({}), "{}"), 401, "WrongToken", Some("tencent-vod/token")),
        (signed("{}"), 401, "SignatureMissing", Some("tencent-vod/signed")),
        (signed(r#"{"Sign":"a","T":1,"Sign":"b"}"#), 401, "SignatureRepeated", Some("tencent-vod/signed")),
        (
            signed(&sign_tencent(PULL_COMPLETE, "CurrentSignKey1", now_s - 9)),
            401,
            "SignatureStale",
            Some("tencent-vod/signed"),
        ),
        (forged(PULL_COMPLETE), 401, "SignatureWrong", Some("tencent-vod/signed")),
    ] {
        let world = world();
        assert_eq!(world.receive(event).await, status, "{reason}");
        let lines = world.lines();
        let [line] = &lines[..] else { panic!("{lines:?}") };
        assert_eq!((&line["Reason"], &line["Unauthorized"]), (&json!(reason), &json!(1)));
        let message = match status {
            400 => "malformed",
            401 => "unauthorized",
            404 => "not found",
            _ => "method not allowed",
        };
        assert_eq!(line["message"], message, "{line}");
        let is_a_senders = !matches!(reason, "NotPost" | "Malformed" | "UnknownPath");
        assert_eq!(line.get("UnauthorizedSender").is_some(), is_a_senders, "{line}");
        assert_eq!(line["Source"].as_str(), source);
        let sets = json!([["FunctionName"], ["FunctionName", "Reason"]]);
        assert_eq!(line["_aws"]["CloudWatchMetrics"][0]["Dimensions"], sets);
    }
}

/// Whatever it claims to be, nothing of it was looked at: it has no source, and neither secret is shown.
#[tokio::test]
async fn what_comes_past_the_proxy_in_front_is_counted_like_any_other_refusal() {
    const SECRET: &str = "0123456789abcdefghijABCDEFGHIJ01";
    const OTHER: &str = "98765432109876543210987654321098";
    let variables: Environment = [(ORIGIN_SECRETS, SECRET)].into_iter().collect();
    let mut world = World::new("DEBUG");
    world.receiver.origin = OriginSecrets::from_env(&variables).unwrap();
    let by = |secret: &str| post(OPEN, &json!({ (ORIGIN_HEADER): secret }), PULL_COMPLETE);
    for _ in 0..20 {
        assert_eq!(world.receive(by(OTHER)).await, 404);
    }
    assert_eq!(world.receive(by(SECRET)).await, 200);
    let text = world.lines.lock().unwrap().clone();
    let lines = world.lines();
    assert_eq!((lines.len(), sum(&lines, "Unauthorized"), sum(&lines, "Accepted")), (21, 20, 1));
    for line in &lines[..20] {
        assert_eq!((&line["Reason"], &line["message"]), (&json!("NotFromOrigin"), &json!("not found")));
        assert_eq!(line["Source"], Value::Null);
    }
    for secret in [SECRET, OTHER] {
        assert!(!text.contains(secret) && !format!("{:?}", world.receiver.origin).contains(secret));
    }
}

/// What one costs in a request flood: the log is the largest part of it.
#[tokio::test]
async fn each_unauthorized_request_is_one_short_line() {
    let world = World::new("INFO");
    for _ in 0..100 {
        world.receive(post("/wp-login.php", &json!({}), "{}")).await;
    }
    let text = world.lines.lock().unwrap().clone();
    let bytes =
        text.lines().map(str::len).max().unwrap() + "mediahook-Receiver-1a2B3c4D5e6F".len() - "f".len();
    assert!(bytes <= 350, "{bytes}: {text}");
    let lines = world.lines();
    assert_eq!((lines.len(), sum(&lines, "Unauthorized")), (100, 100));
}

#[tokio::test]
async fn a_log_level_hides_the_lines_below_it() {
    for (level, expected) in [
        ("DEBUG", vec!["INFO", "INFO", "WARN", "ERROR"]),
        ("INFO", vec!["INFO", "INFO", "WARN", "ERROR"]),
        ("WARN", vec!["WARN", "ERROR"]),
        ("FATAL", vec!["ERROR"]),
    ] {
        let world = World::new(level);
        world.receive(produced()).await;
        world.receive(forged(PULL_COMPLETE)).await;
        world.store.queue_down.store(true, Ordering::Relaxed);
        world.receive(produced()).await;
        world.store.bucket_down.store(true, Ordering::Relaxed);
        world.receive(produced()).await;
        let levels: Vec<_> = world.lines().iter().map(|l| l["level"].as_str().unwrap().to_owned()).collect();
        assert_eq!(levels, expected, "{level}");
    }
}

#[tokio::test]
async fn no_line_shows_a_request_of_strangers_or_senders() {
    let world = World::new("DEBUG");
    let marked = r#"{"EventType":"X","XEvent":{"TaskId":1,"Name":"MARK"},"MARK":"\n{\"_aws\":1}"}"#;
    let headers = json!({ "sign": "MARK", "t": "MARK", "x-mark": "MARK\n" });
    let token = "/tencent-vod/token/first-path-token";
    for (path, body) in [
        ("/MARK", "MARK"),
        ("/tencent-vod/MARK", marked),
        ("/tencent-vod/token/MARK", marked),
        ("/tencent-vod/signed", marked),
        ("/tencent-vod/open\n{MARK}", marked),
        (token, "MARK"),
        (token, "[\"MARK\"]"),
        (token, marked),
        (token, r#"{"EventType":"X","MARK":"#),
    ] {
        for (is_base64, down) in [(false, false), (true, false), (false, true)] {
            world.store.queue_down.store(down, Ordering::Relaxed);
            world.store.bucket_down.store(down, Ordering::Relaxed);
            let body = if is_base64 { BASE64_STANDARD.encode(body) } else { body.to_owned() };
            let event = function_url::event("POST", path, "MARK=MARK", &headers, (body, is_base64));
            world.receive(event).await;
        }
    }
    let text = world.lines.lock().unwrap().clone();
    // What neither queue nor bucket takes is in the log, whole: that is its purpose.
    let (lost, text): (Vec<_>, Vec<_>) = text.lines().partition(|line| line.contains(r#""lost":true"#));
    let text = text.join("\n");
    assert_eq!((lost.len(), text.lines().count()), (4, 27));
    assert_eq!(wide_events(&text).len(), text.lines().count());
    for hidden in ["MARK", "x-mark", "SignKey", "AuthKey", "path-token", "PullSecret"] {
        assert!(!text.contains(hidden), "{hidden} shows in {text}");
    }
}
