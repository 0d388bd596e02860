//! The command line of a function: `--help`, `--version`, and a hint outside Lambda.

use std::io;
use std::process::ExitCode;

use crate::config::Environment;

/// The variables of Lambda without which its runtime client cannot start. Lambda sets all of them.
const REQUIRED: [&str; 4] = [
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_VERSION",
];
const HELP: [&str; 3] = ["--help", "-h", "help"];
const VERSION: [&str; 3] = ["--version", "-V", "version"];

/// Prints `--help` and `--version`, and how to run the function where this is not Lambda. `None` on Lambda, where the
/// function starts.
pub fn answer(function: &str, about: &str, environment: &Environment) -> Option<ExitCode> {
    let argument = std::env::args().nth(1).unwrap_or_default();
    let version = format!("mediahook {function} {}", env!("CARGO_PKG_VERSION"));
    if VERSION.contains(&argument.as_str()) {
        print(&mut io::stdout(), &version);
        return Some(ExitCode::SUCCESS);
    }
    let help = format!(
        "{version}\n{about}\n\n\
         It runs on AWS Lambda (provided.al2023) and takes no arguments: its settings are environment variables,\n\
         which docs/configuration.md lists and template.yaml sets. To deploy it: `sam build && sam deploy --guided`.\n\
         To try all three functions on this machine, with the senders and AWS around them: `cargo run --example local`.\n\
         To run it alone: `cargo lambda watch`.\n\n\
         Options:\n  -h, --help     Print this\n  -V, --version  Print the version"
    );
    if HELP.contains(&argument.as_str()) {
        print(&mut io::stdout(), &help);
        return Some(ExitCode::SUCCESS);
    }
    let missing = REQUIRED.into_iter().find(|name| !is_valid(name, environment))?;
    print(
        &mut io::stderr(),
        &format!("{help}\n\nThis is not AWS Lambda: {missing} is not set as Lambda sets it."),
    );
    Some(ExitCode::from(2))
}

/// The runtime client panics otherwise.
fn is_valid(name: &str, environment: &Environment) -> bool {
    let Some(value) = environment.optional(name) else { return false };
    match name {
        "AWS_LAMBDA_RUNTIME_API" => value.parse::<http::uri::Authority>().is_ok(),
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE" => value.parse::<i32>().is_ok(),
        _ => true,
    }
}

/// A closed output is ignored.
fn print(to: &mut impl io::Write, text: &str) {
    let _ = writeln!(to, "{text}");
}
