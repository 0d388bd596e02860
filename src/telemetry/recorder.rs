//! Where log lines go, and which are written.

use std::fmt;
use std::io::Write as _;
use std::sync::Arc;

use tracing::Level;

use super::{LogOutput, known_level};
use crate::config::Environment;

/// The variable in which Lambda reports a function's name.
const FUNCTION_NAME: &str = "AWS_LAMBDA_FUNCTION_NAME";
/// The function's name outside Lambda.
const NO_FUNCTION: &str = "mediahook";

/// Writes log lines. A clone writes to the same place.
#[derive(Clone)]
pub struct Recorder {
    pub(super) function_name: Arc<str>,
    /// Lines below this level are not written.
    pub(super) level: Level,
    /// Receives whole lines, with the line feed.
    out: Out,
}

type Out = Arc<dyn Fn(&[u8]) + Send + Sync>;

impl Recorder {
    /// A recorder that writes to standard output, with the level and function name of the environment. A failed write
    /// is ignored, because no callback may fail for a log line.
    pub fn from_env(environment: &Environment) -> Self {
        Self::with_output(environment, LogOutput::immediate())
    }

    /// The same, to this output.
    pub fn with_output(environment: &Environment, output: LogOutput) -> Self {
        Self::with_writer(environment, move |line| {
            let _ = output.clone().write_all(line);
        })
    }

    /// A recorder that passes its lines to a function.
    pub fn with_writer(environment: &Environment, out: impl Fn(&[u8]) + Send + Sync + 'static) -> Self {
        let function_name = environment.optional(FUNCTION_NAME).unwrap_or(NO_FUNCTION).into();
        let level = known_level(environment).unwrap_or(Level::INFO);
        Self { function_name, level, out: Arc::new(out) }
    }

    /// A recorder that writes nothing.
    pub fn silent() -> Self {
        Self { function_name: NO_FUNCTION.into(), level: Level::ERROR, out: Arc::new(|_| {}) }
    }

    /// Writes a whole line, with its line feed.
    pub(super) fn write_line(&self, line: &[u8]) {
        (self.out)(line);
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").field("level", &self.level).finish_non_exhaustive()
    }
}
