//! Builds the function from its environment, and runs it.

use std::sync::Arc;

use lambda_runtime::{Context, Diagnostic, Error, LambdaEvent, service_fn};
use serde_json::Value;
use time::OffsetDateTime;

use super::http::SenderHttp;
use super::{Puller, Summary};
use crate::aws::Aws;
use crate::aws::s3::S3Bucket;
use crate::aws::secrets_manager::SourcesSecret;
use crate::aws::sqs::SqsQueue;
use crate::config::{ConfigError, Environment, IngestConfig};
use crate::lambda::invocation::{Invocation, failure, time_left};
use crate::sources::cache::SourcesCache;
use crate::storage::{Queue as _, Unusable, within};
use crate::telemetry::{Line, Recorder};
use crate::timeouts::pull::{CHECK_WITHIN, RETRY_POLICY, deadline, pull_within};

const TOO_SHORT: &str = "the function's timeout is too short for a single pull: give it 55 s";

type AwsPuller = Puller<SqsQueue, S3Bucket, SenderHttp>;

/// Runs the puller: a Lambda function that a schedule starts every minute.
///
/// # Errors
/// A variable is missing or wrong (the log names it), or the Lambda Runtime API cannot be reached.
pub async fn run(environment: &Environment) -> Result<(), Error> {
    let puller = Arc::new(puller(environment).await.inspect_err(ConfigError::log)?);
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| {
        let puller = Arc::clone(&puller);
        async move { Box::pin(pull(&puller, &event.payload, &event.context)).await }
    }))
    .await
}

async fn puller(environment: &Environment) -> Result<AwsPuller, ConfigError> {
    let recorder = Recorder::from_env(environment);
    let IngestConfig { sources, queue_url, bucket } = IngestConfig::from_env(environment)?;
    let aws = Aws::from_env(environment).await?;
    // A secret is read in the first run: the spill is emptied even if that fails.
    let secret = |id| SourcesSecret::new(&aws, id, RETRY_POLICY);
    let sources = Arc::new(SourcesCache::new(sources, secret, &recorder));
    let queue = SqsQueue::new(&aws, queue_url, RETRY_POLICY);
    let bucket = S3Bucket::new(&aws, bucket, RETRY_POLICY);
    let (now, memory) = (OffsetDateTime::now_utc, environment.memory_bytes());
    Ok(Puller { recorder, ..Puller::new(sources, queue, bucket, SenderHttp::default(), now, memory) })
}

async fn pull(puller: &AwsPuller, event: &Value, context: &Context) -> Result<Summary, Diagnostic> {
    let (deadline, invocation) = (deadline(time_left(context)), Invocation::begin(context));
    if !is_schedule(event) {
        // If the invocation succeeded, its invoker would delete the event.
        tracing::error!("not a schedule: the puller reads no event of an invocation");
        return Err(failure("NotASchedule", "the puller reads no event of an invocation"));
    }
    let too_short = pull_within(deadline).is_none().then(|| Unusable::Misconfigured(TOO_SHORT.to_owned()));
    // The check also reads the queue's size limit.
    let queue = within(CHECK_WITHIN, puller.queue.check()).await;
    for problem in [too_short.as_ref(), queue.as_ref().err()].into_iter().flatten() {
        if let Unusable::Misconfigured(why) = problem {
            Line::misconfigured("misconfigured: events wait where they are until this is fixed", why)
                .invocation(&invocation)
                .write(&puller.recorder, OffsetDateTime::now_utc());
        } else {
            // It may be usable: if not, the calls themselves fail.
            tracing::warn!(error = %problem, "whether it exists is unknown");
        }
    }
    match queue {
        Err(Unusable::Misconfigured(error)) => Err(failure("Misconfigured", error)),
        _ => Ok(puller.pull(deadline, &invocation).await),
    }
}

/// Whether an invocation comes from a schedule, or has no event at all: so it is invoked manually, and by the template's
/// schedule.
fn is_schedule(event: &Value) -> bool {
    let is_empty = event.is_null() || event.as_object().is_some_and(serde_json::Map::is_empty);
    let source = event.get("source").and_then(Value::as_str);
    is_empty || matches!(source, Some("aws.scheduler" | "aws.events"))
}
