//! Events to an event bus, for programs in any language.
//!
//! `Source` is `mediahook`, `DetailType` the event's type, `Detail` the envelope as it came, byte for byte, `Time` the event's
//! own time (see [`Entry::time`]). One that is too large for the bus leaves its data in the bucket (see [`claim_check`]).
//!
//! The events that are next in their groups go together, in as few requests as the bus allows. An event is only put after the
//! one before it in its group is on the bus, so none overtakes another in a request of which a part failed. (The bus itself
//! promises its targets no order: they have to go by `time`.) A request whose answer was lost is put again: the bus knows no
//! duplicates, but its readers have the `id`.

use std::time::Duration;

use futures_util::future::join_all;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::time::{Instant, timeout_at};

use super::batch::Dispatch;
use super::bus_check::{BusCheck, NotReady};
use super::group::Group;
use super::handler::Failure;
use super::processor::Batch;
use super::record::{Record, RecordOutcome};
use crate::event::envelope::Envelope;
use crate::storage::bus::{Bus, Entry, MAX_DETAIL_TYPE_CHARS, MAX_ENTRIES, MAX_REQUEST_BYTES};
use crate::storage::idempotency::IdempotencyStore;
use crate::storage::{Bucket, EntryError, Queue, claim_check};
use crate::timeouts::Clock;
use crate::timeouts::process::READY;

/// No event of ours is older than the year 2000: in seconds since 1970.
const EARLIEST_S: i64 = 946_684_800;
/// A sender's clock may be wrong, but not by more than this.
const AHEAD: Duration = Duration::from_hours(24);

/// Puts every event on a bus.
#[derive(Debug)]
pub struct Publisher<B, K> {
    bus: B,
    check: BusCheck,
    bucket: K,
    now: Clock,
}

impl<B: Bus, K: Bucket> Publisher<B, K> {
    /// A publisher to this bus. What is too large for it leaves its data in this bucket.
    pub fn new(bus: B, bucket: K, now: Clock) -> Self {
        Self { bus, check: BusCheck::new(now), bucket, now }
    }

    /// Processes these records, which are of different groups.
    async fn process_side_by_side<I: IdempotencyStore, Q: Queue>(
        &self,
        records: &[Record<'_>],
        batch: &Batch<'_, I, Q>,
    ) -> Vec<RecordOutcome> {
        let claims = join_all(records.iter().map(|record| batch.claim(record))).await;
        let claimed = records.iter().zip(&claims);
        let claimed = claimed.filter_map(|(record, claim)| Some((record, claim.as_ref().ok()?.until)));
        let mut results = self.put(&claimed.collect::<Vec<_>>()).await.into_iter();
        let mut with_result = |claimed| (claimed, next(&mut results));
        let delivered: Vec<_> = claims.into_iter().map(|claim| claim.map(&mut with_result)).collect();
        let settled = records.iter().zip(delivered).map(async |(record, delivered)| match delivered {
            Ok((claimed, result)) => batch.settle(record, claimed, result).await,
            Err(outcome) => outcome,
        });
        join_all(settled).await
    }

    /// Puts these events, and says of each whether the bus has it.
    async fn put(&self, events: &[(&Record<'_>, Instant)]) -> Vec<Result<(), Failure>> {
        let entries = events.iter().map(|(record, until)| async {
            timeout_at(*until, self.entry(record)).await.unwrap_or_else(|_| Err(Failure::cut_off()))
        });
        let entries: Vec<Result<Entry, Failure>> = join_all(entries).await;
        let until = events.iter().map(|(_, until)| *until).min().unwrap_or_else(Instant::now);
        let mut results = Vec::new();
        for request in requests(entries.iter().flatten()) {
            results.extend(self.put_request(&request, until).await);
        }
        let mut results = results.into_iter();
        entries.into_iter().map(|entry| entry.and_then(|_| next(&mut results))).collect()
    }

    /// A result for each entry, in their order, whatever the bus answers.
    async fn put_request(&self, entries: &[&Entry], until: Instant) -> Vec<Result<(), Failure>> {
        let all = |failure: fn() -> Failure| entries.iter().map(|_| Err(failure())).collect();
        if Instant::now() >= until {
            return all(Failure::cut_off);
        }
        let results = match timeout_at(until, self.bus.put(entries)).await {
            Ok(Ok(results)) => results.into_iter(),
            Ok(Err(error)) => {
                return entries.iter().map(|_| Err(Failure::new(format!("the bus: {error}")))).collect();
            }
            Err(_) => return all(Failure::cut_off),
        };
        let mut results = results.map(|result| result.map_err(Failure::from));
        entries.iter().map(|_| next(&mut results)).collect()
    }

    async fn entry(&self, record: &Record<'_>) -> Result<Entry, Failure> {
        let envelope = record.envelope.as_ref().map_err(Failure::dead_letter)?;
        let mut entry = Entry {
            detail_type: envelope.event_type.chars().take(MAX_DETAIL_TYPE_CHARS).collect(),
            detail: record.text().to_owned(),
            time: plausible_time(&envelope.time, (self.now)()),
            trace: record.trace,
        };
        if entry.bytes() > MAX_REQUEST_BYTES {
            entry.detail = self.without_data(envelope).await?;
        }
        if entry.bytes() > MAX_REQUEST_BYTES {
            return Err(Failure::dead_letter("too large for the bus, even without its data"));
        }
        Ok(entry)
    }

    /// The envelope with its data left in the bucket.
    async fn without_data(&self, envelope: &Envelope) -> Result<String, Failure> {
        let mut envelope = envelope.clone();
        let stored = claim_check::check_in(&mut envelope, &self.bucket).await;
        stored.map_err(|error| format!("too large for the bus, and not in the bucket: {error}"))?;
        Ok(envelope.message().body)
    }
}

/// The next event's result. An event without one is not on the bus as far as we know.
fn next(results: &mut impl Iterator<Item = Result<(), Failure>>) -> Result<(), Failure> {
    results.next().unwrap_or_else(|| Err(Failure::new("the bus did not say")))
}

/// As few requests as the bus allows, in the order of the entries.
fn requests<'e>(entries: impl Iterator<Item = &'e Entry>) -> Vec<Vec<&'e Entry>> {
    let mut requests: Vec<Vec<&Entry>> = Vec::new();
    let mut bytes = 0;
    for entry in entries {
        bytes += entry.bytes();
        match requests.last_mut() {
            Some(request) if request.len() < MAX_ENTRIES && bytes <= MAX_REQUEST_BYTES => request.push(entry),
            _ => {
                bytes = entry.bytes();
                requests.push(vec![entry]);
            }
        }
    }
    requests
}

/// A text's time, where an event can have happened then.
fn plausible_time(text: &str, now: OffsetDateTime) -> Option<OffsetDateTime> {
    let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    (time.unix_timestamp() >= EARLIEST_S && time - now <= AHEAD).then_some(time)
}

impl<B: Bus, K: Bucket> Dispatch for Publisher<B, K> {
    async fn prepare(&self) {
        // What is wrong is logged by the batch that fails for it.
        let _ = self.check.check(&self.bus, READY).await;
    }

