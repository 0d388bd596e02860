//! The feed of `spill/`: envelopes that the queue did not accept when they were received.
//!
//! A run delivers each object once, in the order of receipt. The keys that [`crate::ingest::object_keys::spill`]
//! creates are in that order within their source, and all events of a media asset have the same source. So a run
//! reads the keys in the order of the listing, [`LISTED_AT_ONCE`] at a time, and needs no more of them in memory.
//! Objects with other names are sorted into these by S3's own time.
//!
//! An object is deleted only after its envelope is in the queue. An object stays if it is not an envelope (it may be
//! the only copy of something), or if it is larger than mediahook's own. If it cannot be read within [`READ_WITHIN`],
//! it stays for the next run. No other object waits for it.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, join_all};
use tokio::time::timeout;

use super::feed::{Confirmation, Content, Feed, Item, Pulled};
use super::memory_limit::{MemoryLimit, Shortage};
use crate::ingest::envelope;
use crate::ingest::object_keys::{self, SPILL};
use crate::storage::{Bucket, Listed, MAX_OBJECT_BYTES, StoreError, too_large, within};
use crate::timeouts::pull::CONFIRM_WITHIN;
use mediahook_events::CloudEvent;
use mediahook_senders::queue::QueueError;

/// How many objects are listed before the first of them is read: ten pages of S3.
const LISTED_AT_ONCE: usize = 10_000;
/// Listing stops after this time, so that a run with a slow bucket still uses the objects listed so far.
const LIST_FOR: Duration = Duration::from_secs(4);
/// How many objects are read at the same time.
const READ_AT_ONCE: usize = 16;
/// How many bytes they may have together, unless a single object has more.
const READ_AT_ONCE_BYTES: usize = 8 * 1024 * 1024;
/// How long reading one object may take, with all attempts.
const READ_WITHIN: Duration = Duration::from_secs(5);

/// The state of `spill/` in one run.
pub(super) struct SpillFeed<'a, B> {
    bucket: &'a B,
    memory: &'a MemoryLimit,
    /// Listed and not yet delivered, by the time of receipt.
    listed: VecDeque<Listed>,
    /// The last key that was listed.
    after: Option<String>,
    /// Whether there may be further keys.
    more: bool,
    waiting: Option<usize>,
}

impl<'a, B: Bucket> SpillFeed<'a, B> {
    pub(super) fn new(bucket: &'a B, memory: &'a MemoryLimit) -> Self {
        Self { bucket, memory, listed: VecDeque::new(), after: None, more: true, waiting: None }
    }

    async fn next(&mut self, bound: Duration) -> Result<Pulled, QueueError> {
        let (began, bound) = (Instant::now(), bound.saturating_sub(READ_WITHIN));
        if self.listed.is_empty() && self.more {
            within(bound, self.list()).await.map_err(transient)?;
        }
        if let Some(object) = self.listed.pop_front_if(|object| object.bytes > MAX_OBJECT_BYTES) {
            return Ok(Pulled { items: vec![stuck(object.key, too_large())], memory: self.memory.share() });
        }
        let (mut number, mut bytes) = (0, 0_usize);
        for object in self.listed.iter().take(READ_AT_ONCE) {
            let is_too_many = number > 0 && bytes.saturating_add(object.bytes) > READ_AT_ONCE_BYTES;
            if is_too_many || object.bytes > MAX_OBJECT_BYTES {
                break;
            }
            (number, bytes) = (number + 1, bytes.saturating_add(object.bytes));
        }
        let mut memory = self.memory.share();
        let grown = timeout(bound.saturating_sub(began.elapsed()), memory.grow(bytes)).await;
        let grown = grown.map_err(|_| QueueError::transient(Shortage::Waiting.to_string()))?;
        let objects: Vec<_> = self.listed.drain(..number.min(self.listed.len())).collect();
        let items = match grown {
            Ok(()) => join_all(objects.into_iter().map(|object| self.read(object.key))).await,
            Err(error) => objects.into_iter().map(|object| stuck(object.key, error.to_string())).collect(),
        };
        Ok(Pulled { items, memory })
    }

