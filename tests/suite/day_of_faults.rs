//! A day of faults: the real receiver, puller and processor, with a queue that has the semantics of a real FIFO queue, while
//! one service after the other is down, a handler fails for one media asset, and processes are killed. At the end each event
//! is in exactly one place, and each media asset's events were processed in their order.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};

use crate::end_to_end::{post, receiver_binary};
use mediahook_testing::cloud::{BUCKET, Cloud, Fault};
use mediahook_testing::event_source_mapping::Mapping;
use mediahook_testing::fifo::Fifo;
use mediahook_testing::runtime_api::Function;
use mediahook_testing::table_and_bus::BUS;
use mediahook_testing::tencent_vod::TencentVod;

const PROCESSOR: &str = env!("CARGO_BIN_EXE_processor");
const PULLER: &str = env!("CARGO_BIN_EXE_puller");
const MAX_RECEIVE_COUNT: usize = 3;
/// How long an invocation of the processor may take, and how long an event of a killed one stays in progress.
const INVOCATION: Duration = Duration::from_secs(4);
/// The same while services are slow.
const LONG_INVOCATION: Duration = Duration::from_secs(20);
/// Media assets whose events are pushed, and pulled. The first letter says by which sender.
const PUSHED: [&str; 5] = ["t1", "t2", "a1", "a2", "t-broken"];
const PULLED: [&str; 2] = ["p1", "p2"];
/// The one that the destination refuses each time.
const BROKEN: &str = "t-broken";

/// `MEDIA/NUMBER`: what the tests know an event by. It is the event's task id.
type Name = String;

