//! The event bus.

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::config::Builder;
use aws_sdk_eventbridge::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_eventbridge::operation::describe_event_bus::DescribeEventBusError;
use aws_sdk_eventbridge::operation::put_events::PutEventsError;
use aws_sdk_eventbridge::primitives::DateTime;
use aws_sdk_eventbridge::types::{PutEventsRequestEntry, PutEventsResultEntry};
use futures_util::future::join_all;

use super::http_client::DropUnanswered;
use super::{Aws, retry, store_error};
use crate::storage::bus::{Bus, Entry, SOURCE};
use crate::storage::{EntryError, StoreError, Unusable};
use crate::timeouts::RetryPolicy;
use crate::trace::Trace;

/// EventBridge's error codes for an entry that a retry would not accept either.
const NEVER: [&str; 2] = ["InvalidArgument", "MalformedDetail"];
/// AWS's error code for a request that the role may not make.
const NOT_PERMITTED: &str = "AccessDeniedException";
/// AWS's error codes with status 400 that no entry causes: the signer is unknown or not permitted, or there are too
/// many requests.
const NO_ENTRYS_FAULT: [&str; 14] = [
    NOT_PERMITTED,
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "LimitExceededException",
    "MissingAuthenticationToken",
    "OptInRequired",
    "RequestExpired",
    "RequestLimitExceeded",
    "ThrottlingException",
    "TooManyRequestsException",
    "UnrecognizedClientException",
];

/// An EventBridge event bus.
#[derive(Debug)]
pub struct EventBridgeBus {
    client: Client,
    name: String,
}

impl EventBridgeBus {
    /// The bus of that name or ARN. No request is sent yet.
    pub fn new(aws: &Aws, name: String, retry_policy: RetryPolicy) -> Self {
        let config = Builder::from(&aws.config(retry_policy))
            .interceptor(DropUnanswered)
            .retry_partition(retry::no_quota());
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

type PutResult = Result<Vec<Result<(), EntryError>>, SdkError<PutEventsError>>;

impl EventBridgeBus {
    async fn put_events(&self, entries: &[&Entry]) -> PutResult {
        let entries = entries.iter().map(|entry| self.entry(entry)).collect();
        let put = self.client.put_events().set_entries(Some(entries));
        let answer = Box::pin(put.send()).await?;
        Ok(answer.entries.unwrap_or_default().iter().map(taken).collect())
    }

    async fn put_one(&self, entry: &Entry) -> Result<(), EntryError> {
        match self.put_events(&[entry]).await {
            Ok(results) => {
                results.into_iter().next().unwrap_or_else(|| Err(passing(StoreError("no answer".to_owned()))))
            }
            Err(error) => Err(passing(store_error(&error))),
        }
    }
}

impl Bus for EventBridgeBus {
    async fn check(&self) -> Result<(), Unusable> {
        let describe = self.client.describe_event_bus().name(&self.name);
        let Err(error) = Box::pin(describe.send()).await else { return Ok(()) };
        let service_error = error.as_service_error();
        if service_error.is_some_and(DescribeEventBusError::is_resource_not_found_exception) {
            return Err(Unusable::Misconfigured(format!("there is no event bus `{}`", self.name)));
        }
        let why = store_error(&error);
        Err(if error.code() == Some(NOT_PERMITTED) {
            Unusable::NotPermitted(why.0)
        } else {
            Unusable::Unknown(why)
        })
    }

    /// If a request is rejected as a whole, it is split, so that the faulty entry fails alone. None of its entries
    /// was accepted. Their order does not matter: they are of different message groups.
    async fn put(&self, entries: &[&Entry]) -> Result<Vec<Result<(), EntryError>>, StoreError> {
        match self.put_events(entries).await {
            Err(error) if entries.len() > 1 && is_an_entrys_fault(&error) => {
                Ok(join_all(entries.iter().map(|entry| self.put_one(entry))).await)
            }
            answer => answer.map_err(|error| store_error(&error)),
        }
    }
}

/// Whether an entry may be the cause of an error: a 4xx, except for throttling and errors about the signer.
fn is_an_entrys_fault(error: &SdkError<PutEventsError>) -> bool {
    let Some(status) = error.raw_response().map(|response| response.status().as_u16()) else { return false };
    let is_no_entrys_fault = error.code().is_some_and(|code| NO_ENTRYS_FAULT.contains(&code));
    (400..500).contains(&status) && ![401, 403, 429].contains(&status) && !is_no_entrys_fault
}

/// Only an accepted entry has an id.
fn taken(entry: &PutEventsResultEntry) -> Result<(), EntryError> {
    if entry.error_code().is_none() && entry.event_id().is_some() {
        return Ok(());
    }
    // Without the message, because it may quote the entry.
    let code = entry.error_code().unwrap_or("neither an id nor an error");
    Err(EntryError { why: StoreError(code.to_owned()), is_lasting: NEVER.contains(&code) })
}

/// The bus may accept the entry in a retry.
fn passing(why: StoreError) -> EntryError {
    EntryError { why, is_lasting: false }
}
