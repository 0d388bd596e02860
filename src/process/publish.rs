//! Publishes events to an event bus, for programs in any language.
//!
//! `Source` is `mediahook`, `DetailType` the event's type, `Detail` the envelope byte for byte, and `Time` the
//! event's own time (see [`Entry::time`]). An event that is too large for the bus leaves its data in the bucket (see
//! [`claim_check`]).
//!
//! The events of all groups of a batch go through one channel. When a request has been answered, the events that wait
//! in the channel share the next requests, up to the limits of a request. An event is sent only after the previous
//! one of its group is on the bus. So if a part of a request fails, no later event of its group is on the bus. (The bus
//! itself guarantees its targets no order: they must use `time`.) If the answer to a request is lost, the request is
//! put again: the bus does not deduplicate, but its consumers have the `id`.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use aws_lambda_events::sqs::SqsMessage;
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use mediahook_events::CloudEvent;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::sync::{mpsc, oneshot};

use super::batch::{Batch, Deliver, Dispatch};
use super::bus_check::BusCheck;
use super::handler::Failure;
use super::record::Event;
use crate::ingest::{claim_check, message};
use crate::storage::bus::{Bus, Entry, MAX_DETAIL_TYPE_CHARS, MAX_ENTRIES, MAX_REQUEST_BYTES};
use crate::storage::idempotency::IdempotencyStore;
use crate::storage::{Bucket, EntryError, Queue, Unusable};
use crate::timeouts::Clock;
use crate::timeouts::process::READY;

/// No event of ours is older than the year 2000. In seconds since 1970.
const EARLIEST_S: i64 = 946_684_800;
/// A sender's clock may be ahead by this much at most.
const AHEAD: Duration = Duration::from_hours(24);

/// Puts every event on a bus.
#[derive(Debug)]
pub struct Publisher<B, K> {
    bus: B,
    check: BusCheck,
    bucket: K,
    now: Clock,
}

/// Delivers events to the bus through the channel of one batch.
struct ToBus<'p, B, K> {
    publisher: &'p Publisher<B, K>,
    puts: mpsc::Sender<Put>,
}

/// An entry that waits for the bus.
struct Put {
    entry: Entry,
    /// Closed if nobody waits any more: the event was cut off and reported failed.
    result: oneshot::Sender<Result<(), Failure>>,
}

impl<B: Bus, K: Bucket> Dispatch for Publisher<B, K> {
    async fn prepare(&self) {
        // The batch that fails because of it logs the problem.
        let _ = self.check.check(&self.bus, READY).await;
    }

    async fn dispatch<'r, I: IdempotencyStore, Q: Queue>(
        &self,
        groups: Vec<Vec<&'r SqsMessage>>,
        batch: &Batch<'_, I, Q>,
    ) -> Vec<&'r SqsMessage> {
        if let Err(problem) = self.check.check(&self.bus, batch.deadlines.ready_within()).await {
            let reason = match problem {
                Unusable::Misconfigured(error) => {
                    batch.log_misconfigured(&error);
                    "the destination does not exist".to_owned()
                }
                problem => problem.to_string(),
            };
            return batch.fail_all(groups, &reason);
        }
        let (puts, waiting) = mpsc::channel(MAX_ENTRIES);
        let to_bus = ToBus { publisher: self, puts };
        // Biased: if both are ready, the answer of the bus counts before a cut-off. All ends when the groups are done.
        tokio::select! {
            biased;
            never = self.put_all(waiting) => match never {},
            redelivered = batch.process_groups(groups, &to_bus) => redelivered,
        }
    }
}

impl<B: Bus, K: Bucket> Deliver for ToBus<'_, B, K> {
    async fn deliver(&self, event: &Event<'_>) -> Result<(), Failure> {
        let entry = self.publisher.entry(event).await?;
        let (result, answer) = oneshot::channel();
        // If this fails, `result` is dropped, and the next line is an error.
        let _ = self.puts.send(Put { entry, result }).await;
        answer.await.unwrap_or_else(|_| Err(Failure::new("the bus did not say")))
    }
}

impl<B: Bus, K: Bucket> Publisher<B, K> {
    /// A publisher to this bus. An event that is too large for it leaves its data in this bucket.
    pub fn new(bus: B, bucket: K, now: Clock) -> Self {
        Self { bus, check: BusCheck::new(now), bucket, now }
    }

