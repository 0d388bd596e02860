//! Processes one batch: it decides which records are processed, and which SQS must redeliver.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use tokio::time::{Instant, timeout_at};

use super::dead_letter;
use super::handler::{Failure, FailureAction};
use super::record::{Event, Record, RecordOutcome};
use super::record_log::{RecordLog, log_misconfigured, receive_count};
use crate::lambda::invocation::Invocation;
use crate::storage::idempotency::{Claim, IdempotencyStore, Lease};
use crate::storage::{Queue, StoreError};
use crate::telemetry::Recorder;
use crate::timeouts::Clock;
use crate::timeouts::process::BatchDeadlines;

/// Processes batches, and holds what all records need.
#[derive(Debug)]
pub struct Processor<I, Q> {
    /// The idempotency records. Without them a redelivered event is processed again.
    pub idempotency: Option<I>,
    /// The dead-letter queue. Without it every failure is retried until SQS itself moves the record.
    pub dead_letters: Option<Q>,
    /// The queue's `maxReceiveCount`. Without it the processor cannot recognize a record's last receive.
    pub max_receive_count: Option<u32>,
    /// The bucket that every `dataref` must point to, if it is known.
    pub bucket_name: Option<String>,
    /// Writes a wide event for each record.
    pub recorder: Recorder,
    /// The wall clock, from which the logged age of an event is computed.
    pub now: Clock,
}

/// The records of one message group, in order.
pub(super) type Group<'r> = Vec<&'r SqsMessage>;

/// The destination of a batch's events: a handler ([`super::HandlerDispatch`]) or an event bus
/// ([`super::publish::Publisher`]).
pub trait Dispatch: Send + Sync {
    /// Prepares for the first batch, in init.
    fn prepare(&self) -> impl Future<Output = ()> + Send {
        async {}
    }

    /// Processes the groups concurrently, and the records of each in order. Returns the records that SQS must
    /// redeliver.
    fn dispatch<'r, I: IdempotencyStore, Q: Queue>(
        &self,
        groups: Vec<Vec<&'r SqsMessage>>,
        batch: &Batch<'_, I, Q>,
    ) -> impl Future<Output = Vec<&'r SqsMessage>> + Send;
}

