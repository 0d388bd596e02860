//! The faults that are played, each on the real binaries.

use std::path::Path;
use std::time::Duration;

use mediahook::config::ORIGIN_SECRETS;
use mediahook::receive::origin::ORIGIN_HEADER;
use serde_json::{Value, json};

use crate::end_to_end::{post, receiver_binary, receiver_variables, tencent};
use crate::policy::{PULL_COMPLETE, SOURCES, now_s};
use crate::telemetry::wide_events;
use crate::template::Template;
use mediahook_testing::cloud::{Cloud, Fault, SECRET};
use mediahook_testing::event_source_mapping::{self as mapping, Mapping};
use mediahook_testing::runtime_api::Function;
use mediahook_testing::signing::sign_tencent;
use mediahook_testing::table_and_bus::{BUS, TABLE};
use mediahook_testing::tencent_vod::TencentVod;

use super::evaluation::{Published, What, every};

/// The three functions' binaries, what stands around them, and what they and AWS have published.
pub(super) struct Setup {
    pub(super) cloud: Cloud,
    pub(super) queue_url: String,
    pub(super) dead_letter_queue_url: String,
    pub(super) tencent: TencentVod,
    pub(super) published: Vec<Published>,
}

impl Setup {
    pub(super) async fn new() -> Self {
        let cloud = Cloud::start().await;
        let (queue_url, dead_letter_queue_url) = cloud.queues(5, 30).await;
        cloud.table().create().await;
        let tencent = TencentVod::start(Duration::from_secs(30)).await;
        Self { cloud, queue_url, dead_letter_queue_url, tencent, published: Vec::new() }
    }

