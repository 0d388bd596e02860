//! The destination without an event bus: one log line per event.

use mediahook_events::CloudEvent;

use super::{Failure, Handler};

/// Writes one structured log line per event, with its attributes and outcome, without its payload.
#[derive(Debug, Clone, Copy, Default)]
pub struct LogHandler;

impl Handler for LogHandler {
    async fn handle(&self, event: &CloudEvent) -> Result<(), Failure> {
        tracing::info!(
            id = event.id,
            source = event.source,
            r#type = event.event_type,
            subject = event.subject,
            outcome = %event.outcome,
            taskid = event.taskid,
            mediaid = event.mediaid,
            time = event.time,
            channel = event.channel.map(tracing::field::display),
            "event"
        );
        Ok(())
    }

    fn needs_data(&self) -> bool {
        false
    }
}