    async fn dispatch<I: IdempotencyStore, Q: Queue>(
        &self,
        groups: &mut [Group<'_>],
        batch: &Batch<'_, I, Q>,
    ) {
        if let Err(problem) = self.check.check(&self.bus, batch.deadline.ready_within()).await {
            if let NotReady::Misconfigured(error) = &problem {
                batch.log_misconfigured(error);
            }
            return batch.fail_all(groups, &problem.to_string());
        }
        loop {
            let next = groups.iter_mut().filter_map(|group| Some((batch.read(group.next()?), group)));
            let (records, groups): (Vec<_>, Vec<_>) = next.unzip();
            if records.is_empty() {
                return;
            }
            let outcomes = self.process_side_by_side(&records, batch).await;
            for ((group, record), outcome) in groups.into_iter().zip(&records).zip(&outcomes) {
                batch.conclude(group, record, outcome);
            }
        }
    }
}

impl From<EntryError> for Failure {
    fn from(EntryError { why, is_lasting }: EntryError) -> Self {
        if is_lasting {
            Self::dead_letter(format!("refused by the bus: {why}"))
        } else {
            Self::new(format!("not taken by the bus: {why}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::StoreError;
    use crate::storage::bus::BusState;
    use aws_lambda_events::sqs::SqsMessage;
    use serde_json::json;
    use std::sync::Mutex;
    use time::macros::datetime;

    /// Notes how large each request was and what was in it; refuses as the event's type says.
    #[derive(Default)]
    struct Noted(Mutex<Vec<Vec<Entry>>>);

    impl Bus for Noted {
        fn name(&self) -> &'static str {
            "b"
        }
        async fn describe(&self) -> Result<BusState, StoreError> {
            Ok(BusState::Exists)
        }
        async fn put(&self, entries: &[&Entry]) -> Result<Vec<Result<(), EntryError>>, StoreError> {
            tokio::task::yield_now().await;
            self.0.lock().unwrap().push(entries.iter().map(|e| (*e).clone()).collect());
            let answer = |entry: &&Entry| match entry.detail_type.as_str() {
                "later" => Err(EntryError { why: StoreError("busy".into()), is_lasting: false }),
                "never" => Err(EntryError { why: StoreError("odd".into()), is_lasting: true }),
                _ => Ok(()),
            };
            if entries.iter().any(|e| e.detail_type == "down") {
                return Err(StoreError("down".into()));
            }
            let is_short = entries.iter().any(|e| e.detail_type == "short");
            Ok(entries.iter().map(answer).take(entries.len() - usize::from(is_short)).collect())
        }
    }

    /// One that must not be needed, or that fails.
    struct NoBucket;

    impl Bucket for NoBucket {
        fn name(&self) -> &'static str {
            "b"
        }
        async fn put(&self, _: &str, _: Vec<u8>, _: &'static str) -> Result<(), StoreError> {
            Err(StoreError("no bucket".into()))
        }
        async fn get(&self, _: &str) -> Result<Vec<u8>, StoreError> {
            Err(StoreError("no bucket".into()))
        }
        async fn list(&self, _: &str, _: Option<&str>) -> Result<crate::storage::Page, StoreError> {
            Err(StoreError("no bucket".into()))
        }
        async fn delete(&self, _: &str) -> Result<(), StoreError> {
            Err(StoreError("no bucket".into()))
        }
    }

    fn now() -> OffsetDateTime {
        datetime!(2026-11-22 06:00 UTC)
    }

    fn text(event_type: &str, bytes: usize) -> String {
        json!({
            "specversion": "1.0", "id": "1", "source": "a/b", "type": event_type, "time": "2026-11-22T05:50:25.5Z",
            "channel": "push", "receivedtime": "x", "tomorrow": 1.50, "data": { "x": "x".repeat(bytes) }
        })
        .to_string()
    }

    fn messages(texts: &[String]) -> Vec<SqsMessage> {
        texts.iter().map(|text| serde_json::from_value(json!({ "body": text })).unwrap()).collect()
    }

    async fn put(texts: &[String], time: Duration) -> (Vec<Result<(), String>>, Vec<Vec<Entry>>) {
        let publisher = Publisher::new(Noted::default(), NoBucket, now);
        let messages = messages(texts);
        let records: Vec<_> = messages.iter().map(|message| Record::read(message, None)).collect();
        let until = Instant::now() + time;
        let events: Vec<_> = records.iter().map(|record| (record, until)).collect();
        let results = publisher.put(&events).await;
        let results = results.into_iter().map(|result| result.map_err(|failure| format!("{failure:?}")));
        (results.collect(), publisher.bus.0.into_inner().unwrap())
    }

    async fn deliver(texts: &[String]) -> (Vec<Result<(), String>>, Vec<Vec<Entry>>) {
        put(texts, Duration::from_secs(30)).await
    }

    #[tokio::test]
    async fn events_go_in_as_few_requests_as_the_bus_allows() {
        let sizes = |requests: &[Vec<Entry>]| requests.iter().map(Vec::len).collect::<Vec<_>>();
        let (results, requests) = deliver(&vec![text("t", 0); 23]).await;
        assert!(results.iter().all(Result::is_ok));
        assert_eq!(sizes(&requests), [10, 10, 3]);
        let (results, requests) = deliver(&vec![text("t", 100_000); 5]).await;
        assert!(results.iter().all(Result::is_ok));
        assert_eq!(sizes(&requests), [2, 2, 1]);
        for request in requests {
            assert!(request.iter().map(Entry::bytes).sum::<usize>() <= MAX_REQUEST_BYTES);
        }
    }

    #[tokio::test]
    async fn an_entry_has_the_envelope_byte_for_byte() {
        let long = "ü".repeat(200);
        let (results, requests) = deliver(&[text(&long, 0)]).await;
        assert_eq!(results, [Ok(())]);
        let entry = &requests[0][0];
        assert_eq!(entry.detail, text(&long, 0));
        assert_eq!(entry.detail_type, "ü".repeat(128));
        assert_eq!(entry.time.unwrap(), datetime!(2026-11-22 05:50:25.5 UTC));
    }

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
            assert_eq!(plausible_time(text, now()).is_some(), is_one, "{text}");
        }
    }

