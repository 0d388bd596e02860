//! The Lambda function behind the queue: batches in, each event to its effect.

use mediahook::config::Environment;
use mediahook::process::{self, LogHandler};
use mediahook::telemetry;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    telemetry::init(&Environment::of_process());
    process::run(LogHandler).await
}
