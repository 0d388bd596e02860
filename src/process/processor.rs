//! What is done with each record of a batch before and after it is delivered: claimed, settled, logged.

use aws_lambda_events::sqs::SqsMessage;
use tokio::time::{Instant, timeout_at};

use super::dead_letter;
use super::group::Group;
use super::handler::{Failure, FailureAction};
use super::record::{Record, RecordOutcome};
use super::record_log::{RecordLog, log_misconfigured, receive_count};
use crate::lambda::invocation::Invocation;
use crate::storage::idempotency::{Claim, IdempotencyStore, Lease};
use crate::storage::{Queue, StoreError};
use crate::telemetry::Recorder;
use crate::timeouts::Clock;
use crate::timeouts::process::BatchDeadlines;

/// Processes batches, with what all their records need.
#[derive(Debug)]
pub struct Processor<I, Q> {
    /// The idempotency records. Without them a redelivered event is processed again.
    pub idempotency: Option<I>,
    /// The dead-letter queue. Without it every failure is retried until SQS itself moves the record.
    pub dead_letters: Option<Q>,
    /// The queue's `maxReceiveCount`. Without it no receive is known to be the last.
    pub max_receive_count: Option<u32>,
    /// The bucket in which every `dataref` must be, where it is known.
    pub bucket_name: Option<String>,
    /// Writes a wide event for each record.
    pub recorder: Recorder,
    /// The wall clock, by which the age of events is logged.
    pub now: Clock,
}

/// What the records of a batch share.
pub struct Batch<'a, I, Q> {
    pub(super) processor: &'a Processor<I, Q>,
    pub(super) deadline: BatchDeadlines,
    pub(super) invocation: &'a Invocation,
}

/// The right to process an event now.
pub(super) struct Claimed {
    /// The event's lease, where there is a table.
    lease: Option<Lease>,
    /// When the event must be processed. Beyond its lease another process may process it.
    pub(super) until: Instant,
}

