//! `mediahook` receives the event notifications of Tencent Cloud VOD and Alibaba Cloud IMS on AWS Lambda, and loses
//! none: a receiver puts every authentic callback into a queue before it answers, a processor takes each to its effect.
//!
//! # Layout
//!
//! What a sender says, pure:
//! - [`sender`]: the senders' formats, authentication, outcome; [`sender::SENDERS`] lists them
//! - [`event`]: the body of a notification, read without changing it, and the id made of it
//! - [`envelope`]: the CloudEvent that travels
//! - [`intake`]: from what a sender said to that envelope
//!
//! What is done with it:
//! - [`receive`]: push: request → authentic → envelope → stored → answer
//! - [`pull`]: the senders' queues and our own spill → envelope → stored → confirmed
//! - [`process`]: the queue's batches, record by record, to a [`process::Handler`]
//!
//! - [`claim_check`]: the data of an event too large to travel
//! - [`rejected`]: a body that is no event
//! - [`keys`]: where things lie in the bucket
//!
//! Around it:
//! - [`sources_cache`]: the sources in use, and how they are replaced
//! - [`source`]: the sources document; [`settings`] reads it with errors that name the place
//! - [`config`]: the environment
//! - [`store`]: what we ask of AWS, and the adapters, the only files that know an SDK
//! - [`telemetry`]: the log, its wide events; [`metrics`]: what is counted and timed in them
//! - [`lambda`]: the function URL's invocations as requests, and responses to them
//! - [`invocation`]: what Lambda says of a call, and the [`trace`] it belongs to
//! - [`secret`]: text that must not be seen

pub mod claim_check;
pub mod config;
pub mod envelope;
pub mod event;
pub mod intake;
pub mod invocation;
pub mod keys;
pub mod lambda;
pub mod metrics;
pub mod process;
pub mod pull;
pub mod receive;
pub mod rejected;
pub mod secret;
pub mod sender;
pub mod settings;
pub mod source;
pub mod sources_cache;
pub mod store;
pub mod telemetry;
pub mod trace;

/// The README's code is compiled with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
