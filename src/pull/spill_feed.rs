//! The feed of `spill/`: events that the queue did not accept when they were received.
//!
//! A run delivers each object once. The keys that [`object_keys::spill`] creates are in the order of receipt within
//! their source, and all events of a media asset have the same source. The sources take turns, so that the backlog of
//! one keeps no other waiting. Objects with other names are sorted into those that are listed with them by S3's own time.
//!
//! An object is deleted only after its event is in the queue. An object stays if it is not an envelope (it may be the
//! only copy of something), if it is larger than mediahook's own, or if it cannot be read in time. However many of those
//! come first, newer events go on: a run that ends among them is continued by the next one (see [`Cursors`]).

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Mutex;
use std::time::Duration;

use futures_util::future::join_all;
use mediahook_events::CloudEvent;
use mediahook_senders::queue::QueueError;
use time::OffsetDateTime;

use super::feed::{Confirmation, Content, Feed, Item};
use crate::ingest::envelope;
use crate::ingest::object_keys::{self, SPILL};
use crate::mutex::lock;
use crate::storage::{Bucket, Listed, MAX_OBJECT_BYTES, Page, StoreError, too_large, within};
use crate::timeouts::pull::{CONFIRM_WITHIN, read_within};
use crate::timeouts::{Clock, Deadline};

/// How many objects are read at once, each on a connection of its own: as many idle connections are kept.
pub(super) const READ_AT_ONCE: usize = 64;
/// How many objects of a source are listed before the first of them is read: ten pages of S3.
const LISTED_AT_ONCE: usize = 10_000;
/// A younger object may still get an older neighbour: one receiver falls back to S3 at once, because its circuit breaker
/// is open, while another one still tries the queue for an event that it received before.
const SETTLED_AFTER_MS: i64 = 5_000;

/// For each source whose backlog was too large for one run: the key up to which the last run came. The next run begins
/// behind it, and comes at its end to the older objects, which could not be enqueued.
pub(super) type Cursors = Mutex<HashMap<String, String>>;

/// The state of `spill/` in one run.
pub(super) struct SpillFeed<'a, B> {
    bucket: &'a B,
    /// The most that the objects read at once may have together, unless a single one has more.
    max_bytes: usize,
    now: Clock,
    cursors: &'a Cursors,
    /// Of each source; nothing before the first listing.
    backlogs: Option<Vec<Backlog>>,
    /// Whether an event was left for the next run, which must not begin behind it.
    left_behind: bool,
    waiting: usize,
}

/// The objects of one source.
struct Backlog {
    prefix: String,
    cursor: Option<String>,
    /// What is not yet listed: the keys after the first and up to the second. If there is a cursor, these are the keys
    /// behind it, and then those before it.
    ranges: VecDeque<(Option<String>, Option<String>)>,
    /// Listed and not yet delivered, by the time of receipt.
    listed: VecDeque<Listed>,
    /// The greatest key behind the cursor that was delivered.
    delivered: Option<String>,
}

impl Backlog {
    fn new(prefix: String, cursor: Option<String>) -> Self {
        let ranges = match &cursor {
            Some(cursor) => VecDeque::from([(Some(cursor.clone()), None), (None, Some(cursor.clone()))]),
            None => VecDeque::from([(None, None)]),
        };
        Self { prefix, cursor, ranges, listed: VecDeque::new(), delivered: None }
    }

    /// Lists objects, if all listed ones are delivered. Those that are too young are only counted in `waiting`.
    async fn list(
        &mut self,
        bucket: &impl Bucket,
        settled_ms: i64,
        waiting: &mut usize,
    ) -> Result<(), StoreError> {
        if !self.listed.is_empty() {
            return Ok(());
        }
        let ranges = self.ranges.len();
        // The keys of two ranges are not sorted together.
        let is_incomplete = |listed: &VecDeque<_>, left: usize| {
            listed.is_empty() || (left == ranges && listed.len() < LISTED_AT_ONCE)
        };
        while is_incomplete(&self.listed, self.ranges.len())
            && let Some((after, until)) = self.ranges.front_mut()
        {
            let Page { mut objects, more } = bucket.list(&self.prefix, after.as_deref()).await?;
            let all = objects.len();
            objects.retain(|object| until.as_ref().is_none_or(|until| object.key <= *until));
            match objects.last().filter(|_| more && objects.len() == all) {
                Some(last) => *after = Some(last.key.clone()),
                None => drop(self.ranges.pop_front()),
            }
            objects.retain(|object| prefix_of(&object.key) == self.prefix);
            *waiting += objects.len();
            self.listed.extend(objects.into_iter().filter(|object| received_ms(object) <= settled_ms));
        }
        self.listed.make_contiguous().sort_by_cached_key(received_ms);
        Ok(())
    }

