//! Builds the function from its environment, and runs it.

use std::sync::Arc;

use aws_lambda_events::sqs::SqsBatchResponse;
use lambda_runtime::{Context, Diagnostic, Error, LambdaEvent, service_fn};
use serde_json::value::RawValue;
use time::OffsetDateTime;

use super::config::{self, Config};
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
    let environment = Environment::from_env();
    let processor = processor(&environment, |aws, config| {
        let bucket = S3Bucket::new(aws.clone(), config.bucket.clone(), RETRY_POLICY);
        Ok(HandlerDestination { handler, bucket })
    });
    serve(processor.inspect_err(ConfigError::log)?).await
}

/// Runs the standard processor, which puts events on a bus.
///
/// # Errors
/// The same as for [`run`].
pub async fn run_from_env(environment: Environment) -> Result<(), Error> {
    let processor = processor(&environment, |aws, config| {
        let bus = EventBridgeBus::new(aws, config::event_bus(&environment)?, RETRY_POLICY);
        let bucket = S3Bucket::new(aws.clone(), config.bucket.clone(), RETRY_POLICY);
        Ok(EventBus::new(bus, bucket, OffsetDateTime::now_utc))
    });
    serve(processor.inspect_err(ConfigError::log)?).await
}

type AwsProcessor<D> = Processor<D, DynamoDbIdempotency, SqsQueue>;

fn processor<D: Destination>(
    environment: &Environment,
    destination: impl FnOnce(&Aws, &Config) -> Result<D, ConfigError>,
) -> Result<AwsProcessor<D>, ConfigError> {
    let config = Config::from_env(environment)?;
    let aws = Aws::new(environment.clone())?;
    let destination = destination(&aws, &config)?;
    let Config { table, leases, dead_letter_queue_url, max_receive_count, bucket } = config;
    let now = OffsetDateTime::now_utc;
    Ok(Processor {
        destination,
        idempotency: DynamoDbIdempotency::new(&aws, table, leases, now, RETRY_POLICY),
        dead_letters: SqsQueue::new(&aws, dead_letter_queue_url, RETRY_POLICY),
        max_receive_count,
        bucket_name: bucket,
        recorder: Recorder::from_env(environment),
        now,
    })
}

async fn serve<D: Destination + 'static>(processor: AwsProcessor<D>) -> Result<(), Error> {
    if cfg!(panic = "abort") {
        tracing::error!(
            "built with panic = \"abort\": one event that panics ends its whole batch; set panic = \"unwind\" in the release profile"
        );
    }
    // The invocation that fails because of it logs the problem.
    let _ = processor.destination.check(READY).await;
    let processor = Arc::new(processor);
    // The raw payload, because we answer an invocation that is not a batch ourselves.
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Box<RawValue>>| {
        let processor = Arc::clone(&processor);
        async move { process(&processor, event.payload.get(), &event.context).await }
    }))
    .await
}

async fn process<D: Destination>(
    processor: &AwsProcessor<D>,
    payload: &str,
    context: &Context,
) -> Result<SqsBatchResponse, Diagnostic> {
    let (deadlines, invocation) = (BatchDeadlines::new(time_left(context)), Invocation::begin(context));
    let batch = invocation::batch(payload).map_err(|error| {
        tracing::error!(%error, "nothing processed");
        failure("NotABatch", error)
    })?;
    Ok(processor.process(batch, deadlines, &invocation).await)
}