    async fn list(&mut self) -> Result<(), StoreError> {
        let (began, mut objects) = (Instant::now(), Vec::new());
        let (mut after, mut more) = (self.after.clone(), true);
        while more && objects.len() < LISTED_AT_ONCE && began.elapsed() < LIST_FOR {
            let page = self.bucket.list(SPILL, after.as_deref()).await?;
            more = page.more && !page.objects.is_empty();
            after = page.objects.last().map(|object| object.key.clone()).or(after);
            objects.extend(page.objects);
        }
        objects.sort_by_cached_key(|object| {
            let modified_ms = || object.modified.unix_timestamp().saturating_mul(1_000);
            object_keys::received_ms(&object.key).unwrap_or_else(modified_ms)
        });
        self.waiting = Some(self.waiting.unwrap_or_default() + objects.len());
        (self.listed, self.after, self.more) = (objects.into(), after, more);
        Ok(())
    }

    async fn read(&self, key: String) -> Item {
        match self.envelope(&key).await {
            Ok(envelope) => Item { receipt: Some(key), content: Content::Event(Box::new(envelope)) },
            Err(why) => stuck(key, why),
        }
    }

    async fn envelope(&self, key: &str) -> Result<CloudEvent, String> {
        let object = within(READ_WITHIN, self.bucket.get(key)).await;
        let object = object.map_err(|e| format!("cannot be read: {e}"))?;
        let text = std::str::from_utf8(&object).map_err(|_| "not UTF-8".to_owned())?;
        let envelope = envelope::parse(text).map_err(|why| format!("not an envelope: {why}"))?;
        envelope::dataref_key(&envelope, self.bucket.name())
            .map_err(|why| format!("not an envelope: {why}"))?;
        Ok(envelope)
    }
}

impl<B: Bucket> Feed for SpillFeed<'_, B> {
    fn name(&self) -> &'static str {
        "spill"
    }

    fn keeps_unconfirmed(&self) -> bool {
        true
    }

    fn waiting(&self) -> Option<usize> {
        self.waiting
    }

    fn pull(&mut self, within: Duration) -> BoxFuture<'_, Result<Pulled, QueueError>> {
        self.next(within).boxed()
    }

    fn confirm(&mut self, receipts: Vec<String>) -> BoxFuture<'_, Confirmation> {
        async move {
            let deletions = receipts.iter().map(|key| within(CONFIRM_WITHIN, self.bucket.delete(key)));
            let mut outcome = Confirmation::default();
            for deleted in join_all(deletions).await {
                match deleted {
                    Ok(()) => outcome.confirmed += 1,
                    Err(error) => outcome.error = Some(transient(error)),
                }
            }
            self.waiting = self.waiting.map(|waiting| waiting.saturating_sub(outcome.confirmed));
            outcome
        }
        .boxed()
    }
}

fn stuck(place: String, why: String) -> Item {
    Item { receipt: None, content: Content::Stuck { place, why } }
}

