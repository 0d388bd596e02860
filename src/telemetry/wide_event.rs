//! Wide events: one line of JSON for each callback, record or feed, which also contains its `CloudWatch` metrics.
//!
//! The metrics use the Embedded Metric Format: the member `_aws` names the members of the line that are metrics, and
//! those that are dimensions (`FunctionName`, and `Source` or `Reason`). `CloudWatch` reads them from the log, so no
//! call is made for them. A line that is not written is not counted: if the log level hides a line, it also hides its
//! metrics. The lines are JSON whatever the format of the log, as the Embedded Metric Format requires; Lambda filters
//! them by their `level` and `timestamp`.
//!
//! We have our own writer, which is short: `metrique` would bring 36 crates, `metrics_cloudwatch_embedded` 15, in
//! addition to the 180 that we already have.

use std::fmt;
use std::time::Duration;

use mediahook_events::CloudEvent;
use mediahook_senders::rfc3339;
use serde::ser::{Serialize, SerializeMap as _, Serializer};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tracing::Level;

use super::Recorder;
use crate::lambda::invocation::Invocation;
use crate::telemetry::metrics::{MISCONFIGURED, Metric, NAMESPACE};
use crate::trace::{Trace, TraceId};

/// Enough for most lines.
const LINE_BYTES: usize = 1024;
/// Foreign texts are cut to this many bytes.
const MAX_TEXT_BYTES: usize = 1024;

/// One line. `S` has its other members.
#[derive(Debug, Clone, Copy)]
pub struct WideEvent<'a, S> {
    /// When it happened; its metrics count for that minute.
    pub at: OffsetDateTime,
    /// The log level.
    pub level: Level,
    /// What happened, the same text for every line of its kind.
    pub message: &'static str,
    /// The second dimension of its metrics, beside the function's name.
    pub dimension: Dimension<'a>,
    /// Its metrics.
    pub metrics: &'a [Measured],
    /// Its other members: an object.
    pub fields: S,
}

/// A dimension of metrics. Each value makes another metric, which AWS bills. So there are few values, and a stranger
/// cannot choose any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dimension<'a> {
    /// Only the function.
    Function,
    /// The name of a source, or `spill`.
    Source(&'a str),
    /// One of a fixed set of reasons.
    Reason(&'static str),
}

/// A metric and its value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured(Metric, Value);

#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
#[serde(untagged)]
enum Value {
    Count(u64),
    Ms(f64),
}

impl Measured {
    /// A count.
    pub fn count(metric: Metric, number: usize) -> Self {
        Self(metric, Value::Count(number as u64))
    }

    /// A duration in milliseconds.
    pub fn ms(metric: Metric, ms: f64) -> Self {
        Self(metric, Value::Ms(ms))
    }
}

/// A time in milliseconds, with microsecond precision.
pub fn ms(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}

/// The age of an event at a time, in milliseconds by its sender's clock: zero if that clock is fast, `None` if the
/// event has no time of its own.
pub fn age_ms(envelope: &CloudEvent, at: OffsetDateTime) -> Option<f64> {
    // An event without its own time has the time of its receipt.
    let own = envelope.time.as_ref().filter(|time| Some(*time) != envelope.recordedtime.as_ref())?;
    let age = at - OffsetDateTime::parse(own, &Rfc3339).ok()?;
    Some(ms(Duration::try_from(age).unwrap_or_default()))
}

/// The beginning of a foreign text.
pub fn cut(text: &str) -> &str {
    text.get(..text.floor_char_boundary(MAX_TEXT_BYTES)).unwrap_or_default()
}

/// A member that is written as its `Display` text, and cut.
#[derive(Debug, Clone, Copy)]
pub struct Shown<T>(pub T);

impl<T: fmt::Display> Serialize for Shown<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(cut(&self.0.to_string()))
    }
}

/// Writes the line for a variable that names a resource which does not exist or is of the wrong kind: at start, or in
/// an invocation that failed because of it. The error names the variable.
pub fn log_misconfigured(
    recorder: &Recorder,
    message: &'static str,
    error: &str,
    at: OffsetDateTime,
    invocation: Option<&Invocation>,
) {
    #[derive(serde::Serialize)]
    struct Members<'a> {
        error: &'a str,
        #[serde(flatten)]
        call: Option<Call<'a>>,
    }
    let call = invocation.map(|invocation| Call::new(invocation, invocation.trace, Duration::ZERO));
    recorder.write(&WideEvent {
        at,
        level: Level::ERROR,
        message,
        dimension: Dimension::Function,
        metrics: &[Measured::count(MISCONFIGURED, 1)],
        fields: Members { error: cut(error), call },
    });
}