impl<I: IdempotencyStore, Q: Queue> Batch<'_, I, Q> {
    /// Reads a record of this batch.
    pub(super) fn read<'r>(&self, message: &'r SqsMessage) -> Record<'r> {
        Record::read(message, self.processor.bucket_name.as_deref())
    }

    /// Claims the event of a record, so that no other process processes it meanwhile.
    ///
    /// # Errors
    /// The record's outcome, where its event is not to be processed now: it is not an event, it was processed before, it is in
    /// progress elsewhere, there is no time left, or the table fails.
    pub(super) async fn claim(&self, record: &Record<'_>) -> Result<Claimed, RecordOutcome> {
        let envelope = match &record.envelope {
            Ok(envelope) => envelope,
            // No retry makes an envelope of it.
            Err(why) => return Err(self.failed(record, Failure::dead_letter(why)).await),
        };
        let last_receive = self.last_receive(record);
        if !self.deadline.may_begin(last_receive.is_some()) {
            // Never a dead letter of ours: it was not tried.
            let failure = Failure::new("too little of the invocation was left to begin it");
            return Err(RecordOutcome::Failed(match last_receive {
                Some(last) => failure.and(last).and("SQS moves it to the dead-letter queue untried"),
                None => failure,
            }));
        }
        let handlers_until = self.deadline.handlers.instant();
        let Some(store) = &self.processor.idempotency else {
            return Ok(Claimed { lease: None, until: handlers_until });
        };
        let asked = Instant::now();
        match in_time(handlers_until, store.claim(&envelope.id)).await {
            Ok(Claim::Granted(lease)) => {
                let until = handlers_until.min(asked + lease.length);
                Ok(Claimed { lease: Some(lease), until })
            }
            Ok(Claim::Completed) => Err(RecordOutcome::Duplicate),
            Ok(Claim::InProgress) => Err(self.failed(record, Failure::new("in progress elsewhere")).await),
            Err(error) => Err(self.failed(record, Failure::new(format!("not claimed: {error}"))).await),
        }
    }

    /// Records how it went: in the idempotency record, and for a failure that SQS must not repeat in the dead-letter queue.
    pub(super) async fn settle(
        &self,
        record: &Record<'_>,
        claimed: Claimed,
        result: Result<(), Failure>,
    ) -> RecordOutcome {
        if let (Some(store), Some(lease)) = (&self.processor.idempotency, &claimed.lease) {
            self.end_lease(store, lease, result.is_ok()).await;
        }
        match result {
            Ok(()) => RecordOutcome::Processed,
            Err(failure) => self.failed(record, failure).await,
        }
    }

    /// A table that fails here is not the record's fault: what was processed is not processed again because of it, and a
    /// lease that is not released ends.
    async fn end_lease(&self, store: &I, lease: &Lease, completed: bool) {
        let until = self.deadline.answer.instant();
        let ended = if completed {
            in_time(until, store.complete(lease)).await
        } else {
            in_time(until, store.release(lease)).await
        };
        match ended {
            Ok(()) => {}
            Err(error) if completed => tracing::error!(
                id = lease.id,
                %error,
                "processed, but not marked completed: if SQS redelivers the event after its lease, it is processed again"
            ),
            Err(error) => {
                tracing::warn!(id = lease.id, %error, "not released: it is in progress until its lease ends");
            }
        }
    }

    /// A failure at the last receive, or one that no retry can change, sends the record to the dead-letter queue. If it were
    /// reported failed, SQS would move what is behind it in its group along with it, untried.
    async fn failed(&self, record: &Record<'_>, failure: Failure) -> RecordOutcome {
        match self.last_receive(record) {
            Some(last) => self.send_to_dlq(record, failure.and(last)).await,
            None if failure.action() == FailureAction::DeadLetter => self.send_to_dlq(record, failure).await,
            None => RecordOutcome::Failed(failure),
        }
    }

    /// That this is the last time SQS delivers a record, in words for the log; nothing where it is not.
    fn last_receive(&self, record: &Record<'_>) -> Option<String> {
        let (max, received) = (self.processor.max_receive_count?, receive_count(record.message)?);
        (received >= max).then(|| format!("this was its last receive ({received} of {max})"))
    }

    /// Sends a record to the dead-letter queue. It leaves this queue only after the other one has it.
    async fn send_to_dlq(&self, record: &Record<'_>, failure: Failure) -> RecordOutcome {
        let (Some(queue), Some(message)) = (&self.processor.dead_letters, dead_letter::of(record.message))
        else {
            return RecordOutcome::Failed(failure);
        };
        match in_time(self.deadline.answer.instant(), queue.enqueue(&message)).await {
            Ok(()) => RecordOutcome::DeadLetter(failure),
            Err(error) => {
                RecordOutcome::Failed(failure.and(format!("not sent to the dead-letter queue: {error}")))
            }
        }
    }

    /// Logs a record's outcome, and takes the record out of its group unless it failed.
    pub(super) fn conclude(&self, group: &mut Group<'_>, record: &Record<'_>, outcome: &RecordOutcome) {
        let behind = group.behind_next();
        group.conclude_next(outcome);
        RecordLog {
            record,
            outcome,
            held_back: if matches!(outcome, RecordOutcome::Failed(_)) { behind } else { 0 },
            at: (self.processor.now)(),
            invocation: self.invocation,
        }
        .write(&self.processor.recorder);
    }

    /// Reports every record failed, and tries none. Of a group the first one is logged.
    pub(super) fn fail_all(&self, groups: &mut [Group<'_>], reason: &str) {
        for group in groups {
            if let Some(message) = group.next() {
                let outcome = RecordOutcome::Failed(Failure::new(reason));
                self.conclude(group, &self.read(message), &outcome);
            }
        }
    }

    /// Logs that a variable names something that does not exist.
    pub(super) fn log_misconfigured(&self, error: &str) {
        log_misconfigured(&self.processor.recorder, error, (self.processor.now)(), self.invocation);
    }
}

async fn in_time<T>(
    until: Instant,
    step: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    timeout_at(until, step).await.map_err(|_| StoreError("no answer in time".to_owned()))?
}
