//! One log line of JSON, built member by member, with the `CloudWatch` metrics that it counts.
//!
//! ```text
//! Line::new(Level::INFO, "queued").field("id", &id).source(&name).count(ACCEPTED, 1).write(&recorder, now);
//! ```
//!
//! The metrics use the Embedded Metric Format: the member `_aws` names the members of the line that are metrics, and
//! those that are dimensions (`FunctionName`, and `Source` or `Reason`). `CloudWatch` reads them from the log, so no
//! call is made for them. A line that is not written is not counted: if the log level hides a line, it also hides its
//! metrics. The lines are JSON whatever the format of the log, as the Embedded Metric Format requires; Lambda filters
//! them by their `level` and `timestamp`.
//!
//! We have our own writer, which is short: `metrique` would bring 36 crates, `metrics_cloudwatch_embedded` 15, in
//! addition to the 180 that we already have.

use std::num::NonZero;
use std::time::Duration;

use mediahook_events::CloudEvent;
use serde::{Serialize, Serializer as _};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::iso8601::{Config, EncodedConfig, TimePrecision};
use time::format_description::well_known::{Iso8601, Rfc3339};
use tracing::Level;

use super::Recorder;
use super::metrics::{MISCONFIGURED, Metric, NAMESPACE};
use crate::lambda::invocation::Invocation;

/// Texts are cut to this many bytes: some of them come from senders and services.
const MAX_TEXT_BYTES: usize = 1024;
/// Enough for most lines.
const LINE_BYTES: usize = 1024;
/// RFC 3339 with three digits of milliseconds, so that lines sort by their text.
const TIMESTAMP: EncodedConfig =
    Config::DEFAULT.set_time_precision(TimePrecision::Second { decimal_digits: NonZero::new(3) }).encode();

/// A line that is not written yet.
#[derive(Debug, Clone)]
#[must_use]
pub struct Line {
    level: Level,
    members: Vec<(&'static str, Value)>,
    /// The second dimension of the metrics, beside the function's name. Each value makes another metric, which AWS
    /// bills. So there are few values, and a stranger cannot choose any.
    dimension: Option<&'static str>,
    /// The names and units of the members that are metrics.
    metrics: Vec<Value>,
}

impl Line {
    /// A line about what happened, in the same words for every line of its kind.
    pub fn new(level: Level, message: &'static str) -> Self {
        let members = vec![("level", level.as_str().into()), ("message", message.into())];
        Self { level, members, dimension: None, metrics: Vec::new() }
    }

    /// An ERROR line, with its metric, about something that somebody must fix: a variable, a resource or a permission.
    pub fn misconfigured(message: &'static str, error: impl Serialize) -> Self {
        Self::new(Level::ERROR, message).field("error", error).count(MISCONFIGURED, 1)
    }

    /// Adds a member. `None` adds nothing, and a long text is cut.
    pub fn field(mut self, name: &'static str, value: impl Serialize) -> Self {
        match serde_json::to_value(value).unwrap_or_default() {
            Value::Null => {}
            Value::String(mut text) => {
                text.truncate(text.floor_char_boundary(MAX_TEXT_BYTES));
                self.members.push((name, Value::String(text)));
            }
            value => self.members.push((name, value)),
        }
        self
    }

    /// Adds a text as it is, however long.
    pub(crate) fn whole(mut self, name: &'static str, text: &str) -> Self {
        self.members.push((name, text.into()));
        self
    }

    /// Adds which event it is, without its data.
    pub fn event(self, event: &CloudEvent) -> Self {
        self.known_event(event).field("subject", &event.subject).field("outcome", event.outcome)
    }

    /// Adds which event it is, if another line has its subject and its outcome.
    pub fn known_event(self, event: &CloudEvent) -> Self {
        self.source(&event.source).field("id", &event.id).field("type", &event.event_type)
    }

    /// Adds the source, which is also a dimension if `CloudWatch` accepts its name as a value: a message in the queue
    /// may contain any name.
    pub fn source(mut self, name: &str) -> Self {
        let is_valid = (1..=255).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_graphic());
        self.dimension = Some("Source").filter(|_| is_valid);
        self.field("Source", name)
    }

    /// Adds the reason, one of a fixed set, which is also a dimension.
    pub fn reason(mut self, reason: &'static str) -> Self {
        self.dimension = Some("Reason");
        self.field("Reason", reason)
    }

    /// Adds a metric that counts, unless there is nothing to count.
    pub fn count(mut self, metric: Metric, number: impl Into<Option<usize>>) -> Self {
        let Some(number) = number.into() else { return self };
        self.metrics.push(json!({ "Name": metric.name }));
        self.field(metric.name, number)
    }

    /// Adds a metric that measures, with at most 100 values (`CloudWatch`'s limit), unless there is nothing to measure.
    pub fn ms(mut self, metric: Metric, times: impl IntoIterator<Item = Duration>) -> Self {
        let values: Vec<_> = times.into_iter().map(ms).collect();
        if values.is_empty() {
            return self;
        }
        self.metrics.push(json!({ "Name": metric.name, "Unit": "Milliseconds" }));
        self.field(metric.name, values)
    }

