//! Idempotency: which events have had their effect, and which are having it.

use std::convert::Infallible;
use std::future::Future;
use std::time::Duration;

use time::OffsetDateTime;

use crate::storage::StoreError;

/// Keeps a record of each event by its id: *in progress* while a claim's lease lasts, *completed* until it expires.
///
/// An effect is had under a claim and by nobody else meanwhile. A claim whose holder crashed ends with its lease.
pub trait Ledger: Send + Sync {
    /// Claims an event, unless somebody has it in progress or it is completed.
    ///
    /// # Errors
    /// The ledger did not say. The event may be claimed all the same, which its lease ends.
    fn claim(&self, id: &str) -> impl Future<Output = Result<Claim, StoreError>> + Send;

    /// The event has had its effect: until that record expires, it is not claimed again.
    ///
    /// # Errors
    /// The ledger did not say so. When the lease ends, the event can be claimed again.
    fn complete(&self, lease: &Lease) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// The event has had no effect: it can be claimed at once. A claim that is no longer ours stays as it is.
    ///
    /// # Errors
    /// The ledger did not say so. The event can be claimed when the lease ends.
    fn release(&self, lease: &Lease) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// What became of a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// The event is ours until the lease ends.
    Granted(Lease),
    /// Somebody has it in progress.
    InProgress,
    /// It has had its effect.
    Completed,
}

/// How long a claim lasts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The event's id.
    pub id: String,
    /// From the claim to its end.
    pub length: Duration,
    /// When it ends, by the clock that the ledger goes by.
    pub ends: OffsetDateTime,
}

/// How long the records of a ledger last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// How long an event is in progress. At least what an invocation may take, so that it does not end while somebody is
    /// at work; at most the queue's visibility timeout, so that an event that comes again after a crash is not refused.
    pub lease: Duration,
    /// How long a completed event is known: longer than the same event may come again.
    pub ttl: Duration,
}

/// No ledger at all: there is nothing of this type.
impl Ledger for Infallible {
    async fn claim(&self, _: &str) -> Result<Claim, StoreError> {
        match *self {}
    }

    async fn complete(&self, _: &Lease) -> Result<(), StoreError> {
        match *self {}
    }

    async fn release(&self, _: &Lease) -> Result<(), StoreError> {
        match *self {}
    }
}
