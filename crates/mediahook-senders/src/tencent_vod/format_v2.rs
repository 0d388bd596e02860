//! The legacy format v2.0: `{"version":"4.0","eventType":"...","data":{...}}`, for accounts older than 2019.
//!
//! The case distinguishes it: `eventType` and not `EventType` (official documentation, product/266/33962). If both
//! URLs are set, the same occurrence is sent in both formats; these stay two events, of two types.

use mediahook_events::event_types::TENCENT_VOD_V2_PREFIX;
use mediahook_events::{Deleted, Outcome};
use serde_json::Value;

use super::findings::Findings;
use super::kind::{Kind, task};
use super::notification::transport;
use super::outcome::{Rule, by_status, ended, no_success};
use crate::body::{Body, first_text};
use crate::sender::{Attributes, Notification, final_verdict};

/// The event types in the documentation.
pub static KINDS: &[Kind] = &[
    Kind { about: "fileId", ..task("NewFileUpload") },
    Kind { about: "fileId", ..task("PullComplete") },
    // In this format nothing shows that only parts were deleted.
    Kind { about: "fileInfo[].fileId", deletes: true, ..task("FileDeleted") },
    Kind { about: "fileId", ..task("ProcedureStateChanged") },
    Kind { about: "fileId", ..task("TranscodeComplete") },
    Kind { about: "fileId", ..task("CreateSnapshotByTimeOffsetComplete") },
    Kind { about: "fileId", ..task("CreateImageSpriteComplete") },
    Kind { output: "fileInfo.fileId", input: "srcFileId", ..task("ClipComplete") },
    task("ConcatComplete"),
];

/// For a type that is not in the table.
const UNLISTED: Kind = Kind { about: "fileId", rule: Rule::Unlisted, ..task("") };

/// Reads a body of this format.
pub(super) fn read(body: &Body<'_>) -> Option<Notification> {
    let event_type = body.text("eventType")?;
    let kind = KINDS.iter().find(|kind| kind.event_type == event_type).unwrap_or(&UNLISTED);
    Some(Notification {
        attributes: body.members().get("data").map(|data| attributes(kind, data)).unwrap_or_default(),
        event_type: format!("{TENCENT_VOD_V2_PREFIX}{event_type}"),
        transport: transport(body),
        repeats: false,
    })
}

fn attributes(kind: &Kind, data: &Value) -> Attributes {
    let findings = Findings::of(data);
    let outcome = outcome(kind, data, &findings);
    let task_id = first_text(data, "vodTaskId");
    let (about, media_id) = kind.media_ids(data, outcome);
    Attributes {
        subject: about.or_else(|| task_id.clone()).or_else(|| media_id.clone()),
        time: None, // nothing in this format says when it happened
        outcome,
        task_id,
        media_id,
        procedure_task_id: first_text(data, "procedureTaskId"),
        context: first_text(data, "sourceContext"),
        verdict: final_verdict(findings.verdict, outcome),
        deleted: kind.deletes.then_some(Deleted::Media),
        error: findings.error.filter(|_| outcome != Outcome::Succeeded),
    }
}

