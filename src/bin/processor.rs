//! The Lambda function behind the queue: batches in, each event to its effect.

use mediahook::aws::{Aws, eventbridge::EventBridgeBus, s3::S3Bucket};
use mediahook::config::{ConfigError, Environment};
use mediahook::process::budget::PATIENCE;
use mediahook::process::config::bus_and_bucket;
use mediahook::process::publish::Publisher;
use mediahook::process::{self, LogHandler};
use mediahook::telemetry;
use time::OffsetDateTime;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let environment = Environment::of_process();
    telemetry::init(&environment);
    match publisher(environment).inspect_err(|error| tracing::error!(%error, "cannot start"))? {
        Some(publisher) => process::run(publisher).await,
        None => process::run(LogHandler).await,
    }
}

fn publisher(environment: Environment) -> Result<Option<Publisher<EventBridgeBus, S3Bucket>>, ConfigError> {
    let Some((bus, bucket)) = bus_and_bucket(&environment)? else { return Ok(None) };
    let aws = Aws::new(environment)?;
    let bus = EventBridgeBus::new(&aws, bus, PATIENCE);
    Ok(Some(Publisher::new(bus, S3Bucket::new(aws, bucket, PATIENCE), OffsetDateTime::now_utc)))
}
