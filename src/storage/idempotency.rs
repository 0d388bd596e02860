//! Idempotency records: which events are in progress, and which are completed.

use std::future::Future;
use std::time::Duration;

use time::OffsetDateTime;

use crate::storage::StoreError;

/// Keeps a record of each event by its id: *in progress* until its lease ends, *completed* until it expires.
///
/// While one process has an event in progress, no other one may process it. If that process crashes, the lease ends.
pub trait IdempotencyStore: Send + Sync {
    /// Claims an event, unless somebody has it in progress or it is completed.
    ///
    /// # Errors
    /// No answer: the event may be in progress all the same, until its lease ends.
    fn claim(&self, id: &str) -> impl Future<Output = Result<Claim, StoreError>> + Send;

    /// The event was processed: until the record expires, it is not processed again.
    ///
    /// # Errors
    /// No answer: when the lease ends, the event may be processed again.
    fn complete(&self, lease: &Lease) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// The event was not processed: it can be retried at once. A record that another process holds by now stays.
    ///
    /// # Errors
    /// No answer: the event can be retried when the lease ends.
    fn release(&self, lease: &Lease) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// Whether an event may be processed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// The event is ours until the lease ends.
    Granted(Lease),
    /// Somebody has it in progress.
    InProgress,
    /// It was processed before.
    Completed,
}

/// An event that is in progress, and until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The event's id.
    pub id: String,
    /// How long it lasts from its beginning.
    pub length: Duration,
    /// When it ends, by the clock of the store.
    pub ends: OffsetDateTime,
}

/// How long idempotency records last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaseConfig {
    /// How long an event is in progress. At least what an invocation may take, so that it does not end while somebody is
    /// at work; at most the queue's visibility timeout, so that an event that is redelivered after a crash does not find its own record.
    pub lease: Duration,
    /// How long a completed event is remembered: longer than the same event may be redelivered.
    pub ttl: Duration,
}
