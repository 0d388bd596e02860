//! The output of the log: standard output, at once or after the response.
//!
//! Standard output is a pipe that Lambda reads as fast as it can, and a write to a full pipe waits. So the receiver
//! keeps the lines of an invocation in memory until its response is sent, and writes them before it asks Lambda for
//! the next invocation. The response does not wait for the log, and Lambda does not freeze the function before the
//! log is complete. If the process is killed in between (out of memory, or the function's timeout), the lines of that
//! one invocation are lost.

use std::io::{self, Write as _};
use std::sync::{Arc, Mutex};

use crate::mutex::lock;

/// Takes whole lines. A clone writes to the same place.
#[derive(Debug, Clone)]
pub struct LogOutput {
    /// The deferred lines; `None` where none are deferred.
    deferred: Option<Arc<Mutex<Vec<u8>>>>,
}

impl LogOutput {
    /// Writes each line at once.
    pub fn immediate() -> Self {
        Self { deferred: None }
    }

    /// Keeps the lines until [`LogOutput::flush`].
    pub fn deferred() -> Self {
        Self { deferred: Some(Arc::default()) }
    }

    /// Writes the deferred lines, and returns when standard output has accepted all of them. A failed write is
    /// ignored, because no callback may fail for a log line.
    pub fn flush(&self) {
        if let Some(deferred) = &self.deferred {
            let lines = std::mem::take(&mut *lock(deferred));
            let _ = io::stdout().lock().write_all(&lines);
        }
    }
}

impl io::Write for LogOutput {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &self.deferred {
            Some(deferred) => lock(deferred).extend_from_slice(bytes),
            None => io::stdout().lock().write_all(bytes)?,
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
