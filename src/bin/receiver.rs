//! The Lambda function behind the function URL: callbacks in, messages on the queue.

use std::sync::Arc;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use mediahook::callback::Callback;
use mediahook::receive::Receiver;
use mediahook::store::{aws::Aws, sqs::SqsQueue};
use mediahook::{config, telemetry};
use time::OffsetDateTime;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let receiver = Arc::new(receiver().inspect_err(|error| tracing::error!(%error, "cannot start"))?);
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Callback>| {
        let receiver = Arc::clone(&receiver);
        async move { Ok::<_, Error>(receiver.receive(event.payload).await) }
    }))
    .await
}

fn receiver() -> Result<Receiver<SqsQueue>, config::ConfigError> {
    let sources = config::sources()?;
    for warning in sources.warnings() {
        tracing::warn!("{warning}");
    }
    let queue = SqsQueue::new(&Aws::from_env()?, config::queue_url()?);
    Ok(Receiver::new(sources, queue, OffsetDateTime::now_utc))
}