struct Day {
    cloud: Cloud,
    tencent: TencentVod,
    fifo: Fifo,
    dead_letters: Mapping,
    receivers: Vec<Function>,
    processor: Function,
    receiver_variables: Vec<(&'static str, String)>,
    processor_variables: Vec<(&'static str, String)>,
    sent: BTreeMap<&'static str, usize>,
    accepted: BTreeSet<Name>,
    unavailable: BTreeSet<Name>,
    receiver_logs: String,
}

impl Day {
    async fn new() -> Self {
        let cloud = Cloud::start().await;
        cloud.table().create().await;
        let (queue_url, dead_letter_url) = cloud.queues(1_000, 300).await;
        let tencent = TencentVod::start(Duration::from_secs(2)).await;
        let sources = json!({
            "tencent-vod/main": { "path_tokens": ["day-of-faults"] },
            "alibaba-ims/main": { "path_tokens": ["day-of-faults"] },
            "tencent-vod/pulled": { "pull": tencent.settings() }
        });
        let mut receiver_variables = cloud.variables();
        receiver_variables.push(("MEDIAHOOK_SOURCES", sources.to_string()));
        receiver_variables.push(("MEDIAHOOK_QUEUE_URL", queue_url.clone()));
        receiver_variables.push(("MEDIAHOOK_BUCKET", BUCKET.to_owned()));
        let mut processor_variables = cloud.processor_variables(&dead_letter_url);
        processor_variables.push(("MEDIAHOOK_MAX_RECEIVE_COUNT", MAX_RECEIVE_COUNT.to_string()));
        cloud.bus().refuses(|entry| {
            let is_broken = entry["Detail"].as_str().is_some_and(|detail| detail.contains(BROKEN));
            is_broken.then_some("InternalFailure")
        });
        let mut receivers = Vec::new();
        for _ in 0..2 {
            receivers.push(Function::start(receiver_binary(), &receiver_variables).await);
        }
        Self {
            fifo: Fifo::new(Mapping::new(cloud.sqs(), &queue_url), MAX_RECEIVE_COUNT),
            dead_letters: Mapping::new(cloud.sqs(), &dead_letter_url),
            processor: start_processor(&processor_variables, INVOCATION).await,
            cloud,
            tencent,
            receivers,
            receiver_variables,
            processor_variables,
            sent: BTreeMap::new(),
            accepted: BTreeSet::new(),
            unavailable: BTreeSet::new(),
            receiver_logs: String::new(),
        }
    }

    /// The next event of a media asset: its name, and its callback.
    fn next(&mut self, media: &'static str) -> (Name, Value) {
        let number = self.sent.entry(media).or_default();
        *number += 1;
        let name = format!("{media}/{number:03}");
        // One in seven is larger than the queue takes.
        let padding = if number.is_multiple_of(7) { "x".repeat(1_100_000) } else { String::new() };
        if media.starts_with('a') {
            let body = json!({
                "EventType": "ProduceMediaComplete", "UserId": 1, "EventTime": "2026-11-22T05:50:25Z",
                "MessageBody": { "Status": "Success", "JobId": name, "MediaId": media, "UserData": padding }
            });
            return (name, post("/alibaba-ims/main/day-of-faults", &json!({}), &body.to_string()));
        }
        let body = tencent_body(&name, media, &padding);
        (name, post("/tencent-vod/main/day-of-faults", &json!({}), &body))
    }

    /// Every media asset has an event, and then another one, by one environment and then the other.
    async fn events(&mut self) {
        for at in 0..2 {
            for media in PUSHED {
                let (name, callback) = self.next(media);
                let answer = self.receivers[at].invoke(callback).await.expect("an answer");
                let is_new = if answer["statusCode"] == 200 {
                    self.accepted.insert(name)
                } else {
                    assert_eq!(answer["statusCode"], 503, "{name}");
                    self.unavailable.insert(name)
                };
                assert!(is_new);
            }
            for media in PULLED {
                let number = self.sent.entry(media).or_default();
                *number += 1;
                let name = format!("{media}/{number:03}");
                self.tencent.inbox.put(tencent_body(&name, media, ""));
                self.accepted.insert(name);
            }
        }
    }

    /// A minute's run of the puller, in a new environment.
    async fn minute(&self) {
        // A younger object of `spill/` waits for the next minute.
        tokio::time::sleep(Duration::from_secs(6)).await;
        let time = Duration::from_secs(55);
        let mut puller = Function::start_with_timeout(PULLER, &self.receiver_variables, time).await;
        puller.invoke(json!({})).await.expect("a summary");
        puller.stop().await;
    }

    /// The processor takes batches until there are none, or only failing ones, and visibility timeouts end in between.
    async fn process(&mut self, rounds: usize) {
        for _ in 0..rounds {
            loop {
                let batch = self.fifo.receive().await;
                if batch.is_empty() {
                    break;
                }
                let response = self.processor.invoke(json!({ "Records": batch })).await.expect("an answer");
                self.fifo.settle(&serde_json::from_value(response).expect("a batch response"));
            }
            self.fifo.show_hidden();
        }
    }

    async fn new_processor(&mut self, invocation: Duration) {
        let new = start_processor(&self.processor_variables, invocation).await;
        std::mem::replace(&mut self.processor, new).stop().await;
    }

    /// Until nothing waits anywhere.
    async fn settle_down(&mut self) {
        let mut minutes = 0;
        while !self.fifo.is_empty()
            || self.tencent.inbox.unconfirmed() > 0
            || minutes == 0
            || !self.cloud.objects("spill/").await.is_empty()
        {
            minutes += 1;
            assert!(minutes < 20, "events still wait");
            self.minute().await;
            self.process(MAX_RECEIVE_COUNT + 1).await;
        }
    }

    async fn a_receiver_is_killed_before_its_answer(&mut self) {
        let (name, callback) = self.next("t1");
        self.cloud.sqs_faults(|_| Fault::AnswerLate(Duration::from_millis(300)));
        self.receivers[0].begin(callback.clone()).await;
        tokio::time::sleep(Duration::from_millis(150)).await;
        let new = Function::start(receiver_binary(), &self.receiver_variables).await;
        let killed = std::mem::replace(&mut self.receivers[0], new);
        self.receiver_logs += &killed.stop().await;
        self.cloud.sqs_faults(|_| Fault::None);
        // The sender got no answer, and sends it again.
        let answer = self.receivers[0].invoke(callback).await.expect("an answer");
        assert_eq!(answer["statusCode"], 200);
        self.accepted.insert(name);
    }

    /// Between the bus and the completion: what was put is put again after the lease.
    async fn a_processor_is_killed_in_a_batch(&mut self) -> BTreeSet<Name> {
        self.minute().await;
        let batch = self.fifo.receive().await;
        let names: BTreeSet<Name> =
            batch.iter().map(|record| name_of(record["body"].as_str().expect("a body"))).collect();
        let media: BTreeSet<_> = names.iter().map(|name| name.split('/').next()).collect();
        let (claims, put) = (media.len(), self.cloud.bus().events().len());
        // Each media asset's first event is claimed; what comes after those claims is the first completion.
        self.cloud.table().faults(move |call| if call < claims { Fault::None } else { Fault::Hang });
        self.processor.begin(json!({ "Records": batch })).await;
        while self.cloud.bus().events().len() == put {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.new_processor(INVOCATION).await;
        self.cloud.table().faults(|_| Fault::None);
        self.fifo.abandon();
        tokio::time::sleep(INVOCATION).await;
        self.fifo.show_hidden();
        names
    }
}

/// A processor whose invocations may take this long, and whose leases last as long.
async fn start_processor(variables: &[(&'static str, String)], invocation: Duration) -> Function {
    let mut variables = variables.to_vec();
    variables.push(("MEDIAHOOK_LEASE_S", invocation.as_secs().to_string()));
    Function::start_with_timeout(PROCESSOR, &variables, invocation).await
}

fn tencent_body(name: &str, media: &str, padding: &str) -> String {
    let payload =
        json!({ "TaskId": name, "FileId": media, "Status": "FINISH", "ErrCode": 0, "Text": padding });
    json!({ "EventType": "PullComplete", "PullCompleteEvent": payload }).to_string()
}

fn name_of(envelope: &str) -> Name {
    let envelope: Value = serde_json::from_str(envelope).expect("an envelope");
    envelope["taskid"].as_str().expect("a task id").to_owned()
}

#[tokio::test]
async fn at_the_end_of_a_day_of_faults_each_event_is_in_one_place_and_each_media_asset_in_order() {
    let mut day = Day::new().await;
    day.events().await;
    day.process(1).await;

    // The queue is down: callbacks fall back to the bucket, what is pulled stays at the sender.
    day.cloud.sqs_faults(|_| Fault::Error);
    day.events().await;
    day.minute().await;
    day.cloud.sqs_faults(|_| Fault::None);
    day.minute().await;
    day.process(1).await;

    // The bucket is down: what is too large for the queue cannot be stored anywhere but in the log.
    day.cloud.s3_faults(|_| Fault::Error);
    day.events().await;
    day.minute().await;
    day.cloud.s3_faults(|_| Fault::None);
    day.minute().await;
    day.process(1).await;

    // Both are down: the log is all there is.
    day.cloud.sqs_faults(|_| Fault::Error);
    day.cloud.s3_faults(|_| Fault::Error);
    day.events().await;
    day.cloud.sqs_faults(|_| Fault::None);
    day.cloud.s3_faults(|_| Fault::None);
    assert!(day.unavailable.len() >= 2 * PUSHED.len());
    // An environment skips the queue for some seconds more: a later event by another one would overtake what it spills.
    tokio::time::sleep(Duration::from_secs(5)).await;

    // The table throttles, the bus fails, the bus is gone: each costs the records in flight one receive.
    day.cloud.table().faults(|_| Fault::Throttle);
    day.events().await;
    day.minute().await;
    day.process(1).await;
    day.cloud.table().faults(|_| Fault::None);
    day.cloud.bus().faults(|_| Fault::Error);
    day.process(1).await;
    day.cloud.bus().faults(|_| Fault::None);
    day.settle_down().await;

    // The bus accepts and answers after 2 s, and then the table takes 1.6 s a call: nothing is put twice.
    day.new_processor(LONG_INVOCATION).await;
    day.cloud.bus().faults(|_| Fault::AnswerLate(Duration::from_secs(2)));
    day.events().await;
    day.minute().await;
    day.process(1).await;
    day.cloud.bus().faults(|_| Fault::None);
    day.cloud.table().faults(|_| Fault::AnswerLate(Duration::from_millis(1_600)));
    day.events().await;
    day.minute().await;
    day.process(1).await;
    day.cloud.table().faults(|_| Fault::None);
    day.settle_down().await;

    day.cloud.bus().delete(BUS);
    day.new_processor(INVOCATION).await;
    day.events().await;
    day.minute().await;
    day.process(2).await;
    day.cloud.bus().create(BUS);
    day.settle_down().await;

    day.events().await;
    day.a_receiver_is_killed_before_its_answer().await;
    let put_again = day.a_processor_is_killed_in_a_batch().await;
    day.settle_down().await;

    let Day { cloud, fifo, dead_letters, receivers, accepted, unavailable, mut receiver_logs, .. } = day;
    for receiver in receivers {
        receiver_logs += &receiver.stop().await;
    }
    let processed: Vec<Name> = cloud
        .bus()
        .events()
        .iter()
        .map(|entry| name_of(entry["Detail"].as_str().expect("a detail")))
        .collect();
    let mut dead: Vec<Name> = fifo.moved.iter().map(|message| name_of(message.body().unwrap())).collect();
    assert_eq!(dead, [""; 0], "SQS has moved nothing: no record was a dead letter untried");
    loop {
        let messages = dead_letters.receive().await;
        if messages.is_empty() {
            break;
        }
        dead.extend(messages.iter().map(|message| name_of(message.body().unwrap())));
    }
    let lines = receiver_logs.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut parts: BTreeMap<String, String> = BTreeMap::new();
    for line in lines.filter(|line| line["lost"] == true) {
        *parts.entry(line["id"].as_str().unwrap().to_owned()).or_default() +=
            line["envelope"].as_str().unwrap();
    }
    let lost: BTreeSet<Name> = parts.values().map(|envelope| name_of(envelope)).collect();

    // Each event in exactly one place.
    assert_eq!(lost, unavailable, "503 is for what the log alone has");
    let once: BTreeSet<Name> = processed.iter().cloned().collect();
    let twice: Vec<_> =
        once.iter().filter(|name| processed.iter().filter(|n| n == name).count() > 1).collect();
    assert!(!twice.is_empty(), "the processor was killed between the bus and the completion");
    assert!(twice.iter().all(|name| put_again.contains(*name)), "processed twice: {twice:?}");
    let dead: BTreeSet<Name> = dead.into_iter().collect();
    assert!(dead.iter().all(|name| name.starts_with(BROKEN)), "{dead:?}");
    assert!(once.is_disjoint(&dead));
    assert_eq!(once.union(&dead).cloned().collect::<BTreeSet<_>>(), accepted);
    assert_eq!(dead.len(), accepted.iter().filter(|name| name.starts_with(BROKEN)).count());

    // Each media asset in order: by the first time that an event was put on the bus. Not so what is pulled: an event that
    // could not be enqueued is redelivered by the sender's queue behind newer ones.
    let mut firsts: Vec<&Name> = Vec::new();
    for name in &processed {
        if !firsts.contains(&name) {
            firsts.push(name);
        }
    }
    for media in PUSHED {
        let of_media: Vec<_> = firsts.iter().filter(|name| name.split('/').next() == Some(media)).collect();
        assert!(of_media.is_sorted(), "{of_media:?}");
    }
}
