//! `mediahook` receives the event notifications of Tencent Cloud VOD, Alibaba Cloud IMS and ApsaraVideo VOD on AWS Lambda, and loses
//! none: the receiver stores every authentic callback in a queue before it answers, the processor delivers each event to an event
//! bus, or to a handler of your own.
//!
//! # A handler of your own
//!
//! Implement [`Handler`], pass it to [`run`], and deploy that binary in the place of the processor.
//!
//! ```no_run
//! use mediahook::{CloudEvent, Environment, Failure, Handler, telemetry};
//! use mediahook::events::tencent_vod::Event;
//!
//! struct Publish;
//!
//! impl Handler for Publish {
//!     async fn handle(&self, event: &CloudEvent) -> Result<(), Failure> {
//!         if let Ok(Event::PullComplete(pull)) = event.tencent_vod() {
//!             println!("{:?} is {}", pull.payload.file_id, event.outcome);
//!         }
//!         Ok(())
//!     }
//! }
//!
//! #[tokio::main(flavor = "current_thread")]
//! async fn main() -> Result<(), lambda_runtime::Error> {
//!     telemetry::init(&Environment::from_env(), env!("CARGO_CRATE_NAME"));
//!     mediahook::run(Publish).await
//! }
//! ```
//!
//! - [`CloudEvent`]: the event, with the attributes that all senders share. [`events`] has the typed events, one call away.
//! - [`Failure`]: why an event was not processed, and whether it is retried.
//! - [`config`]: the environment variables.
//!
//! # The functions themselves
//!
//! What is not in this documentation is public for the three functions, the command and the tests alone. Data flows one way:
//! `receive`, `pull` and `process` → `ingest` → `sources` → the crate `mediahook-senders`. Without the feature `functions`
//! there is only what the command needs: `ingest`, `sources` without their cache, `storage`, `timeouts` and `trace`.
//!
//! - `sources`: the sources document, and its cache over Secrets Manager
//! - `ingest`: everything between an authentic body and its place in the queue, for push and pull: event, message, claim
//!   check, object keys, rejected bodies
//! - `receive`: push: origin → route → token → verify → ingest → store → respond
//! - `pull`: the senders' queues and the spill → store → confirm
//! - `process`: the queue's batches, record by record, to a [`Handler`] or to the bus
//! - `storage`: queue and bucket as small traits, and what an idempotency record says
//! - `aws`: AWS's services, by the official SDK
//! - `lambda`: invocations as requests, responses, what Lambda says of an invocation
//! - `config`: environment variables
//! - `telemetry`: the log and its metrics
//! - `timeouts`: every time limit, each function's in one table
//! - `trace`: W3C's `traceparent` and X-Ray's header

#[cfg(feature = "functions")]
pub mod aws;
#[cfg(feature = "functions")]
pub mod config;
#[doc(hidden)]
pub mod ingest;
#[cfg(feature = "functions")]
#[doc(hidden)]
pub mod lambda;
mod mutex;
#[cfg(feature = "functions")]
#[doc(hidden)]
pub mod process;
#[cfg(feature = "functions")]
#[doc(hidden)]
pub mod pull;
#[cfg(feature = "functions")]
#[doc(hidden)]
pub mod receive;
#[doc(hidden)]
pub mod sources;
pub mod storage;
#[cfg(feature = "functions")]
pub mod telemetry;
#[doc(hidden)]
pub mod timeouts;
#[doc(hidden)]
pub mod trace;

/// The typed events of the senders, and the envelope.
pub use mediahook_events as events;

#[cfg(feature = "functions")]
pub use config::Environment;
pub use mediahook_events::CloudEvent;
#[cfg(feature = "functions")]
pub use process::{Failure, Handler, run};

/// The README's code is compiled with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
