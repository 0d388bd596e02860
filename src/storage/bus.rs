//! The event bus: its entries, and their limits.

use std::future::Future;

use time::OffsetDateTime;

use super::{EntryError, StoreError};
use crate::trace::Trace;

/// `Source` of every event on the bus.
pub const SOURCE: &str = "mediahook";
/// What the bus takes as a `DetailType`. A longer type is cut there; the envelope has the whole of it.
pub const MAX_DETAIL_TYPE_CHARS: usize = 128;
/// How many events a request may have.
pub const MAX_ENTRIES: usize = 10;
/// How large a request may be, by [`Entry::bytes`] of all that is in it: 256 KiB. In 2026 AWS raised it to 1 MiB, but not
/// everywhere, and not for every target behind a bus; what is larger than this is read from the bucket in either case.
pub const MAX_REQUEST_BYTES: usize = 256 * 1024;

/// The bus counts "any necessary characters and keys of the JSON representation" too: region, account, names of members.
const FRAME_BYTES: usize = 1024;

/// Where events are put.
pub trait Bus: Send + Sync {
    /// Its name or ARN, as the environment has it.
    fn name(&self) -> &str;

    /// Whether the bus exists.
    ///
    /// # Errors
    /// There is no answer, or none that says whether the bus exists.
    fn describe(&self) -> impl Future<Output = Result<BusState, StoreError>> + Send;

    /// The result of each entry, in their order; at most [`MAX_ENTRIES`] and [`MAX_REQUEST_BYTES`]. Must not be called for a bus
    /// that does not exist: EventBridge says that it has taken the entry, and drops it.
    ///
    /// # Errors
    /// The bus did not answer. It may have taken any of them.
    fn put(
        &self,
        entries: &[&Entry],
    ) -> impl Future<Output = Result<Vec<Result<(), EntryError>>, StoreError>> + Send;
}

/// What is known of a bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BusState {
    /// It exists.
    Exists,
    /// There is none of that name.
    Missing,
    /// The role may not ask (`events:DescribeEventBus`); in the service's words.
    NotPermitted(String),
}

/// An event as it is put on a bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The event's type, cut to [`MAX_DETAIL_TYPE_CHARS`].
    pub detail_type: String,
    /// The envelope.
    pub detail: String,
    /// The event's time, where it is one between the year 2000 and a day from now. Any other could have the bus refuse the
    /// whole request; the envelope keeps it.
    pub time: Option<OffsetDateTime>,
    /// `TraceHeader`: the trace it belongs to.
    pub trace: Option<Trace>,
}

impl Entry {
    /// What the bus counts: 14 for the time, every text in UTF-8, and 1024 for what it puts around them.
    pub fn bytes(&self) -> usize {
        FRAME_BYTES + 14 + SOURCE.len() + self.detail_type.len() + self.detail.len()
    }
}