    /// Whether its objects belong to one source. Those in `spill/again/` may belong to any.
    fn is_of_a_source(&self) -> bool {
        self.prefix.matches('/').count() == 3
    }

    /// Takes the next objects, received by then, while there is room.
    fn take(&mut self, count: usize, received_by_ms: i64, room: &mut usize, turn: &mut Vec<Listed>) {
        for _ in 0..count {
            let has_room = |object: &mut Listed| object.bytes <= *room || turn.is_empty();
            let is_next = |object: &mut Listed| received_ms(object) <= received_by_ms && has_room(object);
            let Some(object) = self.listed.pop_front_if(is_next) else { return };
            *room = room.saturating_sub(object.bytes);
            let is_behind = self.cursor.as_ref().is_none_or(|cursor| object.key > *cursor);
            // Only the keys with a time are in the order of receipt.
            if is_behind && object_keys::received_ms(&object.key).is_some() {
                self.delivered = self.delivered.take().max(Some(object.key.clone()));
            }
            turn.push(object);
        }
    }
}

impl<'a, B: Bucket> SpillFeed<'a, B> {
    pub(super) fn new(bucket: &'a B, max_bytes: usize, now: Clock, cursors: &'a Cursors) -> Self {
        Self { bucket, max_bytes, now, cursors, backlogs: None, left_behind: false, waiting: 0 }
    }

    /// The backlog of each source: from a page of keys, then from the page behind the last source of that page.
    async fn find_backlogs(&self) -> Result<Vec<Backlog>, StoreError> {
        let (mut prefixes, mut after) = (BTreeSet::new(), None);
        loop {
            let Page { objects, more } = self.bucket.list(SPILL, after.as_deref()).await?;
            prefixes.extend(objects.iter().map(|object| prefix_of(&object.key).to_owned()));
            let Some(last) = objects.last().filter(|_| more) else { break };
            let prefix = prefix_of(&last.key);
            // `0` is the character behind `/`, so this is behind all keys of the source.
            after = Some(prefix.strip_suffix('/').map_or(prefix.to_owned(), |source| format!("{source}0")));
        }
        let cursors = lock(self.cursors);
        let backlog = |prefix: String| {
            let cursor = cursors.get(&prefix).cloned();
            Backlog::new(prefix, cursor)
        };
        Ok(prefixes.into_iter().map(backlog).collect())
    }

    async fn list(&mut self) -> Result<(), StoreError> {
        if self.backlogs.is_none() {
            self.backlogs = Some(self.find_backlogs().await?);
        }
        let settled_ms = (self.now)().unix_timestamp() * 1_000 - SETTLED_AFTER_MS;
        for backlog in self.backlogs.iter_mut().flatten() {
            backlog.list(self.bucket, settled_ms, &mut self.waiting).await?;
        }
        Ok(())
    }

    /// The next objects of each source, together in the order of receipt.
    fn take_turns(&mut self) -> Vec<Listed> {
        let (mut turn, mut room) = (Vec::new(), self.max_bytes);
        let backlogs = self.backlogs.as_mut().map_or(&mut [][..], Vec::as_mut_slice);
        let sources = backlogs.iter().filter(|backlog| !backlog.listed.is_empty()).count();
        let share = (READ_AT_ONCE / sources.max(1)).max(1);
        for backlog in backlogs.iter_mut().filter(|backlog| backlog.is_of_a_source()) {
            backlog.take(share, i64::MAX, &mut room, &mut turn);
        }
        // The others wait until all sources have come as far.
        let heads = backlogs.iter().filter(|backlog| backlog.is_of_a_source());
        let oldest_ms = heads.filter_map(|backlog| backlog.listed.front()).map(received_ms).min();
        for backlog in backlogs.iter_mut().filter(|backlog| !backlog.is_of_a_source()) {
            backlog.take(share, oldest_ms.unwrap_or(i64::MAX), &mut room, &mut turn);
        }
        turn.sort_by_cached_key(received_ms);
        turn
    }