    /// Puts the waiting entries, request by request, until the batch is done.
    async fn put_all(&self, mut waiting: mpsc::Receiver<Put>) -> Infallible {
        let mut puts = Vec::new();
        loop {
            if waiting.recv_many(&mut puts, MAX_ENTRIES).await == 0 {
                // The batch is done; its end drops this future.
                std::future::pending::<()>().await;
            }
            for request in requests(puts.drain(..)) {
                self.put_request(request).await;
            }
        }
    }

    /// Puts the entries of one request. If an entry has no result, it counts as not on the bus.
    async fn put_request(&self, request: Vec<Put>) {
        let waiting = request.into_iter().filter(|put| !put.result.is_closed());
        let (entries, mut senders): (Vec<_>, Vec<_>) = waiting.map(|put| (put.entry, put.result)).unzip();
        if entries.is_empty() {
            return;
        }
        let entries: Vec<&Entry> = entries.iter().collect();
        let answer = tokio::select! {
            biased;
            answer = AssertUnwindSafe(self.bus.put(&entries)).catch_unwind() => answer,
            // All its events were cut off and reported failed: nobody waits for this request any more.
            _ = join_all(senders.iter_mut().map(oneshot::Sender::closed)) => return,
        };
        let (mut results, why) = match answer {
            Ok(Ok(results)) => (results.into_iter(), "the bus did not say".to_owned()),
            Ok(Err(error)) => (Vec::new().into_iter(), format!("the bus: {error}")),
            Err(_) => (Vec::new().into_iter(), "the bus: a panic".to_owned()),
        };
        for sender in senders {
            let result = results.next().map(|result| result.map_err(Failure::from));
            // An event that was cut off in the meantime no longer waits.
            let _ = sender.send(result.unwrap_or_else(|| Err(Failure::new(&why))));
        }
    }

    async fn entry(&self, event: &Event<'_>) -> Result<Entry, Failure> {
        let Event { envelope, text, trace } = event;
        let mut entry = Entry {
            detail_type: envelope.event_type.chars().take(MAX_DETAIL_TYPE_CHARS).collect(),
            detail: (*text).to_owned(),
            time: envelope.time.as_deref().and_then(|time| plausible_time(time, (self.now)())),
            trace: *trace,
        };
        if entry.bytes() > MAX_REQUEST_BYTES {
            entry.detail = self.without_data(envelope).await?;
        }
        if entry.bytes() > MAX_REQUEST_BYTES {
            return Err(Failure::dead_letter("too large for the bus, even without its data"));
        }
        Ok(entry)
    }

    /// The envelope, with its data moved to the bucket.
    async fn without_data(&self, envelope: &CloudEvent) -> Result<String, Failure> {
        let mut envelope = envelope.clone();
        let stored = claim_check::check_in(&mut envelope, &self.bucket).await;
        stored.map_err(|error| format!("too large for the bus, and not in the bucket: {error}"))?;
        Ok(message(&envelope).body)
    }
}

/// Divides the entries into as few requests as the bus allows, in their order.
fn requests(puts: impl Iterator<Item = Put>) -> Vec<Vec<Put>> {
    let mut requests: Vec<Vec<Put>> = Vec::new();
    let mut request_bytes = 0;
    for put in puts {
        let bytes = put.entry.bytes();
        match requests.last_mut() {
            Some(request) if request_bytes + bytes <= MAX_REQUEST_BYTES => {
                request_bytes += bytes;
                request.push(put);
            }
            _ => {
                request_bytes = bytes;
                requests.push(vec![put]);
            }
        }
    }
    requests
}

