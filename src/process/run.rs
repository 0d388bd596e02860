//! The function itself: what its environment asks for, put together.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::sync::Arc;
use std::time::SystemTime;

use aws_lambda_events::sqs::SqsBatchResponse;
use lambda_runtime::{Context, Diagnostic, Error, LambdaEvent, service_fn};
use serde_json::value::RawValue;
use time::OffsetDateTime;

use super::budget::{Deadline, PATIENCE, READY};
use super::checks::Checks;
use super::config::{Config, DEAD_LETTER_QUEUE_URL, MAX_RECEIVE_COUNT, TABLE};
use super::line::log_misconfigured;
use super::{Deliver, Processor, invocation};
use crate::aws::Aws;
use crate::aws::dynamodb::DynamoDbLedger;
use crate::aws::sqs::SqsQueue;
use crate::config::{ConfigErrors, Environment};
use crate::lambda::invocation::{Invocation, failure};
use crate::telemetry::Recorder;

type Ready<D> = Processor<D, DynamoDbLedger, SqsQueue>;

/// Runs a Lambda function that hands every event to a handler: all that a `main` of your own needs. The environment of
/// the process says whether there is a ledger and a dead-letter queue (see [`super::config`]). Its variables with the prefix
/// `MEDIAHOOK_` are mediahook's: give those of your handler another one.
///
/// ```no_run
/// use mediahook::config::Environment;
/// use mediahook::event::envelope::Envelope;
/// use mediahook::telemetry;
/// use mediahook::process::{self, Failure, Handler};
///
/// struct Publish;
///
/// impl Handler for Publish {
///     async fn handle(&self, event: &Envelope) -> Result<(), Failure> {
///         let media = event.mediaid.as_deref().ok_or("an event without a media")?;
///         println!("{media} is {:?}", event.outcome);
///         Ok(())
///     }
/// }
///
/// #[tokio::main(flavor = "current_thread")]
/// async fn main() -> Result<(), lambda_runtime::Error> {
///     telemetry::init(&Environment::of_process());
///     process::run(Publish).await
/// }
/// ```
///
/// # Errors
/// A variable is missing or wrong, which the log says, or the Lambda Runtime API cannot be reached.
pub async fn run<D: Deliver + 'static>(handler: D) -> Result<(), Error> {
    run_with(Environment::of_process(), Ok(handler)).await
}

/// The same with this environment, and with a handler that was made from it, or the mistakes found on the way: they are
/// logged together with those that are found here.
///
/// # Errors
/// As [`run`].
pub async fn run_with<D: Deliver + 'static>(
    environment: Environment,
    handler: Result<D, ConfigErrors>,
) -> Result<(), Error> {
    let recorder = Recorder::of(&environment);
    let function = match function(handler, environment, recorder) {
        Ok(function) => Arc::new(function),
        Err(errors) => {
            errors.log();
            return Err(errors.into());
        }
    };
    function.processor.prepare().await;
    // What is wrong is logged by the invocation that fails for it.
    let _ = function.checks.ask(READY).await;
    // As it came: an invocation that is not a batch is answered by us.
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Box<RawValue>>| {
        let function = Arc::clone(&function);
        async move { function.process(event.payload.get(), &event.context).await }
    }))
    .await
}

/// The processor, and what is asked before it begins.
struct Function<D> {
    processor: Ready<D>,
    checks: Checks,
    recorder: Recorder,
}

impl<D: Deliver> Function<D> {
    async fn process(&self, payload: &str, context: &Context) -> Result<SqsBatchResponse, Diagnostic> {
        let left = context.deadline().duration_since(SystemTime::now()).unwrap_or_default();
        let (deadline, invocation) = (Deadline::new(left), Invocation::begin(context));
        let batch = match invocation::batch(payload) {
            Ok(batch) => batch,
            Err(error) => {
                tracing::error!(%error, "nothing processed");
                return Err(failure("NotABatch", &error));
            }
        };
        let checked = match self.checks.ask(deadline.ready_within()).await {
            Ok(()) => self.checks.is_loop(&batch),
            failed => failed,
        };
        if let Err(error) = checked {
            log_misconfigured(&self.recorder, &error, OffsetDateTime::now_utc(), &invocation);
            return Err(failure("Misconfigured", &error));
        }
        let answer = self.processor.process(batch, deadline, &invocation).await;
        answer.map_err(|error| failure("NoMessageId", &error))
    }
}

fn function<D: Deliver>(
    handler: Result<D, ConfigErrors>,
    environment: Environment,
    recorder: Recorder,
) -> Result<Function<D>, ConfigErrors> {
    let mut errors = ConfigErrors::default();
    let (handler, config) = (errors.take(handler), errors.take(Config::read(&environment)));
    let needs_aws = environment.optional(TABLE).or(environment.optional(DEAD_LETTER_QUEUE_URL)).is_some();
    let aws = if needs_aws { errors.take(Aws::new(environment)) } else { None };
    let (Some(handler), Some(config), true) = (handler, config, aws.is_some() == needs_aws) else {
        return Err(errors);
    };
    let Config { table, dead_letter_queue_url, max_receive_count, bucket } = config;
    if table.is_none() {
        tracing::warn!("{TABLE} is not set: an event that is redelivered is processed again");
    }
    if dead_letter_queue_url.is_some() && max_receive_count.is_none() {
        tracing::warn!(
            "{MAX_RECEIVE_COUNT} is not set beside {DEAD_LETTER_QUEUE_URL}: when a record keeps failing, what is behind it in \
             its message group becomes a dead letter with it, untried"
        );
    }
    let aws = aws.as_ref();
    let ledger = table.zip(aws).map(|((table, terms), aws)| {
        DynamoDbLedger::new(aws, table, terms, owner(), OffsetDateTime::now_utc, PATIENCE)
    });
    let dead_letters = dead_letter_queue_url.zip(aws).map(|(url, aws)| {
        let queue = SqsQueue::new(aws, url.clone(), PATIENCE);
        (url, queue)
    });
    let processor = Processor::new(handler)
        .with_max_receive_count(max_receive_count)
        .with_bucket(bucket)
        .with_ledger(ledger.clone())
        .with_dead_letters(dead_letters.as_ref().map(|(_, queue)| queue.clone()))
        .with_recorder(recorder.clone(), OffsetDateTime::now_utc);
    Ok(Function { processor, checks: Checks::new(ledger, dead_letters), recorder })
}

/// A name that no other process has: the standard library's hasher has a random key.
fn owner() -> String {
    format!("{:016x}", RandomState::new().hash_one(std::process::id()))
}
