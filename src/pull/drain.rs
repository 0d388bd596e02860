//! One feed, drained: pull, store, confirm exactly what was stored, until there is no more or no time.
//!
//! What happens to an event: it is enqueued and confirmed, or it is not for the queue, put into `rejected/` and confirmed,
//! or it is left where it is and the feed hands it out again. An event that is left holds up the later ones of its own
//! media asset, and no others. Only a queue that fails as a whole ends a run early.

use std::collections::HashMap;

use futures_util::StreamExt as _;
use futures_util::future::{join, join_all};
use futures_util::stream;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::time::{Duration, Instant, timeout_at};

use super::budget::{Deadline, PATIENCE, STORE_WITHIN};
use super::feed::{Content, Delivered, Feed, Pulled};
use super::rounds::{self, Held};
use super::summary::Tally;
use crate::event::Unreadable;
use crate::event::envelope::{Envelope, Message};
use crate::storage::claim_check;
use crate::storage::rejected::Rejected;
use crate::storage::{Bucket, EntryError, Queue, StoreError};
use crate::trace::Trace;

/// How often a pull is tried, once it has failed, before the feed is left alone until the next time.
const RETRIES: u32 = 2;
const PAUSE: Duration = Duration::from_millis(500);
/// How many events' data are put into the bucket at the same time.
const UPLOADS_AT_ONCE: usize = 4;

/// Takes what a feed has to the queue.
pub(super) struct Drain<'a, Q, B> {
    pub(super) queue: &'a Q,
    pub(super) bucket: &'a B,
    pub(super) deadline: Deadline,
    /// The trace of the run: that of events which have none of their own.
    pub(super) trace: Option<Trace>,
}

/// One batch of deliveries while it is stored.
struct Batch<'b> {
    held: &'b mut Held,
    tally: &'b mut Tally,
    /// On their way to the queue, in their order.
    waiting: Vec<Parcel>,
    /// Not sent, in their order: the later ones of their groups wait for them.
    unsent: Vec<Message>,
    /// Not for the queue.
    rejections: Vec<Rejection>,
    /// Refused by the queue for their contents.
    refused: Vec<Rejection>,
    stored: usize,
    receipts: Vec<String>,
}

/// An event on its way to the queue.
struct Parcel {
    number: usize,
    receipt: Option<String>,
    /// Without its body while its data is being put into the bucket.
    message: Message,
    is_ready: bool,
    source: String,
    receivedtime: String,
}

/// An event whose data is too large to travel: its parcel's number, and the envelope.
type Upload = (usize, Box<Envelope>);

/// What is not for the queue.
struct Rejection {
    receipt: Option<String>,
    source: String,
    body: String,
    why: Unreadable,
    received: OffsetDateTime,
}

