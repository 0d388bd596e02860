//! One record of a batch, the event in it, and what became of it.

use aws_lambda_events::sqs::SqsMessage;
use tokio::time::Instant;

use super::dead_letter;
use super::handler::Failure;
use crate::event::envelope::Envelope;
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
