//! Events as types: what a Rust user reads is what the sender said, all of it.

use std::path::Path;

use mediahook::envelope::{Channel, Envelope};
use mediahook::intake;
use mediahook::json::Json;
use mediahook::sender::model::Unread;
use mediahook::sender::{alibaba_ims, tencent_vod};
use mediahook::source::Sources;
use serde_json::Value;
use time::macros::datetime;

use crate::support::normal;

/// See [`normal::normal`].
pub(crate) fn normal(text: &str) -> Option<Value> {
    normal::normal(Json::parse(text).unwrap().root())
}

pub(crate) fn envelope(source: &str, body: &str) -> Envelope {
    let sources = Sources::parse(r#"{"tencent-vod/main":{},"alibaba-ims/prod":{}}"#).unwrap();
    let received = datetime!(2026-11-22 05:50:25.5 UTC);
    intake::seal(sources.get(source).unwrap(), body, Channel::Push, received).unwrap()
}

/// The name of an enum's variant.
pub(crate) fn variant(event: &impl std::fmt::Debug) -> String {
    format!("{event:?}").split('(').next().unwrap().to_owned()
}

pub(crate) fn fixtures(sender: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(sender);
    let files = folder.read_dir().unwrap().map(|entry| entry.unwrap().path());
    files
        .map(|file| {
            let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read_to_string(file).unwrap())
        })
        .collect()
}

#[test]
fn every_tencent_fixture_is_read_and_kept() {
    for (name, text) in fixtures("tencent-vod") {
        let envelope = envelope("tencent-vod/main", &text);
        let body = tencent_vod::Body::of(&envelope).unwrap();
        let (first, _) = name.split_once('.').unwrap_or((&name, ""));
        let expected = match first {
            "v2" => "Legacy",
            "BrandNewTaskComplete" => "Unknown",
            event_type => event_type,
        };
        assert_eq!(variant(&body.event), expected, "{name}");
        let mut written = normal(&serde_json::to_string(&body).unwrap()).unwrap();
        if name.ends_with("no-event-type") {
            written.as_object_mut().unwrap().remove("EventType");
        }
        assert_eq!(Some(written), normal(&text), "{name}");
        assert_eq!(alibaba_ims::Event::of(&envelope), Err(Unread::OtherSender));
    }
}

#[test]
fn every_alibaba_fixture_is_read_and_kept() {
    for (name, text) in fixtures("alibaba-ims") {
        let envelope = envelope("alibaba-ims/prod", &text);
        let body = alibaba_ims::Body::of(&envelope).unwrap();
        let expected = match name.as_str() {
            "FileUploadComplete.vod-flat" => "Flat",
            "BrandNewJobComplete" => "Unknown",
            name => name.split('.').next().unwrap(),
        };
        assert_eq!(variant(&body.event), expected, "{name}");
        assert_eq!(normal(&serde_json::to_string(&body).unwrap()), normal(&text), "{name}");
        assert_eq!(tencent_vod::Event::of(&envelope), Err(Unread::OtherSender));
    }
}

#[test]
fn a_flow_is_read_down_to_the_results_of_its_subtasks() {
    let text = include_str!("../fixtures/tencent-vod/ProcedureStateChanged.subtask-failed.json");
    let tencent_vod::Event::ProcedureStateChanged(flow) = tencent_vod::Event::read(text).unwrap() else {
        unreachable!()
    };
    assert_eq!(flow.status.as_deref(), Some("FINISH"));
    let statuses: Vec<_> = flow
        .media_process_result_set
        .iter()
        .filter_map(|result| result.transcode_task.as_ref()?.status.as_deref())
        .collect();
    assert!(statuses.contains(&"FAIL"), "{statuses:?}");
}

