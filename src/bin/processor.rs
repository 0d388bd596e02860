//! The Lambda function behind the queue: batches in, each event to its destination.

use std::process::ExitCode;

use mediahook::aws::{Aws, eventbridge::EventBridgeBus, s3::S3Bucket};
use mediahook::config::{ConfigErrors, Environment};
use mediahook::lambda::command_line;
use mediahook::process::budget::PATIENCE;
use mediahook::process::config::Destination;
use mediahook::process::publish::Publisher;
use mediahook::process::{self, LogHandler};
use mediahook::telemetry;
use time::OffsetDateTime;

const ABOUT: &str = "Takes events from the queue and delivers each to an event bus (or to the log).";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let environment = Environment::of_process();
    if let Some(exit) = command_line::answer("processor", ABOUT, &environment) {
        return exit;
    }
    telemetry::init(&environment);
    let result = match Destination::read(&environment) {
        Ok(Destination::EventBus(bus, bucket)) => {
            let publisher = publisher(environment.clone(), bus, bucket);
            process::run_with(environment, publisher).await
        }
        Ok(Destination::Log) => process::run_with(environment, Ok(LogHandler)).await,
        Err(errors) => process::run_with::<LogHandler>(environment, Err(errors)).await,
    };
    telemetry::exit(result)
}

fn publisher(
    environment: Environment,
    bus: String,
    bucket: String,
) -> Result<Publisher<EventBridgeBus, S3Bucket>, ConfigErrors> {
    let aws = Aws::new(environment)?;
    let bus = EventBridgeBus::new(&aws, bus, PATIENCE);
    Ok(Publisher::new(bus, S3Bucket::new(aws, bucket, PATIENCE), OffsetDateTime::now_utc))
}
