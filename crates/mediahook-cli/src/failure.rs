//! How a command ends: its exit code, and the reason if it did not do what it was asked.

use std::process::ExitCode;

/// The exit code of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It did all that it was asked.
    Done = 0,
    /// It failed, or a part of it: a check, a refusal, an answer that was not expected.
    Failed = 1,
    /// It was called in a way that it does not know.
    Usage = 2,
    /// It could not find out: no answer, no permission, no credentials.
    Unknown = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command ended early. The texts name what was asked of whom, never a key, a token or a payload.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// It was done, and failed; or it can never succeed.
    #[error("{0}")]
    Failed(String),
    /// The command line is not one that this command knows.
    #[error("{0}")]
    Usage(String),
    /// There was no answer, or no permission to ask.
    #[error("{0}")]
    Unknown(String),
}

impl Failure {
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Failed(_) => Exit::Failed,
            Self::Usage(_) => Exit::Usage,
            Self::Unknown(_) => Exit::Unknown,
        }
    }

    /// The word for it in `--json`.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Failed(_) => "failed",
            Self::Usage(_) => "usage",
            Self::Unknown(_) => "unknown",
        }
    }
}
