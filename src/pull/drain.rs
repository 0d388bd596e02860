//! Drains one feed: pull, store, confirm exactly the stored items, until the feed is empty or time runs out.
//!
//! Each event ends in one of three ways. It is enqueued and confirmed; or it is unprocessable, so it is put into
//! `rejected/` and confirmed; or it is not stored, so the feed redelivers it. A redelivered event delays the later
//! events of its own media asset, and no others. A run ends early only if the queue fails as a whole.

use futures_util::StreamExt as _;
use futures_util::future::{join, join_all};
use futures_util::stream;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::time::{Duration, Instant, timeout_at};

use super::batch::{Batch, Pending};
use super::feed::{Content, Feed, Item, Pulled, UnprocessableBody};
use super::fifo_order::{self, BlockedGroups};
use super::summary::FeedSummary;
use crate::ingest::rejected::Rejected;
use crate::ingest::{self, store};
use crate::storage::Message;
use crate::storage::{Bucket, Queue, StoreError};
use crate::timeouts::Deadline;
use crate::timeouts::pull::{RETRY_POLICY, STORE_WITHIN, pull_within};
use crate::trace::Trace;
use mediahook_events::CloudEvent;

/// How often a failed pull is retried before the feed is skipped until the next run.
const RETRIES: u32 = 2;
const PAUSE: Duration = Duration::from_millis(500);
/// How many events' data are put into the bucket at the same time.
const UPLOADS_AT_ONCE: usize = 4;

/// Moves the events of a feed to the queue.
pub(super) struct Drain<'a, Q, B> {
    pub(super) queue: &'a Q,
    pub(super) bucket: &'a B,
    pub(super) deadline: Deadline,
    /// The trace of the run, for events without a trace of their own.
    pub(super) trace: Option<Trace>,
}

/// An event whose data is too large for a message: its number, and the envelope.
type Upload = (usize, Box<CloudEvent>);

