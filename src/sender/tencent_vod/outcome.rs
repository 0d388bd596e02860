//! How a Tencent event went. `FINISH` is the end and not success; a flow whose top level says `0`/`SUCCESS` has failed
//! if one of its subtasks has (`ProcedureTask.ErrCode` is deprecated for that reason, SDK documentation).

use crate::envelope::Outcome;
use crate::json::Value;

/// How the payload of an event type says how it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// The event is sent on success alone.
    Success,
    /// By `Status`, then by every error code in it.
    Task,
    /// The event is sent at the end; failed if there is an error code in it.
    Ended,
    /// A state that comes and goes: never the end.
    Stream,
}

/// Members in which nothing tells how it went: what the caller asked for, echoed, and what is known of the media, whose
/// `Status` is the media's own.
const SILENT: &[&str] = &["Input", "InputInfo", "input", "MediaBasicInfo"];

impl Rule {
    pub(super) fn outcome(self, payload: Value<'_, '_>) -> Outcome {
        match self {
            _ if payload.is_null() => Outcome::Unknown,
            Rule::Success => Outcome::Succeeded,
            Rule::Task => by_status(payload, "Status"),
            Rule::Ended => ended(payload),
            Rule::Stream => match payload.text_at("Status").as_deref() {
                Some("Working" | "Scheduled" | "Stopped" | "Idle") => Outcome::Progress,
                _ => Outcome::Unknown,
            },
        }
    }
}

/// By the word at `status`, which is `Status` in format v3.0 and `status` in the legacy one.
pub(super) fn by_status(payload: Value<'_, '_>, status: &str) -> Outcome {
    match payload.text_at(status).as_deref() {
        Some("WAITING" | "PROCESSING") => Outcome::Progress,
        Some("FINISH" | "SUCCESS") => ended(payload),
        Some("FAIL" | "ABORTED") => Outcome::Failed,
        None if has_failed(payload) => Outcome::Failed,
        Some(_) | None => Outcome::Unknown,
    }
}

pub(super) fn ended(payload: Value<'_, '_>) -> Outcome {
    if has_failed(payload) { Outcome::Failed } else { Outcome::Succeeded }
}

/// Whether an error stands anywhere in it: codes are numbers or texts, `ErrCodeExt` empty where all is well.
fn has_failed(value: Value<'_, '_>) -> bool {
    let in_members = value.members().any(|m| match m.name().as_ref() {
        "ErrCode" | "ErrCodeExt" | "errCode" => m.value().text().is_some_and(|code| is_error(&code)),
        // What WeChat made of a publication stands beside a status that only says the task is over.
        "WechatStatus" => m.value().text().is_some_and(|s| s == "FAIL" || s == "AUDITNOTPASS"),
        "PublishResult" => m.value().text().is_some_and(|r| r == "Failed" || r == "Rejected"),
        "Status" => m.value().text().is_some_and(|status| status == "FAIL" || status == "ABORTED"),
        // In the legacy format that, or an error code.
        "status" => m.value().text().is_some_and(|status| {
            status == "FAIL" || status == "ABORTED" || status.parse::<i64>().is_ok_and(|code| code != 0)
        }),
        name => !SILENT.contains(&name) && has_failed(m.value()),
    });
    in_members || value.items().any(has_failed)
}

fn is_error(code: &str) -> bool {
    code != "0" && !code.eq_ignore_ascii_case("SUCCESS")
}
