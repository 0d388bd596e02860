//! Groups and time: the events of one media asset in order, and no media asset waits for another.

use mediahook::ingest::{claim_check, message};
use mediahook::storage::Bucket as _;

use super::*;

#[tokio::test]
async fn a_failure_stops_its_group_and_no_other() {
    for how in ["fail", "panic"] {
        let setup = Setup::new().await;
        let processor = setup.processor(FakeHandler::default());
        let records = [
            record("a1", "ok"),
            record("b1", how),
            record("a2", "ok"),
            record("b2", "ok"),
            record("c1", "ok"),
            record("b3", "ok"),
        ];
        assert_eq!(process(&processor, &records, IN_TIME).await, ["b1", "b2", "b3"], "{how}");
        let seen = processor.destination.handler.seen();
        assert_eq!(seen.iter().filter(|id| id.starts_with('a')).collect::<Vec<_>>(), ["a1", "a2"]);
        assert_eq!(sorted(seen), ["a1", "a2", "b1", "c1"]);
        assert_eq!(setup.table().status("b1").await, None, "released");
    }
}

#[tokio::test]
async fn a_slow_handler_delays_no_other_media_asset() {
    let setup = Setup::new().await;
    let processor = setup.processor(FakeHandler::default());
    let records = [record("a1", "hang"), record("b1", "ok"), record("b2", "ok"), record("b3", "ok")];
    assert_eq!(process(&processor, &records, SHORT).await, ["a1"]);
    assert_eq!(processor.destination.handler.seen().len(), 4);
}

#[tokio::test]
async fn a_record_without_a_group_is_a_group_by_itself() {
    let setup = Setup::new().await;
    let processor = setup.processor(FakeHandler::default());
    let records = [record("a1", "fail"), record("a2", "ok")].map(|mut record| {
        record["attributes"].as_object_mut().unwrap().remove("MessageGroupId");
        record
    });
    assert_eq!(process(&processor, &records, IN_TIME).await, ["a1"]);
}

#[tokio::test]
async fn a_failed_record_without_an_id_makes_sqs_redeliver_the_whole_batch() {
    let setup = Setup::new().await;
    let processor = setup.processor(FakeHandler::default());
    for id in [json!(null), json!("")] {
        let mut nameless = record("a1", "fail");
        nameless["messageId"] = id;
        assert_eq!(process(&processor, &[nameless, record("b1", "ok")], IN_TIME).await, [""]);
    }
    assert_eq!(process(&processor, &[], IN_TIME).await, [""; 0], "an empty batch has no failures");
}

#[tokio::test]
async fn what_failed_is_free_at_once_and_a_handler_that_overruns_is_cut_off() {
    let setup = Setup::new().await;
    let processor = setup.processor(FakeHandler::default());
    for (group, how) in [("a", "fail"), ("c", "hang")] {
        let ids = [1, 2].map(|number| format!("{group}{number}"));
        let records = [record(&ids[0], how), record(&ids[1], "ok"), record("b1", "ok")];
        let began = Instant::now();
        assert_eq!(process(&processor, &records, SHORT).await, ids);
        assert!(began.elapsed() < SHORT);
        assert_eq!(setup.table().status(&ids[0]).await, None, "released");
        assert_eq!(setup.table().status("b1").await.as_deref(), Some("COMPLETED"));
    }
}

#[tokio::test]
async fn without_time_no_record_is_started() {
    let setup = Setup::new().await;
    let processor = setup.processor(FakeHandler::default());
    let records = [record("a1", "ok"), record("a2", "ok"), record("b1", "ok")];
    assert_eq!(process(&processor, &records, Duration::ZERO).await, ["a1", "a2", "b1"]);
    assert_eq!(process(&processor, &last_receive(records), Duration::ZERO).await, ["a1", "a2", "b1"]);
    assert_eq!(processor.destination.handler.seen(), [""; 0]);
    assert_eq!(
        setup.dead().await,
        [""; 0],
        "an event that was not tried is not sent to the dead-letter queue"
    );
}

/// A handler may also panic before it returns its future.
#[tokio::test]
async fn a_handler_that_panics_before_it_returns_its_future_fails_only_its_record() {
    struct Eager;
    impl Handler for Eager {
        fn handle(&self, event: &CloudEvent) -> impl Future<Output = Result<(), Failure>> + Send {
            assert!(event.event_type != "panic", "scripted");
            async { Ok(()) }
        }
    }
    let setup = Setup::new().await;
    let records = [record("a1", "panic"), record("b1", "ok")];
    assert_eq!(process(&setup.processor(Eager), &records, IN_TIME).await, ["a1"]);
}

/// Keeps the data of its events.
struct DataHandler {
    data: Mutex<Vec<Option<String>>>,
    needs_data: bool,
}

impl Handler for DataHandler {
    async fn handle(&self, event: &CloudEvent) -> Result<(), Failure> {
        assert_eq!(event.data.is_some(), event.dataref.is_none());
        self.data.lock().unwrap().push(event.data.as_ref().map(|data| data.get().to_owned()));
        Ok(())
    }

    fn needs_data(&self) -> bool {
        self.needs_data
    }
}

/// The record of an event whose data is in the bucket, as it was when the receiver put it there, spaces and all.
async fn with_data_in_bucket(setup: &Setup, id: &str) -> Value {
    let mut large = envelope::parse(event(id, "t").replace(r#"{"n":1}"#, r#"{ "n": 1.0 }"#)).unwrap();
    claim_check::check_in(&mut large, &setup.bucket()).await.unwrap();
    record_of(id, "a", &message(&large).body)
}

#[tokio::test]
async fn the_data_of_a_large_event_is_fetched_before_the_handler_unless_it_declines() {
    let setup = Setup::new().await;
    let process = async |needs_data, [large, small]: [&str; 2]| {
        let processor = setup.processor(DataHandler { data: Mutex::default(), needs_data });
        let records = [with_data_in_bucket(&setup, large).await, record(small, "t")];
        let is_down = small == "a9";
        setup.s3_faults(move |_| if is_down { Fault::Error } else { Fault::None });
        let failed = process(&processor, &records, SHORT).await;
        setup.s3_faults(|_| Fault::None);
        (failed, processor.destination.handler.data.into_inner().unwrap())
    };
    let (own, inline) = (Some(r#"{ "n": 1.0 }"#.to_owned()), Some(r#"{"n":1}"#.to_owned()));
    assert_eq!(process(true, ["a1", "a2"]).await, (vec![], vec![own, inline.clone()]));
    assert_eq!(process(false, ["a3", "a4"]).await, (vec![], vec![None, inline]));
    // Without its data the event is not handled, and is retried.
    assert_eq!(process(true, ["a8", "a9"]).await, (vec!["a8".to_owned(), "a9".to_owned()], vec![]));
}

/// No retry makes JSON of it, so it must not delay the later events of its media asset.
#[tokio::test]
async fn an_event_whose_data_is_not_json_is_a_dead_letter() {
    let setup = Setup::new().await;
    let records = [with_data_in_bucket(&setup, "a1").await, record("a2", "t")];
    let (key, _) = setup.objects("payload/").await.remove(0);
    setup.bucket().put(&key, b"not JSON".to_vec(), "application/json").await.unwrap();
    let processor = setup.processor(DataHandler { data: Mutex::default(), needs_data: true });
    assert_eq!(process(&processor, &records, IN_TIME).await, [""; 0]);
    assert_eq!(setup.dead().await, ["a1"]);
    assert_eq!(processor.destination.handler.data.into_inner().unwrap().len(), 1, "a2");
}