impl<Q: Queue, B: Bucket> Drain<'_, Q, B> {
    /// Drains a feed. Whatever happens is in the tally, from the first pull on.
    pub(super) async fn run(&self, feed: &mut dyn Feed, tally: &mut Tally) {
        let mut held = Held::default();
        let mut failures = 0;
        loop {
            let Some(within) = self.deadline.pull_within() else {
                tally.more = true;
                return;
            };
            match feed.pull(within).await {
                // Not asked again before the next minute: a sender that has too many long polls answers so at once.
                Ok(Pulled { deliveries, .. }) if deliveries.is_empty() => return,
                Ok(Pulled { deliveries, memory: _until_settled }) => {
                    failures = 0;
                    if !self.settle(feed, deliveries, &mut held, tally).await {
                        return;
                    }
                }
                Err(error) if error.transient && failures < RETRIES => {
                    failures += 1;
                    tracing::debug!(source = feed.name(), %error, "a pull failed and is tried again");
                    tokio::time::sleep(PAUSE * failures).await;
                }
                Err(error) => {
                    tally.error = Some(error.why);
                    return;
                }
            }
        }
    }

    /// Stores a batch and confirms what is stored. Whether the queue works: if it does not, a further batch would fare no
    /// better, and would only be kept from its next attempt.
    async fn settle(
        &self,
        feed: &mut dyn Feed,
        deliveries: Vec<Delivered>,
        held: &mut Held,
        tally: &mut Tally,
    ) -> bool {
        let all = deliveries.len();
        tally.pulled += all;
        let mut batch = Batch::new(held, tally);
        let queue_works = self.store(feed, deliveries, &mut batch).await;
        let (stored, receipts) = batch.close();
        tally.failed += all - stored;
        tally.unconfirmed += stored;
        if !receipts.is_empty() {
            let confirmation = feed.confirm(receipts).await;
            tally.confirmed += confirmation.confirmed;
            tally.unconfirmed -= confirmation.confirmed.min(stored);
            tally.error = confirmation.error.map(|e| format!("confirm: {e}")).or(tally.error.take());
        }
        queue_works
    }

    /// Stores what it can within [`STORE_WITHIN`]. Whether the queue works.
    async fn store(&self, feed: &dyn Feed, deliveries: Vec<Delivered>, batch: &mut Batch<'_>) -> bool {
        let until = Instant::now() + STORE_WITHIN;
        let uploads = self.sort(feed.name(), deliveries, batch);
        let rejections = std::mem::take(&mut batch.rejections);
        let (rejected, queue_works) =
            join(self.reject_all(rejections, until), self.enqueue(uploads, batch, until)).await;
        batch.rejected(rejected);
        let refused = std::mem::take(&mut batch.refused);
        if feed.keeps() {
            for Rejection { receipt, why, .. } in refused {
                batch.stuck(feed.name(), &receipt.unwrap_or_default(), &why.to_string());
            }
        } else {
            // Its sender would drop it one day.
            let rejected = self.reject_all(refused, until).await;
            batch.rejected(rejected);
        }
        queue_works
    }

    /// Decides what becomes of each delivery. Those whose data is too large to travel.
    fn sort(&self, feed: &str, deliveries: Vec<Delivered>, batch: &mut Batch<'_>) -> Vec<Upload> {
        let mut uploads = Vec::new();
        for (number, Delivered { receipt, content }) in deliveries.into_iter().enumerate() {
            match content {
                Content::Event(envelope) => {
                    uploads.extend(self.sort_event(number, receipt, envelope, batch));
                }
                Content::NoEvent { body, why, received } => {
                    let source = feed.to_owned();
                    batch.rejections.push(Rejection { receipt, source, body, why, received });
                }
                Content::Stuck { place, why } => batch.stuck(feed, &place, &why),
            }
        }
        uploads
    }

    fn sort_event(
        &self,
        number: usize,
        receipt: Option<String>,
        mut envelope: Box<Envelope>,
        batch: &mut Batch<'_>,
    ) -> Option<Upload> {
        let (mut message, limit_bytes) = (self.message(&envelope), self.queue.max_message_bytes());
        let is_ready = message.body.len() <= limit_bytes;
        let (source, receivedtime) = (envelope.source.clone(), envelope.receivedtime.clone());
        if !is_ready {
            let body = std::mem::take(&mut message.body);
            if let Some(why) = claim_check::too_large(&mut envelope, self.bucket, limit_bytes) {
                let received = time_of(&receivedtime);
                batch.rejections.push(Rejection { receipt, source, body, why, received });
                return None;
            }
        }
        if batch.must_wait(&message) {
            batch.unsent.push(message);
            return None;
        }
        batch.waiting.push(Parcel { number, receipt, message, is_ready, source, receivedtime });
        (!is_ready).then_some((number, envelope))
    }

    /// An event's message. It goes on in the trace in which the event was received, be it long ago.
    fn message(&self, envelope: &Envelope) -> Message {
        let message = envelope.message();
        Message { trace: message.trace.or(self.trace), ..message }
    }

    /// Sends what is ready, and what becomes ready as the bucket takes its data. Whether the queue works.
    async fn enqueue(&self, uploads: Vec<Upload>, batch: &mut Batch<'_>, until: Instant) -> bool {
        let uploads: Vec<_> = uploads.into_iter().map(|upload| self.upload(upload)).collect();
        let mut uploads = stream::iter(uploads).buffer_unordered(UPLOADS_AT_ONCE);
        loop {
            let waiting = batch.waiting.iter().map(|parcel| (&parcel.message, parcel.is_ready));
            let chosen = rounds::next(waiting, self.queue.max_message_bytes());
            if chosen.is_empty() {
                match timeout_at(until, uploads.next()).await {
                    Ok(Some((number, uploaded))) => batch.uploaded(number, uploaded),
                    Ok(None) => return true,
                    Err(_) => {
                        batch.tally.error = Some(too_late());
                        return true;
                    }
                }
                continue;
            }
            let call = chosen.iter().filter_map(|at| Some(&batch.waiting.get(*at)?.message));
            let call: Vec<_> = call.collect();
            let began = Instant::now();
            match timeout_at(until, self.queue.enqueue_batch(&call)).await {
                Ok(Ok(outcomes)) => batch.answered(&chosen, outcomes),
                Ok(Err(error)) => {
                    batch.tally.error = Some(format!("queue: {error}"));
                    return false;
                }
                Err(_) => {
                    batch.tally.error = Some(too_late());
                    // Where it was the bucket that took the time, nothing is known against the queue.
                    return began.elapsed() < PATIENCE.attempt;
                }
            }
        }
    }

    /// Leaves an event's data in the bucket: the message that goes to the queue.
    async fn upload(&self, (number, mut envelope): Upload) -> (usize, Result<Message, StoreError>) {
        let uploaded = claim_check::check_in(&mut envelope, self.bucket).await;
        (number, uploaded.map(|()| self.message(&envelope)))
    }

    /// Those that are in `rejected/` now, or why not.
    async fn reject_all(
        &self,
        rejections: Vec<Rejection>,
        until: Instant,
    ) -> Vec<(Option<String>, Result<(), String>)> {
        let all = rejections.into_iter().map(async |Rejection { receipt, source, body, why, received }| {
            let rejected = Rejected { source: &source, body: body.as_bytes(), why: &why, received };
            let outcome = timeout_at(until, self.reject(rejected)).await;
            (receipt, outcome.map_err(|_| too_late()).flatten())
        });
        join_all(all).await
    }

    async fn reject(&self, rejected: Rejected<'_>) -> Result<(), String> {
        rejected.put_body(self.bucket).await.map_err(|e| format!("bucket: {e}"))?;
        let (source, key) = (rejected.source, rejected.key());
        tracing::warn!(source, reason = %rejected.why, key, "rejected: pulled, but not for the queue");
        // The body is safe; its reason is in the log as well.
        if let Err(error) = rejected.put_reason(self.bucket).await {
            tracing::warn!(%error, key, "a rejected body is kept without its reason");
        }
        Ok(())
    }
}

