//! The alarms and the dashboard of `template.yaml` look at what is there: our own metrics are the code's, AWS's are
//! documented by AWS, and every alarm has its section in `docs/operations.md`. Those of our own metrics are tried on what
//! the real binaries print when the fault is played; AWS's own metrics no emulation here publishes.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use mediahook::config::ORIGIN_SECRETS;
use mediahook::receive::Unauthorized;
use mediahook::receive::origin::ORIGIN_HEADER;
use mediahook::telemetry::metrics::{self, METRICS, Metric, NAMESPACE};
use serde_json::{Value, json};

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
    ("AWS/Lambda", "FunctionName=Receiver", &["Url5xxCount", "UrlRequestLatency"]),
    // docs.aws.amazon.com/scheduler/latest/UserGuide/monitoring-cloudwatch.html, read on 2026-11-26.
    ("AWS/Scheduler", "ScheduleGroup=ScheduleGroup", &["TargetErrorCount"]),
    // docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html, read on 2026-11-26.
    ("AWS/ApiGateway", "ApiId=HttpApi", &["5xx", "Latency"]),
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
                    let is_counted = Unauthorized::ALL.iter().any(|one| one.as_str() == *reason);
                    (!is_counted).then_some("not a reason for a refusal")
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

/// The one metric of most alarms; those that an alarm's expression adds up.
fn seen_by_alarm(template: &Template, alarm: &str) -> Vec<Seen> {
    let property = |name: &str| template.0.get(&format!("{alarm}.Properties.{name}")).map(String::as_str);
    if let Some(metrics) = property("Metrics") {
        let value = |of: &str, name: &str| {
            let rest = of.split_once(&format!("{name}: ")).map(|(_, rest)| rest.to_owned());
            rest.and_then(|rest| rest.split(' ').next().map(str::to_owned)).expect("a member of the metric")
        };
        let stats = metrics.split("MetricStat:").skip(1);
        return stats.map(|of| seen(alarm, &value(of, "Namespace"), &value(of, "MetricName"), of)).collect();
    }
    let [namespace, name, dimensions] = ["Namespace", "MetricName", "Dimensions"]
        .map(|name| property(name).ok_or(alarm).expect("its metric"));
    vec![seen(alarm, namespace, name, dimensions)]
}

fn seen(by: &str, namespace: &str, name: &str, dimensions: &str) -> Seen {
    let list = dimensions.split("{ Name: ").skip(1).map(|dimension| {
        let (name, rest) = dimension.split_once(", Value: ").expect("a name and a value");
        (name.to_owned(), named(rest.split(" }").next().unwrap_or_default()))
    });
    Seen {
        by: by.to_owned(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        dimensions: list.collect(),
    }
}

/// The metric of an alarm that has one.
fn only_seen_by(template: &Template, alarm: &str) -> Seen {
    seen_by_alarm(template, alarm).pop().expect("a metric")
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
    let mut seen: Vec<_> = alarms(template).iter().flat_map(|a| seen_by_alarm(template, a)).collect();
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
        let topic = "[!If [MakesTopic, !Ref AlarmTopic, !Ref AWS::NoValue], \
                     !If [HasTopic, !Ref AlarmTopicArn, !Ref AWS::NoValue]]";
        assert_eq!([property("AlarmActions"), property("OKActions")], [topic, topic], "{alarm}");
        assert!(["notBreaching", "breaching", "ignore"].contains(&property("TreatMissingData")), "{alarm}");
        let condition = template.at(&format!("{alarm}.Condition"));
        assert!(condition.starts_with("Alarms"), "{alarm}: only where alarms are wanted");
    }
    // What is paid for by default is what the parameter's description says.
    let not_by_default = ["AlarmsWithoutPuller", "AlarmsWithApi", "AlarmsWithOrigin"];
    let elsewhere =
        alarms.iter().filter(|a| not_by_default.contains(&template.at(&format!("{a}.Condition"))));
    assert_eq!(alarms.len() - elsewhere.count(), 29, "Parameters.Alarms.Description");
    assert!(template.at("Parameters.Alarms.Description").starts_with("Twenty-nine alarms"));
}

