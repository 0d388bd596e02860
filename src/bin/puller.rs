//! The Lambda function that runs every minute: the senders' queues and the spill in, messages on the queue.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use lambda_runtime::{Context, Diagnostic, Error, LambdaEvent, service_fn};
use mediahook::aws::{Aws, s3::S3Bucket, secrets_manager::SourcesSecret, sqs::SqsQueue};
use mediahook::config::{BUCKET, ConfigError, Environment, IngestConfig, QUEUE_URL, SourcesFrom};
use mediahook::lambda::command_line;
use mediahook::lambda::invocation::{Invocation, failure, has_records, time_left};
use mediahook::pull::{Puller, Summary};
use mediahook::pull::{http::SenderHttp, memory_limit::MemoryLimit};
use mediahook::sources::cache::SourcesCache;
use mediahook::storage::Unusable;
use mediahook::telemetry::wide_event::log_misconfigured;
use mediahook::telemetry::{self, Recorder};
use mediahook::timeouts::pull::{RETRY_POLICY, WARM_UP_WITHIN, deadline};
use serde_json::value::RawValue;
use time::OffsetDateTime;
use tokio::time::timeout;

/// An event is in memory up to three times: as bytes, as envelope and as message.
const MEMORY_PER_READ: usize = 4;

const ABOUT: &str =
    "Runs every minute: brings events from the senders' own queues, and from the S3 fallback, to the queue.";

/// If the invocation succeeded, SQS would delete the records of an event source mapping.
const NOT_A_SCHEDULE: &str = "not a schedule: the records of a queue or stream; the puller is for a schedule, the processor for the queue";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let environment = Environment::from_env();
    if let Some(exit) = command_line::answer("puller", ABOUT, &environment) {
        return exit;
    }
    telemetry::init(&environment);
    telemetry::exit(run(&environment).await)
}

async fn run(environment: &Environment) -> Result<(), Error> {
    let function = Arc::new(function(environment).inspect_err(ConfigError::log)?);
    // The invocation that fails for it logs it.
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

/// Why the queue, and why the bucket, cannot be used.
type Checked = [Option<(&'static str, Unusable)>; 2];

impl Function {
    async fn pull(&self, payload: &str, context: &Context) -> Result<Summary, Diagnostic> {
        let (deadline, invocation) = (deadline(time_left(context)), Invocation::begin(context));
        if has_records(payload) {
            tracing::error!(error = NOT_A_SCHEDULE, "nothing pulled");
            return Err(failure("NotASchedule", NOT_A_SCHEDULE));
        }
        let mut unusable_queue = None;
        for (variable, unusable) in self.check().await.into_iter().flatten() {
            let error = format!("{variable}: {unusable}");
            let message = "misconfigured: events wait where they are until this is fixed";
            log_misconfigured(&self.recorder, message, &error, OffsetDateTime::now_utc(), Some(&invocation));
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

fn function(environment: &Environment) -> Result<Function, ConfigError> {
    let recorder = Recorder::from_env(environment);
    let memory = MemoryLimit::new(environment.memory_bytes() / MEMORY_PER_READ);
    let IngestConfig { sources, queue_url, bucket } = IngestConfig::from_env(environment)?;
    let aws = Aws::new(environment.clone())?;
    // The secret is read in the first run: the spill is emptied even if that fails.
    let sources = match sources {
        SourcesFrom::Document(sources) => SourcesCache::fixed(sources),
        SourcesFrom::Secret(id) => {
            SourcesCache::from_reader(SourcesSecret::new(aws.clone(), id, RETRY_POLICY), recorder.clone())
        }
    };
    let sources = Arc::new(sources);
    let queue = SqsQueue::new(&aws, queue_url, RETRY_POLICY);
    let bucket = S3Bucket::new(aws, bucket, RETRY_POLICY);
    let puller =
        Puller::new(sources, queue.clone(), bucket.clone(), SenderHttp::default(), OffsetDateTime::now_utc);
    let puller = puller.with_memory_limit(memory).with_recorder(recorder.clone());
    Ok(Function { puller, queue, bucket, recorder, passed: AtomicBool::new(false) })
}
