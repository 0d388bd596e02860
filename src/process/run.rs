//! Builds the function from its environment, and runs it.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::sync::Arc;
use std::time::SystemTime;

use aws_lambda_events::sqs::SqsBatchResponse;
use lambda_runtime::{Context, Diagnostic, Error, LambdaEvent, service_fn};
use serde_json::value::RawValue;
use time::OffsetDateTime;

use super::config::{BUCKET, Config, DEAD_LETTER_QUEUE_URL, Destination, TABLE};
use super::publish::Publisher;
use super::record_log::log_misconfigured;
use super::resource_checks::ResourceChecks;
use super::{Dispatch, Handler, HandlerDispatch, LogHandler, Processor, invocation};
use crate::aws::Aws;
use crate::aws::dynamodb::DynamoDbIdempotency;
use crate::aws::eventbridge::EventBridgeBus;
use crate::aws::s3::S3Bucket;
use crate::aws::sqs::SqsQueue;
use crate::config::{ConfigErrors, Environment, both};
use crate::lambda::invocation::{Invocation, failure};
use crate::telemetry::Recorder;
use crate::timeouts::process::{BatchDeadlines, READY, RETRY_POLICY};

/// Runs a Lambda function that delivers every event to a handler: your `main` needs nothing else. The environment
/// decides whether there are idempotency records and a dead-letter queue (see [`crate::config`]). Variables with the
/// prefix `MEDIAHOOK_` belong to mediahook: give those of your handler another prefix.
///
/// # Errors
/// A variable is missing or wrong (the log names it), or the Lambda Runtime API cannot be reached.
pub async fn run<H: Handler + 'static>(handler: H) -> Result<(), Error> {
    let environment = Environment::from_env();
    let recorder = Recorder::from_env(&environment);
    let (config, aws) = logged(settings(environment, &[TABLE, DEAD_LETTER_QUEUE_URL, BUCKET]))?;
    let bucket = config.bucket.clone().zip(aws.clone());
    let bucket = bucket.map(|(name, aws)| S3Bucket::new(aws, name, RETRY_POLICY));
    if bucket.is_none() && handler.needs_data() {
        tracing::warn!(
            "{BUCKET} is not set: an event too large for the queue fails, as its data cannot be fetched"
        );
    }
    serve(HandlerDispatch { handler, bucket }, config, aws.as_ref(), recorder).await
}

/// Runs the standard processor: it delivers events to a bus or to the log, as the environment says.
///
/// # Errors
/// The same as for [`run`].
pub async fn run_from_env(environment: Environment) -> Result<(), Error> {
    let recorder = Recorder::from_env(&environment);
    match Destination::read(&environment) {
        Ok(Destination::EventBus(bus, bucket)) => {
            let (config, aws) = logged(both(Config::read(&environment), Aws::new(environment)))?;
            let bus = EventBridgeBus::new(&aws, bus, RETRY_POLICY);
            let bucket = S3Bucket::new(aws.clone(), bucket, RETRY_POLICY);
            let publisher = Publisher::new(bus, bucket, OffsetDateTime::now_utc);
            serve(publisher, config, Some(&aws), recorder).await
        }
        Ok(Destination::Log) => {
            let (config, aws) = logged(settings(environment, &[TABLE, DEAD_LETTER_QUEUE_URL]))?;
            let dispatch = HandlerDispatch { handler: LogHandler, bucket: None::<S3Bucket> };
            serve(dispatch, config, aws.as_ref(), recorder).await
        }
        Err(errors) => {
            // Logged together with every other mistake.
            let settings = settings(environment, &[TABLE, DEAD_LETTER_QUEUE_URL]);
            logged(both(Err::<(), _>(errors), settings)).map(drop).map_err(Error::from)
        }
    }
}

/// The configuration, and the AWS account if one of these variables is set.
fn settings(environment: Environment, on_aws: &[&str]) -> Result<(Config, Option<Aws>), ConfigErrors> {
    let needs_aws = on_aws.iter().any(|name| environment.optional(name).is_some());
    let config = Config::read(&environment);
    both(config, needs_aws.then(|| Aws::new(environment)).transpose())
}

fn logged<T>(settings: Result<T, ConfigErrors>) -> Result<T, ConfigErrors> {
    settings.inspect_err(ConfigErrors::log)
}

async fn serve<D: Dispatch + 'static>(
    dispatch: D,
    config: Config,
    aws: Option<&Aws>,
    recorder: Recorder,
) -> Result<(), Error> {
    let function = Arc::new(Function::new(dispatch, config, aws, recorder));
    function.dispatch.prepare().await;
    // The invocation that fails because of it logs the problem.
    let _ = function.checks.ask(READY).await;
    // The raw payload, because we answer an invocation that is not a batch ourselves.
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Box<RawValue>>| {
        let function = Arc::clone(&function);
        async move { function.process(event.payload.get(), &event.context).await }
    }))
    .await
}

/// The processor, its destination, and the checks before a batch.
struct Function<D> {
    dispatch: D,
    processor: Processor<DynamoDbIdempotency, SqsQueue>,
    checks: ResourceChecks,
}

impl<D: Dispatch> Function<D> {
    fn new(dispatch: D, config: Config, aws: Option<&Aws>, recorder: Recorder) -> Self {
        config.warn();
        let Config { table, dead_letter_queue_url, max_receive_count, bucket } = config;
        let idempotency = table.zip(aws).map(|((table, leases), aws)| {
            DynamoDbIdempotency::new(aws, table, leases, owner(), OffsetDateTime::now_utc, RETRY_POLICY)
        });
        let dead_letters = dead_letter_queue_url.zip(aws);
        let dead_letters =
            dead_letters.map(|(url, aws)| (url.clone(), SqsQueue::new(aws, url, RETRY_POLICY)));
        let processor = Processor {
            idempotency: idempotency.clone(),
            dead_letters: dead_letters.as_ref().map(|(_, queue)| queue.clone()),
            max_receive_count,
            bucket_name: bucket,
            recorder,
            now: OffsetDateTime::now_utc,
        };
        Self { dispatch, processor, checks: ResourceChecks::new(idempotency, dead_letters) }
    }

    async fn process(&self, payload: &str, context: &Context) -> Result<SqsBatchResponse, Diagnostic> {
        let left = context.deadline().duration_since(SystemTime::now()).unwrap_or_default();
        let (deadline, invocation) = (BatchDeadlines::new(left), Invocation::begin(context));
        let batch = match invocation::batch(payload) {
            Ok(batch) => batch,
            Err(error) => {
                tracing::error!(%error, "nothing processed");
                return Err(failure("NotABatch", error));
            }
        };
        let checked = match self.checks.ask(deadline.ready_within()).await {
            Ok(()) => self.checks.is_loop(&batch),
            failed => failed,
        };
        if let Err(error) = checked {
            log_misconfigured(&self.processor.recorder, &error, OffsetDateTime::now_utc(), &invocation);
            return Err(failure("Misconfigured", error));
        }
        let response = self.processor.process(&self.dispatch, batch, deadline, &invocation).await;
        response.map_err(|error| failure("NoMessageId", error))
    }
}

/// A name that no other process has: the standard library's hasher has a random key.
fn owner() -> String {
    format!("{:016x}", RandomState::new().hash_one(std::process::id()))
}
