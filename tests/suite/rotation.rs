//! The sources in a secret: a key is replaced without a deployment, a delay or an unauthorized callback.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use mediahook::aws::s3::S3Bucket;
use mediahook::aws::secrets_manager::SourcesSecret;
use mediahook::aws::sqs::SqsQueue;
use mediahook::lambda::invocation::Invocation;
use mediahook::receive::Receiver;
use mediahook::sources::cache::SourcesCache;
use mediahook::telemetry::Recorder;
use mediahook::timeouts::receive::{RETRY_POLICY, SOURCES_RETRY_POLICY, deadline};
use serde_json::json;
use time::OffsetDateTime;
use tokio::sync::{Mutex, MutexGuard};

use crate::end_to_end::{post, receiver_binary, receiver_variables, tencent};
use crate::policy::{PULL_COMPLETE, SOURCES};
use crate::telemetry::wide_events;
use mediahook_testing::cloud::{Cloud, Fault, SECRET};
use mediahook_testing::function_url;
use mediahook_testing::runtime_api::Function;
use mediahook_testing::signing::sign_tencent;

/// The clock of these tests: a test that moves it holds its lock.
static NOW_S: AtomicI64 = AtomicI64::new(1_795_326_625);

static TURN: Mutex<()> = Mutex::const_new(());

fn now() -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(NOW_S.load(Ordering::Relaxed)).unwrap()
}

fn five_minutes_pass() {
    seconds_pass(300);
}

fn seconds_pass(seconds: i64) {
    NOW_S.fetch_add(seconds, Ordering::Relaxed);
}

fn sources(keys: &[&str]) -> String {
    json!({ "tencent-vod/signed": { "sign_keys": keys } }).to_string()
}

struct World {
    _turn: MutexGuard<'static, ()>,
    cloud: Cloud,
    receiver: Receiver<SqsQueue, S3Bucket>,
}

impl World {
    async fn new(keys: &[&str]) -> Self {
        let turn = TURN.lock().await;
        let cloud = Cloud::start().await;
        let (queue_url, _) = cloud.queues(5, 30).await;
        cloud.put_secret(&sources(keys)).await;
        let secret = SourcesSecret::new(&cloud.aws(), SECRET.to_owned(), SOURCES_RETRY_POLICY);
        let sources = SourcesCache::from_reader(secret, Recorder::silent());
        sources.refresh(now(), Duration::from_secs(5)).await.unwrap();
        let queue = SqsQueue::new(&cloud.aws(), queue_url, RETRY_POLICY);
        Self { _turn: turn, receiver: Receiver::new(Arc::new(sources), queue, cloud.bucket(), now), cloud }
    }

    async fn status(&self, key: &str) -> u16 {
        self.status_at("/tencent-vod/signed", key).await
    }

    async fn status_at(&self, path: &str, key: &str) -> u16 {
        let body = sign_tencent(PULL_COMPLETE, key, now().unix_timestamp() + 600);
        let callback = function_url::request(&post(path, &json!({}), &body));
        self.receiver
            .receive(callback, deadline(Duration::from_secs(10)), &Invocation::default())
            .await
            .status()
            .as_u16()
    }
}

#[tokio::test]
async fn a_key_is_replaced_without_a_gap() {
    let world = World::new(&["OldKey1"]).await;
    assert_eq!(world.status("OldKey1").await, 200);

    world.cloud.put_secret(&sources(&["NewKey2", "OldKey1"])).await;
    seconds_pass(1);
    assert_eq!(world.status("NewKey2").await, 200, "a key that is not known causes a read");
    assert_eq!(world.status("OldKey1").await, 200);

    world.cloud.put_secret(&sources(&["NewKey2"])).await;
    assert_eq!(world.status("OldKey1").await, 200, "the next read is not due yet");
    five_minutes_pass();
    assert_eq!(world.status("OldKey1").await, 401, "the callback waits for the read that is due");
    assert_eq!(world.status("NewKey2").await, 200);
}