fn transient(error: StoreError) -> QueueError {
    QueueError::transient(error.0)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Mutex;

    use time::macros::datetime;
    use time::{Duration as Span, OffsetDateTime};

    use super::*;
    use crate::ingest;
    use crate::sources::Sources;
    use crate::storage::Page;
    use mediahook_events::Channel;

    const WITHIN: Duration = Duration::from_secs(10);
    const FIRST: OffsetDateTime = datetime!(2026-11-22 23:59:50 UTC);

    /// A bucket with pages of a thousand, like S3, and times in whole seconds.
    #[derive(Default)]
    struct Memory(Mutex<BTreeMap<String, (OffsetDateTime, Vec<u8>)>>);

    impl Memory {
        /// Puts the event with that number, received this many milliseconds after the first one.
        fn put(&self, number: usize, key: impl Fn(&CloudEvent) -> String) {
            let received = FIRST + Span::milliseconds(i64::try_from(number).unwrap());
            let sources = Sources::parse(r#"{"tencent-vod/main":{},"alibaba-ims/prod":{}}"#).unwrap();
            let name = ["tencent-vod/main", "alibaba-ims/prod"][number % 2];
            let body = format!(r#"{{"EventType":"X","UserId":1,"MessageBody":{{"JobId":"{number}"}}}}"#);
            let mut envelope =
                ingest::build(sources.get(name).unwrap(), body.as_bytes(), Channel::Push, None, received)
                    .unwrap();
            envelope.taskid = Some(number.to_string());
            let object = ingest::message(&envelope).body.into_bytes();
            let modified = received.replace_millisecond(0).unwrap();
            self.0.lock().unwrap().insert(key(&envelope), (modified, object));
        }
    }

    impl Bucket for Memory {
        fn name(&self) -> &'static str {
            "bucket"
        }

        async fn put(&self, _: &str, _: Vec<u8>, _: &'static str) -> Result<(), StoreError> {
            Err(StoreError("read only".to_owned()))
        }

        async fn get(&self, key: &str) -> Result<Vec<u8>, StoreError> {
            Ok(self.0.lock().unwrap()[key].1.clone())
        }

        async fn list(&self, prefix: &str, after: Option<&str>) -> Result<Page, StoreError> {
            let objects = self.0.lock().unwrap();
            let behind =
                objects.iter().filter(|(key, _)| key.starts_with(prefix) && Some(key.as_str()) > after);
            let listed = |(key, (modified, object)): (&String, &(OffsetDateTime, Vec<u8>))| Listed {
                key: key.clone(),
                modified: *modified,
                bytes: object.len(),
            };
            let mut objects: Vec<_> = behind.take(1_001).map(listed).collect();
            let more = objects.len() > 1_000;
            objects.truncate(1_000);
            Ok(Page { objects, more })
        }

        async fn delete(&self, key: &str) -> Result<(), StoreError> {
            self.0.lock().unwrap().remove(key);
            Ok(())
        }
    }

    /// The numbers of the events that a run reads and deletes, by source.
    async fn run(bucket: &Memory, pulls: usize) -> [Vec<usize>; 2] {
        let memory = MemoryLimit::new(32 << 20);
        let (mut spill, mut taken) = (SpillFeed::new(bucket, &memory), [Vec::new(), Vec::new()]);
        for _ in 0..pulls {
            let pulled = spill.pull(WITHIN).await.unwrap();
            let mut receipts = Vec::new();
            for Item { receipt, content } in pulled.items {
                let Content::Event(envelope) = content else { panic!("{content:?}") };
                let number: usize = envelope.taskid.unwrap().parse().unwrap();
                taken[number % 2].push(number);
                receipts.extend(receipt);
            }
            spill.confirm(receipts).await;
        }
        taken
    }

    #[tokio::test]
    async fn any_number_of_events_is_taken_in_the_order_of_receipt() {
        // More than twice as many as are listed at once.
        const EVENTS: usize = 25_000;
        let bucket = Memory::default();
        (0..EVENTS).for_each(|number| bucket.put(number, object_keys::spill));
        let [mut tencent, mut alibaba] = run(&bucket, EVENTS / READ_AT_ONCE / 3).await;
        let rest = run(&bucket, EVENTS).await;
        tencent.extend(&rest[0]);
        alibaba.extend(&rest[1]);
        for (taken, first) in [(tencent, 0), (alibaba, 1)] {
            assert!(taken.into_iter().eq((first..EVENTS).step_by(2)));
        }
        assert!(bucket.0.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn objects_with_other_names_are_taken_in_between_by_the_time_of_the_bucket() {
        let bucket = Memory::default();
        for number in 0..5_000 {
            match number {
                1_000 => bucket.put(number, |e| format!("{SPILL}{}/2026/11/22/{}.json", e.source, e.id)),
                3_001 => bucket.put(number, |e| format!("{SPILL}again/{}", e.id)),
                _ => bucket.put(number, object_keys::spill),
            }
        }
        let taken = run(&bucket, 5_000 / READ_AT_ONCE + 1).await;
        for (of_source, other) in taken.iter().zip([1_000, 3_001]) {
            let at = of_source.iter().position(|number| *number == other).unwrap();
            // In the same second as those received then.
            assert!(of_source[at - 1].abs_diff(other) <= 1_000 && at > 0, "{other} at {at}");
            assert!(of_source.iter().filter(|number| **number != other).is_sorted());
        }
    }
}
