//! The log on standard output: a [`Line`] of JSON for each callback, record or feed, which also counts its metrics, and
//! the lines of `tracing`, in the format of the function's logging configuration.

pub mod line;
pub mod metrics;
pub mod output;
mod recorder;

use std::process::ExitCode;

use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::{ConfigError, Environment};
pub use line::Line;
pub use output::LogOutput;
pub use recorder::Recorder;

/// The variable with the log level of the function's logging configuration.
const LOG_LEVEL: &str = "AWS_LAMBDA_LOG_LEVEL";
/// The variable with its log format: `Text`, else JSON.
const LOG_FORMAT: &str = "AWS_LAMBDA_LOG_FORMAT";

/// Starts the log. The lines of mediahook and of the function's own crate, `env!("CARGO_CRATE_NAME")`, have the level of
/// Lambda's logging configuration (default INFO). Libraries log only warnings and errors, because some of them log whole
/// requests at lower levels.
pub fn init(environment: &Environment, own_crate: &str) {
    init_with(environment, own_crate, &LogOutput::immediate());
}

/// The same, with the lines written to this output.
pub fn init_with(environment: &Environment, own_crate: &str, output: &LogOutput) {
    let known_level = known_level(environment);
    let filter = filter(known_level.unwrap_or(Level::INFO), own_crate);
    let format = environment.optional(LOG_FORMAT).map(|format| format.trim().to_ascii_lowercase());
    let output = output.clone();
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(move || output.clone())
        .with_target(false)
        .with_ansi(false)
        // Without this it would write to standard error, and panic if that is closed too.
        .log_internal_errors(false);
    let lines = if format.as_deref() == Some("text") {
        lines.boxed()
    } else {
        lines.json().flatten_event(true).with_current_span(true).with_span_list(false).boxed()
    };
    // If a process starts the log twice (tests, the local example), the first log stays in use.
    let _ = tracing_subscriber::registry().with(lines).with(filter).try_init();
    // Not an error: Lambda sets both, and may introduce values that we do not know. A receiver must start
    // nevertheless.
    if known_level.is_none() {
        tracing::warn!("{LOG_LEVEL}: expected TRACE, DEBUG, INFO, WARN, ERROR or FATAL; it is INFO now");
    }
    if !matches!(format.as_deref(), None | Some("text" | "json")) {
        tracing::warn!("{LOG_FORMAT}: expected JSON or Text; it is JSON now");
    }
}

fn filter(level: Level, own_crate: &str) -> Targets {
    Targets::new()
        .with_default(LevelFilter::WARN.min(LevelFilter::from_level(level)))
        .with_targets([(env!("CARGO_PKG_NAME"), level), (own_crate, level)])
}

/// The exit status of a function that has ended, which should never happen. Logs the error, unless it is logged
/// already.
pub fn exit(result: Result<(), lambda_runtime::Error>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if !error.is::<ConfigError>() {
                tracing::error!(%error, "the function has ended");
            }
            ExitCode::FAILURE
        }
    }
}

/// The level of the function's logging configuration, INFO if it is not set; `None` if it is not known. FATAL counts as
/// ERROR here, so that lost events are still logged. `tracing` would also accept a number, which is not a level of Lambda.
fn known_level(environment: &Environment) -> Option<Level> {
    let Some(name) = environment.optional(LOG_LEVEL) else { return Some(Level::INFO) };
    match name.trim().to_ascii_uppercase().as_str() {
        "FATAL" => Some(Level::ERROR),
        name if name.chars().all(char::is_alphabetic) => name.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handlers_own_lines_are_logged_and_of_a_librarys_only_warnings() {
        let filter = filter(Level::INFO, "media_handler");
        for (target, level, is_logged) in [
            ("media_handler", Level::INFO, true),
            ("media_handler::orders", Level::INFO, true),
            ("media_handler", Level::DEBUG, false),
            ("mediahook::process", Level::INFO, true),
            ("hyper::client", Level::INFO, false),
            ("hyper::client", Level::WARN, true),
        ] {
            assert_eq!(filter.would_enable(target, &level), is_logged, "{target} {level}");
        }
    }
}
