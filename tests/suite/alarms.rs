//! The alarms and the dashboard of `template.yaml` look at what is there: our own metrics are the code's, AWS's are
//! documented by AWS, and every alarm has its section in `docs/operations.md`. Each is tried on its fault, for two hours with
//! one callback in four minutes: on what the real binaries print, and on what AWS documents that it publishes beside it.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use mediahook::config::ORIGIN_SECRETS;
use mediahook::receive::origin::ORIGIN_HEADER;
use mediahook::telemetry::metrics::{self, METRICS, Metric, NAMESPACE};
use serde_json::{Value, json};

use super::bad_input::REASONS;
use super::docs::anchors;
use super::end_to_end::{post, receiver_binary, receiver_variables, tencent};
use super::policy::{PULL_COMPLETE, SOURCES, now_s};
use super::telemetry::wide_events;
use super::template::Template;
use mediahook_testing::cloud::{Cloud, Fault, SECRET};
use mediahook_testing::event_source_mapping::{self as mapping, Mapping};
use mediahook_testing::runtime_api::Function;
use mediahook_testing::signing::sign_tencent;
use mediahook_testing::table_and_bus::{BUS, TABLE};
use mediahook_testing::tencent_vod::TencentVod;

/// Which function counts what.
const OURS: &[(&str, &[Metric])] = &[
    (
        "Receiver",
        &[
            metrics::ACCEPTED,
            metrics::UNAUTHORIZED,
            metrics::UNAUTHORIZED_SENDER,
            metrics::SPILLED,
            metrics::REJECTED,
            metrics::LOST,
            metrics::NO_SOURCES,
            metrics::SOURCES_READ_FAILED,
            metrics::QUEUE_SKIPPED,
            metrics::MISCONFIGURED,
        ],
    ),
    (
        "Puller",
        &[
            metrics::PULLED,
            metrics::CONFIRMED,
            metrics::CONFIRM_FAILED,
            metrics::REJECTED,
            metrics::PULL_FAILED,
            metrics::SOURCES_READ_FAILED,
            metrics::SPILL_WAITING,
            metrics::MISCONFIGURED,
        ],
    ),
    (
        "Processor",
        &[
            metrics::PROCESSED,
            metrics::FAILED,
            metrics::DUPLICATES,
            metrics::DEAD_LETTERED,
            metrics::MISCONFIGURED,
            metrics::PROCESSING_LATENCY,
        ],
    ),
];

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
    ("AWS/Lambda", "FunctionName=Receiver", &["Url5xxCount", "UrlRequestCount", "UrlRequestLatency"]),
    // docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html, read on 2026-11-29.
    ("AWS/ApiGateway", "ApiId=HttpApi", &["5xx", "Count", "Latency"]),
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
    fn counted_in(&self, line: &Value) -> Option<u64> {
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        let names: Vec<_> = self.dimensions.iter().map(|(name, _)| name.as_str()).collect();
        let is_ours = directive["Namespace"] == self.namespace
            && directive["Dimensions"].as_array()?.contains(&json!(names))
            && self.dimensions.iter().all(|(name, value)| line[name] == **value)
            && directive["Metrics"].as_array()?.iter().any(|metric| metric["Name"] == self.name);
        is_ours.then(|| line[&self.name].as_u64().expect("a count"))
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

/// The metrics of an alarm, each by its id in the alarm's expression, and the expression: `metric` where there is none.
fn watched(template: &Template, alarm: &str) -> (String, Vec<(String, Seen)>) {
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

fn seen_by_alarm(template: &Template, alarm: &str) -> Vec<Seen> {
    watched(template, alarm).1.into_iter().map(|(_, seen)| seen).collect()
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

fn all_seen(template: &Template) -> Vec<Seen> {
    let mut seen: Vec<_> = alarms(template).iter().flat_map(|a| seen_by_alarm(template, a)).collect();
    let with_api = template.with("Endpoint", "HTTP_API");
    seen.extend(alarms(template).iter().flat_map(|a| seen_by_alarm(&with_api, a)));
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
        let topic = "[!If [OwnTopic, !Ref AlarmTopic, !Ref AlarmTopicArn]]";
        assert_eq!([property("AlarmActions"), property("OKActions")], [topic, topic], "{alarm}");
        assert!(["notBreaching", "breaching", "ignore"].contains(&property("TreatMissingData")), "{alarm}");
        let condition = template.at(&format!("{alarm}.Condition"));
        assert!(condition.starts_with("Alarms"), "{alarm}: only where alarms are wanted");
    }
    assert!(alarms.len() <= 20, "{}: each is another first action for whoever is woken", alarms.len());
    // What is paid for by default is what the parameter's description says.
    let not_by_default = ["AlarmsWithOrigin", "AlarmsOnSilence"];
    let is_default = |alarm: &&String| !not_by_default.contains(&template.at(&format!("{alarm}.Condition")));
    let by_default: Vec<_> = alarms.iter().filter(is_default).collect();
    let metrics = by_default.iter().flat_map(|alarm| seen_by_alarm(&template, alarm)).count();
    assert_eq!((by_default.len(), metrics), (18, 26), "Parameters.Alarms.Description");
    let description = template.at("Parameters.Alarms.Description");
    assert!(description.contains("eighteen alarms") && description.contains("$2.60"), "{description}");
}

/// Whoever looks at a dead letter hides it for a while, and it is still one.
#[test]
fn dead_letters_count_while_somebody_looks_at_them() {
    let template = Template::read();
    let alarm = "Resources.DeadLettersAlarm";
    let added: Vec<_> = seen_by_alarm(&template, alarm).into_iter().map(|seen| seen.name).collect();
    assert_eq!(added, ["ApproximateNumberOfMessagesVisible", "ApproximateNumberOfMessagesNotVisible"]);
    assert_eq!(watched(&template, alarm).0, "visible + in_flight");
    assert_eq!(template.at(&format!("{alarm}.Properties.TreatMissingData")), "ignore", "SQS stops reporting");
}

/// An event is retried once in each visibility timeout, and after the last it no longer counts as failed.
#[test]
fn an_event_that_always_fails_is_an_alarm_before_it_is_a_dead_letter() {
    for (changed, template) in Template::with_each_parameter_changed() {
        let visibility = template.number("Resources.Queue.Properties.VisibilityTimeout");
        let receives = template.number("Resources.Queue.Properties.RedrivePolicy.maxReceiveCount");
        let alarm = "Resources.FailedAlarm.Properties";
        let period = template.number(&format!("{alarm}.Period"));
        let periods = template.number(&format!("{alarm}.EvaluationPeriods"));
        assert!(period % 60 == 0 && period * periods <= 86_400, "{changed}: CloudWatch's own rules");
        assert!(periods >= 2, "{changed}: what fails once is retried, and no alarm");
        assert!(period > visibility, "{changed}: each period has one of its failures");
        let last_failure = (receives - 2) * visibility;
        assert!(
            period * (periods - 1) <= last_failure,
            "{changed}: however the periods lie, its failures are in so many"
        );
        assert!(
            period * periods < (receives - 1) * visibility,
            "{changed}: and over before its last receive"
        );
    }
}

#[test]
fn the_queue_is_late_when_an_event_could_have_failed_for_good() {
    for (changed, template) in Template::with_each_parameter_changed() {
        let late = template.number("Resources.QueueAgeAlarm.Properties.Threshold");
        let five_retries = 5 * template.number("Resources.Queue.Properties.VisibilityTimeout");
        assert!(late >= five_retries.max(900), "{changed}");
        assert!(late <= 5 * five_retries.max(900), "{changed}: hours late, and no alarm");
    }
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

/// How long each fault lasts: longer than what any alarm looks at.
const PLAYED: u64 = 2 * 60 * 60;

/// What was published, and at which seconds.
struct Published {
    at: Vec<u64>,
    what: What,
}

enum What {
    /// A line of ours with its metrics.
    Line(Value),
    /// Namespace, metric, the value of its one dimension, and what it counts or measures.
    Aws(&'static str, &'static str, &'static str, u64),
}

impl Published {
    /// What it publishes of a metric.
    fn of(&self, seen: &Seen) -> Option<u64> {
        match &self.what {
            What::Line(line) => seen.counted_in(line),
            What::Aws(namespace, name, of, value) => {
                let [(_, dimension)] = seen.dimensions.as_slice() else { return None };
                (seen.namespace == *namespace && seen.name == *name && dimension == of).then_some(*value)
            }
        }
    }
}

/// What happens every so many seconds, as long as a fault is played.
fn every(seconds: u64) -> Vec<u64> {
    (0..PLAYED / seconds).map(|number| 30 + number * seconds).collect()
}

/// A statistic of a metric within these seconds; nothing where nothing was published.
fn statistic(of: &str, seen: &Seen, published: &[Published], from: u64, until: u64) -> Option<u64> {
    let within = |one: &Published| one.at.iter().filter(|at| (from..until).contains(*at)).count();
    let values = published.iter().filter_map(|one| Some((one.of(seen)?, within(one))));
    let values = values.flat_map(|(value, times)| std::iter::repeat_n(value, times));
    match of {
        "Sum" => values.reduce(|sum, value| sum + value),
        "Minimum" => values.min(),
        // Of few values, p99 is the greatest.
        "Maximum" | "p99" => values.max(),
        _ => panic!("{of}: not a statistic that these tests know"),
    }
}

/// `FILL(a, 0) + FILL(b, 0)`, `a - FILL(b, 0)`, `a + b`: as `CloudWatch` documents it, it has no value if one term has none.
fn evaluate(expression: &str, value: impl Fn(&str) -> Option<u64>) -> Option<i64> {
    let (mut sum, mut sign) = (0, 1);
    for word in expression.replace(", 0)", "").split(' ') {
        match (word, word.strip_prefix("FILL(")) {
            ("+", _) => sign = 1,
            ("-", _) => sign = -1,
            (_, Some(filled)) => sum += sign * i64::try_from(value(filled).unwrap_or(0)).ok()?,
            (id, None) => sum += sign * i64::try_from(value(id)?).ok()?,
        }
    }
    Some(sum)
}

/// Whether an alarm fires while this is published: `CloudWatch` looks once a minute at the periods before.
fn fires(template: &Template, alarm: &str, published: &[Published]) -> bool {
    let number = |name: &str| template.number(&format!("{alarm}.Properties.{name}"));
    let property = |name: &str| template.0.get(&format!("{alarm}.Properties.{name}")).map(String::as_str);
    let (expression, metrics) = watched(template, alarm);
    // Of an expression, the metrics have it: in one alarm, all the same.
    let of_metrics = |name: &str| {
        let rest = property("Metrics").and_then(|metrics| metrics.split_once(&format!(" {name}: ")));
        rest.and_then(|(_, rest)| rest.split([',', ' ']).next()).expect("a member of the metric")
    };
    let period =
        if property("Period").is_some() { number("Period") } else { of_metrics("Period").parse().unwrap() };
    let stat = property("Statistic").or(property("ExtendedStatistic"));
    let stat = stat.unwrap_or_else(|| of_metrics("Stat"));
    let periods = number("EvaluationPeriods");
    let needed = if property("DatapointsToAlarm").is_some() { number("DatapointsToAlarm") } else { periods };
    let threshold = i64::try_from(number("Threshold")).unwrap();
    let breaches = |from: u64, until: u64| {
        let value = |id: &str| {
            let (_, seen) = metrics.iter().find(|(metric, _)| metric == id).expect("a metric of this id");
            statistic(stat, seen, published, from, until)
        };
        let Some(value) = evaluate(&expression, value) else {
            return property("TreatMissingData") == Some("breaching");
        };
        match property("ComparisonOperator") {
            Some("GreaterThanThreshold") => value > threshold,
            Some("LessThanThreshold") => value < threshold,
            other => panic!("{other:?}: not a comparison that these tests know"),
        }
    };
    assert!(period * periods <= PLAYED, "{alarm}: looks at more than is played");
    (period * periods..=PLAYED).step_by(60).any(|now| {
        let breaching = (0..periods).filter(|ago| breaches(now - (ago + 1) * period, now - ago * period));
        breaching.count() as u64 >= needed
    })
}

/// The three functions' binaries, what stands around them, and what they and AWS have published.
struct Setup {
    cloud: Cloud,
    queue_url: String,
    dead_letter_queue_url: String,
    tencent: TencentVod,
    published: Vec<Published>,
}

impl Setup {
    async fn new() -> Self {
        let cloud = Cloud::start().await;
        let (queue_url, dead_letter_queue_url) = cloud.queues(5, 30).await;
        cloud.table().create().await;
        let tencent = TencentVod::start(Duration::from_secs(30)).await;
        Self { cloud, queue_url, dead_letter_queue_url, tencent, published: Vec::new() }
    }

    /// Starts a function of the template with these variables beside its own, and ends it after these invocations. What it
    /// and AWS publish is published at each of these seconds.
    async fn run(
        &mut self,
        (name, binary): (&'static str, &Path),
        variables: Vec<(&'static str, String)>,
        events: Vec<Value>,
        at: Vec<u64>,
    ) {
        let mut all = receiver_variables(&self.cloud, &self.queue_url);
        all.extend(variables);
        all.push(("AWS_LAMBDA_FUNCTION_NAME", name.to_owned()));
        // The processor retries what fails for a passing reason until its time is over.
        let seconds = if name == "Processor" { 10 } else { 55 };
        let mut function = Function::start_with_timeout(binary, &all, Duration::from_secs(seconds)).await;
        for event in events {
            let answer = function.invoke(event).await;
            self.aws(("AWS/Lambda", "Invocations", name, 1), at.clone());
            if name != "Receiver" {
                let errors = u64::from(answer.is_err());
                self.aws(("AWS/Lambda", "Errors", name, errors), at.clone());
                continue;
            }
            let failed = answer.map_or(true, |answer| answer["statusCode"].as_u64() >= Some(500));
            self.aws(("AWS/Lambda", "UrlRequestCount", name, 1), at.clone());
            self.aws(("AWS/Lambda", "Url5xxCount", name, u64::from(failed)), at.clone());
            self.aws(("AWS/Lambda", "UrlRequestLatency", name, 100), at.clone());
        }
        let lines = wide_events(&function.stop().await);
        self.published
            .extend(lines.into_iter().map(|line| Published { at: at.clone(), what: What::Line(line) }));
    }

    /// What AWS documents that it publishes.
    fn aws(
        &mut self,
        (namespace, name, of, value): (&'static str, &'static str, &'static str, u64),
        at: Vec<u64>,
    ) {
        self.published.push(Published { at, what: What::Aws(namespace, name, of, value) });
    }

    async fn receive(&mut self, events: Vec<Value>) {
        let at = every(240);
        self.run(("Receiver", &receiver_binary()), Vec::new(), events, at).await;
    }

    async fn pull(&mut self, settings: Value) {
        let sources = json!({ "tencent-vod/pulled": { "pull": settings } }).to_string();
        let puller = ("Puller", Path::new(env!("CARGO_BIN_EXE_puller")));
        self.run(puller, vec![("MEDIAHOOK_SOURCES", sources)], vec![json!({})], every(60)).await;
    }

    /// One event: if it fails, it does so again after each visibility timeout, four times before its last receive.
    async fn process(&mut self) {
        let messages = Mapping::new(self.cloud.sqs(), &self.queue_url).receive().await;
        let processor = ("Processor", Path::new(env!("CARGO_BIN_EXE_processor")));
        let variables = vec![
            ("MEDIAHOOK_TABLE", TABLE.to_owned()),
            ("MEDIAHOOK_EVENT_BUS", BUS.to_owned()),
            ("MEDIAHOOK_DEAD_LETTER_QUEUE_URL", self.dead_letter_queue_url.clone()),
            ("MEDIAHOOK_MAX_RECEIVE_COUNT", "5".to_owned()),
        ];
        self.run(processor, variables, vec![mapping::invocation(&messages)], vec![30, 210, 390, 570]).await;
    }
}

/// So much noise that one more is an alarm.
fn noise(template: &Template) -> Vec<Value> {
    let threshold = template.number("Parameters.UnauthorizedThreshold.Default");
    (0..threshold).map(|_| post("/.env", &json!({}), "")).collect()
}

async fn nothing_is_wrong(setup: &mut Setup) {
    // What was only counted is told along with the callback.
    let events = [noise(&Template::read()), vec![tencent(PULL_COMPLETE)]].concat();
    setup.run(("Receiver", &receiver_binary()), Vec::new(), events, every(300)).await;
    setup.tencent.inbox.put(PULL_COMPLETE);
    setup.pull(setup.tencent.settings()).await;
    setup.process().await;
    for metric in ["Accepted", "Confirmed", "SpillWaiting", "Processed"] {
        let is_in = |one: &Published| matches!(&one.what, What::Line(line) if line[metric].is_u64());
        assert!(setup.published.iter().any(is_in), "{metric}: not played");
    }
}

async fn too_much_noise(setup: &mut Setup) {
    let one_more = post("/.env", &json!({}), "");
    let events = [noise(&Template::read()), vec![one_more, tencent(PULL_COMPLETE)]].concat();
    setup.run(("Receiver", &receiver_binary()), Vec::new(), events, every(300)).await;
}

async fn the_key_was_changed_at_the_sender(setup: &mut Setup) {
    let signed = sign_tencent(PULL_COMPLETE, "NewSignKey2", now_s() + 600);
    setup.receive(vec![post("/tencent-vod/signed", &json!({}), &signed)]).await;
}

async fn the_url_was_changed_at_the_sender(setup: &mut Setup) {
    setup.receive(vec![post("/tencent-vod/token/old", &json!({}), PULL_COMPLETE)]).await;
}

async fn the_proxy_in_front_has_another_secret(setup: &mut Setup) {
    let variables = vec![(ORIGIN_SECRETS, "0123456789abcdefghijABCDEFGHIJ01".to_owned())];
    let other = json!({ (ORIGIN_HEADER): "98765432109876543210987654321098" });
    let signed = sign_tencent(PULL_COMPLETE, "CurrentSignKey1", now_s() + 600);
    let events = vec![post("/tencent-vod/signed", &other, &signed)];
    setup.run(("Receiver", &receiver_binary()), variables, events, every(240)).await;
}

/// Somebody has read a source's name in the documents, and tries two ways in once.
async fn a_stranger_knows_a_name(setup: &mut Setup) {
    let forged = sign_tencent(PULL_COMPLETE, "AnyKey", now_s() + 600);
    let to = |path: &str, body: &str| post(path, &json!({}), body);
    let tries = vec![to("/tencent-vod/signed", &forged), to("/tencent-vod/token/guessed", PULL_COMPLETE)];
    setup.run(("Receiver", &receiver_binary()), Vec::new(), tries, vec![30]).await;
}

async fn signing_was_switched_off_at_the_sender(setup: &mut Setup) {
    setup.receive(vec![post("/tencent-vod/signed", &json!({}), PULL_COMPLETE)]).await;
}

async fn a_source_without_keys_is_pushed_to(setup: &mut Setup) {
    setup.receive(vec![post("/tencent-vod/pulled", &json!({}), PULL_COMPLETE)]).await;
}

async fn the_clock_of_the_sender_is_wrong(setup: &mut Setup) {
    let signed = sign_tencent(PULL_COMPLETE, "CurrentSignKey1", now_s() + 26 * 60 * 60);
    setup.receive(vec![post("/tencent-vod/signed", &json!({}), &signed)]).await;
}

async fn the_secret_has_a_mistake(setup: &mut Setup) {
    setup.cloud.put_secret(SOURCES).await;
    setup.cloud.put_secret("{}").await;
    let variables =
        || vec![("MEDIAHOOK_SOURCES", String::new()), ("MEDIAHOOK_SOURCES_SECRET", SECRET.to_owned())];
    setup.run(("Receiver", &receiver_binary()), variables(), vec![tencent(PULL_COMPLETE)], every(240)).await;
    let puller = ("Puller", Path::new(env!("CARGO_BIN_EXE_puller")));
    setup.run(puller, variables(), vec![json!({})], every(60)).await;
}

async fn a_callback_is_no_event(setup: &mut Setup) {
    setup.receive(vec![post("/tencent-vod/open", &json!({}), "[]")]).await;
}

async fn the_secret_cannot_be_read(setup: &mut Setup) {
    setup.cloud.secrets_faults(|_| Fault::Error);
    let variables =
        vec![("MEDIAHOOK_SOURCES", String::new()), ("MEDIAHOOK_SOURCES_SECRET", SECRET.to_owned())];
    setup.run(("Receiver", &receiver_binary()), variables, vec![tencent(PULL_COMPLETE)], every(240)).await;
}

async fn the_queue_and_the_bucket_fail(setup: &mut Setup) {
    setup.cloud.sqs_faults(|_| Fault::Error);
    setup.cloud.s3_faults(|_| Fault::Error);
    setup.receive(vec![tencent(PULL_COMPLETE)]).await;
}

async fn the_queue_fails(setup: &mut Setup) {
    setup.cloud.sqs_faults(|_| Fault::Error);
    setup.receive(vec![tencent(PULL_COMPLETE)]).await;
    // The puller leaves younger objects for its next run.
    tokio::time::sleep(Duration::from_secs(6)).await;
    setup.pull(setup.tencent.settings()).await;
}

async fn the_receiver_may_not_send_to_the_queue(setup: &mut Setup) {
    // At the start it is asked for its attributes, which the receiver may.
    setup.cloud.sqs_faults(|call| if call == 0 { Fault::None } else { Fault::Denied });
    setup.receive(vec![tencent(PULL_COMPLETE)]).await;
    setup.cloud.sqs_faults(|_| Fault::None);
    // The puller leaves younger objects for its next run.
    tokio::time::sleep(Duration::from_secs(6)).await;
    setup.pull(setup.tencent.settings()).await;
}

async fn the_key_to_pull_was_changed(setup: &mut Setup) {
    let mut settings = setup.tencent.settings();
    settings["secret_key"] = "another".into();
    setup.pull(settings).await;
}

async fn the_key_may_pull_and_not_confirm(setup: &mut Setup) {
    setup.tencent.forbid("ConfirmEvents");
    setup.tencent.inbox.put(PULL_COMPLETE);
    setup.pull(setup.tencent.settings()).await;
}

async fn what_is_pulled_is_no_event(setup: &mut Setup) {
    setup.tencent.inbox.put("{}");
    setup.pull(setup.tencent.settings()).await;
}

async fn the_bus_is_down(setup: &mut Setup) {
    setup.cloud.bus().faults(|_| Fault::Error);
    setup.receive(vec![tencent(PULL_COMPLETE)]).await;
    setup.process().await;
}

async fn the_table_throttles(setup: &mut Setup) {
    setup.cloud.table().faults(|_| Fault::Throttle);
    setup.receive(vec![tencent(PULL_COMPLETE)]).await;
    setup.process().await;
}

async fn the_bus_does_not_exist(setup: &mut Setup) {
    setup.cloud.bus().delete(BUS);
    setup.receive(vec![tencent(PULL_COMPLETE)]).await;
    setup.process().await;
}

async fn the_table_does_not_exist(setup: &mut Setup) {
    setup.cloud.table().faults(|_| Fault::Code("ResourceNotFoundException"));
    setup.receive(vec![tencent(PULL_COMPLETE)]).await;
    setup.process().await;
}

async fn the_queue_does_not_exist(setup: &mut Setup) {
    setup.cloud.sqs_faults(|_| Fault::Code("QueueDoesNotExist"));
    setup.receive(vec![post("/.env", &json!({}), "")]).await;
}

async fn the_url_has_a_typing_error_at_the_sender(setup: &mut Setup) {
    let signed = sign_tencent(PULL_COMPLETE, "CurrentSignKey1", now_s() + 600);
    setup.receive(vec![post("/tencent-vod/singed", &json!({}), &signed)]).await;
}

async fn callbacks_are_too_large_for_an_invocation(setup: &mut Setup) {
    // 413, without an invocation.
    setup.aws(("AWS/Lambda", "UrlRequestCount", "Receiver", 1), every(240));
    setup.aws(("AWS/ApiGateway", "Count", "HttpApi", 1), every(240));
}

async fn the_receiver_crashes(setup: &mut Setup) {
    setup.aws(("AWS/Lambda", "Url5xxCount", "Receiver", 1), every(240));
    setup.aws(("AWS/ApiGateway", "5xx", "HttpApi", 1), every(240));
}

async fn callbacks_wait_for_their_answer(setup: &mut Setup) {
    setup.aws(("AWS/Lambda", "UrlRequestLatency", "Receiver", 2600), every(240));
    setup.aws(("AWS/ApiGateway", "Latency", "HttpApi", 2600), every(240));
}

async fn lambda_has_no_room_for_the_receiver(setup: &mut Setup) {
    setup.aws(("AWS/Lambda", "Throttles", "Receiver", 1), every(240));
}

async fn lambda_has_no_room_for_the_processor(setup: &mut Setup) {
    setup.aws(("AWS/Lambda", "Throttles", "Processor", 1), vec![30]);
}

async fn the_processor_runs_out_of_memory(setup: &mut Setup) {
    setup.aws(("AWS/Lambda", "Errors", "Processor", 1), vec![30]);
}

async fn the_puller_runs_out_of_time(setup: &mut Setup) {
    setup.aws(("AWS/Lambda", "Errors", "Puller", 1), every(60));
}

async fn nothing_takes_events_from_the_queue(setup: &mut Setup) {
    for at in every(60) {
        setup.aws(("AWS/SQS", "ApproximateAgeOfOldestMessage", "Queue", at), vec![at]);
    }
}

async fn an_event_is_dead(setup: &mut Setup) {
    setup.aws(("AWS/SQS", "ApproximateNumberOfMessagesVisible", "DeadLetterQueue", 0), every(60));
    setup.aws(("AWS/SQS", "ApproximateNumberOfMessagesNotVisible", "DeadLetterQueue", 1), every(60));
}

async fn the_schedule_may_not_start_the_puller(setup: &mut Setup) {
    setup.published.retain(|one| !matches!(one.what, What::Aws(_, "Invocations", "Puller", _)));
}

async fn no_sender_calls(setup: &mut Setup) {
    setup.published.retain(|one| !matches!(one.what, What::Aws(_, "NumberOfMessagesSent", ..)));
}

#[tokio::test]
async fn every_alarm_fires_when_its_fault_is_played_and_no_other() {
    let template = Template::read().with("SilentAfterHours", "1");
    let mut silent: BTreeSet<_> = alarms(&template).into_iter().collect();
    let all = silent.clone();
    macro_rules! play {
        ($($fault:ident => $expected:expr;)*) => { $({
            let mut setup = Setup::new().await;
            setup.aws(("AWS/Lambda", "Invocations", "Puller", 1), every(60));
            setup.aws(("AWS/SQS", "NumberOfMessagesSent", "Queue", 1), every(240));
            $fault(&mut setup).await;
            let fired = all.iter().filter(|alarm| fires(&template, alarm, &setup.published));
            let fired: Vec<_> = fired.map(|alarm| alarm.trim_start_matches("Resources.").trim_end_matches("Alarm")).collect();
            let expected: &[&str] = &$expected;
            assert_eq!(fired, expected, "{}: {:#?}", stringify!($fault), lines(&setup));
            silent.retain(|alarm| !fired.iter().any(|fired| alarm.ends_with(&format!(".{fired}Alarm"))));
        })* };
    }
    play! {
        nothing_is_wrong => [];
        a_stranger_knows_a_name => [];
        the_proxy_in_front_has_another_secret => ["NotFromOrigin"];
        too_much_noise => ["Unauthorized"];
        the_key_was_changed_at_the_sender => ["UnauthorizedSender"];
        the_url_was_changed_at_the_sender => ["UnauthorizedSender"];
        the_url_has_a_typing_error_at_the_sender => ["UnauthorizedSender"];
        signing_was_switched_off_at_the_sender => ["UnauthorizedSender"];
        a_source_without_keys_is_pushed_to => ["UnauthorizedSender"];
        the_clock_of_the_sender_is_wrong => ["UnauthorizedSender"];
        a_callback_is_no_event => ["Rejected"];
        the_secret_cannot_be_read => ["ReceiverFails", "SourcesRead"];
        the_secret_has_a_mistake => ["PullFailed", "SourcesRead"];
        the_queue_and_the_bucket_fail => ["Lost", "ReceiverFails"];
        the_queue_fails => ["PullFailed", "SpillWaiting", "Spilled"];
        the_receiver_may_not_send_to_the_queue => ["Spilled"];
        the_key_to_pull_was_changed => ["PullFailed"];
        the_key_may_pull_and_not_confirm => ["PullFailed"];
        what_is_pulled_is_no_event => ["Rejected"];
        the_bus_is_down => ["Failed"];
        the_table_throttles => ["Failed"];
        the_bus_does_not_exist => ["Failed", "Misconfigured"];
        the_table_does_not_exist => ["Failed"];
        the_queue_does_not_exist => ["Misconfigured"];
        callbacks_are_too_large_for_an_invocation => ["Unreached"];
        the_receiver_crashes => ["ReceiverFails"];
        callbacks_wait_for_their_answer => ["ReceiverSlow"];
        lambda_has_no_room_for_the_receiver => ["Throttled"];
        lambda_has_no_room_for_the_processor => ["Throttled"];
        the_processor_runs_out_of_memory => ["FunctionErrors"];
        the_puller_runs_out_of_time => ["FunctionErrors"];
        nothing_takes_events_from_the_queue => ["QueueAge"];
        an_event_is_dead => ["DeadLetters"];
        the_schedule_may_not_start_the_puller => ["PullerSilent"];
        no_sender_calls => ["Silence"];
    }
    assert_eq!(silent, BTreeSet::new(), "no fault is played for these");
}

/// Where there is an HTTP API instead of the function URL, the same alarms look at its metrics.
#[tokio::test]
async fn with_an_http_api_the_same_alarms_fire() {
    let template = Template::read().with("Endpoint", "HTTP_API");
    macro_rules! play {
        ($($fault:ident => $alarm:literal;)*) => { $({
            let mut setup = Setup::new().await;
            $fault(&mut setup).await;
            assert!(fires(&template, concat!("Resources.", $alarm, "Alarm"), &setup.published), $alarm);
        })* };
    }
    play! {
        callbacks_are_too_large_for_an_invocation => "Unreached";
        the_receiver_crashes => "ReceiverFails";
        callbacks_wait_for_their_answer => "ReceiverSlow";
    }
}

/// With a puller, a spilled event is in the queue a minute later; without one, nothing else would be seen of it.
#[tokio::test]
async fn a_spilled_event_is_an_alarm_at_once_only_without_a_puller() {
    let mut setup = Setup::new().await;
    setup.cloud.sqs_faults(|_| Fault::Error);
    setup.run(("Receiver", &receiver_binary()), Vec::new(), vec![tencent(PULL_COMPLETE)], vec![30]).await;
    let template = Template::read();
    let is_alarm = |template: &Template| fires(template, "Resources.SpilledAlarm", &setup.published);
    assert!(!is_alarm(&template));
    assert!(is_alarm(&template.with("PullSchedule", "DISABLED")));
}

/// A receiver whose few callbacks are far apart reads the secret as seldom, and there may be no puller that reads it too.
#[test]
fn a_secret_that_cannot_be_read_is_an_alarm_at_a_callback_in_ten_minutes() {
    let line = json!({
        "FunctionName": "Receiver",
        "SourcesReadFailed": 1,
        "_aws": { "CloudWatchMetrics": [{
            "Namespace": NAMESPACE, "Dimensions": [["FunctionName"]], "Metrics": [{ "Name": "SourcesReadFailed" }]
        }] },
    });
    let published = |at: Vec<u64>| [Published { at, what: What::Line(line.clone()) }];
    let is_alarm = |at| fires(&Template::read(), "Resources.SourcesReadAlarm", &published(at));
    assert!(is_alarm(every(600)));
    assert!(!is_alarm(vec![30]), "one failure, after which it could be read");
}

fn lines(setup: &Setup) -> Vec<&Value> {
    let lines = setup.published.iter().map(|one| match &one.what {
        What::Line(line) => Some(line),
        What::Aws(..) => None,
    });
    lines.flatten().collect()
}
