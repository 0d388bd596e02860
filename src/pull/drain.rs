//! One feed in one run: stores its events, and keeps what can be confirmed.
//!
//! Each event ends in one of three ways. It is enqueued and confirmed; or it is unprocessable, so it is put into
//! `rejected/` and confirmed; or it is not stored, so the feed redelivers it. A later event of a media asset must never
//! overtake one that failed. So events are sent in rounds, the next one of each group, and a group whose event failed is
//! left for the next run. A run ends early only if the queue fails as a whole.

use std::collections::HashSet;

use mediahook_events::CloudEvent;
use mediahook_senders::Unprocessable;
use mediahook_senders::queue::Delivery;

use super::Puller;
use super::summary::FeedSummary;
use crate::ingest::{group_id, message, store};
use crate::lambda::invocation::Invocation;
use crate::storage::{Bucket, EntryError, MAX_BATCH_MESSAGES, Queue};
use crate::timeouts::Deadline;

/// The state of one feed in one run.
pub(super) struct Drain<'a, Q, B, H> {
    pub(super) puller: &'a Puller<Q, B, H>,
    /// A source's name, or `spill`.
    pub(super) name: &'a str,
    pub(super) deadline: Deadline,
    /// The run.
    pub(super) invocation: &'a Invocation,
    pub(super) summary: FeedSummary,
    /// The receipts of what is stored and not yet confirmed.
    pub(super) stored: Vec<String>,
    /// What can never be in the queue, and why.
    pub(super) unprocessable: Vec<(Delivery, Unprocessable)>,
    /// The groups whose event failed in this run.
    blocked: HashSet<String>,
}

/// An event, and the receipt that confirms it; without one it is redelivered.
pub(super) type Item = (Option<String>, CloudEvent);

impl<'a, Q: Queue, B: Bucket, H> Drain<'a, Q, B, H> {
    pub(super) fn new(
        puller: &'a Puller<Q, B, H>,
        name: &'a str,
        deadline: Deadline,
        invocation: &'a Invocation,
    ) -> Self {
        let (summary, stored, unprocessable, blocked) = Default::default();
        Self { puller, name, deadline, invocation, summary, stored, unprocessable, blocked }
    }

    /// Enqueues events in rounds: the next event of each group, at most ten.
    ///
    /// # Errors
    /// The queue failed as a whole: further events would fail too, and would only be redelivered later.
    pub(super) async fn enqueue(&mut self, mut events: Vec<Item>, until: Deadline) -> Result<(), String> {
        let Puller { queue, bucket, .. } = self.puller;
        loop {
            let round = next_round(&mut events, &self.blocked);
            if round.is_empty() {
                return Ok(());
            }
            let enqueued = store::enqueue(queue, bucket, round.iter().map(|(_, event)| event), until).await;
            let results = enqueued.map_err(|error| format!("queue: {error}"))?;
            for ((receipt, event), result) in round.into_iter().zip(results) {
                match result {
                    Ok(()) => {
                        self.summary.enqueued += 1;
                        self.stored.extend(receipt);
                    }
                    // It will never be in the queue, so its group need not wait for it.
                    Err(EntryError { why, is_lasting: true }) => {
                        let delivery = Delivery { receipt, body: message(&event).body, entry_id: None };
                        self.unprocessable.push((delivery, Unprocessable::Unsendable(why.0)));
                    }
                    // Its group is left for the next run.
                    Err(EntryError { why, .. }) => {
                        self.blocked.insert(group_id(&event));
                        self.summary.error = Some(why.0);
                    }
                }
            }
        }
    }
}

