//! Where the lines of the log go: to standard output, at once or after the answer.
//!
//! Standard output is a pipe that Lambda reads as fast as it can, and a write to a full pipe waits. So the receiver keeps the
//! lines of an invocation in memory until its answer is sent, and writes them before it asks Lambda for the next invocation:
//! the sender's answer does not wait for the log, and Lambda does not freeze the function before the log is complete. What is
//! lost if the process is killed in between (out of memory, or the function's timeout) are the lines of that one invocation.

use std::io::{self, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing_subscriber::fmt::MakeWriter;

/// Takes whole lines. A clone writes to the same place.
#[derive(Debug, Clone)]
pub struct LogOutput {
    /// The lines that wait; `None` where none do.
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

    /// Writes the lines that wait, and returns when standard output has taken them all. What it does not take is dropped: no
    /// callback fails for a line.
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

impl MakeWriter<'_> for LogOutput {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// Nothing panics while it holds the lock; if it did, the lines would still be whole.
fn lock(lines: &Mutex<Vec<u8>>) -> MutexGuard<'_, Vec<u8>> {
    lines.lock().unwrap_or_else(PoisonError::into_inner)
}
