//! The alarms and the dashboard of `template.yaml` look at what is there: our own metrics are the code's, AWS's are
//! documented by AWS, and every alarm has its section in `docs/operations.md`.

use std::collections::BTreeSet;
use std::path::Path;

use mediahook::metrics::{self, METRICS, Metric, NAMESPACE};
use serde_json::Value;

use super::docs::anchors;
use super::template::Template;

/// Which function counts what.
const OURS: &[(&str, &[Metric])] = &[
    (
        "Receiver",
        &[
            metrics::ACCEPTED,
            metrics::REFUSED,
            metrics::SPILLED,
            metrics::REJECTED,
            metrics::LOST,
            metrics::NO_SOURCES,
            metrics::QUEUE_LATENCY,
            metrics::EVENT_AGE,
        ],
    ),
    (
        "Puller",
        &[
            metrics::PULLED,
            metrics::CONFIRMED,
            metrics::REJECTED,
            metrics::PULL_FAILED,
            metrics::SPILL_WAITING,
        ],
    ),
    (
        "Processor",
        &[
            metrics::PROCESSED,
            metrics::FAILED,
            metrics::DUPLICATES,
            metrics::DEAD_LETTERED,
            metrics::EFFECT_LATENCY,
        ],
    ),
];

/// The words by which refusals are counted, as far as an alarm looks at them.
const REASONS: &[&str] = &["SignatureWrong", "WrongToken"];

/// What we use of AWS's metrics: namespace, its one dimension, names. Read on 2026-11-22 at
/// docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html, .../monitoring-concurrency.html, .../urls-monitoring.html,
/// docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html.
const AWS: &[(&str, &str, &[&str])] = &[
    (
        "AWS/Lambda",
        "FunctionName",
        &["Invocations", "Errors", "Throttles", "Duration", "ConcurrentExecutions"],
    ),
    // Of the receiver alone: no other function has a URL.
    ("AWS/Lambda", "FunctionName=Receiver", &["Url5xxCount", "UrlRequestLatency"]),
    (
        "AWS/SQS",
        "QueueName",
        &[
            "ApproximateAgeOfOldestMessage",
            "ApproximateNumberOfMessagesVisible",
            "ApproximateNumberOfMessagesNotVisible",
            "NumberOfMessagesSent",
            "NumberOfMessagesDeleted",
        ],
    ),
];

/// A metric as an alarm or a widget names it: `Receiver` stands for `!Ref Receiver` and for `${Receiver}`.
struct Seen {
    by: String,
    namespace: String,
    name: String,
    dimensions: Vec<(String, String)>,
}

impl Seen {
    /// Why there is no such metric.
    fn problem(&self) -> Option<&'static str> {
        let dimensions: Vec<_> = self.dimensions.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        if self.namespace == NAMESPACE {
            return match dimensions.as_slice() {
                [("FunctionName", function)] | [("FunctionName", function), ("Source", _)] => {
                    let counts = OURS.iter().find(|(name, _)| name == function).map(|(_, metrics)| *metrics);
                    let is_counted = counts.unwrap_or_default().iter().any(|metric| metric.name == self.name);
                    (!is_counted).then_some("that function does not count it")
                }
                [("FunctionName", "Receiver"), ("Reason", reason)] if self.name == metrics::REFUSED.name => {
                    (!REASONS.contains(reason)).then_some("not a reason for a refusal")
                }
                _ => Some("not the dimensions it is counted by"),
            };
        }
        let [(dimension, value)] = dimensions.as_slice() else { return Some("one dimension is expected") };
        let both = format!("{dimension}={value}");
        let is_documented = AWS.iter().any(|(namespace, of, names)| {
            *namespace == self.namespace && (of == dimension || *of == both) && names.contains(&&*self.name)
        });
        (!is_documented).then_some("not among AWS's metrics that we looked up")
    }
}

fn alarms(template: &Template) -> Vec<String> {
    let kinds = template.0.iter().filter(|(_, value)| *value == "AWS::CloudWatch::Alarm");
    kinds.filter_map(|(path, _)| path.strip_suffix(".Type").map(str::to_owned)).collect()
}

/// `!Ref Receiver`, `!GetAtt Queue.QueueName`, `${Queue.QueueName}`: each is of what it names.
fn named(value: &str) -> String {
    let value = value.trim_start_matches("!Ref ").trim_start_matches("!GetAtt ");
    value.trim_start_matches("${").trim_end_matches('}').trim_end_matches(".QueueName").to_owned()
}

fn seen_by_alarm(template: &Template, alarm: &str) -> Seen {
    let property = |name: &str| template.at(&format!("{alarm}.Properties.{name}")).to_owned();
    let list = property("Dimensions");
    let dimensions = list.split("Name: ").skip(1).map(|dimension| {
        let (name, rest) = dimension.split_once(", Value: ").expect("a name and a value");
        (name.to_owned(), named(rest.split(" }").next().unwrap_or_default()))
    });
    Seen {
        by: alarm.to_owned(),
        namespace: property("Namespace"),
        name: property("MetricName"),
        dimensions: dimensions.collect(),
    }
}