    /// Starts a function of the template with these variables beside its own, and ends it after these invocations. What it
    /// and AWS publish is published at each of these seconds.
    pub(super) async fn run(
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
    pub(super) fn aws(
        &mut self,
        (namespace, name, of, value): (&'static str, &'static str, &'static str, u64),
        at: Vec<u64>,
    ) {
        self.published.push(Published { at, what: What::Aws(namespace, name, of, value) });
    }

    pub(super) async fn receive(&mut self, events: Vec<Value>) {
        let at = every(240);
        self.run(("Receiver", &receiver_binary()), Vec::new(), events, at).await;
    }

    pub(super) async fn pull(&mut self, settings: Value) {
        let sources = json!({ "tencent-vod/pulled": { "pull": settings } }).to_string();
        let puller = ("Puller", Path::new(env!("CARGO_BIN_EXE_puller")));
        self.run(puller, vec![("MEDIAHOOK_SOURCES", sources)], vec![json!({})], every(60)).await;
    }

    /// One event: if it fails, it does so again after each visibility timeout, four times before its last receive.
    pub(super) async fn process(&mut self) {
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
pub(super) fn noise(template: &Template) -> Vec<Value> {
    let threshold = template.number("Parameters.UnauthorizedThreshold.Default");
    (0..threshold).map(|_| post("/.env", &json!({}), "")).collect()
}

pub(super) async fn nothing_is_wrong(setup: &mut Setup) {
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

pub(super) async fn too_much_noise(setup: &mut Setup) {
    let one_more = post("/.env", &json!({}), "");
    let events = [noise(&Template::read()), vec![one_more, tencent(PULL_COMPLETE)]].concat();
    setup.run(("Receiver", &receiver_binary()), Vec::new(), events, every(300)).await;
}

pub(super) async fn the_key_was_changed_at_the_sender(setup: &mut Setup) {
    let signed = sign_tencent(PULL_COMPLETE, "NewSignKey2", now_s() + 600);
    setup.receive(vec![post("/tencent-vod/signed", &json!({}), &signed)]).await;
}

pub(super) async fn the_url_was_changed_at_the_sender(setup: &mut Setup) {
    setup.receive(vec![post("/tencent-vod/token/old", &json!({}), PULL_COMPLETE)]).await;
}

pub(super) async fn the_proxy_in_front_has_another_secret(setup: &mut Setup) {
    let variables = vec![(ORIGIN_SECRETS, "0123456789abcdefghijABCDEFGHIJ01".to_owned())];
    let other = json!({ (ORIGIN_HEADER): "98765432109876543210987654321098" });
    let signed = sign_tencent(PULL_COMPLETE, "CurrentSignKey1", now_s() + 600);
    let events = vec![post("/tencent-vod/signed", &other, &signed)];
    setup.run(("Receiver", &receiver_binary()), variables, events, every(240)).await;
}

/// Somebody has read a source's name in the documents, and tries two ways in once.
pub(super) async fn a_stranger_knows_a_name(setup: &mut Setup) {
    let forged = sign_tencent(PULL_COMPLETE, "AnyKey", now_s() + 600);
    let to = |path: &str, body: &str| post(path, &json!({}), body);
    let tries = vec![to("/tencent-vod/signed", &forged), to("/tencent-vod/token/guessed", PULL_COMPLETE)];
    setup.run(("Receiver", &receiver_binary()), Vec::new(), tries, vec![30]).await;
}

pub(super) async fn signing_was_switched_off_at_the_sender(setup: &mut Setup) {
    setup.receive(vec![post("/tencent-vod/signed", &json!({}), PULL_COMPLETE)]).await;
}

pub(super) async fn a_source_without_keys_is_pushed_to(setup: &mut Setup) {
    setup.receive(vec![post("/tencent-vod/pulled", &json!({}), PULL_COMPLETE)]).await;
}

pub(super) async fn the_clock_of_the_sender_is_wrong(setup: &mut Setup) {
    let signed = sign_tencent(PULL_COMPLETE, "CurrentSignKey1", now_s() + 26 * 60 * 60);
    setup.receive(vec![post("/tencent-vod/signed", &json!({}), &signed)]).await;
}

pub(super) async fn the_secret_has_a_mistake(setup: &mut Setup) {
    setup.cloud.put_secret(SOURCES).await;
    setup.cloud.put_secret("{}").await;
    let variables =
        || vec![("MEDIAHOOK_SOURCES", String::new()), ("MEDIAHOOK_SOURCES_SECRET", SECRET.to_owned())];
    setup.run(("Receiver", &receiver_binary()), variables(), vec![tencent(PULL_COMPLETE)], every(240)).await;
    let puller = ("Puller", Path::new(env!("CARGO_BIN_EXE_puller")));
    setup.run(puller, variables(), vec![json!({})], every(60)).await;
}

pub(super) async fn a_callback_is_no_event(setup: &mut Setup) {
    setup.receive(vec![post("/tencent-vod/open", &json!({}), "[]")]).await;
}

pub(super) async fn the_secret_cannot_be_read(setup: &mut Setup) {
    setup.cloud.secrets_faults(|_| Fault::Error);
    let variables =
        vec![("MEDIAHOOK_SOURCES", String::new()), ("MEDIAHOOK_SOURCES_SECRET", SECRET.to_owned())];
    setup.run(("Receiver", &receiver_binary()), variables, vec![tencent(PULL_COMPLETE)], every(240)).await;
}

pub(super) async fn the_queue_and_the_bucket_fail(setup: &mut Setup) {
    setup.cloud.sqs_faults(|_| Fault::Error);
    setup.cloud.s3_faults(|_| Fault::Error);
    setup.receive(vec![tencent(PULL_COMPLETE)]).await;
}

pub(super) async fn the_queue_fails(setup: &mut Setup) {
    setup.cloud.sqs_faults(|_| Fault::Error);
    setup.receive(vec![tencent(PULL_COMPLETE)]).await;
    // The puller leaves younger objects for its next run.
    tokio::time::sleep(Duration::from_secs(6)).await;
    setup.pull(setup.tencent.settings()).await;
}

pub(super) async fn the_receiver_may_not_send_to_the_queue(setup: &mut Setup) {
    // At the start it is asked for its attributes, which the receiver may.
    setup.cloud.sqs_faults(|call| if call == 0 { Fault::None } else { Fault::Denied });
    setup.receive(vec![tencent(PULL_COMPLETE)]).await;
    setup.cloud.sqs_faults(|_| Fault::None);
    // The puller leaves younger objects for its next run.
    tokio::time::sleep(Duration::from_secs(6)).await;
    setup.pull(setup.tencent.settings()).await;
}

pub(super) async fn the_key_to_pull_was_changed(setup: &mut Setup) {
    let mut settings = setup.tencent.settings();
    settings["secret_key"] = "another".into();
    setup.pull(settings).await;
}

pub(super) async fn the_key_may_pull_and_not_confirm(setup: &mut Setup) {
    setup.tencent.forbid("ConfirmEvents");
    setup.tencent.inbox.put(PULL_COMPLETE);
    setup.pull(setup.tencent.settings()).await;
}

pub(super) async fn what_is_pulled_is_no_event(setup: &mut Setup) {
    setup.tencent.inbox.put("{}");
    setup.pull(setup.tencent.settings()).await;
}

pub(super) async fn the_bus_is_down(setup: &mut Setup) {
    setup.cloud.bus().faults(|_| Fault::Error);
    setup.receive(vec![tencent(PULL_COMPLETE)]).await;
    setup.process().await;
}

pub(super) async fn the_table_throttles(setup: &mut Setup) {
    setup.cloud.table().faults(|_| Fault::Throttle);
    setup.receive(vec![tencent(PULL_COMPLETE)]).await;
    setup.process().await;
}

pub(super) async fn the_bus_does_not_exist(setup: &mut Setup) {
    setup.cloud.bus().delete(BUS);
    setup.receive(vec![tencent(PULL_COMPLETE)]).await;
    setup.process().await;
}

pub(super) async fn the_table_does_not_exist(setup: &mut Setup) {
    setup.cloud.table().faults(|_| Fault::Code("ResourceNotFoundException"));
    setup.receive(vec![tencent(PULL_COMPLETE)]).await;
    setup.process().await;
}

pub(super) async fn the_queue_does_not_exist(setup: &mut Setup) {
    setup.cloud.sqs_faults(|_| Fault::Code("QueueDoesNotExist"));
    setup.receive(vec![post("/.env", &json!({}), "")]).await;
}

pub(super) async fn the_url_has_a_typing_error_at_the_sender(setup: &mut Setup) {
    let signed = sign_tencent(PULL_COMPLETE, "CurrentSignKey1", now_s() + 600);
    setup.receive(vec![post("/tencent-vod/singed", &json!({}), &signed)]).await;
}

pub(super) async fn callbacks_are_too_large_for_an_invocation(setup: &mut Setup) {
    // 413, without an invocation.
    setup.aws(("AWS/Lambda", "UrlRequestCount", "Receiver", 1), every(240));
    setup.aws(("AWS/ApiGateway", "Count", "HttpApi", 1), every(240));
}

pub(super) async fn the_receiver_crashes(setup: &mut Setup) {
    setup.aws(("AWS/Lambda", "Url5xxCount", "Receiver", 1), every(240));
    setup.aws(("AWS/ApiGateway", "5xx", "HttpApi", 1), every(240));
}

pub(super) async fn callbacks_wait_for_their_answer(setup: &mut Setup) {
    setup.aws(("AWS/Lambda", "UrlRequestLatency", "Receiver", 2600), every(240));
    setup.aws(("AWS/ApiGateway", "Latency", "HttpApi", 2600), every(240));
}

pub(super) async fn lambda_has_no_room_for_the_receiver(setup: &mut Setup) {
    setup.aws(("AWS/Lambda", "Throttles", "Receiver", 1), every(240));
}

pub(super) async fn lambda_has_no_room_for_the_processor(setup: &mut Setup) {
    setup.aws(("AWS/Lambda", "Throttles", "Processor", 1), vec![30]);
}

pub(super) async fn the_processor_runs_out_of_memory(setup: &mut Setup) {
    setup.aws(("AWS/Lambda", "Errors", "Processor", 1), vec![30]);
}

pub(super) async fn the_puller_runs_out_of_time(setup: &mut Setup) {
    setup.aws(("AWS/Lambda", "Errors", "Puller", 1), every(60));
}

pub(super) async fn nothing_takes_events_from_the_queue(setup: &mut Setup) {
    for at in every(60) {
        setup.aws(("AWS/SQS", "ApproximateAgeOfOldestMessage", "Queue", at), vec![at]);
    }
}

pub(super) async fn an_event_is_dead(setup: &mut Setup) {
    setup.aws(("AWS/SQS", "ApproximateNumberOfMessagesVisible", "DeadLetterQueue", 0), every(60));
    setup.aws(("AWS/SQS", "ApproximateNumberOfMessagesNotVisible", "DeadLetterQueue", 1), every(60));
}

pub(super) async fn the_schedule_may_not_start_the_puller(setup: &mut Setup) {
    setup.published.retain(|one| !matches!(one.what, What::Aws(_, "Invocations", "Puller", _)));
}

pub(super) async fn no_sender_calls(setup: &mut Setup) {
    setup.published.retain(|one| !matches!(one.what, What::Aws(_, "NumberOfMessagesSent", ..)));
}
