//! Event notifications of IMS: `EventType`, `UserId`, `EventTime`, and an object `MessageBody`.
//!
//! Two thirds of the bodies are documented by name only, so ids and outcome are looked up in the members that any
//! family uses. ApsaraVideo VOD sends the same `EventType`s in a flat body. It has no `MessageBody`. (Its
//! `WorkflowTaskComplete` has a `UserId` too, so `UserId` does not identify IMS.) Such a body is passed on under that
//! product's name, and its members are not interpreted as those of IMS.

use std::borrow::Cow;

use serde_json::value::RawValue;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::kind::{KINDS, Kind, Rule, TASK, UNLISTED};
use crate::body::{Body, Object, for_each_item, text};
use crate::sender::{Attributes, EventError};
use crate::sender::{Notification, final_verdict, verdict};
use mediahook_events::{Deleted, Outcome, Verdict};

const TYPE_PREFIX: &str = "com.alibabacloud.ims.";
/// For the flat bodies of ApsaraVideo VOD.
const FLAT_TYPE_PREFIX: &str = "com.alibabacloud.vod.";

/// How many levels of lists of parts are searched; each level is parsed again for the one above it. The SDK has two:
/// `OutputGroupDetails[].Outputs[]`.
const MAX_LISTS: usize = 4;

pub(super) fn read(body: &Body<'_>) -> Option<Notification> {
    let event_type = body.text("EventType")?;
    let message = body.get("MessageBody").filter(|message| message.get() != "null");
    let time = body.text("EventTime").and_then(|t| time(&t));
    let Some(message) = message else {
        return Some(Notification {
            repeats: time.is_none(),
            event_type: format!("{FLAT_TYPE_PREFIX}{event_type}"),
            attributes: Attributes { time, ..Attributes::default() },
            transport: &[],
        });
    };
    let kind = KINDS.iter().find(|kind| kind.event_type == event_type).unwrap_or(&UNLISTED);
    // Documented and seen as an object. JSON text in a string is accepted too (inferred).
    let attributes = in_text(message, |message| Some(attributes(kind, message))).unwrap_or_default();
    Some(Notification {
        // Every documented event has a time.
        repeats: time.is_none() && in_text(message, |m| TASK.iter().find_map(|name| at(m, name))).is_none(),
        event_type: format!("{TYPE_PREFIX}{event_type}"),
        attributes: Attributes { time, ..attributes },
        transport: &[],
    })
}

fn attributes(kind: &Kind, message: &Object<'_>) -> Attributes {
    let text = |path: &str| at(message, path);
    let media_id = kind.media.iter().find_map(|path| text(path));
    let task_id = kind.task.iter().find_map(|path| text(path));
    let (outcome, error) = outcome(kind.rule, message);
    let found = kind.verdict.and_then(text).and_then(|word| audit(&word));
    Attributes {
        subject: media_id.clone().or_else(|| task_id.clone()).or_else(|| text("ProjectId")),
        time: None,
        outcome,
        task_id,
        media_id,
        procedure_task_id: None,
        context: text("UserData"),
        error,
        verdict: final_verdict(found, outcome),
        deleted: kind.deleted.and_then(text).and_then(|word| deleted(&word)),
    }
}

/// The text at a path, which may lead into lists, and into JSON text in a string.
fn at(message: &Object<'_>, path: &str) -> Option<String> {
    if path == "TaskInput.Media" {
        // With another `Type`, it is the address of a file.
        return in_text(message.get("TaskInput")?, |input| {
            input
                .text("Media")
                .filter(|_| input.text("Type").as_deref() == Some("Media"))
                .map(Cow::into_owned)
        });
    }
    match path.split_once('.') {
        Some((name, rest)) => in_text(message.get(name)?, |object| object.common_text(rest)),
        None => message.common_text(path),
    }
}

