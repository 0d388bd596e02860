//! The real puller, between two fake senders that verify every signature and an embedded AWS, with faults on each.

mod drain;
mod lost_answers;
mod memory;
mod one_source;
mod rejected;
mod spill;
mod spill_backlog;
mod unreadable;

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use base64::prelude::{BASE64_STANDARD, Engine as _};
use mediahook::events::{Channel, CloudEvent};
use mediahook::ingest;
use mediahook::pull::Summary;
use mediahook::sources::Sources;
use mediahook::storage::Bucket as _;
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::end_to_end::{post, receiver_binary};
use mediahook_testing::cloud::{BUCKET, Cloud, Fault};
use mediahook_testing::event_source_mapping::Mapping;
use mediahook_testing::mns::Mns;
use mediahook_testing::runtime_api::Function;
use mediahook_testing::tencent_vod::TencentVod;

const PULLER: &str = env!("CARGO_BIN_EXE_puller");
const TIMEOUT: Duration = Duration::from_secs(55);

/// Of both fakes; the real ones take 30 s.
const VISIBILITY: Duration = Duration::from_secs(3);
const TENCENT: &str = "tencent-vod/pulled";
const ALIBABA: &str = "alibaba-ims/pulled";
/// An object of `spill/` is left alone until it is this old.
const SETTLED: Duration = Duration::from_secs(6);

struct World {
    cloud: Cloud,
    queue_url: String,
    tencent: TencentVod,
    mns: Mns,
}

impl World {
    async fn new() -> Self {
        Self::with_visibility(VISIBILITY).await
    }

    async fn with_visibility(visibility: Duration) -> Self {
        let cloud = Cloud::start().await;
        let (queue_url, _) = cloud.queues(5, 300).await;
        Self {
            cloud,
            queue_url,
            tencent: TencentVod::start(visibility).await,
            mns: Mns::start(visibility).await,
        }
    }

    fn sources(&self) -> Value {
        json!({
            TENCENT: { "pull": self.tencent.settings() },
            ALIBABA: { "pull": self.mns.settings() },
            "tencent-vod/open": { "unauthenticated": true }
        })
    }

    fn variables(&self) -> Vec<(&'static str, String)> {
        let mut variables = self.cloud.variables();
        variables.push(("MEDIAHOOK_SOURCES", self.sources().to_string()));
        variables.push(("MEDIAHOOK_QUEUE_URL", self.queue_url.clone()));
        variables.push(("MEDIAHOOK_BUCKET", BUCKET.to_owned()));
        variables.push(("AWS_LAMBDA_LOG_LEVEL", "TRACE".to_owned()));
        variables
    }

    async fn puller(&self) -> Function {
        Function::start_with_timeout(PULLER, &self.variables(), TIMEOUT).await
    }

    /// Puts this many events into each sender's queue: media assets with four events each.
    fn put(&self, events: usize) {
        for number in 0..events {
            self.tencent.inbox.put(tencent_event(number));
            self.mns.inbox.put(match number % 3 {
                0 => BASE64_STANDARD.encode(alibaba_event(number)),
                _ => alibaba_event(number),
            });
        }
    }

    /// The envelopes in the queue, in their order.
    async fn queued(&self) -> Vec<CloudEvent> {
        self.cloud.sqs_faults(|_| Fault::None);
        let queue = Mapping::new(self.cloud.sqs(), &self.queue_url);
        let mut envelopes = Vec::new();
        loop {
            let more = queue.envelopes().await;
            if more.is_empty() {
                return envelopes;
            }
            envelopes.extend(more);
        }
    }

    /// Asserts that only events in the queue are confirmed at their sender.
    async fn assert_confirmed_is_enqueued(&self) -> Vec<CloudEvent> {
        let queued = self.queued().await;
        let numbers = |source: &str| -> HashSet<u64> {
            queued
                .iter()
                .filter(|e| e.source == source)
                .map(|e| number(e.data.as_ref().unwrap().get()))
                .collect()
        };
        for (source, inbox) in [(TENCENT, &self.tencent.inbox), (ALIBABA, &self.mns.inbox)] {
            let enqueued = numbers(source);
            for confirmed in inbox.confirmed() {
                assert!(
                    enqueued.contains(&number(&confirmed)),
                    "{source}: confirmed, not enqueued: {confirmed}"
                );
            }
        }
        queued
    }

