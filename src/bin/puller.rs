//! The Lambda function that runs every minute: the senders' queues and the spill in, messages on the queue.

use std::process::ExitCode;

use mediahook::config::Environment;
use mediahook::lambda::command_line;
use mediahook::{pull, telemetry};

const ABOUT: &str =
    "Runs every minute: brings events from the senders' own queues, and from the S3 fallback, to the queue.";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let environment = Environment::from_env();
    if let Some(exit) = command_line::answer("puller", ABOUT, &environment) {
        return exit;
    }
    telemetry::init(&environment, env!("CARGO_CRATE_NAME"));
    telemetry::exit(pull::run(&environment).await)
}
