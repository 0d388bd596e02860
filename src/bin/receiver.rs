//! The Lambda function behind the function URL: callbacks in, messages on the queue.

use std::process::ExitCode;
use std::sync::Arc;

use lambda_runtime::tower::util::MapFutureLayer;
use lambda_runtime::{Error, LambdaEvent, Runtime, service_fn};
use mediahook::aws::{Aws, s3::S3Bucket, secrets_manager::Secret, sqs::SqsQueue};
use mediahook::config::{ConfigError, ConfigErrors, Environment, Intake, QUEUE_URL, SourcesFrom, both};
use mediahook::lambda::invocation::{Invocation, failure, has_records, time_left};
use mediahook::lambda::{command_line, request, response};
use mediahook::receive::Receiver;
use mediahook::receive::origin::OriginSecrets;
use mediahook::sources::cache::SourcesCache;
use mediahook::storage::Unusable;
use mediahook::telemetry::wide_event::log_misconfigured;
use mediahook::telemetry::{self, LogOutput, Recorder};
use mediahook::timeouts::receive::{INIT_WITHIN, RETRY_POLICY, deadline};
use serde_json::value::RawValue;
use time::OffsetDateTime;
use tokio::time::timeout;

const ABOUT: &str =
    "Takes callbacks from a function URL, authenticates them and puts each event into the queue.";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let environment = Environment::from_env();
    if let Some(exit) = command_line::answer("receiver", ABOUT, &environment) {
        return exit;
    }
    let log = LogOutput::deferred();
    telemetry::init_with(&environment, &log);
    let exit = telemetry::exit(run(environment, log.clone()).await);
    log.flush();
    exit
}

async fn run(environment: Environment, log: LogOutput) -> Result<(), Error> {
    let recorder = Recorder::with_output(&environment, log.clone());
    let receiver = receiver(&environment, recorder).await;
    let receiver = Arc::new(receiver.inspect_err(ConfigErrors::log)?);
    log.flush();
    // Raw: an invocation that is not a request has an answer too, and does not fail.
    let runtime = Runtime::new(service_fn(move |event: LambdaEvent<Box<RawValue>>| {
        let receiver = Arc::clone(&receiver);
        let LambdaEvent { payload, context } = event;
        let (deadline, invocation) = (deadline(time_left(&context)), Invocation::begin(&context));
        let callback = request::from_invocation(payload.get());
        let is_batch = callback.is_err() && has_records(payload.get());
        drop(payload); // the body is in the request
        async move {
            if is_batch {
                tracing::error!(error = NOT_A_REQUEST, "the invocation is not a request");
                return Err(failure("NotARequest", NOT_A_REQUEST));
            }
            let answer = receiver.receive(callback, deadline, &invocation).await;
            Ok(response::to_function_url(answer))
        }
    }));
    // Around the runtime's own layers: when this future ends, the response is sent, and the next invocation is not yet requested.
    let runtime = runtime.layer(MapFutureLayer::new(move |answered| flush_after(answered, log.clone())));
    // As a task: each wake of the outermost future goes through the kernel, three times a callback.
    tokio::spawn(runtime.run()).await?
}

/// If the invocation succeeded, SQS would delete the records of an event source mapping.
const NOT_A_REQUEST: &str = "not a request: the records of a queue or stream; the receiver is for its function URL, the processor for the queue";

async fn flush_after<T>(answered: impl Future<Output = T>, log: LogOutput) -> T {
    let result = answered.await;
    log.flush();
    result
}

async fn receiver(
    environment: &Environment,
    recorder: Recorder,
) -> Result<Receiver<SqsQueue, S3Bucket>, ConfigErrors> {
    let origin = OriginSecrets::from_env(environment);
    let intake = Intake::from_env(environment);
    let ((origin, Intake { sources, queue_url, bucket }), aws) =
        both(both(origin, intake), Aws::new(environment.clone()))?;
    let queue = SqsQueue::new(&aws, queue_url, RETRY_POLICY);
    let sources = match sources {
        SourcesFrom::Document(sources) => SourcesCache::fixed(sources),
        SourcesFrom::Secret(id) => SourcesCache::from_reader(Secret::new(aws.clone(), id, RETRY_POLICY)),
    };
    let sources = sources.with_recorder(recorder.clone());
    warm_up(&sources, &queue, &recorder).await?;
    let bucket = S3Bucket::new(aws, bucket, RETRY_POLICY);
    let receiver = Receiver::new(Arc::new(sources), queue, bucket, OffsetDateTime::now_utc);
    Ok(receiver.behind(origin).with_recorder(recorder))
}

/// Reads the sources and connects to the queue, for at most [`INIT_WITHIN`]; the first callback does what takes longer. A
/// queue that cannot be used does not stop the start: a running receiver falls back to S3, a stopped one loses callbacks.
/// The bucket is not checked: a second TLS handshake would make every cold start slower, and the puller checks it.
async fn warm_up(sources: &SourcesCache, queue: &SqsQueue, recorder: &Recorder) -> Result<(), ConfigError> {
    let read = sources.refresh(OffsetDateTime::now_utc(), INIT_WITHIN);
    let (read, queue) = tokio::join!(read, timeout(INIT_WITHIN, queue.check()));
    match read {
        Err(error) if error.is_lasting() && sources.current().is_none() => return Err(ConfigError::Secret),
        _ => {}
    }
    match queue {
        Ok(Err(Unusable::Misconfigured(why) | Unusable::NotPermitted(why))) => {
            let (message, error) =
                ("misconfigured: callbacks fall back to S3", format!("{QUEUE_URL}: {why}"));
            log_misconfigured(recorder, message, &error, OffsetDateTime::now_utc(), None);
        }
        Ok(Err(Unusable::Unknown(error))) => tracing::warn!(%error, "the queue is not warmed up"),
        Err(_) => tracing::warn!("the queue is not warmed up, as it takes too long"),
        Ok(Ok(())) => {}
    }
    Ok(())
}
