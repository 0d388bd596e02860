//! The function itself: what its environment asks for, put together.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::sync::Arc;
use std::time::SystemTime;

use aws_lambda_events::sqs::SqsEvent;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use time::OffsetDateTime;

use super::budget::{Deadline, PATIENCE};
use super::config::{Config, DEAD_LETTER_QUEUE_URL, MAX_RECEIVE_COUNT, TABLE};
use super::{Deliver, Processor};
use crate::aws::Aws;
use crate::aws::dynamodb::DynamoDbLedger;
use crate::aws::sqs::SqsQueue;
use crate::config::{ConfigError, Environment};
use crate::lambda::invocation::Invocation;
use crate::telemetry::Recorder;

type Ready<D> = Processor<D, DynamoDbLedger, SqsQueue>;

/// Runs a Lambda function that hands every event to a handler: all that a `main` of your own needs. The environment of
/// the process says whether there is a ledger and a dead-letter queue (see [`super::config`]).
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
/// A variable is missing or wrong, or the Lambda Runtime API cannot be reached.
pub async fn run<D: Deliver + 'static>(handler: D) -> Result<(), Error> {
    let environment = Environment::of_process();
    let recorder = Recorder::of(&environment);
    let processor =
        processor(handler, environment).inspect_err(|error| tracing::error!(%error, "cannot start"))?;
    let processor = Arc::new(processor.with_recorder(recorder, OffsetDateTime::now_utc));
    processor.prepare().await;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<SqsEvent>| {
        let processor = Arc::clone(&processor);
        let left = event.context.deadline().duration_since(SystemTime::now()).unwrap_or_default();
        let (deadline, invocation) = (Deadline::new(left), Invocation::begin(&event.context));
        async move { processor.process(event.payload, deadline, &invocation).await.map_err(Error::from) }
    }))
    .await
}

fn processor<D: Deliver>(handler: D, environment: Environment) -> Result<Ready<D>, ConfigError> {
    let Config { table, dead_letter_queue_url, max_receive_count } = Config::read(&environment)?;
    if table.is_none() {
        tracing::warn!("{TABLE} is not set: an event that is redelivered is processed again");
    }
    if dead_letter_queue_url.is_some() && max_receive_count.is_none() {
        tracing::warn!(
            "{MAX_RECEIVE_COUNT} is not set beside {DEAD_LETTER_QUEUE_URL}: when a record keeps failing, what is behind it in \
             its message group becomes a dead letter with it, untried"
        );
    }
    let processor = Processor::new(handler).with_max_receive_count(max_receive_count);
    if table.is_none() && dead_letter_queue_url.is_none() {
        return Ok(processor.with_ledger(None).with_dead_letters(None));
    }
    let aws = Aws::new(environment)?;
    let ledger = table.map(|(table, terms)| {
        DynamoDbLedger::new(&aws, table, terms, owner(), OffsetDateTime::now_utc, PATIENCE)
    });
    let dead_letters = dead_letter_queue_url.map(|url| SqsQueue::new(&aws, url, PATIENCE));
    Ok(processor.with_ledger(ledger).with_dead_letters(dead_letters))
}

/// A name that no other process has: the standard library's hasher has a random key.
fn owner() -> String {
    format!("{:016x}", RandomState::new().hash_one(std::process::id()))
}