/// Takes the next event of each group that is not blocked, at most ten, in their order.
fn next_round(events: &mut Vec<Item>, blocked: &HashSet<String>) -> Vec<Item> {
    let mut groups = HashSet::new();
    let is_next = |(_, event): &mut Item| {
        let group = group_id(event);
        groups.len() < MAX_BATCH_MESSAGES && !blocked.contains(&group) && groups.insert(group)
    };
    events.extract_if(.., is_next).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{self, MAIN, sources};
    use super::*;
    use crate::ingest;
    use mediahook_events::Channel;
    use time::OffsetDateTime;

    /// An event of this task. Its media asset is the first letter, and a capital letter means that it is too large for
    /// the queue.
    fn item(task: &str) -> Item {
        let media = task.chars().next().unwrap();
        let padding = if media.is_uppercase() { 2_000 } else { 0 };
        let body = format!(
            r#"{{"EventType":"PullComplete","PullCompleteEvent":{{"TaskId":"{task}","FileId":"{}","Name":"{}"}}}}"#,
            media.to_lowercase(),
            "x".repeat(padding)
        );
        let sources = sources();
        let (source, received) = (sources.get(MAIN).unwrap(), OffsetDateTime::UNIX_EPOCH);
        let event = ingest::build(source, body.as_bytes(), Channel::Pull, None, received).unwrap();
        (Some(task.to_owned()), event)
    }

    /// Enqueues one batch after the other while the queue works. Returns what is queued and what can be confirmed.
    async fn enqueue(batches: &[&[&str]]) -> (Vec<String>, Vec<String>, FeedSummary) {
        let puller = tests::puller(());
        let mut drain = tests::drain(&puller);
        for batch in batches {
            drain.summary.pulled += batch.len();
            let (events, until) = (batch.iter().map(|task| item(task)).collect(), drain.deadline);
            if let Err(error) = drain.enqueue(events, until).await {
                drain.summary.error = Some(error);
                break;
            }
        }
        let (stored, summary) = (drain.stored, drain.summary.finish());
        (puller.queue.queued.into_inner().unwrap(), stored, summary)
    }

    #[tokio::test]
    async fn no_event_overtakes_a_failed_one_of_its_media_asset() {
        let (queued, stored, summary) =
            enqueue(&[&["a1", "b1!", "a2", "b2", "c1"], &["b2", "a3"], &["b1!", "b2"]]).await;
        assert_eq!(queued, ["a1", "c1", "a2", "a3"], "the group is left for the next run");
        assert_eq!(stored, queued);
        assert_eq!((summary.pulled, summary.enqueued, summary.failed), (9, 4, 5));
    }

    #[tokio::test]
    async fn no_event_overtakes_one_whose_data_the_bucket_did_not_take() {
        let (queued, stored, summary) = enqueue(&[&["a1", "A2", "a3", "b1"], &["c1", "a4"]]).await;
        assert_eq!(queued, ["a1", "b1", "c1"]);
        assert_eq!(stored, queued);
        assert_eq!((summary.failed, summary.error.as_deref()), (3, Some("bucket: down")));
        let (queued, ..) = enqueue(&[&["a1!", "A2", "b1"], &["A2", "a1!", "a3", "b2"]]).await;
        assert_eq!(queued, ["b1", "b2"]);
    }

    #[tokio::test]
    async fn a_queue_that_fails_ends_the_run_and_a_failed_entry_does_not() {
        let (queued, stored, summary) = enqueue(&[&["down?", "a2"], &["b1"]]).await;
        assert_eq!((queued.len(), stored.len(), summary.pulled), (0, 0, 2));
        let (queued, ..) = enqueue(&[&["a1!", "a2"], &["b1"]]).await;
        assert_eq!(queued, ["b1"]);
    }

    #[test]
    fn a_round_has_ten_events_and_one_of_each_group() {
        let mut events: Vec<_> = "abcdefghijkl".chars().map(|media| item(&format!("{media}1"))).collect();
        events.insert(1, item("a2"));
        let mut round = || {
            let round = next_round(&mut events, &HashSet::new());
            round.into_iter().filter_map(|(receipt, _)| receipt).collect::<Vec<_>>()
        };
        assert_eq!(round(), ["a1", "b1", "c1", "d1", "e1", "f1", "g1", "h1", "i1", "j1"]);
        assert_eq!(round(), ["a2", "k1", "l1"]);
    }

    /// The fake refuses a call that is too large.
    #[tokio::test]
    async fn a_call_has_no_more_bytes_than_one_message() {
        let (queued, ..) = enqueue(&[&["a1", "b1", "c1", "d1", "e1", "f1"]]).await;
        assert_eq!(queued, ["a1", "b1", "c1", "d1", "e1", "f1"]);
    }

    /// Each is confirmed, or it would be pulled again.
    #[tokio::test]
    async fn what_is_queued_before_a_call_fails_is_stored() {
        let (queued, stored, summary) = enqueue(&[&["a1", "b1", "down?", "c1", "e1", "f1"]]).await;
        assert_eq!(queued, ["a1", "b1", "c1", "e1", "f1"]);
        assert_eq!(stored, queued);
        assert_eq!((summary.failed, summary.error.as_deref()), (1, Some("queue: scripted")));
    }
}
