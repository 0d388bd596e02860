//! Where the puller gets events from: a sender's queue, or `spill/`.

use std::time::Duration;

use mediahook_events::CloudEvent;
use mediahook_senders::Unprocessable;
use mediahook_senders::queue::QueueError;
use time::OffsetDateTime;

use crate::timeouts::Deadline;

/// Delivers items, and removes those that are confirmed. An item that is not confirmed is redelivered.
pub(super) trait Feed: Send {
    /// Its name in the summary: a source's name, or `spill`.
    fn name(&self) -> &str;

    /// How long [`next`](Self::next) may take now; nothing if it is too late for another one.
    fn time_for_next(&self, deadline: Deadline) -> Option<Duration>;

    /// The next items, in the order in which they go to the queue; `None` when there are no more for now.
    ///
    /// # Errors
    /// [`QueueError`]: there may be items, but they cannot be read.
    fn next(
        &mut self,
        within: Duration,
    ) -> impl Future<Output = Result<Option<Vec<Item>>, QueueError>> + Send;

    /// Confirms items, so that they are removed.
    fn confirm(
        &mut self,
        receipts: Vec<String>,
        deadline: Deadline,
    ) -> impl Future<Output = Confirmation> + Send;

    /// Whether it keeps an unconfirmed item without limit. A sender drops it after some days.
    fn keeps_unconfirmed(&self) -> bool {
        false
    }

    /// Call this when an item of the last [`next`](Self::next) was left for the next run.
    fn left_behind(&mut self) {}

    /// How many items it still has, if it knows. This includes items that were delivered and not confirmed.
    fn waiting(&self) -> Option<usize> {
        None
    }
}

/// One item of a feed.
#[derive(Debug)]
pub(super) struct Item {
    /// The receipt that confirms it; an item without one is redelivered.
    pub(super) receipt: Option<String>,
    pub(super) received: OffsetDateTime,
    pub(super) content: Content,
}

/// The contents of an item.
#[derive(Debug)]
pub(super) enum Content {
    Event(Box<CloudEvent>),
    /// It goes to `rejected/`.
    Unprocessable {
        body: String,
        reason: Unprocessable,
    },
    /// It stays where it is until an operator has looked at it.
    Stuck {
        place: String,
        why: String,
    },
}

/// The outcome of a confirmation.
#[derive(Debug, Default)]
pub(super) struct Confirmation {
    /// How many items are removed. The others are redelivered under the same id.
    pub(super) confirmed: usize,
    /// Why some are not removed.
    pub(super) error: Option<QueueError>,
}