/// `status` is an error code in most types (0 is success) and a word in `ProcedureStateChanged`. Types that are sent
/// only at the end may have no status. A flow without a status has an unknown outcome.
fn outcome(kind: &Kind, data: &Value, findings: &Findings) -> Outcome {
    let outcome = match first_text(data, "status").as_deref() {
        Some("0") => ended(findings), // any other number is a failure among the findings
        None if kind.event_type != "ProcedureStateChanged" => ended(findings),
        word => by_status(word, findings),
    };
    if kind.rule == Rule::Unlisted { no_success(outcome) } else { outcome }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome_of_event(event_type: &str, data: &str) -> Outcome {
        let body = format!(r#"{{"version":"4.0","eventType":"{event_type}","data":{data}}}"#);
        read(&Body::parse(&body).unwrap()).unwrap().attributes.outcome
    }

    #[test]
    fn a_status_is_a_code_or_a_word_in_quotes_or_without() {
        for (data, expected) in [
            (r#"{"status":0}"#, Outcome::Succeeded),
            (r#"{"status":"0"}"#, Outcome::Succeeded),
            (r#"{"status":-1}"#, Outcome::Failed),
            (r#"{"status":"4"}"#, Outcome::Failed),
            (r#"{"status":0,"fileInfo":[{"errCode":70000}]}"#, Outcome::Failed),
            (r#"{"status":"PROCESSING"}"#, Outcome::Progress),
            (r#"{"status":"FINISH","errCode":0}"#, Outcome::Succeeded),
            (r#"{"status":"FINISH","errCode":"0","processTaskList":[{"status":"FAIL"}]}"#, Outcome::Failed),
            (r#"{"status":"RESTING"}"#, Outcome::Unknown),
            ("null", Outcome::Unknown),
        ] {
            assert_eq!(outcome_of_event("ProcedureStateChanged", data), expected, "{data}");
        }
    }

    #[test]
    fn a_deletion_is_about_a_media_where_it_is_one() {
        let subject = |files: &str| {
            let body = format!(r#"{{"eventType":"FileDeleted","data":{{"status":0,"fileInfo":{files}}}}}"#);
            read(&Body::parse(&body).unwrap()).unwrap().attributes.subject
        };
        assert_eq!(subject(r#"[{"fileId":"1"}]"#).as_deref(), Some("1"));
        assert_eq!(subject(r#"[{"fileId":"1"},{"fileId":"2"}]"#), None);
        assert_eq!(subject("[]"), None);
    }

    #[test]
    fn without_a_status_a_flow_says_nothing_and_the_rest_is_by_its_parts() {
        assert_eq!(outcome_of_event("ProcedureStateChanged", r#"{"vodTaskId":"t"}"#), Outcome::Unknown);
        assert_eq!(outcome_of_event("FileDeleted", r#"{"fileInfo":[]}"#), Outcome::Succeeded);
        // Each result of a concatenation has its own code.
        let joined =
            |status| format!(r#"{{"vodTaskId":"t","fileInfo":[{{"status":0}},{{"status":{status}}}]}}"#);
        assert_eq!(outcome_of_event("ConcatComplete", &joined("0")), Outcome::Succeeded);
        assert_eq!(outcome_of_event("ConcatComplete", &joined("4")), Outcome::Failed);
        assert_eq!(outcome_of_event("ConcatComplete", &joined("\"-1\"")), Outcome::Failed);
    }

    #[test]
    fn the_media_is_looked_up_in_an_undocumented_type_and_in_what_a_clip_was_cut_from() {
        let media_id = |event_type: &str, data: &str| {
            let body = format!(r#"{{"eventType":"{event_type}","data":{data}}}"#);
            read(&Body::parse(&body).unwrap()).unwrap().attributes.media_id
        };
        assert_eq!(media_id("MoonLanding", r#"{"fileId":"f"}"#).as_deref(), Some("f"));
        assert_eq!(media_id("ClipComplete", r#"{"status":4,"srcFileId":"f"}"#).as_deref(), Some("f"));
        assert_eq!(media_id("ClipComplete", r#"{"status":0,"srcFileId":"f"}"#), None);
    }

    #[test]
    fn of_an_undocumented_type_only_success_is_unknown() {
        for (data, expected) in [
            (r#"{"status":0}"#, Outcome::Unknown),
            ("{}", Outcome::Unknown),
            (r#"{"status":-1}"#, Outcome::Failed),
            (r#"{"status":0,"fileInfo":[{"errCode":70000}]}"#, Outcome::Failed),
            (r#"{"status":"PROCESSING"}"#, Outcome::Progress),
        ] {
            assert_eq!(outcome_of_event("MoonLanding", data), expected, "{data}");
        }
    }
}
