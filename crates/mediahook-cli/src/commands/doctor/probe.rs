//! A signed event, from the receiver's address to the processor's idempotency record.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::Report;
use crate::callback::{Callback, Http};
use crate::commands::tail;
use crate::context::Context;
use crate::failure::Failure;
use crate::sources::{Document, Source};

/// The event type of a probe. No sender has it, so handlers pass over it as over every type that they do not know.
const EVENT_TYPE: &str = "MediahookProbe";
const LOOK_EVERY: Duration = Duration::from_secs(1);

pub(super) async fn check(
    document: &Document,
    report: &mut Report<'_>,
    context: &Context,
) -> Result<(), Failure> {
    let Some(source) = document.iter().find(|source| source.parsed.takes_push()) else {
        report.ok("probe", "no source takes push");
        return Ok(());
    };
    let now = OffsetDateTime::now_utc();
    let callback =
        Callback::new(&source, &context.url().await?, body(&source, now), None, now.unix_timestamp());
    let began = Instant::now();
    let answered = Http::new(context.options.timeout())?.send(callback).await?;
    let answer: Value = serde_json::from_str(&answered.body).unwrap_or_default();
    let (200, Some(id)) = (answered.status, answer["id"].as_str()) else {
        let found = format!("a signed event of {} is answered {}", source.name, answered.status);
        report.fail(
            "probe",
            found,
            "the receiver and this command read different keys, or see docs/operations.md#unauthorized-sender",
        );
        return Ok(());
    };
    while began.elapsed() < context.options.timeout() {
        if tail::record(id, context).await?.as_deref() == Some("COMPLETED") {
            let found = format!(
                "an event of {} went all the way in {} ms ({id})",
                source.name,
                began.elapsed().as_millis()
            );
            report.ok("probe", found);
            return Ok(());
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    let found =
        format!("accepted, and not processed within {} s ({id})", context.options.timeout().as_secs());
    report.fail("probe", found, format!("mediahook tail --event {id}"));
    Ok(())
}

/// Another event each time, of no media asset.
fn body(source: &Source<'_>, now: OffsetDateTime) -> Vec<u8> {
    let task = format!("probe-{}", now.unix_timestamp_nanos());
    let body = match source.sender() {
        "tencent-vod" => json!({ "EventType": EVENT_TYPE, "MediahookProbeEvent": { "TaskId": task } }),
        "alibaba-vod" => json!({ "EventType": EVENT_TYPE, "JobId": task }),
        _ => json!({ "EventType": EVENT_TYPE, "MessageBody": { "JobId": task } }),
    };
    body.to_string().into_bytes()
}