impl<Q: Queue, B: Bucket> Drain<'_, Q, B> {
    /// Drains a feed. The summary covers everything from the first pull on.
    pub(super) async fn run(&self, feed: &mut dyn Feed, summary: &mut FeedSummary) {
        let mut groups = BlockedGroups::default();
        let mut failures = 0;
        loop {
            let Some(within) = pull_within(self.deadline) else {
                summary.more = true;
                return;
            };
            match feed.pull(within).await {
                // Not pulled again before the next minute: a sender that has too many long polls answers the same
                // immediately.
                Ok(Pulled { items, .. }) if items.is_empty() => return,
                Ok(Pulled { items, memory: _until_stored }) => {
                    failures = 0;
                    if !self.store_and_confirm(feed, items, &mut groups, summary).await {
                        return;
                    }
                }
                Err(error) if error.transient && failures < RETRIES => {
                    failures += 1;
                    tracing::debug!(source = feed.name(), %error, "a pull failed and is retried");
                    tokio::time::sleep(PAUSE * failures).await;
                }
                Err(error) => {
                    summary.error = Some(error.why);
                    return;
                }
            }
        }
    }

    /// Stores a batch and confirms the stored items. Returns whether the queue works: if not, the next batch would
    /// fail too, and its items would only be redelivered later.
    async fn store_and_confirm(
        &self,
        feed: &mut dyn Feed,
        items: Vec<Item>,
        groups: &mut BlockedGroups,
        summary: &mut FeedSummary,
    ) -> bool {
        let all = items.len();
        summary.pulled += all;
        let mut batch = Batch::new(groups, summary);
        let queue_works = self.store(feed, items, &mut batch).await;
        let (stored, receipts) = batch.close();
        summary.failed += all - stored;
        summary.unconfirmed += stored;
        if !receipts.is_empty() {
            let confirmation = feed.confirm(receipts).await;
            summary.confirmed += confirmation.confirmed;
            summary.unconfirmed -= confirmation.confirmed.min(stored);
            summary.error = confirmation.error.map(|e| format!("confirm: {e}")).or(summary.error.take());
        }
        queue_works
    }

    /// Stores as many items as it can within [`STORE_WITHIN`]. Returns whether the queue works.
    async fn store(&self, feed: &dyn Feed, items: Vec<Item>, batch: &mut Batch<'_>) -> bool {
        let until = Instant::now() + STORE_WITHIN;
        let (unprocessable, uploads) = self.classify(feed.name(), items, batch);
        let (rejected, queue_works) =
            join(self.reject_all(unprocessable, until), self.enqueue(uploads, batch, until)).await;
        batch.rejected(rejected);
        let invalid = std::mem::take(&mut batch.invalid);
        if feed.keeps_unconfirmed() {
            for (receipt, UnprocessableBody { reason, .. }) in invalid {
                batch.stuck(feed.name(), &receipt.unwrap_or_default(), &reason.to_string());
            }
        } else {
            // Otherwise its sender would drop it some day.
            let rejected = self.reject_all(invalid, until).await;
            batch.rejected(rejected);
        }
        queue_works
    }

    /// Adds the events to the batch. Returns the items for `rejected/`, and the items whose data goes to the bucket
    /// first.
    fn classify(
        &self,
        feed: &str,
        items: Vec<Item>,
        batch: &mut Batch<'_>,
    ) -> (Vec<(Option<String>, UnprocessableBody)>, Vec<Upload>) {
        let (mut unprocessable, mut uploads) = (Vec::new(), Vec::new());
        for (number, Item { receipt, content }) in items.into_iter().enumerate() {
            match content {
                Content::Event(envelope) => {
                    let event = self.pending(number, receipt, &envelope);
                    let is_ready = event.is_ready;
                    if batch.add(event) && !is_ready {
                        uploads.push((number, envelope));
                    }
                }
                Content::Unprocessable(body) => unprocessable.push((receipt, body)),
                Content::Stuck { place, why } => batch.stuck(feed, &place, &why),
            }
        }
        (unprocessable, uploads)
    }

    /// An event in the form for the queue; if it is too large for that, without its body until the bucket has its data.
    fn pending(&self, number: usize, receipt: Option<String>, envelope: &CloudEvent) -> Pending {
        let mut message = self.message(envelope);
        let is_ready = message.body.len() <= self.queue.max_message_bytes();
        if !is_ready {
            message.body = String::new();
        }
        let recorded = envelope.recordedtime.as_deref().unwrap_or_default();
        let received = OffsetDateTime::parse(recorded, &Rfc3339).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        Pending { number, receipt, message, is_ready, source: envelope.source.clone(), received }
    }

    /// An event's message. It has the trace in which the event was received, however long ago.
    fn message(&self, envelope: &CloudEvent) -> Message {
        let message = ingest::message(envelope);
        Message { trace: message.trace.or(self.trace), ..message }
    }

    /// Sends the events that are ready, and others as soon as the bucket has their data. Returns whether the queue
    /// works.
    async fn enqueue(&self, uploads: Vec<Upload>, batch: &mut Batch<'_>, until: Instant) -> bool {
        let uploads: Vec<_> = uploads.into_iter().map(|upload| self.upload(upload)).collect();
        let mut uploads = stream::iter(uploads).buffer_unordered(UPLOADS_AT_ONCE);
        loop {
            let pending = batch.pending.iter().map(|pending| (&pending.message, pending.is_ready));
            let places = fifo_order::next_call(pending, self.queue.max_message_bytes());
            if places.is_empty() {
                match timeout_at(until, uploads.next()).await {
                    Ok(Some((number, uploaded))) => batch.uploaded(number, uploaded),
                    Ok(None) => return true,
                    Err(_) => {
                        batch.summary.error = Some(too_late());
                        return true;
                    }
                }
                continue;
            }
            let messages = places.iter().filter_map(|at| Some(&batch.pending.get(*at)?.message));
            let messages: Vec<_> = messages.collect();
            let began = Instant::now();
            match timeout_at(until, self.queue.enqueue_batch(&messages)).await {
                Ok(Ok(results)) => batch.answered(&places, results),
                Ok(Err(error)) => {
                    batch.summary.error = Some(format!("queue: {error}"));
                    return false;
                }
                Err(_) => {
                    batch.summary.error = Some(too_late());
                    // If the bucket used up the time, the queue may still work.
                    return began.elapsed() < RETRY_POLICY.attempt;
                }
            }
        }
    }

    /// Puts an event's data into the bucket. Returns the message for the queue.
    async fn upload(&self, (number, envelope): Upload) -> (usize, Result<Message, StoreError>) {
        let prepared = store::prepare(self.queue, self.bucket, &envelope).await;
        (number, prepared.map(|(message, _)| Message { trace: message.trace.or(self.trace), ..message }))
    }

    /// Puts bodies into `rejected/`. Returns the receipt of each, and whether it was stored.
    async fn reject_all(
        &self,
        unprocessable: Vec<(Option<String>, UnprocessableBody)>,
        until: Instant,
    ) -> Vec<(Option<String>, Result<(), StoreError>)> {
        let within = until.saturating_duration_since(Instant::now());
        let puts = unprocessable.into_iter().map(async |(receipt, body)| {
            let UnprocessableBody { source, body, reason, received } = &body;
            let rejected = Rejected { source, body: body.as_bytes(), reason, received: *received };
            let put = rejected.put(self.bucket, within, within).await;
            let put = put.map(|key| {
                tracing::warn!(source, %reason, key, "unprocessable: pulled, but no event for the queue");
            });
            (receipt, put)
        });
        join_all(puts).await
    }
}

