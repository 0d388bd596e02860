//! What alarms and dashboard look at.

use mediahook::telemetry::metrics::{self, NAMESPACE};
use serde_json::{Value, json};

use crate::bad_input::REASONS;
use crate::template::Template;

use super::{AWS, OURS};

/// A metric as an alarm or a widget names it: `Receiver` stands for `!Ref Receiver` and for `${Receiver}`.
pub(super) struct Seen {
    pub(super) by: String,
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) dimensions: Vec<(String, String)>,
}

impl Seen {
    /// Why there is no such metric.
    pub(super) fn problem(&self) -> Option<&'static str> {
        let dimensions: Vec<_> = self.dimensions.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        if self.namespace == NAMESPACE {
            return match dimensions.as_slice() {
                [("FunctionName", function)] | [("FunctionName", function), ("Source", _)] => {
                    let counts = OURS.iter().find(|(name, _)| name == function).map(|(_, metrics)| *metrics);
                    let is_counted = counts.unwrap_or_default().iter().any(|metric| metric.name == self.name);
                    (!is_counted).then_some("that function does not count it")
                }
                [("FunctionName", "Receiver"), ("Reason", reason)]
                    if self.name == metrics::UNAUTHORIZED.name =>
                {
                    let is_counted = REASONS.iter().any(|one| one.as_str() == *reason);
                    (!is_counted).then_some("not a reason to be unauthorized")
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

    /// What a line counts of it. `CloudWatch` adds it up by each of the line's sets of dimensions, and by no other.
    pub(super) fn counted_in(&self, line: &Value) -> Option<u64> {
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        let names: Vec<_> = self.dimensions.iter().map(|(name, _)| name.as_str()).collect();
        let is_ours = directive["Namespace"] == self.namespace
            && directive["Dimensions"].as_array()?.contains(&json!(names))
            && self.dimensions.iter().all(|(name, value)| line[name] == **value)
            && directive["Metrics"].as_array()?.iter().any(|metric| metric["Name"] == self.name);
        is_ours.then(|| line[&self.name].as_u64().expect("a count"))
    }
}

pub(super) fn alarms(template: &Template) -> Vec<String> {
    let kinds = template.0.iter().filter(|(_, value)| *value == "AWS::CloudWatch::Alarm");
    kinds.filter_map(|(path, _)| path.strip_suffix(".Type").map(str::to_owned)).collect()
}

/// `!Ref Receiver`, `!GetAtt Queue.QueueName`, `${Queue.QueueName}`: each is of what it names.
pub(super) fn named(value: &str) -> String {
    let value = value.trim_start_matches("!Ref ").trim_start_matches("!GetAtt ");
    value.trim_start_matches("${").trim_end_matches('}').trim_end_matches(".QueueName").to_owned()
}

/// The metrics of an alarm, each by its id in the alarm's expression, and the expression: `metric` where there is none.
pub(super) fn watched(template: &Template, alarm: &str) -> (String, Vec<(String, Seen)>) {
    let property = |name: &str| template.0.get(&format!("{alarm}.Properties.{name}"));
    let seen_in = |text: &str| {
        let value = |name: &str| {
            let rest = text.split_once(&format!("{name}: ")).map(|(_, rest)| rest);
            rest.and_then(|rest| rest.split([',', ' ']).next()).expect("a member of the metric").to_owned()
        };
        let dimensions = text.split("{ Name: ").skip(1).map(|dimension| {
            let (name, rest) = dimension.split_once(", Value: ").expect("a name and a value");
            (name.to_owned(), named(rest.split(" }").next().unwrap_or_default()))
        });
        let dimensions = dimensions.collect();
        Seen { by: alarm.to_owned(), namespace: value("Namespace"), name: value("MetricName"), dimensions }
    };
    let Some(metrics) = property("Metrics") else {
        let [namespace, name, dimensions] = ["Namespace", "MetricName", "Dimensions"]
            .map(|name| template.chosen(property(name).ok_or(alarm).expect("its metric")));
        let text = format!("Namespace: {namespace}, MetricName: {name}, Dimensions: {dimensions}");
        return ("metric".to_owned(), vec![("metric".to_owned(), seen_in(&text))]);
    };
    let metrics = template.chosen(metrics);
    let mut parts = metrics.split("- { Id: ").skip(1);
    let expression = parts.next().and_then(|part| part.split('\'').nth(1)).expect("an expression").to_owned();
    let metrics = parts.map(|part| (part.split(',').next().unwrap_or_default().to_owned(), seen_in(part)));
    (expression, metrics.collect())
}

pub(super) fn seen_by_alarm(template: &Template, alarm: &str) -> Vec<Seen> {
    watched(template, alarm).1.into_iter().map(|(_, seen)| seen).collect()
}

pub(super) fn widgets(template: &Template) -> Vec<Value> {
    let body = template.at("Resources.FlowDashboard.Properties.DashboardBody");
    let body: Value = serde_json::from_str(body).expect("the dashboard is JSON");
    body["widgets"].as_array().expect("a list of widgets").clone()
}

pub(super) fn seen_on_dashboard(template: &Template) -> Vec<Seen> {
    let mut seen = Vec::new();
    for widget in widgets(template) {
        let title = widget["properties"]["title"].as_str().unwrap_or("text").to_owned();
        let mut before = Vec::new();
        for metric in widget["properties"]["metrics"].as_array().unwrap_or(&Vec::new()) {
            // A dot repeats what the metric before it has in this place.
            let texts = metric.as_array().unwrap().iter().filter_map(Value::as_str).enumerate();
            let texts: Vec<_> = texts.map(|(at, text)| if text == "." { before[at] } else { text }).collect();
            before.clone_from(&texts);
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

pub(super) fn all_seen(template: &Template) -> Vec<Seen> {
    let mut seen: Vec<_> = alarms(template).iter().flat_map(|a| seen_by_alarm(template, a)).collect();
    let with_api = template.with("Endpoint", "HTTP_API");
    seen.extend(alarms(template).iter().flat_map(|a| seen_by_alarm(&with_api, a)));
    seen.extend(seen_on_dashboard(template));
    seen
}
