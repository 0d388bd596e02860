//! Reads a body of either product: ids, outcome, time, context, errors.

use mediahook_events::event_types::{ALIBABA_IMS_PREFIX, ALIBABA_VOD_PREFIX};
use mediahook_events::{Deleted, Outcome, Verdict};
use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::kind::{Kind, Rule};
use crate::body::{Body, first_text};
use crate::sender::{Attributes, EventError, Notification, final_verdict, verdict};
use crate::{alibaba_ims, alibaba_vod};

/// Reads a body: of IMS if it has a `MessageBody`, else of ApsaraVideo VOD.
pub(super) fn read(body: &Body<'_>) -> Option<Notification> {
    let members = with_trimmed_names(body.members());
    let event_type = first_text(&members, "EventType")?;
    let time = first_text(&members, "EventTime").and_then(|text| time(&text));
    let is_it = |kind: &&Kind| kind.event_type == event_type;
    let (prefix, kind, message) = if let Some(message) = members.get("MessageBody").map(json_in) {
        let kind = alibaba_ims::KINDS.iter().find(is_it).unwrap_or(&alibaba_ims::UNLISTED);
        (ALIBABA_IMS_PREFIX, kind, message)
    } else {
        let kind = alibaba_vod::KINDS.iter().find(is_it).unwrap_or(&alibaba_vod::UNLISTED);
        (ALIBABA_VOD_PREFIX, kind, members)
    };
    let attributes = Attributes { time, ..attributes(kind, &message) };
    Some(Notification {
        // Every documented event has a time.
        repeats: kind.rule == Rule::Unlisted && time.is_none() && attributes.task_id.is_none(),
        event_type: format!("{prefix}{event_type}"),
        attributes,
        transport: Vec::new(),
    })
}

fn attributes(kind: &Kind, message: &Value) -> Attributes {
    // With another `Type`, the input of a workflow is the address of a file.
    let input = message
        .get("TaskInput")
        .map(json_in)
        .filter(|input| first_text(input, "Type").as_deref() == Some("Media"));
    let text = |paths: &str| {
        paths.split(' ').find_map(|path| match path.split_once('.') {
            Some(("TaskInput", path)) => first_text(input.as_ref()?, path),
            // Documented as text, and seen as an object.
            Some((name, path)) if !name.ends_with("[]") => first_text(&json_in(message.get(name)?), path),
            _ => first_text(message, path),
        })
    };
    let (media_id, task_id) = (text(kind.media), text(kind.task));
    let (outcome, error) = outcome(kind.rule, message);
    let found = text(kind.verdict).and_then(|word| audit(&word));
    Attributes {
        subject: media_id.clone().or_else(|| task_id.clone()).or_else(|| text("ProjectId")),
        time: None,
        outcome,
        task_id,
        media_id,
        procedure_task_id: None,
        context: text("UserData Extend"),
        error,
        verdict: final_verdict(found, outcome),
        deleted: text(kind.deleted).and_then(|word| deleted(&word)).filter(|_| outcome != Outcome::Failed),
    }
}

/// The value, or the JSON in it if it is a text: members are documented as one and seen as the other.
fn json_in(value: &Value) -> Value {
    let json = value.as_str().and_then(|text| serde_json::from_str(text).ok());
    json.unwrap_or_else(|| value.clone())
}

/// Documented samples of ApsaraVideo VOD have names with a blank at the end. A name without one counts more.
fn with_trimmed_names(members: &Map<String, Value>) -> Value {
    let is_exact = |name: &&String| name.trim_end() == *name;
    let (exact, odd): (Vec<_>, Vec<_>) = members.iter().partition(|(name, _)| is_exact(name));
    odd.into_iter().chain(exact).map(|(name, value)| (name.trim_end().to_owned(), value.clone())).collect()
}

/// The verdict of a manual review (`AuditStatus`) or of an automatic one (`Suggestion`).
fn audit(word: &str) -> Option<Verdict> {
    match word.to_ascii_lowercase().as_str() {
        "normal" => Some(Verdict::Pass),
        "blocked" => Some(Verdict::Block),
        word => verdict(word),
    }
}

/// `DeleteType`: the whole media asset, its original (`mezzanine`), or its renditions (`stream`).
fn deleted(word: &str) -> Option<Deleted> {
    match word.to_ascii_lowercase().as_str() {
        "all" => Some(Deleted::Media),
        "mezzanine" | "stream" => Some(Deleted::Parts),
        _ => None,
    }
}

/// `yyyy-MM-ddTHH:mm:ssZ`; some types have a colon before their milliseconds.
fn time(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok().or_else(|| {
        let (seconds, milliseconds) = text.strip_suffix('Z')?.rsplit_once(':')?;
        OffsetDateTime::parse(&format!("{seconds}.{milliseconds}Z"), &Rfc3339).ok()
    })
}

