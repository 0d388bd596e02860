//! One batch: which records are processed, and which SQS is to redeliver.

use std::any::Any;
use std::convert::Infallible;
use std::panic::AssertUnwindSafe;

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use time::OffsetDateTime;
use tokio::time::{Instant, timeout_at};

use super::budget::{Deadline, READY};
use super::dead_letters::{self, DeadLetters, trace_of};
use super::handler::{Deliver, Delivery, Failure, NotReady, Then};
use super::line::{Done, Fate, log_misconfigured, receive_count};
use crate::event::envelope::Envelope;
use crate::lambda::invocation::Invocation;
use crate::storage::StoreError;
use crate::storage::idempotency::{Claim, Lease, Ledger};
use crate::telemetry::Recorder;

/// Takes batches apart and hands each record to the handler.
#[derive(Debug)]
pub struct Processor<D, L = Infallible, Q = Infallible> {
    handler: D,
    ledger: Option<L>,
    dead_letters: Option<Q>,
    max_receive_count: Option<u32>,
    bucket: Option<String>,
    recorder: Recorder,
    now: Clock,
}

/// The wall clock, by which the age of events is logged.
pub type Clock = fn() -> OffsetDateTime;

/// The batch cannot be answered record by record, so SQS has to redeliver all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a record without a message id failed: the whole batch must come again")]
pub struct BatchError;

impl<D: Deliver> Processor<D> {
    /// A processor for this handler. It knows no ledger, so a repeated event has its effect again, and no dead-letter
    /// queue, so every failure is tried again, and writes no wide events.
    pub fn new(handler: D) -> Self {
        let (recorder, now) = (Recorder::silent(), OffsetDateTime::now_utc as Clock);
        Self {
            handler,
            ledger: None,
            dead_letters: None,
            max_receive_count: None,
            bucket: None,
            recorder,
            now,
        }
    }
}

impl<D: Deliver, L: Ledger, Q: DeadLetters> Processor<D, L, Q> {
    /// The same, with each event under a claim of this ledger.
    pub fn with_ledger<M: Ledger>(self, ledger: impl Into<Option<M>>) -> Processor<D, M, Q> {
        let Self { handler, ledger: _, dead_letters, max_receive_count, bucket, recorder, now } = self;
        Processor { handler, ledger: ledger.into(), dead_letters, max_receive_count, bucket, recorder, now }
    }

    /// The same, with what can never succeed sent there at once, and what fails at its last receive then.
    pub fn with_dead_letters<R: DeadLetters>(self, queue: impl Into<Option<R>>) -> Processor<D, L, R> {
        let Self { handler, ledger, dead_letters: _, max_receive_count, bucket, recorder, now } = self;
        Processor { handler, ledger, dead_letters: queue.into(), max_receive_count, bucket, recorder, now }
    }

    /// The same, for a queue with this `maxReceiveCount`. Without it no receive is known to be the last.
    #[must_use]
    pub fn with_max_receive_count(self, max_receive_count: impl Into<Option<u32>>) -> Self {
        Self { max_receive_count: max_receive_count.into(), ..self }
    }

    /// The same, for events whose data, where it is large, is in the bucket of this name and nowhere else.
    #[must_use]
    pub fn with_bucket(self, name: impl Into<Option<String>>) -> Self {
        Self { bucket: name.into(), ..self }
    }

    /// The same, with a wide event for each record, of what happened at that clock's times.
    #[must_use]
    pub fn with_recorder(self, recorder: Recorder, now: Clock) -> Self {
        Self { recorder, now, ..self }
    }

    /// Checks in init whether events can be delivered at all. The first batch checks again if they could not.
    pub async fn prepare(&self) {
        // What is wrong is logged by the batch that fails for it.
        let _ = self.handler.ready(READY).await;
    }