    /// The next run begins behind what this one delivered, unless it came to the end.
    fn move_cursors(&self) {
        if self.left_behind {
            return;
        }
        let mut cursors = lock(self.cursors);
        for Backlog { prefix, ranges, listed, delivered, .. } in self.backlogs.iter().flatten() {
            if ranges.is_empty() && listed.is_empty() {
                cursors.remove(prefix);
            } else if let Some(key) = delivered {
                cursors.insert(prefix.clone(), key.clone());
            }
        }
    }

    /// Reads an object; nothing if it is gone, because another puller has enqueued it.
    async fn read(&self, object: Listed, time: Duration) -> Option<Item> {
        let received =
            OffsetDateTime::from_unix_timestamp_nanos(i128::from(received_ms(&object)) * 1_000_000);
        let received = received.unwrap_or(object.modified);
        let (receipt, content) = match self.event(&object, time).await {
            Ok(event) => (Some(object.key), Content::Event(Box::new(event?))),
            Err(why) => (None, Content::Stuck { place: object.key, why }),
        };
        Some(Item { receipt, received, content })
    }

    async fn event(&self, object: &Listed, time: Duration) -> Result<Option<CloudEvent>, String> {
        if object.bytes > MAX_OBJECT_BYTES {
            return Err(too_large());
        }
        let body = within(time, self.bucket.get(&object.key)).await;
        let Some(body) = body.map_err(|e| format!("cannot be read: {e}"))? else { return Ok(None) };
        let text = std::str::from_utf8(&body).map_err(|_| "not UTF-8".to_owned())?;
        let event = envelope::parse(text).map_err(|why| format!("not an envelope: {why}"))?;
        envelope::dataref_key(&event, self.bucket.name()).map_err(|why| format!("not an envelope: {why}"))?;
        Ok(Some(event))
    }
}

impl<B: Bucket> Feed for SpillFeed<'_, B> {
    fn name(&self) -> &'static str {
        "spill"
    }

    fn time_for_next(&self, deadline: Deadline) -> Option<Duration> {
        read_within(deadline)
    }

    async fn next(&mut self, time: Duration) -> Result<Option<Vec<Item>>, QueueError> {
        self.move_cursors();
        let until = Deadline::after(time);
        within(until.half(), self.list()).await.map_err(|error| QueueError::busy(error.0))?;
        let turn = self.take_turns();
        if turn.is_empty() {
            return Ok(None);
        }
        let (all, left) = (turn.len(), until.left());
        let read = join_all(turn.into_iter().map(|object| self.read(object, left))).await;
        let items: Vec<_> = read.into_iter().flatten().collect();
        self.waiting -= all - items.len();
        Ok(Some(items))
    }

    async fn confirm(&mut self, receipts: Vec<String>, deadline: Deadline) -> Confirmation {
        let time = deadline.left().min(CONFIRM_WITHIN);
        let (confirmed, error) = match within(time, self.bucket.delete_many(&receipts)).await {
            Ok(mut errors) => (receipts.len().saturating_sub(errors.len()), errors.pop()),
            Err(error) => (0, Some(error)),
        };
        self.left_behind |= error.is_some();
        self.waiting = self.waiting.saturating_sub(confirmed);
        Confirmation { confirmed, error: error.map(|error| QueueError::busy(error.0)) }
    }

    fn keeps_unconfirmed(&self) -> bool {
        true
    }

    fn left_behind(&mut self) {
        self.left_behind = true;
    }

    fn waiting(&self) -> Option<usize> {
        Some(self.waiting)
    }
}

/// `spill/SENDER/APP/` of a key, or what else it has before its name.
fn prefix_of(key: &str) -> &str {
    let slashes = key.match_indices('/').map(|(at, _)| at + 1);
    let end = slashes.take(3).last().filter(|end| *end > SPILL.len());
    end.and_then(|end| key.get(..end)).unwrap_or(key)
}

