//! The log: one JSON object a line on standard output, as Lambda's own JSON format has it.

use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::Environment;

/// The level the function's logging configuration asks for.
const LOG_LEVEL: &str = "AWS_LAMBDA_LOG_LEVEL";

/// Starts the log. Our own lines come at the level that Lambda's logging configuration sets (default INFO); of the
/// libraries we hear warnings alone, since some of them write whole requests at lower levels.
pub fn init(environment: &Environment) {
    let level = environment.optional(LOG_LEVEL).and_then(level).unwrap_or(Level::INFO);
    let filter = Targets::new()
        .with_default(LevelFilter::WARN.min(LevelFilter::from_level(level)))
        .with_target(env!("CARGO_PKG_NAME"), level);
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_target(false);
    // A second start in one process (tests, the local example) keeps the first log.
    let _ = tracing_subscriber::registry().with(lines).with(filter).try_init();
}

/// Lambda's names of levels.
fn level(name: &str) -> Option<Level> {
    match name.to_ascii_uppercase().as_str() {
        "FATAL" => Some(Level::ERROR),
        other => other.parse().ok(),
    }
}