/// Reads an object, or JSON text in a string that is an object.
fn in_text<T>(value: &RawValue, read: impl FnOnce(&Object<'_>) -> Option<T>) -> Option<T> {
    let in_string = Some(value).filter(|value| value.get().starts_with('"')).and_then(text);
    let parsed = in_string.as_deref().and_then(|json| serde_json::from_str::<&RawValue>(json).ok());
    read(&Object::of(parsed.unwrap_or(value))?)
}

/// The verdict of a manual review (`AuditStatus`) or of an automatic one (`Suggestion`).
fn audit(word: &str) -> Option<Verdict> {
    match word {
        "Normal" => Some(Verdict::Pass),
        "Blocked" => Some(Verdict::Block),
        word => verdict(word),
    }
}

/// `DeleteType`: the whole media asset, its original (`mezzanine`), or its renditions (`stream`).
fn deleted(word: &str) -> Option<Deleted> {
    match word {
        "all" => Some(Deleted::Media),
        "mezzanine" | "stream" => Some(Deleted::Parts),
        _ => None,
    }
}

/// `yyyy-MM-ddTHH:mm:ssZ`; one similar type has a colon before its milliseconds.
fn time(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok().or_else(|| {
        let (seconds, milliseconds) = text.strip_suffix('Z')?.rsplit_once(':')?;
        OffsetDateTime::parse(&format!("{seconds}.{milliseconds}Z"), &Rfc3339).ok()
    })
}

/// The outcome, and the cause of a failure.
fn outcome(rule: Rule, message: &Object<'_>) -> (Outcome, Option<EventError>) {
    let (own, error) = judge(message, MAX_LISTS);
    let outcome = match (rule, own) {
        (_, Outcome::Failed) => Outcome::Failed,
        (Rule::EndOnly | Rule::Unlisted, Outcome::Succeeded) => Outcome::Unknown,
        (Rule::Created, Outcome::Unknown) if message.text("Status").is_none() => Outcome::Succeeded,
        (_, own) => own,
    };
    (outcome, error)
}

/// The status words differ by family. An error code takes precedence over them, and so does a failed part.
fn judge(object: &Object<'_>, lists: usize) -> (Outcome, Option<EventError>) {
    let own = status(object).unwrap_or_default();
    if own == Outcome::Progress {
        return (own, None);
    }
    let mut has_failed = own == Outcome::Failed || has_error(object);
    let mut error = has_failed.then(|| error(object));
    for list in object.values().filter(|value| lists > 0 && value.get().starts_with('[')) {
        for_each_item(list, |part| {
            let Some(part) = Object::of(part) else { return };
            if let (Outcome::Failed, of_part) = judge(&part, lists - 1) {
                has_failed = true;
                // A failure with a code is more informative.
                if error.as_ref().is_none_or(|error| error.code.is_none()) {
                    error = of_part.filter(|e| e.code.is_some()).or_else(|| error.take());
                }
            }
        });
    }
    (
        if has_failed { Outcome::Failed } else { own },
        error.filter(|e| e.code.is_some() || e.message.is_some()),
    )
}

/// The outcome for the status word of a body, or of one of its parts: `Success`/`Fail` (upload, produce),
/// `Finished`/`Failed` (batch, smart jobs), `Succeed`/`Failed` (workflow), `State` with
/// `Complete`/`Error`/`Cancelled` (media convert), `initial`/`started`/`paused` (live recording). `Inited`,
/// `Running`, `Queuing` are from the SDK (that callbacks have them is inferred).
fn status(object: &Object<'_>) -> Option<Outcome> {
    let word = object.text("Status").or_else(|| object.text("State"))?;
    Some(match word.to_ascii_lowercase().as_str() {
        "success" | "succeed" | "succeeded" | "finished" | "complete" | "completed" | "normal" => {
            Outcome::Succeeded
        }
        "fail" | "failed" | "error" | "cancelled" | "canceled" => Outcome::Failed,
        "init" | "inited" | "initial" | "created" | "scheduled" | "queuing" | "waiting" | "running"
        | "started" | "paused" | "executing" | "processing" => Outcome::Progress,
        _ => Outcome::Unknown,
    })
}

fn is_error(code: &str) -> bool {
    !["0", "200", "OK", "Success"].iter().any(|good| good.eq_ignore_ascii_case(code))
}

/// On success `ErrorCode` is empty, and `Code` is absent, `"0"` or a word for success.
fn has_error(object: &Object<'_>) -> bool {
    ["ErrorCode", "Code"].into_iter().filter_map(|name| object.text(name)).any(|code| is_error(&code))
}

/// The cause of a failure.
fn error(object: &Object<'_>) -> EventError {
    let first = |names: [&str; 2]| {
        let mut texts = names.into_iter().filter_map(|name| object.text(name));
        texts.find(|text| is_error(text)).map(Cow::into_owned)
    };
    EventError { code: first(["ErrorCode", "Code"]), message: first(["ErrorMessage", "Message"]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome_of(message: &str) -> Outcome {
        outcome(Rule::Status, &serde_json::from_str(message).unwrap()).0
    }

    #[test]
    fn status_words_of_every_family() {
        for word in ["Success", "Finished", "Succeed", "Complete", "success"] {
            assert_eq!(outcome_of(&format!(r#"{{"Status":"{word}"}}"#)), Outcome::Succeeded, "{word}");
        }
        for word in ["Fail", "Failed", "fail", "Error", "Cancelled"] {
            assert_eq!(outcome_of(&format!(r#"{{"State":"{word}"}}"#)), Outcome::Failed, "{word}");
        }
        for word in
            ["initial", "started", "paused", "Init", "Inited", "Scheduled", "Queuing", "Running", "WAITING"]
        {
            assert_eq!(outcome_of(&format!(r#"{{"Status":"{word}"}}"#)), Outcome::Progress, "{word}");
        }
        assert_eq!(outcome_of(r#"{"Status":"Skipped"}"#), Outcome::Unknown);
        assert_eq!(outcome_of("{}"), Outcome::Unknown);
    }

    #[test]
    fn an_error_code_or_a_failed_part_counts_more() {
        assert_eq!(
            outcome_of(r#"{"Status":"Success","ErrorCode":"","ErrorMessage":""}"#),
            Outcome::Succeeded
        );
        assert_eq!(outcome_of(r#"{"Status":"success","Code":"0","Message":"OK"}"#), Outcome::Succeeded);
        assert_eq!(outcome_of(r#"{"Status":"Success","ErrorCode":"InvalidParameter"}"#), Outcome::Failed);
        assert_eq!(outcome_of(r#"{"ErrorCode":"InvalidParameter"}"#), Outcome::Failed);
        assert_eq!(outcome_of(r#"{"Status":"Strange","Code":"InvalidParameter"}"#), Outcome::Failed);
        assert_eq!(outcome_of(r#"{"Status":"Running","Code":"InvalidParameter"}"#), Outcome::Progress);
        assert_eq!(
            outcome_of(r#"{"Status":"Success","SnapshotInfos":[{"Status":"Success"},{"Status":"Fail"}]}"#),
            Outcome::Failed
        );
    }

    #[test]
    fn a_message_in_a_string_is_looked_into() {
        let body = r#"{"EventType":"ProduceMediaComplete","UserId":1,"MessageBody":"{\"Status\":\"Fail\",\"JobId\":\"j\"}"}"#;
        let notification = read(&Body::parse(body).unwrap()).unwrap();
        assert_eq!(notification.attributes.task_id.as_deref(), Some("j"));
        assert_eq!(notification.attributes.outcome, Outcome::Failed);
        let body = r#"{"EventType":"ProduceMediaComplete","UserId":1,"MessageBody":"{\"Status\":"}"#;
        assert_eq!(read(&Body::parse(body).unwrap()).unwrap().attributes.outcome, Outcome::Unknown);
    }

    #[test]
    fn the_error_is_the_own_one_or_that_of_the_first_part_with_a_code() {
        let error = |message: &str| {
            let error = outcome(Rule::Status, &serde_json::from_str(message).unwrap()).1.unwrap_or_default();
            (error.code, error.message)
        };
        let said = |code: &str, message: &str| (Some(code.to_owned()), Some(message.to_owned()));
        let parts = r#""A":[{"Status":"Success","Code":"0","Message":"OK"},{"Status":"Failed","Message":"m"},
            {"B":[{"Status":"Failed","Code":"c","Message":"d"}]}]"#;
        assert_eq!(error(&format!(r#"{{"State":"Complete",{parts}}}"#)), said("c", "d"));
        assert_eq!(
            error(&format!(r#"{{"State":"Error","Code":"own","Message":"o",{parts}}}"#)),
            said("own", "o")
        );
        assert_eq!(error(&format!(r#"{{"State":"Error","Message":"o",{parts}}}"#)), said("c", "d"));
        assert_eq!(error(r#"{"Status":"Fail","Message":"o"}"#), (None, Some("o".to_owned())));
        assert_eq!(error(r#"{"Status":"Fail","Message":"OK"}"#), (None, None));
        assert_eq!(error(r#"{"Status":"Success"}"#), (None, None));
    }

    #[test]
    fn parts_are_read_as_deep_as_the_sdk_has_them_and_no_deeper_than_they_cost() {
        let nested = |lists: usize| {
            let (open, close) = (r#"{"A":["#.repeat(lists), "]}".repeat(lists));
            format!(r#"{open}{{"Status":"Failed"}}{close}"#)
        };
        assert_eq!(outcome_of(&nested(2)), Outcome::Failed);
        assert_eq!(outcome_of(&nested(MAX_LISTS)), Outcome::Failed);
        assert_eq!(outcome_of(&nested(MAX_LISTS + 1)), Outcome::Unknown);
    }

    #[test]
    fn the_message_body_tells_ims_from_its_neighbor() {
        let event_type = |rest: &str| {
            let body = format!(r#"{{"EventType":"WorkflowTaskComplete"{rest}}}"#);
            read(&Body::parse(&body).unwrap()).unwrap().event_type
        };
        for flat in
            ["", r#","UserId":"1","TaskId":"t","Status":"Failed""#, r#","MessageBody":null,"UserId":1"#]
        {
            assert_eq!(event_type(flat), "com.alibabacloud.vod.WorkflowTaskComplete", "{flat}");
        }
        assert_eq!(event_type(r#","MessageBody":{}"#), "com.alibabacloud.ims.WorkflowTaskComplete");
    }

    #[test]
    fn the_input_of_a_workflow_is_a_media_asset_or_the_address_of_a_file() {
        let media_id = |input: &str| {
            let input = serde_json::to_string(input).unwrap();
            let body = format!(
                r#"{{"EventType":"WorkflowTaskComplete","MessageBody":{{"TaskId":"t","TaskInput":{input}}}}}"#
            );
            read(&Body::parse(&body).unwrap()).unwrap().attributes.media_id
        };
        assert_eq!(media_id(r#"{"Type":"Media","Media":"m"}"#).as_deref(), Some("m"));
        assert_eq!(media_id(r#"{"Type":"OSS","Media":"oss://b/o"}"#), None);
        assert_eq!(media_id("no JSON"), None);
    }

    #[test]
    fn times_with_and_without_the_odd_colon() {
        let utc = |text| time(text).map(|t| t.format(&Rfc3339).unwrap());
        assert_eq!(utc("2026-11-22T05:50:25Z").unwrap(), "2026-11-22T05:50:25Z");
        assert_eq!(utc("2026-11-22T05:50:25:123Z").unwrap(), "2026-11-22T05:50:25.123Z");
        assert_eq!(utc("0000-00-00T00:00:00Z"), None);
        assert_eq!(utc("yesterday"), None);
    }
}
