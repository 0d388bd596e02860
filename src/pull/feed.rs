//! Where the puller gets events from: a sender's queue, or `spill/`.

use std::time::Duration;

use futures_util::future::BoxFuture;
use time::OffsetDateTime;

use super::memory_limit::MemoryShare;
use mediahook_events::CloudEvent;
use mediahook_senders::Unprocessable;
use mediahook_senders::queue::QueueError;

/// Delivers items, and removes those that are confirmed. An item that is not confirmed is redelivered.
pub(super) trait Feed: Send {
    /// Its name in the summary: a source's name, or `spill`.
    fn name(&self) -> &str;

    /// The next items; none when there are no more for now.
    ///
    /// # Errors
    /// [`QueueError`]: there may be items, but they cannot be read.
    fn pull(&mut self, within: Duration) -> BoxFuture<'_, Result<Pulled, QueueError>>;

    /// Whether it keeps an unconfirmed item without limit. A sender drops it after some days.
    fn keeps_unconfirmed(&self) -> bool {
        false
    }

    /// How many items it still has, if it knows. This includes items that were delivered and not confirmed.
    fn waiting(&self) -> Option<usize> {
        None
    }

    /// Confirms items, so that they are removed.
    fn confirm(&mut self, receipts: Vec<String>) -> BoxFuture<'_, Confirmation>;
}

/// The result of one pull.
#[derive(Debug)]
pub(super) struct Pulled {
    /// In the order in which they are sent to the queue.
    pub(super) items: Vec<Item>,
    /// The memory that they use until they are stored.
    pub(super) memory: MemoryShare,
}

/// One item of a feed.
#[derive(Debug)]
pub(super) struct Item {
    /// The receipt that confirms it; an item without one is redelivered.
    pub(super) receipt: Option<String>,
    pub(super) content: Content,
}

/// The contents of an item.
#[derive(Debug)]
pub(super) enum Content {
    Event(Box<CloudEvent>),
    /// It goes to `rejected/`.
    Unprocessable(UnprocessableBody),
    /// It stays where it is until an operator has looked at it.
    Stuck {
        place: String,
        why: String,
    },
}

/// A body that has no event for the queue.
#[derive(Debug)]
pub(super) struct UnprocessableBody {
    pub(super) source: String,
    pub(super) body: String,
    pub(super) reason: Unprocessable,
    pub(super) received: OffsetDateTime,
}

/// The outcome of a confirmation.
#[derive(Debug, Default)]
pub(super) struct Confirmation {
    /// How many items are removed. The others are redelivered under the same id.
    pub(super) confirmed: usize,
    /// Why some are not removed.
    pub(super) error: Option<QueueError>,
}
