//! The Lambda function behind the function URL: callbacks in, messages on the queue.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use lambda_runtime::tower::util::MapFutureLayer;
use lambda_runtime::{Error, LambdaEvent, Runtime, service_fn};
use mediahook::aws::{Aws, s3::S3Bucket, secrets_manager::Secret, sqs::SqsQueue};
use mediahook::config::{ConfigError, Environment, SourcesFrom};
use mediahook::lambda::invocation::Invocation;
use mediahook::lambda::{request, response};
use mediahook::receive::Receiver;
use mediahook::receive::budget::{Deadline, INIT_WITHIN, PATIENCE};
use mediahook::receive::origin::OriginSecrets;
use mediahook::sources::cache::SourcesCache;
use mediahook::telemetry::{self, LogOutput, Recorder};
use serde_json::value::RawValue;
use time::OffsetDateTime;
use tokio::time::timeout;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let environment = Environment::of_process();
    let log = LogOutput::deferred();
    telemetry::init_with(&environment, &log);
    let result = run(environment, log.clone()).await;
    log.flush();
    result
}

async fn run(environment: Environment, log: LogOutput) -> Result<(), Error> {
    let recorder = Recorder::on(&environment, log.clone());
    let receiver = receiver(environment, recorder).await;
    let receiver = Arc::new(receiver.inspect_err(|error| tracing::error!(%error, "cannot start"))?);
    log.flush();
    // As it came: an invocation that is not a request is answered by us, and is not a failed one.
    let runtime = Runtime::new(service_fn(move |event: LambdaEvent<Box<RawValue>>| {
        let receiver = Arc::clone(&receiver);
        let LambdaEvent { payload, context } = event;
        let (deadline, invocation) = (Deadline::new(left(context.deadline())), Invocation::begin(&context));
        let callback = request::from_invocation(payload.get());
        drop(payload); // the body is in the request
        async move {
            let answer = receiver.receive(callback, deadline, &invocation).await;
            Ok::<_, Error>(response::to_function_url(answer))
        }
    }));
    // Around the runtime's own layers: when this future ends, the response is sent, and the next invocation not asked for.
    let runtime = runtime.layer(MapFutureLayer::new(move |answered| flush_after(answered, log.clone())));
    // As a task: what wakes the outermost future takes a detour through the kernel, three times a callback.
    tokio::spawn(runtime.run()).await?
}

async fn flush_after<T>(answered: impl Future<Output = T>, log: LogOutput) -> T {
    let result = answered.await;
    log.flush();
    result
}

async fn receiver(
    environment: Environment,
    recorder: Recorder,
) -> Result<Receiver<SqsQueue, S3Bucket>, ConfigError> {
    let (sources, queue_url, bucket) =
        (environment.sources()?, environment.queue_url()?, environment.bucket()?);
    let origin = OriginSecrets::from_env(&environment)?;
    let aws = Aws::new(environment)?;
    let queue = SqsQueue::new(&aws, queue_url, PATIENCE);
    let sources = match sources {
        SourcesFrom::Document(sources) => SourcesCache::fixed(sources),
        SourcesFrom::Secret(id) => SourcesCache::read_by(Secret::new(aws.clone(), id, PATIENCE)),
    };
    let sources = sources.with_recorder(recorder.clone());
    warm_up(&sources, &queue).await?;
    let bucket = S3Bucket::new(aws, bucket, PATIENCE);
    let receiver = Receiver::new(Arc::new(sources), queue, bucket, OffsetDateTime::now_utc);
    Ok(receiver.behind(origin).with_recorder(recorder))
}

/// What takes longer than init may is left to the callbacks: a secret they wait for, a connection they open.
async fn warm_up(sources: &SourcesCache, queue: &SqsQueue) -> Result<(), ConfigError> {
    let read = sources.refresh(OffsetDateTime::now_utc(), INIT_WITHIN);
    let (read, queue) = tokio::join!(read, timeout(INIT_WITHIN, queue.warm_up()));
    match read {
        Err(error) if error.is_lasting() && sources.current().is_none() => {
            return Err(ConfigError::Secret(error.to_string()));
        }
        _ => {}
    }
    match queue {
        Ok(Err(error)) => tracing::warn!(%error, "the queue is not warmed up"),
        Err(_) => tracing::warn!("the queue is not warmed up, as it takes too long"),
        Ok(Ok(())) => {}
    }
    Ok(())
}

/// How long this invocation may still take.
fn left(ends: SystemTime) -> Duration {
    ends.duration_since(SystemTime::now()).unwrap_or_default()
}
