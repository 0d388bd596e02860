//! Processes one batch: which records are delivered and when, and which SQS must redeliver.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use futures_util::future::join_all;
use tokio::time::Instant;
use tracing::Level;

use super::destination::Destination;
use super::group::{groups, next_round};
use super::handler::{Failure, FailureAction};
use super::log;
use super::record::{Outcome, Record};
use crate::aws::dynamodb::DynamoDbIdempotency;
use crate::aws::sqs::SqsQueue;
use crate::lambda::invocation::Invocation;
use crate::mutex::lock;
use crate::storage::idempotency::Begun;
use crate::storage::{Queue as _, Unusable, within};
use crate::telemetry::Recorder;
use crate::telemetry::line::{Line, age};
use crate::telemetry::metrics::{PROCESSED, PROCESSING_LATENCY};
use crate::timeouts::process::{BatchDeadlines, pause};
use crate::timeouts::{Clock, Deadline};

/// Processes batches, and holds what all records need.
#[derive(Debug)]
pub struct Processor<D> {
    /// Where the events go.
    pub destination: D,
    /// The idempotency records.
    pub idempotency: DynamoDbIdempotency,
    /// The dead-letter queue.
    pub dead_letters: SqsQueue,
    /// The queue's `maxReceiveCount`.
    pub max_receive_count: u64,
    /// The bucket that every `dataref` must point to.
    pub bucket_name: String,
    /// Writes a line for each record.
    pub recorder: Recorder,
    /// The wall clock, from which the logged age of an event is computed.
    pub now: Clock,
}

impl<D: Destination> Processor<D> {
    /// Processes a batch. The answer names the records that SQS must redeliver.
    pub async fn process(
        &self,
        event: SqsEvent,
        deadlines: BatchDeadlines,
        invocation: &Invocation,
    ) -> SqsBatchResponse {
        let checked = self.destination.check(deadlines.ready_within()).await;
        let problem = checked.err().map(|unusable| self.problem(&unusable, invocation));
        let batch = Batch { processor: self, deadlines, invocation, problem, processed: Mutex::default() };
        let delays_others = |group: &VecDeque<&SqsMessage>| {
            let mut bodies = group.iter().filter_map(|message| message.body.as_deref());
            bodies.any(|body| self.destination.delays_others(body))
        };
        let (alone, together): (Vec<_>, Vec<_>) = groups(&event.records).into_iter().partition(delays_others);
        let rounds = alone.into_iter().map(|group| vec![group]).chain([together]);
        let redelivered = join_all(rounds.map(|groups| batch.process_in_rounds(groups))).await;
        let ages = batch.processed.into_inner().unwrap_or_default();
        if !ages.is_empty() {
            Line::new(Level::INFO, "batch processed")
                .count(PROCESSED, ages.len())
                .ms(PROCESSING_LATENCY, ages.into_iter().flatten())
                .invocation(invocation)
                .write(&self.recorder, (self.now)());
        }
        let mut response = SqsBatchResponse::default();
        response.batch_item_failures = redelivered.into_iter().flatten().map(item_failure).collect();
        response
    }

    /// Why nothing can be delivered. What somebody must fix is counted, and logged once for the batch.
    fn problem(&self, unusable: &Unusable, invocation: &Invocation) -> String {
        if matches!(unusable, Unusable::Misconfigured(_)) {
            let message = "misconfigured: no event is delivered until this is fixed";
            Line::misconfigured(message, unusable.to_string())
                .invocation(invocation)
                .write(&self.recorder, (self.now)());
        }
        format!("the destination cannot be used: {unusable}")
    }
}

/// A batch that is being processed.
struct Batch<'a, D> {
    processor: &'a Processor<D>,
    deadlines: BatchDeadlines,
    invocation: &'a Invocation,
    /// Why nothing can be delivered, if so.
    problem: Option<String>,
    /// The age of each event that was processed, if it has a time of its own.
    processed: Mutex<Vec<Option<Duration>>>,
}

