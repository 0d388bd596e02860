//! Builds the function from its environment, and runs it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use lambda_runtime::{Context, Diagnostic, Error, LambdaEvent, service_fn};
use serde_json::value::RawValue;
use time::OffsetDateTime;
use tokio::time::timeout;
use tracing::Level;

use super::http::SenderHttp;
use super::spill_feed::READ_AT_ONCE;
use super::{Puller, Summary};
use crate::aws::Aws;
use crate::aws::s3::S3Bucket;
use crate::aws::secrets_manager::SourcesSecret;
use crate::aws::sqs::SqsQueue;
use crate::config::{BUCKET, ConfigError, Environment, IngestConfig, QUEUE_URL, SourcesFrom};
use crate::lambda::invocation::{Invocation, failure, has_records, time_left};
use crate::sources::cache::SourcesCache;
use crate::storage::Unusable;
use crate::telemetry::metrics::MISCONFIGURED;
use crate::telemetry::{Line, Recorder};
use crate::timeouts::pull::{RETRY_POLICY, WARM_UP_WITHIN, deadline};

/// If the invocation succeeded, SQS would delete the records of an event source mapping.
const NOT_A_SCHEDULE: &str = "not a schedule: the records of a queue or stream; the puller is for a schedule, the processor for the queue";

/// Runs the puller: a Lambda function that a schedule starts every minute.
///
/// # Errors
/// A variable is missing or wrong (the log names it), or the Lambda Runtime API cannot be reached.
pub async fn run(environment: &Environment) -> Result<(), Error> {
    let function = Arc::new(Function::from_env(environment).inspect_err(ConfigError::log)?);
    // Ignored here: the first invocation checks again and logs the problem.
    let _ = function.check().await;
    // Raw: the payload of a schedule is neither used nor logged.
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Box<RawValue>>| {
        let function = Arc::clone(&function);
        async move { function.pull(event.payload.get(), &event.context).await }
    }))
    .await
}

/// The puller, and the check before each run.
struct Function {
    puller: Puller<SqsQueue, S3Bucket, SenderHttp>,
    queue: SqsQueue,
    bucket: S3Bucket,
    recorder: Recorder,
    passed: AtomicBool,
}

/// The problem of the queue and of the bucket, if any.
type Checked = [Option<(&'static str, Unusable)>; 2];

impl Function {
    fn from_env(environment: &Environment) -> Result<Self, ConfigError> {
        let recorder = Recorder::from_env(environment);
        let IngestConfig { sources, queue_url, bucket } = IngestConfig::from_env(environment)?;
        let aws = Aws::with_idle_connections(environment.clone(), READ_AT_ONCE)?;
        // The secret is read in the first run: the spill is emptied even if that fails.
        let sources = match sources {
            SourcesFrom::Document(sources) => SourcesCache::fixed(sources),
            SourcesFrom::Secret(id) => {
                let secret = SourcesSecret::new(aws.clone(), id, RETRY_POLICY);
                SourcesCache::from_reader(secret, recorder.clone())
            }
        };
        let queue = SqsQueue::new(&aws, queue_url, RETRY_POLICY);
        let bucket = S3Bucket::new(aws, bucket, RETRY_POLICY);
        let (http, now, memory) =
            (SenderHttp::default(), OffsetDateTime::now_utc, environment.memory_bytes());
        let puller = Puller::new(Arc::new(sources), queue.clone(), bucket.clone(), http, now, memory);
        let puller = puller.with_recorder(recorder.clone());
        Ok(Self { puller, queue, bucket, recorder, passed: AtomicBool::new(false) })
    }

    async fn pull(&self, payload: &str, context: &Context) -> Result<Summary, Diagnostic> {
        let (deadline, invocation) = (deadline(time_left(context)), Invocation::begin(context));
        if has_records(payload) {
            tracing::error!(error = NOT_A_SCHEDULE, "nothing pulled");
            return Err(failure("NotASchedule", NOT_A_SCHEDULE));
        }
        let mut unusable_queue = None;
        for (variable, unusable) in self.check().await.into_iter().flatten() {
            let error = format!("{variable}: {unusable}");
            Line::new(Level::ERROR, "misconfigured: events wait where they are until this is fixed")
                .field("error", &error)
                .invocation(&invocation)
                .count(MISCONFIGURED, 1)
                .write(&self.recorder, OffsetDateTime::now_utc());
            // Without the queue nothing can be pulled. Without the bucket nearly everything can, and a role that may not
            // describe the queue may send to it all the same.
            if variable == QUEUE_URL && matches!(unusable, Unusable::Misconfigured(_)) {
                unusable_queue = Some(error);
            }
        }
        match unusable_queue {
            Some(error) => Err(failure("Misconfigured", error)),
            None => Ok(self.puller.pull(deadline, &invocation).await),
        }
    }

    /// Checks queue and bucket until both pass. It also reads the queue's own size limit.
    async fn check(&self) -> Checked {
        if self.passed.load(Ordering::Relaxed) {
            return [None, None];
        }
        let (queue, bucket) = tokio::join!(
            timeout(WARM_UP_WITHIN, self.queue.check()),
            timeout(WARM_UP_WITHIN, self.bucket.check())
        );
        self.passed.store(matches!((&queue, &bucket), (Ok(Ok(())), Ok(Ok(())))), Ordering::Relaxed);
        // Without an answer it may be usable: if not, the calls themselves fail, and the next run asks again.
        let certain = |asked: Result<Result<(), Unusable>, _>| {
            asked.ok()?.err().filter(|unusable| !matches!(unusable, Unusable::Unknown(_)))
        };
        [
            certain(queue).map(|unusable| (QUEUE_URL, unusable)),
            certain(bucket).map(|unusable| (BUCKET, unusable)),
        ]
    }
}
