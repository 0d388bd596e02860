//! The event bus: its entries, and their limits.

use std::future::Future;

use time::OffsetDateTime;

use super::{EntryError, StoreError, Unusable};
use crate::trace::Trace;

/// `Source` of every event on the bus.
pub const SOURCE: &str = "mediahook";
/// The maximum length of a `DetailType`. A longer type is cut on the bus; the envelope has all of it.
pub const MAX_DETAIL_TYPE_CHARS: usize = 128;
/// How many events a request may have.
pub const MAX_ENTRIES: usize = 10;
/// The maximum size of a request, as the sum of [`Entry::bytes`]: 256 KiB. In 2026 AWS raised it to 1 MiB, but not in
/// every region, and not for every target behind a bus. The data of a larger event is read from the bucket anyway.
pub const MAX_REQUEST_BYTES: usize = 256 * 1024;

/// The bus also counts "any necessary characters and keys of the JSON representation": region, account, names of
/// members.
const FRAME_BYTES: usize = 1024;

/// An event bus.
pub trait Bus: Send + Sync {
    /// Asks whether the bus exists.
    ///
    /// # Errors
    /// [`Unusable::Misconfigured`]: it does not exist. Otherwise it did not answer, or may not be asked; it may exist all
    /// the same.
    fn check(&self) -> impl Future<Output = Result<(), Unusable>> + Send;

    /// Puts at most [`MAX_ENTRIES`] and [`MAX_REQUEST_BYTES`]. Returns the result of each entry, in their order. Must
    /// not be called for a bus that does not exist: EventBridge would accept the entry and drop it.
    ///
    /// # Errors
    /// The bus did not answer. It may have accepted any of the entries.
    fn put(
        &self,
        entries: &[&Entry],
    ) -> impl Future<Output = Result<Vec<Result<(), EntryError>>, StoreError>> + Send;
}

/// An entry for a bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The event's type, cut to [`MAX_DETAIL_TYPE_CHARS`].
    pub detail_type: String,
    /// The envelope.
    pub detail: String,
    /// The event's time, if it is between the year 2000 and a day from now. With any other time the bus might reject
    /// the whole request. The envelope keeps it in any case.
    pub time: Option<OffsetDateTime>,
    /// `TraceHeader`: the trace of the event.
    pub trace: Option<Trace>,
}

impl Entry {
    /// The size as the bus counts it: 14 for the time, every text in UTF-8, and 1024 for the JSON around them.
    pub fn bytes(&self) -> usize {
        FRAME_BYTES + 14 + SOURCE.len() + self.detail_type.len() + self.detail.len()
    }
}