#[tokio::test]
async fn a_secret_that_cannot_be_read_again_changes_nothing() {
    let world = World::new(&["MainKey1"]).await;
    for fault in [Fault::Error, Fault::Hang, Fault::Reset] {
        world.cloud.secrets_faults(move |_| fault);
        five_minutes_pass();
        for (key, status) in [("MainKey1", 200), ("ForgedKey", 401)] {
            let started = Instant::now();
            assert_eq!(world.status(key).await, status, "{fault:?}");
            assert!(started.elapsed() < Duration::from_millis(2_500), "{fault:?}");
        }
    }
    world.cloud.secrets_faults(|_| Fault::None);
    world.cloud.put_secret(r#"{"tencent-vod/signed":{"sign_keys":"NewKey2"}}"#).await;
    five_minutes_pass();
    assert_eq!(world.status("MainKey1").await, 200, "a document with a mistake");
    world.cloud.put_secret(&sources(&["NewKey2"])).await;
    seconds_pass(15);
    assert_eq!(world.status("NewKey2").await, 200, "a read that failed is tried again soon");
}

#[tokio::test]
async fn unauthorized_requests_cause_few_reads() {
    let world = World::new(&["MainKey1"]).await;
    world.cloud.secrets_faults(|_| Fault::None);
    seconds_pass(1);
    let reads = || world.cloud.calls()[2];
    for _ in 0..20 {
        assert_eq!(world.status_at("/wp-login.php", "ForgedKey").await, 404);
    }
    assert_eq!(reads(), 0, "no source ever has such a path");
    for _ in 0..20 {
        assert_eq!(world.status("ForgedKey").await, 401);
        assert_eq!(world.status_at("/tencent-vod/unknown", "ForgedKey").await, 404);
    }
    assert_eq!(reads(), 1);
    seconds_pass(15);
    for _ in 0..20 {
        assert_eq!(world.status("ForgedKey").await, 401);
    }
    assert_eq!(reads(), 2);
}

/// A read that began after one callback's answer would be frozen with the function, end with the next callback, and
/// bring the document from before the rotation.
#[tokio::test]
async fn a_read_from_before_a_rotation_decides_no_callback_after_it() {
    let world = World::new(&["OldKey1"]).await;
    let late = |call| if call == 0 { Fault::AnswerLate(Duration::from_millis(400)) } else { Fault::None };

    world.cloud.secrets_faults(late);
    five_minutes_pass();
    assert_eq!(world.status("OldKey1").await, 200);
    world.cloud.put_secret(&sources(&["NewKey2"])).await;
    seconds_pass(1);
    assert_eq!(world.status("NewKey2").await, 200, "the first callback with the new key");
    assert_eq!(world.status("OldKey1").await, 401, "the old key was removed");

    world.cloud.put_secret(&sources(&["NewKey3"])).await;
    five_minutes_pass();
    assert_eq!(world.status("NewKey2").await, 401, "a leaked key that was removed is not accepted once more");
}

/// A read ends before its callback's answer.
#[tokio::test]
async fn no_read_outlives_its_callback() {
    let world = World::new(&["OldKey1"]).await;
    world.cloud.put_secret(&sources(&["NewKey2"])).await;
    world.cloud.secrets_faults(|_| Fault::Slow(Duration::from_millis(1_700)));
    five_minutes_pass();
    assert_eq!(
        world.status("OldKey1").await,
        200,
        "the read took too long: the last good sources stay in use"
    );
    world.cloud.secrets_faults(|_| Fault::None);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(world.status("OldKey1").await, 200, "the read that was given up has changed nothing");
    assert_eq!(world.cloud.calls()[2], 0, "and no other was begun");
    seconds_pass(15);
    assert_eq!(world.status("OldKey1").await, 401, "it is tried again after 15 s");
}

async fn with_secret(secret: &str) -> (Cloud, Vec<(&'static str, String)>) {
    let cloud = Cloud::start().await;
    let (queue_url, _) = cloud.queues(5, 30).await;
    cloud.put_secret(SOURCES).await;
    let mut variables = receiver_variables(&cloud, &queue_url);
    variables.retain(|(name, _)| *name != "MEDIAHOOK_SOURCES");
    variables.push(("MEDIAHOOK_SOURCES_SECRET", secret.to_owned()));
    (cloud, variables)
}

#[tokio::test]
async fn the_binary_reads_its_sources_from_the_secret_in_init() {
    let (cloud, variables) = with_secret(SECRET).await;
    cloud.secrets_faults(|_| Fault::None);
    let mut receiver = Function::start(receiver_binary(), &variables).await;
    for _ in 0..2 {
        assert_eq!(receiver.invoke(tencent(PULL_COMPLETE)).await.unwrap()["statusCode"], 200);
    }
    assert_eq!(cloud.calls()[2], 1, "read in init, and not again");
    let log = receiver.stop().await;
    assert!(log.contains("takes no push"), "warns of odd sources: {log}");
    assert!(!log.contains("CurrentSignKey1"), "{log}");
}

/// Without the previous version, a mistake in the secret would stop every new environment, but none of the running ones.
#[tokio::test]
async fn a_secret_with_a_mistake_starts_with_its_previous_version_and_is_counted() {
    let (cloud, variables) = with_secret(SECRET).await;
    cloud.put_secret(r#"{"tencent-vod/signed":{"sign_keys":"CurrentSignKey1"}}"#).await;
    let mut receiver = Function::start(receiver_binary(), &variables).await;
    assert_eq!(receiver.invoke(tencent(PULL_COMPLETE)).await.unwrap()["statusCode"], 200);
    let log = receiver.stop().await;
    let failed = wide_events(&log).into_iter().find(|line| line["SourcesReadFailed"] == 1).expect(&log);
    assert_eq!(failed["level"], "ERROR");
    let error = failed["error"].as_str().unwrap();
    assert!(error.contains("MEDIAHOOK_SOURCES_SECRET (the secret `mediahook/sources`): tencent-vod/signed: sign_keys: unknown or wrong"), "{error}");
    assert!(!log.contains("CurrentSignKey1"), "{log}");
}

#[tokio::test]
async fn a_missing_secret_stops_the_start_and_is_named() {
    let (_cloud, variables) = with_secret("no-such-secret").await;
    let (content, log) = Function::start(receiver_binary(), &variables).await.wait().await;
    assert!(!content);
    assert!(
        log.contains("cannot start")
            && log.contains("MEDIAHOOK_SOURCES_SECRET (the secret `no-such-secret`): cannot be read"),
        "{log}"
    );
}

#[tokio::test]
async fn an_unavailable_secret_in_init_does_not_stop_the_start() {
    for fault in [Fault::Error, Fault::Throttle, Fault::Reset] {
        let (cloud, variables) = with_secret(SECRET).await;
        cloud.secrets_faults(move |call| if call < 2 { fault } else { Fault::None });
        let mut receiver = Function::start(receiver_binary(), &variables).await;
        assert_eq!(receiver.invoke(tencent(PULL_COMPLETE)).await.unwrap()["statusCode"], 200, "{fault:?}");
    }
}

#[tokio::test]
async fn callbacks_wait_for_a_secret_that_hangs_in_init() {
    let (cloud, variables) = with_secret(SECRET).await;
    cloud.secrets_faults(|_| Fault::Hang);
    let mut receiver = Function::start(receiver_binary(), &variables).await;
    let started = Instant::now();
    assert_eq!(receiver.invoke(tencent(PULL_COMPLETE)).await.unwrap()["statusCode"], 503);
    assert!(started.elapsed() < Duration::from_millis(2_800), "init and answer: {:?}", started.elapsed());
    cloud.secrets_faults(|_| Fault::None);
    assert_eq!(receiver.invoke(tencent(PULL_COMPLETE)).await.unwrap()["statusCode"], 200);
}

/// With a removed source go its events: a mistake in the document must not look like the noise of scanners.
#[tokio::test]
async fn a_source_that_is_no_longer_in_the_document_is_a_warning() {
    let (cloud, variables) = with_secret(SECRET).await;
    let mut receiver = Function::start(receiver_binary(), &variables).await;
    assert_eq!(receiver.invoke(tencent(PULL_COMPLETE)).await.unwrap()["statusCode"], 200);
    cloud.put_secret(&SOURCES.replace("tencent-vod/signed", "tencent-vod/renamed")).await;
    let mut forged = tencent(PULL_COMPLETE);
    forged["rawPath"] = "/tencent-vod/renamed".into();
    forged["body"] = "{}".into();
    assert_eq!(receiver.invoke(forged).await.unwrap()["statusCode"], 401, "causes a read");
    let event = tencent(&PULL_COMPLETE.replace("1450807", "2"));
    assert_eq!(receiver.invoke(event).await.unwrap()["statusCode"], 404);
    let log = receiver.stop().await;
    let line = log.lines().find(|line| line.contains("no longer in the sources document")).expect(&log);
    assert!(
        line.contains(r#""level":"WARN""#) && line.contains(r#""source":"tencent-vod/signed""#),
        "{line}"
    );
}
