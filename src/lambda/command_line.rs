//! The command line of a function: who runs it elsewhere than on Lambda learns what it is.

use std::io::{self, Write as _};
use std::process::ExitCode;

use crate::config::Environment;

/// Prints name, version and what the function does, for any argument and outside Lambda. `None` on Lambda, where the
/// function starts.
pub fn answer(function: &str, about: &str, environment: &Environment) -> Option<ExitCode> {
    let has_argument = std::env::args().nth(1).is_some();
    if !has_argument && environment.optional("AWS_LAMBDA_RUNTIME_API").is_some() {
        return None;
    }
    let version = env!("CARGO_PKG_VERSION");
    // A closed output is ignored.
    let _ = writeln!(
        io::stdout(),
        "mediahook {function} {version}\n{about} It runs on AWS Lambda; docs/configuration.md has its settings."
    );
    Some(if has_argument { ExitCode::SUCCESS } else { ExitCode::from(2) })
}
