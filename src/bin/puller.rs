//! The Lambda function that runs every minute: the senders' queues and the spill in, messages on the queue.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use lambda_runtime::{Context, Diagnostic, Error, LambdaEvent, service_fn};
use mediahook::aws::{Aws, s3::S3Bucket, secrets_manager::Secret, sqs::SqsQueue};
use mediahook::config::{BUCKET, ConfigErrors, Environment, Intake, QUEUE_URL, SourcesFrom, both};
use mediahook::lambda::command_line;
use mediahook::lambda::invocation::{Invocation, failure, has_records};
use mediahook::pull::budget::{Deadline, PATIENCE, WARM_UP_WITHIN};
use mediahook::pull::{Puller, Summary};
use mediahook::pull::{http::SenderHttp, memory::ReadMemory};
use mediahook::sources::cache::SourcesCache;
use mediahook::storage::Unusable;
use mediahook::telemetry::wide_event::log_misconfigured;
use mediahook::telemetry::{self, Recorder};
use serde_json::value::RawValue;
use time::OffsetDateTime;
use tokio::time::timeout;

/// What is read at the same time is in memory up to three times: as its bytes, as events and as messages.
const MEMORY_PER_READ: usize = 4;

const ABOUT: &str =
    "Runs every minute: brings events from the senders' own queues, and from the S3 fallback, to the queue.";

/// An event source mapping would have SQS delete what it took for pulled.
const NOT_A_SCHEDULE: &str = "not a schedule: the records of a queue or stream; the puller is for a schedule, the processor for the queue";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let environment = Environment::of_process();
    if let Some(exit) = command_line::answer("puller", ABOUT, &environment) {
        return exit;
    }
    telemetry::init(&environment);
    telemetry::exit(run(environment).await)
}

async fn run(environment: Environment) -> Result<(), Error> {
    let function = Arc::new(function(environment).inspect_err(ConfigErrors::log)?);
    // What is wrong is logged by the invocation that fails for it.
    let _ = function.check().await;
    // As it came: whatever a schedule sends, none of it is used, and none of it goes to the log.
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Box<RawValue>>| {
        let function = Arc::clone(&function);
        async move { function.pull(event.payload.get(), &event.context).await }
    }))
    .await
}

/// The puller, and what is asked before it begins.
struct Function {
    puller: Puller<SqsQueue, S3Bucket, SenderHttp>,
    queue: SqsQueue,
    bucket: S3Bucket,
    recorder: Recorder,
    passed: AtomicBool,
}

/// What is wrong with the queue, and what with the bucket.
type Checked = [Option<(&'static str, Unusable)>; 2];

impl Function {
    async fn pull(&self, payload: &str, context: &Context) -> Result<Summary, Diagnostic> {
        let (deadline, invocation) = (Deadline::new(left(context.deadline())), Invocation::begin(context));
        if has_records(payload) {
            tracing::error!(error = NOT_A_SCHEDULE, "nothing pulled");
            return Err(failure("NotASchedule", &NOT_A_SCHEDULE));
        }
        let mut unusable_queue = None;
        for (variable, unusable) in self.check().await.into_iter().flatten() {
            let error = format!("{variable}: {unusable}");
            let message = "misconfigured: events wait where they are until this is fixed";
            log_misconfigured(&self.recorder, message, &error, OffsetDateTime::now_utc(), Some(&invocation));
            // Without the queue nothing can be pulled. Without the bucket nearly everything can, and a role that may not
            // ask for the queue may send to it all the same.
            if variable == QUEUE_URL && matches!(unusable, Unusable::Misconfigured(_)) {
                unusable_queue = Some(error);
            }
        }
        match unusable_queue {
            Some(error) => Err(failure("Misconfigured", &error)),
            None => Ok(self.puller.pull(deadline, &invocation).await),
        }
    }

    /// Asks for queue and bucket, until both are as they should be. That is how the queue's own limits become known, too.
    async fn check(&self) -> Checked {
        if self.passed.load(Ordering::Relaxed) {
            return [None, None];
        }
        let (queue, bucket) = tokio::join!(
            timeout(WARM_UP_WITHIN, self.queue.check()),
            timeout(WARM_UP_WITHIN, self.bucket.check())
        );
        // What does not answer may be usable: the calls themselves fail if it is not.
        let certain = |asked: Result<Result<(), Unusable>, _>| {
            asked.ok()?.err().filter(|unusable| !matches!(unusable, Unusable::Unknown(_)))
        };
        let checked = [
            certain(queue).map(|unusable| (QUEUE_URL, unusable)),
            certain(bucket).map(|unusable| (BUCKET, unusable)),
        ];
        self.passed.store(checked.iter().all(Option::is_none), Ordering::Relaxed);
        checked
    }
}

fn function(environment: Environment) -> Result<Function, ConfigErrors> {
    let recorder = Recorder::of(&environment);
    let memory = ReadMemory::new(environment.memory_bytes() / MEMORY_PER_READ);
    let (Intake { sources, queue_url, bucket }, aws) =
        both(Intake::from_env(&environment), Aws::new(environment))?;
    // A secret that cannot be read does not keep the spill waiting: it is read with the first run.
    let sources = match sources {
        SourcesFrom::Document(sources) => SourcesCache::fixed(sources),
        SourcesFrom::Secret(id) => SourcesCache::read_by(Secret::new(aws.clone(), id, PATIENCE)),
    };
    let sources = Arc::new(sources.with_recorder(recorder.clone()));
    let queue = SqsQueue::new(&aws, queue_url, PATIENCE);
    let bucket = S3Bucket::new(aws, bucket, PATIENCE);
    let puller =
        Puller::new(sources, queue.clone(), bucket.clone(), SenderHttp::default(), OffsetDateTime::now_utc);
    let puller = puller.with_memory(memory).with_recorder(recorder.clone());
    Ok(Function { puller, queue, bucket, recorder, passed: AtomicBool::new(false) })
}

/// How long this invocation may still take.
fn left(ends: SystemTime) -> Duration {
    ends.duration_since(SystemTime::now()).unwrap_or_default()
}
