//! What a command reads: a file, or standard input for `-`.

use std::io::{IsTerminal as _, Read as _, Write as _};

use crate::failure::Failure;
use crate::output::Output;

/// The bytes of a file, or of standard input.
pub(crate) fn read(file: &str) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = if file == "-" {
        std::io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        std::fs::read(file)
    };
    read.map_err(|error| Failure::Usage(format!("{file} cannot be read: {error}")))
}

/// The same, as UTF-8.
pub(crate) fn read_text(file: &str) -> Result<String, Failure> {
    String::from_utf8(read(file)?).map_err(|_| Failure::Usage(format!("{file} is not UTF-8")))
}

/// Asks for a line on the terminal. Nothing if there is nobody to ask.
pub(crate) fn ask(question: &str, no_input: bool, out: Output) -> Option<String> {
    if no_input || out.json || !std::io::stdin().is_terminal() {
        return None;
    }
    eprint!("{question} ");
    let _ = std::io::stderr().flush();
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).ok()?;
    Some(line.trim().to_owned())
}