/// Delivers one event.
pub(super) trait Deliver: Sync {
    /// Returns once the event is processed.
    ///
    /// # Errors
    /// [`Failure`] if the event was not processed.
    fn deliver(&self, event: &Event<'_>) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// The batch cannot be answered record by record, so SQS must redeliver all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a record without a message id failed: SQS must redeliver the whole batch")]
pub struct BatchError;

impl<I: IdempotencyStore, Q: Queue> Processor<I, Q> {
    /// Processes a batch, and returns the records that failed.
    ///
    /// # Errors
    /// [`BatchError`] if a failed record has no id. An answer with an empty id would also make SQS redeliver the
    /// whole batch.
    pub async fn process(
        &self,
        dispatch: &impl Dispatch,
        event: SqsEvent,
        deadlines: BatchDeadlines,
        invocation: &Invocation,
    ) -> Result<SqsBatchResponse, BatchError> {
        let batch = Batch { processor: self, deadlines, invocation };
        let redelivered = dispatch.dispatch(groups(&event.records), &batch).await;
        let mut response = SqsBatchResponse::default();
        for record in redelivered {
            let mut failure = BatchItemFailure::default();
            failure.item_identifier =
                record.message_id.clone().filter(|id| !id.is_empty()).ok_or(BatchError)?;
            response.batch_item_failures.push(failure);
        }
        Ok(response)
    }
}

/// A batch that is being processed.
pub struct Batch<'a, I, Q> {
    processor: &'a Processor<I, Q>,
    pub(super) deadlines: BatchDeadlines,
    invocation: &'a Invocation,
}

impl<I: IdempotencyStore, Q: Queue> Batch<'_, I, Q> {
    /// Processes the groups concurrently, so that a slow group does not delay another one. Returns the records that
    /// SQS must redeliver.
    pub(super) async fn process_groups<'r>(
        &self,
        groups: Vec<Group<'r>>,
        destination: &impl Deliver,
    ) -> Vec<&'r SqsMessage> {
        let groups = groups.into_iter().map(|group| self.process_group(group, destination));
        join_all(groups).await.into_iter().flatten().collect()
    }

    /// Stops at the first failure: the later records of the group must not overtake it.
    async fn process_group<'r>(&self, mut group: Group<'r>, destination: &impl Deliver) -> Group<'r> {
        for (place, message) in group.iter().enumerate() {
            let record = self.read(message);
            let outcome = self.process_record(&record, destination).await;
            let is_redelivered = matches!(outcome, RecordOutcome::Failed(_));
            self.log(&record, &outcome, if is_redelivered { group.len() - place - 1 } else { 0 });
            if is_redelivered {
                return group.split_off(place);
            }
        }
        Vec::new()
    }

    async fn process_record(&self, record: &Record<'_>, destination: &impl Deliver) -> RecordOutcome {
        let event = match &record.event {
            Ok(event) => event,
            // No retry turns it into an envelope.
            Err(why) => return self.retry_or_dead_letter(record, Failure::dead_letter(why)).await,
        };
        let last_receive = self.last_receive(record);
        if !self.deadlines.may_begin(last_receive.is_some()) {
            // Not sent to the dead-letter queue, because it was not tried.
            let failure = Failure::new("too little of the invocation was left to begin it");
            return RecordOutcome::Failed(match last_receive {
                Some(last) => failure.and(last).and("SQS moves it to the dead-letter queue untried"),
                None => failure,
            });
        }
        match self.process_event(event, destination).await {
            Ok(outcome) => outcome,
            Err(failure) => self.retry_or_dead_letter(record, failure).await,
        }
    }

    /// Processes an event, unless it is completed or in progress.
    async fn process_event(
        &self,
        event: &Event<'_>,
        destination: &impl Deliver,
    ) -> Result<RecordOutcome, Failure> {
        let until = self.deadlines.handlers.instant();
        let Some(store) = &self.processor.idempotency else {
            return deliver(event, destination, until).await.map(|()| RecordOutcome::Processed);
        };
        let asked = Instant::now();
        let claim = in_time(until, store.claim(&event.envelope.id)).await;
        match claim.map_err(|error| format!("not claimed: {error}"))? {
            Claim::Completed => Ok(RecordOutcome::Duplicate),
            Claim::InProgress => Err(Failure::new("in progress elsewhere")),
            Claim::Granted(lease) => {
                // After the lease, another process may process the event.
                let result = deliver(event, destination, until.min(asked + lease.length)).await;
                self.end_lease(store, &lease, result.is_ok()).await;
                result.map(|()| RecordOutcome::Processed)
            }
        }
    }

    /// Ends a lease: the event is completed, or free again. If the table fails here, that is only
    /// logged: otherwise a processed event would be processed again. A lease that is not released ends by itself.
    async fn end_lease(&self, store: &I, lease: &Lease, is_completed: bool) {
        let until = self.deadlines.answer.instant();
        let ended = if is_completed {
            in_time(until, store.complete(lease)).await
        } else {
            in_time(until, store.release(lease)).await
        };
        match ended {
            Ok(()) => {}
            Err(error) if is_completed => tracing::error!(
                id = lease.id,
                %error,
                "processed, but not marked completed: if SQS redelivers the event after its lease, it is processed again"
            ),
            Err(error) => {
                tracing::warn!(id = lease.id, %error, "not released: it is in progress until its lease ends");
            }
        }
    }

    /// Sends the record to the dead-letter queue if this was its last receive, or if no retry can help. If it were
    /// reported failed at its last receive, SQS would also move the later records of its group, untried.
    async fn retry_or_dead_letter(&self, record: &Record<'_>, failure: Failure) -> RecordOutcome {
        match self.last_receive(record) {
            Some(last) => self.send_to_dlq(record, failure.and(last)).await,
            None if failure.action() == FailureAction::DeadLetter => self.send_to_dlq(record, failure).await,
            None => RecordOutcome::Failed(failure),
        }
    }

    /// The text for the log if SQS delivers this record for the last time, else nothing.
    fn last_receive(&self, record: &Record<'_>) -> Option<String> {
        let (max, received) = (self.processor.max_receive_count?, receive_count(record.message)?);
        (received >= max).then(|| format!("this was its last receive ({received} of {max})"))
    }

    /// Sends a record to the dead-letter queue. It leaves this queue only after the dead-letter queue has it.
    async fn send_to_dlq(&self, record: &Record<'_>, failure: Failure) -> RecordOutcome {
        let (Some(queue), Some(message)) = (&self.processor.dead_letters, dead_letter::of(record.message))
        else {
            return RecordOutcome::Failed(failure);
        };
        let enqueue = async { queue.enqueue(&message).await.map_err(|error| error.why) };
        match in_time(self.deadlines.answer.instant(), enqueue).await {
            Ok(()) => RecordOutcome::DeadLetter(failure),
            Err(error) => {
                RecordOutcome::Failed(failure.and(format!("not sent to the dead-letter queue: {error}")))
            }
        }
    }

    /// Reports every record as failed, and tries none. Logs the first one of each group.
    pub(super) fn fail_all<'r>(&self, groups: Vec<Group<'r>>, reason: &str) -> Vec<&'r SqsMessage> {
        for group in &groups {
            if let [first, behind @ ..] = &**group {
                let outcome = RecordOutcome::Failed(Failure::new(reason));
                self.log(&self.read(first), &outcome, behind.len());
            }
        }
        groups.into_iter().flatten().collect()
    }

    fn read<'r>(&self, message: &'r SqsMessage) -> Record<'r> {
        Record::read(message, self.processor.bucket_name.as_deref())
    }

    fn log(&self, record: &Record<'_>, outcome: &RecordOutcome, held_back: usize) {
        let (at, invocation) = ((self.processor.now)(), self.invocation);
        RecordLog { record, outcome, held_back, at, invocation }.write(&self.processor.recorder);
    }

    /// Logs that a variable names something that does not exist.
    pub(super) fn log_misconfigured(&self, error: &str) {
        log_misconfigured(&self.processor.recorder, error, (self.processor.now)(), self.invocation);
    }
}