fn widgets(template: &Template) -> Vec<Value> {
    let body = template.at("Resources.FlowDashboard.Properties.DashboardBody");
    let body: Value = serde_json::from_str(body).expect("the dashboard is JSON");
    body["widgets"].as_array().expect("a list of widgets").clone()
}

fn seen_on_dashboard(template: &Template) -> Vec<Seen> {
    let mut seen = Vec::new();
    for widget in widgets(template) {
        let title = widget["properties"]["title"].as_str().unwrap_or("text").to_owned();
        for metric in widget["properties"]["metrics"].as_array().unwrap_or(&Vec::new()) {
            let texts: Vec<_> = metric.as_array().unwrap().iter().filter_map(Value::as_str).collect();
            let ([namespace, name], dimensions) = texts.split_first_chunk().expect("namespace and name");
            let dimensions = dimensions.chunks(2).map(|pair| (pair[0].to_owned(), named(pair[1])));
            seen.push(Seen {
                by: title.clone(),
                namespace: (*namespace).to_owned(),
                name: (*name).to_owned(),
                dimensions: dimensions.collect(),
            });
        }
    }
    seen
}

fn all_seen(template: &Template) -> Vec<Seen> {
    let mut seen: Vec<_> = alarms(template).iter().map(|alarm| seen_by_alarm(template, alarm)).collect();
    seen.extend(seen_on_dashboard(template));
    seen
}

#[test]
fn alarms_and_dashboard_look_at_metrics_that_exist() {
    for seen in all_seen(&Template::read()) {
        let Seen { by, namespace, name, dimensions } = &seen;
        let problem = seen.problem();
        assert_eq!(problem, None, "{by}: {namespace} {name} by {dimensions:?}");
    }
}

#[test]
fn every_metric_of_ours_is_looked_at() {
    let seen = all_seen(&Template::read());
    for metric in METRICS {
        assert!(
            OURS.iter().any(|(_, metrics)| metrics.contains(metric)),
            "{}: which function counts it?",
            metric.name
        );
        let is_seen = seen.iter().any(|seen| seen.namespace == NAMESPACE && seen.name == metric.name);
        assert!(is_seen, "{}: neither on the dashboard nor in an alarm", metric.name);
    }
}

#[test]
fn every_alarm_says_what_it_means_and_where_to_read_on() {
    let template = Template::read();
    let anchors = anchors(&Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/operations.md"));
    let alarms = alarms(&template);
    assert!(!alarms.is_empty());
    for alarm in &alarms {
        let property = |name: &str| template.at(&format!("{alarm}.Properties.{name}"));
        let description = property("AlarmDescription");
        let (words, anchor) = description.split_once(" docs/operations.md#").ok_or(alarm).expect("an anchor");
        assert!((40..=1024).contains(&words.len()), "{alarm}: {words}");
        assert!(anchors.contains(anchor), "{alarm}: no section #{anchor} in docs/operations.md");
        let topic = "!If [TellsTopic, [!Ref AlarmTopicArn], !Ref AWS::NoValue]";
        assert_eq!([property("AlarmActions"), property("OKActions")], [topic, topic], "{alarm}");
        assert!(["notBreaching", "breaching", "ignore"].contains(&property("TreatMissingData")), "{alarm}");
        let condition = template.at(&format!("{alarm}.Condition"));
        assert!(condition.starts_with("Alarms"), "{alarm}: only where alarms are wanted");
    }
    // What is paid for is what the parameter's description says: one of two conditions has two alarms, the other one.
    let either =
        alarms.iter().filter(|a| template.at(&format!("{a}.Condition")) == "AlarmsWithoutPuller").count();
    assert_eq!(alarms.len() - either, 17, "Parameters.Alarms.Description");
}

#[test]
fn the_queue_is_late_when_an_event_could_have_failed_for_good() {
    let template = Template::read();
    let queue = "Resources.Queue.Properties";
    let until_dead = template.number(&format!("{queue}.VisibilityTimeout"))
        * template.number(&format!("{queue}.RedrivePolicy.maxReceiveCount"));
    assert_eq!(template.number("Resources.QueueAgeAlarm.Properties.Threshold"), until_dead);
}

#[test]
fn the_dashboard_is_one_page_of_whole_rows() {
    let widgets = widgets(&Template::read());
    let metrics: usize =
        widgets.iter().filter_map(|w| w["properties"]["metrics"].as_array()).map(Vec::len).sum();
    assert!(metrics <= 50, "{metrics}: more than a free dashboard has");
    for row in widgets.iter().map(|w| w["y"].as_u64()).collect::<BTreeSet<_>>() {
        let widths = widgets.iter().filter(|w| w["y"].as_u64() == row).map(|w| w["width"].as_u64().unwrap());
        assert_eq!(widths.sum::<u64>(), 24, "row at {row:?}");
    }
}