    /// Processes a batch: its message groups side by side, the records of each in order. Answers which records failed.
    ///
    /// # Errors
    /// [`BatchError`] if a record that failed has no id. An answer with an empty id would make SQS redeliver the batch, too.
    pub async fn process(
        &self,
        batch: SqsEvent,
        deadline: Deadline,
        invocation: &Invocation,
    ) -> Result<SqsBatchResponse, BatchError> {
        let not_ready = self.handler.ready(deadline.ready_within()).await.err();
        if let Some(NotReady::Misconfigured(error)) = &not_ready {
            log_misconfigured(&self.recorder, error, (self.now)(), invocation);
        }
        let groups = groups(&batch.records).into_iter();
        let groups = groups.map(|group| self.process_group(group, not_ready.as_ref(), deadline, invocation));
        let failed = join_all(groups).await;
        let mut answer = SqsBatchResponse::default();
        for record in failed.into_iter().flatten() {
            let mut failure = BatchItemFailure::default();
            failure.item_identifier =
                record.message_id.clone().filter(|id| !id.is_empty()).ok_or(BatchError)?;
            answer.batch_item_failures.push(failure);
        }
        Ok(answer)
    }

    /// Stops at the first failure: what comes after it in the group must not overtake it.
    async fn process_group<'r>(
        &self,
        mut records: Vec<&'r SqsMessage>,
        not_ready: Option<&NotReady>,
        deadline: Deadline,
        invocation: &Invocation,
    ) -> Vec<&'r SqsMessage> {
        for (done, record) in records.iter().enumerate() {
            let began = Instant::now();
            let delivery = read(record, self.bucket.as_deref());
            let fate = match not_ready {
                Some(problem) => Fate::Failed(Failure::new(problem)),
                None => self.process_record(record, &delivery, deadline).await,
            };
            let failed = matches!(fate, Fate::Failed(_));
            let told = Done {
                record,
                envelope: delivery.as_ref().ok().map(|delivery| &delivery.envelope),
                trace: delivery.as_ref().map_or_else(|_| trace_of(record), |delivery| delivery.trace),
                fate: &fate,
                held_back: if failed { records.len() - done - 1 } else { 0 },
                at: (self.now)(),
                total: began.elapsed(),
                invocation,
            };
            told.tell(&self.recorder);
            if failed {
                return records.split_off(done);
            }
        }
        Vec::new()
    }

    async fn process_record(
        &self,
        record: &SqsMessage,
        delivery: &Result<Delivery<'_>, String>,
        deadline: Deadline,
    ) -> Fate {
        let last_receive = self.last_receive(record);
        let result = match delivery {
            Ok(delivery) if deadline.may_begin(last_receive.is_some()) => {
                self.process_event(delivery, deadline).await
            }
            // Never a dead letter of ours: it was not tried.
            Ok(_) => {
                let failure = Failure::new("too little of the invocation was left to begin it");
                return Fate::Failed(match last_receive {
                    Some(last) => failure.and(last).and("SQS moves it to the dead-letter queue untried"),
                    None => failure,
                });
            }
            // It never will be an envelope.
            Err(why) => Err(Failure::dead_letter(why)),
        };
        match (result, last_receive) {
            (Ok(fate), _) => fate,
            // If it were reported failed, SQS would move what is behind it in its group along with it, untried.
            (Err(failure), Some(last)) => self.send_to_dlq(record, failure.and(last), deadline).await,
            (Err(failure), None) if failure.then() == Then::DeadLetter => {
                self.send_to_dlq(record, failure, deadline).await
            }
            (Err(failure), None) => Fate::Failed(failure),
        }
    }

    /// That this is the last time SQS hands over a record, in words for the log; nothing where it is not.
    fn last_receive(&self, record: &SqsMessage) -> Option<String> {
        let (max, received) = (self.max_receive_count?, receive_count(record)?);
        (received >= max).then(|| format!("this was its last receive ({received} of {max})"))
    }

    /// Processes an event, unless it is completed or in progress.
    async fn process_event(&self, delivery: &Delivery<'_>, deadline: Deadline) -> Result<Fate, Failure> {
        let Some(ledger) = &self.ledger else {
            return self.hand_over(delivery, deadline.handlers_until()).await.map(|()| Fate::Processed);
        };
        let asked = Instant::now();
        let claim = in_time(deadline.handlers_until(), ledger.claim(&delivery.envelope.id)).await;
        match claim.map_err(|e| format!("not claimed: {e}"))? {
            Claim::Completed => Ok(Fate::Duplicate),
            Claim::InProgress => Err(Failure::new("in progress elsewhere")),
            Claim::Granted(lease) => {
                // Beyond its lease another process may process it.
                let until = deadline.handlers_until().min(asked + lease.length);
                let result = self.hand_over(delivery, until).await;
                settle(ledger, &lease, result.is_ok(), deadline).await;
                result.map(|()| Fate::Processed)
            }
        }
    }

    async fn hand_over(&self, delivery: &Delivery<'_>, until: Instant) -> Result<(), Failure> {
        // In a block of its own, for what a handler does before it gives its future may panic too.
        let delivered = AssertUnwindSafe(async { self.handler.deliver(delivery).await }).catch_unwind();
        match timeout_at(until, delivered).await {
            Ok(Ok(result)) => result,
            Ok(Err(panic)) => Err(Failure::new(format!("panic: {}", panic_message(panic.as_ref())))),
            Err(_) => Err(Failure::new("the handler was cut off: the lease or the invocation is at its end")),
        }
    }

    /// Sends a record to the dead-letter queue. Only then it may leave this one.
    async fn send_to_dlq(&self, record: &SqsMessage, failure: Failure, deadline: Deadline) -> Fate {
        let (Some(dead_letters), Some(message)) = (&self.dead_letters, dead_letters::of(record)) else {
            return Fate::Failed(failure);
        };
        match in_time(deadline.answer_by(), dead_letters.send(&message)).await {
            Ok(()) => Fate::DeadLetter(failure),
            Err(error) => Fate::Failed(failure.and(format!("not sent to the dead-letter queue: {error}"))),
        }
    }
}

