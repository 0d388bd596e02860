//! The real puller, between two fake senders that verify every signature and an embedded AWS, with faults on each.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::prelude::{BASE64_STANDARD, Engine as _};
use mediahook::aws::sqs::SqsQueue;
use mediahook::events::{Channel, CloudEvent};
use mediahook::ingest;
use mediahook::ingest::envelope;
use mediahook::ingest::object_keys;
use mediahook::lambda::invocation::Invocation;
use mediahook::pull::http::SenderHttp;
use mediahook::pull::{Puller, Summary};
use mediahook::sources::Sources;
use mediahook::sources::cache::SourcesCache;
use mediahook::storage::Bucket as _;
use mediahook::timeouts::pull::{RETRY_POLICY, deadline};
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::end_to_end::{post, receiver_binary};
use mediahook_testing::cloud::{BUCKET, Cloud, Fault, SECRET};
use mediahook_testing::event_source_mapping::Mapping;
use mediahook_testing::inbox::Inbox;
use mediahook_testing::mns::{self, Mns};
use mediahook_testing::runtime_api::Function;
use mediahook_testing::tencent_vod::{self, TencentVod};
use mediahook_testing::tls;

const PULLER: &str = env!("CARGO_BIN_EXE_puller");
const TIMEOUT: Duration = Duration::from_secs(55);
/// Of both fakes; the real ones take 30 s.
const VISIBILITY: Duration = Duration::from_secs(3);
const TENCENT: &str = "tencent-vod/pulled";
const ALIBABA: &str = "alibaba-ims/pulled";

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
    serde_json::from_value(puller.invoke(json!({ "scheduled": "2026-11-22T05:50:25Z" })).await.unwrap())
        .unwrap()
}

fn assert_clean(summary: &Summary, source: &str, expected: usize) {
    let tally = &summary.0[source];
    assert_eq!(
        (tally.pulled, tally.enqueued, tally.confirmed, tally.failed, tally.more, tally.error.as_deref()),
        (expected, expected, expected, 0, false, None),
        "{source}"
    );
}

