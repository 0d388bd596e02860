//! The processor: each event is processed once, whatever happens meanwhile.

mod bus;
mod dead_letters;
mod groups;
mod idempotency;
mod slow;

use std::ops::Deref;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use aws_lambda_events::sqs::SqsBatchResponse;
use mediahook::aws::dynamodb::DynamoDbIdempotency;
use mediahook::aws::sqs::SqsQueue;
use mediahook::events::CloudEvent;
use mediahook::ingest::envelope;
use mediahook::lambda::invocation::Invocation;
use mediahook::process::{Destination, Failure, Handler, HandlerDestination, Processor};
use mediahook::storage::idempotency::LeaseConfig;
use mediahook::telemetry::Recorder;
use mediahook::timeouts::process::{BatchDeadlines, RETRY_POLICY};
use serde_json::{Value, json};
use time::OffsetDateTime;

use mediahook_testing::cloud::{BUCKET, Cloud, Fault};
use mediahook_testing::event_source_mapping::{self as mapping, Mapping};
use mediahook_testing::runtime_api::Function;
use mediahook_testing::table_and_bus::{BUS, TABLE};

const PROCESSOR: &str = env!("CARGO_BIN_EXE_processor");
const LEASE: Duration = Duration::from_secs(30);
/// Longer than any invocation here should take, on a busy machine.
const IN_TIME: Duration = Duration::from_secs(30);
/// For an invocation that a fault lasts through.
const SHORT: Duration = Duration::from_secs(2);
const MAX_RECEIVE_COUNT: u32 = 3;

/// A cloud with a table and the two queues.
struct Setup {
    cloud: Cloud,
    queue_url: String,
    dead_letter_url: String,
}

impl Deref for Setup {
    type Target = Cloud;
    fn deref(&self) -> &Cloud {
        &self.cloud
    }
}

impl Setup {
    async fn new() -> Self {
        let cloud = Cloud::start().await;
        cloud.table().create().await;
        let (queue_url, dead_letter_url) = cloud.queues(MAX_RECEIVE_COUNT, 0).await;
        Self { cloud, queue_url, dead_letter_url }
    }

    /// The variables of a processor that puts events on the bus.
    fn variables(&self) -> Vec<(&'static str, String)> {
        let mut variables = self.cloud.processor_variables(&self.dead_letter_url);
        variables.push(("MEDIAHOOK_MAX_RECEIVE_COUNT", MAX_RECEIVE_COUNT.to_string()));
        variables
    }

    /// A processor that puts events on the bus.
    async fn start(&self) -> Function {
        self.start_for(IN_TIME).await
    }

    /// The same, whose invocations may take this long.
    async fn start_for(&self, invocation: Duration) -> Function {
        Function::start_with_timeout(PROCESSOR, &self.variables(), invocation).await
    }

    fn idempotency(&self, lease: Duration) -> DynamoDbIdempotency {
        let leases = LeaseConfig { lease, ttl: Duration::from_mins(1) };
        let now = OffsetDateTime::now_utc;
        DynamoDbIdempotency::new(&self.aws(), TABLE.to_owned(), leases, now, RETRY_POLICY)
    }

    /// A processor with this handler.
    fn processor<H: Handler>(&self, handler: H) -> Handling<H> {
        self.delivering_to(HandlerDestination { handler, bucket: self.bucket() })
    }

    fn delivering_to<D>(&self, destination: D) -> Processor<D> {
        Processor {
            destination,
            idempotency: self.idempotency(LEASE),
            dead_letters: SqsQueue::new(&self.aws(), self.dead_letter_url.clone(), RETRY_POLICY),
            max_receive_count: MAX_RECEIVE_COUNT.into(),
            bucket_name: BUCKET.to_owned(),
            recorder: Recorder::silent(),
            now: OffsetDateTime::now_utc,
        }
    }

    /// The bodies of the dead letters, in order. They are deleted.
    async fn dead_bodies(&self) -> Vec<String> {
        let queue = Mapping::new(self.sqs(), &self.dead_letter_url);
        let messages = queue.receive().await;
        queue.settle(&messages, &SqsBatchResponse::default()).await;
        messages.iter().map(|message| message.body().unwrap().to_owned()).collect()
    }

    /// The ids of the dead letters, in order. They are deleted.
    async fn dead(&self) -> Vec<String> {
        let bodies = self.dead_bodies().await;
        bodies.iter().map(|body| envelope::parse(body).unwrap().id).collect()
    }
}

type Handling<H> = Processor<HandlerDestination<H>>;

/// A handler that does what the event's type says, and keeps the ids that it was given.
#[derive(Default)]
struct FakeHandler(Mutex<Vec<String>>);

impl Handler for FakeHandler {
    async fn handle(&self, event: &CloudEvent) -> Result<(), Failure> {
        let tries = {
            let mut seen = self.0.lock().unwrap();
            seen.push(event.id.clone());
            seen.iter().filter(|id| **id == event.id).count()
        };
        tokio::task::yield_now().await;
        match event.event_type.as_str() {
            "fail" => return Err(Failure::new("scripted")),
            "fail-once" if tries == 1 => return Err(Failure::new("scripted")),
            "dead-letter" => return Err(Failure::dead_letter("scripted")),
            "panic" => panic!("scripted"),
            "slow" => tokio::time::sleep(Duration::from_millis(300)).await,
            "slower" => tokio::time::sleep(Duration::from_millis(1_100)).await,
            "hang" => std::future::pending().await,
            _ => {}
        }
        Ok(())
    }
}

