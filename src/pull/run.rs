//! Builds the function from its environment, and runs it.

use std::sync::Arc;

use lambda_runtime::{Context, Diagnostic, Error, LambdaEvent, service_fn};
use serde_json::Value;
use time::OffsetDateTime;
use tracing::Level;

use super::http::SenderHttp;
use super::{Puller, Summary};
use crate::aws::Aws;
use crate::aws::s3::S3Bucket;
use crate::aws::secrets_manager::SourcesSecret;
use crate::aws::sqs::SqsQueue;
use crate::config::{ConfigError, Environment, IngestConfig, SourcesFrom};
use crate::lambda::invocation::{Invocation, failure, time_left};
use crate::sources::cache::SourcesCache;
use crate::storage::checks::ExistenceCheck;
use crate::storage::{Queue as _, Unusable};
use crate::telemetry::metrics::MISCONFIGURED;
use crate::telemetry::{Line, Recorder};
use crate::timeouts::pull::{RETRY_POLICY, WARM_UP_WITHIN, deadline, pull_within};

/// If the invocation succeeded, its invoker would delete the event.
const NOT_A_SCHEDULE: &str =
    "not a schedule: the puller is for its schedule, and reads no event of an invocation";
const TOO_SHORT: &str = "the function's timeout is too short for a single pull: give it 55 s";

/// Runs the puller: a Lambda function that a schedule starts every minute.
///
/// # Errors
/// A variable is missing or wrong (the log names it), or the Lambda Runtime API cannot be reached.
pub async fn run(environment: &Environment) -> Result<(), Error> {
    let function = Arc::new(Function::from_env(environment).await.inspect_err(ConfigError::log)?);
    // Ignored here: the first invocation checks again and logs the problem.
    let _ = function.check().await;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| {
        let function = Arc::clone(&function);
        async move { Box::pin(function.pull(&event.payload, &event.context)).await }
    }))
    .await
}

/// The puller, and the checks before each run.
struct Function {
    puller: Puller<SqsQueue, S3Bucket, SenderHttp>,
    queue: ExistenceCheck,
    bucket: ExistenceCheck,
}

impl Function {
    async fn from_env(environment: &Environment) -> Result<Self, ConfigError> {
        let recorder = Recorder::from_env(environment);
        let IngestConfig { sources, queue_url, bucket } = IngestConfig::from_env(environment)?;
        let aws = Aws::from_env(environment).await?;
        // The secret is read in the first run: the spill is emptied even if that fails.
        let sources = match sources {
            SourcesFrom::Document(sources) => SourcesCache::fixed(sources),
            SourcesFrom::Secret(id) => {
                let secret = SourcesSecret::new(&aws, id, RETRY_POLICY);
                SourcesCache::from_reader(secret, recorder.clone())
            }
        };
        let queue = SqsQueue::new(&aws, queue_url, RETRY_POLICY);
        let bucket = S3Bucket::new(&aws, bucket, RETRY_POLICY);
        let (now, memory) = (OffsetDateTime::now_utc, environment.memory_bytes());
        let mut puller = Puller::new(Arc::new(sources), queue, bucket, SenderHttp::default(), now, memory);
        puller.recorder = recorder;
        Ok(Self { puller, queue: ExistenceCheck::new(now), bucket: ExistenceCheck::new(now) })
    }

    async fn pull(&self, event: &Value, context: &Context) -> Result<Summary, Diagnostic> {
        let (deadline, invocation) = (deadline(time_left(context)), Invocation::begin(context));
        if !is_schedule(event) {
            tracing::error!(error = NOT_A_SCHEDULE, "nothing pulled");
            return Err(failure("NotASchedule", NOT_A_SCHEDULE));
        }
        let too_short = pull_within(deadline).is_none().then(|| TOO_SHORT.to_owned());
        let [queue, bucket] = self.check().await;
        for error in [&too_short, &queue, &bucket].into_iter().flatten() {
            Line::new(Level::ERROR, "misconfigured: events wait where they are until this is fixed")
                .field("error", error)
                .invocation(&invocation)
                .count(MISCONFIGURED, 1)
                .write(&self.puller.recorder, OffsetDateTime::now_utc());
        }
        // Without the queue nothing can be pulled. Without the bucket nearly everything can.
        match queue {
            Some(error) => Err(failure("Misconfigured", error)),
            None => Ok(self.puller.pull(deadline, &invocation).await),
        }
    }

    /// The problem of the queue and of the bucket, if any. Without an answer each may be usable: if not, the calls
    /// themselves fail. The check also reads the queue's own size limit.
    async fn check(&self) -> [Option<String>; 2] {
        let Puller { queue, bucket, .. } = &self.puller;
        let (queue, bucket) = tokio::join!(
            self.queue.run(WARM_UP_WITHIN, queue.check()),
            self.bucket.run(WARM_UP_WITHIN, bucket.check())
        );
        [queue, bucket].map(|checked| match checked {
            Err(Unusable::Misconfigured(why)) => Some(why),
            _ => None,
        })
    }
}

/// Whether an invocation comes from a schedule, or has no event at all: so it is invoked manually, and by the template's
/// schedule.
fn is_schedule(event: &Value) -> bool {
    let is_empty = event.is_null() || event.as_object().is_some_and(serde_json::Map::is_empty);
    let source = event.get("source").and_then(Value::as_str);
    is_empty || matches!(source, Some("aws.scheduler" | "aws.events"))
}