#[tokio::test]
async fn hundreds_of_events_are_drained_from_both_senders() {
    const EVENTS: usize = 400;
    let world = World::new().await;
    world.put(EVENTS);
    let mut puller = world.puller().await;
    let started = Instant::now();
    let summary = run(&mut puller).await;
    println!("{} events in {:?}", 2 * EVENTS, started.elapsed());
    for source in [TENCENT, ALIBABA] {
        assert_clean(&summary, source, EVENTS);
    }
    assert_clean(&summary, "spill", 0);
    assert_eq!(summary.0.len(), 3, "a source that is not pulled has no line");

    let queued = world.assert_confirmed_is_enqueued().await;
    assert_eq!(queued.len(), 2 * EVENTS);
    assert!(queued.iter().all(|e| e.channel == Some(Channel::Pull)));
    let of_tencent = queued.iter().find(|e| e.source == TENCENT).unwrap();
    assert_eq!(of_tencent.subject.as_deref(), Some("0"));
    // Its bytes, without the handle and the white space between members.
    let expected = r#"{"EventType":"PullComplete","FileUploadEvent":null,"PullCompleteEvent":{"TaskId":"t-0","FileId":"0","Number":0}}"#;
    assert_eq!(of_tencent.data.as_ref().unwrap().get(), expected);
    let of_alibaba = queued.iter().filter(|e| e.source == ALIBABA).map(|e| e.data.as_ref().unwrap().get());
    let as_sent: HashSet<_> = (0..EVENTS).map(alibaba_event).collect();
    assert_eq!(
        of_alibaba.map(str::to_owned).collect::<HashSet<_>>(),
        as_sent,
        "raw and base64, byte for byte"
    );
    assert_in_order(&queued);

    // One line per source and run.
    assert_clean(&run(&mut puller).await, TENCENT, 0);
    let log = puller.stop().await;
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of_runs: Vec<_> = lines.iter().filter(|line| line["message"] == "pulled").collect();
    assert_eq!(of_runs.len(), 6, "{log}");
    assert!(of_runs.iter().any(|line| line["source"] == TENCENT && line["enqueued"] == EVENTS), "{log}");
    for hidden in [tencent_vod::SECRET_KEY, mns::ACCESS_KEY_SECRET, "UserData", "TC3-HMAC", "Authorization"] {
        assert!(!log.contains(hidden), "{hidden} shows in {log}");
    }
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

#[tokio::test]
async fn with_faults_on_every_call_nothing_is_lost() {
    let world = World::with_visibility(Duration::from_secs(1)).await;
    world.put(100);
    let bad = |call: usize| match call % 7 {
        1 => Fault::Error,
        2 => Fault::Reset,
        4 => Fault::ResetAfter,
        5 => Fault::Slow(Duration::from_millis(50)),
        _ => Fault::None,
    };
    world.tencent.faults(move |_, call| bad(call));
    world.mns.faults(move |_, call| bad(call + 1));
    world.cloud.sqs_faults(move |call| bad(call + 2));
    world.cloud.sqs_refuses(|entry| entry % 5 == 0);
    let mut puller = world.puller().await;
    let runs = world.drain(&mut puller).await;
    println!("{} runs", runs.len());
    let ids: HashSet<_> = world.assert_confirmed_is_enqueued().await.into_iter().map(|e| e.id).collect();
    assert_eq!(ids.len(), 200);
    for source in [TENCENT, ALIBABA] {
        let times: usize = runs.iter().map(|run| run.0[source].pulled).sum();
        assert!(times > 100, "{source}: some came twice, and under the same id");
    }
}

#[tokio::test]
async fn with_the_queue_half_failing_only_enqueued_events_are_confirmed() {
    let world = World::new().await;
    world.put(48);
    world.cloud.sqs_refuses(|entry| entry % 2 == 0);
    let mut puller = world.puller().await;
    let summary = run(&mut puller).await;
    for source in [TENCENT, ALIBABA] {
        let tally = &summary.0[source];
        assert!(tally.failed > 0 && tally.enqueued > 0 && tally.confirmed == tally.enqueued, "{tally:?}");
        assert_eq!(tally.pulled, tally.enqueued + tally.failed);
        assert_eq!(tally.error.as_deref(), Some("queue: InternalError"));
    }
    assert_eq!(
        [&world.tencent.inbox, &world.mns.inbox].map(Inbox::unconfirmed),
        [TENCENT, ALIBABA].map(|source| 48 - summary.0[source].confirmed)
    );
    world.cloud.sqs_refuses(|_| false);
    world.drain(&mut puller).await;
    let queued = world.assert_confirmed_is_enqueued().await;
    assert_eq!(queued.iter().map(|e| &e.id).collect::<HashSet<_>>().len(), 96);
    assert_in_order(&queued);
}

#[tokio::test]
async fn with_the_queue_down_nothing_is_confirmed() {
    let world = World::new().await;
    world.put(40);
    world.cloud.sqs_faults(|_| Fault::Error);
    let mut puller = world.puller().await;
    let summary = run(&mut puller).await;
    for source in [TENCENT, ALIBABA] {
        let tally = &summary.0[source];
        assert_eq!((tally.pulled, tally.failed, tally.enqueued, tally.confirmed), (16, 16, 0, 0));
        assert!(tally.error.as_deref().unwrap().starts_with("queue: "), "{tally:?}");
    }
    assert_eq!(world.tencent.inbox.calls("ConfirmEvents") + world.mns.inbox.calls("DELETE"), 0);
    world.cloud.sqs_faults(|_| Fault::None);
    world.drain(&mut puller).await;
    assert_eq!(world.assert_confirmed_is_enqueued().await.len(), 80);
}

#[tokio::test]
async fn a_puller_killed_before_the_confirmation_loses_and_repeats_nothing() {
    let world = World::new().await;
    world.put(20);
    let is_confirmation = |call: &str| call == "ConfirmEvents" || call == "DELETE";
    world.tencent.faults(move |call, _| if is_confirmation(call) { Fault::Hang } else { Fault::None });
    world.mns.faults(move |call, _| if is_confirmation(call) { Fault::Hang } else { Fault::None });
    let puller = world.puller().await;
    puller.begin(json!({})).await;
    let hangs = || world.tencent.inbox.calls("ConfirmEvents") > 0 && world.mns.inbox.calls("DELETE") > 0;
    for _ in 0..200 {
        if hangs() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(hangs());
    puller.stop().await;
    assert_eq!(
        world.tencent.inbox.unconfirmed() + world.mns.inbox.unconfirmed(),
        40,
        "nothing was confirmed"
    );

    world.tencent.faults(|_, _| Fault::None);
    world.mns.faults(|_, _| Fault::None);
    tokio::time::sleep(VISIBILITY).await;
    let runs = world.drain(&mut world.puller().await).await;
    let times: usize = runs.iter().map(|run| run.0[TENCENT].pulled + run.0[ALIBABA].pulled).sum();
    assert_eq!(times, 40, "all of them were redelivered");
    assert_eq!(world.assert_confirmed_is_enqueued().await.len(), 40, "the queue knew their ids");
}

#[tokio::test]
async fn after_a_late_confirmation_events_are_redelivered_under_the_same_ids() {
    let world = World::with_visibility(Duration::from_secs(1)).await;
    world.put(4);
    let late = |call| if call < 4 { Fault::Slow(Duration::from_millis(1_500)) } else { Fault::None };
    world.cloud.sqs_faults(late);
    // The first call of all is init's, for the queue's limits.
    let summary = world.drain(&mut world.puller().await).await.remove(0);
    for source in [TENCENT, ALIBABA] {
        let tally = &summary.0[source];
        assert!(tally.enqueued > tally.confirmed && tally.error.is_some(), "{source}: {tally:?}");
    }
    let of_alibaba = summary.0[ALIBABA].error.as_deref().unwrap();
    assert!(
        of_alibaba.starts_with("confirm: ") && of_alibaba.ends_with("receipts were not taken"),
        "{of_alibaba}"
    );
    let of_tencent = summary.0[TENCENT].error.as_deref().unwrap();
    assert!(of_tencent.starts_with("confirm: InvalidParameterValue"), "{of_tencent}");
    assert_eq!(world.assert_confirmed_is_enqueued().await.len(), 8);
}

#[tokio::test]
async fn one_source_down_stops_no_other() {
    let world = World::new().await;
    world.put(20);
    let mut sources = world.sources();
    let mut with = |name: &str, member: &str, value: &str| {
        let mut pull =
            if name.starts_with("tencent") { world.tencent.settings() } else { world.mns.settings() };
        pull[member] = value.into();
        sources[name] = json!({ "pull": pull });
    };
    with("tencent-vod/wrong-key", "secret_key", "AnotherSecretKey");
    with("alibaba-ims/wrong-key", "access_key_secret", "AnotherSecretKey");
    with("alibaba-ims/no-queue", "queue", "ice-callback-none");
    with("tencent-vod/unreachable", "endpoint", "http://127.0.0.1:9");
    let mut variables = world.variables();
    variables.push(("MEDIAHOOK_SOURCES", sources.to_string()));
    let mut puller = Function::start_with_timeout(PULLER, &variables, TIMEOUT).await;
    let started = Instant::now();
    let summary = run(&mut puller).await;
    assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
    for source in [TENCENT, ALIBABA] {
        assert_clean(&summary, source, 20);
    }
    for (source, expected) in [
        (
            "tencent-vod/wrong-key",
            "AuthFailure.SignatureFailure, request 7a9ac2b6-0000-4000-8000-000000000000",
        ),
        ("alibaba-ims/wrong-key", "HTTP status 403, SignatureDoesNotMatch, request 5E79F8DD0000000000000000"),
        ("alibaba-ims/no-queue", "HTTP status 404, QueueNotExist, request 5E79F8DD0000000000000000"),
    ] {
        assert_eq!(summary.0[source].error.as_deref(), Some(expected));
    }
    assert!(summary.0["tencent-vod/unreachable"].error.as_deref().unwrap().contains("onnect"), "{summary:?}");
    let log = puller.stop().await;
    for hidden in ["AnotherSecretKey", tencent_vod::SECRET_KEY, mns::ACCESS_KEY_SECRET, "as it was told"] {
        assert!(!log.contains(hidden), "{hidden} shows in {log}");
    }
}

#[tokio::test]
async fn a_sender_with_an_untrusted_certificate_gets_no_request() {
    let world = World::new().await;
    world.put(3);
    let behind_tls = tls::in_front_of(world.tencent.address).await;
    let mut pull = world.tencent.settings();
    pull["endpoint"] = format!("https://localhost:{}", behind_tls.port()).into();
    let mut variables = world.variables();
    variables.push(("MEDIAHOOK_SOURCES", json!({ TENCENT: { "pull": pull } }).to_string()));
    let summary = run(&mut Function::start_with_timeout(PULLER, &variables, TIMEOUT).await).await;
    let error = summary.0[TENCENT].error.as_deref().unwrap().to_ascii_lowercase();
    assert!(error.contains("certificate"), "{error}");
    assert_eq!(world.tencent.inbox.calls("PullEvents"), 0);

    variables.push(("SSL_CERT_FILE", tls::fixture("ca.pem").display().to_string()));
    let summary = run(&mut Function::start_with_timeout(PULLER, &variables, TIMEOUT).await).await;
    assert_clean(&summary, TENCENT, 3);
}

#[tokio::test]
async fn one_source_slow_delays_no_other() {
    let world = World::new().await;
    world.put(20);
    world.tencent.faults(|_, _| Fault::Hang);
    let timeout = Duration::from_secs(30);
    let mut puller = Function::start_with_timeout(PULLER, &world.variables(), timeout).await;
    let started = Instant::now();
    puller.begin(json!({})).await;
    while world.mns.inbox.unconfirmed() > 0 {
        assert!(started.elapsed() < Duration::from_secs(5));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let summary: Summary = serde_json::from_value(puller.result().await.unwrap()).unwrap();
    assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
    assert_clean(&summary, ALIBABA, 20);
    assert!(summary.0[TENCENT].more, "a second pull could not have been settled in time: {summary:?}");
    assert_eq!(summary.0[TENCENT].pulled, 0);
}

#[tokio::test]
async fn an_unprocessable_body_is_kept_in_rejected_and_confirmed() {
    let world = World::new().await;
    let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(300), "]".repeat(300));
    let unreadable = ["{}", r#"{"hello":1}"#, &deep];
    for body in unreadable {
        world.tencent.inbox.put(body);
        world.mns.inbox.put(body);
    }
    for body in ["not JSON", "[1]", "YToyOnt9"] {
        world.mns.inbox.put(body);
    }
    // An unknown type is no reason.
    world
        .tencent
        .inbox
        .put(r#"{"EventType":"BrandNewTaskComplete","BrandNewEvent":{"TaskId":"n","Number":1}}"#);
    let mut puller = world.puller().await;
    world.cloud.s3_faults(|_| Fault::Error);
    let summary = run(&mut puller).await;
    assert_eq!(
        (summary.0[TENCENT].enqueued, summary.0[TENCENT].rejected, summary.0[TENCENT].failed),
        (1, 0, 3)
    );
    assert_eq!(
        (summary.0[ALIBABA].confirmed, summary.0[ALIBABA].failed),
        (0, 6),
        "kept nowhere, so not confirmed"
    );

    world.cloud.s3_faults(|_| Fault::None);
    world.drain(&mut puller).await;
    let rejected = world.cloud.objects(&format!("rejected/{ALIBABA}/")).await;
    let (reasons, bodies): (Vec<_>, Vec<_>) =
        rejected.into_iter().partition(|(key, _)| key.ends_with(".json"));
    let bodies: HashSet<_> = bodies.into_iter().map(|(_, body)| body).collect();
    let expected = unreadable.iter().copied().chain(["not JSON", "[1]", "YToyOnt9"]);
    assert_eq!(bodies, expected.map(str::to_owned).collect());
    assert_eq!(reasons.len(), bodies.len());
    assert!(reasons.iter().any(|(_, reason)| reason.contains("the body names no event")), "{reasons:?}");
    assert_eq!(world.cloud.objects(&format!("rejected/{TENCENT}/")).await.len(), 6);
    assert_eq!(world.queued().await.len(), 1);
}

#[tokio::test]
async fn the_spill_empties_into_the_queue() {
    let world = World::new().await;
    let mut variables = world.variables();
    variables.retain(|(name, _)| *name != "AWS_LAMBDA_LOG_LEVEL");
    let mut receiver = Function::start(receiver_binary(), &variables).await;
    world.cloud.sqs_faults(|_| Fault::Error);
    let big = format!(
        r#"{{"EventType":"PullComplete","PullCompleteEvent":{{"TaskId":"big","Name":"{}"}}}}"#,
        "x".repeat(1_100_000)
    );
    for body in (0..30).map(tencent_event).chain([big]) {
        assert_eq!(
            receiver.invoke(post("/tencent-vod/open", &json!({}), &body)).await.unwrap()["statusCode"],
            200
        );
    }
    assert_eq!(world.cloud.objects("spill/").await.len(), 31);
    put(&world, "spill/manual.json", "no envelope").await;

    // As long as the queue is down, everything stays.
    let mut puller = world.puller().await;
    assert_eq!(run(&mut puller).await.0["spill"].confirmed, 0);
    assert_eq!(world.cloud.objects("spill/").await.len(), 32);

    world.cloud.sqs_faults(|_| Fault::None);
    world.cloud.sqs_refuses(|entry| entry % 9 == 0);
    let half = run(&mut puller).await.0["spill"].clone();
    assert!(half.confirmed > 0 && half.confirmed == half.enqueued && half.failed > 1, "{half:?}");
    world.cloud.sqs_refuses(|_| false);
    let rest = run(&mut puller).await.0["spill"].clone();
    assert_eq!(half.enqueued + rest.enqueued, 31);
    assert_eq!(
        rest.error.as_deref(),
        Some("spill/manual.json: not an envelope: cannot be read at line 1, column 2")
    );
    let left: Vec<_> = world.cloud.objects("spill/").await.into_iter().map(|(key, _)| key).collect();
    assert_eq!(left, ["spill/manual.json"], "never deleted: it is the only copy");

    let queued = world.queued().await;
    assert_eq!(queued.len(), 31);
    assert!(queued.iter().all(|e| e.channel == Some(Channel::Push)));
    let dataref = queued.iter().find_map(|e| e.dataref.as_deref()).unwrap();
    assert!(dataref.starts_with("s3://mediahook-test/payload/tencent-vod/open/"), "{dataref}");
    let log = puller.stop().await;
    assert!(log.contains(r#""place":"spill/manual.json""#) && log.contains("stuck"), "{log}");
}

#[tokio::test]
async fn an_event_too_large_for_the_queue_leaves_its_data_in_the_bucket() {
    let world = World::new().await;
    // The embedded SQS reports the limit of an older queue, 256 KiB.
    let name = "x".repeat(150_000);
    let large = |n: u32, times: usize| {
        format!(
            r#"{{"EventType":"PullComplete","PullCompleteEvent":{{"TaskId":"{n}","Number":{n},"Name":"{}"}}}}"#,
            name.repeat(times)
        )
    };
    world.tencent.inbox.put(large(0, 2));
    for n in 1..5 {
        world.tencent.inbox.put(large(n, 1));
    }
    let mut puller = world.puller().await;
    assert_clean(&run(&mut puller).await, TENCENT, 5);
    let queued = world.queued().await;
    assert_eq!(queued.len(), 5, "four of them too large for one batch");
    assert_eq!(queued.iter().filter(|e| e.dataref.is_some()).count(), 1);
    assert_eq!(world.cloud.objects("payload/").await.len(), 1);
}

/// The spill needs no sources.
#[tokio::test]
async fn sources_in_a_secret_that_cannot_be_read_do_not_stop_the_spill() {
    let world = World::new().await;
    world.put(3);
    world.cloud.put_secret(&world.sources().to_string()).await;
    let mut variables = world.variables();
    variables.retain(|(name, _)| *name != "MEDIAHOOK_SOURCES");
    variables.push(("MEDIAHOOK_SOURCES_SECRET", SECRET.to_owned()));
    world.cloud.secrets_faults(|_| Fault::Error);
    let mut puller = Function::start_with_timeout(PULLER, &variables, TIMEOUT).await;
    let summary = run(&mut puller).await;
    assert_eq!(summary.0.keys().collect::<Vec<_>>(), ["sources", "spill"]);
    assert_eq!(summary.0["sources"].error.as_deref(), Some("the sources are not known"));
    world.cloud.secrets_faults(|_| Fault::None);
    let summary = run(&mut puller).await;
    for source in [TENCENT, ALIBABA] {
        assert_clean(&summary, source, 3);
    }
}

/// An event of one of a few media assets, as it is pushed.
fn event_of(media: usize, number: usize) -> String {
    format!(
        r#"{{"EventType":"PullComplete","PullCompleteEvent":{{"TaskId":"t-{number}","FileId":"m{media}","Number":{number}}}}}"#
    )
}

/// A spilled event, received at this time.
fn spilled(media: usize, number: usize, received: OffsetDateTime) -> CloudEvent {
    let sources = Sources::parse(r#"{"tencent-vod/open":{"unauthenticated":true}}"#).unwrap();
    let source = sources.get("tencent-vod/open").unwrap();
    ingest::build(source, event_of(media, number).as_bytes(), Channel::Push, None, received).unwrap()
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

#[tokio::test]
async fn spilled_events_reach_the_queue_in_the_order_of_receipt() {
    let world = World::new().await;
    // Two have other keys: as an earlier version wrote them, and as an operator puts them back.
    spill(&world, [event_of(0, 0), event_of(1, 1)].into_iter()).await;
    let bucket = world.cloud.bucket();
    for (at, (key, body)) in world.cloud.objects("spill/").await.into_iter().enumerate() {
        let id = envelope::parse(&body).unwrap().id;
        let day = key.rsplit_once('/').unwrap().0;
        let other = if at == 0 { format!("{day}/{id}.json") } else { format!("spill/again/{id}") };
        bucket.delete(&key).await.unwrap();
        put(&world, &other, body).await;
    }
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    spill(&world, (2..42).map(|number| event_of(number % 4, number))).await;
    let keys: Vec<_> = world.cloud.objects("spill/").await.into_iter().map(|(key, _)| key).collect();
    assert_eq!(keys.len(), 42);

    let summary = run(&mut world.puller().await).await;
    assert_clean(&summary, "spill", 42);
    let queued = world.queued().await;
    assert_eq!(queued.len(), 42);
    assert_in_order(&queued);
}

#[tokio::test]
async fn more_spilled_events_than_a_listing_has_keep_their_order_over_several_runs() {
    const EVENTS: usize = 1_050;
    let world = World::new().await;
    let (bucket, first) = (world.cloud.bucket(), OffsetDateTime::now_utc() - time::Duration::hours(1));
    for number in 0..EVENTS {
        // S3's own times are those of this test, and the digests in the names are in no order.
        let received = first + time::Duration::milliseconds(100 * i64::try_from(number).unwrap());
        let envelope = spilled(number % 20, number, received);
        let object = ingest::message(&envelope).body.into_bytes();
        bucket.put(&object_keys::spill(&envelope), object, "application/json").await.unwrap();
    }
    let mut puller = Function::start_with_timeout(PULLER, &world.variables(), Duration::from_secs(28)).await;
    let mut runs = 0;
    loop {
        let tally = run(&mut puller).await.0["spill"].clone();
        assert_eq!((tally.failed, tally.error), (0, None));
        runs += 1;
        if tally.waiting == Some(0) {
            break;
        }
    }
    assert!(runs > 1, "one run had time for all of them");
    let queued = world.queued().await;
    assert_eq!(queued.len(), EVENTS);
    assert_in_order(&queued);
}

/// Whatever is wrong with an object, the events behind it reach the queue in the same run.
#[tokio::test]
async fn objects_that_cannot_be_enqueued_hold_up_no_other_event() {
    let world = World::new().await;
    let long_ago = OffsetDateTime::now_utc() - time::Duration::days(1);
    for number in 0..30 {
        let received = long_ago + time::Duration::milliseconds(number);
        let mut envelope = spilled(9, usize::try_from(number).unwrap(), received);
        let (name, body) = match number % 5 {
            0 => ("cut-off", br#"{"specversion":"1.0","id":"#.to_vec()),
            1 => ("get-fails", ingest::message(&envelope).body.into_bytes()),
            2 => ("get-hangs", ingest::message(&envelope).body.into_bytes()),
            3 => {
                envelope.taskid = Some("NeverTaken".to_owned());
                ("never-taken", ingest::message(&envelope).body.into_bytes())
            }
            _ => {
                envelope.event_type = "x".repeat(300_000);
                ("too-large", ingest::message(&envelope).body.into_bytes())
            }
        };
        let key = object_keys::spill(&envelope).replace(".json", &format!("-{name}.json"));
        put(&world, &key, body).await;
    }
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    spill(&world, (100..130).map(|number| event_of(number % 3, number))).await;
    world.cloud.sqs_never_takes(|body| body.contains("NeverTaken"));
    world.cloud.object_faults(|method, key| match key {
        key if method == "GET" && key.contains("get-fails") => Fault::Error,
        key if method == "GET" && key.contains("get-hangs") => Fault::Hang,
        _ => Fault::None,
    });

    let mut puller = world.puller().await;
    let tally = run(&mut puller).await.0["spill"].clone();
    world.cloud.object_faults(|_, _| Fault::None);
    let queued = world.queued().await;
    assert_eq!(queued.len(), 30, "{tally:?}");
    assert_in_order(&queued);
    assert_eq!((tally.enqueued, tally.rejected, tally.confirmed), (30, 0, 30), "{tally:?}");
    assert_eq!((tally.waiting, tally.more), (Some(30), false), "what stays is counted");

    let left: Vec<_> = world.cloud.objects("spill/").await.into_iter().map(|(key, _)| key).collect();
    assert_eq!(left.len(), 30, "{left:?}");
    assert_eq!(world.cloud.objects("rejected/").await, []);

    // An object that stays is logged in every run.
    let again = run(&mut puller).await.0["spill"].clone();
    assert_eq!(
        (again.enqueued, again.waiting),
        (12, Some(6 + 6 + 6)),
        "those that can be read again: {again:?}"
    );
    let log = puller.stop().await;
    for key in &left {
        assert!(log.contains(&format!(r#""place":"{key}""#)), "{key} is not in {log}");
    }
}

#[tokio::test]
async fn an_event_whose_contents_sqs_does_not_allow_is_rejected_and_confirmed() {
    let world = World::with_visibility(Duration::from_mins(1)).await;
    world.put(20);
    world.cloud.sqs_never_takes(|body| body.contains(r#""Number":5}"#));
    let summary = run(&mut world.puller().await).await;
    for source in [TENCENT, ALIBABA] {
        let tally = &summary.0[source];
        let counts = (tally.enqueued, tally.rejected, tally.confirmed, tally.failed);
        assert_eq!(counts, (19, 1, 20, 0), "{tally:?}");
        let rejected = world.cloud.objects(&format!("rejected/{source}/")).await;
        assert!(rejected[0].1.contains(r#""Number":5}"#) && rejected.len() == 2, "{rejected:?}");
    }
    assert_in_order(&world.queued().await);
}

#[tokio::test]
async fn large_events_are_enqueued_as_the_bucket_takes_their_data() {
    let world = World::with_visibility(Duration::from_mins(1)).await;
    let large = |n: usize| {
        format!(
            r#"{{"EventType":"PullComplete","PullCompleteEvent":{{"TaskId":"{n}","Number":{n},"Name":"{}"}}}}"#,
            "x".repeat(300_000)
        )
    };
    (0..16).for_each(|n| world.tencent.inbox.put(large(n)));
    world.cloud.s3_faults(|_| Fault::Slow(Duration::from_secs(1)));
    let mut puller = world.puller().await;
    let summary = run(&mut puller).await;
    assert_eq!(summary.0[TENCENT].enqueued, 16, "{summary:?}");

    // The bucket takes three, then hangs.
    (16..32).for_each(|n| world.tencent.inbox.put(large(n)));
    world.cloud.s3_faults(|call| if (1..4).contains(&call) { Fault::None } else { Fault::Hang });
    let summary = run(&mut puller).await;
    let tally = &summary.0[TENCENT];
    assert!(tally.enqueued >= 2 && tally.failed > 0 && tally.confirmed == tally.enqueued, "{tally:?}");
    assert_eq!(world.queued().await.len(), 16 + tally.enqueued);
}

/// Each of several sources may have an answer as large as the memory allows for one.
#[tokio::test]
async fn large_answers_of_several_sources_fit_into_the_memory() {
    const MEMORY_MIB: u64 = 64;
    let world = World::new().await;
    let text = "x".repeat(875_000);
    let mut sources = json!({});
    for at in 0..4 {
        let sender = TencentVod::start(Duration::from_mins(1)).await;
        for number in 0..16 {
            sender.inbox.put(format!(
                r#"{{"EventType":"PullComplete","PullCompleteEvent":{{"TaskId":"{number}","Name":"{text}"}}}}"#
            ));
        }
        sources[format!("tencent-vod/s{at}")] = json!({ "pull": sender.settings() });
    }
    let mut variables = world.variables();
    variables.push(("MEDIAHOOK_SOURCES", sources.to_string()));
    variables.push(("AWS_LAMBDA_LOG_LEVEL", "INFO".to_owned()));
    variables.push(("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", MEMORY_MIB.to_string()));
    let mut puller = Function::start_with_timeout(PULLER, &variables, TIMEOUT).await;
    let summary = run(&mut puller).await;
    let peak_mib = puller.peak_memory_bytes().unwrap_or_default() >> 20;
    println!("{peak_mib} MiB at most: {summary:?}");
    assert!(peak_mib < MEMORY_MIB, "{peak_mib} MiB");
    let tallies: Vec<_> = summary.0.iter().filter(|(source, _)| *source != "spill").collect();
    assert_eq!(tallies.len(), 4);
    for (source, tally) in &tallies {
        // On a slow machine the last of them may have timed out, which is logged.
        let waited = tally.error.as_deref().is_some_and(|error| error.ends_with("raise PullerMemory"));
        assert!((tally.confirmed == 16) != waited, "{source}: {tally:?}");
    }
    assert!(tallies.iter().any(|(_, tally)| tally.confirmed == 16));
}

#[tokio::test]
async fn an_answer_too_large_for_the_memory_is_an_error_that_names_the_parameter() {
    let world = World::with_visibility(Duration::from_mins(1)).await;
    for number in 0..16 {
        world.tencent.inbox.put(format!(
            r#"{{"EventType":"PullComplete","PullCompleteEvent":{{"TaskId":"{number}","Name":"{}"}}}}"#,
            "x".repeat(3_000_000)
        ));
    }
    world.mns.inbox.put(alibaba_event(0));
    let summary = run(&mut world.puller().await).await;
    let error = summary.0[TENCENT].error.as_deref().unwrap();
    assert!(error.contains("raise PullerMemory"), "{error}");
    assert_eq!(world.tencent.inbox.calls("PullEvents"), 1, "a further answer would be as large");
    assert_clean(&summary, ALIBABA, 1);
}

#[tokio::test]
async fn a_failed_confirmation_has_an_error_of_its_own() {
    let world = World::with_visibility(Duration::from_mins(1)).await;
    world.put(20);
    world.tencent.forbid("ConfirmEvents");
    world.mns.faults(move |call, _| if call == "DELETE" { Fault::Error } else { Fault::None });
    let mut puller = world.puller().await;
    let summary = run(&mut puller).await;
    for source in [TENCENT, ALIBABA] {
        let tally = &summary.0[source];
        assert_eq!((tally.enqueued, tally.confirmed, tally.unconfirmed), (20, 0, 20), "{tally:?}");
        assert!(tally.error.as_deref().unwrap().starts_with("confirm: "), "{tally:?}");
    }
    let of_tencent = summary.0[TENCENT].error.as_deref().unwrap();
    assert!(of_tencent.starts_with("confirm: UnauthorizedOperation"), "{of_tencent}");
    let log = puller.stop().await;
    assert!(log.contains(r#""ConfirmFailed":20"#), "{log}");
}

/// A payload without a time or an id does not distinguish a redelivery from the next event; the queue's entry does.
#[tokio::test]
async fn a_redelivered_mns_message_is_the_same_event_and_another_message_another() {
    let world = World::with_visibility(Duration::from_secs(1)).await;
    for _ in 0..3 {
        world.mns.inbox.put(r#"{"EventType":"BrandNewJobComplete","UserId":1,"MessageBody":{"Note":"x"}}"#);
    }
    let later = || OffsetDateTime::now_utc() + time::Duration::minutes(2);
    let puller = |clock| {
        let sources = json!({ ALIBABA: { "pull": world.mns.settings() } }).to_string();
        let keyring = Arc::new(SourcesCache::fixed(Sources::parse(&sources).unwrap()));
        let queue = SqsQueue::new(&world.cloud.aws(), world.queue_url.clone(), RETRY_POLICY);
        Puller::new(keyring, queue, world.cloud.bucket(), SenderHttp::default(), clock)
    };
    let run = async |puller: Puller<_, _, _>| {
        let summary = puller.pull(deadline(TIMEOUT), &Invocation::default()).await;
        summary.0[ALIBABA].clone()
    };
    world.mns.faults(|call, _| if call == "DELETE" { Fault::Error } else { Fault::None });
    let first = run(puller(OffsetDateTime::now_utc)).await;
    assert!(first.unconfirmed >= 3 && first.confirmed == 0, "{first:?}");
    let ids = |envelopes: Vec<CloudEvent>| envelopes.into_iter().map(|e| e.id).collect::<HashSet<_>>();
    assert_eq!(ids(world.queued().await).len(), 3, "one for each message");

    world.mns.faults(|_, _| Fault::None);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let second = run(puller(later)).await;
    assert_eq!(second.confirmed, 3, "{second:?}");
    assert_eq!(world.queued().await.len(), 0, "the queue knew their ids");
}