/// The outcome, and the cause of a failure.
fn outcome(rule: Rule, message: &Value) -> (Outcome, Option<EventError>) {
    let (own, error) = judge(message);
    let has_status = status(message).is_some();
    let outcome = match (rule, own) {
        (_, Outcome::Failed) => Outcome::Failed,
        (Rule::EndOnly | Rule::Unlisted, Outcome::Succeeded) => Outcome::Unknown,
        (Rule::Started, Outcome::Succeeded) => Outcome::Progress,
        (Rule::Created, Outcome::Unknown) if !has_status => Outcome::Succeeded,
        (Rule::Parts, Outcome::Unknown) if !has_status => of_parts(message),
        (_, own) => own,
    };
    (outcome, error)
}

/// The outcome of an event without a status of its own: success if there are parts and all have succeeded.
fn of_parts(message: &Value) -> Outcome {
    let outcomes: Vec<_> = parts(message).map(status).collect();
    let all_succeeded = outcomes.iter().all(|outcome| *outcome == Some(Outcome::Succeeded));
    if all_succeeded && !outcomes.is_empty() { Outcome::Succeeded } else { Outcome::Unknown }
}

/// The items of the lists in an object, such as `StreamInfos[]`.
fn parts(object: &Value) -> impl Iterator<Item = &Value> {
    object.as_object().into_iter().flat_map(Map::values).filter_map(Value::as_array).flatten()
}

/// The status words differ by family. An error code takes precedence over them, and so does a failed part.
fn judge(object: &Value) -> (Outcome, Option<EventError>) {
    let own = status(object).unwrap_or_default();
    if own == Outcome::Progress {
        return (own, None);
    }
    let mut has_failed = own == Outcome::Failed || has_error(object);
    let mut error = has_failed.then(|| error(object));
    for part in parts(object) {
        if let (Outcome::Failed, of_part) = judge(part) {
            has_failed = true;
            // A failure with a code is more informative.
            if error.as_ref().is_none_or(|error| error.code.is_none()) {
                error = of_part.filter(|e| e.code.is_some()).or_else(|| error.take());
            }
        }
    }
    let outcome = if has_failed { Outcome::Failed } else { own };
    (outcome, error.filter(|error| *error != EventError::default()))
}

/// The outcome for the status word of a body, or of one of its parts: `Success`/`Fail` (upload, produce),
/// `Finished`/`Failed` (batch, smart jobs), `Succeed`/`Failed` (workflow), `State` with
/// `Complete`/`Error`/`Cancelled` (media convert), `initial`/`started`/`paused` (live recording). `Inited`,
/// `Running`, `Queuing` are from the SDK (that callbacks have them is inferred).
fn status(object: &Value) -> Option<Outcome> {
    let word = first_text(object, "Status State")?;
    Some(match word.trim().to_ascii_lowercase().as_str() {
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
fn has_error(object: &Value) -> bool {
    ["ErrorCode", "Code"].into_iter().filter_map(|name| first_text(object, name)).any(|code| is_error(&code))
}

/// The cause of a failure.
fn error(object: &Value) -> EventError {
    let first = |names: [&str; 2]| {
        let mut texts = names.into_iter().filter_map(|name| first_text(object, name));
        texts.find(|text| is_error(text))
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
    fn an_upload_without_a_status_has_succeeded() {
        let outcome = |event_type: &str, rest: &str| {
            let body = format!(r#"{{"EventType":"{event_type}"{rest}}}"#);
            read(&Body::parse(&body).unwrap()).unwrap().attributes.outcome
        };
        for event_type in ["FileUploadComplete", "ImageUploadComplete", "AttachedMediaUploadComplete"] {
            assert_eq!(outcome(event_type, ""), Outcome::Succeeded, "{event_type}");
            assert_eq!(outcome(event_type, r#","ErrorCode":"e""#), Outcome::Failed, "{event_type}");
        }
        assert_eq!(outcome("TranscodeComplete", ""), Outcome::Unknown);
        // A word that nobody knows is not the lack of one.
        assert_eq!(outcome("FileUploadComplete", r#","Status":"Skipped""#), Outcome::Unknown);
        let snapshots = r#","Status":"Skipped","SnapshotInfos":[{"Status":"success"}]"#;
        assert_eq!(outcome("SnapshotComplete", snapshots), Outcome::Unknown);
    }

    #[test]
    fn parts_succeed_only_together() {
        for (second, expected) in [
            (r#"{"Status":"Success"}"#, Outcome::Succeeded),
            (r#"{"Status":"Processing"}"#, Outcome::Unknown),
            (r#"{"Status":"Strange"}"#, Outcome::Unknown),
            ("{}", Outcome::Unknown),
        ] {
            let message = format!(r#"{{"SnapshotInfos":[{{"Status":"Success"}},{second}]}}"#);
            assert_eq!(of_parts(&serde_json::from_str(&message).unwrap()), expected, "{second}");
        }
        let of_ims =
            r#"{"EventType":"SnapshotComplete","MessageBody":{"SnapshotInfos":[{"Status":"Success"}]}}"#;
        assert_eq!(read(&Body::parse(of_ims).unwrap()).unwrap().attributes.outcome, Outcome::Succeeded);
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
