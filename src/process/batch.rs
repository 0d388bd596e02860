//! One batch: its message groups to a handler or to the bus, and the answer to SQS.

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};

use super::group::Group;
use super::processor::{Batch, Processor};
use crate::lambda::invocation::Invocation;
use crate::storage::Queue;
use crate::storage::idempotency::IdempotencyStore;
use crate::timeouts::process::BatchDeadlines;

/// Delivers the events of a batch: [`super::HandlerDispatch`] one by one to a handler,
/// [`super::publish::Publisher`] several in one request to an event bus.
pub trait Dispatch: Send + Sync {
    /// Prepares in init for the first batch.
    fn prepare(&self) -> impl Future<Output = ()> + Send {
        async {}
    }

    /// Processes the groups side by side, the records of each in order. Leaves in each group what SQS is to redeliver.
    fn dispatch<I: IdempotencyStore, Q: Queue>(
        &self,
        groups: &mut [Group<'_>],
        batch: &Batch<'_, I, Q>,
    ) -> impl Future<Output = ()> + Send;
}

/// The batch cannot be answered record by record, so SQS has to redeliver all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a record without a message id failed: SQS must redeliver the whole batch")]
pub struct BatchError;

impl<I: IdempotencyStore, Q: Queue> Processor<I, Q> {
    /// Processes a batch, and answers which records failed.
    ///
    /// # Errors
    /// [`BatchError`] if a record that failed has no id. An answer with an empty id would make SQS redeliver the batch, too.
    pub async fn process(
        &self,
        dispatch: &impl Dispatch,
        event: SqsEvent,
        deadline: BatchDeadlines,
        invocation: &Invocation,
    ) -> Result<SqsBatchResponse, BatchError> {
        let mut groups = Group::of(&event.records);
        let batch = Batch { processor: self, deadline, invocation };
        dispatch.dispatch(&mut groups, &batch).await;
        let mut response = SqsBatchResponse::default();
        for record in groups.into_iter().flat_map(Group::into_failed) {
            let mut failure = BatchItemFailure::default();
            failure.item_identifier =
                record.message_id.clone().filter(|id| !id.is_empty()).ok_or(BatchError)?;
            response.batch_item_failures.push(failure);
        }
        Ok(response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::dynamodb::DynamoDbIdempotency;
    use crate::aws::s3::S3Bucket;
    use crate::event::envelope::Message;
    use crate::process::{Failure, Handler, HandlerDispatch};
    use crate::storage::{EntryError, StoreError};
    use crate::telemetry::Recorder;
    use mediahook_events::CloudEvent;
    use serde_json::json;
    use std::sync::Mutex;
    use std::time::Duration;
    use time::OffsetDateTime;
    use tokio::time::Instant;

    /// Does what the event's type says, and records the order of its events.
    #[derive(Default)]
    struct Scripted(Mutex<Vec<String>>);

    impl Handler for Scripted {
        async fn handle(&self, event: &CloudEvent) -> Result<(), Failure> {
            self.0.lock().unwrap().push(event.id.clone());
            tokio::task::yield_now().await;
            match event.event_type.as_str() {
                "fail" => Err("scripted".into()),
                "panic" => panic!("scripted"),
                "hang" => std::future::pending().await,
                "slow" => {
                    tokio::time::sleep(Duration::from_millis(1_200)).await;
                    Ok(())
                }
                _ => Ok(()),
            }
        }
    }

    fn record(id: &str, group: &str, event_type: &str) -> serde_json::Value {
        let envelope = json!({
            "specversion": "1.0", "id": id, "source": "a/b", "type": event_type, "time": "2026-11-22T05:50:25Z",
            "channel": "push", "receivedtime": "2026-11-22T05:50:25Z", "data": {}
        });
        json!({ "messageId": id, "body": envelope.to_string(), "attributes": { "MessageGroupId": group } })
    }

    fn dispatch<H: Handler>(handler: H) -> HandlerDispatch<H, S3Bucket> {
        HandlerDispatch { handler, bucket: None }
    }

    fn processor(dead_letters: Option<&Kept>) -> Processor<DynamoDbIdempotency, &Kept> {
        Processor {
            idempotency: None,
            dead_letters,
            max_receive_count: dead_letters.map(|_| 3),
            bucket_name: None,
            recorder: Recorder::silent(),
            now: OffsetDateTime::now_utc,
        }
    }

    async fn process(records: serde_json::Value) -> (Result<Vec<String>, BatchError>, Vec<String>) {
        let scripted = dispatch(Scripted::default());
        let batch = serde_json::from_value(json!({ "Records": records })).unwrap();
        let deadline = BatchDeadlines::new(Duration::from_secs(30));
        let response = processor(None).process(&scripted, batch, deadline, &Invocation::default()).await;
        let failed = response.map(|r| r.batch_item_failures.into_iter().map(|f| f.item_identifier).collect());
        (failed, scripted.handler.0.into_inner().unwrap())
    }

    #[tokio::test]
    async fn a_failure_stops_its_group_and_no_other() {
        for how in ["fail", "panic"] {
            let (failed, seen) = process(json!([
                record("a1", "a", "ok"),
                record("b1", "b", how),
                record("a2", "a", "ok"),
                record("b2", "b", "ok"),
                record("c1", "c", "ok"),
                record("b3", "b", "ok"),
            ]))
            .await;
            assert_eq!(failed.unwrap(), ["b1", "b2", "b3"], "{how}");
            assert_eq!(seen, ["a1", "b1", "c1", "a2"], "groups side by side, each in order");
        }
    }

    #[tokio::test]
    async fn a_record_that_is_not_an_envelope_fails_like_any_other() {
        for body in [json!(null), json!(""), json!("{}"), json!("no envelope"), json!("[1,2]")] {
            let mut bad = record("a1", "a", "ok");
            bad["body"] = body;
            let (failed, seen) =
                process(json!([bad, record("a2", "a", "ok"), record("b1", "b", "ok")])).await;
            assert_eq!(failed.unwrap(), ["a1", "a2"]);
            assert_eq!(seen, ["b1"]);
        }
    }

    #[tokio::test]
    async fn a_record_without_a_group_is_a_group_by_itself() {
        let mut records = [record("a1", "", "fail"), record("a2", "", "ok")];
        for record in &mut records {
            record["attributes"] = json!({});
        }
        let (failed, seen) = process(json!(records)).await;
        assert_eq!(failed.unwrap(), ["a1"]);
        assert_eq!(seen, ["a1", "a2"]);
    }

    #[tokio::test]
    async fn a_failed_record_without_an_id_makes_sqs_redeliver_the_whole_batch() {
        for id in [json!(null), json!("")] {
            let mut nameless = record("a1", "a", "fail");
            nameless["messageId"] = id;
            assert_eq!(process(json!([nameless, record("b1", "b", "ok")])).await.0, Err(BatchError));
        }
    }

    #[tokio::test]
    async fn a_handler_is_cut_off_before_the_invocation_ends_and_no_record_is_started_too_late() {
        let scripted = dispatch(Scripted::default());
        let records = json!([record("a1", "a", "hang"), record("a2", "a", "ok"), record("b1", "b", "ok")]);
        let batch: SqsEvent = serde_json::from_value(json!({ "Records": records })).unwrap();
        for (left_ms, failed, seen) in
            [(400, vec!["a1", "a2"], vec!["a1", "b1"]), (0, vec!["a1", "a2", "b1"], vec!["a1", "b1"])]
        {
            let (began, left) = (Instant::now(), Duration::from_millis(left_ms));
            let response = processor(None)
                .process(&scripted, batch.clone(), BatchDeadlines::new(left), &Invocation::default())
                .await
                .unwrap();
            assert!(left_ms == 0 || began.elapsed() < left);
            let ids: Vec<_> =
                response.batch_item_failures.iter().map(|f| f.item_identifier.as_str()).collect();
            assert_eq!(ids, failed, "{left_ms}");
            assert_eq!(*scripted.handler.0.lock().unwrap(), seen, "{left_ms}");
        }
    }

    /// Keeps what it is sent, or fails.
    #[derive(Default)]
    struct Kept(Mutex<Vec<String>>, bool);

    impl Queue for &Kept {
        fn max_message_bytes(&self) -> usize {
            usize::MAX
        }
        async fn enqueue(&self, message: &Message) -> Result<(), StoreError> {
            if self.1 {
                return Err(StoreError("down".to_owned()));
            }
            self.0.lock().unwrap().push(message.deduplication_id.clone());
            Ok(())
        }
        async fn enqueue_batch(&self, _: &[&Message]) -> Result<Vec<Result<(), EntryError>>, StoreError> {
            Err(StoreError("not a batch".to_owned()))
        }
    }

    /// What is reported failed, what the handler saw, what is dead, of a batch received so often with `left` to go.
    async fn at_receive(
        receive: u32,
        dead_letters: &Kept,
        mut records: Vec<serde_json::Value>,
        left: Duration,
    ) -> (Vec<String>, Vec<String>, Vec<String>) {
        for record in &mut records {
            record["attributes"]["ApproximateReceiveCount"] = receive.to_string().into();
        }
        let scripted = dispatch(Scripted::default());
        let batch = serde_json::from_value(json!({ "Records": records })).unwrap();
        let processor = processor(Some(dead_letters));
        let response = processor
            .process(&scripted, batch, BatchDeadlines::new(left), &Invocation::default())
            .await
            .unwrap();
        let failed = response.batch_item_failures.into_iter().map(|f| f.item_identifier).collect();
        (failed, scripted.handler.0.into_inner().unwrap(), dead_letters.0.lock().unwrap().clone())
    }

    fn texts<const N: usize>(ids: [&str; N]) -> Vec<String> {
        ids.map(String::from).to_vec()
    }

    #[tokio::test]
    async fn a_record_that_fails_at_its_last_receive_is_a_dead_letter_and_its_group_goes_on_in_order() {
        let left = Duration::from_secs(10);
        for how in ["fail", "panic"] {
            let kept = Kept::default();
            let batch = || {
                vec![
                    record("a1", "a", how),
                    record("a2", "a", "ok"),
                    record("b1", "b", "ok"),
                    record("a3", "a", "ok"),
                ]
            };
            for receive in [1, 2] {
                let (failed, seen, dead) = at_receive(receive, &kept, batch(), left).await;
                assert_eq!((failed, dead), (texts(["a1", "a2", "a3"]), vec![]), "{how}");
                assert_eq!(seen, ["a1", "b1"], "{how}");
            }
            let (failed, seen, dead) = at_receive(3, &kept, batch(), left).await;
            assert_eq!((failed, dead), (vec![], texts(["a1"])), "{how}");
            assert_eq!(seen, ["a1", "b1", "a2", "a3"], "{how}");
        }
    }

    #[tokio::test]
    async fn when_the_dead_letter_queue_fails_too_the_record_fails_with_the_rest_of_its_group() {
        let kept = Kept(Mutex::default(), true);
        let batch = vec![record("a1", "a", "fail"), record("a2", "a", "ok"), record("b1", "b", "ok")];
        let (failed, seen, _) = at_receive(3, &kept, batch, Duration::from_secs(10)).await;
        assert_eq!(failed, ["a1", "a2"]);
        assert_eq!(seen, ["a1", "b1"]);
    }

    #[tokio::test]
    async fn at_its_last_receive_a_record_is_started_while_any_handler_time_is_left() {
        let kept = Kept::default();
        // Handlers have 1.5 s, and what is begun in the last half second of it only at its last receive.
        let left = Duration::from_secs(2);
        let batch = || vec![record("a1", "a", "slow"), record("a2", "a", "ok")];
        let (failed, seen, dead) = at_receive(2, &kept, batch(), left).await;
        assert_eq!((failed, seen, dead), (texts(["a2"]), texts(["a1"]), vec![]));
        let (failed, seen, dead) = at_receive(3, &kept, batch(), left).await;
        assert_eq!((failed, seen, dead), (vec![], texts(["a1", "a2"]), vec![]));
        // With none left it is reported failed: it was not tried, so it is no dead letter of ours.
        let batch = vec![record("a1", "a", "hang"), record("a2", "a", "ok")];
        let (failed, seen, dead) = at_receive(3, &kept, batch, left).await;
        assert_eq!((failed, seen, dead), (texts(["a2"]), texts(["a1"]), texts(["a1"])));
    }

    #[tokio::test]
    async fn a_handler_that_panics_before_it_returns_its_future_fails_only_its_record() {
        struct Eager;
        impl Handler for Eager {
            fn handle(&self, event: &CloudEvent) -> impl Future<Output = Result<(), Failure>> + Send {
                assert!(event.event_type != "panic", "scripted");
                async { Ok(()) }
            }
        }
        let batch = json!({ "Records": [record("a1", "a", "panic"), record("b1", "b", "ok")] });
        let batch = serde_json::from_value(batch).unwrap();
        let deadline = BatchDeadlines::new(Duration::from_secs(10));
        let response =
            processor(None).process(&dispatch(Eager), batch, deadline, &Invocation::default()).await.unwrap();
        let failed: Vec<_> =
            response.batch_item_failures.iter().map(|f| f.item_identifier.as_str()).collect();
        assert_eq!(failed, ["a1"]);
    }

    #[tokio::test]
    async fn an_empty_batch_has_no_failures() {
        assert_eq!(process(json!([])).await.0, Ok(vec![]));
    }
}
