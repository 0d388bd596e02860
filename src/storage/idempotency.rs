//! Idempotency records: which events are in progress, and which are completed.

use std::future::Future;
use std::time::Duration;

use time::OffsetDateTime;

use crate::storage::StoreError;

/// Keeps a record of each event by its id: *in progress* until its lease ends, *completed* until it expires.
///
/// While one process has an event in progress, no other one may process it. If that process crashes, the lease ends.
pub trait IdempotencyStore: Send + Sync {
    /// Marks an event as in progress, unless another process has it in progress or it is completed.
    ///
    /// # Errors
    /// No answer: the event may be in progress nevertheless, until its lease ends.
    fn claim(&self, id: &str) -> impl Future<Output = Result<Claim, StoreError>> + Send;

    /// Marks an event as completed: until the record expires, it is not processed again.
    ///
    /// # Errors
    /// No answer: when the lease ends, the event may be processed again.
    fn complete(&self, lease: &Lease) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Releases an event that was not processed, so that it can be retried at once. A record that another process
    /// holds by now is kept.
    ///
    /// # Errors
    /// No answer: the event can be retried when the lease ends.
    fn release(&self, lease: &Lease) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// Whether an event may be processed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// The event is in progress here, until the lease ends.
    Granted(Lease),
    /// Another process has it in progress.
    InProgress,
    /// It was processed before.
    Completed,
}

/// A lease of an event that is in progress.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The event's id.
    pub id: String,
    /// How long it lasts from its start.
    pub length: Duration,
    /// When it ends, by the store's clock.
    pub ends: OffsetDateTime,
}

/// How long idempotency records last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaseConfig {
    /// How long an event is in progress. At least the maximum duration of an invocation, so that the lease does not
    /// end while the event is being processed. At most the queue's visibility timeout, so that after a crash the
    /// lease has ended when the event is redelivered.
    pub lease: Duration,
    /// How long a completed event is remembered: longer than the same event may be redelivered.
    pub ttl: Duration,
}
