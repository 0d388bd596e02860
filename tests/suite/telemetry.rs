//! The wide events: their members, their metrics, and what they never show.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use base64::prelude::{BASE64_STANDARD, Engine as _};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use mediahook::config::Environment;
use mediahook::config::ORIGIN_SECRETS;
use mediahook::ingest::envelope;
use mediahook::lambda::invocation::Invocation;
use mediahook::receive::Receiver;
use mediahook::receive::origin::{ORIGIN_HEADER, OriginSecrets};
use mediahook::sources::Sources;
use mediahook::sources::cache::{ReadSources, SourcesCache, SourcesError, Version};
use mediahook::storage::Message;
use mediahook::storage::{Bucket, EntryError, Page, Queue, StoreError};
use mediahook::telemetry::Recorder;
use mediahook::telemetry::metrics::{METRICS, NAMESPACE};
use mediahook::timeouts::receive::deadline;
use mediahook::trace::Trace;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::macros::datetime;

use crate::end_to_end::{post, receiver_binary, receiver_variables};
use crate::policy::{PRODUCED, PULL_COMPLETE, SOURCES};
use mediahook_testing::cloud::{BUCKET, Cloud, Fault};
use mediahook_testing::function_url;
use mediahook_testing::runtime_api::{Function, REQUEST_ID};
use mediahook_testing::signing::sign_tencent;
use mediahook_testing::tencent_vod::TencentVod;

const NOW: OffsetDateTime = datetime!(2026-11-22 05:50:27.5 UTC);
const OPEN: &str = "/tencent-vod/open";

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
            Invocation { request_id: "r-1".to_owned(), trace: Trace::from_xray(header), cold: true };
        let deadline = deadline(Duration::from_secs(10));
        let callback = function_url::request(&event);
        self.receiver.receive(callback, deadline, &invocation).await.status().as_u16()
    }

    /// The lines written since the last call.
    fn lines(&self) -> Vec<Value> {
        wide_events(&std::mem::take(&mut *self.lines.lock().unwrap()))
    }
}

/// The wide events in a log, each checked against the rules of EMF.
pub(crate) fn wide_events(log: &str) -> Vec<Value> {
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter(|line| line.get("_aws").is_some()).inspect(assert_is_emf).collect()
}

/// The Embedded Metric Format, as its specification has it.
fn assert_is_emf(line: &Value) {
    let timestamp = line["timestamp"].as_str().unwrap();
    let at = OffsetDateTime::parse(timestamp, &time::format_description::well_known::Rfc3339).unwrap();
    let ms = i64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap();
    assert_eq!(line["_aws"]["Timestamp"], ms, "{line}");
    assert!(["INFO", "WARN", "ERROR"].contains(&line["level"].as_str().unwrap()), "{line}");
    let directives = line["_aws"]["CloudWatchMetrics"].as_array().unwrap();
    let directive = &directives[0];
    assert_eq!(directives.len(), 1, "{line}");
    assert_eq!(directive["Namespace"], NAMESPACE);
    let sets = directive["Dimensions"].as_array().unwrap();
    assert!((1..=2).contains(&sets.len()), "{line}");
    for name in sets.iter().flat_map(|set| set.as_array().unwrap()) {
        let value = line[name.as_str().unwrap()].as_str().unwrap();
        assert!((1..=1024).contains(&value.len()) && value.is_ascii(), "{line}");
    }
    let metrics = directive["Metrics"].as_array().unwrap();
    assert!((1..=100).contains(&metrics.len()), "{line}");
    for metric in metrics {
        let known = METRICS.iter().find(|known| metric["Name"] == known.name);
        // A count needs no unit.
        let unit = metric["Unit"].as_str().unwrap_or("Count");
        assert_eq!(unit, known.expect("one of METRICS").unit);
        assert!(line[metric["Name"].as_str().unwrap()].as_f64().unwrap() >= 0.0, "{line}");
    }
}

/// The names of a line's metrics.
fn metrics(line: &Value) -> Vec<&str> {
    let metrics = line["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array().unwrap();
    metrics.iter().map(|metric| metric["Name"].as_str().unwrap()).collect()
}

/// The sum of a metric over these lines.
fn sum(lines: &[Value], metric: &str) -> u64 {
    lines
        .iter()
        .filter(|line| metrics(line).contains(&metric))
        .map(|line| line[metric].as_u64().unwrap())
        .sum()
}

fn forged(body: &str) -> Value {
    post("/tencent-vod/signed", &json!({}), &sign_tencent(body, "ForgedSignKey", NOW.unix_timestamp() + 600))
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
    assert!(bytes <= 550, "{bytes}: {text}");

    let mut lines = world.lines();
    let line = lines[0].as_object_mut().unwrap();
    assert!(line.remove("queue_ms").unwrap().as_f64().unwrap() < 1_000.0);
    let id = line.remove("id").unwrap();
    assert_eq!(id.as_str().unwrap().len(), 64);
    let expected = json!({
        "timestamp": "2026-11-22T05:50:27.500Z", "level": "INFO", "message": "queued",
        "type": "com.alibabacloud.ims.ProduceMediaComplete", "subject": "m1", "outcome": "succeeded",
        "age_ms": 2500, "cold": true,
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
        assert!(!text.contains(secret) && !format!("{:?}", world.receiver).contains(secret));
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
    assert_eq!(text.lines().count(), 27);
    assert_eq!(wide_events(&text).len(), text.lines().count());
    for hidden in ["MARK", "x-mark", "SignKey", "AuthKey", "path-token", "PullSecret"] {
        assert!(!text.contains(hidden), "{hidden} shows in {text}");
    }
}

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
        "time": "2026-11-22T05:50:25Z", "recordedtime": "2026-11-22T05:50:26Z", "data": {}
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
    let lines = wide_events(&processor.stop().await);
    let logged: Vec<_> = lines
        .iter()
        .map(|l| (l["id"].as_str().unwrap(), l["result"].as_str().unwrap(), metrics(l)))
        .collect();
    let expected = [
        ("a", "processed", vec!["Processed", "ProcessingLatency"]),
        ("a", "duplicate", vec!["Duplicates"]),
        ("b", "dead_letter", vec!["DeadLettered"]),
        ("c", "failed", vec!["Failed"]),
        ("d", "failed", vec!["Failed"]),
    ];
    assert_eq!(logged, expected);
    assert_eq!(lines[0]["Source"], "tencent-vod/main");
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
