//! The outcome of a Tencent event. `FINISH` is the end, not success. A flow with `0`/`SUCCESS` at its top level has
//! failed if one of its subtasks has (`ProcedureTask.ErrCode` is deprecated for that reason, SDK documentation).

use mediahook_events::Outcome;
use serde_json::Value;

use super::findings::Findings;
use crate::body::first_text;
use crate::sender::EventError;

/// How the outcome of an event type is determined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// The event is sent only on success.
    Success,
    /// By `Status`, then by every error code in it. Without a status, as in events of 2019, an `ErrCode` shows that it has
    /// ended.
    Task,
    /// The same, but its own `ErrCode` shows nothing.
    Flow,
    /// The event is sent at the end; it is a failure if it contains an error code.
    Ended,
    /// The event is sent at the end, with a number as its `Status`: 0 is success (seen in the documented sample), any
    /// other number is a failure (inferred: the SDK calls the member deprecated).
    Restored,
    /// The state of a cast. `Stopped` is its end (SDK), and counts as success, because no state means that a cast
    /// failed (inferred).
    Cast,
    /// A type that is not in the table: by the sender's common status words, but never success, because no document
    /// says what success means for it.
    Unlisted,
}

impl Rule {
    /// The outcome of a payload. The cause of a failure is added to the findings.
    pub(super) fn outcome(self, payload: &Value, findings: &mut Findings) -> Outcome {
        let word = first_text(payload, "Status");
        match (self, word.as_deref()) {
            (Rule::Success, _) | (Rule::Cast, Some("Stopped")) => Outcome::Succeeded,
            (Rule::Task, None) if first_text(payload, "ErrCode").is_some() => ended(findings),
            (Rule::Task | Rule::Flow, word) => by_status(word, findings),
            (Rule::Restored, Some(code)) if code.parse::<i64>().is_ok_and(|code| code != 0) => {
                let message = first_text(payload, "Message");
                findings.error = Some(EventError { code: Some(code.to_owned()), message });
                Outcome::Failed
            }
            (Rule::Ended | Rule::Restored, _) => ended(findings),
            (Rule::Cast, Some("Working" | "Scheduled" | "Idle")) => Outcome::Progress,
            (Rule::Cast, _) => Outcome::Unknown,
            (Rule::Unlisted, word) => no_success(by_status(word, findings)),
        }
    }
}

/// By the text of `Status`, or of `status` in the legacy format.
pub(super) fn by_status(word: Option<&str>, findings: &Findings) -> Outcome {
    match word {
        Some("WAITING" | "PROCESSING") => Outcome::Progress,
        Some("FINISH" | "SUCCESS") => ended(findings),
        _ if findings.has_failed => Outcome::Failed,
        _ => Outcome::Unknown,
    }
}

/// `NOTTRIGGERED` means not yet published, which is neither success nor failure.
pub(super) fn ended(findings: &Findings) -> Outcome {
    match findings {
        Findings { has_failed: true, .. } => Outcome::Failed,
        Findings { is_unpublished: true, .. } => Outcome::Unknown,
        _ => Outcome::Succeeded,
    }
}

/// The outcome of a type that no document describes.
pub(super) fn no_success(outcome: Outcome) -> Outcome {
    if outcome == Outcome::Succeeded { Outcome::Unknown } else { outcome }
}
