//! The asynchronous half: the queue's batches, record by record, to a [`Handler`].
//!
//! A record that fails is reported alone, and the rest of its message group with it, so that one media's events keep
//! their order; every other group goes on. SQS hands what was reported over again when its visibility timeout ends, and
//! moves it to the dead-letter queue after `maxReceiveCount` times.

mod batch;
mod handler;
mod log;

pub use batch::{BatchError, Processor};
pub use handler::{Failure, Handler};
pub use log::LogHandler;

use std::sync::Arc;

use aws_lambda_events::sqs::SqsEvent;
use lambda_runtime::{Error, LambdaEvent, service_fn};

/// Runs a Lambda function that hands every event to a handler: all that a `main` of your own needs.
///
/// ```no_run
/// use mediahook::config::Environment;
/// use mediahook::envelope::Envelope;
/// use mediahook::telemetry;
/// use mediahook::process::{self, Failure, Handler};
///
/// struct Publish;
///
/// impl Handler for Publish {
///     async fn handle(&self, event: &Envelope) -> Result<(), Failure> {
///         let media = event.mediaid.as_deref().ok_or("an event without a media")?;
///         println!("{media} is {:?}", event.outcome);
///         Ok(())
///     }
/// }
///
/// #[tokio::main(flavor = "current_thread")]
/// async fn main() -> Result<(), lambda_runtime::Error> {
///     telemetry::init(&Environment::of_process());
///     process::run(Publish).await
/// }
/// ```
///
/// # Errors
/// The Lambda Runtime API cannot be reached.
pub async fn run<H: Handler + 'static>(handler: H) -> Result<(), Error> {
    let processor = Arc::new(Processor::new(handler));
    lambda_runtime::run(service_fn(move |event: LambdaEvent<SqsEvent>| {
        let processor = Arc::clone(&processor);
        async move { processor.process(event.payload).await.map_err(Error::from) }
    }))
    .await
}
