//! A backlog in `spill/`: large, of several sources, with objects that nobody can read, emptied by two pullers at once.

use std::time::{Duration, Instant};

use mediahook::events::{Channel, CloudEvent};
use mediahook::ingest::{self, object_keys};
use mediahook::sources::Sources;
use mediahook_testing::cloud::Fault;
use mediahook_testing::runtime_api::Function;
use time::OffsetDateTime;

use super::{PULLER, SETTLED, World, alibaba_event, assert_clean, assert_in_order, put, run, spilled};

/// This many seconds ago.
fn ago(seconds: f64) -> OffsetDateTime {
    OffsetDateTime::now_utc() - time::Duration::seconds_f64(seconds)
}

async fn put_spilled(world: &World, envelope: &CloudEvent) {
    put(world, &object_keys::spill(envelope), ingest::message(envelope).body).await;
}

/// More than one run can try: each begins behind what the last one tried.
#[tokio::test]
async fn hundreds_of_objects_that_cannot_be_read_keep_no_newer_event_waiting() {
    const UNREADABLE: usize = 200;
    const RUNS: usize = 5;
    let world = World::new().await;
    for number in 0..UNREADABLE + 10 {
        let received = ago(3_600.0 - f64::from(u32::try_from(number).unwrap()));
        put_spilled(&world, &spilled(number % 7, number, received)).await;
    }
    let first_readable = world.cloud.keys("spill/").await.swap_remove(UNREADABLE);
    world.cloud.object_faults(move |method, key| {
        let is_unreadable = method == "GET" && key.starts_with("spill/") && *key < *first_readable;
        if is_unreadable { Fault::Hang } else { Fault::None }
    });
    // Time for two turns.
    let timeout = Duration::from_secs(12);
    let mut puller = Function::start_with_timeout(PULLER, &world.variables(), timeout).await;
    let mut enqueued = Vec::new();
    while enqueued.iter().sum::<usize>() < 10 {
        assert!(enqueued.len() < RUNS, "{enqueued:?}");
        let spill = run(&mut puller).await.0["spill"].clone();
        assert!(spill.error.is_some() && spill.stuck > 0, "{spill:?}");
        enqueued.push(spill.enqueued);
    }
    assert!(enqueued.len() > 1, "one run had time for all of them");
    assert_eq!(world.cloud.keys("spill/").await.len(), UNREADABLE);
}

/// A receiver whose circuit breaker is open stores an event at once, while another one still tries the queue for the
/// event before it.
#[tokio::test]
async fn an_object_waits_until_no_older_neighbour_can_arrive() {
    let world = World::new().await;
    let mut puller = world.puller().await;
    let (first, second) = (spilled(1, 1, ago(2.5)), spilled(1, 2, ago(1.5)));
    put_spilled(&world, &spilled(2, 3, ago(60.0))).await;
    put_spilled(&world, &second).await;
    let summary = run(&mut puller).await;
    assert_clean(&summary, "spill", 1);
    assert_eq!(summary.0["spill"].waiting, Some(1));
    put_spilled(&world, &first).await;
    tokio::time::sleep(SETTLED).await;
    assert_clean(&run(&mut puller).await, "spill", 2);
    let queued = world.queued().await;
    assert_eq!(queued.len(), 3);
    assert_in_order(&queued);
}

#[tokio::test]
async fn the_backlog_of_one_source_keeps_no_other_waiting() {
    const BACKLOG: usize = 400;
    let world = World::new().await;
    let sources = Sources::parse(r#"{"alibaba-ims/other":{"unauthenticated":true}}"#).unwrap();
    let alibaba = sources.get("alibaba-ims/other").unwrap();
    for number in 0..BACKLOG {
        let received = ago(7_200.0 - f64::from(u32::try_from(number).unwrap()));
        let event = alibaba_event(number);
        put_spilled(
            &world,
            &ingest::build(alibaba, event.as_bytes(), Channel::Push, None, received).unwrap(),
        )
        .await;
    }
    for number in 0..5 {
        put_spilled(&world, &spilled(number, number, ago(60.0))).await;
    }
    let spill = run(&mut world.puller().await).await.0["spill"].clone();
    assert_eq!(spill.enqueued, BACKLOG + 5);
    let queued = world.queued().await;
    let last = queued.iter().rposition(|event| event.source == "tencent-vod/open").unwrap();
    assert!(last < BACKLOG / 2, "the last of the other source is number {last}");
    assert_in_order(&queued);
}

/// What one of them has deleted is done: nothing is stuck.
#[tokio::test]
async fn two_pullers_at_once_keep_the_order_and_log_nothing() {
    const EVENTS: usize = 400;
    let world = World::new().await;
    for number in 0..EVENTS {
        let received = ago(3_600.0 - f64::from(u32::try_from(number).unwrap()));
        put_spilled(&world, &spilled(number % 20, number, received)).await;
    }
    let (mut one, mut other) = (world.puller().await, world.puller().await);
    let (of_one, of_other) = tokio::join!(run(&mut one), run(&mut other));
    for summary in [of_one, of_other] {
        let spill = &summary.0["spill"];
        assert_eq!((spill.failed, spill.error.as_deref(), spill.waiting), (0, None, Some(0)), "{spill:?}");
    }
    for log in [one.stop().await, other.stop().await] {
        assert!(!log.contains("stuck") && !log.contains("ERROR"), "{log}");
    }
    let queued = world.queued().await;
    assert_eq!(queued.len(), EVENTS);
    assert_in_order(&queued);
}

/// One `DeleteObjects` for many, and as many connections as requests at once.
#[tokio::test]
async fn a_backlog_takes_few_calls_and_few_connections() {
    const EVENTS: usize = 600;
    let world = World::new().await;
    for number in 0..EVENTS {
        let received = ago(3_600.0 - f64::from(u32::try_from(number).unwrap()) / 10.0);
        put_spilled(&world, &spilled(number, number, received)).await;
    }
    let mut puller = world.puller().await;
    world.cloud.s3_faults(|_| Fault::Slow(Duration::from_millis(5)));
    let before = world.cloud.connections();
    let started = Instant::now();
    assert_clean(&run(&mut puller).await, "spill", EVENTS);
    let (calls, connections) = (world.cloud.calls()[1], world.cloud.connections() - before);
    println!("{EVENTS} objects in {:?}, {calls} calls of S3, {connections} connections", started.elapsed());
    assert!(calls < EVENTS + EVENTS / 10, "{calls} calls of S3");
    assert!(connections < 100, "{connections} connections");
}