impl FakeHandler {
    /// What it was given since the last time.
    fn seen(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

fn event(id: &str, event_type: &str) -> String {
    json!({
        "specversion": "1.0", "id": id, "source": "tencent-vod/main", "type": event_type,
        "time": "2026-11-22T05:50:25.123Z", "data": { "n": 1 }, "outcome": "succeeded", "channel": "push",
        "recordedtime": "2026-11-22T05:50:26Z"
    })
    .to_string()
}

/// A record of an event whose group is the first letter of its id.
fn record(id: &str, event_type: &str) -> Value {
    record_of(id, &id[..1], &event(id, event_type))
}

fn record_of(id: &str, group: &str, body: &str) -> Value {
    json!({
        "messageId": format!("message-{id}"),
        "body": body,
        "attributes": {
            "MessageGroupId": group, "MessageDeduplicationId": id, "ApproximateReceiveCount": "1"
        }
    })
}

/// Records of these events, each of a type that every handler accepts.
fn records<const N: usize>(ids: [&str; N]) -> [Value; N] {
    ids.map(|id| record(id, "com.tencentcloud.vod.PullComplete"))
}

/// The same records, received this often.
fn received<const N: usize>(times: u32, records: [Value; N]) -> [Value; N] {
    records.map(|mut record| {
        record["attributes"]["ApproximateReceiveCount"] = times.to_string().into();
        record
    })
}

fn last_receive<const N: usize>(records: [Value; N]) -> [Value; N] {
    received(MAX_RECEIVE_COUNT, records)
}

fn batch(records: &[Value]) -> Value {
    json!({ "Records": records })
}

/// The message ids of what failed, less `message-`.
fn failed(answer: &SqsBatchResponse) -> Vec<String> {
    let ids = answer.batch_item_failures.iter().map(|f| f.item_identifier.trim_start_matches("message-"));
    ids.map(String::from).collect()
}

/// Invokes the function with these records. Returns those that failed.
async fn invoke(function: &mut Function, records: &[Value]) -> Vec<String> {
    let answer = function.invoke(batch(records)).await.unwrap();
    failed(&serde_json::from_value(answer).unwrap())
}

/// Processes these records with `left` to go. Returns those that failed.
async fn process<D: Destination>(processor: &Processor<D>, records: &[Value], left: Duration) -> Vec<String> {
    let events = serde_json::from_value(batch(records)).unwrap();
    failed(&processor.process(events, BatchDeadlines::new(left), &Invocation::default()).await)
}

/// The lines of a log.
fn lines(log: &str) -> Vec<Value> {
    log.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn sorted(mut ids: Vec<String>) -> Vec<String> {
    ids.sort();
    ids
}

async fn until(holds: impl AsyncFn() -> bool) {
    let waiting = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(IN_TIME, waiting).await.expect("that it comes to hold");
}

#[tokio::test]
async fn a_mistake_in_the_environment_stops_the_start_and_is_named() {
    let setup = Setup::new().await;
    for (name, value, expected) in [
        ("MEDIAHOOK_TABLE", "", "MEDIAHOOK_TABLE is not set"),
        ("MEDIAHOOK_BUCKET", "", "MEDIAHOOK_BUCKET is not set"),
        ("MEDIAHOOK_EVENT_BUS", "", "MEDIAHOOK_EVENT_BUS is not set"),
        ("MEDIAHOOK_DEAD_LETTER_QUEUE_URL", "", "MEDIAHOOK_DEAD_LETTER_QUEUE_URL is not set"),
        ("MEDIAHOOK_MAX_RECEIVE_COUNT", "", "MEDIAHOOK_MAX_RECEIVE_COUNT is not set"),
        ("MEDIAHOOK_LEASE_S", "long", "MEDIAHOOK_LEASE_S: expected a whole number"),
        ("MEDIAHOOK_IDEMPOTENCY_TTL_S", "0", "MEDIAHOOK_IDEMPOTENCY_TTL_S: expected"),
        ("MEDIAHOOK_DEAD_LETTER_QUEUE_URL", "dead", "MEDIAHOOK_DEAD_LETTER_QUEUE_URL: expected a URL"),
        ("MEDIAHOOK_MAX_RECEIVE_COUNT", "five", "MEDIAHOOK_MAX_RECEIVE_COUNT: expected a whole number"),
        ("AWS_REGION", "", "AWS_REGION is not set"),
    ] {
        let mut variables = setup.variables();
        variables.push((name, value.to_owned()));
        let (content, log) = Function::start(PROCESSOR, &variables).await.wait().await;
        assert!(!content, "{name}");
        assert!(log.contains("cannot start") && log.contains(expected), "{name}: {log}");
    }
}
