//! `spill/`: events that the queue did not accept when they were received.
//!
//! The keys that [`object_keys::spill`] creates are in the order of receipt within their source, and all events of a
//! media asset have the same source. So the objects of each source are taken in the order of their keys, and the sources
//! take turns, so that the backlog of one keeps no other waiting.
//!
//! An object is deleted only after its event is in the queue. An object stays if it is not an envelope (it may be the
//! only copy of something), if it is larger than mediahook's own, or if it cannot be read in time. However many of those
//! come first, newer events go on: a run that ends among them is continued behind them by the next one.
//!
//! [`object_keys::spill`]: crate::ingest::object_keys::spill

use std::collections::VecDeque;
use std::mem::take;
use std::time::Duration;

use futures_util::future::join_all;
use mediahook_events::CloudEvent;
use mediahook_senders::queue::Delivery;

use super::drain::Drain;
use super::rotate;
use crate::ingest::envelope;
use crate::ingest::object_keys::{SPILL, received_ms};
use crate::mutex::lock;
use crate::storage::{Bucket, Listed, Page, Queue, StoreError, within};
use crate::timeouts::Deadline;
use crate::timeouts::pull::{CONFIRM_WITHIN, read_within, store_until};

/// How many objects are read at once, each on a connection of its own: as many idle connections are kept.
pub(super) const READ_AT_ONCE: usize = 64;
/// A younger object may still get an older neighbour: one receiver falls back to S3 at once, because its circuit breaker
/// is open, while another one still tries the queue for an event that it received before.
const SETTLED_AFTER_MS: i64 = 5_000;
/// So many objects that stay are logged by name in a run; the others are only counted.
const MAX_STUCK_LINES: usize = 100;

/// The objects of one source, or of another folder that somebody made.
struct Folder {
    prefix: String,
    /// Those that are listed and not yet taken, and whether there are others behind them.
    page: Page,
    /// When the run began, less [`SETTLED_AFTER_MS`]. What was received later waits for the next run, because no listing
    /// of this one may have its older neighbour.
    settled_ms: i64,
    /// The key of the last one that was taken, by this run or by the one before.
    taken: Option<String>,
}

