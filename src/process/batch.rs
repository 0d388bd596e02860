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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::sync::Mutex;

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
                _ => Ok(()),
            }
        }
    }

    fn record(id: &str, group: &str, event_type: &str) -> serde_json::Value {
        let envelope = json!({
            "specversion": "1.0", "id": id, "source": "a/b", "type": event_type, "time": "2026-11-22T05:50:25Z",
            "channel": "push", "receivedtime": "2026-11-22T05:50:25Z"
        });
        json!({ "messageId": id, "body": envelope.to_string(), "attributes": { "MessageGroupId": group } })
    }

    async fn process(records: serde_json::Value) -> (Result<Vec<String>, BatchError>, Vec<String>) {
        let processor = Processor::new(Obedient::default());
        let answer = processor.process(serde_json::from_value(json!({ "Records": records })).unwrap()).await;
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
    async fn an_empty_batch_is_done() {
        assert_eq!(process(json!([])).await.0, Ok(vec![]));
    }
}
