//! One batch of items while it is stored: the state of each item, and the groups that must wait.

use std::collections::HashMap;

use time::OffsetDateTime;

use super::feed::UnprocessableBody;
use super::fifo_order::BlockedGroups;
use super::summary::FeedSummary;
use crate::storage::Message;
use crate::storage::{EntryError, StoreError};
use mediahook_senders::Unprocessable;

/// One batch of items while it is stored.
pub(super) struct Batch<'b> {
    groups: &'b mut BlockedGroups,
    pub(super) summary: &'b mut FeedSummary,
    /// Items to be sent to the queue, in their order.
    pub(super) pending: Vec<Pending>,
    /// Items that were not sent, in their order: the later ones of their groups wait for them.
    unsent: Vec<Message>,
    /// Items that the queue never accepts because of their contents.
    pub(super) invalid: Vec<(Option<String>, UnprocessableBody)>,
    stored: usize,
    receipts: Vec<String>,
}

/// An event that is to be sent to the queue.
pub(super) struct Pending {
    /// Its position in the batch.
    pub(super) number: usize,
    pub(super) receipt: Option<String>,
    /// Without its body until the bucket has the data, if the data is too large for a message.
    pub(super) message: Message,
    pub(super) is_ready: bool,
    pub(super) source: String,
    pub(super) received: OffsetDateTime,
}

impl<'b> Batch<'b> {
    pub(super) fn new(groups: &'b mut BlockedGroups, summary: &'b mut FeedSummary) -> Self {
        let (pending, unsent, invalid, receipts) = Default::default();
        Self { groups, summary, pending, unsent, invalid, stored: 0, receipts }
    }

    /// Adds an event. Returns whether it goes to the queue: behind an unsent one of its group it waits for the next
    /// pull.
    pub(super) fn add(&mut self, event: Pending) -> bool {
        let message = &event.message;
        let before = self.pending.iter().map(|pending| &pending.message);
        let is_behind = |unsent: &Message| unsent.group_id == message.group_id;
        let is_behind_unsent = self.unsent.iter().any(is_behind) && !self.groups.is_blocking(message);
        let must_wait = is_behind_unsent || self.groups.is_blocked(message, before);
        if must_wait {
            self.unsent.push(event.message);
        } else {
            self.pending.push(event);
        }
        !must_wait
    }

    /// Call this when the bucket has the data of an event, or failed to store it.
    pub(super) fn uploaded(&mut self, number: usize, uploaded: Result<Message, StoreError>) {
        let Some(at) = self.pending.iter().position(|pending| pending.number == number) else { return };
        match uploaded {
            Ok(message) => {
                if let Some(pending) = self.pending.get_mut(at) {
                    (pending.message, pending.is_ready) = (message, true);
                }
            }
            Err(error) => {
                self.summary.error = Some(format!("bucket: {error}"));
                let behind = self.pending.split_off(at);
                let group = behind.first().map(|pending| pending.message.group_id.clone());
                let (same, others) = behind
                    .into_iter()
                    .partition::<Vec<_>, _>(|pending| Some(&pending.message.group_id) == group.as_ref());
                self.unsent.extend(same.into_iter().map(|pending| pending.message));
                self.pending.extend(others);
            }
        }
    }

    /// Call this when the queue has answered for the events at these positions.
    pub(super) fn answered(&mut self, places: &[usize], results: Vec<Result<(), EntryError>>) {
        let mut results: HashMap<_, _> = places.iter().copied().zip(results).collect();
        let (mut rest, mut failed) = (Vec::new(), Vec::new());
        for (at, pending) in std::mem::take(&mut self.pending).into_iter().enumerate() {
            match results.remove(&at) {
                None => rest.push(pending),
                Some(Ok(())) => {
                    self.groups.unblock(&pending.message);
                    self.summary.enqueued += 1;
                    self.stored(pending.receipt);
                }
                // It will never be in the queue, so its group need not wait for it.
                Some(Err(EntryError { why, is_lasting: true })) => {
                    self.groups.unblock(&pending.message);
                    let Pending { receipt, message, source, received, .. } = pending;
                    let reason = Unprocessable::Unsendable(why.0);
                    self.invalid
                        .push((receipt, UnprocessableBody { source, body: message.body, reason, received }));
                }
                Some(Err(EntryError { why, is_lasting: false })) => {
                    self.groups.failed(&pending.message);
                    failed.push(pending.message.group_id);
                    self.summary.error = Some(format!("queue: {why}"));
                }
            }
        }
        // The remaining events of a group come after the one that was sent.
        rest.retain(|pending| !failed.contains(&pending.message.group_id));
        self.pending = rest;
    }

    /// Call this when the bucket has these bodies in `rejected/`, or failed to store them.
    pub(super) fn rejected(&mut self, puts: Vec<(Option<String>, Result<(), StoreError>)>) {
        for (receipt, put) in puts {
            match put {
                Ok(()) => {
                    self.summary.rejected += 1;
                    self.stored(receipt);
                }
                Err(error) => self.summary.error = Some(format!("bucket: {error}")),
            }
        }
    }

    /// Call this for an item that stays where it is.
    pub(super) fn stuck(&mut self, source: &str, place: &str, why: &str) {
        tracing::error!(source, place, why, "stuck: it stays where it is until an operator looks at it");
        self.summary.error = Some(format!("{place}: {why}"));
    }

    fn stored(&mut self, receipt: Option<String>) {
        self.stored += 1;
        self.receipts.extend(receipt);
    }

    /// How many are stored, and their receipts. Blocks the groups of all others.
    pub(super) fn close(self) -> (usize, Vec<String>) {
        // The items still pending came before those that could not be sent.
        for message in self.pending.into_iter().map(|pending| pending.message).chain(self.unsent) {
            self.groups.not_sent(&message);
        }
        (self.stored, self.receipts)
    }
}
