//! The event bus.

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::config::Builder;
use aws_sdk_eventbridge::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_eventbridge::operation::put_events::PutEventsError;
use aws_sdk_eventbridge::primitives::DateTime;
use aws_sdk_eventbridge::types::{PutEventsRequestEntry, PutEventsResultEntry};
use futures_util::future::join_all;
use time::OffsetDateTime;

use super::{Aws, no_quota, store_error, unusable};
use crate::config::EVENT_BUS;
use crate::storage::{EntryError, StoreError, Unusable};
use crate::timeouts::RetryPolicy;

/// `Source` of every event on the bus.
const SOURCE: &str = "mediahook";
/// EventBridge's error codes for an entry that a retry would not accept either.
const NEVER: [&str; 2] = ["InvalidArgument", "MalformedDetail"];

/// An entry for a bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// `DetailType`.
    pub detail_type: String,
    /// `Detail`: the envelope.
    pub detail: String,
    /// `Time`; without it, EventBridge uses the time of the request.
    pub time: Option<OffsetDateTime>,
    /// `TraceHeader`: X-Ray's header of the event's trace.
    pub trace_header: Option<String>,
}

/// An EventBridge event bus.
#[derive(Debug)]
pub struct EventBridgeBus {
    client: Client,
    name: String,
}

impl EventBridgeBus {
    /// The bus of that name or ARN. No request is sent yet.
    pub fn new(aws: &Aws, name: String, retry_policy: RetryPolicy) -> Self {
        let config = Builder::from(&aws.config(retry_policy)).retry_partition(no_quota());
        Self { client: Client::from_conf(config.build()), name }
    }

    /// Asks whether the bus exists.
    ///
    /// # Errors
    /// [`Unusable::Misconfigured`]: it does not exist. Any other error does not mean that it is missing: it did not
    /// answer, or the role may not call `DescribeEventBus`.
    pub async fn check(&self) -> Result<(), Unusable> {
        let describe = self.client.describe_event_bus().name(&self.name);
        let bus = format!("event bus `{}`", self.name);
        let described = Box::pin(describe.send()).await;
        described.map(drop).map_err(|error| {
            unusable(&error, EVENT_BUS, &bus, "events:DescribeEventBus", &["ResourceNotFoundException"])
        })
    }

    /// Puts these entries on the bus, in one request. Returns the result of each, in their order. Must not be called
    /// for a bus that does not exist: EventBridge would accept the entries and drop them.
    ///
    /// If EventBridge rejects a request as a whole, none of its entries was accepted, and each is put alone, so that
    /// only the faulty one fails. Their order does not matter: they are of different message groups.
    ///
    /// # Errors
    /// The bus did not answer. It may have accepted any of the entries.
    pub async fn put(&self, entries: &[&Entry]) -> Result<Vec<Result<(), EntryError>>, StoreError> {
        match self.put_events(entries).await {
            Err(error) if entries.len() > 1 && is_rejected(&error) => {
                let alone = entries.iter().map(async |entry| {
                    let results = self.put_events(&[entry]).await.map_err(|error| store_error(&error))?;
                    results.into_iter().collect()
                });
                Ok(join_all(alone).await)
            }
            answer => answer.map_err(|error| store_error(&error)),
        }
    }

    async fn put_events(
        &self,
        entries: &[&Entry],
    ) -> Result<Vec<Result<(), EntryError>>, SdkError<PutEventsError>> {
        let sent = entries.iter().map(|entry| self.entry(entry)).collect();
        let put = self.client.put_events().set_entries(Some(sent));
        let answered = Box::pin(put.send()).await?.entries.unwrap_or_default();
        Ok((0..entries.len()).map(|at| accepted(answered.get(at))).collect())
    }

    fn entry(&self, entry: &Entry) -> PutEventsRequestEntry {
        let time = entry.time.and_then(|time| DateTime::from_nanos(time.unix_timestamp_nanos()).ok());
        PutEventsRequestEntry::builder()
            .event_bus_name(&self.name)
            .source(SOURCE)
            .detail_type(&entry.detail_type)
            .detail(&entry.detail)
            .set_time(time)
            .set_trace_header(entry.trace_header.clone())
            .build()
    }
}

/// Whether an entry may be the reason: a 400, except for throttling and permissions.
fn is_rejected(error: &SdkError<PutEventsError>) -> bool {
    let is_400 = error.raw_response().is_some_and(|response| response.status().as_u16() == 400);
    let code = error.code().unwrap_or_default();
    is_400 && !code.contains("Throttling") && !code.contains("AccessDenied")
}

/// Only an accepted entry has an id. EventBridge's message is not logged, because it may quote the entry.
fn accepted(entry: Option<&PutEventsResultEntry>) -> Result<(), EntryError> {
    let code = match entry {
        Some(entry) if entry.error_code().is_none() && entry.event_id().is_some() => return Ok(()),
        Some(entry) => entry.error_code().unwrap_or("neither an id nor an error"),
        None => "no result for this entry",
    };
    Err(EntryError { why: StoreError(code.to_owned()), is_lasting: NEVER.contains(&code) })
}
