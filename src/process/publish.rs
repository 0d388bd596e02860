//! Events to an event bus, for programs in any language.
//!
//! `Source` is `mediahook`, `DetailType` the event's type, `Detail` the envelope as it came, byte for byte, `Time` the event's
//! own time (see [`Entry::time`]). One that is too large for the bus leaves its data in the bucket (see [`claim_check`]).
//!
//! What is handed over while a request is on its way goes together in the next one, as far as it fits. An event is only
//! handed over once the one before it in its group is on the bus, so none overtakes another in a request of which a part
//! failed, and no part need be put twice. (What a bus does with the order is another matter: its targets have to go by
//! `time`.) A request whose answer was lost is put again: the bus knows no duplicates, but its readers have the `id`.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::sync::oneshot::{self, error::TryRecvError};

use super::Clock;
use super::bus_check::BusCheck;
use super::handler::{Deliver, Delivery, Failure, NotReady};
use crate::storage::Bucket;
use crate::storage::bus::{Bus, Entry, MAX_DETAIL_TYPE_CHARS, MAX_ENTRIES, MAX_REQUEST_BYTES, Refusal};
use crate::storage::claim_check;

/// No event of ours is older than the year 2000: in seconds since 1970.
const EARLIEST_S: i64 = 946_684_800;
/// A sender's clock may be wrong, but not by more than this.
const AHEAD: Duration = Duration::from_hours(24);
/// Those that come at once are put together. They come from ledger calls that were begun at the same time.
const GATHER_FOR: Duration = Duration::from_millis(5);

/// Puts every event on a bus.
#[derive(Debug)]
pub struct Publisher<B, K> {
    bus: B,
    check: BusCheck,
    bucket: K,
    now: Clock,
    waiting: Mutex<VecDeque<Waiting>>,
    /// Held by whoever puts for all that wait.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct Waiting {
    entry: Entry,
    told: oneshot::Sender<Result<(), Failure>>,
}

impl<B: Bus, K: Bucket> Publisher<B, K> {
    /// A publisher to this bus. What is too large for it leaves its data in this bucket.
    pub fn new(bus: B, bucket: K, now: Clock) -> Self {
        let (waiting, turn) = (Mutex::default(), tokio::sync::Mutex::default());
        Self { bus, check: BusCheck::new(now), bucket, now, waiting, turn }
    }

    async fn entry(&self, delivery: &Delivery<'_>) -> Result<Entry, Failure> {
        let Delivery { envelope, text, trace } = delivery;
        let mut entry = Entry {
            detail_type: envelope.event_type.chars().take(MAX_DETAIL_TYPE_CHARS).collect(),
            detail: (*text).to_owned(),
            time: plausible_time(&envelope.time, (self.now)()),
            trace: *trace,
        };
        if entry.bytes() > MAX_REQUEST_BYTES {
            let mut envelope = envelope.clone();
            let kept = claim_check::check_in(&mut envelope, &self.bucket).await;
            kept.map_err(|e| format!("too large for the bus, and not in the bucket: {e}"))?;
            entry.detail = envelope.message().body;
        }
        if entry.bytes() > MAX_REQUEST_BYTES {
            return Err(Failure::dead_letter("too large for the bus, even without its data"));
        }
        Ok(entry)
    }

    /// Puts those who came first, as many as fit.
    async fn put_next(&self) {
        let next = self.take();
        if next.is_empty() {
            return;
        }
        let entries: Vec<&Entry> = next.iter().map(|waiting| &waiting.entry).collect();
        let answer = self.bus.put(&entries).await;
        let mut results = answer.map(Vec::into_iter);
        for Waiting { told, .. } in next {
            let result = match &mut results {
                Ok(results) => results
                    .next()
                    .map_or_else(|| Err(Failure::new("the bus did not say")), |r| r.map_err(Failure::from)),
                Err(error) => Err(Failure::new(format!("the bus: {error}"))),
            };
            // Who was cut off meanwhile does not listen any more.
            let _ = told.send(result);
        }
    }

