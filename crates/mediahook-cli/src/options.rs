//! The options that every command has.

use std::time::Duration;

use clap::{Args, ValueEnum};

/// Which stack is meant, who asks, and how the result is shown.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Common options")]
pub(crate) struct Common {
    /// Name of the stack: its outputs name the queue, the bucket, the secret and everything else
    #[arg(long, global = true, value_name = "NAME", env = "MEDIAHOOK_STACK")]
    pub(crate) stack: Option<String>,
    /// The queue, instead of the stack's
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) queue_url: Option<String>,
    /// The dead-letter queue, instead of the stack's
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) dead_letter_queue_url: Option<String>,
    /// The bucket, instead of the stack's
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) bucket: Option<String>,
    /// The table of idempotency records, instead of the stack's
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) table: Option<String>,
    /// The event bus (name or ARN), instead of the stack's
    #[arg(long, global = true, value_name = "BUS")]
    pub(crate) event_bus: Option<String>,
    /// The receiver's address, instead of the stack's
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// The sources document with the keys, instead of the stack's secret; `-` is standard input
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) sources: Option<String>,
    /// AWS region
    #[arg(long, global = true, value_name = "REGION")]
    pub(crate) region: Option<String>,
    /// Profile of the AWS configuration (SSO too)
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Print one JSON object a line, errors too
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Print no notes on standard error
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Print each step on standard error
    #[arg(long, short, global = true)]
    pub(crate) verbose: bool,
    /// Never ask: fail where an answer would be needed
    #[arg(long, global = true)]
    pub(crate) no_input: bool,
    /// Seconds to wait for each answer
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
    /// When to color words
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: Color,
}

/// When words are colored.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` is set
    Auto,
    Always,
    Never,
}

impl Common {
    pub(crate) fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout)
    }
}