/// Delivers an event, before the deadline. A panic is a failure of this event alone.
async fn deliver(event: &Event<'_>, destination: &impl Deliver, until: Instant) -> Result<(), Failure> {
    // In a block of its own, because a handler may also panic before it returns its future.
    let delivered = AssertUnwindSafe(async { destination.deliver(event).await }).catch_unwind();
    match timeout_at(until, delivered).await {
        Ok(Ok(result)) => result,
        Ok(Err(panic)) => Err(Failure::new(format!("panic: {}", panic_message(panic.as_ref())))),
        Err(_) => Err(Failure::new("cut off: the lease or the invocation is at its end")),
    }
}

async fn in_time<T>(
    until: Instant,
    step: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    timeout_at(until, step).await.map_err(|_| StoreError("no answer in time".to_owned()))?
}

/// The records of each message group, in the batch's order. A record without a group is a group of its own.
fn groups(records: &[SqsMessage]) -> Vec<Group<'_>> {
    let mut groups: Vec<(Option<&String>, Group<'_>)> = Vec::new();
    for record in records {
        let id = record.attributes.get("MessageGroupId");
        match groups.iter_mut().find(|(of, _)| id.is_some() && *of == id) {
            Some((_, group)) => group.push(record),
            None => groups.push((id, vec![record])),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without a message")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::dynamodb::DynamoDbIdempotency;
    use crate::aws::s3::S3Bucket;
    use crate::process::{Failure, Handler, HandlerDispatch};
    use crate::storage::EntryError;
    use crate::storage::Message;
    use mediahook_events::CloudEvent;
    use serde_json::json;
    use std::sync::Mutex;
    use std::time::Duration;
    use time::OffsetDateTime;

    /// Acts on the event's type, and records the order of its events.
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
            "channel": "push", "recordedtime": "2026-11-22T05:50:25Z", "data": {}
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

    /// Stores what it is sent, or fails.
    #[derive(Default)]
    struct Kept(Mutex<Vec<String>>, bool);

    impl Queue for &Kept {
        fn max_message_bytes(&self) -> usize {
            usize::MAX
        }
        async fn enqueue(&self, message: &Message) -> Result<(), EntryError> {
            if self.1 {
                return Err(StoreError("down".to_owned()).into());
            }
            self.0.lock().unwrap().push(message.deduplication_id.clone());
            Ok(())
        }
        async fn enqueue_batch(&self, _: &[&Message]) -> Result<Vec<Result<(), EntryError>>, StoreError> {
            Err(StoreError("not a batch".to_owned()))
        }
    }

    /// The failed records, the events the handler received, and the dead letters, of a batch with this receive count
    /// and `left` to go.
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
        // The handlers have 1.5 s. In the last half second of that, a record is started only at its last receive.
        let left = Duration::from_secs(2);
        let batch = || vec![record("a1", "a", "slow"), record("a2", "a", "ok")];
        let (failed, seen, dead) = at_receive(2, &kept, batch(), left).await;
        assert_eq!((failed, seen, dead), (texts(["a2"]), texts(["a1"]), vec![]));
        let (failed, seen, dead) = at_receive(3, &kept, batch(), left).await;
        assert_eq!((failed, seen, dead), (vec![], texts(["a1", "a2"]), vec![]));
        // Without any time left it is reported failed. It was not tried, so it is not sent to the dead-letter queue.
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
