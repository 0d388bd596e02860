//! The Lambda function behind the function URL: callbacks in, messages on the queue.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use lambda_runtime::{Error, LambdaEvent, Runtime, service_fn};
use mediahook::callback::Whole;
use mediahook::config::{ConfigError, Environment, SourcesFrom};
use mediahook::invocation::Invocation;
use mediahook::keyring::Keyring;
use mediahook::receive::Receiver;
use mediahook::receive::budget::{Deadline, INIT_WITHIN, PATIENCE};
use mediahook::store::{aws::Aws, s3::S3Bucket, secrets::Secret, sqs::SqsQueue};
use mediahook::telemetry::{self, Recorder};
use time::OffsetDateTime;
use tokio::time::timeout;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let environment = Environment::of_process();
    telemetry::init(&environment);
    let recorder = Recorder::of(&environment);
    let receiver =
        receiver(environment).await.inspect_err(|error| tracing::error!(%error, "cannot start"))?;
    let receiver = Arc::new(receiver.with_recorder(recorder));
    let runtime = Runtime::new(service_fn(move |event: LambdaEvent<Whole>| {
        let receiver = Arc::clone(&receiver);
        let deadline = Deadline::new(left(event.context.deadline()));
        let (invocation, Whole(callback)) = (Invocation::begin(&event.context), event.payload);
        async move { Ok::<_, Error>(receiver.receive(callback, deadline, &invocation).await) }
    }));
    // As a task: what wakes the outermost future takes a detour through the kernel, three times a callback.
    tokio::spawn(runtime.run()).await?
}

async fn receiver(environment: Environment) -> Result<Receiver<SqsQueue, S3Bucket>, ConfigError> {
    let (sources, queue_url, bucket) =
        (environment.sources()?, environment.queue_url()?, environment.bucket()?);
    let aws = Aws::new(environment)?;
    let queue = SqsQueue::new(&aws, queue_url, PATIENCE);
    let keyring = Arc::new(match sources {
        SourcesFrom::Document(sources) => Keyring::fixed(sources),
        SourcesFrom::Secret(id) => Keyring::kept_by(Secret::new(aws.clone(), id, PATIENCE)),
    });
    warm_up(&keyring, &queue).await?;
    Ok(Receiver::new(keyring, queue, S3Bucket::new(aws, bucket, PATIENCE), OffsetDateTime::now_utc))
}

/// What takes longer than init may is left to the callbacks: a secret they wait for, a connection they open.
async fn warm_up(keyring: &Keyring, queue: &SqsQueue) -> Result<(), ConfigError> {
    let sources = keyring.read(OffsetDateTime::now_utc());
    let (sources, queue) = tokio::join!(timeout(INIT_WITHIN, sources), timeout(INIT_WITHIN, queue.warm_up()));
    match sources {
        Ok(Err(error)) if error.is_lasting() => return Err(error.into()),
        Ok(Err(error)) => tracing::warn!(%error, "the sources are left to the first callback"),
        Err(_) => tracing::warn!("the sources are left to the first callback, as they take too long"),
        Ok(Ok(())) => {}
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
