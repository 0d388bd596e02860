//! The processor: each event is processed once, whatever happens meanwhile.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aws_lambda_events::sqs::SqsBatchResponse;
use mediahook::aws::dynamodb::DynamoDbIdempotency;
use mediahook::aws::eventbridge::EventBridgeBus;
use mediahook::aws::s3::S3Bucket;
use mediahook::aws::sqs::SqsQueue;
use mediahook::events::CloudEvent;
use mediahook::ingest::claim_check;
use mediahook::ingest::{self, envelope};
use mediahook::lambda::invocation::Invocation;
use mediahook::process::{Failure, Handler, HandlerDispatch, Processor};
use mediahook::storage::Bucket as _;
use mediahook::storage::bus::{Bus as _, Entry};
use mediahook::storage::idempotency::{Claim, IdempotencyStore as _, LeaseConfig};
use mediahook::telemetry::Recorder;
use mediahook::timeouts::process::{BatchDeadlines, RETRY_POLICY};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use mediahook_testing::cloud::{BUCKET, Cloud, Fault};
use mediahook_testing::event_source_mapping::{self as mapping, Mapping};
use mediahook_testing::runtime_api::Function;
use mediahook_testing::table_and_bus::{BUS, BUS_LIMIT, TABLE};

const PROCESSOR: &str = env!("CARGO_BIN_EXE_processor");
const LEASE: Duration = Duration::from_secs(30);
const IN_TIME: Duration = Duration::from_secs(30);

async fn cloud() -> Cloud {
    let cloud = Cloud::start().await;
    cloud.table().create().await;
    cloud
}

fn variables(cloud: &Cloud) -> Vec<(&'static str, String)> {
    let mut variables = cloud.variables();
    variables.push(("MEDIAHOOK_TABLE", TABLE.to_owned()));
    variables.push(("MEDIAHOOK_LEASE_S", LEASE.as_secs().to_string()));
    variables.push(("MEDIAHOOK_DESTINATION", "log".to_owned()));
    variables
}

/// Those of a processor that puts events on the bus.
fn with_bus(cloud: &Cloud) -> Vec<(&'static str, String)> {
    let mut variables = variables(cloud);
    variables.retain(|(name, _)| *name != "MEDIAHOOK_DESTINATION");
    variables.push(("MEDIAHOOK_EVENT_BUS", BUS.to_owned()));
    variables.push(("MEDIAHOOK_BUCKET", BUCKET.to_owned()));
    variables
}

fn envelope(id: &str, event_type: &str) -> String {
    json!({
        "specversion": "1.0", "id": id, "source": "tencent-vod/main", "type": event_type,
        "time": "2026-11-22T05:50:25.123Z", "data": { "n": 1 }, "outcome": "succeeded", "channel": "push",
        "recordedtime": "2026-11-22T05:50:26Z"
    })
    .to_string()
}

