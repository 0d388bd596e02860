//! The Lambda function behind the function URL: callbacks in, messages on the queue.

use std::process::ExitCode;
use std::sync::Arc;

use lambda_runtime::tower::util::MapFutureLayer;
use lambda_runtime::{Error, LambdaEvent, Runtime, service_fn};
use mediahook::aws::{Aws, s3::S3Bucket, secrets_manager::SourcesSecret, sqs::SqsQueue};
use mediahook::config::{ConfigError, Environment, IngestConfig};
use mediahook::lambda::invocation::{Invocation, failure, time_left};
use mediahook::lambda::request::FunctionUrlInvocation;
use mediahook::lambda::{command_line, response};
use mediahook::receive::Receiver;
use mediahook::receive::origin::OriginSecrets;
use mediahook::sources::cache::SourcesCache;
use mediahook::telemetry::{self, LogOutput, Recorder};
use mediahook::timeouts::receive::{RETRY_POLICY, SOURCES_RETRY_POLICY, deadline};
use serde_json::value::RawValue;
use time::OffsetDateTime;

const ABOUT: &str =
    "Takes callbacks from a function URL, authenticates them and puts each event into the queue.";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let environment = Environment::from_env();
    if let Some(exit) = command_line::answer("receiver", ABOUT, &environment) {
        return exit;
    }
    let log = LogOutput::deferred();
    telemetry::init_with(&environment, env!("CARGO_CRATE_NAME"), &log);
    let exit = telemetry::exit(run(environment, log.clone()).await);
    log.flush();
    exit
}

async fn run(environment: Environment, log: LogOutput) -> Result<(), Error> {
    let recorder = Recorder::with_output(&environment, log.clone());
    // It lives as long as the process.
    let receiver = receiver(&environment, recorder).await.inspect_err(ConfigError::log)?;
    let receiver: &'static Receiver<_, _> = Box::leak(Box::new(receiver));
    receiver.warm_up().await.inspect_err(ConfigError::log)?;
    log.flush();
    let runtime = Runtime::new(service_fn(move |event: LambdaEvent<Box<RawValue>>| {
        let LambdaEvent { payload, context } = event;
        let (deadline, invocation) = (deadline(time_left(&context)), Invocation::begin(&context));
        let request = FunctionUrlInvocation::parse(payload.get()).map(FunctionUrlInvocation::into_request);
        drop(payload); // the body is in the request
        async move {
            let request = request.map_err(|error| {
                tracing::error!(%error, "the invocation fails");
                failure("NotARequest", error)
            })?;
            let answer = receiver.receive(request, deadline, &invocation).await;
            Ok::<_, lambda_runtime::Diagnostic>(response::to_function_url(answer))
        }
    }));
    // Around the runtime's own layers: when `answered` ends, the response is sent, and the next invocation is not yet
    // requested.
    let runtime = runtime.layer(MapFutureLayer::new(move |answered| {
        let log = log.clone();
        async move {
            let result = answered.await;
            receiver.after_answer().await;
            log.flush();
            result
        }
    }));
    // Spawned: waking the future of `block_on` costs a system call, waking a task does not (three times per callback).
    tokio::spawn(runtime.run()).await?
}

async fn receiver(
    environment: &Environment,
    recorder: Recorder,
) -> Result<Receiver<SqsQueue, S3Bucket>, ConfigError> {
    let IngestConfig { sources, queue_url, bucket } = IngestConfig::from_env(environment)?;
    let origin = OriginSecrets::from_env(environment)?;
    let aws = Aws::from_env(environment).await?;
    let queue = SqsQueue::new(&aws, queue_url, RETRY_POLICY);
    let secret = |id| SourcesSecret::new(&aws, id, SOURCES_RETRY_POLICY);
    let sources = SourcesCache::new(sources, secret, &recorder);
    let bucket = S3Bucket::new(&aws, bucket, RETRY_POLICY);
    let mut receiver = Receiver::new(Arc::new(sources), queue, bucket, OffsetDateTime::now_utc);
    receiver.origin = origin;
    receiver.recorder = recorder;
    Ok(receiver)
}