impl<'b> Batch<'b> {
    fn new(held: &'b mut Held, tally: &'b mut Tally) -> Self {
        let (waiting, unsent, rejections, refused) = Default::default();
        Self { held, tally, waiting, unsent, rejections, refused, stored: 0, receipts: Vec::new() }
    }

    /// Whether an event must wait for an earlier one of its group that was not sent.
    fn must_wait(&self, message: &Message) -> bool {
        let before = self.waiting.iter().map(|parcel| &parcel.message);
        let is_behind = |unsent: &Message| unsent.group_id == message.group_id;
        let is_behind_unsent = self.unsent.iter().any(is_behind) && !self.held.awaits(message);
        is_behind_unsent || self.held.holds(message, before)
    }

    /// The data of an event is in the bucket, or the bucket did not take it.
    fn uploaded(&mut self, number: usize, uploaded: Result<Message, StoreError>) {
        let Some(at) = self.waiting.iter().position(|parcel| parcel.number == number) else { return };
        match uploaded {
            Ok(message) => {
                if let Some(parcel) = self.waiting.get_mut(at) {
                    (parcel.message, parcel.is_ready) = (message, true);
                }
            }
            Err(error) => {
                self.tally.error = Some(format!("bucket: {error}"));
                let behind = self.waiting.split_off(at);
                let group = behind.first().map(|parcel| parcel.message.group_id.clone());
                let (same, others) = behind
                    .into_iter()
                    .partition::<Vec<_>, _>(|parcel| Some(&parcel.message.group_id) == group.as_ref());
                self.unsent.extend(same.into_iter().map(|parcel| parcel.message));
                self.waiting.extend(others);
            }
        }
    }

