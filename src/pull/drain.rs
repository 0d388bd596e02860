//! Drains one feed: the next items, stored and confirmed, until the feed is empty or time runs out.
//!
//! Each event ends in one of three ways. It is enqueued and confirmed; or it is unprocessable, so it is put into
//! `rejected/` and confirmed; or it is not stored, so the feed redelivers it. A later event of a media asset must never
//! overtake one that failed. So events are sent in rounds, the next one of each group, and a group whose event failed is
//! left for the next run. A run ends early only if the queue fails as a whole.

use std::collections::HashSet;

use futures_util::future::{join, join_all};
use mediahook_events::CloudEvent;
use mediahook_senders::Unprocessable;
use mediahook_senders::queue::Failure;
use time::OffsetDateTime;
use tokio::time::{Duration, timeout_at};

use super::feed::{Content, Feed, Item};
use super::summary::FeedSummary;
use crate::ingest::rejected::Rejected;
use crate::ingest::{group_id, store};
use crate::storage::{Bucket, EntryError, MAX_BATCH_MESSAGES, Message, Queue, StoreError, within};
use crate::timeouts::Deadline;
use crate::timeouts::pull::store_until;
use crate::trace::Trace;

/// How often a failed pull is retried before the feed is skipped until the next run.
const RETRIES: u32 = 2;
const PAUSE: Duration = Duration::from_millis(500);

/// Moves the events of a feed to the queue.
pub(super) struct Drain<'a, Q, B> {
    pub(super) queue: &'a Q,
    pub(super) bucket: &'a B,
    pub(super) deadline: Deadline,
    /// The trace of the run, for events without a trace of their own.
    pub(super) trace: Option<Trace>,
}

/// A body that goes to `rejected/`.
struct Rejection {
    receipt: Option<String>,
    received: OffsetDateTime,
    body: String,
    reason: Unprocessable,
}

/// Some items while they are stored.
struct Batch<'a> {
    summary: &'a mut FeedSummary,
    /// The groups whose event failed in this run.
    blocked: &'a mut HashSet<String>,
    /// The receipts of what is stored.
    receipts: Vec<String>,
    /// What the queue never accepts because of its contents.
    unsendable: Vec<Rejection>,
}

/// An event that waits for its round.
struct Waiting {
    receipt: Option<String>,
    received: OffsetDateTime,
    group: String,
    event: Box<CloudEvent>,
}

/// An event whose message is ready.
struct Ready {
    receipt: Option<String>,
    received: OffsetDateTime,
    message: Message,
}

