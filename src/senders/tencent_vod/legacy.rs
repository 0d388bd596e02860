//! The legacy format v2.0: `{"version":"4.0","eventType":"...","data":{...}}`, for accounts older than 2019.
//!
//! It is told apart by case: `eventType` and not `EventType` (official documentation, product/266/33962). Where both URLs
//! are set, the same happening comes in both formats; these stay two events, of two types.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::notification::{TYPE_PREFIX, transport};
use super::outcome;
use crate::event::envelope::Outcome;
use crate::event::{Body, Object, only_item};
use crate::senders::Notification;

/// The event types the documentation names. Of others we do not guess how they went.
pub const TYPES: [&str; 9] = [
    "NewFileUpload",
    "PullComplete",
    "FileDeleted",
    "ProcedureStateChanged",
    "TranscodeComplete",
    "CreateSnapshotByTimeOffsetComplete",
    "CreateImageSpriteComplete",
    "ClipComplete",
    "ConcatComplete",
];

pub(super) fn read(body: &Body<'_>) -> Option<Notification> {
    let event_type = body.text("eventType")?;
    let data = body.get("data").filter(|data| data.get() != "null");
    let object = data.and_then(Object::of);
    let text = |name| object.as_ref()?.text(name).map(Cow::into_owned);
    let (task_id, media_id) = (text("vodTaskId"), text("fileId"));
    let media_id = media_id.or_else(|| only_file(&event_type, object.as_ref()?));
    Some(Notification {
        subject: media_id.clone().or_else(|| task_id.clone()),
        outcome: match data {
            Some(data) if TYPES.contains(&&*event_type) => outcome_of(&event_type, data),
            _ => Outcome::Unknown,
        },
        event_type: format!("{TYPE_PREFIX}v2.{event_type}"),
        task_id,
        media_id,
        time: None,
        transport: transport(body),
        repeats: false,
    })
}

/// The files of a deletion stand in a list; that of a clip or a joining is another than the one it is about.
fn only_file(event_type: &str, data: &Object<'_>) -> Option<String> {
    let files = data.get("fileInfo").filter(|_| event_type == "FileDeleted")?;
    Object::of(only_item(files)?)?.text("fileId").map(Cow::into_owned)
}

/// `status` is an error code in most types (0 is success) and a word in `ProcedureStateChanged`. The types that are sent
/// at the end may do without; a flow that does not say whether it has ended says nothing.
fn outcome_of(event_type: &str, data: &RawValue) -> Outcome {
    match outcome::status(data, "status").as_deref() {
        Some("0") => outcome::ended(data),
        Some(code) if code.parse::<i64>().is_ok() => Outcome::Failed,
        None if event_type != "ProcedureStateChanged" => outcome::ended(data),
        _ => outcome::by_status(data, "status"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome_of_event(event_type: &str, data: &str) -> Outcome {
        let body = format!(r#"{{"version":"4.0","eventType":"{event_type}","data":{data}}}"#);
        read(&Body::parse(&body).unwrap()).unwrap().outcome
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
            read(&Body::parse(&body).unwrap()).unwrap().subject
        };
        assert_eq!(subject(r#"[{"fileId":"1"}]"#).as_deref(), Some("1"));
        assert_eq!(subject(r#"[{"fileId":"1"},{"fileId":"2"}]"#), None);
        assert_eq!(subject("[]"), None);
    }

    #[test]
    fn without_a_status_a_flow_says_nothing_and_the_rest_is_by_its_parts() {
        assert_eq!(outcome_of_event("ProcedureStateChanged", r#"{"vodTaskId":"t"}"#), Outcome::Unknown);
        assert_eq!(outcome_of_event("FileDeleted", r#"{"fileInfo":[]}"#), Outcome::Succeeded);
        // The results of a joining each have a code of their own.
        let joined =
            |status| format!(r#"{{"vodTaskId":"t","fileInfo":[{{"status":0}},{{"status":{status}}}]}}"#);
        assert_eq!(outcome_of_event("ConcatComplete", &joined("0")), Outcome::Succeeded);
        assert_eq!(outcome_of_event("ConcatComplete", &joined("4")), Outcome::Failed);
        assert_eq!(outcome_of_event("ConcatComplete", &joined("\"-1\"")), Outcome::Failed);
        assert_eq!(outcome_of_event("MoonLanding", r#"{"status":0}"#), Outcome::Unknown);
    }
}
