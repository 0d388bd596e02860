//! One feed, drained: pull, store, confirm exactly what was stored, until there is no more or no time.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::timeout;

use super::budget::{Deadline, STORE_WITHIN};
use super::feed::{Content, Delivered, Feed};
use super::rounds::{self, Held};
use super::summary::Tally;
use crate::claim_check;
use crate::envelope::{Envelope, Message};
use crate::rejected::Rejected;
use crate::store::{Bucket, Queue, StoreError};
use crate::trace::Trace;

/// How often a pull is tried, once it has failed, before the feed is left alone until the next time.
const RETRIES: u32 = 2;
const PAUSE: Duration = Duration::from_millis(500);

/// Takes what a feed has to the queue.
pub(super) struct Drain<'a, Q, B> {
    pub(super) queue: &'a Q,
    pub(super) bucket: &'a B,
    pub(super) deadline: Deadline,
    /// The trace of the run: that of events which have none of their own.
    pub(super) trace: Option<Trace>,
}

/// An event on its way to the queue.
struct Parcel {
    receipt: Option<String>,
    message: Message,
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
                Ok(deliveries) if deliveries.is_empty() => return,
                Ok(deliveries) => {
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

    /// Stores a batch and confirms what is stored. Whether to go on: where nothing at all could be stored, a further
    /// batch would fare no better, and would only be kept from its next attempt. Where the time ran out, nobody knows which
    /// of a media's events was not sent, so that no later one must follow.
    async fn settle(
        &self,
        feed: &mut dyn Feed,
        deliveries: Vec<Delivered>,
        held: &mut Held,
        tally: &mut Tally,
    ) -> bool {
        tally.pulled += deliveries.len();
        let (mut stored, mut receipts) = (0, Vec::new());
        let all = deliveries.len();
        let is_stuck = |d: &Delivered| matches!(d.content, Content::Stuck { .. });
        let stuck = deliveries.iter().filter(|d| is_stuck(d)).count();
        let mut keep = |receipt: Option<String>| {
            stored += 1;
            receipts.extend(receipt);
        };
        let storing = self.store(feed.name(), deliveries, held, tally, &mut keep);
        let in_time = timeout(STORE_WITHIN, storing).await.is_ok();
        if !in_time {
            tally.error = Some(format!("storing took longer than {} s", STORE_WITHIN.as_secs()));
        }
        tally.failed += all - stored;
        if !receipts.is_empty() {
            let confirmation = feed.confirm(receipts).await;
            tally.confirmed += confirmation.confirmed;
            tally.error = confirmation.error.map(|e| format!("confirming: {e}")).or(tally.error.take());
        }
        in_time && (stored > 0 || stuck == all)
    }

    /// Calls `keep` for each that is stored, when it is: what is cut short by the time counts as far as it came.
    async fn store(
        &self,
        source: &str,
        deliveries: Vec<Delivered>,
        held: &mut Held,
        tally: &mut Tally,
        keep: &mut impl FnMut(Option<String>),
    ) {
        let (mut parcels, mut unsent) = (Vec::new(), Vec::new());
        let mut rejections = Vec::new();
        for Delivered { receipt, content } in deliveries {
            match content {
                Content::Event(envelope) => {
                    let message = self.message(&envelope);
                    let before = parcels.iter().map(|parcel: &Parcel| &parcel.message);
                    let is_behind = |unsent: &Message| unsent.group_id == message.group_id;
                    let must_wait = unsent.iter().any(is_behind) && !held.awaits(&message);
                    if must_wait || held.holds(&message, before) {
                        unsent.push(message);
                        continue;
                    }
                    match self.fit(*envelope, message).await {
                        Ok(message) => parcels.push(Parcel { receipt, message }),
                        Err((message, error)) => {
                            unsent.push(message);
                            tally.error = Some(format!("bucket: {error}"));
                        }
                    }
                }
                Content::NoEvent { body, why, received } => rejections.push((receipt, body, why, received)),
                Content::Stuck { place, why } => {
                    tracing::error!(
                        source,
                        place,
                        why,
                        "stuck: it stays where it is until somebody looks at it"
                    );
                    tally.error = Some(format!("{place}: {why}"));
                }
            }
        }
        let rejected = rejections.iter().map(|(_, body, why, received)| {
            self.reject(Rejected { source, body: body.as_bytes(), why, received: *received })
        });
        for (outcome, (receipt, ..)) in join_all(rejected).await.into_iter().zip(&rejections) {
            match outcome {
                Ok(()) => {
                    tally.rejected += 1;
                    keep(receipt.clone());
                }
                Err(error) => tally.error = Some(error),
            }
        }
        self.enqueue(parcels, held, tally, keep).await;
        for message in &unsent {
            held.failed_behind(message);
        }
    }

    /// An event's message. It goes on in the trace in which the event was received, be it long ago.
    fn message(&self, envelope: &Envelope) -> Message {
        let message = envelope.message();
        Message { trace: message.trace.or(self.trace), ..message }
    }

    /// The message as it can travel: where it is too large, its data is left in the bucket.
    async fn fit(&self, mut envelope: Envelope, message: Message) -> Result<Message, (Message, StoreError)> {
        if message.body.len() <= self.queue.max_message_bytes() {
            return Ok(message);
        }
        match claim_check::check_in(&mut envelope, self.bucket).await {
            Ok(()) => Ok(self.message(&envelope)),
            Err(error) => Err((message, error)),
        }
    }

    async fn reject(&self, rejected: Rejected<'_>) -> Result<(), String> {
        rejected.put_body(self.bucket).await.map_err(|e| format!("bucket: {e}"))?;
        let (source, key) = (rejected.source, rejected.key());
        tracing::warn!(source, reason = %rejected.why, key, "rejected: pulled, but no event");
        // The body is safe; its reason is in the log as well.
        if let Err(error) = rejected.put_reason(self.bucket).await {
            tracing::warn!(%error, key, "a rejected body is kept without its reason");
        }
        Ok(())
    }

    async fn enqueue(
        &self,
        mut waiting: Vec<Parcel>,
        held: &mut Held,
        tally: &mut Tally,
        keep: &mut impl FnMut(Option<String>),
    ) {
        loop {
            let messages: Vec<_> = waiting.iter().map(|parcel| &parcel.message).collect();
            let chosen = rounds::next(&messages, self.queue.max_message_bytes());
            if chosen.is_empty() {
                return;
            }
            let call: Vec<_> = chosen.iter().filter_map(|at| messages.get(*at).copied()).collect();
            let outcomes = self.queue.enqueue_batch(&call).await;
            let mut outcomes = chosen.iter().zip(outcomes).collect::<std::collections::HashMap<_, _>>();
            let (mut rest, mut failed) = (Vec::new(), Vec::new());
            for (at, parcel) in waiting.into_iter().enumerate() {
                match outcomes.remove(&at) {
                    None => rest.push(parcel),
                    Some(Ok(())) => {
                        held.done(&parcel.message);
                        tally.enqueued += 1;
                        keep(parcel.receipt);
                    }
                    Some(Err(error)) => {
                        held.failed(&parcel.message);
                        failed.push(parcel.message.group_id);
                        tally.error = Some(format!("queue: {error}"));
                    }
                }
            }
            // What is left of a group stands behind the one that was sent.
            rest.retain(|parcel| !failed.contains(&parcel.message.group_id));
            waiting = rest;
        }
    }
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
    use crate::envelope::Channel;
    use crate::intake;
    use crate::sender::pull::PullError;
    use crate::source::Sources;
    use crate::store::Page;

    /// A queue that refuses, the first time, every event whose name ends in `!`; a bucket that is down.
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

        async fn enqueue_batch(&self, messages: &[&Message]) -> Vec<Result<(), StoreError>> {
            let outcome = |message: &&Message| {
                let name = Envelope::parse(&message.body).unwrap().taskid.unwrap();
                let mut refused = self.refused.lock().unwrap();
                if name.ends_with('!') && !refused.contains(&name) {
                    refused.push(name);
                    return Err(StoreError("as told".to_owned()));
                }
                self.queued.lock().unwrap().push(name);
                Ok(())
            };
            messages.iter().map(outcome).collect()
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
        let envelope = intake::seal(source, &body, Channel::Pull, OffsetDateTime::UNIX_EPOCH).unwrap();
        Delivered { receipt: Some(name.to_owned()), content: Content::Event(Box::new(envelope)) }
    }

    impl Feed for Script {
        fn name(&self) -> &'static str {
            "script"
        }

        fn pull(&mut self, _: Duration) -> BoxFuture<'_, Result<Vec<Delivered>, PullError>> {
            async { Ok(self.batches.pop_front().unwrap_or_default().into_iter().map(delivered).collect()) }
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
    async fn a_batch_of_which_nothing_is_stored_is_the_last() {
        let (queued, confirmed, tally) = drain(&[&["a1!", "a2"], &["b1"]]).await;
        assert_eq!((queued.len(), confirmed.len(), tally.pulled), (0, 0, 2));
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
