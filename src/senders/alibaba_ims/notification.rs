//! Event notifications of IMS: `EventType`, `UserId`, `EventTime`, and an object `MessageBody`.
//!
//! Two thirds of the bodies are documented by name only, so ids and outcome are looked up by what every family uses.
//! ApsaraVideo VOD sends the same `EventType`s in a flat body, without `MessageBody` and `UserId`: such a body is passed
//! on under that product's name, and nothing in it is taken for what IMS would mean by it.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer as _, SeqAccess, Visitor};
use serde_json::value::RawValue;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::kind::KINDS;
use crate::event::envelope::Outcome;
use crate::event::{Body, Object, text};
use crate::senders::Notification;

const TYPE_PREFIX: &str = "com.alibabacloud.ims.";
/// For the flat bodies of the neighbouring product.
const FLAT_TYPE_PREFIX: &str = "com.alibabacloud.vod.";

pub(super) fn read(body: &Body<'_>) -> Option<Notification> {
    let event_type = body.text("EventType")?;
    let message = body.get("MessageBody");
    let is_flat = message.is_none() && body.get("UserId").is_none();
    let prefix = if is_flat { FLAT_TYPE_PREFIX } else { TYPE_PREFIX };
    // Documented and seen as an object; a JSON text in a string costs little to look into (inferred).
    let in_string = message.filter(|message| message.get().starts_with('"')).and_then(text);
    let parsed = in_string.as_deref().and_then(|json| serde_json::from_str::<&RawValue>(json).ok());
    let message = parsed.or(message).and_then(Object::of);
    let text = |name: &str| message.as_ref()?.text(name).map(Cow::into_owned);

    let media_id = text("MediaId");
    let task_id = ["JobId", "TaskId", "ParentJobId"].into_iter().find_map(text);
    let is_known = !is_flat && KINDS.iter().any(|kind| kind.event_type == event_type);
    let time = body.text("EventTime").and_then(|t| time(&t));
    Some(Notification {
        repeats: time.is_none() && task_id.is_none(), // every documented event has a time
        subject: media_id.clone().or_else(|| task_id.clone()).or_else(|| text("ProjectId")),
        task_id,
        media_id,
        time,
        outcome: message.as_ref().filter(|_| is_known).map_or(Outcome::Unknown, outcome),
        event_type: format!("{prefix}{event_type}"),
        transport: &[],
    })
}

/// `yyyy-MM-ddTHH:mm:ssZ`; one neighbouring type puts a colon before its milliseconds.
fn time(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok().or_else(|| {
        let (seconds, milliseconds) = text.strip_suffix('Z')?.rsplit_once(':')?;
        OffsetDateTime::parse(&format!("{seconds}.{milliseconds}Z"), &Rfc3339).ok()
    })
}

/// The status words differ by family; an error code beside them counts more, and so does a part that failed.
fn outcome(message: &Object<'_>) -> Outcome {
    let own = status(message);
    if matches!(own, Some(Outcome::Progress | Outcome::Unknown)) {
        return own.unwrap_or_default();
    }
    if has_error(message) || message.values().any(has_failed_part) {
        return Outcome::Failed;
    }
    own.unwrap_or_default()
}

/// Whether a value is a list with a part in it that failed.
fn has_failed_part(value: &RawValue) -> bool {
    struct Parts;
    impl<'de> Visitor<'de> for Parts {
        type Value = bool;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<bool, A::Error> {
            let mut has_failed = false;
            while let Some(part) = items.next_element()? {
                has_failed |= Object::of(part).and_then(|part| status(&part)) == Some(Outcome::Failed);
            }
            Ok(has_failed)
        }
    }
    value.get().starts_with('[')
        && serde_json::Deserializer::from_str(value.get()).deserialize_seq(Parts).unwrap_or_default()
}

/// What the status word of a body, or of one of its parts, means: `Success`/`Fail` (upload, produce),
/// `Finished`/`Failed` (batch, smart jobs), `Succeed`/`Failed` (workflow), `State` with `Complete`/`Error`/`Cancelled`
/// (media convert), `initial`/`started`/`paused` (live recording).
fn status(body: &Object<'_>) -> Option<Outcome> {
    let word = body.text("Status").or_else(|| body.text("State"))?;
    Some(match word.to_ascii_lowercase().as_str() {
        "success" | "succeed" | "succeeded" | "finished" | "complete" | "completed" | "normal" => {
            Outcome::Succeeded
        }
        "fail" | "failed" | "error" | "cancelled" | "canceled" => Outcome::Failed,
        "init" | "initial" | "created" | "scheduled" | "started" | "paused" | "executing" | "processing" => {
            Outcome::Progress
        }
        _ => Outcome::Unknown,
    })
}

/// `ErrorCode` is empty on success, `Code` absent, `"0"` or a word for success.
fn has_error(message: &Object<'_>) -> bool {
    let is_error =
        |code: &str| !["0", "200", "OK", "Success"].iter().any(|good| good.eq_ignore_ascii_case(code));
    ["ErrorCode", "Code"].into_iter().filter_map(|name| message.text(name)).any(|code| is_error(&code))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome_of(message: &str) -> Outcome {
        outcome(&serde_json::from_str(message).unwrap())
    }

    #[test]
    fn status_words_of_every_family() {
        for word in ["Success", "Finished", "Succeed", "Complete", "success"] {
            assert_eq!(outcome_of(&format!(r#"{{"Status":"{word}"}}"#)), Outcome::Succeeded, "{word}");
        }
        for word in ["Fail", "Failed", "fail", "Error", "Cancelled"] {
            assert_eq!(outcome_of(&format!(r#"{{"State":"{word}"}}"#)), Outcome::Failed, "{word}");
        }
        for word in ["initial", "started", "paused", "Init", "Scheduled"] {
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
        assert_eq!(
            outcome_of(r#"{"Status":"Success","SnapshotInfos":[{"Status":"Success"},{"Status":"Fail"}]}"#),
            Outcome::Failed
        );
    }

    #[test]
    fn a_message_in_a_string_is_looked_into() {
        let body = r#"{"EventType":"ProduceMediaComplete","UserId":1,"MessageBody":"{\"Status\":\"Fail\",\"JobId\":\"j\"}"}"#;
        let notification = read(&Body::parse(body).unwrap()).unwrap();
        assert_eq!(notification.task_id.as_deref(), Some("j"));
        assert_eq!(notification.outcome, Outcome::Failed);
        let body = r#"{"EventType":"ProduceMediaComplete","UserId":1,"MessageBody":"{\"Status\":"}"#;
        assert_eq!(read(&Body::parse(body).unwrap()).unwrap().outcome, Outcome::Unknown);
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
