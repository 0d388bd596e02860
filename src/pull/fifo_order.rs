//! The order in which messages are sent to the queue, and how many are sent in one call.
//!
//! A call to SQS may fail for some of its messages. A later event of a media asset must never overtake one that
//! failed. So one call never has two messages of a group, and after a failure the rest of the group waits until the
//! failed one is redelivered.

use std::collections::{HashMap, HashSet};

use crate::storage::MAX_BATCH_MESSAGES;
use crate::storage::Message;

/// The blocked groups, each with the id of the message that blocks it.
#[derive(Debug, Default)]
pub(super) struct BlockedGroups(HashMap<String, String>);

impl BlockedGroups {
    /// Whether a message is blocked by another one of its group that is not among those before it.
    pub(super) fn is_blocked<'m>(
        &self,
        message: &Message,
        mut before: impl Iterator<Item = &'m Message>,
    ) -> bool {
        let blocking = self.0.get(&message.group_id).filter(|id| **id != message.deduplication_id);
        blocking.is_some_and(|id| before.all(|earlier| earlier.deduplication_id != *id))
    }

    /// Whether this message itself blocks its group.
    pub(super) fn is_blocking(&self, message: &Message) -> bool {
        self.0.get(&message.group_id) == Some(&message.deduplication_id)
    }

    /// A message was sent and failed, so it blocks its group. It came before all others of its group.
    pub(super) fn failed(&mut self, message: &Message) {
        self.0.insert(message.group_id.clone(), message.deduplication_id.clone());
    }

    /// A message was not sent, so it blocks its group, unless an earlier message already does.
    pub(super) fn not_sent(&mut self, message: &Message) {
        self.0.entry(message.group_id.clone()).or_insert_with(|| message.deduplication_id.clone());
    }

    /// A message no longer blocks its group.
    pub(super) fn unblock(&mut self, message: &Message) {
        if self.is_blocking(message) {
            self.0.remove(&message.group_id);
        }
    }
}

/// Chooses the messages of the next call, by their positions: as many as fit, and of each group only the first one,
/// if it is ready. SQS limits a call to as many bytes as one message, 1 MiB.
pub(super) fn next_call<'m>(
    pending: impl Iterator<Item = (&'m Message, bool)>,
    max_bytes: usize,
) -> Vec<usize> {
    let mut groups = HashSet::new();
    let mut chosen = Vec::new();
    let mut bytes = 0;
    for (at, (message, is_ready)) in pending.enumerate() {
        // A message that is too large for this call, or not ready, delays only its own group.
        let is_first = groups.insert(message.group_id.as_str());
        let has_room = chosen.is_empty() || bytes + message.body.len() <= max_bytes;
        if is_first && is_ready && has_room {
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

    fn calls(messages: &[Message]) -> Vec<Vec<&str>> {
        let mut pending: Vec<_> = messages.iter().collect();
        let mut calls = Vec::new();
        while !pending.is_empty() {
            let chosen = next_call(pending.iter().map(|message| (*message, true)), MAX_BYTES);
            calls.push(chosen.iter().map(|at| pending[*at].deduplication_id.as_str()).collect());
            let mut at = 0;
            pending.retain(|_| {
                at += 1;
                !chosen.contains(&(at - 1))
            });
        }
        calls
    }

    #[test]
    fn a_call_takes_ten_and_one_of_each_group() {
        let all: Vec<_> = (0..12).map(|n| message(&n.to_string(), 1)).collect();
        assert_eq!(calls(&all).iter().map(Vec::len).collect::<Vec<_>>(), [10, 2]);
        let one = ["a-1", "a-2", "b-1", "a-3"].map(|id| message(id, 1));
        assert_eq!(calls(&one), [vec!["a-1", "b-1"], vec!["a-2"], vec!["a-3"]]);
        assert!(next_call(std::iter::empty(), MAX_BYTES).is_empty());
    }

    #[test]
    fn a_call_takes_a_mebibyte() {
        let half = MAX_BYTES / 2;
        let sizes = [("a-1", half), ("b-1", half + 1), ("b-2", 1), ("c-1", half), ("d-1", MAX_BYTES)];
        let messages = sizes.map(|(id, bytes)| message(id, bytes));
        assert_eq!(calls(&messages), [vec!["a-1", "c-1"], vec!["b-1"], vec!["b-2"], vec!["d-1"]]);
    }

    #[test]
    fn a_message_that_is_not_ready_holds_up_its_group_alone() {
        let [a1, a2, b1] = ["a-1", "a-2", "b-1"].map(|id| message(id, 1));
        assert_eq!(next_call([(&a1, false), (&a2, true), (&b1, true)].into_iter(), MAX_BYTES), [2]);
    }

    #[test]
    fn a_group_waits_for_the_one_that_failed() {
        let [a1, a2, b1] = ["a-1", "a-2", "b-1"].map(|id| message(id, 1));
        let mut groups = BlockedGroups::default();
        groups.failed(&a1);
        groups.not_sent(&a2);
        let is_blocked = |groups: &BlockedGroups, message, before: &[&Message]| {
            groups.is_blocked(message, before.iter().copied())
        };
        assert_eq!([&a1, &a2, &b1].map(|m| is_blocked(&groups, m, &[])), [false, true, false]);
        assert!(is_blocked(&groups, &a2, &[&b1]) && !is_blocked(&groups, &a2, &[&b1, &a1]));
        groups.unblock(&b1);
        groups.unblock(&a1);
        assert!(!is_blocked(&groups, &a2, &[]));
    }
}
