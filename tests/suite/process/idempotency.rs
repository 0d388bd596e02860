//! Each event is processed once.

use mediahook::storage::idempotency::{Begun, Lease};
use mediahook::timeouts::Deadline;

use super::*;

async fn begin(store: &DynamoDbIdempotency) -> Begun {
    store.begin("a1", Deadline::after(IN_TIME)).await.unwrap()
}

async fn started(store: &DynamoDbIdempotency) -> Lease {
    match begin(store).await {
        Begun::Started(lease) => lease,
        other => panic!("not started: {other:?}"),
    }
}

#[tokio::test]
async fn the_same_batch_twice_is_processed_once() {
    let setup = Setup::new().await;
    let records = records(["a1", "a2", "b1", "a1"]);
    let mut log = String::new();
    for _ in 0..2 {
        let mut processor = setup.start().await;
        for _ in 0..2 {
            assert_eq!(invoke(&mut processor, &records).await, [""; 0]);
        }
        log += &processor.stop().await;
    }
    assert_eq!(sorted(setup.bus().ids()), ["a1", "a2", "b1"]);
    assert_eq!(log.matches("completed before").count(), 4 * 4 - 3);
    assert_eq!(setup.table().status("a1").await.as_deref(), Some("COMPLETED"));
}

#[tokio::test]
async fn a_completed_event_is_remembered_for_fourteen_days() {
    let setup = Setup::new().await;
    assert_eq!(invoke(&mut setup.start().await, &records(["a1"])).await, [""; 0]);
    let item = setup.table().item("a1").await.unwrap();
    let expires: i64 = item["expiresat"]["N"].as_str().unwrap().parse().unwrap();
    let in_14_days = OffsetDateTime::now_utc().unix_timestamp() + 14 * 24 * 3_600;
    assert!((in_14_days - 60..=in_14_days).contains(&expires), "{expires}");
}

#[tokio::test]
async fn two_processors_one_record_only_one_processes_it() {
    let setup = Setup::new().await;
    let [first, second] = [0, 1].map(|_| setup.processor(FakeHandler::default()));
    let records = [record("a1", "slow")];
    let (one, other) = tokio::join!(process(&first, &records, IN_TIME), process(&second, &records, IN_TIME));
    let mut answers = [one, other];
    answers.sort();
    assert_eq!(answers, [vec![], vec!["a1".to_owned()]]);
    assert_eq!(setup.table().status("a1").await.as_deref(), Some("COMPLETED"));
    // A redelivery finds it completed and succeeds.
    for processor in [&first, &second] {
        assert_eq!(process(processor, &records, IN_TIME).await, [""; 0]);
    }
    let seen = first.destination.handler.seen().len() + second.destination.handler.seen().len();
    assert_eq!(seen, 1);
}

#[tokio::test]
async fn of_two_records_with_one_id_begun_in_the_same_millisecond_one_is_processed() {
    fn noon() -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(1_796_040_000).unwrap()
    }
    let setup = Setup::new().await;
    let leases = LeaseConfig { lease: LEASE, ttl: Duration::from_hours(1) };
    let store = DynamoDbIdempotency::new(&setup.aws(), TABLE.to_owned(), leases, noon, RETRY_POLICY);
    let (first, second) = tokio::join!(begin(&store), begin(&store));
    let begun = [first, second];
    assert_eq!(begun.iter().filter(|begun| **begun == Begun::InProgress).count(), 1, "{begun:?}");
}

/// SQS would not redeliver it, and it is not a dead letter either, since it is processed.
#[tokio::test]
async fn at_its_last_receive_a_record_waits_for_the_one_with_the_same_id() {
    let setup = Setup::new().await;
    let processor = setup.processor(FakeHandler::default());
    let records = [record("a1", "slow"), record_of("a1", "b", &event("a1", "slow"))];
    assert_eq!(process(&processor, &last_receive(records), IN_TIME).await, [""; 0]);
    assert_eq!(processor.destination.handler.seen(), ["a1"]);
    assert_eq!(setup.dead().await, [""; 0]);
}

#[tokio::test]
async fn while_the_table_fails_or_throttles_no_record_is_processed_without_an_idempotency_record() {
    let setup = Setup::new().await;
    let mut processor = setup.start_for(SHORT).await;
    for fault in [Fault::Throttle, Fault::Error, Fault::Reset, Fault::Hang] {
        setup.table().faults(move |_| fault);
        assert_eq!(sorted(invoke(&mut processor, &records(["a1", "b1"])).await), ["a1", "b1"]);
    }
    assert_eq!(setup.bus().ids(), [""; 0]);
    setup.table().faults(|call| if call == 0 { Fault::Throttle } else { Fault::None });
    assert_eq!(invoke(&mut processor, &records(["a1", "b1"])).await, [""; 0]);
    assert_eq!(sorted(setup.bus().ids()), ["a1", "b1"]);
    let log = processor.stop().await;
    assert!(log.contains("no idempotency record: ThrottlingException"), "{log}");
}

