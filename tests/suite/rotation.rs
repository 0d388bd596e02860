//! The sources in a secret: a key is replaced with no deployment, no callback delayed, none refused that need not be.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use mediahook::invocation::Invocation;
use mediahook::keyring::Keyring;
use mediahook::receive::Receiver;
use mediahook::receive::budget::{Deadline, PATIENCE};
use mediahook::store::s3::S3Bucket;
use mediahook::store::secrets::Secret;
use mediahook::store::sqs::SqsQueue;
use serde_json::json;
use time::OffsetDateTime;
use tokio::sync::{Mutex, MutexGuard};

use crate::end_to_end::{post, receiver_binary, receiver_variables, tencent};
use crate::policy::{PULL_COMPLETE, SOURCES};
use crate::support::cloud::{Cloud, Fault, SECRET};
use crate::support::runtime_api::Function;
use crate::support::senders::sign_tencent;

/// The clock of these tests; who moves it has it to himself.
static NOW_S: AtomicI64 = AtomicI64::new(1_795_326_625);

static TURN: Mutex<()> = Mutex::const_new(());

fn now() -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(NOW_S.load(Ordering::Relaxed)).unwrap()
}

fn five_minutes_pass() {
    NOW_S.fetch_add(300, Ordering::Relaxed);
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
        let keyring = Arc::new(Keyring::kept_by(Secret::new(cloud.aws(), SECRET.to_owned(), PATIENCE)));
        keyring.read(now()).await.unwrap();
        let queue = SqsQueue::new(&cloud.aws(), queue_url, PATIENCE);
        Self { _turn: turn, receiver: Receiver::new(keyring, queue, cloud.bucket(), now), cloud }
    }

    async fn status(&self, key: &str) -> u16 {
        let body = sign_tencent(PULL_COMPLETE, key, now().unix_timestamp() + 600);
        let callback = serde_json::from_value(post("/tencent-vod/signed", &json!({}), &body)).unwrap();
        self.receiver
            .receive(callback, Deadline::new(Duration::from_secs(10)), &Invocation::default())
            .await
            .status_code
    }

    /// Until the re-read that goes on beside a callback has ended.
    async fn settle(&self, key: &str, status: u16) {
        for _ in 0..100 {
            if self.status(key).await == status {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(self.status(key).await, status);
    }
}

#[tokio::test]
async fn a_key_is_replaced_without_a_gap() {
    let world = World::new(&["OldKey1"]).await;
    assert_eq!(world.status("OldKey1").await, 200);

    world.cloud.put_secret(&sources(&["NewKey2", "OldKey1"])).await;
    assert_eq!(world.status("NewKey2").await, 401, "the re-read is not due yet");
    five_minutes_pass();
    assert_eq!(
        world.status("NewKey2").await,
        200,
        "the first callback with the new key waits for the re-read"
    );
    assert_eq!(world.status("OldKey1").await, 200);

    world.cloud.put_secret(&sources(&["NewKey2"])).await;
    five_minutes_pass();
    assert_eq!(world.status("OldKey1").await, 200, "good by the sources at hand: it does not wait");
    world.settle("OldKey1", 401).await;
    assert_eq!(world.status("NewKey2").await, 200);

    // A secret that cannot be read, is slow, or has a mistake changes nothing.
    for fault in [Fault::Error, Fault::Hang, Fault::Reset] {
        world.cloud.secrets_faults(move |_| fault);
        five_minutes_pass();
        let started = Instant::now();
        assert_eq!(world.status("NewKey2").await, 200, "{fault:?}");
        assert!(started.elapsed() < Duration::from_millis(500), "{fault:?}: a good callback was delayed");
        assert_eq!(world.status("ForgedKey").await, 401, "{fault:?}");
        assert!(started.elapsed() < Duration::from_millis(2_500), "{fault:?}");
        world.cloud.secrets_faults(|_| Fault::None);
        five_minutes_pass();
        world.settle("ForgedKey", 401).await;
    }
    world.cloud.put_secret(r#"{"tencent-vod/signed":{"sign_keys":"NewKey2"}}"#).await;
    five_minutes_pass();
    assert_eq!(world.status("ForgedKey").await, 401);
    assert_eq!(world.status("NewKey2").await, 200);

    // Noise does not make us read more often.
    five_minutes_pass();
    world.cloud.secrets_faults(|_| Fault::None);
    for _ in 0..20 {
        assert_eq!(world.status("ForgedKey").await, 401);
    }
    let calls = world.cloud.calls()[2];
    assert!((1..=PATIENCE.attempts as usize).contains(&calls), "{calls} calls for one re-read");
}

/// An environment may be frozen, or the secret out of reach, just when it is read again.
#[tokio::test]
async fn a_read_that_failed_or_is_under_way_costs_no_new_key_its_callback() {
    let world = World::new(&["OldKey1"]).await;
    world.cloud.put_secret(&sources(&["NewKey2", "OldKey1"])).await;

    world.cloud.secrets_faults(|call| if call < 2 { Fault::Error } else { Fault::None });
    five_minutes_pass();
    assert_eq!(world.status("OldKey1").await, 200);
    world.settle("OldKey1", 200).await;
    for _ in 0..50 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    NOW_S.fetch_add(15, Ordering::Relaxed);
    assert_eq!(world.status("NewKey2").await, 200, "a read that failed is tried again soon");

    world.cloud.put_secret(&sources(&["NewKey3"])).await;
    world.cloud.secrets_faults(|_| Fault::Slow(Duration::from_millis(300)));
    five_minutes_pass();
    assert_eq!(world.status("NewKey2").await, 200, "it does not wait");
    assert_eq!(world.status("NewKey3").await, 200, "it waits for the read that is under way");
    assert_eq!(world.cloud.calls()[2], 1);
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

#[tokio::test]
async fn a_secret_that_is_not_there_stops_the_start_and_is_named() {
    let (_cloud, variables) = with_secret("no-such-secret").await;
    let (content, log) = Function::start(receiver_binary(), &variables).await.wait().await;
    assert!(!content);
    assert!(
        log.contains("cannot start") && log.contains("MEDIAHOOK_SOURCES_SECRET: cannot be read"),
        "{log}"
    );
}

#[tokio::test]
async fn a_secret_out_of_reach_in_init_does_not_stop_the_start() {
    for fault in [Fault::Error, Fault::Throttle, Fault::Reset] {
        let (cloud, variables) = with_secret(SECRET).await;
        cloud.secrets_faults(move |call| if call < 2 { fault } else { Fault::None });
        let mut receiver = Function::start(receiver_binary(), &variables).await;
        assert_eq!(receiver.invoke(tencent(PULL_COMPLETE)).await.unwrap()["statusCode"], 200, "{fault:?}");
    }
}

#[tokio::test]
async fn a_secret_that_hangs_in_init_is_waited_for_by_the_callbacks() {
    let (cloud, variables) = with_secret(SECRET).await;
    cloud.secrets_faults(|_| Fault::Hang);
    let mut receiver = Function::start(receiver_binary(), &variables).await;
    let started = Instant::now();
    assert_eq!(receiver.invoke(tencent(PULL_COMPLETE)).await.unwrap()["statusCode"], 503);
    assert!(started.elapsed() < Duration::from_millis(2_800), "init and answer: {:?}", started.elapsed());
    cloud.secrets_faults(|_| Fault::None);
    assert_eq!(receiver.invoke(tencent(PULL_COMPLETE)).await.unwrap()["statusCode"], 200);
}
