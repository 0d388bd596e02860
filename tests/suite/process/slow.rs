//! Slow services and passing errors: an event is waited for or tried again, and nothing is lost or put twice.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

#[tokio::test]
async fn a_bus_that_accepts_and_answers_after_two_seconds_gets_each_event_once() {
    let setup = Setup::new().await;
    let mut processor = setup.start().await;
    setup.bus().faults(|_| Fault::AnswerLate(Duration::from_secs(2)));
    assert_eq!(invoke(&mut processor, &last_receive(records(["a1", "a2", "b1"]))).await, [""; 0]);
    assert_eq!(sorted(setup.bus().ids()), ["a1", "a2", "b1"]);
    assert_eq!(setup.dead().await, [""; 0]);
}

#[tokio::test]
async fn a_slow_table_is_given_the_time_there_is() {
    let setup = Setup::new().await;
    let mut processor = setup.start().await;
    setup.table().faults(|_| Fault::AnswerLate(Duration::from_millis(1_600)));
    assert_eq!(invoke(&mut processor, &records(["a1"])).await, [""; 0]);
    assert_eq!(setup.bus().ids(), ["a1"]);
    setup.table().faults(|_| Fault::None);
    assert_eq!(setup.table().status("a1").await.as_deref(), Some("COMPLETED"));
}

#[tokio::test]
async fn a_passing_error_of_one_entry_at_its_last_receive_is_tried_again_and_makes_no_dead_letter() {
    for code in ["InternalFailure", "ThrottlingException"] {
        let setup = Setup::new().await;
        let mut processor = setup.start().await;
        let refused = AtomicUsize::new(0);
        setup.bus().refuses(move |entry| {
            let is_first = entry.to_string().contains("a1") && refused.fetch_add(1, Ordering::Relaxed) < 3;
            is_first.then_some(code)
        });
        let records = last_receive(records(["a1", "a2", "b1", "b2"]));
        assert_eq!(invoke(&mut processor, &records).await, [""; 0], "{code}");
        assert_eq!(setup.bus().ids(), ["b1", "b2", "a1", "a2"], "the other group does not wait");
        assert_eq!(setup.dead().await, [""; 0], "{code}");
    }
}

/// An entry that fails until its share of the time is over leaves the rest to those behind it.
#[tokio::test]
async fn behind_a_poison_event_the_others_are_tried_again_too() {
    let setup = Setup::new().await;
    let mut processor = setup.start_for(Duration::from_secs(6)).await;
    let refused = AtomicUsize::new(0);
    setup.bus().refuses(move |entry| {
        let is_poison = entry.to_string().contains("a1");
        let is_passing = entry.to_string().contains("a2") && refused.fetch_add(1, Ordering::Relaxed) < 2;
        (is_poison || is_passing).then_some("InternalFailure")
    });
    assert_eq!(invoke(&mut processor, &last_receive(records(["a1", "a2", "a3"]))).await, [""; 0]);
    assert_eq!(setup.bus().ids(), ["a2", "a3"]);
    assert_eq!(setup.dead().await, ["a1"]);
}

#[tokio::test]
async fn at_any_receive_a_bus_that_fails_for_three_seconds_costs_no_redelivery() {
    let setup = Setup::new().await;
    let mut processor = setup.start().await;
    for (id, fault) in [("a1", Fault::Error), ("b1", Fault::Throttle), ("c1", Fault::Reset)] {
        let began = Instant::now();
        setup
            .bus()
            .faults(move |_| if began.elapsed() < Duration::from_secs(3) { fault } else { Fault::None });
        assert_eq!(invoke(&mut processor, &records([id])).await, [""; 0], "{fault:?}");
        assert_eq!(setup.bus().ids().last().map(String::as_str), Some(id));
    }
}

/// Ten records of ten groups, and of five: 2.2 calls an event at most, and one `PutEvents` for each round.
#[tokio::test]
async fn a_batch_of_ten_needs_at_most_22_calls_and_one_put_events_for_each_round() {
    let setup = Setup::new().await;
    let mut processor = setup.start().await;
    assert_eq!(invoke(&mut processor, &records(["w1"])).await, [""; 0]);
    for groups in [10, 5] {
        setup.table().faults(|_| Fault::None);
        setup.bus().faults(|_| Fault::None);
        setup.bus().describe_faults(|_| Fault::None);
        let event = |n| event(&format!("e{groups}-{n}"), "t");
        let records: Vec<_> =
            (0..10).map(|n| record_of(&n.to_string(), &format!("g{}", n % groups), &event(n))).collect();
        assert_eq!(invoke(&mut processor, &records).await, [""; 0]);
        let [puts, checks] = setup.bus().calls();
        assert_eq!(puts, 10 / groups, "one for each round");
        let calls = puts + checks + setup.table().calls();
        assert!(calls <= 22, "{calls} calls for ten events of {groups} groups");
    }
}

/// The ten idempotency records of a batch are written at once, each on a connection of its own. If the pool kept fewer,
/// every batch would pay for TLS handshakes.
#[tokio::test]
async fn twenty_batches_of_ten_share_ten_connections() {
    let setup = Setup::new().await;
    let mut processor = setup.start().await;
    let before = setup.connections();
    for batch in 0..20 {
        let event = |n| event(&format!("e{batch}-{n}"), "t");
        let records: Vec<_> =
            (0..10).map(|n| record_of(&n.to_string(), &format!("g{n}"), &event(n))).collect();
        assert_eq!(invoke(&mut processor, &records).await, [""; 0]);
    }
    let opened = setup.connections() - before;
    assert!(opened <= 10, "{opened} connections");
}