fn record(id: &str, group: &str) -> Value {
    record_of(id, group, &envelope(id, "com.tencentcloud.vod.PullComplete"))
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

fn batch(records: &[Value]) -> Value {
    json!({ "Records": records })
}

/// The message ids of what failed, less `message-`.
fn failed(answer: &SqsBatchResponse) -> Vec<String> {
    let ids = answer.batch_item_failures.iter().map(|f| f.item_identifier.trim_start_matches("message-"));
    ids.map(String::from).collect()
}

async fn invoke(function: &mut Function, records: &[Value]) -> Vec<String> {
    let answer = function.invoke(batch(records)).await.unwrap();
    failed(&serde_json::from_value(answer).unwrap())
}

/// The lines of a log.
fn lines(log: &str) -> Vec<Value> {
    log.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// How often the processor's log says that it handled each of these.
fn handled(log: &str, ids: &[&str]) -> Vec<usize> {
    let lines = lines(log);
    let of = |id: &str| lines.iter().filter(|l| l["message"] == "event" && l["id"] == id).count();
    ids.iter().map(|id| of(id)).collect()
}

fn idempotency(cloud: &Cloud, lease: Duration, owner: &str) -> DynamoDbIdempotency {
    let leases = LeaseConfig { lease, ttl: Duration::from_mins(1) };
    DynamoDbIdempotency::new(
        &cloud.aws(),
        TABLE.to_owned(),
        leases,
        owner.to_owned(),
        OffsetDateTime::now_utc,
        RETRY_POLICY,
    )
}

/// A handler that does what the event's type says, and counts.
#[derive(Default)]
struct Scripted {
    count: AtomicUsize,
    seen: Mutex<Vec<String>>,
}

impl Handler for Scripted {
    async fn handle(&self, event: &CloudEvent) -> Result<(), Failure> {
        self.seen.lock().unwrap().push(event.id.clone());
        match event.event_type.as_str() {
            "fail" => return Err(Failure::new("scripted")),
            "dead-letter" => return Err(Failure::dead_letter("scripted")),
            "slow" => tokio::time::sleep(Duration::from_millis(300)).await,
            "hang" => std::future::pending().await,
            _ => {}
        }
        self.count.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

fn dispatch() -> HandlerDispatch<Scripted, S3Bucket> {
    HandlerDispatch { handler: Scripted::default(), bucket: None }
}

fn processor(idempotency: DynamoDbIdempotency) -> Processor<DynamoDbIdempotency, SqsQueue> {
    Processor {
        idempotency: Some(idempotency),
        dead_letters: None,
        max_receive_count: None,
        bucket_name: None,
        recorder: Recorder::silent(),
        now: OffsetDateTime::now_utc,
    }
}

#[tokio::test]
async fn the_same_batch_twice_is_processed_once() {
    let cloud = cloud().await;
    let records = [record("a1", "a"), record("a2", "a"), record("b1", "b"), record("a1", "a")];
    let mut log = String::new();
    for _ in 0..2 {
        let mut processor = Function::start(PROCESSOR, &variables(&cloud)).await;
        for _ in 0..2 {
            assert_eq!(invoke(&mut processor, &records).await, [""; 0]);
        }
        log += &processor.stop().await;
    }
    assert_eq!(handled(&log, &["a1", "a2", "b1"]), [1, 1, 1], "{log}");
    assert_eq!(log.matches("completed before").count(), 4 * 4 - 3);
    let item = cloud.table().item("a1").await.unwrap();
    assert_eq!(item["status"]["S"], "COMPLETED");
    let expires: i64 = item["expiresat"]["N"].as_str().unwrap().parse().unwrap();
    let in_an_hour = OffsetDateTime::now_utc().unix_timestamp() + 3600;
    assert!((in_an_hour - 60..=in_an_hour).contains(&expires), "the default is an hour");
}

#[tokio::test]
async fn of_two_environments_with_the_same_record_one_processes_it_and_the_other_reports_it_failed() {
    let cloud = cloud().await;
    let [first, second] = ["x", "y"].map(|owner| processor(idempotency(&cloud, LEASE, owner)));
    let (dispatch, other_dispatch) = (dispatch(), dispatch());
    let records = [record_of("a1", "a", &envelope("a1", "slow"))];
    let process = || serde_json::from_value(batch(&records)).unwrap();
    let invocation = Invocation::default();
    let (one, other) = tokio::join!(
        first.process(&dispatch, process(), BatchDeadlines::new(IN_TIME), &invocation),
        second.process(&other_dispatch, process(), BatchDeadlines::new(IN_TIME), &invocation)
    );
    let mut answers = [failed(&one.unwrap()), failed(&other.unwrap())];
    answers.sort();
    assert_eq!(answers, [vec![], vec!["a1".to_owned()]]);
    assert_eq!(cloud.table().status("a1").await.as_deref(), Some("COMPLETED"));
    // When it comes again, it is completed, and that is success.
    for processor in [&first, &second] {
        let answer = processor
            .process(&dispatch, process(), BatchDeadlines::new(IN_TIME), &Invocation::default())
            .await
            .unwrap();
        assert_eq!(failed(&answer), [""; 0]);
    }
}

#[tokio::test]
async fn while_the_table_fails_or_throttles_no_record_is_processed_without_a_claim() {
    let cloud = cloud().await;
    let mut processor = Function::start(PROCESSOR, &variables(&cloud)).await;
    for fault in [Fault::Throttle, Fault::Error, Fault::Reset, Fault::Hang] {
        cloud.table().faults(move |_| fault);
        assert_eq!(invoke(&mut processor, &[record("a1", "a"), record("b1", "b")]).await, ["a1", "b1"]);
    }
    // One bad answer is nothing: the claim is tried again at once.
    cloud.table().faults(|call| if call == 0 { Fault::Throttle } else { Fault::None });
    assert_eq!(invoke(&mut processor, &[record("a1", "a"), record("b1", "b")]).await, [""; 0]);
    let log = processor.stop().await;
    assert_eq!(handled(&log, &["a1", "b1"]), [1, 1], "{log}");
    assert!(log.contains("not claimed: ThrottlingException"), "{log}");
}

#[tokio::test]
async fn a_claim_whose_answer_was_lost_is_ours_and_one_of_another_is_not() {
    let cloud = cloud().await;
    let (ours, others) = (idempotency(&cloud, LEASE, "ours"), idempotency(&cloud, LEASE, "others"));
    cloud.table().faults(|call| if call == 0 { Fault::ResetAfter } else { Fault::None });
    let Claim::Granted(lease) = ours.claim("a1").await.unwrap() else { panic!("not granted") };
    assert_eq!(others.claim("a1").await.unwrap(), Claim::InProgress);
    // Not theirs to give back.
    others.release(&lease).await.unwrap();
    assert_eq!(others.claim("a1").await.unwrap(), Claim::InProgress);
    ours.release(&lease).await.unwrap();
    assert!(matches!(others.claim("a1").await.unwrap(), Claim::Granted(_)));
}

#[tokio::test]
async fn a_lease_that_has_ended_and_a_record_that_has_expired_are_as_if_they_were_not_there() {
    let cloud = cloud().await;
    let short = idempotency(&cloud, Duration::from_millis(200), "short");
    let Claim::Granted(crashed) = short.claim("a1").await.unwrap() else { panic!("not granted") };
    assert_eq!(short.claim("a1").await.unwrap(), Claim::InProgress);
    tokio::time::sleep(Duration::from_millis(250)).await;
    let Claim::Granted(lease) = short.claim("a1").await.unwrap() else { panic!("not granted again") };
    // The one whose lease has ended can no longer take away the other's.
    short.release(&crashed).await.unwrap();
    assert_eq!(short.claim("a1").await.unwrap(), Claim::InProgress);
    short.complete(&lease).await.unwrap();
    assert_eq!(short.claim("a1").await.unwrap(), Claim::Completed);

    let past = LeaseConfig { lease: LEASE, ttl: Duration::ZERO };
    let clock = || OffsetDateTime::now_utc() - Duration::from_secs(10);
    let past =
        DynamoDbIdempotency::new(&cloud.aws(), TABLE.to_owned(), past, "p".to_owned(), clock, RETRY_POLICY);
    past.complete(&lease).await.unwrap();
    assert!(matches!(short.claim("a1").await.unwrap(), Claim::Granted(_)), "expired, and not yet deleted");
}

#[tokio::test]
async fn what_failed_is_claimed_again_at_once_and_a_handler_that_overruns_is_cut_off() {
    let cloud = cloud().await;
    let processor = processor(idempotency(&cloud, LEASE, "x"));
    for how in ["fail", "hang"] {
        let records = [record_of(how, how, &envelope(how, how)), record("a1", how), record("b1", "b")];
        let began = std::time::Instant::now();
        let left = Duration::from_secs(2);
        let answer = processor
            .process(
                &dispatch(),
                serde_json::from_value(batch(&records)).unwrap(),
                BatchDeadlines::new(left),
                &Invocation::default(),
            )
            .await;
        assert!(began.elapsed() < left);
        assert_eq!(failed(&answer.unwrap()), [how, "a1"], "it, and what is behind it in its group");
        assert_eq!(cloud.table().status(how).await, None, "released");
        assert_eq!(cloud.table().status("b1").await.as_deref(), Some("COMPLETED"));
    }
}

#[tokio::test]
async fn a_handler_does_not_outlive_its_lease() {
    let cloud = cloud().await;
    let lease = Duration::from_millis(300);
    let processor = processor(idempotency(&cloud, lease, "x"));
    let records = serde_json::from_value(batch(&[record_of("a1", "a", &envelope("a1", "hang"))])).unwrap();
    let began = std::time::Instant::now();
    let answer = processor
        .process(&dispatch(), records, BatchDeadlines::new(IN_TIME), &Invocation::default())
        .await
        .unwrap();
    assert_eq!(failed(&answer), ["a1"]);
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn what_can_never_succeed_is_a_dead_letter_with_its_reason_and_the_rest_of_its_group_goes_on() {
    let cloud = cloud().await;
    let (_, dead_letter_url) = cloud.queues(5, 30).await;
    let dead_letters = SqsQueue::new(&cloud.aws(), dead_letter_url.clone(), RETRY_POLICY);
    let processor =
        Processor { dead_letters: Some(dead_letters), ..processor(idempotency(&cloud, LEASE, "x")) };
    let records = [
        record_of("a1", "a", "no envelope"),
        record_of("a2", "a", &envelope("a2", "dead-letter")),
        record("a3", "a"),
    ];
    let process = async || {
        let batch = serde_json::from_value(batch(&records)).unwrap();
        failed(
            &processor
                .process(&dispatch(), batch, BatchDeadlines::new(IN_TIME), &Invocation::default())
                .await
                .unwrap(),
        )
    };
    // Not away from here before it is there.
    cloud.sqs_faults(|_| Fault::Error);
    assert_eq!(process().await, ["a1", "a2", "a3"]);
    cloud.sqs_faults(|_| Fault::None);
    assert_eq!(process().await, [""; 0]);

    let dead = Mapping::new(cloud.sqs(), &dead_letter_url).receive().await;
    let bodies: Vec<_> = dead.iter().map(|m| m.body().unwrap()).collect();
    assert_eq!(bodies, ["no envelope", &envelope("a2", "dead-letter")], "as they came");
    assert_eq!(cloud.table().status("a2").await, None, "so that it can be redriven");
    assert_eq!(cloud.table().status("a3").await.as_deref(), Some("COMPLETED"));
}

/// Keeps the data of its events.
struct DataHandler {
    data: Mutex<Vec<Option<String>>>,
    needs_data: bool,
}

impl Handler for DataHandler {
    async fn handle(&self, event: &CloudEvent) -> Result<(), Failure> {
        assert_eq!(event.data.is_some(), event.dataref.is_none());
        self.data.lock().unwrap().push(event.data.as_ref().map(|data| data.get().to_owned()));
        Ok(())
    }

    fn needs_data(&self) -> bool {
        self.needs_data
    }
}

/// The data of an event in the bucket, as it was when the receiver put it there, spaces and all.
#[tokio::test]
async fn the_data_of_a_large_event_is_fetched_before_the_handler_unless_it_declines() {
    let cloud = cloud().await;
    let mut large = envelope::parse(&envelope("a1", "t").replace(r#"{"n":1}"#, r#"{ "n": 1.0 }"#)).unwrap();
    claim_check::check_in(&mut large, &cloud.bucket()).await.unwrap();
    let records = [record_of("a1", "a", &ingest::message(&large).body), record("a2", "a")];
    let process = async |needs_data, bucket: Option<S3Bucket>| {
        let handler = DataHandler { data: Mutex::default(), needs_data };
        let dispatch = HandlerDispatch { handler, bucket };
        let events = serde_json::from_value(batch(&records)).unwrap();
        let processor = Processor { idempotency: None, ..processor(idempotency(&cloud, LEASE, "x")) };
        let (deadline, invocation) = (BatchDeadlines::new(IN_TIME), Invocation::default());
        let response = processor.process(&dispatch, events, deadline, &invocation).await.unwrap();
        (failed(&response), dispatch.handler.data.into_inner().unwrap())
    };
    let (own, inline) = (Some(r#"{ "n": 1.0 }"#.to_owned()), Some(r#"{"n":1}"#.to_owned()));
    assert_eq!(process(true, Some(cloud.bucket())).await, (vec![], vec![own, inline.clone()]));
    assert_eq!(process(false, None).await, (vec![], vec![None, inline]));
    // Without its data the event is not handled, and is retried.
    let not_handled = (vec!["a1".to_owned(), "a2".to_owned()], vec![]);
    assert_eq!(process(true, None).await, not_handled);
    cloud.s3_faults(|_| Fault::Error);
    assert_eq!(process(true, Some(cloud.bucket())).await, not_handled);
}

/// No retry makes JSON of it, so it must not delay the later events of its media asset.
#[tokio::test]
async fn an_event_whose_data_is_not_json_is_a_dead_letter() {
    let cloud = cloud().await;
    let (_, dead_letter_url) = cloud.queues(5, 30).await;
    let mut large = envelope::parse(&envelope("a1", "t")).unwrap();
    claim_check::check_in(&mut large, &cloud.bucket()).await.unwrap();
    let (key, _) = cloud.objects("payload/").await.remove(0);
    cloud.bucket().put(&key, b"not JSON".to_vec(), "application/json").await.unwrap();
    let records = [record_of("a1", "a", &ingest::message(&large).body), record("a2", "a")];
    let handler = DataHandler { data: Mutex::default(), needs_data: true };
    let dispatch = HandlerDispatch { handler, bucket: Some(cloud.bucket()) };
    let processor = Processor {
        dead_letters: Some(SqsQueue::new(&cloud.aws(), dead_letter_url.clone(), RETRY_POLICY)),
        ..processor(idempotency(&cloud, LEASE, "x"))
    };
    let events = serde_json::from_value(batch(&records)).unwrap();
    let (deadlines, invocation) = (BatchDeadlines::new(IN_TIME), Invocation::default());
    let response = processor.process(&dispatch, events, deadlines, &invocation).await.unwrap();
    assert_eq!(failed(&response), [""; 0]);
    assert_eq!(dead(&cloud, &dead_letter_url).await, ["a1"]);
    assert_eq!(dispatch.handler.data.into_inner().unwrap().len(), 1, "a2");
}

#[tokio::test]
async fn on_the_bus_a_group_that_waits_for_the_bucket_delays_no_other() {
    let cloud = cloud().await;
    cloud.s3_faults(|_| Fault::Hang);
    let processor = Function::start(PROCESSOR, &with_bus(&cloud)).await;
    let large = envelope("a1", "t").replace(r#"{"n":1}"#, &json!({ "x": "x".repeat(BUS_LIMIT) }).to_string());
    let records = [record_of("a1", "a", &large), record("b1", "b"), record("b2", "b"), record("c1", "c")];
    processor.begin(batch(&records)).await;
    let began = std::time::Instant::now();
    until(async || cloud.bus().ids().len() == 3).await;
    assert!(began.elapsed() < RETRY_POLICY.attempt, "before the first attempt at the bucket ends");
    processor.stop().await;
}

#[tokio::test]
async fn the_log_tells_a_dead_letters_reason_by_its_id() {
    let cloud = cloud().await;
    let (_, dead_letter_url) = cloud.queues(5, 30).await;
    let mut variables = variables(&cloud);
    variables.push(("MEDIAHOOK_DEAD_LETTER_QUEUE_URL", dead_letter_url.clone()));
    let mut processor = Function::start(PROCESSOR, &variables).await;
    let bad = record_of("0123abcd", "a", "no envelope");
    assert_eq!(invoke(&mut processor, &[bad, record("a2", "a")]).await, [""; 0]);
    let log = processor.stop().await;
    let lines: Vec<&str> = log.lines().filter(|line| line.contains("0123abcd")).collect();
    assert_eq!(lines.len(), 1, "{log}");
    let line: Value = serde_json::from_str(lines[0]).unwrap();
    assert_eq!(line["message"], "dead letter");
    assert_eq!(line["id"], "0123abcd");
    assert_eq!(line["reason"], "not an envelope: cannot be read at line 1, column 2");
    assert_eq!(Mapping::new(cloud.sqs(), &dead_letter_url).receive().await.len(), 1);
}

/// Puts events of one group into a queue, and one of another.
async fn send_two_groups(cloud: &Cloud, queue_url: &str, events: &[(&str, &str)]) {
    for (id, event_type) in events {
        let send = cloud.sqs().send_message().queue_url(queue_url).message_body(envelope(id, event_type));
        let send = send.message_group_id(id.trim_end_matches(char::is_numeric)).message_deduplication_id(*id);
        send.send().await.unwrap();
    }
}

/// The ids of the dead letters.
async fn dead(cloud: &Cloud, dead_letter_url: &str) -> Vec<String> {
    let envelopes = Mapping::new(cloud.sqs(), dead_letter_url).envelopes().await;
    envelopes.into_iter().map(|envelope| envelope.id).collect()
}

/// Whole batches, as SQS hands them over: all records of a reported batch have one receive more the next time.
#[tokio::test]
async fn behind_an_entry_that_the_bus_always_refuses_the_rest_of_its_group_is_put_and_one_is_dead() {
    let cloud = cloud().await;
    let (queue_url, dead_letter_url) = cloud.queues(3, 0).await;
    let mut variables = with_bus(&cloud);
    variables.push(("MEDIAHOOK_DEAD_LETTER_QUEUE_URL", dead_letter_url.clone()));
    variables.push(("MEDIAHOOK_MAX_RECEIVE_COUNT", "3".to_owned()));
    let mut processor = Function::start(PROCESSOR, &variables).await;
    cloud.bus().refuses(|entry| entry.to_string().contains("a1").then_some("InternalFailure"));
    send_two_groups(&cloud, &queue_url, &[("a1", "t"), ("a2", "t"), ("a3", "t"), ("b1", "t")]).await;
    let queue = Mapping::new(cloud.sqs(), &queue_url);
    let mut batches = Vec::new();
    for _ in 0..5 {
        let messages = queue.receive().await;
        batches.push(messages.len());
        let answer = processor.invoke(mapping::invocation(&messages)).await.unwrap();
        queue.settle(&messages, &serde_json::from_value(answer).unwrap()).await;
    }
    assert_eq!(dead(&cloud, &dead_letter_url).await, ["a1"]);
    assert_eq!(cloud.bus().ids(), ["b1", "a2", "a3"], "in order");
    assert_eq!(batches, [4, 3, 3, 0, 0]);

    let lines = lines(&processor.stop().await);
    let of_a1: Vec<_> = lines.iter().filter(|line| line["id"] == "a1").collect();
    let results: Vec<_> = of_a1.iter().map(|line| line["result"].as_str().unwrap()).collect();
    assert_eq!(results, ["failed", "failed", "dead_letter"]);
    let reason = of_a1[2]["reason"].as_str().unwrap();
    assert!(reason.contains("InternalFailure") && reason.contains("last receive (3 of 3)"), "{reason}");
}

#[tokio::test]
async fn without_the_queues_max_receive_count_a_warning_at_start_says_what_that_costs() {
    let cloud = cloud().await;
    let (_, dead_letter_url) = cloud.queues(3, 0).await;
    for (count, warns) in [("", true), ("3", false)] {
        let mut variables = variables(&cloud);
        variables.push(("MEDIAHOOK_DEAD_LETTER_QUEUE_URL", dead_letter_url.clone()));
        variables.push(("MEDIAHOOK_MAX_RECEIVE_COUNT", count.to_owned()));
        let mut processor = Function::start(PROCESSOR, &variables).await;
        invoke(&mut processor, &[record("a1", "a")]).await;
        let log = processor.stop().await;
        let warnings = lines(&log).into_iter().filter(|line| line["level"] == "WARN");
        let warnings: Vec<_> = warnings.map(|line| line["message"].to_string()).collect();
        assert_eq!(
            warnings.iter().any(|w| w.contains("MEDIAHOOK_MAX_RECEIVE_COUNT is not set")),
            warns,
            "{log}"
        );
    }
}

#[tokio::test]
async fn while_the_bus_does_not_exist_every_record_fails_and_each_invocation_logs_it_once() {
    let cloud = cloud().await;
    cloud.bus().delete(BUS);
    let mut processor = Function::start(PROCESSOR, &with_bus(&cloud)).await;
    let records = [record("a1", "a"), record("a2", "a"), record("b1", "b")];
    for _ in 0..2 {
        assert_eq!(invoke(&mut processor, &records).await, ["a1", "a2", "b1"]);
        assert_eq!(cloud.bus().calls()[0], 0, "nothing is put");
        assert_eq!(cloud.table().status("a1").await, None);
    }
    assert_eq!(cloud.bus().calls()[1], 3, "asked at start, and in each invocation");
    cloud.bus().create(BUS);
    for _ in 0..2 {
        assert_eq!(invoke(&mut processor, &records).await, [""; 0]);
    }
    assert_eq!(cloud.bus().ids().len(), 3);
    assert_eq!(cloud.bus().calls()[1], 4, "a bus that is there is not asked for again within five minutes");

    let log = processor.stop().await;
    let mut lines = lines(&log);
    assert_eq!(lines.iter().filter(|line| line["result"] == "failed").count(), 4, "a group each: {log}");
    lines.retain(|line| line.to_string().contains("MEDIAHOOK_EVENT_BUS"));
    assert_eq!(lines.len(), 2, "{log}");
    for line in &lines {
        assert_eq!((&line["level"], &line["Misconfigured"]), (&json!("ERROR"), &json!(1)));
        assert!(line["error"].as_str().unwrap().contains(&format!("`{BUS}`")), "{line}");
    }
}

#[tokio::test]
async fn a_bus_that_may_not_be_asked_for_is_put_on_with_one_warning() {
    let cloud = cloud().await;
    cloud.bus().describe_faults(|_| Fault::Denied);
    let mut processor = Function::start(PROCESSOR, &with_bus(&cloud)).await;
    for id in ["a1", "a2"] {
        assert_eq!(invoke(&mut processor, &[record(id, "a")]).await, [""; 0]);
    }
    assert_eq!(cloud.bus().ids(), ["a1", "a2"]);
    let log = processor.stop().await;
    let warnings: Vec<_> = lines(&log).into_iter().filter(|line| line["level"] == "WARN").collect();
    assert_eq!(warnings.len(), 1, "{log}");
    assert!(warnings[0].to_string().contains("events:DescribeEventBus"), "{log}");
}

#[tokio::test]
async fn on_a_bus_of_which_nothing_is_known_yet_nothing_is_put() {
    let cloud = cloud().await;
    cloud.bus().describe_faults(|_| Fault::Hang);
    let mut processor = Function::start(PROCESSOR, &with_bus(&cloud)).await;
    let records = [record("a1", "a"), record("b1", "b")];
    for fault in [Fault::Error, Fault::Throttle, Fault::Reset, Fault::Hang] {
        cloud.bus().describe_faults(move |_| fault);
        assert_eq!(invoke(&mut processor, &records).await, ["a1", "b1"], "{fault:?}");
    }
    assert_eq!(cloud.bus().calls()[0], 0);
    cloud.bus().describe_faults(|_| Fault::None);
    assert_eq!(invoke(&mut processor, &records).await, [""; 0]);
}

/// EventBridge may answer 400 for all of a request when one of its entries is not valid.
#[tokio::test]
async fn an_entry_for_which_the_whole_request_is_refused_fails_alone() {
    let cloud = cloud().await;
    let mut processor = Function::start(PROCESSOR, &with_bus(&cloud)).await;
    cloud.bus().rejects(|entry| entry.to_string().contains("b1"));
    let records = [record("a1", "a"), record("b1", "b"), record("c1", "c"), record("a2", "a")];
    assert_eq!(invoke(&mut processor, &records).await, ["b1"]);
    let mut ids = cloud.bus().ids();
    ids.sort();
    assert_eq!(ids, ["a1", "a2", "c1"], "each once");
    let log = processor.stop().await;
    assert!(log.contains("ValidationException"), "{log}");
}

#[tokio::test]
async fn a_throttled_or_unauthorized_request_is_not_split() {
    let cloud = cloud().await;
    let bus = EventBridgeBus::new(&cloud.aws(), BUS.to_owned(), RETRY_POLICY);
    let entry = Entry { detail_type: "t".to_owned(), detail: "{}".to_owned(), time: None, trace: None };
    for (fault, attempts) in [(Fault::Throttle, RETRY_POLICY.attempts as usize), (Fault::Denied, 1)] {
        cloud.bus().faults(move |_| fault);
        assert!(bus.put(&[&entry, &entry]).await.is_err());
        assert_eq!(cloud.bus().calls()[0], attempts, "{fault:?}");
    }
}

#[tokio::test]
async fn a_time_that_no_event_can_have_stays_in_the_envelope_and_is_not_put() {
    let cloud = cloud().await;
    let mut processor = Function::start(PROCESSOR, &with_bus(&cloud)).await;
    let day_after_tomorrow = OffsetDateTime::now_utc() + Duration::from_hours(48);
    let day_after_tomorrow = day_after_tomorrow.format(&Rfc3339).unwrap();
    for (id, time) in
        [("a1", "1999-12-31T23:59:59Z"), ("a2", &day_after_tomorrow), ("a3", "2000-01-01T00:00:00Z")]
    {
        let body = envelope(id, "t").replace("2026-11-22T05:50:25.123Z", time);
        assert_eq!(invoke(&mut processor, &[record_of(id, "a", &body)]).await, [""; 0]);
        let events = cloud.bus().events();
        assert_eq!(events.last().unwrap()["Detail"], body);
    }
    let times: Vec<_> = cloud.bus().events().iter().map(|event| event["Time"].clone()).collect();
    assert_eq!(times, [json!(null), json!(null), json!(946_684_800)]);
}

#[tokio::test]
async fn a_mistake_in_the_environment_stops_the_start_and_is_named() {
    let cloud = cloud().await;
    for (name, value, expected) in [
        ("MEDIAHOOK_TABLE", "", "MEDIAHOOK_TABLE is not set"),
        ("MEDIAHOOK_BUCKET", "", "MEDIAHOOK_BUCKET is not set"),
        ("MEDIAHOOK_LEASE_S", "long", "MEDIAHOOK_LEASE_S: expected a whole number"),
        ("MEDIAHOOK_IDEMPOTENCY_TTL_S", "0", "MEDIAHOOK_IDEMPOTENCY_TTL_S: expected"),
        ("MEDIAHOOK_DEAD_LETTER_QUEUE_URL", "dead", "MEDIAHOOK_DEAD_LETTER_QUEUE_URL: expected a URL"),
        ("MEDIAHOOK_MAX_RECEIVE_COUNT", "0", "MEDIAHOOK_MAX_RECEIVE_COUNT: expected a whole number"),
        ("MEDIAHOOK_MAX_RECEIVE_COUNT", "1001", "MEDIAHOOK_MAX_RECEIVE_COUNT: expected a whole number"),
        ("MEDIAHOOK_MAX_RECEIVE_COUNT", "five", "MEDIAHOOK_MAX_RECEIVE_COUNT: expected a whole number"),
        ("AWS_REGION", "", "AWS_REGION is not set"),
    ] {
        let mut variables = with_bus(&cloud);
        variables.push((name, value.to_owned()));
        let (content, log) = Function::start(PROCESSOR, &variables).await.wait().await;
        assert!(!content, "{name}");
        assert!(log.contains("cannot start") && log.contains(expected), "{name}: {log}");
    }
}

#[tokio::test]
async fn on_the_bus_an_event_is_the_envelope_byte_for_byte() {
    let cloud = cloud().await;
    let mut processor = Function::start(PROCESSOR, &with_bus(&cloud)).await;
    let text = concat!(
        r#"{ "specversion":"1.0","id":"a1","source":"tencent-vod/main","type":"com.tencentcloud.vod.PullComplete","#,
        r#""tomorrows": [1.50, null],"time":"2025-11-22T05:50:25.123Z","data":{ "n": 1.0 },"outcome":"failed","#,
        r#""channel":"push","recordedtime":"2026-11-22T05:50:26Z"}"#
    );
    let records = [record_of("a1", "a", text)];
    for _ in 0..2 {
        assert_eq!(invoke(&mut processor, &records).await, [""; 0]);
    }
    let events = cloud.bus().events();
    assert_eq!(events.len(), 1, "once");
    assert_eq!(events[0]["Detail"], text);
    assert_eq!(events[0]["Source"], "mediahook");
    assert_eq!(events[0]["DetailType"], "com.tencentcloud.vod.PullComplete");
    assert_eq!(events[0]["EventBusName"], BUS);
    assert_eq!(events[0]["Time"], json!(1_763_790_625.123));
}

#[tokio::test]
async fn while_the_bus_is_down_nothing_is_marked_completed() {
    let cloud = cloud().await;
    let mut processor = Function::start(PROCESSOR, &with_bus(&cloud)).await;
    let records = [record("a1", "a"), record("a2", "a"), record("b1", "b")];
    for fault in [Fault::Error, Fault::Throttle, Fault::Reset, Fault::Hang] {
        cloud.bus().faults(move |_| fault);
        assert_eq!(invoke(&mut processor, &records).await, ["a1", "a2", "b1"], "{fault:?}");
        for id in ["a1", "a2", "b1"] {
            assert_eq!(cloud.table().status(id).await, None, "{fault:?}");
        }
    }
    cloud.bus().faults(|_| Fault::None);
    assert_eq!(invoke(&mut processor, &records).await, [""; 0]);
    let mut ids = cloud.bus().ids();
    ids.sort();
    assert_eq!(ids, ["a1", "a2", "b1"]);
}

#[tokio::test]
async fn an_entry_that_the_bus_refuses_costs_its_group_and_no_other() {
    let cloud = cloud().await;
    let mut processor = Function::start(PROCESSOR, &with_bus(&cloud)).await;
    let records =
        [record("a1", "a"), record("b1", "b"), record("a2", "a"), record("c1", "c"), record("b2", "b")];
    cloud.bus().refuses(|entry| entry.to_string().contains("b1").then_some("InternalFailure"));
    assert_eq!(invoke(&mut processor, &records).await, ["b1", "b2"]);
    let of_a = |ids: Vec<String>| ids.into_iter().filter(|id| id.starts_with('a')).collect::<Vec<_>>();
    assert_eq!(of_a(cloud.bus().ids()), ["a1", "a2"], "in order");
    assert_eq!(cloud.table().status("b1").await, None);
    assert_eq!(cloud.table().status("a2").await.as_deref(), Some("COMPLETED"));

    // The same batch again, as if Lambda had repeated all of it.
    cloud.bus().refuses(|_| None);
    assert_eq!(invoke(&mut processor, &records).await, [""; 0]);
    let mut ids = cloud.bus().ids();
    assert_eq!(ids.iter().filter(|id| id.starts_with('b')).collect::<Vec<_>>(), ["b1", "b2"]);
    ids.sort();
    assert_eq!(ids, ["a1", "a2", "b1", "b2", "c1"], "each once");
}

#[tokio::test]
async fn what_the_bus_will_never_take_is_a_dead_letter() {
    let cloud = cloud().await;
    let (_, dead_letter_url) = cloud.queues(5, 30).await;
    let mut variables = with_bus(&cloud);
    variables.push(("MEDIAHOOK_DEAD_LETTER_QUEUE_URL", dead_letter_url.clone()));
    let mut processor = Function::start(PROCESSOR, &variables).await;
    cloud.bus().refuses(|entry| entry.to_string().contains("a1").then_some("MalformedDetail"));
    assert_eq!(invoke(&mut processor, &[record("a1", "a"), record("a2", "a")]).await, [""; 0]);
    assert_eq!(cloud.bus().ids(), ["a2"]);
    let dead = Mapping::new(cloud.sqs(), &dead_letter_url).receive().await;
    assert_eq!(envelope::parse(dead[0].body().unwrap()).unwrap().id, "a1");
}

#[tokio::test]
async fn what_is_too_large_for_the_bus_has_its_data_in_the_bucket() {
    let cloud = cloud().await;
    let mut processor = Function::start(PROCESSOR, &with_bus(&cloud)).await;
    let data = json!({ "x": "x".repeat(BUS_LIMIT) });
    let mut large: Value = serde_json::from_str(&envelope("a1", "large")).unwrap();
    large["data"] = data.clone();
    let records = [record_of("a1", "a", &large.to_string()), record("a2", "a")];
    // Without a bucket it waits, and what is behind it.
    cloud.s3_faults(|_| Fault::Error);
    assert_eq!(invoke(&mut processor, &records).await, ["a1", "a2"]);
    assert_eq!(cloud.bus().ids(), [""; 0]);
    cloud.s3_faults(|_| Fault::None);
    assert_eq!(invoke(&mut processor, &records).await, [""; 0]);
    assert_eq!(cloud.bus().ids(), ["a1", "a2"]);

    let events = cloud.bus().events();
    let detail = events[0]["Detail"].as_str().unwrap();
    assert!(detail.len() < BUS_LIMIT);
    let envelope = envelope::parse(detail).unwrap();
    assert!(envelope.data.is_none());
    let key = "payload/tencent-vod/main/2026/11/22/a1.json";
    assert_eq!(envelope.dataref.unwrap(), format!("s3://{BUCKET}/{key}"));
    assert_eq!(cloud.objects("payload/").await, [(key.to_owned(), data.to_string())]);
}

#[tokio::test]
async fn ten_groups_are_few_requests_and_none_is_too_large() {
    let cloud = cloud().await;
    let mut processor = Function::start(PROCESSOR, &with_bus(&cloud)).await;
    let records: Vec<_> = (0..10)
        .map(|n| {
            let mut large: Value = serde_json::from_str(&envelope(&format!("e{n}"), "large")).unwrap();
            large["data"] = json!({ "x": "x".repeat(60_000) });
            record_of(&format!("e{n}"), &format!("g{n}"), &large.to_string())
        })
        .collect();
    assert_eq!(invoke(&mut processor, &records).await, [""; 0]);
    let requests = cloud.bus().requests();
    assert!((3..10).contains(&requests.len()), "{}", requests.len());
    for request in requests {
        let bytes: usize = request.iter().map(|e| e["Detail"].as_str().unwrap().len()).sum();
        assert!(bytes < BUS_LIMIT);
    }
}

/// Killed with the claim made and the event not on the bus: when the record comes again, the lease decides.
#[tokio::test]
async fn records_of_a_killed_processor_are_processed_once_when_redelivered() {
    let cloud = cloud().await;
    let mut variables = with_bus(&cloud);
    variables.push(("MEDIAHOOK_LEASE_S", "2".to_owned()));
    let records = [record("a1", "a"), record("b1", "b")];
    cloud.bus().faults(|_| Fault::Hang);
    let processor = Function::start(PROCESSOR, &variables).await;
    processor.begin(batch(&records)).await;
    for id in ["a1", "b1"] {
        until(async || cloud.table().status(id).await.as_deref() == Some("INPROGRESS")).await;
    }
    processor.stop().await;
    cloud.bus().faults(|_| Fault::None);

    let mut processor = Function::start(PROCESSOR, &variables).await;
    assert_eq!(invoke(&mut processor, &records).await, ["a1", "b1"], "too soon: in progress elsewhere");
    assert_eq!(cloud.bus().ids(), [""; 0]);
    tokio::time::sleep(Duration::from_secs(2)).await;
    for _ in 0..2 {
        assert_eq!(invoke(&mut processor, &records).await, [""; 0]);
    }
    let mut ids = cloud.bus().ids();
    ids.sort();
    assert_eq!(ids, ["a1", "b1"]);
    let log = processor.stop().await;
    assert!(log.contains("in progress elsewhere"), "{log}");
}

/// The one crash that nobody can hide from the bus: it took the event, and the processor did not live to say so.
#[tokio::test]
async fn killed_between_put_and_completion_the_event_is_put_again_with_the_same_id() {
    let cloud = cloud().await;
    let mut variables = with_bus(&cloud);
    variables.push(("MEDIAHOOK_LEASE_S", "1".to_owned()));
    // The table is asked for at start and the claim is made; the completion hangs.
    cloud.table().faults(|call| if call < 2 { Fault::None } else { Fault::Hang });
    let processor = Function::start(PROCESSOR, &variables).await;
    processor.begin(batch(&[record("a1", "a")])).await;
    until(async || cloud.bus().ids() == ["a1"]).await;
    processor.stop().await;
    cloud.table().faults(|_| Fault::None);
    assert_eq!(cloud.table().status("a1").await.as_deref(), Some("INPROGRESS"));

    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let mut processor = Function::start(PROCESSOR, &variables).await;
    assert_eq!(invoke(&mut processor, &[record("a1", "a")]).await, [""; 0]);
    assert_eq!(cloud.bus().ids(), ["a1", "a1"], "the id is what its readers tell it by");
    assert_eq!(cloud.table().status("a1").await.as_deref(), Some("COMPLETED"));
}

async fn until(holds: impl AsyncFn() -> bool) {
    let waiting = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(IN_TIME, waiting).await.expect("that it comes to hold");
}

/// As `docs/process.md` has it, by hand.
#[tokio::test]
async fn a_redriven_dead_letter_is_processed_and_one_that_fails_again_is_not_lost() {
    let cloud = cloud().await;
    let (queue_url, dead_letter_url) = cloud.queues(5, 30).await;
    let (queue, dead_letters) =
        (Mapping::new(cloud.sqs(), &queue_url), Mapping::new(cloud.sqs(), &dead_letter_url));
    let mut variables = with_bus(&cloud);
    variables.push(("MEDIAHOOK_DEAD_LETTER_QUEUE_URL", dead_letter_url.clone()));
    let mut processor = Function::start(PROCESSOR, &variables).await;
    let send = async |body: &str, deduplication_id: &str| {
        let send = cloud.sqs().send_message().queue_url(&queue_url).message_body(body);
        send.message_group_id("a").message_deduplication_id(deduplication_id).send().await.unwrap();
    };
    send(&envelope("a1", "t"), "a1").await;

    cloud.bus().refuses(|_| Some("MalformedDetail"));
    for time in 0..3 {
        let messages = queue.receive().await;
        assert_eq!(messages.len(), 1);
        let answer = processor.invoke(mapping::invocation(&messages)).await.unwrap();
        queue.settle(&messages, &serde_json::from_value(answer).unwrap()).await;

        let dead = dead_letters.receive().await;
        let bodies: Vec<_> = dead.iter().map(|m| m.body().unwrap()).collect();
        if time == 2 {
            assert_eq!(bodies, [""; 0]);
            assert_eq!(cloud.bus().ids(), ["a1"]);
            return;
        }
        assert_eq!(bodies, [envelope("a1", "t")], "within five minutes of the first time: {time}");
        send(bodies[0], &format!("redrive-{}", dead[0].message_id().unwrap())).await;
        dead_letters.settle(&dead, &SqsBatchResponse::default()).await;
        if time == 1 {
            cloud.bus().refuses(|_| None);
        }
    }
}

/// The patterns of `docs/process.md`, against what is on the bus.
#[tokio::test]
async fn the_rules_in_the_docs_match_what_they_say() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/process.md")).unwrap();
    let patterns: Vec<&str> = page.split("```json\n").skip(1).filter_map(|r| r.split("```").next()).collect();
    let events = [
        ("tencent-vod/main", "com.tencentcloud.vod.ProcedureStateChanged", "failed"),
        ("tencent-vod/main", "com.tencentcloud.vod.PullComplete", "succeeded"),
        ("alibaba-ims/prod", "com.alibabacloud.ims.ProduceMediaComplete", "failed"),
        ("alibaba-ims/prod", "com.alibabacloud.ims.LiveRecordTaskStatus", "progress"),
        ("alibaba-ims/prod", "com.alibabacloud.ims.AIMediaAuditComplete", "unknown"),
    ];
    let cloud = cloud().await;
    let mut processor = Function::start(PROCESSOR, &with_bus(&cloud)).await;
    for (at, (source, event_type, outcome)) in events.iter().enumerate() {
        let id = format!("e{at}");
        let mut envelope: Value = serde_json::from_str(&envelope(&id, event_type)).unwrap();
        envelope["source"] = (*source).into();
        envelope["outcome"] = (*outcome).into();
        if *outcome == "unknown" {
            envelope["verdict"] = "block".into();
        }
        let record = record_of(&id, "a", &envelope.to_string());
        assert_eq!(invoke(&mut processor, &[record]).await, [""; 0]);
    }
    let mut matches = Vec::new();
    for pattern in &patterns {
        let mut of_it = Vec::new();
        for (at, event) in cloud.bus().events().iter().enumerate() {
            if cloud.bus().matches(pattern, event).await {
                of_it.push(at);
            }
        }
        matches.push(of_it);
    }
    assert_eq!(matches, [vec![0], vec![0, 2], vec![4], vec![0, 1], vec![2]]);
}