    /// The queue has answered for those at these places.
    fn answered(&mut self, chosen: &[usize], outcomes: Vec<Result<(), EntryError>>) {
        let mut outcomes: HashMap<_, _> = chosen.iter().copied().zip(outcomes).collect();
        let (mut rest, mut failed) = (Vec::new(), Vec::new());
        for (at, parcel) in std::mem::take(&mut self.waiting).into_iter().enumerate() {
            match outcomes.remove(&at) {
                None => rest.push(parcel),
                Some(Ok(())) => {
                    self.held.done(&parcel.message);
                    self.tally.enqueued += 1;
                    self.keep(parcel.receipt);
                }
                // It will never be in the queue: its group need not wait for it.
                Some(Err(EntryError { why, is_lasting: true })) => {
                    self.held.done(&parcel.message);
                    let Parcel { receipt, message, source, receivedtime, .. } = parcel;
                    let (why, received) = (Unreadable::Unsendable(why.0), time_of(&receivedtime));
                    self.refused.push(Rejection { receipt, source, body: message.body, why, received });
                }
                Some(Err(EntryError { why, is_lasting: false })) => {
                    self.held.failed(&parcel.message);
                    failed.push(parcel.message.group_id);
                    self.tally.error = Some(format!("queue: {why}"));
                }
            }
        }
        // What is left of a group stands behind the one that was sent.
        rest.retain(|parcel| !failed.contains(&parcel.message.group_id));
        self.waiting = rest;
    }

    fn rejected(&mut self, outcomes: Vec<(Option<String>, Result<(), String>)>) {
        for (receipt, outcome) in outcomes {
            match outcome {
                Ok(()) => {
                    self.tally.rejected += 1;
                    self.keep(receipt);
                }
                Err(error) => self.tally.error = Some(error),
            }
        }
    }

    fn keep(&mut self, receipt: Option<String>) {
        self.stored += 1;
        self.receipts.extend(receipt);
    }

    fn stuck(&mut self, source: &str, place: &str, why: &str) {
        tracing::error!(source, place, why, "stuck: it stays where it is until somebody looks at it");
        self.tally.error = Some(format!("{place}: {why}"));
    }

    /// How many are stored, and their receipts. The groups of all others wait.
    fn close(self) -> (usize, Vec<String>) {
        // What still waits stood before what could not be sent.
        for message in self.waiting.into_iter().map(|parcel| parcel.message).chain(self.unsent) {
            self.held.failed_behind(&message);
        }
        (self.stored, self.receipts)
    }
}

fn too_late() -> String {
    format!("storing took longer than {} s", STORE_WITHIN.as_secs())
}

