//! The log lines and their metrics: their members, and what they never show.

mod functions;
mod lines;

use mediahook::telemetry::metrics::{METRICS, NAMESPACE};
use mediahook_testing::signing::sign_tencent;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::macros::datetime;

use crate::end_to_end::post;

const NOW: OffsetDateTime = datetime!(2026-11-22 05:50:27.5 UTC);
const OPEN: &str = "/tencent-vod/open";

fn forged(body: &str) -> Value {
    post("/tencent-vod/signed", &json!({}), &sign_tencent(body, "ForgedSignKey", NOW.unix_timestamp() + 600))
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
        let values = &line[metric["Name"].as_str().unwrap()];
        let values = values.as_array().map_or(std::slice::from_ref(values), Vec::as_slice);
        assert!((1..=100).contains(&values.len()), "{line}");
        assert!(values.iter().all(|value| value.as_f64().unwrap() >= 0.0), "{line}");
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
