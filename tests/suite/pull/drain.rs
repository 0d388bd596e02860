//! Events of both senders: pulled, stored and confirmed, whichever call fails.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mediahook::aws::sqs::SqsQueue;
use mediahook::events::{Channel, CloudEvent};
use mediahook::lambda::invocation::Invocation;
use mediahook::pull::Puller;
use mediahook::pull::http::SenderHttp;
use mediahook::sources::Sources;
use mediahook::sources::cache::SourcesCache;
use mediahook::timeouts::pull::{RETRY_POLICY, deadline};
use mediahook_testing::cloud::Fault;
use mediahook_testing::inbox::Inbox;
use mediahook_testing::{mns, tencent_vod};
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{
    ALIBABA, TENCENT, TIMEOUT, VISIBILITY, World, alibaba_event, assert_clean, assert_in_order, run,
};

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
    assert!(of_runs.iter().any(|line| line["Source"] == TENCENT && line["enqueued"] == EVENTS), "{log}");
    for hidden in [tencent_vod::SECRET_KEY, mns::ACCESS_KEY_SECRET, "UserData", "TC3-HMAC", "Authorization"] {
        assert!(!log.contains(hidden), "{hidden} shows in {log}");
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
    // The first call of all asks for the queue's limits.
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
        Puller::new(keyring, queue, world.cloud.bucket(), SenderHttp::default(), clock, 256 << 20)
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
