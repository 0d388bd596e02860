//! In which order messages go to the queue, and how many at once.
//!
//! A call to SQS may fail for some of its messages. So that a media's later event never overtakes one that failed, no
//! two of a group go in the same call, and after a failure the rest of its group waits until the failed one has come
//! again.

use std::collections::{HashMap, HashSet};

use crate::event::envelope::Message;
use crate::storage::MAX_BATCH_MESSAGES;

/// The groups that wait, each for the message with this id.
#[derive(Debug, Default)]
pub(super) struct Held(HashMap<String, String>);

impl Held {
    /// Whether a message must wait for another one of its group that is not among those before it.
    pub(super) fn holds<'m>(&self, message: &Message, mut before: impl Iterator<Item = &'m Message>) -> bool {
        let awaited = self.0.get(&message.group_id).filter(|id| **id != message.deduplication_id);
        awaited.is_some_and(|id| before.all(|earlier| earlier.deduplication_id != *id))
    }

    /// Whether its group waits for this very message.
    pub(super) fn awaits(&self, message: &Message) -> bool {
        self.0.get(&message.group_id) == Some(&message.deduplication_id)
    }

    /// From now on its group waits for this message. One that could be sent stood before all others of its group.
    pub(super) fn failed(&mut self, message: &Message) {
        self.0.insert(message.group_id.clone(), message.deduplication_id.clone());
    }

    /// The same for a message that could not be sent, behind others of its group that could: one of those that failed
    /// counts more.
    pub(super) fn failed_behind(&mut self, message: &Message) {
        self.0.entry(message.group_id.clone()).or_insert_with(|| message.deduplication_id.clone());
    }

    /// Its group need not wait for this message any more.
    pub(super) fn done(&mut self, message: &Message) {
        if self.awaits(message) {
            self.0.remove(&message.group_id);
        }
    }
}

/// The places of those that go in the next call, of messages that are to keep their order: as many as it takes, and of
/// each group the first, if it is ready. Together they may be as large as one alone: SQS counts 1 MiB for a call, or for a
/// message.
pub(super) fn next<'m>(waiting: impl Iterator<Item = (&'m Message, bool)>, max_bytes: usize) -> Vec<usize> {
    let mut groups = HashSet::new();
    let mut chosen = Vec::new();
    let mut bytes = 0;
    for (at, (message, is_ready)) in waiting.enumerate() {
        // One that does not fit, or is not ready, holds up its own group alone.
        let is_first = groups.insert(message.group_id.as_str());
        let fits = chosen.is_empty() || bytes + message.body.len() <= max_bytes;
        if is_first && is_ready && fits {
            bytes += message.body.len();
            chosen.push(at);
        }
        if chosen.len() == MAX_BATCH_MESSAGES {
            break;
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX_BYTES: usize = 1024 * 1024;

    /// Its group is what comes before the dash.
    fn message(id: &str, bytes: usize) -> Message {
        let group_id = id.split('-').next().unwrap().to_owned();
        Message { body: "x".repeat(bytes), deduplication_id: id.to_owned(), group_id, trace: None }
    }

    fn rounds(messages: &[Message]) -> Vec<Vec<&str>> {
        let mut waiting: Vec<_> = messages.iter().collect();
        let mut rounds = Vec::new();
        while !waiting.is_empty() {
            let chosen = next(waiting.iter().map(|message| (*message, true)), MAX_BYTES);
            rounds.push(chosen.iter().map(|at| waiting[*at].deduplication_id.as_str()).collect());
            let mut at = 0;
            waiting.retain(|_| {
                at += 1;
                !chosen.contains(&(at - 1))
            });
        }
        rounds
    }

    #[test]
    fn a_call_takes_ten_and_one_of_each_group() {
        let all: Vec<_> = (0..12).map(|n| message(&n.to_string(), 1)).collect();
        assert_eq!(rounds(&all).iter().map(Vec::len).collect::<Vec<_>>(), [10, 2]);
        let one = ["a-1", "a-2", "b-1", "a-3"].map(|id| message(id, 1));
        assert_eq!(rounds(&one), [vec!["a-1", "b-1"], vec!["a-2"], vec!["a-3"]]);
        assert!(next(std::iter::empty(), MAX_BYTES).is_empty());
    }

    #[test]
    fn a_call_takes_a_mebibyte() {
        let half = MAX_BYTES / 2;
        let sizes = [("a-1", half), ("b-1", half + 1), ("b-2", 1), ("c-1", half), ("d-1", MAX_BYTES)];
        let messages = sizes.map(|(id, bytes)| message(id, bytes));
        assert_eq!(rounds(&messages), [vec!["a-1", "c-1"], vec!["b-1"], vec!["b-2"], vec!["d-1"]]);
    }

    #[test]
    fn a_message_that_is_not_ready_holds_up_its_group_alone() {
        let [a1, a2, b1] = ["a-1", "a-2", "b-1"].map(|id| message(id, 1));
        assert_eq!(next([(&a1, false), (&a2, true), (&b1, true)].into_iter(), MAX_BYTES), [2]);
    }

    #[test]
    fn a_group_waits_for_the_one_that_failed() {
        let [a1, a2, b1] = ["a-1", "a-2", "b-1"].map(|id| message(id, 1));
        let mut held = Held::default();
        held.failed(&a1);
        held.failed_behind(&a2);
        let holds = |held: &Held, message, before: &[&Message]| held.holds(message, before.iter().copied());
        assert_eq!([&a1, &a2, &b1].map(|m| holds(&held, m, &[])), [false, true, false]);
        assert!(holds(&held, &a2, &[&b1]) && !holds(&held, &a2, &[&b1, &a1]));
        held.done(&b1);
        held.done(&a1);
        assert!(!holds(&held, &a2, &[]));
    }
}
