//! The event bus.

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::config::Builder;
use aws_sdk_eventbridge::primitives::DateTime;
use aws_sdk_eventbridge::types::{PutEventsRequestEntry, PutEventsResultEntry};

use super::aws::{Aws, store_error};
use super::http_client::DropUnanswered;
use super::{Patience, StoreError};
use crate::process::publish::{Bus, Entry, Refusal, SOURCE};
use crate::trace::Trace;

/// What EventBridge says of an entry that it would not take another time either.
const NEVER: [&str; 2] = ["InvalidArgument", "MalformedDetail"];

/// An EventBridge event bus.
#[derive(Debug)]
pub struct EventBridgeBus {
    client: Client,
    name: String,
}

impl EventBridgeBus {
    /// The bus of that name or ARN. Nothing is sent yet.
    pub fn new(aws: &Aws, name: String, patience: Patience) -> Self {
        let config = Builder::from(&aws.config(patience)).interceptor(DropUnanswered);
        Self { client: Client::from_conf(config.build()), name }
    }

    fn entry(&self, entry: &Entry) -> PutEventsRequestEntry {
        let time = entry.time.and_then(|time| DateTime::from_nanos(time.unix_timestamp_nanos()).ok());
        PutEventsRequestEntry::builder()
            .event_bus_name(&self.name)
            .source(SOURCE)
            .detail_type(&entry.detail_type)
            .detail(&entry.detail)
            .set_time(time)
            .set_trace_header(entry.trace.map(Trace::xray))
            .build()
    }
}

impl Bus for EventBridgeBus {
    async fn put(&self, entries: &[&Entry]) -> Result<Vec<Result<(), Refusal>>, StoreError> {
        let entries = entries.iter().map(|entry| self.entry(entry)).collect();
        let put = self.client.put_events().set_entries(Some(entries));
        let answer = Box::pin(put.send()).await.map_err(|e| store_error(&e))?;
        Ok(answer.entries.unwrap_or_default().iter().map(taken).collect())
    }
}

/// An entry that was taken has an id, and no other has.
fn taken(entry: &PutEventsResultEntry) -> Result<(), Refusal> {
    if entry.error_code().is_none() && entry.event_id().is_some() {
        return Ok(());
    }
    let code = entry.error_code().unwrap_or("neither an id nor an error");
    let why = format!("{code}: {}", entry.error_message().unwrap_or("no message"));
    Err(if NEVER.contains(&code) { Refusal::Never(why) } else { Refusal::NotNow(why) })
}
