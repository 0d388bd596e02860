//! The log, on standard output: the [wide events](wide_event) as one JSON object a line each, and beside them what is told
//! by `tracing`, in the format that the function's logging configuration sets.

pub mod metrics;
pub mod output;
pub mod wide_event;

use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::Environment;
pub use output::LogOutput;
pub use wide_event::Recorder;

/// The level the function's logging configuration asks for.
const LOG_LEVEL: &str = "AWS_LAMBDA_LOG_LEVEL";
/// The format it asks for: `Text`, else JSON.
const LOG_FORMAT: &str = "AWS_LAMBDA_LOG_FORMAT";
/// Whose lines hold lost events: JSON in either format, for a machine is to read them.
const LOST: &str = "mediahook::receive::lost";

/// Starts the log. Our own lines come at the level that Lambda's logging configuration sets (default INFO); of the
/// libraries we hear warnings alone, since some of them write whole requests at lower levels.
pub fn init(environment: &Environment) {
    init_with(environment, &LogOutput::immediate());
}

/// The same, with the lines written to this output.
pub fn init_with(environment: &Environment, output: &LogOutput) {
    let level = level(environment);
    let filter = Targets::new()
        .with_default(LevelFilter::WARN.min(LevelFilter::from_level(level)))
        .with_target(env!("CARGO_PKG_NAME"), level);
    let is_text = environment.optional(LOG_FORMAT).is_some_and(|format| format.eq_ignore_ascii_case("text"));
    let lines = || {
        tracing_subscriber::fmt::layer()
            .with_writer(output.clone())
            .with_target(false)
            .with_ansi(false)
            // Else it would complain on standard error, and panic where that is closed too.
            .log_internal_errors(false)
    };
    let json = lines().json().flatten_event(true).with_current_span(true).with_span_list(false);
    // A second start in one process (tests, the local example) keeps the first log.
    let _ = if is_text {
        let json = json.with_filter(Targets::new().with_target(LOST, level));
        let text = lines().with_filter(filter.with_target(LOST, LevelFilter::OFF));
        tracing_subscriber::registry().with(vec![json.boxed(), text.boxed()]).try_init()
    } else {
        tracing_subscriber::registry().with(json).with(filter).try_init()
    };
}

/// The level of the function's logging configuration; FATAL is ERROR here, so that what is lost still shows.
fn level(environment: &Environment) -> Level {
    let name = environment.optional(LOG_LEVEL).map(str::to_ascii_uppercase);
    match name.as_deref() {
        Some("FATAL") => Level::ERROR,
        name => name.and_then(|name| name.parse().ok()).unwrap_or(Level::INFO),
    }
}
