//! What the attributes of an event may be, whatever the sender's texts are.

use mediahook_events::{Channel, CloudEvent};
use mediahook_senders::{Unprocessable, read_event};
use serde_json::{Value, json};

use crate::fixtures::{RECEIVED, event, fixtures, sender};

fn read(source: &str, body: &str) -> Result<CloudEvent, Unprocessable> {
    read_event(sender(source), source, body.as_bytes(), Channel::Push, None, RECEIVED)
}

fn pull_complete(member: &str, json: &str) -> String {
    format!(
        r#"{{"EventType":"PullComplete","PullCompleteEvent":{{"TaskId":"t","FileId":"f","{member}":{json}}}}}"#
    )
}

#[test]
fn half_a_surrogate_pair_is_the_replacement_character_and_its_bytes_are_passed_on() {
    let cut_off = r#""order 7 \ud83d\ude00\ud83d""#;
    for (source, body) in [
        ("tencent-vod/main", pull_complete("SessionContext", cut_off)),
        (
            "alibaba-ims/prod",
            format!(r#"{{"EventType":"X","MessageBody":{{"JobId":"j","UserData":{cut_off}}}}}"#),
        ),
        ("alibaba-vod/prod", format!(r#"{{"EventType":"X","JobId":"j","Extend":{cut_off}}}"#)),
    ] {
        let event = event(source, &body);
        assert_eq!(event.context.as_deref(), Some("order 7 \u{1f600}\u{fffd}"), "{source}");
        assert_eq!(event.data.unwrap().get(), body);
    }
}

#[test]
fn no_attribute_has_a_character_that_cloudevents_forbids() {
    let odd = r#""a\u0000b\u0085c\nd\uffffe\ufdd0f\ud83f\udfffg""#;
    let event = event("tencent-vod/main", &pull_complete("SessionContext", odd));
    assert_eq!(event.context.as_deref(), Some("a b c d e f g"));
    let body = format!(
        r#"{{"EventType":"PullComplete","PullCompleteEvent":{{"TaskId":{odd},"FileId":{odd},"ErrCode":{odd},"Message":{odd}}}}}"#
    );
    let event = crate::fixtures::event("tencent-vod/main", &body);
    for attribute in [event.subject, event.taskid, event.mediaid, event.errorcode, event.errormessage] {
        assert_eq!(attribute.as_deref(), Some("a b c d e f g"));
    }
    let body = r#"{"EventType":"Moon\nLanding","JobId":"j"}"#;
    assert_eq!(
        crate::fixtures::event("alibaba-vod/prod", body).event_type,
        "com.alibabacloud.vod.Moon Landing"
    );
}

#[test]
fn a_name_without_a_blank_at_its_end_counts_more_wherever_it_is() {
    for body in [
        r#"{"EventType":"X","JobId":"j","ErrorCode ":"odd","ErrorCode":"exact"}"#,
        r#"{"EventType":"X","JobId":"j","ErrorCode":"exact","ErrorCode ":"odd"}"#,
    ] {
        assert_eq!(event("alibaba-vod/prod", body).errorcode.as_deref(), Some("exact"), "{body}");
    }
}

#[test]
fn a_text_has_a_thousand_characters_and_an_id_is_never_cut() {
    let event =
        event("tencent-vod/main", &pull_complete("SessionContext", &json!("媒".repeat(1_001)).to_string()));
    assert_eq!(event.context.unwrap(), "媒".repeat(1_000));
    let body = |task: usize, file: usize, flow: usize| {
        let payload = json!({ "TaskId": "媒".repeat(task), "FileId": "f".repeat(file), "ProcedureTaskId": "p".repeat(flow) });
        json!({ "EventType": "PullComplete", "PullCompleteEvent": payload }).to_string()
    };
    assert_eq!(read("tencent-vod/main", &body(256, 256, 256)).unwrap().taskid.unwrap(), "媒".repeat(256));
    for (task, file, flow) in [(257, 1, 1), (1, 257, 1), (1, 1, 257)] {
        let error = read("tencent-vod/main", &body(task, file, flow)).unwrap_err();
        assert_eq!(error, Unprocessable::NoEvent, "{task} {file} {flow}");
    }
}

#[test]
fn a_type_of_more_than_256_characters_is_no_event() {
    let event_type = |chars: usize| format!(r#"{{"EventType":"{}","JobId":"j"}}"#, "媒".repeat(chars));
    let prefix = "com.alibabacloud.vod.".len();
    assert!(read("alibaba-vod/prod", &event_type(256 - prefix)).is_ok());
    assert_eq!(read("alibaba-vod/prod", &event_type(257 - prefix)).unwrap_err(), Unprocessable::NoEvent);
}

#[test]
fn of_a_member_that_is_given_twice_the_last_one_counts_everywhere() {
    let twice = r#"{"EventType":"NewFileUpload","EventType":"PullComplete",
        "PullCompleteEvent":{"TaskId":"1"},"PullCompleteEvent":{"TaskId":"2","FileId":"3","FileId":"4"}}"#;
    let once = r#"{"EventType":"PullComplete","PullCompleteEvent":{"TaskId":"2","FileId":"4"}}"#;
    let (twice, once) = (event("tencent-vod/main", twice), event("tencent-vod/main", once));
    assert_eq!((twice.taskid, twice.mediaid), (Some("2".to_owned()), Some("4".to_owned())));
    assert_eq!((twice.event_type, twice.id), (once.event_type, once.id));
}

/// What the types differ in when the usual members are missing.
#[test]
fn types_of_tencent_without_their_usual_members() {
    for (member, payload, outcome, media) in [
        ("ProcedureStateChangeEvent", r#"{"ErrCode":0}"#, "unknown", None),
        ("PullCompleteEvent", r#"{"ErrCode":0}"#, "succeeded", None),
        ("TranscodeCompleteEvent", r#"{"TaskId":"t"}"#, "succeeded", None),
        ("ClipCompleteEvent", r#"{"TaskId":"t"}"#, "succeeded", None),
        ("ConcatCompleteEvent", r#"{"TaskId":"t"}"#, "succeeded", None),
        ("CreateImageSpriteCompleteEvent", r#"{"TaskId":"t"}"#, "succeeded", None),
        ("SnapshotByTimeOffsetCompleteEvent", r#"{"TaskId":"t"}"#, "succeeded", None),
        ("PullCompleteEvent", r#"{"Status":"STRANGE","ErrCode":1}"#, "failed", None),
        ("PullCompleteEvent", r#"{"Status":"ABORTED"}"#, "failed", None),
        (
            "ProcessImageAsyncCompleteEvent",
            r#"{"Status":"FAIL","Input":{"FileId":"f"}}"#,
            "failed",
            Some("f"),
        ),
        (
            "AigcHunyuan3DCompleteEvent",
            r#"{"Status":"FAIL","Input":{"ImageInfos":[{"FileId":"f"}]}}"#,
            "failed",
            Some("f"),
        ),
        ("ClipCompleteEvent", r#"{"ErrCode":1,"SrcFileId":"f"}"#, "failed", Some("f")),
        ("ComposeMediaCompleteEvent", r#"{"ErrCode":1,"Input":{"FileId":"f"}}"#, "failed", None),
        ("MoonLandingEvent", r#"{"Status":"FINISH","FileId":"f"}"#, "unknown", Some("f")),
    ] {
        let event = event("tencent-vod/main", &format!(r#"{{"{member}":{payload}}}"#));
        let read = (event.outcome.to_string(), event.mediaid.as_deref());
        assert_eq!(read, (outcome.to_owned(), media), "{member}: {payload}");
    }
}

#[test]
fn a_body_of_tencent_without_a_type_is_named_for_its_payload() {
    let event_type = |body: &str| read("tencent-vod/main", body).map(|event| event.event_type).ok();
    // A text is no payload, whatever its name.
    let text = r#"{"FileUploadEvent":"text","MoonLandingEvent":{"TaskId":"t"}}"#;
    assert_eq!(event_type(text).as_deref(), Some("com.tencentcloud.vod.MoonLanding"));
    assert_eq!(event_type(r#"{"Event":{"TaskId":"t"}}"#), None);
    assert_eq!(event_type(r#"{"Sign":{"TaskId":"t"},"T":1}"#), None);
}

#[test]
fn the_error_is_the_first_one_unless_only_a_later_one_has_a_code() {
    for (payload, code, message) in [
        (r#"{"ErrCode":1,"Message":"m","Parts":[{"ErrCode":2,"Message":"n"}]}"#, Some("1"), Some("m")),
        (r#"{"Status":"FAIL","Message":"m","Parts":[{"ErrCode":2,"Message":"n"}]}"#, Some("2"), Some("n")),
        (r#"{"Status":"FAIL","Message":"m","Parts":[{"Status":"FAIL","Message":"n"}]}"#, None, Some("m")),
        (
            r#"{"Status":"FAIL","Message":"SUCCESS","Parts":[{"Status":"FAIL","Message":"n"}]}"#,
            None,
            Some("n"),
        ),
        (r#"{"ErrCode":1,"Message":"SUCCESS"}"#, Some("1"), Some("SUCCESS")),
        (r#"{"Status":"FAIL"}"#, None, None),
    ] {
        let event = event("tencent-vod/main", &format!(r#"{{"EventType":"X","XEvent":{payload}}}"#));
        assert_eq!((event.errorcode.as_deref(), event.errormessage.as_deref()), (code, message), "{payload}");
    }
}

/// The senders' own JSON writers may print a number in another way when they push than when a queue holds it.
#[test]
fn a_number_that_is_written_otherwise_is_the_same_event() {
    fn written_otherwise(value: &mut Value) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(written_otherwise),
            Value::Object(members) => members.values_mut().for_each(written_otherwise),
            // As a float, an integer beyond 2^53 would lose digits.
            Value::Number(number)
                if number.as_i64().is_some_and(|integer| integer.unsigned_abs() < 1 << 53) =>
            {
                *value = Value::from(number.as_f64());
            }
            _ => {}
        }
    }
    let mut rewritten = 0;
    for source in ["tencent-vod/main", "alibaba-ims/prod", "alibaba-vod/prod"] {
        for (name, body) in fixtures(source.split('/').next().unwrap()) {
            let mut value: Value = body.parse().unwrap();
            written_otherwise(&mut value);
            rewritten += usize::from(value.to_string().contains(".0"));
            assert_eq!(event(source, &value.to_string()).id, event(source, &body).id, "{source} {name}");
        }
    }
    assert!(rewritten > 100, "{rewritten}");
}
