//! The asynchronous half: delivers the records of the queue's batches to a [`Handler`] or to an event bus.
//!
//! | step | what it does |
//! | --- | --- |
//! | begin | reads the record, and writes its idempotency record |
//! | deliver | calls the handler, or puts the next event of each group on the bus, in as few requests as it allows |
//! | finish | marks the event completed, or decides about the failure |
//!
//! A failure that may pass is tried again within the invocation. Otherwise the record is reported failed together with
//! the later records of its message group, so that the events of one media asset keep their order. All other groups
//! continue. SQS redelivers the reported records when their visibility timeout ends, and counts a receive for each of
//! them, tried or not. So the processor itself sends a record that fails at its last receive (`maxReceiveCount`) to the
//! dead-letter queue, and its group continues. A record that can never succeed goes there at once.
//!
//! Each event is processed once: see [`crate::storage::idempotency`]. `docs/process.md` lists the result of each crash.

mod batch;
pub mod bus;
pub mod config;
mod destination;
mod group;
mod handler;
mod invocation;
mod log;
mod record;
mod run;

pub use batch::Processor;
pub use bus::EventBus;
pub use destination::{Destination, HandlerDestination};
pub use handler::{Failure, Handler};
pub use run::{run, run_from_env};