impl<Q: Queue, B: Bucket> Drain<'_, Q, B> {
    /// Drains a feed. The summary covers everything from the first pull on.
    pub(super) async fn run(&self, feed: &mut impl Feed, summary: &mut FeedSummary) {
        let (mut has_begun, mut failures, mut busy) = (false, 0, None);
        let mut blocked = HashSet::new();
        summary.more = loop {
            let Some(within) = feed.time_for_next(self.deadline) else {
                if !has_begun {
                    summary.error = Some("no time was left for a single pull".to_owned());
                }
                break true;
            };
            has_begun = true;
            match feed.next(within).await {
                // Not pulled again before the next minute: a sender that has too many long polls answers the same
                // immediately.
                Ok(None) => break false,
                Ok(Some(items)) => {
                    // The sender had handed out nothing when it failed, so these are the events.
                    (failures, busy) = (0, None);
                    if !self.store_and_confirm(feed, items, &mut blocked, summary).await {
                        break false;
                    }
                }
                Err(error) => {
                    tracing::debug!(source = feed.name(), %error, "a pull failed");
                    match error.kind {
                        Failure::Busy => busy = Some(error.why),
                        // The events of a lost answer are hidden now: that a retry finds nothing proves nothing.
                        Failure::Lost | Failure::Refused => summary.error = Some(error.why),
                    }
                    if error.kind == Failure::Refused || failures == RETRIES {
                        break false;
                    }
                    failures += 1;
                    tokio::time::sleep(PAUSE * failures).await;
                }
            }
        };
        summary.error = busy.or(summary.error.take());
    }

    /// Stores items and confirms the stored ones. Returns whether the queue works: if not, the next items would fail
    /// too, and would only be redelivered later.
    async fn store_and_confirm(
        &self,
        feed: &mut impl Feed,
        items: Vec<Item>,
        blocked: &mut HashSet<String>,
        summary: &mut FeedSummary,
    ) -> bool {
        let (all, stored_before, stuck_before) = (items.len(), summary.stored(), summary.stuck);
        summary.pulled += all;
        let (queue_works, receipts) = self.store(feed, items, blocked, summary).await;
        let (stored, stuck) = (summary.stored() - stored_before, summary.stuck - stuck_before);
        summary.failed += all - stored;
        if stored + stuck < all {
            feed.left_behind();
        }
        if receipts.len() < stored {
            summary.error = Some(format!("confirm: {} events have no receipt", stored - receipts.len()));
        }
        let mut confirmed = 0;
        if !receipts.is_empty() {
            let confirmation = feed.confirm(receipts, self.deadline).await;
            confirmed = confirmation.confirmed;
            summary.error = confirmation.error.map(|e| format!("confirm: {e}")).or(summary.error.take());
        }
        summary.confirmed += confirmed;
        summary.unconfirmed += stored.saturating_sub(confirmed);
        queue_works
    }

    /// Stores as many items as it can in time. Returns whether the queue works, and the receipts of what is stored.
    async fn store(
        &self,
        feed: &impl Feed,
        items: Vec<Item>,
        blocked: &mut HashSet<String>,
        summary: &mut FeedSummary,
    ) -> (bool, Vec<String>) {
        let until = store_until(self.deadline);
        let (mut events, mut bodies) = (Vec::new(), Vec::new());
        for Item { receipt, received, content } in items {
            match content {
                Content::Event(event) => {
                    events.push(Waiting { receipt, received, group: group_id(&event), event });
                }
                Content::Unprocessable { body, reason } => {
                    bodies.push(Rejection { receipt, received, body, reason });
                }
                Content::Stuck { place, why } => summary.stuck(feed.name(), &place, &why),
            }
        }
        let (receipts, unsendable) = (Vec::new(), Vec::new());
        let mut batch = Batch { summary, blocked, receipts, unsendable };
        let (rejected, queue_works) =
            join(self.reject(feed.name(), bodies, until), self.enqueue(events, &mut batch, until)).await;
        batch.rejected(rejected);
        let unsendable = std::mem::take(&mut batch.unsendable);
        if feed.keeps_unconfirmed() {
            for Rejection { receipt, reason, .. } in unsendable {
                batch.summary.stuck(feed.name(), &receipt.unwrap_or_default(), &reason.to_string());
            }
        } else {
            // Otherwise its sender would drop it some day.
            batch.rejected(self.reject(feed.name(), unsendable, until).await);
        }
        (queue_works, batch.receipts)
    }

    /// Sends the events in rounds: the next event of each group, at most ten. Returns whether the queue works.
    async fn enqueue(&self, mut events: Vec<Waiting>, batch: &mut Batch<'_>, until: Deadline) -> bool {
        loop {
            let round = next_round(&mut events, batch.blocked);
            if round.is_empty() {
                return true;
            }
            for call in into_calls(self.prepare(round, batch, until).await, self.queue.max_message_bytes()) {
                let messages: Vec<_> = call.iter().map(|ready| &ready.message).collect();
                match timeout_at(until.instant(), self.queue.enqueue_batch(&messages)).await {
                    Ok(Ok(results)) => {
                        for (ready, result) in call.into_iter().zip(results) {
                            batch.answered(ready, result);
                        }
                    }
                    Ok(Err(error)) => {
                        batch.summary.error = Some(format!("queue: {error}"));
                        return false;
                    }
                    Err(_) => {
                        batch.summary.error = Some("queue: no answer in time".to_owned());
                        return false;
                    }
                }
            }
        }
    }

    /// The messages of a round. If an event is too large for one, its data goes to the bucket first; a bucket that
    /// fails leaves the queue half of the time.
    async fn prepare(&self, round: Vec<Waiting>, batch: &mut Batch<'_>, until: Deadline) -> Vec<Ready> {
        let prepared = round
            .iter()
            .map(|waiting| within(until.half(), store::prepare(self.queue, self.bucket, &waiting.event)));
        let prepared = join_all(prepared).await;
        let mut ready = Vec::new();
        for (Waiting { receipt, received, group, .. }, prepared) in round.into_iter().zip(prepared) {
            match prepared {
                Ok((message, _)) => {
                    // The trace in which it was received, however long ago.
                    let message = Message { trace: message.trace.or(self.trace), ..message };
                    ready.push(Ready { receipt, received, message });
                }
                Err(error) => batch.block(group, format!("bucket: {error}")),
            }
        }
        ready
    }

    /// Puts bodies into `rejected/`. Returns the receipt of each, and whether it was stored.
    async fn reject(
        &self,
        source: &str,
        bodies: Vec<Rejection>,
        until: Deadline,
    ) -> Vec<(Option<String>, Result<(), StoreError>)> {
        let puts = bodies.into_iter().map(async |Rejection { receipt, received, body, reason }| {
            let rejected = Rejected { source, body: body.as_bytes(), reason: &reason, received };
            let put = rejected.put(self.bucket, until.left(), until.left()).await;
            let put = put.map(|key| {
                tracing::warn!(source, %reason, key, "unprocessable: pulled, but no event for the queue");
            });
            (receipt, put)
        });
        join_all(puts).await
    }
}