    fn take(&self) -> Vec<Waiting> {
        let mut waiting = self.waiting();
        // Whoever was cut off has told the queue that there was no effect.
        waiting.retain(|w| !w.told.is_closed());
        let (mut next, mut bytes) = (Vec::new(), 0);
        while let Some(first) = waiting.pop_front() {
            bytes += first.entry.bytes();
            if next.len() == MAX_ENTRIES || bytes > MAX_REQUEST_BYTES {
                waiting.push_front(first);
                break;
            }
            next.push(first);
        }
        next
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<Waiting>> {
        // Nothing panics while it holds the lock; if it did, the queue would still be whole.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A text's time, where an event can have happened then.
fn plausible_time(text: &str, now: OffsetDateTime) -> Option<OffsetDateTime> {
    let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    (time.unix_timestamp() >= EARLIEST_S && time - now <= AHEAD).then_some(time)
}

impl<B: Bus, K: Bucket> Deliver for Publisher<B, K> {
    async fn ready(&self, within: Duration) -> Result<(), NotReady> {
        self.check.check(&self.bus, within).await
    }

    async fn deliver(&self, delivery: &Delivery<'_>) -> Result<(), Failure> {
        let entry = self.entry(delivery).await?;
        let (told, mut hear) = oneshot::channel();
        self.waiting().push_back(Waiting { entry, told });
        let _turn = self.turn.lock().await;
        loop {
            match hear.try_recv() {
                Ok(result) => return result,
                Err(TryRecvError::Closed) => {
                    return Err(Failure::new("whoever put it on the bus was cut off"));
                }
                Err(TryRecvError::Empty) => {
                    tokio::time::sleep(GATHER_FOR).await;
                    self.put_next().await;
                }
            }
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotNow(why) => Self::new(format!("not taken by the bus: {why}")),
            Refusal::Never(why) => Self::dead_letter(format!("refused by the bus: {why}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::envelope::Envelope;
    use crate::storage::StoreError;
    use crate::storage::bus::BusState;
    use futures_util::future::join_all;
    use serde_json::json;
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
        async fn put(&self, entries: &[&Entry]) -> Result<Vec<Result<(), Refusal>>, StoreError> {
            tokio::task::yield_now().await;
            self.0.lock().unwrap().push(entries.iter().map(|e| (*e).clone()).collect());
            let answer = |entry: &&Entry| match entry.detail_type.as_str() {
                "later" => Err(Refusal::NotNow("busy".into())),
                "never" => Err(Refusal::Never("odd".into())),
                _ => Ok(()),
            };
            if entries.iter().any(|e| e.detail_type == "down") {
                return Err(StoreError("down".into()));
            }
            Ok(entries.iter().map(answer).collect())
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

    async fn deliver(texts: &[String]) -> (Vec<Result<(), String>>, Vec<Vec<Entry>>) {
        let publisher = Publisher::new(Noted::default(), NoBucket, now);
        let all = texts.iter().map(async |text| {
            let delivery = Delivery { envelope: Envelope::parse(text).unwrap(), text, trace: None };
            publisher.deliver(&delivery).await.map_err(|failure| format!("{failure:?}"))
        });
        (join_all(all).await, publisher.bus.0.into_inner().unwrap())
    }

    #[tokio::test]
    async fn what_comes_at_once_goes_together_as_far_as_it_fits() {
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
    async fn an_entry_is_the_envelope_as_it_came() {
        let long = "ü".repeat(200);
        let (results, requests) = deliver(&[text(&long, 0)]).await;
        assert_eq!(results, [Ok(())]);
        let entry = &requests[0][0];
        assert_eq!(entry.detail, text(&long, 0));
        assert_eq!(entry.detail_type, "ü".repeat(128));
        assert_eq!(entry.time.unwrap(), datetime!(2026-11-22 05:50:25.5 UTC));
    }

    #[test]
    fn a_time_that_no_event_can_have_is_none() {
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
    async fn each_hears_what_became_of_its_own() {
        let (results, _) = deliver(&[text("t", 0), text("later", 0), text("never", 0), text("t", 0)]).await;
        assert_eq!((&results[0], &results[3]), (&Ok(()), &Ok(())));
        let told = |at: usize| results[at].as_ref().unwrap_err();
        assert!(told(1).contains("not taken by the bus: busy") && told(1).contains("Retry"));
        assert!(told(2).contains("refused by the bus: odd") && told(2).contains("DeadLetter"));
        let (results, _) = deliver(&[text("t", 0), text("down", 0)]).await;
        assert!(results.iter().all(|r| r.as_ref().unwrap_err().contains("the bus: down")));
    }

    #[tokio::test]
    async fn what_is_too_large_waits_for_the_bucket() {
        let (results, requests) = deliver(&[text("t", MAX_REQUEST_BYTES)]).await;
        assert!(results[0].as_ref().unwrap_err().contains("not in the bucket: no bucket"));
        assert!(requests.is_empty());
    }

    #[tokio::test]
    async fn who_is_cut_off_puts_nothing_afterwards() {
        let publisher = Publisher::new(Noted::default(), NoBucket, now);
        let text = text("t", 0);
        let delivery = Delivery { envelope: Envelope::parse(&text).unwrap(), text: &text, trace: None };
        let cut_off = tokio::time::timeout(Duration::from_millis(1), publisher.deliver(&delivery)).await;
        assert!(cut_off.is_err());
        publisher.deliver(&delivery).await.unwrap();
        assert_eq!(publisher.bus.0.lock().unwrap().concat().len(), 1);
    }
}