/// Whoever looks at a dead letter hides it for a while, and it is still one. What is deleted after 14 days is an alarm before.
#[test]
fn dead_letters_count_while_somebody_looks_at_them() {
    let template = Template::read();
    let alarm = "Resources.DeadLettersAlarm";
    let added: Vec<_> = seen_by_alarm(&template, alarm).into_iter().map(|seen| seen.name).collect();
    assert_eq!(added, ["ApproximateNumberOfMessagesVisible", "ApproximateNumberOfMessagesNotVisible"]);
    assert!(template.at(&format!("{alarm}.Properties.Metrics")).contains("Expression: visible + in_flight,"));
    let age = template.number("Resources.DeadLetterAgeAlarm.Properties.Threshold");
    let kept = template.number("Resources.DeadLetterQueue.Properties.MessageRetentionPeriod");
    assert_eq!((age, kept), (10 * 24 * 60 * 60, 14 * 24 * 60 * 60));
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

/// Whether an alarm breaches, if this is what the functions print in each of its periods. Whose fault lasts for as many as
/// `EvaluationPeriods` is told.
fn breaches(template: &Template, alarm: &str, lines: &[Value]) -> bool {
    let property = |name: &str| template.at(&format!("{alarm}.Properties.{name}"));
    let seen = only_seen_by(template, alarm);
    let counts: Vec<_> = lines.iter().filter_map(|line| seen.counted_in(line)).collect();
    if counts.is_empty() {
        return property("TreatMissingData") == "breaching";
    }
    let statistic = match property("Statistic") {
        "Sum" => Some(counts.iter().sum()),
        "Minimum" => counts.iter().copied().min(),
        "Maximum" => counts.iter().copied().max(),
        _ => None,
    };
    let (statistic, threshold) =
        (statistic.expect("a statistic"), template.number(&format!("{alarm}.Properties.Threshold")));
    let breaches = match property("ComparisonOperator") {
        "GreaterThanThreshold" => Some(statistic > threshold),
        "GreaterThanOrEqualToThreshold" => Some(statistic >= threshold),
        "LessThanThreshold" => Some(statistic < threshold),
        "LessThanOrEqualToThreshold" => Some(statistic <= threshold),
        _ => None,
    };
    breaches.expect("a comparison")
}

/// The three functions' binaries, what stands around them, and the wide events that they have printed.
struct World {
    cloud: Cloud,
    queue_url: String,
    tencent: TencentVod,
    lines: Vec<Value>,
}

impl World {
    async fn new() -> Self {
        let cloud = Cloud::start().await;
        let (queue_url, _) = cloud.queues(5, 30).await;
        cloud.table().create().await;
        let tencent = TencentVod::start(Duration::from_secs(30)).await;
        Self { cloud, queue_url, tencent, lines: Vec::new() }
    }

    /// Starts a function of the template with these variables beside its own, and ends it after these invocations.
    async fn run(
        &mut self,
        (name, binary): (&str, &Path),
        variables: Vec<(&'static str, String)>,
        events: Vec<Value>,
    ) {
        let mut all = receiver_variables(&self.cloud, &self.queue_url);
        all.extend(variables);
        all.push(("AWS_LAMBDA_FUNCTION_NAME", name.to_owned()));
        let mut function = Function::start_with_timeout(binary, &all, Duration::from_secs(55)).await;
        for event in events {
            // Where the function is misconfigured, its invocation fails.
            let _ = function.invoke(event).await;
        }
        self.lines.extend(wide_events(&function.stop().await));
    }

    async fn receive(&mut self, events: Vec<Value>) {
        self.run(("Receiver", &receiver_binary()), Vec::new(), events).await;
    }

    async fn pull(&mut self, settings: Value) {
        let sources = json!({ "tencent-vod/pulled": { "pull": settings } }).to_string();
        let puller = ("Puller", Path::new(env!("CARGO_BIN_EXE_puller")));
        self.run(puller, vec![("MEDIAHOOK_SOURCES", sources)], vec![json!({})]).await;
    }

    async fn process(&mut self) {
        let messages = Mapping::new(self.cloud.sqs(), &self.queue_url).receive().await;
        let processor = ("Processor", Path::new(env!("CARGO_BIN_EXE_processor")));
        let variables = vec![("MEDIAHOOK_TABLE", TABLE.to_owned()), ("MEDIAHOOK_EVENT_BUS", BUS.to_owned())];
        self.run(processor, variables, vec![mapping::invocation(&messages)]).await;
    }
}

/// So much noise that one more is an alarm.
fn noise(template: &Template) -> Vec<Value> {
    let threshold = template.number("Parameters.RefusedThreshold.Default");
    (0..threshold).map(|_| post("/.env", &json!({}), "")).collect()
}

async fn nothing_is_wrong(world: &mut World) {
    // What was only counted is told along with the callback.
    world.receive([noise(&Template::read()), vec![tencent(PULL_COMPLETE)]].concat()).await;
    world.tencent.inbox.put(PULL_COMPLETE);
    world.pull(world.tencent.settings()).await;
    world.process().await;
    for metric in ["Accepted", "Confirmed", "SpillWaiting", "Processed"] {
        assert!(world.lines.iter().any(|line| line[metric].is_u64()), "{metric}: not played");
    }
}

async fn too_much_noise(world: &mut World) {
    let one_more = post("/.env", &json!({}), "");
    world.receive([noise(&Template::read()), vec![one_more, tencent(PULL_COMPLETE)]].concat()).await;
}

async fn the_key_was_changed_at_the_sender(world: &mut World) {
    let signed = sign_tencent(PULL_COMPLETE, "NewSignKey2", now_s() + 600);
    world.receive(few(&post("/tencent-vod/signed", &json!({}), &signed))).await;
}

async fn the_url_was_changed_at_the_sender(world: &mut World) {
    world.receive(few(&post("/tencent-vod/token/old", &json!({}), PULL_COMPLETE))).await;
}

/// As often as it takes for an alarm about a source's own path.
fn few(event: &Value) -> Vec<Value> {
    let threshold = Template::read().number("Parameters.SourceRefusedThreshold.Default");
    (0..=threshold).map(|_| event.clone()).collect()
}

async fn the_proxy_in_front_has_another_secret(world: &mut World) {
    let variables = vec![(ORIGIN_SECRETS, "0123456789abcdefghijABCDEFGHIJ01".to_owned())];
    let other = json!({ (ORIGIN_HEADER): "98765432109876543210987654321098" });
    let signed = sign_tencent(PULL_COMPLETE, "CurrentSignKey1", now_s() + 600);
    let events = few(&post("/tencent-vod/signed", &other, &signed));
    world.run(("Receiver", &receiver_binary()), variables, events).await;
}

/// Somebody has read a source's name in the documents, and tries each way in once.
async fn a_stranger_knows_a_name(world: &mut World) {
    let forged = sign_tencent(PULL_COMPLETE, "AnyKey", now_s() + 600);
    let to = |path: &str, body: &str| post(path, &json!({}), body);
    let tries = vec![
        to("/tencent-vod/signed", PULL_COMPLETE),
        to("/tencent-vod/signed", &forged),
        to("/tencent-vod/token/guessed", PULL_COMPLETE),
        to("/tencent-vod/pulled", PULL_COMPLETE),
    ];
    world.receive(tries).await;
}

async fn signing_was_switched_off_at_the_sender(world: &mut World) {
    world.receive(few(&post("/tencent-vod/signed", &json!({}), PULL_COMPLETE))).await;
}

async fn a_source_without_keys_is_pushed_to(world: &mut World) {
    world.receive(few(&post("/tencent-vod/pulled", &json!({}), PULL_COMPLETE))).await;
}

async fn the_clock_of_the_sender_is_wrong(world: &mut World) {
    let signed = sign_tencent(PULL_COMPLETE, "CurrentSignKey1", now_s() + 26 * 60 * 60);
    world.receive(few(&post("/tencent-vod/signed", &json!({}), &signed))).await;
}

async fn the_secret_has_a_mistake(world: &mut World) {
    world.cloud.put_secret(SOURCES).await;
    world.cloud.put_secret("{}").await;
    let variables =
        || vec![("MEDIAHOOK_SOURCES", String::new()), ("MEDIAHOOK_SOURCES_SECRET", SECRET.to_owned())];
    world.run(("Receiver", &receiver_binary()), variables(), vec![tencent(PULL_COMPLETE)]).await;
    let puller = ("Puller", Path::new(env!("CARGO_BIN_EXE_puller")));
    world.run(puller, variables(), vec![json!({})]).await;
}

async fn a_callback_is_no_event(world: &mut World) {
    world.receive(vec![post("/tencent-vod/open", &json!({}), "[]")]).await;
}

async fn the_secret_cannot_be_read(world: &mut World) {
    world.cloud.secrets_faults(|_| Fault::Error);
    let variables =
        vec![("MEDIAHOOK_SOURCES", String::new()), ("MEDIAHOOK_SOURCES_SECRET", SECRET.to_owned())];
    world.run(("Receiver", &receiver_binary()), variables, vec![tencent(PULL_COMPLETE)]).await;
}

async fn the_queue_and_the_bucket_fail(world: &mut World) {
    world.cloud.sqs_faults(|_| Fault::Error);
    world.cloud.s3_faults(|_| Fault::Error);
    world.receive(vec![tencent(PULL_COMPLETE)]).await;
}

async fn the_queue_fails(world: &mut World) {
    world.cloud.sqs_faults(|_| Fault::Error);
    world.receive(vec![tencent(PULL_COMPLETE)]).await;
    world.pull(world.tencent.settings()).await;
}

async fn the_key_to_pull_was_changed(world: &mut World) {
    let mut settings = world.tencent.settings();
    settings["secret_key"] = "another".into();
    world.pull(settings).await;
}

async fn the_key_may_pull_and_not_confirm(world: &mut World) {
    world.tencent.forbid("ConfirmEvents");
    world.tencent.inbox.put(PULL_COMPLETE);
    world.pull(world.tencent.settings()).await;
}

async fn what_is_pulled_is_no_event(world: &mut World) {
    world.tencent.inbox.put("{}");
    world.pull(world.tencent.settings()).await;
}

async fn the_bus_is_down(world: &mut World) {
    world.cloud.bus().faults(|_| Fault::Error);
    world.receive(vec![tencent(PULL_COMPLETE)]).await;
    world.process().await;
}

async fn the_table_throttles(world: &mut World) {
    world.cloud.table().faults(|_| Fault::Throttle);
    world.receive(vec![tencent(PULL_COMPLETE)]).await;
    world.process().await;
}

async fn the_bus_does_not_exist(world: &mut World) {
    world.cloud.bus().delete(BUS);
    world.receive(vec![tencent(PULL_COMPLETE)]).await;
    world.process().await;
}

async fn the_table_does_not_exist(world: &mut World) {
    world.cloud.table().faults(|_| Fault::Code("ResourceNotFoundException"));
    world.receive(vec![tencent(PULL_COMPLETE)]).await;
    world.process().await;
}

async fn the_queue_is_a_standard_queue(world: &mut World) {
    world.cloud.sqs_faults(|_| Fault::Code("InvalidAttributeName"));
    world.receive(vec![post("/.env", &json!({}), "")]).await;
}

#[tokio::test]
async fn every_alarm_of_our_own_metrics_fires_when_its_fault_is_played_and_no_other() {
    let template = Template::read();
    let mut silent: BTreeSet<_> = alarms(&template).into_iter().collect();
    silent.retain(|alarm| only_seen_by(&template, alarm).namespace == NAMESPACE);
    let ours = silent.clone();
    macro_rules! play {
        ($($fault:ident => $expected:expr;)*) => { $({
            let mut world = World::new().await;
            $fault(&mut world).await;
            let fired = ours.iter().filter(|alarm| breaches(&template, alarm, &world.lines));
            let fired: Vec<_> = fired.map(|alarm| alarm.trim_start_matches("Resources.")).collect();
            let expected: &[&str] = &$expected;
            assert_eq!(fired, expected, "{}: {:#?}", stringify!($fault), world.lines);
            silent.retain(|alarm| !fired.iter().any(|fired| alarm.ends_with(fired)));
        })* };
    }
    play! {
        nothing_is_wrong => [];
        a_stranger_knows_a_name => [];
        the_proxy_in_front_has_another_secret => ["NotFromOriginAlarm"];
        too_much_noise => ["RefusedAlarm"];
        the_key_was_changed_at_the_sender => ["WrongKeyAlarm"];
        the_url_was_changed_at_the_sender => ["WrongTokenAlarm"];
        a_callback_is_no_event => ["ReceiverRejectedAlarm"];
        signing_was_switched_off_at_the_sender => ["SignatureMissingAlarm"];
        a_source_without_keys_is_pushed_to => ["TakesNoPushAlarm"];
        the_clock_of_the_sender_is_wrong => ["SignatureStaleAlarm"];
        the_secret_cannot_be_read => ["NoSourcesAlarm", "SourcesReadAlarm"];
        the_secret_has_a_mistake => ["PullFailedAlarm", "PullerSourcesReadAlarm", "SourcesReadAlarm"];
        the_queue_and_the_bucket_fail => ["LostAlarm"];
        // Of the last two, a stack has one: the other where nothing empties the spill.
        the_queue_fails => ["PullFailedAlarm", "SpillWaitingAlarm", "SpilledAlarm"];
        the_key_to_pull_was_changed => ["PullFailedAlarm"];
        the_key_may_pull_and_not_confirm => ["ConfirmFailedAlarm", "PullFailedAlarm"];
        what_is_pulled_is_no_event => ["PullerRejectedAlarm"];
        the_bus_is_down => ["FailedAlarm"];
        the_table_throttles => ["FailedAlarm"];
        the_bus_does_not_exist => ["FailedAlarm", "MisconfiguredAlarm"];
        the_table_does_not_exist => ["MisconfiguredAlarm"];
        the_queue_is_a_standard_queue => ["ReceiverMisconfiguredAlarm"];
    }
    assert_eq!(silent, BTreeSet::new(), "no fault is played for these");
}