/// The last members of a line, which identify its invocation.
#[derive(Debug, Clone, Copy, serde::Serialize)]
pub struct Call<'a> {
    total_ms: f64,
    cold: bool,
    #[serde(skip_serializing_if = "str::is_empty")]
    request_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<Shown<TraceId>>,
}

impl<'a> Call<'a> {
    /// The members for this invocation and this trace, and the duration of the line's work.
    pub fn new(invocation: &'a Invocation, trace: Option<Trace>, total: Duration) -> Self {
        Self {
            total_ms: ms(total),
            cold: invocation.cold,
            request_id: &invocation.request_id,
            trace_id: trace.map(Trace::id).map(Shown),
        }
    }
}

impl Recorder {
    /// Writes a line, unless it is below the level.
    pub fn write<S: Serialize>(&self, event: &WideEvent<'_, S>) {
        if event.level > self.level {
            return;
        }
        let mut line = Vec::with_capacity(LINE_BYTES);
        // Serialization cannot fail: every member is a text, a number or a boolean.
        if serde_json::to_writer(&mut line, &Line { function_name: &self.function_name, event }).is_ok() {
            line.push(b'\n');
            self.write_line(&line);
        }
    }
}

/// A line in the form in which it is written.
struct Line<'a, S> {
    function_name: &'a str,
    event: &'a WideEvent<'a, S>,
}

impl<S: Serialize> Serialize for Line<'_, S> {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        let WideEvent { at, level, message, dimension, metrics, fields } = self.event;
        let head = Head {
            timestamp: rfc3339(*at),
            level: level.as_str(),
            message,
            aws: Metadata {
                timestamp: at.unix_timestamp() * 1000 + i64::from(at.millisecond()),
                directives: [Directive { namespace: NAMESPACE, dimensions: dimension.sets(), metrics }],
            },
            function_name: self.function_name,
            values: Values(metrics),
            source: if let Dimension::Source(source) = dimension { Some(source) } else { None },
            reason: if let Dimension::Reason(reason) = dimension { Some(reason) } else { None },
            fields,
        };
        head.serialize(serializer)
    }
}

#[derive(serde::Serialize)]
struct Head<'a, S> {
    timestamp: String,
    level: &'static str,
    message: &'static str,
    #[serde(flatten)]
    fields: &'a S,
    #[serde(rename = "_aws")]
    aws: Metadata<'a>,
    #[serde(rename = "FunctionName")]
    function_name: &'a str,
    #[serde(rename = "Source", skip_serializing_if = "Option::is_none")]
    source: Option<&'a str>,
    #[serde(rename = "Reason", skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(flatten)]
    values: Values<'a>,
}

/// The metadata object of the Embedded Metric Format.
#[derive(serde::Serialize)]
struct Metadata<'a> {
    /// Milliseconds since 1970.
    #[serde(rename = "Timestamp")]
    timestamp: i64,
    #[serde(rename = "CloudWatchMetrics")]
    directives: [Directive<'a>; 1],
}

#[derive(serde::Serialize)]
#[serde(rename_all = "PascalCase")]
struct Directive<'a> {
    namespace: &'static str,
    dimensions: &'static [&'static [&'static str]],
    #[serde(serialize_with = "definitions")]
    metrics: &'a [Measured],
}

impl<'a> Dimension<'a> {
    /// A source's name, if `CloudWatch` accepts it as a value. A message in the queue may contain any name.
    pub fn of_source(name: Option<&'a str>) -> Self {
        let is_valid =
            |name: &&str| (1..=255).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_graphic());
        name.filter(is_valid).map_or(Self::Function, Self::Source)
    }

    /// The dimension sets: metrics are summed for the function as a whole, and for each value.
    fn sets(self) -> &'static [&'static [&'static str]] {
        match self {
            Self::Function => &[&["FunctionName"]],
            Self::Source(_) => &[&["FunctionName"], &["FunctionName", "Source"]],
            Self::Reason(_) => &[&["FunctionName"], &["FunctionName", "Reason"]],
        }
    }
}

fn definitions<S: Serializer>(metrics: &[Measured], serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(serde::Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Definition {
        name: &'static str,
        unit: &'static str,
    }
    let definition = |Measured(metric, _): &Measured| Definition { name: metric.name, unit: metric.unit };
    serializer.collect_seq(metrics.iter().map(definition))
}

/// The values of the metrics by their names.
struct Values<'a>(&'a [Measured]);

impl Serialize for Values<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for Measured(metric, value) in self.0 {
            map.serialize_entry(metric.name, value)?;
        }
        map.end()
    }
}