    #[tokio::test]
    async fn each_event_has_its_own_result() {
        let (results, _) = deliver(&[text("t", 0), text("later", 0), text("never", 0), text("t", 0)]).await;
        assert_eq!((&results[0], &results[3]), (&Ok(()), &Ok(())));
        let error = |at: usize| results[at].as_ref().unwrap_err();
        assert!(error(1).contains("not taken by the bus: busy") && error(1).contains("Retry"));
        assert!(error(2).contains("refused by the bus: odd") && error(2).contains("DeadLetter"));
        let (results, _) = deliver(&[text("t", 0), text("down", 0)]).await;
        assert!(results.iter().all(|r| r.as_ref().unwrap_err().contains("the bus: down")));
    }

    #[tokio::test]
    async fn an_event_too_large_for_the_bus_fails_without_the_bucket() {
        let (results, requests) = deliver(&[text("t", MAX_REQUEST_BYTES)]).await;
        assert!(results[0].as_ref().unwrap_err().contains("not in the bucket: no bucket"));
        assert!(requests.is_empty());
    }

    #[tokio::test]
    async fn an_answer_with_too_few_results_says_nothing_of_the_events_of_another_request() {
        let mut texts = vec![text("t", 0); 10];
        texts.push(text("short", 0));
        texts.rotate_right(1);
        let (results, requests) = deliver(&texts).await;
        assert_eq!(requests.iter().map(Vec::len).collect::<Vec<_>>(), [10, 1]);
        let silent: Vec<_> =
            results.iter().map(|r| r.as_ref().err().map(|e| e.contains("did not say"))).collect();
        assert_eq!(silent[8..], [None, Some(true), None]);
    }

    #[tokio::test]
    async fn an_event_without_time_left_is_not_put() {
        let (results, requests) = put(&[text("t", 0)], Duration::ZERO).await;
        assert!(results[0].as_ref().unwrap_err().contains("cut off"));
        assert!(requests.is_empty());
    }
}