impl<D: Destination> Batch<'_, D> {
    /// Processes groups in rounds: the next event of each group, then the next. A group whose event failed stops.
    /// Returns the records that SQS must redeliver.
    async fn process_in_rounds<'r>(&self, groups: Vec<VecDeque<&'r SqsMessage>>) -> Vec<&'r SqsMessage> {
        let first_of = |group| Record::first_of(group, &self.processor.bucket_name);
        let mut waiting: Vec<_> = groups.into_iter().filter_map(first_of).collect();
        let mut redelivered = Vec::new();
        while let Some(mut round) = next_round(&mut waiting).await {
            let begun = join_all(round.iter_mut().map(|record| self.begin(record))).await;
            let delivered = self.deliver(&round, begun).await;
            let finished =
                round.iter_mut().zip(delivered).map(|(record, result)| self.finish(record, result));
            let outcomes = join_all(finished).await;
            for (record, outcome) in round.into_iter().zip(outcomes) {
                match outcome {
                    None => waiting.push(record),
                    Some(Outcome::Failed(_)) => redelivered.extend(record.group()),
                    Some(_) => waiting.extend(first_of(record.behind)),
                }
            }
        }
        redelivered
    }

    /// Writes the idempotency record of an event, unless an earlier try did. Returns whether the event is to be
    /// delivered: not if it was processed before.
    async fn begin(&self, record: &mut Record<'_>) -> Result<bool, Failure> {
        if let Some(problem) = &self.problem {
            return Err(Failure::with(FailureAction::RetryUntried, problem));
        }
        // No retry turns the message into an envelope.
        let event = record.event.as_ref().map_err(Failure::dead_letter)?;
        let is_last_receive = self.last_receive(record).is_some();
        if record.lease.is_some() {
            return Ok(true);
        }
        if record.tries == 0 && !self.deadlines.may_begin(is_last_receive) {
            return Err(Failure::with(
                FailureAction::RetryUntried,
                "too little of the invocation was left to begin it",
            ));
        }
        let begun = self.processor.idempotency.begin(&event.envelope.id, self.deadlines.handlers).await;
        match begun.map_err(|error| Failure::passing(format!("no idempotency record: {error}")))? {
            Begun::Completed => Ok(false),
            Begun::Started(lease) => {
                record.lease = Some(lease);
                Ok(true)
            }
            // SQS would not redeliver it, so it waits until the other one completes it, or the other one's lease ends.
            Begun::InProgress if is_last_receive => Err(Failure::passing("in progress elsewhere")),
            Begun::InProgress => Err(Failure::new("in progress elsewhere")),
        }
    }

    /// Delivers all events of a round that are begun, in one call.
    async fn deliver(
        &self,
        round: &[Record<'_>],
        begun: Vec<Result<bool, Failure>>,
    ) -> Vec<Result<Outcome, Failure>> {
        let begun_here =
            round.iter().filter_map(|head| Some((head.lease.as_ref()?.ends, head.event.as_ref().ok()?)));
        let (ends, events): (Vec<_>, Vec<_>) = begun_here.unzip();
        // After the lease, another process may process the event.
        let until = ends.into_iter().fold(self.deadlines.handlers, Deadline::min);
        let mut results = self.processor.destination.deliver(&events, until).await.into_iter();
        let mut delivered = || results.next().unwrap_or_else(|| Err(Failure::passing("no result")));
        let result = |begun: Result<bool, Failure>| {
            if begun? { delivered().map(|()| Outcome::Processed) } else { Ok(Outcome::Duplicate) }
        };
        begun.into_iter().map(result).collect()
    }

    /// Marks an event completed, or decides what becomes of the failure, and logs that. `None` if it is tried again.
    async fn finish(&self, record: &mut Record<'_>, result: Result<Outcome, Failure>) -> Option<Outcome> {
        let outcome = match result {
            Ok(outcome) => {
                self.complete(record).await;
                outcome
            }
            Err(failure) if self.may_try_again(record, &failure) => {
                record.tries += 1;
                record.due = Instant::now() + pause(record.tries);
                return None;
            }
            Err(failure) => {
                self.release(record).await;
                self.fail(record, failure).await
            }
        };
        let at = (self.processor.now)();
        log::line(record, &outcome, self.invocation).write(&self.processor.recorder, at);
        Some(outcome)
    }

    /// Whether a record that failed is tried again within the invocation. It leaves the records behind it their share
    /// of the time.
    fn may_try_again(&self, record: &Record<'_>, failure: &Failure) -> bool {
        let last_try = self.deadlines.last_try(record.started, record.behind.len());
        let may_pass = match failure.action {
            FailureAction::TryAgain => true,
            FailureAction::Retry => record.tries == 0 && self.last_receive(record).is_some(),
            FailureAction::RetryUntried | FailureAction::DeadLetter => false,
        };
        may_pass && Instant::now() + pause(record.tries + 1) < last_try
    }

    /// Counts a processed event, and marks it completed. If the table fails here, that is only logged: otherwise the event
    /// would be processed again.
    async fn complete(&self, Record { lease, event, .. }: &Record<'_>) {
        let (Some(lease), Ok(event)) = (lease, event) else { return };
        lock(&self.processed).push(age(&event.envelope, (self.processor.now)()));
        if let Err(error) = self.processor.idempotency.complete(lease, self.deadlines.answer).await {
            tracing::error!(
                id = lease.id,
                %error,
                "processed, but not marked completed: if SQS redelivers the event after its lease, it is processed again"
            );
        }
    }

    /// A lease that is not released ends by itself.
    async fn release(&self, Record { lease, .. }: &Record<'_>) {
        let Some(lease) = lease else { return };
        if let Err(error) = self.processor.idempotency.release(lease, self.deadlines.answer).await {
            tracing::warn!(id = lease.id, %error, "not released: it is in progress until its lease ends");
        }
    }

    /// Sends the record to the dead-letter queue if this was its last receive, or if no retry can help. If it were
    /// reported failed at its last receive, SQS would also move the later records of its group, untried.
    async fn fail(&self, record: &Record<'_>, failure: Failure) -> Outcome {
        match (self.last_receive(record), failure.action) {
            (None, FailureAction::DeadLetter) => self.send_to_dlq(record, failure).await,
            (None, _) => Outcome::Failed(failure),
            (Some(last), FailureAction::RetryUntried) => {
                Outcome::Failed(failure.and(last).and("SQS moves it to the dead-letter queue untried"))
            }
            (Some(last), _) => self.send_to_dlq(record, failure.and(last)).await,
        }
    }

    /// It leaves the queue only after the dead-letter queue has it.
    async fn send_to_dlq(&self, record: &Record<'_>, failure: Failure) -> Outcome {
        let Some(message) = record.dead_letter() else { return Outcome::Failed(failure) };
        let sent = self.processor.dead_letters.enqueue(&message);
        match within(self.deadlines.answer.left(), sent).await {
            Ok(()) => Outcome::DeadLetter(failure),
            Err(error) => {
                Outcome::Failed(failure.and(format!("not sent to the dead-letter queue: {}", error.why)))
            }
        }
    }

    /// The text for the log if SQS delivers this record for the last time, else nothing.
    fn last_receive(&self, record: &Record<'_>) -> Option<String> {
        let (max, received) = (self.processor.max_receive_count, record.receive_count()?);
        (received >= max).then(|| format!("this was its last receive ({received} of {max})"))
    }
}

/// An empty id makes SQS redeliver the whole batch: right for a message that has none.
fn item_failure(message: &SqsMessage) -> BatchItemFailure {
    let mut failure = BatchItemFailure::default();
    failure.item_identifier = message.message_id.clone().unwrap_or_default();
    failure
}
