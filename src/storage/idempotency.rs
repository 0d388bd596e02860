//! Idempotency records: which events are in progress, and which are completed.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::time::Duration;

use crate::timeouts::Deadline;

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
