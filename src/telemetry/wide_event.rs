//! Wide events: one line of JSON for each thing that was done, which is at the same time its `CloudWatch` metrics.
//!
//! The metrics are in it by the Embedded Metric Format: the member `_aws` says which of the line's other members are
//! metrics, and by which of them (`FunctionName`, and `Source` or `Reason`) they are kept apart. `CloudWatch` takes them
//! from the log, so that no call is made for them, and a line that is not written is not counted either: at a log level
//! above a line's own, its metrics are hidden with it. The lines are JSON whatever the format of the log, for that is what
//! the Embedded Metric Format is; their `level` and `timestamp` are those that Lambda goes by when it filters.
//!
//! The writer is our own, a screenful: `metrique` would bring 36 crates, `metrics_cloudwatch_embedded` 15, beside the 180
//! that are here already.

use std::fmt;
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use serde::ser::{Serialize, SerializeMap as _, Serializer};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tracing::Level;

use super::{LogOutput, level};
use crate::config::Environment;
use crate::event::envelope::{Envelope, rfc3339};
use crate::lambda::invocation::Invocation;
use crate::telemetry::metrics::{MISCONFIGURED, Metric, NAMESPACE};
use crate::trace::{Trace, TraceId};

/// The variable in which Lambda says a function's name.
const FUNCTION_NAME: &str = "AWS_LAMBDA_FUNCTION_NAME";
/// The name outside Lambda.
const NO_FUNCTION: &str = "mediahook";
/// Most lines are shorter.
const LINE_BYTES: usize = 1024;
/// What others have worded is cut to this many bytes, lest it be the whole line.
const MAX_TEXT_BYTES: usize = 1024;

/// One line. `S` are the members that it has beside those here.
#[derive(Debug, Clone, Copy)]
pub struct WideEvent<'a, S> {
    /// When what it tells of happened; its metrics count for that minute.
    pub at: OffsetDateTime,
    /// How much somebody should care.
    pub level: Level,
    /// What happened, in the same words for every line of its kind.
    pub message: &'static str,
    /// By what its metrics are kept apart, beside the function's name.
    pub by: Dimension<'a>,
    /// What it counts and times.
    pub metrics: &'a [Measured],
    /// Its other members: an object.
    pub said: S,
}

/// By what metrics are kept apart. Each value is a metric of its own, and is paid for: so there are few, and none is a
/// stranger's choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dimension<'a> {
    /// Nothing but the function.
    Function,
    /// The name of a source, or of the spill.
    Source(&'a str),
    /// One of a fixed set of words.
    Reason(&'static str),
}

/// One thing that was counted or timed, and how much.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured(Metric, Value);

#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
#[serde(untagged)]
enum Value {
    Count(u64),
    Ms(f64),
}

impl Measured {
    /// So many.
    pub fn count(metric: Metric, number: usize) -> Self {
        Self(metric, Value::Count(number as u64))
    }

    /// So long, in milliseconds.
    pub fn ms(metric: Metric, ms: f64) -> Self {
        Self(metric, Value::Ms(ms))
    }
}

/// A time in milliseconds, to the microsecond.
pub fn ms(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}

/// How old an event was at a time, in milliseconds by its sender's clock, and not less than nothing where that is fast;
/// `None` where the sender did not say when it happened.
pub fn age_ms(envelope: &Envelope, at: OffsetDateTime) -> Option<f64> {
    // Without a time of its own it has that of its receipt.
    let own = Some(&envelope.time).filter(|time| **time != envelope.receivedtime)?;
    let age = at - OffsetDateTime::parse(own, &Rfc3339).ok()?;
    Some(ms(Duration::try_from(age).unwrap_or_default()))
}

/// The beginning of a text that others have worded.
pub fn cut(text: &str) -> &str {
    text.get(..text.floor_char_boundary(MAX_TEXT_BYTES)).unwrap_or_default()
}

/// A member that is as it is displayed, cut.
#[derive(Debug, Clone, Copy)]
pub struct Shown<T>(pub T);

impl<T: fmt::Display> Serialize for Shown<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(cut(&self.0.to_string()))
    }
}