/// Tells the ledger how it went. What it does not hear is not the record's fault: an effect that was had is not had again
/// for it, and a lease that is not given back ends.
async fn settle<L: Ledger>(ledger: &L, lease: &Lease, completed: bool, deadline: Deadline) {
    let settled = if completed {
        in_time(deadline.answer_by(), ledger.complete(lease)).await
    } else {
        in_time(deadline.answer_by(), ledger.release(lease)).await
    };
    match settled {
        Ok(()) => {}
        Err(error) if completed => tracing::error!(
            id = lease.id,
            %error,
            "completed, but not marked: if the same event comes again after its lease, it takes effect again"
        ),
        Err(error) => {
            tracing::warn!(id = lease.id, %error, "not released: it is in progress until its lease ends");
        }
    }
}

async fn in_time<T>(
    until: Instant,
    step: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    timeout_at(until, step).await.map_err(|_| StoreError("no answer in time".to_owned()))?
}

/// What a record carries; or why it is no envelope. Where the bucket is known, a `dataref` must be in it.
fn read<'r>(record: &'r SqsMessage, bucket: Option<&str>) -> Result<Delivery<'r>, String> {
    let text = record.body.as_deref().ok_or("no body")?;
    let envelope = Envelope::parse(text).map_err(|why| format!("not an envelope: {why}"))?;
    if let Some(bucket) = bucket {
        envelope.dataref_in(bucket).map_err(|why| format!("not an envelope: {why}"))?;
    }
    let trace = trace_of(record).or_else(|| envelope.trace());
    Ok(Delivery { envelope, text, trace })
}

