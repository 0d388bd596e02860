//! One batch: which records had their effect, and which come again.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use futures_util::FutureExt as _;
use futures_util::future::join_all;

use super::{Failure, Handler};
use crate::envelope::Envelope;

/// Takes batches apart and hands each record to the handler.
#[derive(Debug)]
pub struct Processor<H> {
    handler: H,
}

/// The batch cannot be answered record by record, so all of it must come again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a record without a message id failed: the whole batch must come again")]
pub struct BatchError;

impl<H: Handler> Processor<H> {
    /// A processor for this handler.
    pub fn new(handler: H) -> Self {
        Self { handler }
    }

    /// Processes a batch: its message groups side by side, the records of each in order. Answers which records failed.
    ///
    /// # Errors
    /// A record that failed has no id. An answer with an empty id would have the same effect, less visibly.
    pub async fn process(&self, batch: SqsEvent) -> Result<SqsBatchResponse, BatchError> {
        let failed =
            join_all(groups(&batch.records).into_iter().map(|group| self.process_group(group))).await;
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
    async fn process_group<'r>(&self, mut records: Vec<&'r SqsMessage>) -> Vec<&'r SqsMessage> {
        for (done, record) in records.iter().enumerate() {
            if let Err(failure) = self.process_record(record).await {
                tracing::error!(
                    message_id = record.message_id,
                    receive_count = receive_count(record),
                    held_back = records.len() - done - 1,
                    reason = failure.reason(),
                    "record failed"
                );
                return records.split_off(done);
            }
        }
        Vec::new()
    }

    async fn process_record(&self, record: &SqsMessage) -> Result<(), Failure> {
        let body = record.body.as_deref().ok_or("no body")?;
        let envelope = Envelope::parse(body).map_err(|e| format!("not an envelope: {}", place(&e)))?;
        AssertUnwindSafe(self.handler.handle(&envelope))
            .catch_unwind()
            .await
            .unwrap_or_else(|panic| Err(Failure::new(format!("panic: {}", panic_message(panic.as_ref())))))
    }
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

/// Where a text stops being an envelope. `serde_json`'s own words would repeat what stands there.
fn place(error: &serde_json::Error) -> String {
    format!("line {}, column {}", error.line(), error.column())
}

fn receive_count(record: &SqsMessage) -> Option<&str> {
    record.attributes.get("ApproximateReceiveCount").map(String::as_str)
}

fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without a message")
}