#[test]
fn what_artificial_intelligence_found_is_there_whatever_its_member_is_called() {
    let text = r#"{"EventType":"ProcedureStateChanged","ProcedureStateChangeEvent":{
        "AiContentReviewResultSet":[{"Type":"Porn.Asr","PornTask":null,"PornAsrTask":{"Status":"SUCCESS","ErrCode":0,"Output":{"Confidence":98.50}}}],
        "AiRecognitionResultSet":[
            {"Type":"FaceRecognition","FaceRecognitionTask":{"Status":"FAIL","ErrCodeExt":"InternalError","ErrCode":70000,"Output":{"ResultSet":[{"Id":183213}]}}},
            {"Type":"FaceRecognition","FaceTask":{"Status":"SUCCESS"},"Odd":1}]}}"#;
    let tencent_vod::Event::ProcedureStateChanged(flow) = tencent_vod::Event::read(text).unwrap() else {
        unreachable!()
    };
    let [review] = flow.ai_content_review_result_set.as_slice() else { unreachable!() };
    assert_eq!(review.r#type.as_deref(), Some("Porn.Asr"));
    assert_eq!(review.tasks[0].0, "PornAsrTask");
    assert_eq!(review.task().unwrap().output.unwrap().get(), r#"{"Confidence":98.50}"#);
    let [seen, face] = flow.ai_recognition_result_set.as_slice() else { unreachable!() };
    let seen = seen.task().unwrap();
    assert_eq!(seen.status.as_deref(), Some("FAIL"));
    assert_eq!(seen.err_code.unwrap().as_i64(), Some(70000));
    let output: Value = seen.output.unwrap().parse().unwrap();
    assert_eq!(output["ResultSet"][0]["Id"], 183_213);
    assert_eq!(face.task().unwrap().status.as_deref(), Some("SUCCESS"));
    assert_eq!(face.other[0].text, r#""Odd":1"#);
}

#[test]
fn a_payload_is_found_by_what_it_is_and_not_by_its_name() {
    for (text, expected, member) in [
        (
            r#"{"EventType":"WechatMiniProgramPublishComplete","WechatMiniProgramPublishEvent":{"TaskId":"t"}}"#,
            "WechatMiniProgramPublishComplete",
            "WechatMiniProgramPublishEvent",
        ),
        (
            r#"{"FileUploadEvent":null,"EditMediaComplete":{"TaskId":"t"}}"#,
            "EditMediaComplete",
            "EditMediaComplete",
        ),
        (
            r#"{"EventType":"SceneAigcImageComplete","SceneAigcImageCompleteEvent":{"TaskId":"t"}}"#,
            "SceneAigcImageCompleteEvent",
            "SceneAigcImageCompleteEvent",
        ),
        (r#"{"EventType":"PullComplete","PullTaskDone":{"TaskId":"t"}}"#, "PullComplete", "PullTaskDone"),
    ] {
        let body = tencent_vod::Body::read(text).unwrap();
        assert_eq!(variant(&body.event), expected);
        assert_eq!(body.member.as_deref(), Some(member));
        assert!(format!("{:?}", body.event).contains("task_id: Some(\"t\")"), "{text}");
        assert!(body.other.is_empty(), "{text}");
    }
}

#[test]
fn tomorrows_event_keeps_everything() {
    let text = r#"{"EventType":"MoonLanding","MoonLandingEvent":{ "Crater" : 1.50 },"Extra":[1],"PullCompleteEvent":null}"#;
    let body = tencent_vod::Body::read(text).unwrap();
    let tencent_vod::Event::Unknown(unknown) = &body.event else { unreachable!() };
    assert_eq!(unknown.event_type, "MoonLanding");
    assert_eq!(unknown.payload.unwrap().get(), r#"{ "Crater" : 1.50 }"#);
    let others: Vec<_> = body.other.iter().map(|member| member.text).collect();
    assert_eq!(others, [r#""Extra":[1]"#]);

    let text = r#"{"EventType":"PullComplete","PullCompleteEvent":"gone"}"#;
    let body = tencent_vod::Body::read(text).unwrap();
    assert_eq!(variant(&body.event), "Unknown");
    assert_eq!(body.other[0].text, r#""PullCompleteEvent":"gone""#);

    let text = r#"{"EventType":"MoonLanding","UserId":16900427188355011690,"MessageBody":[1.50],"Extra":1}"#;
    let body = alibaba_ims::Body::read(text).unwrap();
    assert_eq!(body.user_id.unwrap().as_u64(), Some(16_900_427_188_355_011_690));
    let alibaba_ims::Event::Unknown(unknown) = &body.event else { unreachable!() };
    assert_eq!(unknown.message_body.unwrap().get(), "[1.50]");
    assert_eq!(body.other[0].text, r#""Extra":1"#);
}

#[test]
fn the_legacy_format_is_told_by_case() {
    let text = r#"{"version":"4.0","eventType":"ClipComplete","data":{"vodTaskId":"t","status":0,"fileInfo":{"fileId":"1"}}}"#;
    let tencent_vod::Event::Legacy(legacy) = tencent_vod::Event::read(text).unwrap() else { unreachable!() };
    assert_eq!(legacy.event_type.as_deref(), Some("ClipComplete"));
    let data = legacy.data.unwrap();
    assert_eq!(data.status.as_deref(), Some("0"));
    assert_eq!(data.vod_task_id.as_deref(), Some("t"));
    assert_eq!(data.other[0].text, r#""fileInfo":{"fileId":"1"}"#);
}

#[test]
fn the_four_documented_messages_of_ims_are_typed() {
    let text = include_str!("../fixtures/alibaba-ims/FileUploadComplete.json");
    let alibaba_ims::Event::FileUploadComplete(upload) = alibaba_ims::Event::read(text).unwrap() else {
        unreachable!()
    };
    assert_eq!(upload.size.unwrap().as_i64(), Some(5_510_872));
    assert!(upload.other.is_empty());

    let text = include_str!("../fixtures/alibaba-ims/ProduceMediaComplete.json");
    let body = alibaba_ims::Body::read(text).unwrap();
    assert_eq!(body.user_id.unwrap().digits(), "1690042718835501");
    assert_eq!(body.event_time.as_deref(), Some("2026-05-18T02:11:09Z"));
    let alibaba_ims::Event::ProduceMediaComplete(produced) = &body.event else { unreachable!() };
    assert_eq!(produced.error_code, None); // sent as ""
    assert!(produced.media_url.as_deref().unwrap().starts_with("http://"));
    assert!(produced.other.is_empty());
    for file in [
        include_str!("../fixtures/alibaba-ims/BatchProduceMediaComplete.json"),
        include_str!("../fixtures/alibaba-ims/RegisterMediaComplete.json"),
    ] {
        let event = format!("{:?}", alibaba_ims::Event::read(file).unwrap());
        assert!(event.ends_with("other: [] })"), "{event}");
    }
}

#[test]
fn a_message_in_a_string_can_be_read_once_it_is_decoded() {
    let text = r#"{"EventType":"ProduceMediaComplete","UserId":1,"MessageBody":"{\"JobId\":\"j\"}"}"#;
    let alibaba_ims::Event::Unknown(unknown) = alibaba_ims::Event::read(text).unwrap() else {
        unreachable!()
    };
    let decoded: String = unknown.message_body.unwrap().parse().unwrap();
    let event = alibaba_ims::Event::of_message(&unknown.event_type, &decoded).unwrap();
    let alibaba_ims::Event::ProduceMediaComplete(produced) = event else { unreachable!() };
    assert_eq!(produced.job_id.as_deref(), Some("j"));
}

#[test]
fn an_event_that_cannot_be_read_says_why() {
    for read in [
        |text| tencent_vod::Event::read(text).map(drop).unwrap_err(),
        |text| alibaba_ims::Event::read(text).map(drop).unwrap_err(),
    ] {
        assert!(matches!(read("{"), Unread::NotJson(_)));
        assert_eq!(read("{}"), Unread::NoEvent);
        assert_eq!(read("[]"), Unread::NoEvent);
    }
    let mut envelope = envelope("tencent-vod/main", r#"{"EventType":"PullComplete"}"#);
    envelope.data = None;
    assert_eq!(tencent_vod::Event::of(&envelope), Err(Unread::Elsewhere));
}