impl Batch<'_> {
    /// The queue has answered for an event.
    fn answered(&mut self, Ready { receipt, received, message }: Ready, result: Result<(), EntryError>) {
        match result {
            Ok(()) => {
                self.summary.enqueued += 1;
                self.receipts.extend(receipt);
            }
            // It will never be in the queue, so its group need not wait for it.
            Err(EntryError { why, is_lasting: true }) => {
                let reason = Unprocessable::Unsendable(why.0);
                self.unsendable.push(Rejection { receipt, received, body: message.body, reason });
            }
            Err(EntryError { why, is_lasting: false }) => {
                self.block(message.group_id, format!("queue: {why}"));
            }
        }
    }

    /// An event failed: its group is left for the next run.
    fn block(&mut self, group: String, error: String) {
        self.blocked.insert(group);
        self.summary.error = Some(error);
    }

    /// The bucket has these bodies in `rejected/`, or failed to store them.
    fn rejected(&mut self, puts: Vec<(Option<String>, Result<(), StoreError>)>) {
        for (receipt, put) in puts {
            match put {
                Ok(()) => {
                    self.summary.rejected += 1;
                    self.receipts.extend(receipt);
                }
                Err(error) => self.summary.error = Some(format!("bucket: {error}")),
            }
        }
    }
}

/// Takes the next event of each group, at most ten, in their order. Drops the events of blocked groups.
fn next_round(events: &mut Vec<Waiting>, blocked: &HashSet<String>) -> Vec<Waiting> {
    let mut groups = HashSet::new();
    let (round, rest) = std::mem::take(events)
        .into_iter()
        .filter(|event| !blocked.contains(&event.group))
        .partition(|event| groups.len() < MAX_BATCH_MESSAGES && groups.insert(event.group.clone()));
    *events = rest;
    round
}