impl<Q: Queue, B: Bucket, H> Drain<'_, Q, B, H> {
    /// Moves the events of `spill/` to the queue. Returns whether time ran out.
    ///
    /// # Errors
    /// The bucket failed, or the queue as a whole.
    pub(super) async fn spill(&mut self) -> Result<bool, String> {
        let Some(time) = read_within(self.deadline) else { return Ok(true) };
        let mut folders = within(time, self.folders()).await.map_err(|error| format!("bucket: {error}"))?;
        let emptied = self.empty(&mut folders).await;
        self.end(folders, emptied == Ok(true));
        emptied
    }

    /// The folders take turns, until all objects are taken.
    async fn empty(&mut self, folders: &mut [Folder]) -> Result<bool, String> {
        loop {
            let mut taken = 0;
            for folder in &mut *folders {
                let Some(time) = read_within(self.deadline) else { return Ok(true) };
                let until = Deadline::after(time);
                let keys = within(until.half(), self.take_turn(folder)).await;
                let keys = keys.map_err(|error| format!("bucket: {error}"))?;
                taken += keys.len();
                self.store_and_delete(keys, until.left()).await?;
            }
            if taken == 0 {
                return Ok(false);
            }
        }
    }

    /// The folders that have objects. Each is taken from where the last run ended.
    async fn folders(&self) -> Result<Vec<Folder>, StoreError> {
        let settled_ms = (self.puller.now)().unix_timestamp() * 1_000 - SETTLED_AFTER_MS;
        let unlisted = || Page { objects: VecDeque::new(), more: true };
        let (mut folders, mut behind, mut page) = (Vec::new(), SPILL.to_owned(), unlisted());
        while page.more {
            page = self.puller.bucket.list(SPILL, Some(&behind)).await?;
            for Listed { key, .. } in take(&mut page.objects) {
                if key > behind {
                    let prefix = prefix_of(&key).to_owned();
                    // `0` is the character behind `/`, so this is behind all keys of the folder.
                    behind = format!("{}0", prefix.strip_suffix('/').unwrap_or(&prefix));
                    let taken = lock(&self.puller.cursors).get(&prefix).cloned();
                    folders.push(Folder { prefix, page: unlisted(), settled_ms, taken });
                }
            }
        }
        rotate(&mut folders, (self.puller.now)());
        Ok(folders)
    }

    /// Takes the next objects of a folder, as many as may be in memory at once. Returns their keys.
    async fn take_turn(&self, folder: &mut Folder) -> Result<Vec<String>, StoreError> {
        if folder.page.objects.is_empty() && folder.page.more {
            folder.page = self.puller.bucket.list(&folder.prefix, folder.taken.as_deref()).await?;
        }
        let is_settled = |next: &Listed| received_ms(&next.key).is_none_or(|ms| ms <= folder.settled_ms);
        let (mut keys, mut room) = (Vec::new(), self.puller.max_bytes);
        while keys.len() < READ_AT_ONCE {
            let is_next = |next: &mut Listed| is_settled(next) && (next.bytes <= room || keys.is_empty());
            let Some(object) = folder.page.objects.pop_front_if(is_next) else { break };
            room = room.saturating_sub(object.bytes);
            folder.taken = Some(object.key.clone());
            keys.push(object.key);
        }
        Ok(keys)
    }

    async fn store_and_delete(&mut self, keys: Vec<String>, time: Duration) -> Result<(), String> {
        let read = join_all(keys.iter().map(|key| self.read(key, time))).await;
        let mut events = Vec::new();
        for (key, event) in keys.into_iter().zip(read) {
            match event {
                Ok(Some(event)) => events.push((Some(key), event)),
                // Gone: another puller has enqueued it.
                Ok(None) => continue,
                Err(why) => self.stuck(&key, &why),
            }
            self.summary.pulled += 1;
        }
        let enqueued = self.enqueue(events, store_until(self.deadline)).await;
        for (Delivery { receipt, .. }, reason) in take(&mut self.unprocessable) {
            self.stuck(&receipt.unwrap_or_default(), &reason.to_string());
        }
        self.delete().await;
        enqueued
    }

    async fn delete(&mut self) {
        let keys = take(&mut self.stored);
        if keys.is_empty() {
            return;
        }
        let time = self.deadline.left().min(CONFIRM_WITHIN);
        let deleted = within(time, self.puller.bucket.delete_many(&keys)).await;
        let errors = deleted.unwrap_or_else(|error| vec![error; keys.len()]);
        self.summary.confirmed += keys.len().saturating_sub(errors.len());
        if let Some(error) = errors.first() {
            self.summary.error = Some(format!("confirm: {error}"));
        }
    }

    /// Reads an object; nothing if it is gone.
    async fn read(&self, key: &str, time: Duration) -> Result<Option<CloudEvent>, String> {
        let bucket = &self.puller.bucket;
        let body = within(time, bucket.get(key)).await.map_err(|e| format!("cannot be read: {e}"))?;
        let event = body.map(|body| envelope::parse_own(&body, bucket.name())).transpose();
        event.map_err(|why| format!("not an envelope: {why}"))
    }

    /// An object stays where it is until an operator looks at it.
    fn stuck(&mut self, key: &str, why: &str) {
        if self.summary.stuck < MAX_STUCK_LINES {
            tracing::error!(source = self.name, place = key, why, "stuck: an operator must look at it");
        }
        self.summary.stuck += 1;
        self.summary.error = Some(format!("{key}: {why}"));
    }

    /// The next run begins behind what this one took, or at the beginning if this one came to the end. If an event was
    /// left for a passing reason, it begins where this one began, because a later event must not overtake it.
    fn end(&mut self, folders: Vec<Folder>, more: bool) {
        let left = self.summary.pulled - self.summary.confirmed;
        let listed: usize = folders.iter().map(|folder| folder.page.objects.len()).sum();
        self.summary.waiting = Some(left + listed);
        if left <= self.summary.stuck {
            let taken = folders.into_iter().filter_map(|folder| Some((folder.prefix, folder.taken?)));
            *lock(&self.puller.cursors) = taken.filter(|_| more).collect();
        }
    }
}

