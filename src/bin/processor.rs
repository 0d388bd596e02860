//! The Lambda function behind the queue: batches in, each event on the bus.

use std::process::ExitCode;

use mediahook::config::Environment;
use mediahook::lambda::command_line;
use mediahook::{process, telemetry};

const ABOUT: &str = "Takes events from the queue and puts each on an event bus.";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let environment = Environment::from_env();
    if let Some(exit) = command_line::answer("processor", ABOUT, &environment) {
        return exit;
    }
    telemetry::init(&environment, env!("CARGO_CRATE_NAME"));
    telemetry::exit(process::run_from_env(&environment).await)
}