/// SQS limits a call to as many bytes as one message.
fn into_calls(ready: Vec<Ready>, max_bytes: usize) -> Vec<Vec<Ready>> {
    let (mut calls, mut room) = (Vec::<Vec<_>>::new(), 0);
    for ready in ready {
        let bytes = ready.message.body.len();
        if let Some(call) = calls.last_mut().filter(|_| bytes <= room) {
            call.push(ready);
        } else {
            room = max_bytes;
            calls.push(vec![ready]);
        }
        room = room.saturating_sub(bytes);
    }
    calls
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::Mutex;

    use futures_util::FutureExt as _;
    use time::OffsetDateTime;

    use super::super::feed::Confirmation;
    use super::*;
    use crate::ingest::{self, envelope};
    use crate::sources::Sources;
    use crate::storage::{EntryError, Page};
    use mediahook_events::Channel;
    use mediahook_senders::queue::QueueError;

    /// A queue that fails once for every event whose name ends in `!`, and as a whole for `down?`; a bucket that is
    /// down.
    #[derive(Default)]
    struct Memory {
        queued: Mutex<Vec<String>>,
        failed: Mutex<Vec<String>>,
    }

    impl Queue for Memory {
        fn max_message_bytes(&self) -> usize {
            1_000
        }

        async fn enqueue(&self, _: &Message) -> Result<(), EntryError> {
            Ok(())
        }

        async fn enqueue_batch(
            &self,
            messages: &[&Message],
        ) -> Result<Vec<Result<(), EntryError>>, StoreError> {
            if messages.iter().any(|message| message.body.contains("down?")) {
                return Err(StoreError("scripted".to_owned()));
            }
            let outcome = |message: &&Message| {
                let name = envelope::parse(&message.body).unwrap().taskid.unwrap();
                let mut failed = self.failed.lock().unwrap();
                if name.ends_with('!') && !failed.contains(&name) {
                    failed.push(name);
                    return Err(EntryError { why: StoreError("scripted".to_owned()), is_lasting: false });
                }
                self.queued.lock().unwrap().push(name);
                Ok(())
            };
            Ok(messages.iter().map(outcome).collect())
        }
    }

    impl Bucket for Memory {
        fn name(&self) -> &'static str {
            "bucket"
        }

        async fn put(&self, _: &str, _: Vec<u8>, _: &'static str) -> Result<(), StoreError> {
            Err(StoreError("down".to_owned()))
        }

        async fn get(&self, _: &str) -> Result<Option<Vec<u8>>, StoreError> {
            Err(StoreError("down".to_owned()))
        }

        async fn list(&self, _: &str, _: Option<&str>) -> Result<Page, StoreError> {
            Ok(Page::default())
        }

        async fn delete_many(&self, _: &[String]) -> Result<Vec<StoreError>, StoreError> {
            Ok(Vec::new())
        }
    }

    /// Returns batches of names. An event's media asset is the first letter of its name, and a capital letter means
    /// that it is too large for the queue. The name `panic` causes a panic.
    struct Script {
        batches: VecDeque<Vec<&'static str>>,
        confirmed: Vec<String>,
    }

    impl Script {
        fn new(batches: &[&[&'static str]]) -> Self {
            Self { batches: batches.iter().map(|batch| batch.to_vec()).collect(), confirmed: Vec::new() }
        }
    }

    fn item(name: &str) -> Item {
        assert!(name != "panic", "scripted");
        let media = name.chars().next().unwrap();
        let padding = if media.is_uppercase() { 2_000 } else { 0 };
        let body = format!(
            r#"{{"EventType":"PullComplete","PullCompleteEvent":{{"TaskId":"{name}","FileId":"{}","Name":"{}"}}}}"#,
            media.to_lowercase(),
            "x".repeat(padding)
        );
        let sources = Sources::parse(r#"{"tencent-vod/main":{}}"#).unwrap();
        let source = sources.get("tencent-vod/main").unwrap();
        let envelope =
            ingest::build(source, body.as_bytes(), Channel::Pull, None, OffsetDateTime::UNIX_EPOCH).unwrap();
        let received = OffsetDateTime::UNIX_EPOCH;
        Item { receipt: Some(name.to_owned()), received, content: Content::Event(Box::new(envelope)) }
    }

    impl Feed for Script {
        fn name(&self) -> &'static str {
            "script"
        }

        fn time_for_next(&self, deadline: Deadline) -> Option<Duration> {
            crate::timeouts::pull::pull_within(deadline)
        }

        async fn next(&mut self, _: Duration) -> Result<Option<Vec<Item>>, QueueError> {
            Ok(self.batches.pop_front().map(|names| names.into_iter().map(item).collect()))
        }

        async fn confirm(&mut self, receipts: Vec<String>, _: Deadline) -> Confirmation {
            let confirmed = receipts.len();
            self.confirmed.extend(receipts);
            Confirmation { confirmed, error: None }
        }
    }

    async fn drain(batches: &[&[&'static str]]) -> (Vec<String>, Vec<String>, FeedSummary) {
        let (memory, mut script, mut summary) =
            (Memory::default(), Script::new(batches), FeedSummary::default());
        let drain = Drain {
            queue: &memory,
            bucket: &memory,
            deadline: crate::timeouts::pull::deadline(Duration::from_secs(55)),
            trace: None,
        };
        drain.run(&mut script, &mut summary).await;
        (memory.queued.into_inner().unwrap(), script.confirmed, summary)
    }

    #[tokio::test]
    async fn no_event_overtakes_a_failed_one_of_its_media_asset() {
        let (queued, confirmed, summary) =
            drain(&[&["a1", "b1!", "a2", "b2", "c1"], &["b2", "a3"], &["b1!", "b2"]]).await;
        assert_eq!(queued, ["a1", "c1", "a2", "a3"], "the group is left for the next run");
        assert_eq!(confirmed.len(), queued.len());
        assert_eq!((summary.pulled, summary.enqueued, summary.confirmed, summary.failed), (9, 4, 4, 5));
    }

    #[tokio::test]
    async fn no_event_overtakes_one_whose_data_the_bucket_did_not_take() {
        let (queued, confirmed, summary) = drain(&[&["a1", "A2", "a3", "b1"], &["c1", "a4"]]).await;
        assert_eq!(queued, ["a1", "b1", "c1"]);
        assert_eq!(confirmed, queued);
        assert_eq!((summary.failed, summary.error.as_deref()), (3, Some("bucket: down")));
        let (queued, ..) = drain(&[&["a1!", "A2", "b1"], &["A2", "a1!", "a3", "b2"]]).await;
        assert_eq!(queued, ["b1", "b2"]);
    }

    #[tokio::test]
    async fn a_queue_that_fails_ends_the_run_and_a_failed_entry_does_not() {
        let (queued, confirmed, summary) = drain(&[&["down?", "a2"], &["b1"]]).await;
        assert_eq!((queued.len(), confirmed.len(), summary.pulled), (0, 0, 2));
        let (queued, ..) = drain(&[&["a1!", "a2"], &["b1"]]).await;
        assert_eq!(queued, ["b1"]);
    }

    #[tokio::test]
    async fn after_a_panic_the_summary_has_what_was_done_before() {
        let (memory, mut script, mut summary) =
            (Memory::default(), Script::new(&[&["a1"], &["panic"]]), FeedSummary::default());
        let drain = Drain {
            queue: &memory,
            bucket: &memory,
            deadline: crate::timeouts::pull::deadline(Duration::from_secs(55)),
            trace: None,
        };
        let run = std::panic::AssertUnwindSafe(drain.run(&mut script, &mut summary)).catch_unwind().await;
        assert!(run.is_err());
        assert_eq!((summary.enqueued, summary.confirmed), (1, 1));
    }

    fn waiting(group: &str) -> Waiting {
        let Item { receipt, received, content: Content::Event(event) } = item("a") else {
            panic!("an event")
        };
        Waiting { receipt, received, group: group.to_owned(), event }
    }

    #[test]
    fn a_round_has_ten_events_and_one_of_each_group() {
        let mut events: Vec<_> = (0..12).map(|n| waiting(&n.to_string())).collect();
        events.insert(1, waiting("0"));
        let blocked = HashSet::from(["3".to_owned()]);
        let mut rounds = Vec::new();
        while !events.is_empty() {
            let round = next_round(&mut events, &blocked);
            rounds.push(round.into_iter().map(|waiting| waiting.group).collect::<Vec<_>>());
        }
        let first = ["0", "1", "2", "4", "5", "6", "7", "8", "9", "10"];
        assert_eq!(rounds, [&first[..], &["0", "11"]]);
    }

    #[test]
    fn a_call_has_as_many_bytes_as_one_message() {
        let ready = [500, 500, 1, 1_000, 999, 1].map(|bytes| Ready {
            receipt: None,
            received: OffsetDateTime::UNIX_EPOCH,
            message: Message {
                body: "x".repeat(bytes),
                deduplication_id: String::new(),
                group_id: String::new(),
                trace: None,
            },
        });
        let calls = into_calls(ready.into(), 1_000);
        assert_eq!(calls.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1, 1, 2]);
    }
}
