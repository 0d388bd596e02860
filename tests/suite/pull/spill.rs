//! `spill/` empties into the queue, in the order of receipt.

use std::time::Duration;

use mediahook::events::Channel;
use mediahook::ingest::{self, object_keys};
use mediahook::storage::Bucket as _;
use mediahook_testing::cloud::Fault;
use mediahook_testing::runtime_api::Function;
use serde_json::json;
use time::OffsetDateTime;

use super::{
    PULLER, SETTLED, World, assert_clean, assert_in_order, event_of, put, run, spill, spilled, tencent_event,
};
use crate::end_to_end::{post, receiver_binary};

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
    tokio::time::sleep(SETTLED).await;

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
async fn spilled_events_reach_the_queue_in_the_order_of_receipt() {
    let world = World::new().await;
    spill(&world, (0..42).map(|number| event_of(number % 4, number))).await;
    // One has another key, as an operator puts it back.
    let other = spilled(9, 100, OffsetDateTime::now_utc());
    put(&world, &format!("spill/again/{}", other.id), ingest::message(&other).body).await;
    let keys: Vec<_> = world.cloud.objects("spill/").await.into_iter().map(|(key, _)| key).collect();
    assert_eq!(keys.len(), 43);
    tokio::time::sleep(SETTLED).await;

    let summary = run(&mut world.puller().await).await;
    assert_clean(&summary, "spill", 43);
    let queued = world.queued().await;
    assert_eq!(queued.len(), 43);
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
    world.cloud.object_faults(|_, _| Fault::Slow(Duration::from_millis(500)));
    let mut puller = Function::start_with_timeout(PULLER, &world.variables(), Duration::from_secs(12)).await;
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
    tokio::time::sleep(SETTLED).await;
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
