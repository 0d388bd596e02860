//! How fast `spill/` drains: the real puller, with the memory that the template gives it, in front of an S3 and an SQS that
//! take 15 ms for each call. `cargo bench --bench spill`.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mediahook::events::Channel;
use mediahook::ingest::{self, object_keys};
use mediahook::sources::Sources;
use mediahook_testing::http::{self, Request, Response, response};
use mediahook_testing::runtime_api::Function;
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio::sync::Mutex;
use tokio::time::sleep;

const EVENTS: u16 = 12_000;
const CALL: Duration = Duration::from_millis(15);
const MEMORY_MB: &str = "256";
const SOURCES: &str = r#"{"tencent-vod/main":{"unauthenticated":true}}"#;
/// The puller's timeout.
const RUN: Duration = Duration::from_secs(55);

/// The objects in `spill/`.
type Spill = BTreeMap<String, String>;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let spill = Arc::new(Mutex::new(fill()?));
    let (listener, address) = http::listen().await;
    let serving = Arc::clone(&spill);
    tokio::spawn(http::serve(listener, move |request| {
        let spill = Arc::clone(&serving);
        async move {
            sleep(CALL).await;
            answer(&mut *spill.lock().await, &request)
        }
    }));
    let variables = [
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "example-secret-access-key".to_owned()),
        ("AWS_ENDPOINT_URL", format!("http://{address}")),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", MEMORY_MB.to_owned()),
        ("MEDIAHOOK_SOURCES", SOURCES.to_owned()),
        ("MEDIAHOOK_QUEUE_URL", format!("http://{address}/1/callbacks.fifo")),
        ("MEDIAHOOK_BUCKET", "bucket".to_owned()),
    ];
    let puller = Function::start_with_timeout(env!("CARGO_BIN_EXE_puller"), &variables, RUN).await;
    let began = Instant::now();
    puller.begin(json!({})).await;
    while !spill.lock().await.is_empty() && began.elapsed() < RUN {
        sleep(CALL).await;
    }
    let (took, drained) = (began.elapsed(), usize::from(EVENTS) - spill.lock().await.len());
    let peak_mib = puller.peak_memory_bytes().unwrap_or_default() >> 20;
    println!("{drained} events in {:.1} s, {peak_mib} MiB at most", took.as_secs_f32());
    Ok(())
}

/// Events of as many media assets, each of about 1.5 KB and received a second after the one before.
fn fill() -> Result<Spill, Box<dyn Error>> {
    let sources = Sources::parse(SOURCES)?;
    let source = sources.get("tencent-vod/main").ok_or("no source")?;
    let (first, text) = (OffsetDateTime::now_utc() - Duration::from_hours(24), "x".repeat(1_000));
    let mut spill = Spill::new();
    for number in 0..EVENTS {
        let body = json!({ "EventType": "X", "XEvent": { "TaskId": number.to_string(), "Text": text } });
        let received = first + Duration::from_secs(number.into());
        let event = ingest::build(source, body.to_string().as_bytes(), Channel::Push, None, received)?;
        spill.insert(object_keys::spill(&event), ingest::message(&event).body);
    }
    Ok(spill)
}

/// What SQS and S3 answer to the calls that the puller makes.
fn answer(spill: &mut Spill, request: &Request) -> Option<Response> {
    if let Some(action) = request.headers().get("x-amz-target") {
        let sent: Value = serde_json::from_slice(request.body()).ok()?;
        let taken = |entry: &Value| json!({ "Id": entry["Id"], "MessageId": "1", "MD5OfMessageBody": "1" });
        let taken: Vec<_> =
            sent.get("Entries").and_then(Value::as_array).into_iter().flatten().map(taken).collect();
        let answer = match action.to_str().ok()? {
            "AmazonSQS.SendMessageBatch" => json!({ "Successful": taken, "Failed": [] }),
            _ => json!({ "Attributes": { "FifoQueue": "true", "MaximumMessageSize": "1048576" } }),
        };
        return Some(response(200, "application/x-amz-json-1.0", answer.to_string()));
    }
    let (path, query) = (request.uri().path(), request.uri().query().unwrap_or_default());
    let xml = |body: String| Some(response(200, "application/xml", body));
    if query.contains("list-type=2") {
        let value = |name| query.split('&').find_map(|member| member.strip_prefix(name));
        let after = value("start-after=").unwrap_or_default().replace("%2F", "/");
        return xml(page(spill, &value("prefix=")?.replace("%2F", "/"), &after));
    }
    if request.method() == "POST" {
        let keys = std::str::from_utf8(request.body()).ok()?.split("<Key>").skip(1);
        for key in keys.filter_map(|rest| rest.split("</Key>").next()) {
            spill.remove(key);
        }
        return xml("<DeleteResult/>".to_owned());
    }
    xml(spill.get(path.strip_prefix("/bucket/")?)?.clone())
}

/// A page of a listing: a thousand objects.
fn page(spill: &Spill, prefix: &str, after: &str) -> String {
    let mut keys = spill.iter().filter(|(key, _)| key.starts_with(prefix) && key.as_str() > after);
    let objects: String = (&mut keys).take(1_000).map(|(key, body)| object(key, body.len())).collect();
    let more = keys.next().is_some();
    format!("<ListBucketResult><IsTruncated>{more}</IsTruncated>{objects}</ListBucketResult>")
}

fn object(key: &str, bytes: usize) -> String {
    format!(
        "<Contents><Key>{key}</Key><LastModified>2026-11-22T00:00:00.000Z</LastModified><Size>{bytes}</Size></Contents>"
    )
}