/// The time in a text, if an event can have happened then.
fn plausible_time(text: &str, now: OffsetDateTime) -> Option<OffsetDateTime> {
    let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    (time.unix_timestamp() >= EARLIEST_S && time - now <= AHEAD).then_some(time)
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
    use crate::process::record::Record;
    use crate::storage::StoreError;
    use futures_util::future::join_all;
    use serde_json::json;
    use std::sync::Mutex;
    use time::macros::datetime;

    /// Records the size and the contents of each request; fails as the event's type says.
    #[derive(Default)]
    struct Noted(Mutex<Vec<Vec<Entry>>>);

    impl Bus for Noted {
        async fn check(&self) -> Result<(), Unusable> {
            Ok(())
        }
        async fn put(&self, entries: &[&Entry]) -> Result<Vec<Result<(), EntryError>>, StoreError> {
            tokio::task::yield_now().await;
            self.0.lock().unwrap().push(entries.iter().map(|e| (*e).clone()).collect());
            let answer = |entry: &&Entry| match entry.detail_type.as_str() {
                "later" => Err(EntryError { why: StoreError("busy".into()), is_lasting: false }),
                "never" => Err(EntryError { why: StoreError("odd".into()), is_lasting: true }),
                _ => Ok(()),
            };
            assert!(entries.iter().all(|e| e.detail_type != "panic"), "scripted");
            if entries.iter().any(|e| e.detail_type == "hang") {
                std::future::pending::<()>().await;
            }
            if entries.iter().any(|e| e.detail_type == "down") {
                return Err(StoreError("down".into()));
            }
            let is_short = entries.iter().any(|e| e.detail_type == "short");
            Ok(entries.iter().map(answer).take(entries.len() - usize::from(is_short)).collect())
        }
    }

    /// A destination that must not be used, or that fails.
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
            "channel": "push", "recordedtime": "x", "tomorrow": 1.50, "data": { "x": "x".repeat(bytes) }
        })
        .to_string()
    }

    fn messages(texts: &[String]) -> Vec<SqsMessage> {
        texts.iter().map(|text| serde_json::from_value(json!({ "body": text })).unwrap()).collect()
    }

    async fn deliver(texts: &[String]) -> (Vec<Result<(), String>>, Vec<Vec<Entry>>) {
        let publisher = Publisher::new(Noted::default(), NoBucket, now);
        let messages = messages(texts);
        let records: Vec<_> = messages.iter().map(|message| Record::read(message, None)).collect();
        let (puts, waiting) = mpsc::channel(MAX_ENTRIES);
        let to_bus = ToBus { publisher: &publisher, puts };
        let delivered = records.iter().map(|record| to_bus.deliver(record.event.as_ref().unwrap()));
        let results = tokio::select! {
            results = join_all(delivered) => results,
            never = publisher.put_all(waiting) => match never {},
        };
        let results = results.into_iter().map(|result| result.map_err(|failure| format!("{failure:?}")));
        (results.collect(), publisher.bus.0.into_inner().unwrap())
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
    async fn an_event_that_was_cut_off_while_it_waited_is_not_put() {
        let publisher = Publisher::new(Noted::default(), NoBucket, now);
        let messages = messages(&[text("cut-off", 0), text("t", 0)]);
        let records: Vec<_> = messages.iter().map(|message| Record::read(message, None)).collect();
        let [cut_off, other] = [0, 1].map(|at| records[at].event.as_ref().unwrap());
        let (puts, waiting) = mpsc::channel(MAX_ENTRIES);
        let to_bus = ToBus { publisher: &publisher, puts };
        assert!(tokio::time::timeout(Duration::ZERO, to_bus.deliver(cut_off)).await.is_err());
        let result = tokio::select! {
            result = to_bus.deliver(other) => result,
            never = publisher.put_all(waiting) => match never {},
        };
        result.unwrap();
        let put: Vec<_> = publisher.bus.0.lock().unwrap().concat();
        assert_eq!(put.iter().map(|entry| entry.detail_type.as_str()).collect::<Vec<_>>(), ["t"]);
    }

    #[tokio::test]
    async fn a_request_whose_events_were_all_cut_off_ends_and_the_next_one_is_put() {
        let publisher = Publisher::new(Noted::default(), NoBucket, now);
        let messages = messages(&[text("hang", 0), text("t", 0)]);
        let records: Vec<_> = messages.iter().map(|message| Record::read(message, None)).collect();
        let [hang, other] = [0, 1].map(|at| records[at].event.as_ref().unwrap());
        let (puts, waiting) = mpsc::channel(MAX_ENTRIES);
        let to_bus = ToBus { publisher: &publisher, puts };
        let deliver = async {
            let cut_off = tokio::time::timeout(Duration::from_millis(20), to_bus.deliver(hang)).await;
            assert!(cut_off.is_err());
            tokio::time::timeout(Duration::from_secs(5), to_bus.deliver(other)).await.expect("put in time")
        };
        let result = tokio::select! {
            result = deliver => result,
            never = publisher.put_all(waiting) => match never {},
        };
        result.unwrap();
        let put: Vec<_> = publisher.bus.0.lock().unwrap().concat();
        assert_eq!(put.iter().map(|entry| entry.detail_type.as_str()).collect::<Vec<_>>(), ["hang", "t"]);
    }

    #[tokio::test]
    async fn a_panic_of_the_bus_is_a_failure_of_its_request_alone() {
        let mut texts = vec![text("t", 0); 10];
        texts.push(text("t", 0));
        texts[0] = text("panic", 0);
        let (results, _) = deliver(&texts).await;
        assert!(results[..10].iter().all(|r| r.as_ref().unwrap_err().contains("a panic")), "{results:?}");
        assert_eq!(results[10], Ok(()));
    }
}
