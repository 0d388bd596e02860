//! Bodies that never become a message of the queue.

use std::collections::HashSet;
use std::time::Duration;

use mediahook_testing::cloud::Fault;

use super::{ALIBABA, TENCENT, World, assert_in_order, run};

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