/// `spill/SENDER/APP/` of a key, or what else it has before its name.
fn prefix_of(key: &str) -> &str {
    let slash = key.match_indices('/').take(3).last().filter(|(at, _)| *at >= SPILL.len());
    slash.and_then(|(at, _)| key.get(..=at)).unwrap_or(key)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use time::macros::datetime;
    use time::{Duration as Span, OffsetDateTime};

    use super::super::tests::{self, FakeBucket, FakeQueue, MAIN, sources};
    use super::*;
    use crate::ingest::{self, object_keys};
    use crate::pull::Puller;
    use mediahook_events::Channel;

    const FIRST: OffsetDateTime = datetime!(2026-11-22 23:59:50 UTC);

    type Fake = Puller<FakeQueue, FakeBucket, ()>;

    /// Puts the event of this task, with this number, received this many milliseconds after the first one.
    fn put(puller: &Fake, number: usize, task: &str, key: impl Fn(&CloudEvent) -> String) {
        let received = FIRST + Span::milliseconds(i64::try_from(number).unwrap());
        let (sources, name) = (sources(), [MAIN, "alibaba-ims/prod"][number % 2]);
        let body = format!(r#"{{"EventType":"X","UserId":1,"MessageBody":{{"JobId":"{number}"}}}}"#);
        let source = sources.get(name).unwrap();
        let mut event = ingest::build(source, body.as_bytes(), Channel::Push, None, received).unwrap();
        event.taskid = Some(task.to_owned());
        let object = ingest::message(&event).body.into_bytes();
        puller.bucket.0.lock().unwrap().insert(key(&event), object);
    }

    fn put_spilled(puller: &Fake, number: usize) {
        put(puller, number, &number.to_string(), object_keys::spill);
    }

    /// The numbers of the events that a run of so many turns enqueues, of each source.
    async fn run(puller: &Fake, turns: usize) -> [Vec<usize>; 2] {
        let mut drain = tests::drain(puller);
        let (mut folders, mut idle) = (drain.folders().await.unwrap(), 0);
        for turn in (0..folders.len()).cycle().take(turns) {
            let keys = drain.take_turn(&mut folders[turn]).await.unwrap();
            idle = if keys.is_empty() { idle + 1 } else { 0 };
            drain.store_and_delete(keys, Duration::from_secs(10)).await.unwrap();
            if idle == folders.len() {
                break;
            }
        }
        let more = idle < folders.len();
        drain.end(folders, more);
        let queued = take(&mut *puller.queue.queued.lock().unwrap());
        let numbers = queued.iter().map(|task| task.trim_end_matches('!').parse().unwrap());
        let (even, odd) = numbers.partition(|number: &usize| number.is_multiple_of(2));
        [even, odd]
    }

    #[tokio::test]
    async fn any_number_of_events_is_taken_in_the_order_of_receipt() {
        // Several pages of each source.
        const EVENTS: usize = 5_000;
        let puller = tests::puller(());
        (0..EVENTS).for_each(|number| put_spilled(&puller, number));
        let first = run(&puller, EVENTS / READ_AT_ONCE / 3).await;
        let rest = run(&puller, EVENTS).await;
        assert!(first.concat().len() < EVENTS);
        for (at, (mut taken, rest)) in first.into_iter().zip(rest).enumerate() {
            taken.extend(rest);
            assert!(taken.into_iter().eq((at..EVENTS).step_by(2)));
        }
        assert!(puller.bucket.0.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn objects_with_other_names_reach_the_queue_too() {
        const EVENTS: usize = 200;
        let puller = tests::puller(());
        for number in 0..EVENTS {
            let task = number.to_string();
            match number {
                10 => {
                    put(&puller, number, &task, |e| format!("{SPILL}{}/2026/11/22/{}.json", e.source, e.id));
                }
                31 => put(&puller, number, &task, |e| format!("{SPILL}again/{}", e.id)),
                50 => put(&puller, number, &task, |e| format!("{SPILL}{}", e.id)),
                70 => put(&puller, number, &task, |e| format!("{SPILL}tencent-vod//{}", e.id)),
                _ => put_spilled(&puller, number),
            }
        }
        let mut taken = run(&puller, EVENTS).await;
        for of_source in &mut taken {
            assert!(of_source.iter().filter(|number| ![10, 31, 50, 70].contains(*number)).is_sorted());
        }
        let mut taken = taken.concat();
        taken.sort_unstable();
        assert!(taken.into_iter().eq(0..EVENTS));
    }

    thread_local! {
        static NOW: Cell<OffsetDateTime> = const { Cell::new(datetime!(2026-11-23 00:00 UTC)) };
    }

    /// The younger one was listed, and became old enough, before the older one was put.
    #[tokio::test]
    async fn no_event_overtakes_an_older_one_that_was_put_after_the_listing() {
        let mut puller = tests::puller(());
        puller.now = || NOW.get();
        (0..2 * READ_AT_ONCE).step_by(2).for_each(|number| put_spilled(&puller, number));
        put_spilled(&puller, 6_000);
        let mut drain = tests::drain(&puller);
        let mut folders = drain.folders().await.unwrap();
        let mut taken = drain.take_turn(&mut folders[0]).await.unwrap();
        NOW.set(NOW.get() + Span::seconds(4));
        put_spilled(&puller, 5_998);
        for _ in 0..2 {
            taken.extend(drain.take_turn(&mut folders[0]).await.unwrap());
        }
        assert_eq!(taken.len(), READ_AT_ONCE);
        drain.store_and_delete(taken, Duration::from_secs(10)).await.unwrap();
        drain.end(folders, false);
        take(&mut *puller.queue.queued.lock().unwrap());
        assert_eq!(run(&puller, 10).await[0], [5_998, 6_000]);
    }

    #[tokio::test]
    async fn a_turn_takes_what_fits_into_memory_and_at_least_one() {
        let mut puller = tests::puller(());
        (0..6).step_by(2).for_each(|number| put_spilled(&puller, number));
        let bytes = puller.bucket.0.lock().unwrap().values().map(Vec::len).max().unwrap();
        for (max_bytes, taken) in [(1, 1), (bytes * 2, 2), (bytes * 3, 3)] {
            puller.max_bytes = max_bytes;
            let drain = tests::drain(&puller);
            let mut folders = drain.folders().await.unwrap();
            assert_eq!(drain.take_turn(&mut folders[0]).await.unwrap().len(), taken, "{max_bytes}");
        }
    }

    /// As many as several runs can read: those of another key, which nobody may decrypt.
    #[tokio::test]
    async fn whatever_the_number_of_unreadable_objects_newer_events_go_on() {
        const UNREADABLE: usize = 1_000;
        const TURNS: usize = 5;
        let puller = tests::puller(());
        (0..UNREADABLE).for_each(|number| put_spilled(&puller, number));
        puller.bucket.0.lock().unwrap().values_mut().for_each(Vec::clear);
        // The last one is an old object that can be read again.
        for number in [UNREADABLE, UNREADABLE + 1, UNREADABLE + 2, 1] {
            put_spilled(&puller, number);
            let mut runs = 1;
            while run(&puller, TURNS).await.concat() != [number] {
                runs += 1;
                assert!(runs <= 1 + UNREADABLE.div_ceil(TURNS * READ_AT_ONCE), "{number} waits for ever");
            }
        }
        run(&puller, UNREADABLE).await;
        assert!(lock(&puller.cursors).is_empty(), "a run came to the end");
    }

    /// What was left for a passing reason must not be overtaken in the next run.
    #[tokio::test]
    async fn no_run_begins_behind_an_event_that_was_left() {
        let puller = tests::puller(());
        (1..1_000).for_each(|number| put_spilled(&puller, number));
        put(&puller, 0, "0!", object_keys::spill);
        let [even, _] = run(&puller, 3).await;
        assert_eq!(even.first(), Some(&2), "the queue failed for the first one");
        assert_eq!(run(&puller, 2).await[0].first(), Some(&0), "a turn of each source");
    }
}