fn time_of(receivedtime: &str) -> OffsetDateTime {
    OffsetDateTime::parse(receivedtime, &Rfc3339).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::Mutex;

    use futures_util::FutureExt as _;
    use futures_util::future::BoxFuture;
    use time::OffsetDateTime;

    use super::super::feed::Confirmation;
    use super::*;
    use crate::event::envelope::Channel;
    use crate::ingest;
    use crate::pull::memory::ReadMemory;
    use crate::senders::pull::PullError;
    use crate::sources::Sources;
    use crate::storage::Page;

    /// A queue that refuses, the first time, every event whose name ends in `!`, and fails at `down?`; a bucket that is
    /// down.
    #[derive(Default)]
    struct Memory {
        queued: Mutex<Vec<String>>,
        refused: Mutex<Vec<String>>,
    }

    impl Queue for Memory {
        fn max_message_bytes(&self) -> usize {
            1_000
        }

        async fn enqueue(&self, _: &Message) -> Result<(), StoreError> {
            Ok(())
        }

        async fn enqueue_batch(
            &self,
            messages: &[&Message],
        ) -> Result<Vec<Result<(), EntryError>>, StoreError> {
            if messages.iter().any(|message| message.body.contains("down?")) {
                return Err(StoreError("as told".to_owned()));
            }
            let outcome = |message: &&Message| {
                let name = Envelope::parse(&message.body).unwrap().taskid.unwrap();
                let mut refused = self.refused.lock().unwrap();
                if name.ends_with('!') && !refused.contains(&name) {
                    refused.push(name);
                    return Err(EntryError { why: StoreError("as told".to_owned()), is_lasting: false });
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

    /// Hands out batches of names: an event's media is its first letter, and a capital one is too large to travel. What
    /// is named `panic` is one.
    struct Script {
        batches: VecDeque<Vec<&'static str>>,
        confirmed: Vec<String>,
    }

    impl Script {
        fn new(batches: &[&[&'static str]]) -> Self {
            Self { batches: batches.iter().map(|batch| batch.to_vec()).collect(), confirmed: Vec::new() }
        }
    }

    fn delivered(name: &str) -> Delivered {
        assert!(name != "panic", "as told");
        let media = name.chars().next().unwrap();
        let padding = if media.is_uppercase() { 2_000 } else { 0 };
        let body = format!(
            r#"{{"EventType":"PullComplete","PullCompleteEvent":{{"TaskId":"{name}","FileId":"{}","Name":"{}"}}}}"#,
            media.to_lowercase(),
            "x".repeat(padding)
        );
        let sources = Sources::parse(r#"{"tencent-vod/main":{}}"#).unwrap();
        let source = sources.get("tencent-vod/main").unwrap();
        let envelope = ingest::seal(source, &body, Channel::Pull, OffsetDateTime::UNIX_EPOCH).unwrap();
        Delivered { receipt: Some(name.to_owned()), content: Content::Event(Box::new(envelope)) }
    }

    impl Feed for Script {
        fn name(&self) -> &'static str {
            "script"
        }

        fn pull(&mut self, _: Duration) -> BoxFuture<'_, Result<Pulled, PullError>> {
            async {
                let names = self.batches.pop_front().unwrap_or_default();
                let memory = ReadMemory::new(1).share();
                Ok(Pulled { deliveries: names.into_iter().map(delivered).collect(), memory })
            }
            .boxed()
        }

        fn confirm(&mut self, receipts: Vec<String>) -> BoxFuture<'_, Confirmation> {
            let confirmed = receipts.len();
            self.confirmed.extend(receipts);
            async move { Confirmation { confirmed, error: None } }.boxed()
        }
    }

    async fn drain(batches: &[&[&'static str]]) -> (Vec<String>, Vec<String>, Tally) {
        let (memory, mut script, mut tally) = (Memory::default(), Script::new(batches), Tally::default());
        let drain = Drain {
            queue: &memory,
            bucket: &memory,
            deadline: Deadline::new(Duration::from_secs(55)),
            trace: None,
        };
        drain.run(&mut script, &mut tally).await;
        (memory.queued.into_inner().unwrap(), script.confirmed, tally)
    }

    #[tokio::test]
    async fn no_event_overtakes_one_of_its_media_that_failed() {
        let (queued, confirmed, tally) =
            drain(&[&["a1", "b1!", "a2", "b2", "c1"], &["b2", "a3"], &["b1!", "b2"]]).await;
        assert_eq!(queued, ["a1", "a2", "c1", "a3", "b1!", "b2"]);
        assert_eq!(confirmed.len(), queued.len());
        assert_eq!((tally.pulled, tally.enqueued, tally.confirmed, tally.failed), (9, 6, 6, 3));
    }

    #[tokio::test]
    async fn nor_one_that_the_bucket_did_not_take() {
        let (queued, confirmed, tally) = drain(&[&["a1", "A2", "a3", "b1"], &["c1", "a4"]]).await;
        assert_eq!(queued, ["a1", "b1", "c1"]);
        assert_eq!(confirmed, queued);
        assert_eq!((tally.failed, tally.error.as_deref()), (3, Some("bucket: down")));
        let (queued, ..) = drain(&[&["a1!", "A2", "b1"], &["A2", "a1!", "a3", "b2"]]).await;
        assert_eq!(queued, ["b1", "a1!", "b2"]);
    }

    #[tokio::test]
    async fn a_queue_that_fails_ends_the_run_and_one_that_refuses_does_not() {
        let (queued, confirmed, tally) = drain(&[&["down?", "a2"], &["b1"]]).await;
        assert_eq!((queued.len(), confirmed.len(), tally.pulled), (0, 0, 2));
        let (queued, ..) = drain(&[&["a1!", "a2"], &["b1"]]).await;
        assert_eq!(queued, ["b1"]);
    }

    #[tokio::test]
    async fn a_panic_leaves_what_was_done_before_it_in_the_tally() {
        let (memory, mut script, mut tally) =
            (Memory::default(), Script::new(&[&["a1"], &["panic"]]), Tally::default());
        let drain = Drain {
            queue: &memory,
            bucket: &memory,
            deadline: Deadline::new(Duration::from_secs(55)),
            trace: None,
        };
        let run = std::panic::AssertUnwindSafe(drain.run(&mut script, &mut tally)).catch_unwind().await;
        assert!(run.is_err());
        assert_eq!((tally.enqueued, tally.confirmed), (1, 1));
    }
}