    /// Adds Lambda's request id, and whether the caller waited for the start of the function too. Lambda's own `REPORT`
    /// line has the same id, and with it the duration and the trace.
    pub fn invocation(self, invocation: &Invocation) -> Self {
        let request_id = Some(&invocation.request_id).filter(|id| !id.is_empty());
        self.field("request_id", request_id).field("cold", Some(true).filter(|_| invocation.cold))
    }

    /// Writes the line, unless it is below the level of the log. Its metrics count for the minute of `at`.
    pub fn write(self, recorder: &Recorder, at: OffsetDateTime) {
        if self.level > recorder.level {
            return;
        }
        let timestamp = at.format(&Iso8601::<TIMESTAMP>).unwrap_or_default();
        let mut members = vec![("timestamp", timestamp.into())];
        members.extend(self.members);
        if !self.metrics.is_empty() {
            let mut dimensions = vec![vec!["FunctionName"]];
            dimensions.extend(self.dimension.map(|dimension| vec!["FunctionName", dimension]));
            let aws = json!({
                "Timestamp": at.unix_timestamp() * 1000 + i64::from(at.millisecond()),
                "CloudWatchMetrics": [{ "Namespace": NAMESPACE, "Dimensions": dimensions, "Metrics": self.metrics }]
            });
            members.push(("FunctionName", recorder.function_name.as_ref().into()));
            members.push(("_aws", aws));
        }
        let mut line = Vec::with_capacity(LINE_BYTES);
        // Cannot fail: every member is already JSON.
        if serde_json::Serializer::new(&mut line).collect_map(members).is_ok() {
            line.push(b'\n');
            recorder.write_line(&line);
        }
    }
}

/// A time in whole milliseconds.
pub fn ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// The age of an event at a time, by its sender's clock: zero if that clock is fast, `None` if the event has no time of
/// its own.
pub fn age(event: &CloudEvent, at: OffsetDateTime) -> Option<Duration> {
    // An event without its own time has the time of its receipt.
    let own = event.time.as_ref().filter(|time| Some(*time) != event.recordedtime.as_ref())?;
    let age = at - OffsetDateTime::parse(own, &Rfc3339).ok()?;
    Some(Duration::try_from(age).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use time::macros::datetime;

    use super::*;
    use crate::telemetry::metrics::{ACCEPTED, PROCESSING_LATENCY};

    /// What a line looks like for a function whose log has this level.
    fn written(line: Line, level: &str) -> String {
        let written = Arc::new(Mutex::new(String::new()));
        let kept = Arc::clone(&written);
        let environment = [("AWS_LAMBDA_LOG_LEVEL", level), ("AWS_LAMBDA_FUNCTION_NAME", "f")];
        let recorder = Recorder::with_writer(&environment.into_iter().collect(), move |line| {
            kept.lock().unwrap().push_str(std::str::from_utf8(line).unwrap());
        });
        line.write(&recorder, datetime!(2026-11-22 05:50:27.5 UTC));
        written.lock().unwrap().clone()
    }

    #[test]
    fn a_line_has_its_members_in_order_and_its_metrics_in_emf() {
        let invocation = Invocation { request_id: "r-1".to_owned(), cold: true, ..Invocation::default() };
        let line = Line::new(Level::INFO, "queued")
            .source("tencent-vod/main")
            .field("id", "a\nb")
            .field("nothing", None::<&str>)
            .invocation(&invocation)
            .count(ACCEPTED, 1)
            .ms(PROCESSING_LATENCY, [Duration::from_micros(2_260)]);
        assert_eq!(
            written(line, "INFO"),
            concat!(
                r#"{"timestamp":"2026-11-22T05:50:27.500Z","level":"INFO","message":"queued","Source":"tencent-vod/main","#,
                r#""id":"a\nb","request_id":"r-1","cold":true,"Accepted":1,"ProcessingLatency":[2],"FunctionName":"f","#,
                r#""_aws":{"CloudWatchMetrics":[{"Dimensions":[["FunctionName"],["FunctionName","Source"]],"Metrics":"#,
                r#"[{"Name":"Accepted"},{"Name":"ProcessingLatency","Unit":"Milliseconds"}],"Namespace":"mediahook"}],"#,
                r#""Timestamp":1795326627500}}"#,
                "\n"
            )
        );
    }

    #[test]
    fn without_metrics_there_is_no_emf_and_below_the_level_no_line() {
        let line = Line::new(Level::WARN, "slow").field("error", "é".repeat(1_000));
        let text = format!(
            r#"{{"timestamp":"2026-11-22T05:50:27.500Z","level":"WARN","message":"slow","error":"{}"}}"#,
            "é".repeat(512)
        );
        assert_eq!(written(line.clone(), "WARN"), format!("{text}\n"));
        assert_eq!(written(line, "ERROR"), "");
    }

    #[test]
    fn a_source_that_cloudwatch_does_not_accept_is_no_dimension() {
        for name in ["", "ü", "a b", &"x".repeat(256)] {
            let line = written(Line::new(Level::INFO, "m").source(name).count(ACCEPTED, 1), "INFO");
            assert!(line.contains(r#""Dimensions":[["FunctionName"]],"#), "{line}");
        }
        let line = written(Line::new(Level::INFO, "m").reason("NotPost").count(ACCEPTED, 1), "INFO");
        assert!(
            line.contains(r#"["FunctionName","Reason"]"#) && line.contains(r#""Reason":"NotPost""#),
            "{line}"
        );
    }
}
