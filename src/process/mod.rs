//! The asynchronous half: the queue's batches, record by record, to a [`Handler`] or to an event bus.
//!
//! A record that fails is reported alone, and the rest of its message group with it, so that one media's events keep
//! their order; every other group goes on. SQS redelivers what was reported when its visibility timeout ends, and
//! counts a receive for each of them, tried or not. So a record that fails at its last receive (`maxReceiveCount`) is sent to
//! the dead-letter queue by us, and its group goes on; what can never succeed goes there at once.
//!
//! With a table, each event is processed once: see [`crate::storage::idempotency`], and `docs/process.md` for what happens in each crash.

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
