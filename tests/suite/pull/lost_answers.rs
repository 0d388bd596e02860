//! A sender hides the events that it handed out for 30 s, whether their answer arrived or not. So a retry that finds
//! nothing does not prove that there was nothing.

use std::time::Duration;

use mediahook_testing::cloud::Fault;
use mediahook_testing::http::{Response, response};
use mediahook_testing::runtime_api::Function;
use serde_json::Value;

use super::{ALIBABA, PULLER, TENCENT, World, assert_clean, run};

const HIDDEN: Duration = Duration::from_secs(30);

/// What arrives in place of an answer that has an event.
type Replaced = fn(&[u8]) -> Response;

const LOST: [(&str, Replaced); 4] = [
    ("a gateway's 502", |_| response(502, "text/html", "<html>Bad Gateway</html>")),
    ("a page", |_| response(200, "text/html", "<html><body>Please log in</body></html>")),
    ("half of it", |body| response(200, "text/plain", body[..body.len() / 2].to_vec())),
    ("nothing", |_| response(200, "text/plain", "")),
];

#[tokio::test]
async fn the_error_of_a_lost_answer_stays_though_the_retry_finds_nothing() {
    let check = async |name: &str, world: &World| {
        world.put(1);
        let mut puller = world.puller().await;
        let summary = run(&mut puller).await;
        for source in [TENCENT, ALIBABA] {
            let of_source = &summary.0[source];
            assert_eq!(of_source.pulled, 0, "{name}, {source}: {of_source:?}");
            assert!(of_source.error.is_some(), "{name}, {source}: {of_source:?}");
        }
        assert!(world.tencent.inbox.calls("PullEvents") > 1 && world.mns.inbox.calls("GET") > 1, "{name}");
        let log = puller.stop().await;
        let failed = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let failed = failed.filter(|line| line["level"] == "ERROR" && line["PullFailed"] == 1);
        assert_eq!(failed.count(), 2, "{name}: {log}");
    };
    for (name, replaced) in LOST {
        let world = World::with_visibility(HIDDEN).await;
        world.tencent.replaces(move |_, nth, body| (nth == 0).then(|| replaced(body)));
        world.mns.replaces(move |_, nth, body| (nth == 0).then(|| replaced(body)));
        check(name, &world).await;
    }
    let world = World::with_visibility(HIDDEN).await;
    world.tencent.faults(|_, nth| if nth == 0 { Fault::ResetAfter } else { Fault::None });
    world.mns.faults(|_, nth| if nth == 0 { Fault::ResetAfter } else { Fault::None });
    check("a reset", &world).await;
}

/// The events of the lost answer are hidden, whatever else is pulled.
#[tokio::test]
async fn the_error_of_a_lost_answer_stays_though_the_retry_finds_other_events() {
    let world = World::with_visibility(HIDDEN).await;
    // One more than an answer has.
    world.put(17);
    let lost = |call: &str, nth| match (call, nth) {
        ("PullEvents" | "GET", 0) => Fault::ResetAfter,
        _ => Fault::None,
    };
    world.tencent.faults(lost);
    world.mns.faults(lost);
    let summary = run(&mut world.puller().await).await;
    for source in [TENCENT, ALIBABA] {
        let of_source = &summary.0[source];
        assert_eq!(of_source.pulled, 1, "{source}: {of_source:?}");
        assert!(of_source.error.is_some(), "{source}: {of_source:?}");
    }
}

/// The sender says that it failed, so it handed out nothing: the retry gets the events.
#[tokio::test]
async fn a_sender_that_fails_once_is_no_error_if_the_retry_gets_the_events() {
    let world = World::with_visibility(HIDDEN).await;
    world.put(1);
    world.tencent.faults(|_, nth| if nth == 0 { Fault::Error } else { Fault::None });
    world.mns.faults(|_, nth| if nth == 0 { Fault::Error } else { Fault::None });
    let summary = run(&mut world.puller().await).await;
    for source in [TENCENT, ALIBABA] {
        assert_clean(&summary, source, 1);
    }
}

#[tokio::test]
async fn an_answer_may_take_as_long_as_its_receipts_live() {
    const LATE: Duration = Duration::from_secs(12);
    let world = World::with_visibility(HIDDEN).await;
    world.put(1);
    let late = |call: &str, nth: usize| match (call, nth) {
        ("PullEvents" | "GET", 0) => Fault::AnswerLate(LATE),
        _ => Fault::None,
    };
    world.tencent.faults(late);
    world.mns.faults(late);
    let summary = run(&mut world.puller().await).await;
    for source in [TENCENT, ALIBABA] {
        assert_clean(&summary, source, 1);
    }
}

#[tokio::test]
async fn a_sender_that_does_not_answer_is_an_error() {
    let world = World::with_visibility(HIDDEN).await;
    world.put(1);
    world.tencent.faults(|_, _| Fault::Hang);
    world.mns.faults(|_, _| Fault::Hang);
    let timeout = Duration::from_secs(26);
    let mut puller = Function::start_with_timeout(PULLER, &world.variables(), timeout).await;
    let summary = run(&mut puller).await;
    for source in [TENCENT, ALIBABA] {
        assert!(summary.0[source].error.is_some(), "{summary:?}");
    }
}

/// Below 25 s no pull fits: that would be a puller that pulls nothing for ever and looks healthy.
#[tokio::test]
async fn an_invocation_too_short_for_a_pull_is_misconfigured() {
    let world = World::new().await;
    world.put(1);
    let timeout = Duration::from_secs(20);
    let mut puller = Function::start_with_timeout(PULLER, &world.variables(), timeout).await;
    let summary = run(&mut puller).await;
    for source in [TENCENT, ALIBABA] {
        assert!(summary.0[source].error.is_some(), "{summary:?}");
    }
    let log = puller.stop().await;
    let lines: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let mut misconfigured = lines.iter().filter(|line| line["Misconfigured"] == 1);
    assert!(misconfigured.any(|line| line["level"] == "ERROR"), "{log}");
}
