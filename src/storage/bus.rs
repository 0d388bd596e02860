//! The event bus.

use std::future::Future;

use time::OffsetDateTime;

use super::{EntryError, StoreError, Unusable};
use crate::trace::Trace;

/// An event bus.
pub trait Bus: Send + Sync {
    /// Asks whether the bus exists.
    ///
    /// # Errors
    /// [`Unusable::Misconfigured`]: it does not exist. Any other error does not mean that it is missing: it did not
    /// answer, or the role may not call `DescribeEventBus`.
    fn check(&self) -> impl Future<Output = Result<(), Unusable>> + Send;

    /// Puts these entries on the bus, in one request. Returns the result of each, in their order. Must not be called
    /// for a bus that does not exist: EventBridge would accept the entries and drop them.
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
    /// `DetailType`.
    pub detail_type: String,
    /// `Detail`: the envelope.
    pub detail: String,
    /// `Time`; without it, EventBridge uses the time of the request.
    pub time: Option<OffsetDateTime>,
    /// `TraceHeader`: the trace of the event.
    pub trace: Option<Trace>,
}
