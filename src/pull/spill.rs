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

use std::collections::{BTreeSet, VecDeque};
use std::mem::take;
use std::time::Duration;

use futures_util::future::join_all;
use mediahook_events::CloudEvent;

use super::drain::{Drain, Item, Rejection};
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

/// The objects of one source, or of another folder that somebody made, from where the last run ended.
struct Backlog {
    prefix: String,
    /// Listed and not yet taken.
    listed: VecDeque<Listed>,
    /// Whether there are others behind the listed ones.
    more: bool,
    /// The key of the last one that was taken.
    taken: Option<String>,
}

impl<Q: Queue, B: Bucket, H> Drain<'_, Q, B, H> {
    /// Moves the events of `spill/` to the queue.
    pub(super) async fn spill(&mut self) {
        let mut backlogs = Vec::new();
        match self.empty(&mut backlogs).await {
            Ok(more) => self.summary.more = more,
            Err(error) => self.summary.error = Some(format!("bucket: {error}")),
        }
        self.end(backlogs);
    }

    /// Returns whether time ran out.
    async fn empty(&mut self, backlogs: &mut Vec<Backlog>) -> Result<bool, StoreError> {
        let Some(time) = read_within(self.deadline) else { return Ok(true) };
        *backlogs = within(time, self.find_backlogs()).await?;
        while let Some(time) = read_within(self.deadline) {
            let until = Deadline::after(time);
            within(until.half(), self.list(backlogs)).await?;
            let settled_ms = (self.puller.now)().unix_timestamp() * 1_000 - SETTLED_AFTER_MS;
            let turn = take_turn(backlogs, settled_ms, self.puller.max_bytes);
            if turn.is_empty() {
                return Ok(false);
            }
            self.store_and_delete(turn, until.left()).await;
            if self.queue_failed {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The backlog of each source: from a page of keys, then from the page behind the last source of that page.
    async fn find_backlogs(&self) -> Result<Vec<Backlog>, StoreError> {
        let (mut prefixes, mut after) = (BTreeSet::new(), None);
        loop {
            let Page { objects, more } = self.puller.bucket.list(SPILL, after.as_deref()).await?;
            prefixes.extend(objects.iter().map(|object| prefix_of(&object.key).to_owned()));
            let Some(last) = objects.last().filter(|_| more) else { break };
            let prefix = prefix_of(&last.key);
            // `0` is the character behind `/`, so this is behind all keys of the source.
            after = Some(prefix.strip_suffix('/').map_or(prefix.to_owned(), |source| format!("{source}0")));
        }
        let cursors = lock(&self.puller.cursors);
        let backlog = |prefix| {
            let taken = cursors.get(&prefix).cloned();
            Backlog { prefix, listed: VecDeque::new(), more: true, taken }
        };
        Ok(prefixes.into_iter().map(backlog).collect())
    }

    /// Lists objects of each source of which all listed ones are taken.
    async fn list(&self, backlogs: &mut [Backlog]) -> Result<(), StoreError> {
        for backlog in backlogs.iter_mut().filter(|backlog| backlog.listed.is_empty() && backlog.more) {
            let page = self.puller.bucket.list(&backlog.prefix, backlog.taken.as_deref()).await?;
            backlog.listed = page.objects.into();
            backlog.more = page.more && !backlog.listed.is_empty();
        }
        Ok(())
    }

    async fn store_and_delete(&mut self, turn: Vec<Listed>, time: Duration) {
        let read = join_all(turn.iter().map(|object| self.read(object, time))).await;
        let mut events = Vec::new();
        for (Listed { key, .. }, event) in turn.into_iter().zip(read) {
            match event {
                Ok(Some(event)) => events.push(Item { receipt: Some(key), event }),
                // Gone: another puller has enqueued it.
                Ok(None) => continue,
                Err(why) => self.stuck(&key, &why),
            }
            self.summary.pulled += 1;
        }
        self.enqueue(events, store_until(self.deadline)).await;
        for Rejection { receipt, reason, .. } in take(&mut self.unsendable) {
            self.stuck(&receipt.unwrap_or_default(), &reason.to_string());
        }
        let keys = take(&mut self.stored);
        if !keys.is_empty() {
            let time = self.deadline.left().min(CONFIRM_WITHIN);
            let deleted = within(time, self.puller.bucket.delete_many(&keys)).await;
            let errors = deleted.unwrap_or_else(|error| vec![error; keys.len()]);
            self.summary.confirmed += keys.len().saturating_sub(errors.len());
            if let Some(error) = errors.first() {
                self.summary.error = Some(format!("confirm: {error}"));
            }
        }
    }

    /// Reads an object; nothing if it is gone.
    async fn read(&self, object: &Listed, time: Duration) -> Result<Option<CloudEvent>, String> {
        let bucket = &self.puller.bucket;
        let body = within(time, bucket.get(&object.key)).await.map_err(|e| format!("cannot be read: {e}"))?;
        let Some(body) = body else { return Ok(None) };
        let text = std::str::from_utf8(&body).map_err(|_| "not UTF-8".to_owned())?;
        let event = envelope::parse(text).map_err(|why| format!("not an envelope: {why}"))?;
        envelope::dataref_key(&event, bucket.name()).map_err(|why| format!("not an envelope: {why}"))?;
        Ok(Some(event))
    }

    /// An object stays where it is until an operator looks at it.
    fn stuck(&mut self, key: &str, why: &str) {
        if self.summary.stuck < MAX_STUCK_LINES {
            let (source, place) = (self.name, key);
            tracing::error!(source, place, why, "stuck: it stays where it is until an operator looks at it");
        }
        self.summary.stuck += 1;
        self.summary.error = Some(format!("{key}: {why}"));
    }

    /// The next run begins behind what this one took, or at the beginning if this one came to the end. If an event was
    /// left for a passing reason, it begins where this one began, because a later event must not overtake it.
    fn end(&mut self, backlogs: Vec<Backlog>) {
        let left = self.summary.pulled - self.summary.confirmed;
        let listed: usize = backlogs.iter().map(|backlog| backlog.listed.len()).sum();
        self.summary.waiting = Some(left + listed);
        if left > self.summary.stuck {
            return;
        }
        let mut cursors = lock(&self.puller.cursors);
        for Backlog { prefix, taken, .. } in backlogs {
            match taken.filter(|_| self.summary.more) {
                Some(key) => cursors.insert(prefix, key),
                None => cursors.remove(&prefix),
            };
        }
    }
}

/// The next objects of each source, as many as may be in memory at once.
fn take_turn(backlogs: &mut [Backlog], settled_ms: i64, max_bytes: usize) -> Vec<Listed> {
    let sources = backlogs.iter().filter(|backlog| !backlog.listed.is_empty()).count();
    let share = READ_AT_ONCE.div_ceil(sources.max(1));
    let (mut turn, mut room) = (Vec::new(), max_bytes);
    for backlog in backlogs.iter_mut() {
        for _ in 0..share.min(READ_AT_ONCE - turn.len()) {
            let is_next = |object: &mut Listed| {
                let is_settled = received_ms(&object.key).is_none_or(|ms| ms <= settled_ms);
                is_settled && (object.bytes <= room || turn.is_empty())
            };
            let Some(object) = backlog.listed.pop_front_if(is_next) else { break };
            room = room.saturating_sub(object.bytes);
            backlog.taken = Some(object.key.clone());
            turn.push(object);
        }
    }
    // So that the large objects of one source do not always take the room of the others.
    backlogs.rotate_left(usize::from(!turn.is_empty()));
    turn
}

/// `spill/SENDER/APP/` of a key, or what else it has before its name.
fn prefix_of(key: &str) -> &str {
    let slashes = key.match_indices('/').map(|(at, _)| at + 1);
    let end = slashes.take(3).last().filter(|end| *end > SPILL.len());
    end.and_then(|end| key.get(..end)).unwrap_or(key)
}

#[cfg(test)]
mod tests {
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
        let mut backlogs = drain.find_backlogs().await.unwrap();
        drain.summary.more = true;
        for _ in 0..turns {
            drain.list(&mut backlogs).await.unwrap();
            let turn = take_turn(&mut backlogs, i64::MAX, 32 << 20);
            if turn.is_empty() {
                drain.summary.more = false;
                break;
            }
            drain.store_and_delete(turn, Duration::from_secs(10)).await;
        }
        drain.end(backlogs);
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
                _ => put_spilled(&puller, number),
            }
        }
        let mut taken = run(&puller, EVENTS).await;
        for of_source in &mut taken {
            assert!(of_source.iter().filter(|number| ![10, 31, 50].contains(*number)).is_sorted());
        }
        let mut taken = taken.concat();
        taken.sort_unstable();
        assert!(taken.into_iter().eq(0..EVENTS));
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
        assert_eq!(run(&puller, 1).await[0].first(), Some(&0));
    }
}
