//! What is read is where a user looks for it.

use mediahook_events::tencent_vod::procedure::AiTask;
use mediahook_events::{alibaba_ims, alibaba_vod, tencent_vod};
use serde_json::{Value, json};

use crate::fixtures::variant;

fn tencent(body: Value) -> tencent_vod::Event {
    serde_json::from_value(body).unwrap()
}

fn alibaba(text: &str) -> alibaba_ims::Event {
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_task_flow_is_read_down_to_the_results_of_its_subtasks() {
    let text =
        include_str!("../../../../tests/fixtures/tencent-vod/ProcedureStateChanged.subtask-failed.json");
    let tencent_vod::Event::ProcedureStateChanged(flow) = serde_json::from_str(text).unwrap() else {
        panic!()
    };
    assert_eq!(flow.payload.status.as_deref(), Some("FINISH"));
    let results = &flow.payload.media_process_result_set;
    let statuses: Vec<_> =
        results.iter().filter_map(|result| result.transcode_task.as_ref()?.status.as_deref()).collect();
    assert!(statuses.contains(&"FAIL"), "{statuses:?}");
}

#[test]
fn what_ai_found_is_typed_and_an_undocumented_name_is_kept() {
    let event = tencent(json!({"EventType": "ProcedureStateChanged", "ProcedureStateChangeEvent": {
        "AiContentReviewResultSet": [{"Type": "Porn.Asr", "PornTask": null, "PornAsrTask": {
            "Status": "SUCCESS", "ErrCode": 0, "Output": {"Confidence": 98.5, "Suggestion": "block"}
        }}],
        "AiRecognitionResultSet": [
            {"Type": "FaceRecognition", "FaceRecognitionTask": {"Status": "FAIL", "ErrCode": "70000"}},
            {"Type": "FaceRecognition", "FaceTask": {"Output": {"ResultSet": [{"Id": 183_213}]}}, "OddTask": {"Status": "FAIL"}},
        ],
    }}));
    let tencent_vod::Event::ProcedureStateChanged(flow) = event else { panic!() };
    let review = flow.payload.ai_content_review_result_set[0].porn_asr_task.as_ref().unwrap();
    assert_eq!(review.output.as_ref().unwrap().suggestion.as_deref(), Some("block"));
    let [first, second] = flow.payload.ai_recognition_result_set.as_slice() else { panic!() };
    assert_eq!(first.face_recognition_task.as_ref().unwrap().err_code, Some(70000));
    let faces = second.face_task.as_ref().unwrap().output.as_ref().unwrap();
    assert_eq!(faces.result_set[0].id.as_deref(), Some("183213"));
    let odd: AiTask<Value> = serde_json::from_value(second.other["OddTask"].clone()).unwrap();
    assert_eq!(odd.status.as_deref(), Some("FAIL"));
}

#[test]
fn a_payload_is_found_by_what_it_is_and_not_by_its_name() {
    for (body, expected) in [
        (
            json!({"EventType": "WechatMiniProgramPublishComplete", "WechatMiniProgramPublishEvent": {"TaskId": "t"}}),
            "WechatMiniProgramPublishComplete",
        ),
        (json!({"FileUploadEvent": null, "EditMediaComplete": {"TaskId": "t"}}), "EditMediaComplete"),
        (
            json!({"EventType": "SceneAigcImageComplete", "SceneAigcImageCompleteEvent": {"TaskId": "t"}}),
            "SceneAigcImageCompleteEvent",
        ),
        (json!({"EventType": "PullComplete", "PullTaskDone": {"TaskId": "t"}}), "PullComplete"),
        (
            json!({"EventType": "PullComplete", "Extra": {}, "PullCompleteEvent": {"TaskId": "t"}}),
            "PullComplete",
        ),
    ] {
        let event = tencent(body.clone());
        assert_eq!(variant(&event), expected, "{body}");
        assert!(format!("{event:?}").contains("task_id: Some(\"t\")"), "{body}");
    }
}

#[test]
fn the_type_in_the_envelope_counts_more_than_a_missing_one() {
    let data = r#"{"ComposeMediaCompleteEvent":{"TaskId":"t"}}"#;
    for event_type in ["com.tencentcloud.vod.ComposeMediaComplete", "ComposeMediaComplete"] {
        let event = tencent_vod::Event::from_data(event_type, data).unwrap();
        assert_eq!(event.event_type(), Some("ComposeMediaComplete"));
    }
    let data = r#"{"data":{"fileInfo":{"fileId":"1"}}}"#;
    let event = tencent_vod::Event::from_data("com.tencentcloud.vod.v2.ClipComplete", data).unwrap();
    let tencent_vod::Event::V2(tencent_vod::v2::Event::ClipComplete(clip)) = event else { panic!() };
    assert_eq!(clip.data.file_info.unwrap().file_id.as_deref(), Some("1"));
    let data = r#"{"MessageBody":{"JobId":"j"}}"#;
    let event = alibaba_ims::Event::from_data("com.alibabacloud.ims.ProduceMediaComplete", data).unwrap();
    assert_eq!(variant(&event), "ProduceMediaComplete");
}

#[test]
fn an_unknown_event_is_kept_whole() {
    let body = json!({"EventType": "MoonLanding", "MoonLandingEvent": {"Crater": 1.5}, "Extra": [1], "PullCompleteEvent": null});
    let event = tencent(body.clone());
    assert_eq!(event.event_type(), Some("MoonLanding"));
    assert_eq!(event, tencent_vod::Event::Unknown(body.as_object().unwrap().clone()));
    assert_eq!(
        variant(&tencent(json!({"EventType": "PullComplete", "PullCompleteEvent": "gone"}))),
        "Unknown"
    );

    let event = alibaba(r#"{"EventType":"MoonLanding","MessageBody":{"Crater":1.5}}"#);
    assert_eq!(event.event_type(), Some("MoonLanding"));
    assert_eq!(variant(&event), "Unknown");
    let event = alibaba(r#"{"EventType":"ProduceMediaComplete","MessageBody":"{\"JobId\":\"j\"}"}"#);
    assert_eq!(variant(&event), "Unknown");
}

#[test]
fn the_empty_payloads_of_other_events_are_left_out() {
    let event = tencent(
        json!({"EventType": "PullComplete", "PullCompleteEvent": {}, "FileDeleteEvent": null, "Extra": null}),
    );
    let tencent_vod::Event::PullComplete(pull) = event else { panic!() };
    assert_eq!(pull.other.keys().collect::<Vec<_>>(), ["Extra"]);
}

#[test]
fn the_legacy_format_has_what_its_events_are_about() {
    let text = include_str!("../../../../tests/fixtures/tencent-vod/v2.NewFileUpload.json");
    let tencent_vod::Event::V2(tencent_vod::v2::Event::NewFileUpload(upload)) =
        serde_json::from_str(text).unwrap()
    else {
        panic!()
    };
    assert!(upload.data.source_context.as_deref().unwrap().starts_with("rtmp://"));
    assert!(upload.data.procedure_task_id.as_deref().unwrap().contains("mango"));
    let text = include_str!("../../../../tests/fixtures/tencent-vod/v2.NewFileUpload.client.json");
    let tencent_vod::Event::V2(tencent_vod::v2::Event::NewFileUpload(upload)) =
        serde_json::from_str(text).unwrap()
    else {
        panic!()
    };
    assert_eq!((upload.data.continued, upload.data.vod_task_id), (Some(0), None)); // sent as ""
    let meta_data = upload.data.meta_data.unwrap();
    assert_eq!((meta_data.total_size, meta_data.bitrate), (Some(1_177_451), Some(1_171_634)));
    assert_eq!(meta_data.float_duration, Some(8.034_104_347_229_004));
    let text = include_str!("../../../../tests/fixtures/tencent-vod/v2.ConcatComplete.json");
    let tencent_vod::Event::V2(tencent_vod::v2::Event::ConcatComplete(concat)) =
        serde_json::from_str(text).unwrap()
    else {
        panic!()
    };
    assert_eq!(concat.data.file_info[1].file_id.as_deref(), Some("14508913077459940018"));
    assert_eq!(concat.data.file_info[1].status, Some(0));
}

#[test]
fn ims_events_have_their_account_workflow_verdict_and_output_names() {
    let text = include_str!("../../../../tests/fixtures/alibaba-ims/WorkflowTaskComplete.json");
    let alibaba_ims::Event::WorkflowTaskComplete(task) = alibaba(text) else { panic!() };
    assert_eq!(task.user_id.as_deref(), Some("1690042718835501"));
    assert_eq!(task.message_body.workflow_id.as_deref(), Some("c72b5682da00343d4af15cdda36011d5"));
    let text = include_str!("../../../../tests/fixtures/alibaba-ims/CreateAuditComplete.json");
    let alibaba_ims::Event::CreateAuditComplete(audit) = alibaba(text) else { panic!() };
    assert_eq!(audit.message_body.audit_status.as_deref(), Some("Blocked"));
    let event = alibaba(
        r#"{"EventType":"MediaConvertComplete","MessageBody":{"OutputDetails":[{"Name":"720p"}],
            "OutputGroupDetails":[{"Name":"hls","Outputs":[{"Name":"hls-480","Status":"Failed"}]}]}}"#,
    );
    let alibaba_ims::Event::MediaConvertComplete(job) = event else { panic!() };
    assert_eq!(job.message_body.output_details[0].name.as_deref(), Some("720p"));
    let output = &job.message_body.output_group_details[0].outputs[0];
    assert_eq!((output.name.as_deref(), output.status.as_deref()), (Some("hls-480"), Some("Failed")));
}

fn apsara(text: &str) -> alibaba_vod::Event {
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_flat_body_is_not_of_ims() {
    let text = r#"{"EventType":"WorkflowTaskComplete","UserId":"1690042718835501","WorkflowId":"w","MessageBody":null}"#;
    assert_eq!(variant(&alibaba(text)), "Unknown");
    let alibaba_vod::Event::WorkflowTaskComplete(task) = apsara(text) else { panic!() };
    assert_eq!(task.user_id.as_deref(), Some("1690042718835501"));
    assert_eq!(task.workflow_id.as_deref(), Some("w"));
}

#[test]
fn names_with_blanks_at_their_ends_are_read() {
    let text = include_str!("../../../../tests/fixtures/alibaba-vod/UploadByURLComplete.failed.json");
    let alibaba_vod::Event::UploadByURLComplete(pull) = apsara(text) else { panic!() };
    assert!(pull.source_url.unwrap().starts_with("https://"));
    assert_eq!(pull.error_code.as_deref(), Some("URLInvalidError ")); // as it came
    let event = apsara(r#"{"EventType ":"FileUploadComplete","VideoId":"right","VideoId ":"wrong"}"#);
    let alibaba_vod::Event::FileUploadComplete(upload) = event else { panic!() };
    assert_eq!(upload.video_id.as_deref(), Some("right"));
    assert_eq!(upload.other["VideoId "], "wrong");
    assert_eq!(apsara(r#"{"EventType ":"MoonLanding"}"#).event_type(), Some("MoonLanding"));
}

#[test]
fn an_apsara_event_has_its_renditions_and_snapshots_in_their_types() {
    let text = include_str!("../../../../tests/fixtures/alibaba-vod/TranscodeComplete.part-failed.json");
    let alibaba_vod::Event::TranscodeComplete(video) = apsara(text) else { panic!() };
    assert_eq!(video.status.as_deref(), Some("success"));
    let [played, failed, _] = video.stream_infos.as_slice() else { panic!() };
    assert_eq!((played.bitrate, played.fps, played.height), (Some(488.0), Some(25.0), Some(360)));
    assert_eq!(failed.error_code.as_deref(), Some("InvalidParameter.ResolutionLow"));
    let text = include_str!("../../../../tests/fixtures/alibaba-vod/SnapshotComplete.infos-only.json");
    let alibaba_vod::Event::SnapshotComplete(snapshot) = apsara(text) else { panic!() };
    assert_eq!(snapshot.snapshot_infos[1].snapshot_type.as_deref(), Some("SpriteSnapshot"));
}

#[test]
fn a_payload_of_another_event_is_unknown() {
    let event = tencent(json!({"EventType": "NewFileUpload", "FileDeleteEvent": {"FileIdSet": ["1"]}}));
    assert_eq!(variant(&event), "Unknown");
    assert_eq!(event.event_type(), Some("NewFileUpload"));
}

#[test]
fn an_error_of_ims_is_none_on_success() {
    let text = include_str!("../../../../tests/fixtures/alibaba-ims/ProduceMediaComplete.json");
    let alibaba_ims::Event::ProduceMediaComplete(job) = alibaba(text) else { panic!() };
    assert_eq!(job.message_body.error_code, None); // sent as ""
    assert!(job.message_body.media_url.as_deref().unwrap().starts_with("http://"));
}
