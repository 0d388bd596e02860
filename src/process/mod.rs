//! The asynchronous half: delivers the records of the queue's batches to a [`Handler`] or to an event bus.
//!
//! A record that fails is reported failed together with the later records of its message group, so that the events of
//! one media asset keep their order. All other groups continue. SQS redelivers the reported records when their
//! visibility timeout ends, and counts a receive for each of them, tried or not. So the processor itself sends a
//! record that fails at its last receive (`maxReceiveCount`) to the dead-letter queue, and its group continues. A
//! record that can never succeed goes there at once.
//!
//! With a table, each event is processed once: see [`crate::storage::idempotency`]. `docs/process.md` lists the
//! result of each crash.

mod batch;
mod bus_check;
pub mod config;
mod dead_letter;
mod handler;
mod handler_dispatch;
mod invocation;
mod log_handler;
pub mod publish;
mod record;
mod record_log;
mod resource_checks;
mod run;

pub use batch::{BatchError, Dispatch, Processor};
pub use handler::{Failure, Handler};
pub use handler_dispatch::HandlerDispatch;
pub use log_handler::LogHandler;
pub use run::{run, run_from_env};