fn too_late() -> String {
    format!("storing took longer than {} s", STORE_WITHIN.as_secs())
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::Mutex;

    use futures_util::FutureExt as _;
    use futures_util::future::BoxFuture;
    use time::OffsetDateTime;

    use super::super::feed::Confirmation;
    use super::super::memory_limit::MemoryLimit;
    use super::*;
    use crate::ingest::envelope;
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

        async fn get(&self, _: &str) -> Result<Vec<u8>, StoreError> {
            Err(StoreError("down".to_owned()))
        }

        async fn list(&self, _: &str, _: Option<&str>) -> Result<Page, StoreError> {
            Ok(Page::default())
        }

        async fn delete(&self, _: &str) -> Result<(), StoreError> {
            Ok(())
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
        Item { receipt: Some(name.to_owned()), content: Content::Event(Box::new(envelope)) }
    }

    impl Feed for Script {
        fn name(&self) -> &'static str {
            "script"
        }

        fn pull(&mut self, _: Duration) -> BoxFuture<'_, Result<Pulled, QueueError>> {
            async {
                let names = self.batches.pop_front().unwrap_or_default();
                let memory = MemoryLimit::new(1).share();
                Ok(Pulled { items: names.into_iter().map(item).collect(), memory })
            }
            .boxed()
        }

        fn confirm(&mut self, receipts: Vec<String>) -> BoxFuture<'_, Confirmation> {
            let confirmed = receipts.len();
            self.confirmed.extend(receipts);
            async move { Confirmation { confirmed, error: None } }.boxed()
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
        assert_eq!(queued, ["a1", "a2", "c1", "a3", "b1!", "b2"]);
        assert_eq!(confirmed.len(), queued.len());
        assert_eq!((summary.pulled, summary.enqueued, summary.confirmed, summary.failed), (9, 6, 6, 3));
    }

    #[tokio::test]
    async fn no_event_overtakes_one_whose_data_the_bucket_did_not_take() {
        let (queued, confirmed, summary) = drain(&[&["a1", "A2", "a3", "b1"], &["c1", "a4"]]).await;
        assert_eq!(queued, ["a1", "b1", "c1"]);
        assert_eq!(confirmed, queued);
        assert_eq!((summary.failed, summary.error.as_deref()), (3, Some("bucket: down")));
        let (queued, ..) = drain(&[&["a1!", "A2", "b1"], &["A2", "a1!", "a3", "b2"]]).await;
        assert_eq!(queued, ["b1", "a1!", "b2"]);
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
}