/// By its key, else by S3's own time.
fn received_ms(object: &Listed) -> i64 {
    let modified_ms = || object.modified.unix_timestamp().saturating_mul(1_000);
    object_keys::received_ms(&object.key).unwrap_or_else(modified_ms)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use time::macros::datetime;
    use time::{Duration as Span, OffsetDateTime};

    use super::*;
    use crate::ingest;
    use crate::sources::Sources;
    use mediahook_events::Channel;

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

        async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
            let objects = self.0.lock().unwrap();
            let Some((_, object)) = objects.get(key) else { return Ok(None) };
            let cannot = object.is_empty().then(|| StoreError("AccessDenied".to_owned()));
            cannot.map_or_else(|| Ok(Some(object.clone())), Err)
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

        async fn delete_many(&self, keys: &[String]) -> Result<Vec<StoreError>, StoreError> {
            let mut objects = self.0.lock().unwrap();
            objects.retain(|key, _| !keys.contains(key));
            Ok(Vec::new())
        }
    }

    /// The numbers of the events that a run reads and deletes, by source.
    async fn run(bucket: &Memory, cursors: &Cursors, turns: usize) -> [Vec<usize>; 2] {
        let deadline = Deadline::after(Duration::from_mins(1));
        let now = || datetime!(2026-11-24 00:00 UTC);
        let (mut spill, mut taken) =
            (SpillFeed::new(bucket, 32 << 20, now, cursors), [Vec::new(), Vec::new()]);
        for _ in 0..turns {
            let Some(items) = spill.next(Duration::from_secs(10)).await.unwrap() else { break };
            let mut receipts = Vec::new();
            for Item { receipt, content, .. } in items {
                let Content::Event(envelope) = content else { continue };
                let number: usize = envelope.taskid.unwrap().parse().unwrap();
                taken[number % 2].push(number);
                receipts.extend(receipt);
            }
            spill.confirm(receipts, deadline).await;
        }
        taken
    }

    #[tokio::test]
    async fn any_number_of_events_is_taken_in_the_order_of_receipt() {
        // More than twice as many as are listed at once.
        const EVENTS: usize = 25_000;
        let (bucket, cursors) = (Memory::default(), Cursors::default());
        (0..EVENTS).for_each(|number| bucket.put(number, object_keys::spill));
        let [mut tencent, mut alibaba] = run(&bucket, &cursors, EVENTS / READ_AT_ONCE / 3).await;
        let rest = run(&bucket, &cursors, EVENTS).await;
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
        let taken = run(&bucket, &Cursors::default(), 5_000).await;
        for (of_source, other) in taken.iter().zip([1_000, 3_001]) {
            let at = of_source.iter().position(|number| *number == other).unwrap();
            // In the same second as those received then.
            assert!(of_source[at - 1].abs_diff(other) <= 1_000 && at > 0, "{other} at {at}");
            assert!(of_source.iter().filter(|number| **number != other).is_sorted());
        }
    }

    /// As many as several runs can read: those of another key, which nobody may decrypt.
    #[tokio::test]
    async fn whatever_the_number_of_unreadable_objects_newer_events_go_on() {
        const UNREADABLE: usize = 1_000;
        const TURNS: usize = 5;
        let (bucket, cursors) = (Memory::default(), Cursors::default());
        (0..UNREADABLE).for_each(|number| bucket.put(number, object_keys::spill));
        bucket.0.lock().unwrap().values_mut().for_each(|(_, object)| object.clear());
        bucket.put(UNREADABLE, object_keys::spill);
        let mut runs = 0;
        while run(&bucket, &cursors, TURNS).await[0].is_empty() {
            runs += 1;
            assert!(runs < 2 * UNREADABLE / (TURNS * READ_AT_ONCE), "the newer event waits for ever");
        }
        // From now on each newer event goes in the next run, and the older ones are tried again at its end.
        for number in UNREADABLE + 1..UNREADABLE + 5 {
            bucket.put(number, object_keys::spill);
            let taken = run(&bucket, &cursors, TURNS).await;
            assert_eq!(taken.concat(), [number]);
        }
        bucket.put(1, object_keys::spill);
        assert_eq!(run(&bucket, &cursors, UNREADABLE).await.concat(), [1]);
        assert!(lock(&cursors).is_empty(), "a run came to the end");
    }

    /// What was left for a passing reason must not be overtaken in the next run.
    #[tokio::test]
    async fn no_run_begins_behind_an_event_that_was_left() {
        let (bucket, cursors) = (Memory::default(), Cursors::default());
        (0..1_000).for_each(|number| bucket.put(number, object_keys::spill));
        let mut spill = SpillFeed::new(&bucket, 32 << 20, || datetime!(2026-11-24 00:00 UTC), &cursors);
        for _ in 0..3 {
            spill.next(Duration::from_secs(10)).await.unwrap();
            spill.left_behind();
        }
        assert_eq!(run(&bucket, &cursors, 1).await[0].first(), Some(&0));
    }
}
