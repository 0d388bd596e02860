//! Large events and large answers.

use std::time::Duration;

use mediahook_testing::cloud::Fault;
use mediahook_testing::runtime_api::Function;
use mediahook_testing::tencent_vod::TencentVod;
use serde_json::json;

use super::{ALIBABA, PULLER, TENCENT, TIMEOUT, World, alibaba_event, assert_clean, run};

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

/// As many answers as are read at once, each nearly as large as one may be.
#[tokio::test]
async fn large_answers_of_several_sources_fit_into_the_memory() {
    const MEMORY_MIB: u64 = 128;
    let world = World::new().await;
    let text = "x".repeat(390_000);
    let (mut sources, mut senders) = (json!({}), Vec::new());
    for at in 0..6 {
        let sender = TencentVod::start(Duration::from_mins(1)).await;
        for number in 0..16 {
            sender.inbox.put(format!(
                r#"{{"EventType":"PullComplete","PullCompleteEvent":{{"TaskId":"{number}","Name":"{text}"}}}}"#
            ));
        }
        sources[format!("tencent-vod/s{at}")] = json!({ "pull": sender.settings() });
        senders.push(sender);
    }
    let mut variables = world.variables();
    variables.push(("MEDIAHOOK_SOURCES", sources.to_string()));
    variables.push(("AWS_LAMBDA_LOG_LEVEL", "INFO".to_owned()));
    variables.push(("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", MEMORY_MIB.to_string()));
    let mut puller = Function::start_with_timeout(PULLER, &variables, TIMEOUT).await;
    // On a busy machine the bucket is too slow for all of them at once.
    let mut runs = Vec::new();
    while senders.iter().any(|sender| sender.inbox.unconfirmed() > 0) {
        assert!(runs.len() < 5, "{runs:#?}");
        runs.push(run(&mut puller).await);
    }
    let peak_mib = puller.peak_memory_bytes().unwrap_or_default() >> 20;
    println!("{peak_mib} MiB at most in {} runs", runs.len());
    assert!(peak_mib < MEMORY_MIB, "{peak_mib} MiB");
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
