//! Where a puller gets its events from: a [`Feed`].

use std::time::Duration;

use futures_util::future::BoxFuture;
use time::OffsetDateTime;

use crate::event::Unreadable;
use crate::event::envelope::Envelope;
use crate::pull::memory::Share;
use crate::senders::pull::PullError;

/// Hands out deliveries, and forgets those that are confirmed. What is not confirmed it will hand out again.
pub trait Feed: Send {
    /// What it is called in the summary: a source's name, or `spill`.
    fn name(&self) -> &str;

    /// The next deliveries; none when there are no more for now.
    ///
    /// # Errors
    /// There may be some, but they cannot be had.
    fn pull(&mut self, within: Duration) -> BoxFuture<'_, Result<Pulled, PullError>>;

    /// Whether it keeps what is never confirmed for good. A sender drops it after some days.
    fn keeps(&self) -> bool {
        false
    }

    /// How many it still has, where it knows: what it handed out and was not told to forget is among them.
    fn waiting(&self) -> Option<usize> {
        None
    }

    /// Forgets these.
    fn confirm(&mut self, receipts: Vec<String>) -> BoxFuture<'_, Confirmation>;
}

/// What a pull brought.
#[derive(Debug)]
pub struct Pulled {
    /// In the order in which they are to go on.
    pub deliveries: Vec<Delivered>,
    /// The memory they take, until they are stored.
    pub memory: Share,
}

/// One delivery, opened.
#[derive(Debug)]
pub struct Delivered {
    /// What confirms it; without one it will come again.
    pub receipt: Option<String>,
    /// What was in it.
    pub content: Content,
}

/// What was in a delivery.
#[derive(Debug)]
pub enum Content {
    /// An event.
    Event(Box<Envelope>),
    /// A body that is not for the queue: it goes to `rejected/`.
    NoEvent {
        /// Its bytes as they came.
        body: String,
        /// Why it is none.
        why: Unreadable,
        /// When it came.
        received: OffsetDateTime,
    },
    /// Something that must stay where it is until somebody has looked at it.
    Stuck {
        /// Where it is.
        place: String,
        /// What is wrong with it.
        why: String,
    },
}

/// What became of a confirmation.
#[derive(Debug, Default)]
pub struct Confirmation {
    /// How many are forgotten. The others come again, and are known by their id.
    pub confirmed: usize,
    /// Why not all of them.
    pub error: Option<PullError>,
}
