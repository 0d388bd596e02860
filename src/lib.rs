//! `mediahook` receives the event notifications of Tencent Cloud VOD and Alibaba Cloud IMS on AWS Lambda, and loses
//! none: a receiver puts every authentic callback into a queue before it answers, a processor takes each to its effect.
//!
//! # Layout
//!
//! Data flows one way: [`receive`], [`pull`] and [`process`] → [`ingest`] → [`sources`] → [`senders`] → [`event`]. No file
//! imports one above it.
//!
//! - [`event`]: the body of a notification, its id, the envelope that travels, the queue message
//! - [`senders`]: the senders' formats: signature, parsing, outcome, their own queues; [`senders::SENDERS`] lists them
//! - [`sources`]: the sources document, and its cache over Secrets Manager; [`settings`] reads documents with errors that
//!   name the place
//! - [`ingest`]: from an authenticated body to its envelope
//! - [`receive`]: push: route → token → verify → decode → parse → store → respond
//! - [`pull`]: the senders' queues and the spill: pull → parse → store → confirm
//! - [`process`]: the queue's batches, record by record, to a [`process::Handler`]
//! - [`storage`]: what is asked of AWS, as small traits; object keys, claim check, rejected bodies
//! - [`aws`]: those traits, by the official SDK
//! - [`lambda`]: the function URL's invocations as requests, responses, what Lambda says of an invocation
//! - [`config`]: environment variables
//! - [`telemetry`]: the log and its metrics
//! - [`trace`]: X-Ray's header and W3C's `traceparent`; [`secret`]: text that is not printed; [`text`]: what a configured
//!   text must be like

pub mod aws;
pub mod config;
pub mod event;
pub mod ingest;
pub mod lambda;
mod lock;
pub mod process;
pub mod pull;
pub mod receive;
pub mod secret;
pub mod senders;
pub mod settings;
pub mod sources;
pub mod storage;
pub mod telemetry;
pub mod text;
pub mod trace;

/// The typed events of both senders, and the envelope as a plain serde struct.
pub use mediahook_events as events;

/// The README's code is compiled with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
