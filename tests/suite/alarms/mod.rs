//! The alarms and the dashboard of `template.yaml` look at what is there: our own metrics are the code's, AWS's are
//! documented by AWS, and every alarm has its section in `docs/operations.md`. Each is tried on its fault, for two hours with
//! one callback in four minutes: on what the real binaries print, and on what AWS documents that it publishes beside it.

mod evaluation;
mod faults;
mod seen;

use std::collections::BTreeSet;
use std::path::Path;

use mediahook::telemetry::metrics::{self, METRICS, Metric, NAMESPACE};
use serde_json::{Value, json};

use super::docs::anchors;
use super::end_to_end::{receiver_binary, tencent};
use super::policy::PULL_COMPLETE;
use super::template::Template;
use mediahook_testing::cloud::Fault;

use evaluation::{Published, What, every, fires};
use faults::*;
use seen::{Seen, alarms, all_seen, seen_by_alarm, watched, widgets};

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
