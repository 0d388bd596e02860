//! Idempotency records: which events are in progress, and which are completed.

use std::collections::hash_map::RandomState;
use std::future::Future;
use std::hash::BuildHasher as _;
use std::time::Duration;

use crate::storage::StoreError;
use crate::timeouts::Deadline;

/// Keeps a record of each event by its id: *in progress* until its lease ends, *completed* until it expires.
///
/// While one attempt has an event in progress, no other one may process it. If its process crashes, the lease ends.
pub trait IdempotencyStore: Send + Sync {
    /// Marks an event as in progress, unless it is in progress elsewhere or completed.
    ///
    /// # Errors
    /// No answer until then: the event may be in progress nevertheless, until its lease ends.
    fn begin(&self, id: &str, until: Deadline) -> impl Future<Output = Result<Begun, StoreError>> + Send;

    /// Marks an event as completed: until the record expires, it is not processed again.
    ///
    /// # Errors
    /// No answer until then: when the lease ends, the event may be processed again.
    fn complete(&self, lease: &Lease, until: Deadline)
    -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Releases an event that was not processed, so that it can be retried at once. A record that another attempt
    /// holds by now is kept.
    ///
    /// # Errors
    /// No answer until then: the event can be retried when the lease ends.
    fn release(&self, lease: &Lease, until: Deadline) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// Whether an event may be processed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// The event is in progress here, until the lease ends.
    Started(Lease),
    /// It is in progress elsewhere.
    InProgress,
    /// It was processed before.
    Completed,
}

/// The right to process an event, which lasts until another process may assume that this one has crashed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The event's id.
    pub id: String,
    /// No other attempt has this token. So an attempt recognizes its own record when it asks again because the first
    /// answer was lost, and two records with one id in the same batch do not take each other's for their own.
    pub token: String,
    /// When it ends.
    pub ends: Deadline,
}

impl Lease {
    /// A lease that begins now.
    pub fn new(id: &str, length: Duration) -> Self {
        // The standard library's hasher has a new random key each time.
        let token = format!("{:016x}", RandomState::new().hash_one(id));
        Self { id: id.to_owned(), token, ends: Deadline::after(length) }
    }
}

/// How long idempotency records last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaseConfig {
    /// How long an event is in progress. At least the maximum duration of an invocation, so that the lease does not
    /// end while the event is being processed. At most the queue's visibility timeout, so that after a crash the
    /// lease has ended when the event is redelivered.
    pub lease: Duration,
    /// How long a completed event is remembered: longer than it may take until somebody sends it again, by repairing
    /// something or from the dead-letter queue.
    pub ttl: Duration,
}
