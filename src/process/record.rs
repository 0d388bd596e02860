//! One record of a batch, its event, and its outcome.

use aws_lambda_events::sqs::SqsMessage;
use tokio::time::Instant;

use super::dead_letter;
use super::handler::Failure;
use crate::ingest::envelope::{dataref_key, parse};
use crate::trace::Trace;
use mediahook_events::CloudEvent;

/// A record.
pub(super) struct Record<'r> {
    pub(super) message: &'r SqsMessage,
    /// The event in it, or why it has none.
    pub(super) event: Result<Event<'r>, String>,
    pub(super) started: Instant,
}

/// The event in a record.
pub(super) struct Event<'r> {
    pub(super) envelope: CloudEvent,
    /// The envelope as SQS delivered it, byte for byte.
    pub(super) text: &'r str,
    /// The trace of its message, else of its envelope.
    pub(super) trace: Option<Trace>,
}

/// The outcome of a record.
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

impl<'r> Record<'r> {
    /// Reads a record. If the bucket is known, a `dataref` must point to it.
    pub(super) fn read(message: &'r SqsMessage, bucket: Option<&str>) -> Self {
        Self { message, event: Event::read(message, bucket), started: Instant::now() }
    }

    /// The trace of its event, else of its message.
    pub(super) fn trace(&self) -> Option<Trace> {
        self.event.as_ref().map_or_else(|_| dead_letter::trace_of(self.message), |event| event.trace)
    }
}

impl<'r> Event<'r> {
    fn read(message: &'r SqsMessage, bucket: Option<&str>) -> Result<Self, String> {
        let text = message.body.as_deref().ok_or("no body")?;
        let envelope = parse(text).map_err(|why| format!("not an envelope: {why}"))?;
        if let Some(bucket) = bucket {
            dataref_key(&envelope, bucket).map_err(|why| format!("not an envelope: {why}"))?;
        }
        let trace = dead_letter::trace_of(message)
            .or_else(|| envelope.traceparent.as_deref().and_then(Trace::from_traceparent));
        Ok(Self { envelope, text, trace })
    }
}
