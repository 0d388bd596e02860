//! All of mediahook in one process: the receiver behind a function URL, the puller between fakes of both senders' queues,
//! an embedded AWS with its event source mapping and dead-letter queue, the processor. No account, nothing leaves this
//! machine.
//!
//! `cargo run --example local` sends itself the samples under `events/`, shows what became of each, and keeps serving.
//! `--once` ends after the samples, with exit status 1 if one fared otherwise than it should. `--break-queue` has SQS fail
//! while the samples come in: the puller brings them back from the spill. `--port N` serves elsewhere than on 9000. `--fakes` starts the senders' queues alone, with 40 events each, says in one line of JSON where
//! they are, and ends with its input.

use std::collections::HashMap;
use std::error::Error;
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use mediahook::aws::dynamodb::DynamoDbIdempotency;
use mediahook::aws::s3::S3Bucket;
use mediahook::aws::sqs::SqsQueue;
use mediahook::events::Channel;
use mediahook::events::{CloudEvent, Outcome};
use mediahook::ingest;
use mediahook::lambda::invocation::Invocation;
use mediahook::process::config::{IDEMPOTENCY_TTL, LEASE};
use mediahook::process::{Failure, Handler, HandlerDestination, Processor};
use mediahook::pull::Puller;
use mediahook::pull::http::SenderHttp;
use mediahook::receive::Receiver;
use mediahook::sources::Sources;
use mediahook::sources::cache::SourcesCache;
use mediahook::storage::idempotency::LeaseConfig;
use mediahook::telemetry::{self, Recorder};
use mediahook::timeouts::receive::{ANSWER_WITHIN, RETRY_POLICY, deadline};
use mediahook::timeouts::{self, process::BatchDeadlines};
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio::net::TcpListener;

use mediahook_testing::cloud::{BUCKET, Cloud, Fault};
use mediahook_testing::event_source_mapping::{self as mapping, Mapping};
use mediahook_testing::mns::Mns;
use mediahook_testing::signing::{sign_alibaba, sign_tencent};
use mediahook_testing::table_and_bus::TABLE;
use mediahook_testing::tencent_vod::TencentVod;
use mediahook_testing::{function_url, http};

const SIGN_KEY: &str = "DemoSignKey2026";
const PATH_TOKEN: &str = "demo-path-token";
const AUTH_KEY: &str = "DemoAuthKey2026";
const MAX_RECEIVE_COUNT: u32 = 3;
const VISIBILITY_TIMEOUT_S: u32 = 1;
/// What the fakes hand out is redelivered after this long, as by the real senders.
const PULL_VISIBILITY: Duration = Duration::from_secs(30);
/// What a run of the puller may take.
const PULL_TIMEOUT: Duration = Duration::from_secs(55);
const SETTLING_TIME: Duration = Duration::from_secs(15);

