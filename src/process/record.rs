//! One record of a batch: read, claimed, settled.

use aws_lambda_events::sqs::SqsMessage;
use tokio::time::{Instant, timeout_at};

use super::batch::Processor;
use super::budget::Deadline;
use super::dead_letter;
use super::handler::{Failure, FailureAction};
use super::record_log::{RecordLog, log_misconfigured, receive_count};
use crate::event::envelope::Envelope;
use crate::lambda::invocation::Invocation;
use crate::storage::idempotency::{Claim, IdempotencyStore, Lease};
use crate::storage::{Queue, StoreError};
use crate::trace::Trace;

/// A record, and the event in it.
pub(super) struct Record<'r> {
    pub(super) message: &'r SqsMessage,
    /// The event, or why there is none.
    pub(super) envelope: Result<Envelope, String>,
    /// The trace of its message, else of its envelope.
    pub(super) trace: Option<Trace>,
    pub(super) started: Instant,
}

/// What became of a record.
pub(super) enum RecordOutcome {
    /// Its event was processed.
    Processed,
    /// Its event was processed before.
    Duplicate,
    /// SQS redelivers it.
    Failed(Failure),
    /// It went to the dead-letter queue.
    DeadLetter(Failure),
}

/// The right to process an event now.
pub(super) struct Claimed {
    /// The event's lease, where there is a table.
    lease: Option<Lease>,
    /// When the event must be processed. Beyond its lease another process may process it.
    pub(super) until: Instant,
}

/// The records of one message group that are not yet processed, in order. Those that are left in the end are reported failed.
pub struct Group<'r> {
    waiting: std::collections::VecDeque<&'r SqsMessage>,
    failed: bool,
}

/// What the records of a batch share.
pub struct Batch<'a, I, Q> {
    pub(super) processor: &'a Processor<I, Q>,
    pub(super) deadline: Deadline,
    pub(super) invocation: &'a Invocation,
}

impl<'r> Record<'r> {
    /// Reads a record. Where the bucket is known, a `dataref` must be in it.
    pub(super) fn read(message: &'r SqsMessage, bucket: Option<&str>) -> Self {
        let envelope = read(message, bucket);
        let trace = dead_letter::trace_of(message).or_else(|| envelope.as_ref().ok()?.trace());
        Self { message, envelope, trace, started: Instant::now() }
    }

    /// The envelope as SQS delivered it, byte for byte.
    pub(super) fn text(&self) -> &'r str {
        self.message.body.as_deref().unwrap_or_default()
    }
}

fn read(message: &SqsMessage, bucket: Option<&str>) -> Result<Envelope, String> {
    let text = message.body.as_deref().ok_or("no body")?;
    let envelope = Envelope::parse(text).map_err(|why| format!("not an envelope: {why}"))?;
    if let Some(bucket) = bucket {
        envelope.dataref_in(bucket).map_err(|why| format!("not an envelope: {why}"))?;
    }
    Ok(envelope)
}

impl<'r> Group<'r> {
    /// The records of each message group, in the batch's order. A record without a group is one by itself.
    pub(super) fn of(messages: &'r [SqsMessage]) -> Vec<Self> {
        let mut groups: Vec<(Option<&String>, Self)> = Vec::new();
        for message in messages {
            let id = message.attributes.get("MessageGroupId");
            match groups.iter_mut().find(|(of, _)| id.is_some() && *of == id) {
                Some((_, group)) => group.waiting.push_back(message),
                None => groups.push((id, Self { waiting: [message].into(), failed: false })),
            }
        }
        groups.into_iter().map(|(_, group)| group).collect()
    }

    /// The record that is next; none after a failure: what comes after it in the group must not overtake it.
    pub(super) fn next(&self) -> Option<&'r SqsMessage> {
        self.waiting.front().copied().filter(|_| !self.failed)
    }

    /// The records that SQS is to redeliver.
    pub(super) fn into_failed(self) -> impl Iterator<Item = &'r SqsMessage> {
        self.waiting.into_iter()
    }
}

impl<I: IdempotencyStore, Q: Queue> Batch<'_, I, Q> {
    /// Reads a record of this batch.
    pub(super) fn read<'r>(&self, message: &'r SqsMessage) -> Record<'r> {
        Record::read(message, self.processor.bucket_name.as_deref())
    }

    /// Claims the event of a record, so that nobody else processes it meanwhile.
    ///
    /// # Errors
    /// The record's outcome, where its event is not to be processed now: it is no event, it was processed before, it is in
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
        let handlers_until = self.deadline.handlers_until();
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
        let until = self.deadline.answer_by();
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
        match in_time(self.deadline.answer_by(), queue.enqueue(&message)).await {
            Ok(()) => RecordOutcome::DeadLetter(failure),
            Err(error) => {
                RecordOutcome::Failed(failure.and(format!("not sent to the dead-letter queue: {error}")))
            }
        }
    }

    /// Logs a record's outcome, and takes the record out of its group unless it failed.
    pub(super) fn conclude(&self, group: &mut Group<'_>, record: &Record<'_>, outcome: &RecordOutcome) {
        group.failed = matches!(outcome, RecordOutcome::Failed(_));
        let behind = group.waiting.len().saturating_sub(1);
        RecordLog {
            record,
            outcome,
            held_back: if group.failed { behind } else { 0 },
            at: (self.processor.now)(),
            invocation: self.invocation,
        }
        .write(&self.processor.recorder);
        if !group.failed {
            group.waiting.pop_front();
        }
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