    /// Runs the puller until both senders' queues are empty.
    async fn drain(&self, puller: &mut Function) -> Vec<Summary> {
        let mut runs = Vec::new();
        let started = Instant::now();
        while self.tencent.inbox.unconfirmed() + self.mns.inbox.unconfirmed() > 0 {
            assert!(started.elapsed() < Duration::from_secs(100), "{runs:#?}");
            runs.push(run(puller).await);
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        runs
    }
}

fn tencent_event(number: usize) -> String {
    format!(
        r#"{{ "EventType":"PullComplete" , "FileUploadEvent":null,"PullCompleteEvent":{{"TaskId":"t-{number}","FileId":"{}","Number":{number}}}}}"#,
        number / 4
    )
}

fn alibaba_event(number: usize) -> String {
    format!(
        r#"{{"EventType":"ProduceMediaComplete","UserId":1234567890123456,"EventTime":"2026-11-22T05:50:25Z","MessageBody":{{"Status":"Success","JobId":"j-{number}","MediaId":"{}","UserData":"<&>\"媒体","Number":{number}}}}}"#,
        number / 4
    )
}

/// The number in an event, in either sender's format.
fn number(event: &str) -> u64 {
    let is_json = event.trim_start().starts_with('{');
    let decoded = || String::from_utf8(BASE64_STANDARD.decode(event).unwrap()).unwrap();
    let text = if is_json { event.to_owned() } else { decoded() };
    let digits = text.rsplit_once("\"Number\":").unwrap().1;
    digits.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap()
}

async fn run(puller: &mut Function) -> Summary {
    serde_json::from_value(puller.invoke(json!({})).await.unwrap()).unwrap()
}

fn assert_clean(summary: &Summary, source: &str, expected: usize) {
    let tally = &summary.0[source];
    assert_eq!(
        (tally.pulled, tally.enqueued, tally.confirmed, tally.failed, tally.more, tally.error.as_deref()),
        (expected, expected, expected, 0, false, None),
        "{source}"
    );
}

/// Asserts that the events of each media asset are in the queue in the sender's order.
fn assert_in_order(queued: &[CloudEvent]) {
    let mut last: HashMap<(&str, &str), u64> = HashMap::new();
    for envelope in queued {
        let number = number(envelope.data.as_ref().unwrap().get());
        let media = (envelope.source.as_str(), envelope.subject.as_deref().unwrap());
        if let Some(earlier) = last.insert(media, number) {
            assert!(earlier < number, "{media:?}: {number} behind {earlier}");
        }
    }
}

/// An event of one of a few media assets, as it is pushed.
fn event_of(media: usize, number: usize) -> String {
    format!(
        r#"{{"EventType":"PullComplete","PullCompleteEvent":{{"TaskId":"t-{number}","FileId":"m{media}","Number":{number}}}}}"#
    )
}

async fn put(world: &World, key: &str, body: impl Into<Vec<u8>>) {
    world.cloud.bucket().put(key, body.into(), "application/json").await.unwrap();
}

/// Receives these bodies while SQS fails: each becomes an object in the spill.
async fn spill(world: &World, bodies: impl Iterator<Item = String>) {
    let mut variables = world.variables();
    variables.retain(|(name, _)| *name != "AWS_LAMBDA_LOG_LEVEL");
    let mut receiver = Function::start(receiver_binary(), &variables).await;
    world.cloud.sqs_faults(|_| Fault::Error);
    for body in bodies {
        let answer = receiver.invoke(post("/tencent-vod/open", &json!({}), &body)).await.unwrap();
        assert_eq!(answer["statusCode"], 200);
    }
    world.cloud.sqs_faults(|_| Fault::None);
}

/// A spilled event, received at this time.
fn spilled(media: usize, number: usize, received: OffsetDateTime) -> CloudEvent {
    let sources = Sources::parse(r#"{"tencent-vod/open":{"unauthenticated":true}}"#).unwrap();
    let source = sources.get("tencent-vod/open").unwrap();
    ingest::build(source, event_of(media, number).as_bytes(), Channel::Push, None, received).unwrap()
}