type Anything<T> = Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> Anything<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let port = match arguments.iter().position(|a| a == "--port") {
        Some(at) => arguments.get(at + 1).ok_or("--port needs a number")?.parse()?,
        None => 9000,
    };
    if arguments.iter().any(|a| a == "--fakes") {
        return fakes_alone().await;
    }
    let world = World::start(port).await?;
    let all_as_expected = world.show_samples(arguments.iter().any(|a| a == "--break-queue")).await?;
    if arguments.iter().any(|a| a == "--once") {
        return Ok(if all_as_expected { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    world.invite();
    loop {
        world.turn().await;
    }
}

struct World {
    address: SocketAddr,
    cloud: Cloud,
    queue_url: String,
    queue: Mapping,
    dead_letters: Mapping,
    tencent: TencentVod,
    mns: Mns,
    puller: Puller<SqsQueue, S3Bucket, SenderHttp>,
    processor: Processor<HandlerDestination<Desk, S3Bucket>, DynamoDbIdempotency, SqsQueue>,
    /// Whether the log shows what is routine too.
    talkative: Arc<AtomicBool>,
}

/// A handler for the demonstration: notes what it was given, and fails the first time it sees an event in progress.
#[derive(Clone, Default)]
struct Desk(Arc<Mutex<HashMap<String, Seen>>>);

/// How often an event was delivered, whether it was processed, and its outcome.
#[derive(Clone, Copy, Default)]
struct Seen {
    attempts: u32,
    delivered: bool,
    outcome: Outcome,
}

impl Desk {
    fn seen(&self, id: &str) -> Option<Seen> {
        self.0.lock().ok()?.get(id).copied()
    }
}

impl Handler for Desk {
    async fn handle(&self, event: &CloudEvent) -> Result<(), Failure> {
        let mut seen = self.0.lock()?;
        let seen = seen.entry(event.id.clone()).or_default();
        let attempts = seen.attempts + 1;
        let delivered = attempts == attempts_needed(event.outcome);
        *seen = Seen { attempts, delivered, outcome: event.outcome };
        if delivered { Ok(()) } else { Err(Failure::new("a failure for the demonstration")) }
    }
}

/// The wide events of all three: of the samples only what went wrong, for the table tells the rest.
fn recorder(talkative: &Arc<AtomicBool>) -> Recorder {
    let talkative = Arc::clone(talkative);
    Recorder::with_writer(&[("AWS_LAMBDA_LOG_LEVEL", "INFO")].into_iter().collect(), move |line| {
        let line = String::from_utf8_lossy(line);
        if talkative.load(Ordering::Relaxed) || !line.contains(r#""level":"INFO""#) {
            print!("{line}");
        }
    })
}

/// When an invocation that begins now does.
fn invocation_ends() -> BatchDeadlines {
    BatchDeadlines::new(Duration::from_secs(30))
}

/// An event in progress is made to fail once.
fn attempts_needed(outcome: Outcome) -> u32 {
    if outcome == Outcome::Progress { 2 } else { 1 }
}

impl World {
    async fn start(port: u16) -> Anything<Self> {
        let cloud = Cloud::start().await;
        let (queue_url, dead_letter_url) = cloud.queues(MAX_RECEIVE_COUNT, VISIBILITY_TIMEOUT_S).await;
        telemetry::init(&[("AWS_LAMBDA_LOG_LEVEL", "FATAL")].into_iter().collect());
        let talkative = Arc::new(AtomicBool::new(false));
        let recorder = recorder(&talkative);

        let listener =
            TcpListener::bind(("127.0.0.1", port)).await.map_err(|e| format!("port {port}: {e}"))?;
        let address = listener.local_addr()?;
        let (tencent, mns) = (TencentVod::start(PULL_VISIBILITY).await, Mns::start(PULL_VISIBILITY).await);
        let sources = Arc::new(SourcesCache::fixed(sources(address, &tencent, &mns)?));
        let queue = || SqsQueue::new(&cloud.aws(), queue_url.clone(), RETRY_POLICY);
        let http = SenderHttp::default();
        let puller =
            Puller::new(Arc::clone(&sources), queue(), cloud.bucket(), http, OffsetDateTime::now_utc);
        let mut receiver = Receiver::new(sources, queue(), cloud.bucket(), OffsetDateTime::now_utc);
        receiver.recorder = recorder.clone();
        let receiver = Arc::new(receiver);
        tokio::spawn(function_url::serve(listener, move |invocation: Value| {
            let receiver = Arc::clone(&receiver);
            let deadline = || deadline(ANSWER_WITHIN);
            async move {
                let callback = function_url::request(&invocation);
                receiver.receive(callback, deadline(), &Invocation::default()).await
            }
        }));

        cloud.table().create().await;
        let leases = LeaseConfig { lease: LEASE, ttl: IDEMPOTENCY_TTL };
        let (aws, now) = (cloud.aws(), OffsetDateTime::now_utc);
        let processor = Processor {
            destination: HandlerDestination { handler: Desk::default(), bucket: cloud.bucket() },
            idempotency: DynamoDbIdempotency::new(&aws, TABLE.to_owned(), leases, now, RETRY_POLICY),
            dead_letters: SqsQueue::new(&aws, dead_letter_url.clone(), RETRY_POLICY),
            max_receive_count: MAX_RECEIVE_COUNT,
            bucket_name: BUCKET.to_owned(),
            recorder: recorder.clone(),
            now,
        };
        Ok(Self {
            address,
            queue: Mapping::new(cloud.sqs(), &queue_url),
            dead_letters: Mapping::new(cloud.sqs(), &dead_letter_url),
            queue_url,
            cloud,
            tencent,
            mns,
            puller: puller.with_recorder(recorder),
            processor,
            talkative,
        })
    }

    /// One turn of the event source mapping.
    async fn turn(&self) {
        let messages = self.queue.receive().await;
        if messages.is_empty() {
            return tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let (batch, invocation) = (mapping::batch(&messages), Invocation::default());
        let response = self.processor.process(batch, invocation_ends(), &invocation).await;
        self.queue.settle(&messages, &response).await;
    }

    /// Sends every sample, pulls some more, lets the processor have them, prints the table. Whether all went as it
    /// should.
    async fn show_samples(&self, break_queue: bool) -> Anything<bool> {
        println!(
            "mediahook on http://{}, with an embedded AWS; sends itself the samples under events/.",
            self.address
        );
        println!(
            "Two of them are made to fail once, and one message is no event at all. Of the log, what is amiss:\n"
        );
        let mut rows = Vec::new();
        if break_queue {
            self.cloud.sqs_faults(|_| Fault::Error);
        }
        for sample in self.samples()? {
            let started = Instant::now();
            let headers: Vec<_> = sample.headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
            let answer = http::send(self.address, "POST", &sample.path, &headers, sample.body.clone()).await;
            let body: Value = serde_json::from_str(&answer.body)?;
            rows.push(Row {
                id: body.get("id").and_then(Value::as_str).map(String::from),
                got: Some((answer.status, started.elapsed())),
                sample,
            });
        }
        self.cloud.sqs_faults(|_| Fault::None);
        rows.extend(self.pull_samples().await?);
        self.send_rubbish().await?;
        let dead = self.settle(rows.iter().filter(|row| row.id.is_some()).count()).await;

        println!(
            "\n{:<11}  {:<4}  {:<36}  {:<9}  {:>6}  {:>4}  the processor",
            "sender", "by", "event type", "outcome", "status", "ms"
        );
        let mut all_as_expected = true;
        for Row { sample, id, got } in &rows {
            let seen = id.as_deref().and_then(|id| self.processor.destination.handler.seen(id));
            let outcome = seen.map_or("-".to_owned(), |seen| seen.outcome.to_string());
            let fate = match seen {
                None => "never saw it".to_owned(),
                Some(Seen { delivered: false, attempts, .. }) => format!("failed, {attempts} attempts"),
                Some(Seen { attempts: 1, .. }) => "delivered".to_owned(),
                Some(Seen { attempts, .. }) => {
                    format!("failed, redelivered, delivered ({attempts} attempts)")
                }
            };
            let had_its_due = match sample.status {
                200 => {
                    seen.is_some_and(|seen| seen.delivered && seen.attempts == attempts_needed(seen.outcome))
                }
                _ => seen.is_none(),
            };
            let as_expected = got.is_none_or(|(status, _)| status == sample.status)
                && outcome == sample.outcome
                && had_its_due;
            all_as_expected &= as_expected;
            let text = |shown: Option<String>| shown.unwrap_or_else(|| "-".to_owned());
            println!(
                "{:<11}  {:<4}  {:<36}  {outcome:<9}  {:>6}  {:>4}  {fate}{}",
                sample.sender,
                if got.is_some() { "push" } else { "pull" },
                sample.name,
                text(got.map(|(status, _)| status.to_string())),
                text(got.map(|(_, took)| took.as_millis().to_string())),
                if as_expected { "" } else { "  <- unexpected" },
            );
        }
        println!(
            "{:<11}  {:<4}  {:<36}  {:<9}  {:>6}  {:>4}  {}",
            "(nobody)",
            "-",
            "a message that is no envelope",
            "-",
            "-",
            "-",
            if dead { "dead-letter queue".to_owned() } else { "nowhere".to_owned() },
        );
        let left = self.tencent.inbox.unconfirmed() + self.mns.inbox.unconfirmed();
        println!("\nleft in the senders' own queues: {left}");
        all_as_expected &= dead && left == 0;
        println!("\n{}", if all_as_expected { "all as it should be" } else { "NOT as it should be" });
        Ok(all_as_expected)
    }

    /// Puts some samples into the senders' own queues, and lets the puller fetch them.
    async fn pull_samples(&self) -> Anything<Vec<Row>> {
        let sources = sources(self.address, &self.tencent, &self.mns)?;
        let mut rows = Vec::new();
        for (sender, name, outcome) in [
            ("tencent-vod", "PullComplete", "succeeded"),
            ("tencent-vod", "ProcedureStateChanged.subtask-failed", "failed"),
            ("alibaba-ims", "FileUploadComplete", "succeeded"),
            ("alibaba-ims", "ProduceMediaComplete", "succeeded"),
        ] {
            let body = sample(sender, name)?;
            let inbox = if sender == "tencent-vod" { &self.tencent.inbox } else { &self.mns.inbox };
            inbox.put(body.trim_end());
            let source = sources.get(&format!("{sender}/pulled")).ok_or("a source")?;
            let envelope =
                ingest::build(source, body.as_bytes(), Channel::Pull, None, OffsetDateTime::now_utc())?;
            let sample = Sample::new(sender, name, outcome, body);
            rows.push(Row { id: Some(envelope.id), got: None, sample });
        }
        let summary = self.puller.pull(timeouts::pull::deadline(PULL_TIMEOUT), &Invocation::default()).await;
        println!("puller: {}", serde_json::to_string(&summary)?);
        Ok(rows)
    }

    /// A message that no processor can read.
    async fn send_rubbish(&self) -> Anything<()> {
        let rubbish = self.cloud.sqs().send_message().queue_url(&self.queue_url).message_body("no envelope");
        rubbish.message_group_id("rubbish").message_deduplication_id("rubbish").send().await?;
        Ok(())
    }

    /// Runs until the events are processed and the message that is no envelope is in the dead-letter queue. Whether they are.
    async fn settle(&self, events: usize) -> bool {
        let started = Instant::now();
        let mut dead = 0;
        let delivered = || {
            self.processor
                .destination
                .handler
                .0
                .lock()
                .map_or(0, |seen| seen.values().filter(|seen| seen.delivered).count())
        };
        while started.elapsed() < SETTLING_TIME && (dead == 0 || delivered() < events) {
            self.turn().await;
            dead += self.dead_letters.receive().await.len();
        }
        dead == 1
    }

    fn samples(&self) -> Anything<Vec<Sample>> {
        let now_s = OffsetDateTime::now_utc().unix_timestamp();
        let mut samples = Vec::new();
        for (name, outcome) in [
            ("NewFileUpload", "succeeded"),
            ("PullComplete", "succeeded"),
            ("ProcedureStateChanged", "succeeded"),
            ("ProcedureStateChanged.subtask-failed", "failed"),
            ("EditMediaComplete.processing", "progress"),
            ("BrandNewTaskComplete", "unknown"),
        ] {
            let body = sign_tencent(&sample("tencent-vod", name)?, SIGN_KEY, now_s + 600);
            samples.push(Sample::new("tencent-vod", name, outcome, body));
        }
        for (name, outcome) in [
            ("FileUploadComplete", "succeeded"),
            ("ProduceMediaComplete", "succeeded"),
            ("ProduceMediaComplete.failed", "failed"),
            ("MediaConvertComplete", "succeeded"),
            ("LiveRecordTaskStatus", "progress"),
        ] {
            let mut signed = Sample::new("alibaba-ims", name, outcome, sample("alibaba-ims", name)?);
            signed.headers.extend(sign_alibaba(&alibaba_url(self.address), AUTH_KEY, now_s));
            samples.push(signed);
        }
        let forged = sign_tencent(&sample("tencent-vod", "PullComplete")?, "SomebodyElsesKey", now_s + 600);
        samples
            .push(Sample { status: 401, ..Sample::new("tencent-vod", "PullComplete, forged", "-", forged) });
        let stale = sign_tencent(&sample("tencent-vod", "PullComplete")?, SIGN_KEY, now_s - 60);
        samples.push(Sample { status: 401, ..Sample::new("tencent-vod", "PullComplete, stale", "-", stale) });
        Ok(samples)
    }

    fn invite(&self) {
        let address = self.address;
        self.talkative.store(true, Ordering::Relaxed);
        println!(
            r#"
Still serving. Try, from another shell:

  curl -i -d @events/tencent-vod/PullComplete.json http://{address}/tencent-vod/token/{PATH_TOKEN}

  T=$(( $(date +%s) + 600 )); S=$(printf %s "{SIGN_KEY}$T" | md5sum | cut -d' ' -f1)
  curl -i -d '{{"EventType":"NewFileUpload","FileUploadEvent":{{"FileId":"1"}},"Sign":"'$S'","T":'$T'}}' http://{address}/tencent-vod/demo

  T=$(date +%s); S=$(printf %s "{url}|$T|{AUTH_KEY}" | md5sum | cut -d' ' -f1)
  curl -i -d @events/alibaba-ims/FileUploadComplete.json -H "X-ICE-TIMESTAMP: $T" -H "X-ICE-SIGNATURE: $S" {url}

Ctrl-C ends it.
"#,
            url = alibaba_url(address),
        );
    }
}

/// One line of the table: what was sent or pulled, its id, and the answer where it was sent.
struct Row {
    sample: Sample,
    id: Option<String>,
    got: Option<(u16, Duration)>,
}

/// The senders' queues alone, for whoever wants to pull from them.
async fn fakes_alone() -> Anything<ExitCode> {
    const EVENTS: usize = 40;
    let (tencent, mns) = (TencentVod::start(PULL_VISIBILITY).await, Mns::start(PULL_VISIBILITY).await);
    for number in 0..EVENTS {
        let complete = json!({ "TaskId": format!("task-{number}"), "Status": "FINISH", "ErrCode": 0 });
        tencent.inbox.put(json!({ "EventType": "PullComplete", "PullCompleteEvent": complete }).to_string());
        let body = json!({ "JobId": format!("job-{number}"), "Status": "Success", "UserData": "<&>" });
        mns.inbox.put(json!({ "EventType": "ProduceMediaComplete", "MessageBody": body }).to_string());
    }
    println!(
        "{}",
        json!({ "events": EVENTS, "tencent-vod": tencent.settings(), "alibaba-ims": mns.settings() })
    );
    let wait = || std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
    tokio::task::spawn_blocking(wait).await??;
    Ok(ExitCode::SUCCESS)
}

/// One callback, and what should become of it.
struct Sample {
    sender: &'static str,
    name: &'static str,
    outcome: &'static str,
    status: u16,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Sample {
    fn new(sender: &'static str, name: &'static str, outcome: &'static str, body: String) -> Self {
        let headers = vec![("content-type", "application/json".to_owned())];
        Self { sender, name, outcome, status: 200, path: format!("/{sender}/demo"), headers, body }
    }
}

fn sample(sender: &str, name: &str) -> Anything<String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("events").join(sender).join(format!("{name}.json"));
    Ok(std::fs::read_to_string(&file).map_err(|e| format!("{}: {e}", file.display()))?)
}

fn alibaba_url(address: SocketAddr) -> String {
    format!("http://{address}/alibaba-ims/demo")
}

fn sources(address: SocketAddr, tencent: &TencentVod, mns: &Mns) -> Anything<Sources> {
    let document = json!({
        "tencent-vod/demo": { "sign_keys": [SIGN_KEY] },
        "tencent-vod/token": { "path_tokens": [PATH_TOKEN] },
        "alibaba-ims/demo": { "auth_keys": [AUTH_KEY], "callback_urls": [alibaba_url(address)] },
        "tencent-vod/pulled": { "pull": tencent.settings() },
        "alibaba-ims/pulled": { "pull": mns.settings() },
    });
    Ok(Sources::parse(&document.to_string())?)
}