/// The records of each message group, in the batch's order. A record without a group is one by itself.
fn groups(records: &[SqsMessage]) -> Vec<Vec<&SqsMessage>> {
    let mut groups: Vec<(Option<&String>, Vec<&SqsMessage>)> = Vec::new();
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
    use crate::process::Handler;
    use serde_json::json;
    use std::sync::Mutex;
    use std::time::Duration;

    /// Does as the event's type says, and notes whose turn it was.
    #[derive(Default)]
    struct Obedient(Mutex<Vec<String>>);

    impl Handler for Obedient {
        async fn handle(&self, event: &Envelope) -> Result<(), Failure> {
            self.0.lock().unwrap().push(event.id.clone());
            tokio::task::yield_now().await;
            match event.event_type.as_str() {
                "fail" => Err("as told".into()),
                "panic" => panic!("as told"),
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

    async fn process(records: serde_json::Value) -> (Result<Vec<String>, BatchError>, Vec<String>) {
        let processor = Processor::new(Obedient::default());
        let batch = serde_json::from_value(json!({ "Records": records })).unwrap();
        let answer =
            processor.process(batch, Deadline::new(Duration::from_secs(30)), &Invocation::default()).await;
        let failed = answer.map(|a| a.batch_item_failures.into_iter().map(|f| f.item_identifier).collect());
        (failed, processor.handler.0.into_inner().unwrap())
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
    async fn what_is_no_envelope_fails_like_any_other() {
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
    async fn records_without_a_group_stand_alone() {
        let mut records = [record("a1", "", "fail"), record("a2", "", "ok")];
        for record in &mut records {
            record["attributes"] = json!({});
        }
        let (failed, seen) = process(json!(records)).await;
        assert_eq!(failed.unwrap(), ["a1"]);
        assert_eq!(seen, ["a1", "a2"]);
    }

    #[tokio::test]
    async fn a_failed_record_without_an_id_brings_the_whole_batch_back() {
        for id in [json!(null), json!("")] {
            let mut nameless = record("a1", "a", "fail");
            nameless["messageId"] = id;
            assert_eq!(process(json!([nameless, record("b1", "b", "ok")])).await.0, Err(BatchError));
        }
    }

    #[tokio::test]
    async fn a_handler_is_cut_off_in_time_for_the_answer_and_nothing_is_begun_too_late() {
        let processor = Processor::new(Obedient::default());
        let records = json!([record("a1", "a", "hang"), record("a2", "a", "ok"), record("b1", "b", "ok")]);
        let batch: SqsEvent = serde_json::from_value(json!({ "Records": records })).unwrap();
        for (left_ms, failed, seen) in
            [(400, vec!["a1", "a2"], vec!["a1", "b1"]), (0, vec!["a1", "a2", "b1"], vec!["a1", "b1"])]
        {
            let (began, left) = (Instant::now(), Duration::from_millis(left_ms));
            let answer =
                processor.process(batch.clone(), Deadline::new(left), &Invocation::default()).await.unwrap();
            assert!(left_ms == 0 || began.elapsed() < left);
            let ids: Vec<_> = answer.batch_item_failures.iter().map(|f| f.item_identifier.as_str()).collect();
            assert_eq!(ids, failed, "{left_ms}");
            assert_eq!(*processor.handler.0.lock().unwrap(), seen, "{left_ms}");
        }
    }

    /// Keeps what it is sent, or fails.
    #[derive(Default)]
    struct Kept(Mutex<Vec<String>>, bool);

    impl DeadLetters for &Kept {
        async fn send(&self, message: &crate::event::envelope::Message) -> Result<(), StoreError> {
            if self.1 {
                return Err(StoreError("down".to_owned()));
            }
            self.0.lock().unwrap().push(message.deduplication_id.clone());
            Ok(())
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
        let processor =
            Processor::new(Obedient::default()).with_dead_letters(dead_letters).with_max_receive_count(3);
        let batch = serde_json::from_value(json!({ "Records": records })).unwrap();
        let answer = processor.process(batch, Deadline::new(left), &Invocation::default()).await.unwrap();
        let failed = answer.batch_item_failures.into_iter().map(|f| f.item_identifier).collect();
        (failed, processor.handler.0.into_inner().unwrap(), dead_letters.0.lock().unwrap().clone())
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
    async fn at_its_last_receive_a_record_is_begun_as_long_as_any_handler_time_is_left() {
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
    async fn a_handler_that_panics_before_it_gives_its_future_fails_its_record_alone() {
        struct Eager;
        impl Handler for Eager {
            fn handle(&self, event: &Envelope) -> impl Future<Output = Result<(), Failure>> + Send {
                assert!(event.event_type != "panic", "as told");
                async { Ok(()) }
            }
        }
        let batch = json!({ "Records": [record("a1", "a", "panic"), record("b1", "b", "ok")] });
        let batch = serde_json::from_value(batch).unwrap();
        let answer = Processor::new(Eager)
            .process(batch, Deadline::new(Duration::from_secs(10)), &Invocation::default())
            .await
            .unwrap();
        let failed: Vec<_> = answer.batch_item_failures.iter().map(|f| f.item_identifier.as_str()).collect();
        assert_eq!(failed, ["a1"]);
    }

    #[tokio::test]
    async fn an_empty_batch_is_done() {
        assert_eq!(process(json!([])).await.0, Ok(vec![]));
    }
}
