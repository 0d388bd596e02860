//! Builds the function from its environment, and runs it.

use std::sync::Arc;

use aws_lambda_events::sqs::SqsBatchResponse;
use lambda_runtime::{Context, Diagnostic, Error, LambdaEvent, service_fn};
use serde_json::value::RawValue;
use time::OffsetDateTime;

use super::config::{Config, EVENT_BUS};
use super::{Destination, EventBus, Handler, HandlerDestination, Processor, invocation};
use crate::aws::Aws;
use crate::aws::dynamodb::DynamoDbIdempotency;
use crate::aws::eventbridge::EventBridgeBus;
use crate::aws::s3::S3Bucket;
use crate::aws::sqs::SqsQueue;
use crate::config::{ConfigError, Environment};
use crate::lambda::invocation::{Invocation, failure, time_left};
use crate::telemetry::Recorder;
use crate::timeouts::process::{BatchDeadlines, READY, RETRY_POLICY};

/// Runs a Lambda function that delivers every event to a handler: your `main` needs nothing else. The environment has
/// the same variables as that of the standard processor, except for the event bus (see [`crate::config`]). Those with
/// the prefix `MEDIAHOOK_` belong to mediahook: give those of your handler another prefix.
///
/// Build it with `panic = "unwind"` in its release profile; `cargo lambda` sets `abort` otherwise, and a handler that
/// panics would then end its whole batch.
///
/// # Errors
/// A variable is missing or wrong (the log names it), or the Lambda Runtime API cannot be reached.
pub async fn run<H: Handler + 'static>(handler: H) -> Result<(), Error> {
    serve(&Environment::from_env(), |_, bucket| Ok(HandlerDestination { handler, bucket })).await
}

/// Runs the standard processor, which puts events on a bus. Nothing deletes an event that it does not deliver, so the
/// bus is required.
///
/// # Errors
/// The same as for [`run`].
pub async fn run_from_env(environment: &Environment) -> Result<(), Error> {
    serve(environment, |aws, bucket| {
        let bus = EventBridgeBus::new(aws, environment.required(EVENT_BUS)?, RETRY_POLICY);
        Ok(EventBus::new(bus, bucket, OffsetDateTime::now_utc))
    })
    .await
}

async fn serve<D: Destination + 'static>(
    environment: &Environment,
    destination: impl FnOnce(&Aws, S3Bucket) -> Result<D, ConfigError>,
) -> Result<(), Error> {
    if let Some(problem) = problem_of_panics(cfg!(panic = "abort")) {
        tracing::error!("{problem}");
    }
    let processor = Arc::new(processor(environment, destination).await.inspect_err(ConfigError::log)?);
    // The invocation that fails because of it logs the problem.
    let _ = processor.destination.check(READY).await;
    // The raw payload, because we answer an invocation that is not a batch ourselves.
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Box<RawValue>>| {
        let processor = Arc::clone(&processor);
        async move { process(&processor, event.payload.get(), &event.context).await }
    }))
    .await
}

async fn processor<D: Destination>(
    environment: &Environment,
    destination: impl FnOnce(&Aws, S3Bucket) -> Result<D, ConfigError>,
) -> Result<Processor<D>, ConfigError> {
    let Config { table, leases, dead_letter_queue_url, max_receive_count, bucket } =
        Config::from_env(environment)?;
    let (aws, now) = (Aws::from_env(environment).await?, OffsetDateTime::now_utc);
    Ok(Processor {
        destination: destination(&aws, S3Bucket::new(&aws, bucket.clone(), RETRY_POLICY))?,
        idempotency: DynamoDbIdempotency::new(&aws, table, leases, now, RETRY_POLICY),
        dead_letters: SqsQueue::new(&aws, dead_letter_queue_url, RETRY_POLICY),
        max_receive_count,
        bucket_name: bucket,
        recorder: Recorder::from_env(environment),
        now,
    })
}

/// What is wrong with a binary in which a panic ends the process: nothing can report that event alone as failed.
fn problem_of_panics(abort: bool) -> Option<&'static str> {
    abort.then_some(
        "built with panic = \"abort\": one event that panics ends its whole batch; set panic = \"unwind\" in the release profile",
    )
}

async fn process<D: Destination>(
    processor: &Processor<D>,
    payload: &str,
    context: &Context,
) -> Result<SqsBatchResponse, Diagnostic> {
    let (deadlines, invocation) = (BatchDeadlines::new(time_left(context)), Invocation::begin(context));
    let batch = invocation::batch(payload).map_err(|error| {
        tracing::error!(error, "nothing processed");
        failure("NotABatch", error)
    })?;
    Ok(processor.process(batch, deadlines, &invocation).await)
}

#[cfg(test)]
mod tests {
    use super::problem_of_panics;

    /// A handler crate's own profile decides; `cargo lambda` sets `abort` if the profile does not.
    #[test]
    fn a_binary_that_aborts_on_panic_says_so_and_names_the_profile() {
        assert!(problem_of_panics(true).is_some_and(|problem| problem.contains("panic = \"unwind\"")));
        assert_eq!(problem_of_panics(false), None);
    }
}
