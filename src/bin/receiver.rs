//! The Lambda function behind the function URL: callbacks in, messages on the queue.

use std::sync::Arc;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use mediahook::callback::Callback;
use mediahook::config::{ConfigError, Environment};
use mediahook::receive::Receiver;
use mediahook::store::{aws::Aws, sqs::SqsQueue};
use mediahook::telemetry;
use time::OffsetDateTime;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let environment = Environment::of_process();
    telemetry::init(&environment);
    let receiver = receiver(environment).inspect_err(|error| tracing::error!(%error, "cannot start"))?;
    let receiver = Arc::new(receiver);
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Callback>| {
        let receiver = Arc::clone(&receiver);
        async move { Ok::<_, Error>(receiver.receive(event.payload).await) }
    }))
    .await
}

fn receiver(environment: Environment) -> Result<Receiver<SqsQueue>, ConfigError> {
    let sources = environment.sources()?;
    for warning in sources.warnings() {
        tracing::warn!("{warning}");
    }
    let queue_url = environment.queue_url()?;
    let queue = SqsQueue::new(&Aws::new(environment)?, queue_url);
    Ok(Receiver::new(sources, queue, OffsetDateTime::now_utc))
}
