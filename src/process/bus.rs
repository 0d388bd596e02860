//! Puts events on an event bus, for programs in any language.
//!
//! `DetailType` is the event's type, `Detail` the envelope byte for byte, and `Time` the event's own time. The next
//! events of all groups of a batch share a request, as far as they fit into one, and an event is put only after the previous
//! one of its group is on the bus. (The bus itself guarantees its targets no order: they must use `time`.) `PutEvents` does
//! not deduplicate. So a request is not repeated while its answer is awaited; a consumer has the `id`.

use std::time::Duration;

use futures_util::future::join_all;
use mediahook_events::CloudEvent;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::destination::{Destination, attempt};
use super::handler::Failure;
use super::record::Event;
use crate::aws::eventbridge::{Entry, EventBridgeBus};
use crate::aws::s3::S3Bucket;
use crate::ingest::{claim_check, message};
use crate::storage::checks::ExistenceCheck;
use crate::storage::{EntryError, Unusable};
use crate::timeouts::{Clock, Deadline};
use crate::trace::xray_header;

/// The maximum size of a request: 256 KiB. In 2026 AWS raised it to 1 MiB, but not in every region, and not for every
/// target behind a bus. The data of a larger event is read from the bucket anyway.
const MAX_REQUEST_BYTES: usize = 256 * 1024;
/// How many entries a request may have.
const MAX_ENTRIES: usize = 10;
/// What an entry takes beside its `Detail`: 14 for the time, `Source`, `DetailType` in UTF-8, and "any necessary
/// characters and keys of the JSON representation".
const FRAME_BYTES: usize = 2 * 1024;
/// The maximum length of a `DetailType`. A longer type is cut; the envelope has all of it.
const MAX_DETAIL_TYPE_CHARS: usize = 128;
/// No event of ours is older than the year 2000. In seconds since 1970.
const EARLIEST_S: i64 = 946_684_800;
/// A sender's clock may be ahead by this much at most.
const AHEAD: Duration = Duration::from_hours(24);

/// Puts every event on a bus.
#[derive(Debug)]
pub struct EventBus {
    bus: EventBridgeBus,
    existence: ExistenceCheck,
    bucket: S3Bucket,
    now: Clock,
}

impl EventBus {
    /// This bus. An event that is too large for it leaves its data in this bucket.
    pub fn new(bus: EventBridgeBus, bucket: S3Bucket, now: Clock) -> Self {
        Self { bus, existence: ExistenceCheck::new(now), bucket, now }
    }

    /// The entry of an event. An event that is too large for the bus leaves its data in the bucket.
    async fn entry(&self, Event { envelope, text }: &Event<'_>) -> Result<Entry, Failure> {
        let detail = if is_too_large(text) { self.without_data(envelope).await? } else { (*text).to_owned() };
        Ok(Entry {
            detail_type: envelope.event_type.chars().take(MAX_DETAIL_TYPE_CHARS).collect(),
            detail,
            time: envelope.time.as_deref().and_then(|time| plausible_time(time, (self.now)())),
            trace_header: envelope.traceparent.as_deref().and_then(xray_header),
        })
    }

    async fn without_data(&self, envelope: &CloudEvent) -> Result<String, Failure> {
        let mut envelope = envelope.clone();
        let stored = claim_check::check_in(&mut envelope, &self.bucket).await;
        let why = "too large for the bus, and not in the bucket";
        stored.map_err(|error| Failure::passing(format!("{why}: {error}")))?;
        Ok(message(&envelope).body)
    }

    async fn put(&self, request: Vec<&Entry>, until: Deadline) -> Vec<Result<(), Failure>> {
        let put = async {
            self.bus.put(&request).await.map_err(|error| Failure::passing(format!("the bus: {error}")))
        };
        match attempt(until, put).await {
            Ok(results) => results.into_iter().map(|result| result.map_err(Failure::from)).collect(),
            Err(failure) => request.iter().map(|_| Err(failure.clone())).collect(),
        }
    }
}

impl Destination for EventBus {
    async fn check(&self, within: Duration) -> Result<(), Unusable> {
        self.existence.run(within, self.bus.check()).await
    }

    /// It waits for the bucket first.
    fn delays_others(&self, body: &str) -> bool {
        is_too_large(body)
    }

    async fn deliver(&self, events: &[&Event<'_>], until: Deadline) -> Vec<Result<(), Failure>> {
        let entries = join_all(events.iter().map(|event| attempt(until, self.entry(event)))).await;
        let requests = requests(entries.iter().filter_map(|entry| entry.as_ref().ok()));
        let put = join_all(requests.into_iter().map(|request| self.put(request, until))).await;
        let mut results = put.into_iter().flatten();
        let result =
            |entry: Result<_, _>| entry.map_or_else(|failure| Some(Err(failure)), |_| results.next());
        entries.into_iter().filter_map(result).collect()
    }
}

/// Whether an envelope is too large for a request.
fn is_too_large(envelope: &str) -> bool {
    FRAME_BYTES + envelope.len() > MAX_REQUEST_BYTES
}

/// Divides the entries into as few requests as the bus allows, in their order.
fn requests<'e>(entries: impl Iterator<Item = &'e Entry>) -> Vec<Vec<&'e Entry>> {
    let mut requests: Vec<Vec<&Entry>> = Vec::new();
    let mut request_bytes = 0;
    for entry in entries {
        let bytes = FRAME_BYTES + entry.detail.len();
        match requests.last_mut() {
            Some(request) if request_bytes + bytes <= MAX_REQUEST_BYTES && request.len() < MAX_ENTRIES => {
                request_bytes += bytes;
                request.push(entry);
            }
            _ => {
                request_bytes = bytes;
                requests.push(vec![entry]);
            }
        }
    }
    requests
}

/// The time in a text, if an event can have happened then: with any other time the bus might reject the whole request.
fn plausible_time(text: &str, now: OffsetDateTime) -> Option<OffsetDateTime> {
    let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    (time.unix_timestamp() >= EARLIEST_S && time - now <= AHEAD).then_some(time)
}

impl From<EntryError> for Failure {
    fn from(EntryError { why, is_lasting }: EntryError) -> Self {
        if is_lasting {
            Self::dead_letter(format!("rejected by the bus: {why}"))
        } else {
            Self::passing(format!("not accepted by the bus: {why}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn an_implausible_time_is_left_out() {
        for (text, is_one) in [
            ("1999-12-31T23:59:59.999Z", false),
            ("2000-01-01T00:00:00Z", true),
            ("2026-11-23T06:00:00Z", true),
            ("2026-11-23T06:00:00.001Z", false),
            ("9999-12-31T23:59:59Z", false),
            ("0000-01-01T00:00:00Z", false),
            ("soon", false),
        ] {
            let now = datetime!(2026-11-22 06:00 UTC);
            assert_eq!(plausible_time(text, now).is_some(), is_one, "{text}");
        }
    }
}