#[tokio::test]
async fn a_table_that_does_not_exist_is_named_in_the_log() {
    let setup = Setup::new().await;
    setup.table().faults(|_| Fault::Code("ResourceNotFoundException"));
    let mut processor = setup.start_for(SHORT).await;
    assert_eq!(invoke(&mut processor, &records(["a1"])).await, ["a1"]);
    let log = processor.stop().await;
    assert!(log.contains(&format!("MEDIAHOOK_TABLE: there is no table `{TABLE}`")), "{log}");
}

#[tokio::test]
async fn a_retried_begin_recognizes_its_own_record() {
    let setup = Setup::new().await;
    let store = setup.idempotency(LEASE);
    for fault in [Fault::ResetAfter, Fault::AnswerLate(Duration::from_secs(3))] {
        setup.table().faults(move |call| if call == 0 { fault } else { Fault::None });
        let begun = store.begin("a1", Deadline::after(Duration::from_secs(4))).await.unwrap();
        let Begun::Started(lease) = begun else { panic!("not started: {begun:?}") };
        assert_eq!(begin(&store).await, Begun::InProgress);
        store.release(&lease, Deadline::after(IN_TIME)).await.unwrap();
    }
}

#[tokio::test]
async fn a_lease_that_has_ended_and_a_record_that_has_expired_are_free() {
    let setup = Setup::new().await;
    let in_time = Deadline::after(IN_TIME);
    let short = setup.idempotency(Duration::from_millis(400));
    let crashed = started(&short).await;
    assert_eq!(begin(&short).await, Begun::InProgress);
    tokio::time::sleep(Duration::from_millis(450)).await;
    let lease = started(&setup.idempotency(LEASE)).await;
    // An attempt whose lease has ended cannot release the record of another one.
    short.release(&crashed, in_time).await.unwrap();
    assert_eq!(begin(&short).await, Begun::InProgress);
    short.complete(&lease, in_time).await.unwrap();
    assert_eq!(begin(&short).await, Begun::Completed);

    let past = LeaseConfig { lease: LEASE, ttl: Duration::ZERO };
    let clock = || OffsetDateTime::now_utc() - Duration::from_secs(10);
    let past = DynamoDbIdempotency::new(&setup.aws(), TABLE.to_owned(), past, clock, RETRY_POLICY);
    past.complete(&lease, in_time).await.unwrap();
    started(&short).await;
}

#[tokio::test]
async fn a_handler_does_not_outlive_its_lease() {
    let setup = Setup::new().await;
    let lease = Duration::from_millis(500);
    let processor =
        Processor { idempotency: setup.idempotency(lease), ..setup.processor(FakeHandler::default()) };
    let began = Instant::now();
    assert_eq!(process(&processor, &[record("a1", "hang")], IN_TIME).await, ["a1"]);
    assert!(began.elapsed() < Duration::from_secs(5));
}

/// Killed with the idempotency record written and the event not on the bus: the lease decides.
#[tokio::test]
async fn records_of_a_killed_processor_are_processed_once_when_redelivered() {
    let setup = Setup::new().await;
    let mut variables = setup.variables();
    variables.push(("MEDIAHOOK_LEASE_S", "2".to_owned()));
    let records = records(["a1", "b1"]);
    setup.bus().faults(|_| Fault::Hang);
    let processor = Function::start(PROCESSOR, &variables).await;
    processor.begin(batch(&records)).await;
    for id in ["a1", "b1"] {
        until(async || setup.table().status(id).await.as_deref() == Some("INPROGRESS")).await;
    }
    processor.stop().await;
    setup.bus().faults(|_| Fault::None);

    let mut processor = Function::start(PROCESSOR, &variables).await;
    assert_eq!(sorted(invoke(&mut processor, &records).await), ["a1", "b1"], "in progress elsewhere");
    assert_eq!(setup.bus().ids(), [""; 0]);
    tokio::time::sleep(Duration::from_secs(2)).await;
    for _ in 0..2 {
        assert_eq!(invoke(&mut processor, &records).await, [""; 0]);
    }
    assert_eq!(sorted(setup.bus().ids()), ["a1", "b1"]);
    let log = processor.stop().await;
    assert!(log.contains("in progress elsewhere"), "{log}");
}

/// The one crash that cannot be hidden from the bus.
#[tokio::test]
async fn killed_between_put_and_completion_the_event_is_put_again_with_the_same_id() {
    let setup = Setup::new().await;
    let mut variables = setup.variables();
    variables.push(("MEDIAHOOK_LEASE_S", "1".to_owned()));
    setup.table().faults(|call| if call < 1 { Fault::None } else { Fault::Hang });
    let processor = Function::start(PROCESSOR, &variables).await;
    processor.begin(batch(&records(["a1"]))).await;
    until(async || setup.bus().ids() == ["a1"]).await;
    processor.stop().await;
    setup.table().faults(|_| Fault::None);
    assert_eq!(setup.table().status("a1").await.as_deref(), Some("INPROGRESS"));

    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let mut processor = Function::start(PROCESSOR, &variables).await;
    assert_eq!(invoke(&mut processor, &records(["a1"])).await, [""; 0]);
    assert_eq!(setup.bus().ids(), ["a1", "a1"], "consumers recognize it by its id");
    assert_eq!(setup.table().status("a1").await.as_deref(), Some("COMPLETED"));
}