/// Writes the line of a variable that names what does not exist or is of the wrong kind, as AWS says: at start, or in an
/// invocation that did nothing for it. The error names the variable.
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
        by: Dimension::Function,
        metrics: &[Measured::count(MISCONFIGURED, 1)],
        said: Members { error: cut(error), call },
    });
}

/// Of which call a line is: its last members.
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
    /// This one, in this trace; what it tells of took so long.
    pub fn new(invocation: &'a Invocation, trace: Option<Trace>, total: Duration) -> Self {
        Self {
            total_ms: ms(total),
            cold: invocation.cold,
            request_id: &invocation.request_id,
            trace_id: trace.map(Trace::id).map(Shown),
        }
    }
}

/// Writes wide events. A clone writes to the same place.
#[derive(Clone)]
pub struct Recorder {
    function_name: Arc<str>,
    /// What is less urgent is not written.
    level: Level,
    /// Gets whole lines, the line feed included.
    out: Option<Out>,
}

type Out = Arc<dyn Fn(&[u8]) + Send + Sync>;

impl Recorder {
    /// One that writes to standard output, as the environment has it. What cannot be written is let go: no callback
    /// fails for a line.
    pub fn of(environment: &Environment) -> Self {
        Self::on(environment, LogOutput::immediate())
    }

    /// The same, to this output.
    pub fn on(environment: &Environment, output: LogOutput) -> Self {
        Self::to(environment, move |line| {
            let _ = output.clone().write_all(line);
        })
    }

    /// One that hands its lines over.
    pub fn to(environment: &Environment, out: impl Fn(&[u8]) + Send + Sync + 'static) -> Self {
        let function_name = environment.optional(FUNCTION_NAME).unwrap_or(NO_FUNCTION).into();
        Self { function_name, level: level(environment), out: Some(Arc::new(out)) }
    }

    /// One that writes nothing.
    pub fn silent() -> Self {
        Self { function_name: NO_FUNCTION.into(), level: Level::ERROR, out: None }
    }

    /// Writes a line, unless it is below the level.
    pub fn write<S: Serialize>(&self, event: &WideEvent<'_, S>) {
        let Some(out) = self.out.as_ref().filter(|_| event.level <= self.level) else { return };
        let mut line = Vec::with_capacity(LINE_BYTES);
        // Nothing in it can fail: every member is a text, a number or a truth.
        if serde_json::to_writer(&mut line, &Line { function_name: &self.function_name, event }).is_ok() {
            line.push(b'\n');
            out(&line);
        }
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").field("level", &self.level).finish_non_exhaustive()
    }
}

/// A line as it is written.
struct Line<'a, S> {
    function_name: &'a str,
    event: &'a WideEvent<'a, S>,
}

impl<S: Serialize> Serialize for Line<'_, S> {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        let WideEvent { at, level, message, by, metrics, said } = self.event;
        let head = Head {
            timestamp: rfc3339(*at),
            level: level.as_str(),
            message,
            aws: Metadata {
                timestamp: at.unix_timestamp() * 1000 + i64::from(at.millisecond()),
                directives: [Directive { namespace: NAMESPACE, dimensions: by.sets(), metrics }],
            },
            function_name: self.function_name,
            values: Values(metrics),
            source: if let Dimension::Source(source) = by { Some(source) } else { None },
            reason: if let Dimension::Reason(reason) = by { Some(reason) } else { None },
            said,
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
    said: &'a S,
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

/// What the Embedded Metric Format calls a metadata object.
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
    /// A source's name, where `CloudWatch` takes it as a value. In the queue may lie what nobody has configured.
    pub fn of_source(name: Option<&'a str>) -> Self {
        let fits =
            |name: &&str| (1..=255).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_graphic());
        name.filter(fits).map_or(Self::Function, Self::Source)
    }

    /// The sets of names by which metrics are added up: each for the function as a whole, and one by one.
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

/// The metrics' values, by their names.
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
