//! The Lambda function that runs every minute: the senders' queues and the spill in, messages on the queue.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use lambda_runtime::{Error, LambdaEvent, service_fn};
use mediahook::aws::{Aws, s3::S3Bucket, secrets_manager::Secret, sqs::SqsQueue};
use mediahook::config::{ConfigError, Environment, SourcesFrom};
use mediahook::lambda::invocation::Invocation;
use mediahook::pull::Puller;
use mediahook::pull::budget::{Deadline, PATIENCE, WARM_UP_WITHIN};
use mediahook::pull::{http::SenderHttp, memory::ReadMemory};
use mediahook::sources::cache::SourcesCache;
use mediahook::telemetry::{self, Recorder};
use serde::de::IgnoredAny;
use time::OffsetDateTime;
use tokio::time::timeout;

/// What is read at the same time is in memory up to three times: as its bytes, as events and as messages.
const MEMORY_PER_READ: usize = 4;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let environment = Environment::of_process();
    telemetry::init(&environment);
    let recorder = Recorder::of(&environment);
    let puller = puller(environment, recorder).await;
    let puller = Arc::new(puller.inspect_err(|error| tracing::error!(%error, "cannot start"))?);
    lambda_runtime::run(service_fn(move |event: LambdaEvent<IgnoredAny>| {
        let puller = Arc::clone(&puller);
        let deadline = Deadline::new(left(event.context.deadline()));
        let invocation = Invocation::begin(&event.context);
        async move { Ok::<_, Error>(puller.pull(deadline, &invocation).await) }
    }))
    .await
}

async fn puller(
    environment: Environment,
    recorder: Recorder,
) -> Result<Puller<SqsQueue, S3Bucket, SenderHttp>, ConfigError> {
    let (sources, queue_url, bucket) =
        (environment.sources()?, environment.queue_url()?, environment.bucket()?);
    let memory = ReadMemory::new(environment.memory_bytes() / MEMORY_PER_READ);
    let aws = Aws::new(environment)?;
    // A secret that cannot be read does not keep the spill waiting: it is read with the first run.
    let sources = match sources {
        SourcesFrom::Document(sources) => SourcesCache::fixed(sources),
        SourcesFrom::Secret(id) => SourcesCache::read_by(Secret::new(aws.clone(), id, PATIENCE)),
    };
    let sources = sources.with_recorder(recorder.clone());
    let queue = SqsQueue::new(&aws, queue_url, PATIENCE);
    // For the queue's own limits. Where it does not tell them, it has those of a new one.
    if !matches!(timeout(WARM_UP_WITHIN, queue.warm_up()).await, Ok(Ok(()))) {
        tracing::warn!("the queue does not tell its limits");
    }
    let bucket = S3Bucket::new(aws, bucket, PATIENCE);
    let http = SenderHttp::default();
    let puller = Puller::new(Arc::new(sources), queue, bucket, http, OffsetDateTime::now_utc);
    Ok(puller.with_memory(memory).with_recorder(recorder))
}

/// How long this invocation may still take.
fn left(ends: SystemTime) -> Duration {
    ends.duration_since(SystemTime::now()).unwrap_or_default()
}
