//! From the invocation's body to the message for the queue: verify, parse, envelope. `cargo bench --bench understand`.

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use mediahook::lambda::invocation::Invocation;
use mediahook::lambda::request::FunctionUrlInvocation;
use mediahook::receive::{authenticate, read_event};
use mediahook::sources::Sources;
use mediahook_senders::secret::Secret;
use mediahook_senders::tencent_vod::TencentVod;
use mediahook_senders::{CallbackRequest, Sender as _};
use serde_json::{Value, json};
use time::OffsetDateTime;

const SIGN_KEY: &str = "BenchSignKey2026";
const NOW_S: i64 = 1_795_326_625;

fn main() {
    divan::main();
}

/// A task flow of at most so many bytes, or little more: the fixture's, as many of its results as fit.
fn flow(bytes: usize) -> String {
    let fixture = include_str!("../tests/fixtures/tencent-vod/ProcedureStateChanged.processing.json");
    let mut event: Value = serde_json::from_str(fixture).unwrap_or_default();
    let whole = event.to_string().len();
    if let Some(results) = event.pointer_mut("/ProcedureStateChangeEvent/MediaProcessResultSet") {
        let one = results.clone();
        let one = one.as_array().map(Vec::as_slice).unwrap_or_default();
        let size = Value::from(one).to_string().len();
        let room = bytes.saturating_sub(whole - size);
        *results = one.iter().cycle().take(one.len() * room / size).cloned().collect();
    }
    let mut callback = CallbackRequest::new(event.to_string().into());
    TencentVod.sign(&mut callback, "", &Secret::new(SIGN_KEY), NOW_S);
    String::from_utf8(callback.into_body()).unwrap_or_default()
}

fn callback(body: &str) -> CallbackRequest {
    let event = json!({
        "rawPath": "/tencent-vod/main",
        "requestContext": { "http": { "method": "POST" } },
        "body": body
    });
    let invocation = FunctionUrlInvocation::parse(&event.to_string());
    invocation.ok().and_then(|invocation| invocation.into_request().ok()).unwrap_or_default()
}

#[divan::bench(args = [1_000, 3_000, 500_000])]
fn understand(bencher: Bencher<'_, '_>, bytes: usize) {
    let Ok(sources) = Sources::parse(r#"{"tencent-vod/main":{"sign_keys":["BenchSignKey2026"]}}"#) else {
        return;
    };
    let now = OffsetDateTime::from_unix_timestamp(NOW_S).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let body = flow(bytes);
    let bencher = bencher.counter(BytesCount::of_str(&body));
    let callback = callback(&body);
    bencher.bench(|| {
        let authentic = authenticate(black_box(&callback), &sources, now).ok();
        let envelope = authentic.and_then(|a| read_event(&a, now, &Invocation::default()).ok());
        envelope.map(|e| mediahook::ingest::message(&e))
    });
}
