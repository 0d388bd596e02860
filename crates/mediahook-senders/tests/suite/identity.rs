//! Which event is which, for every event type that the senders have.

use std::collections::BTreeSet;

use mediahook_events::Channel;
use mediahook_senders::{alibaba_ims, alibaba_vod, read_event, tencent_vod};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use crate::fixtures::{RECEIVED, event, fixtures, sender};

fn id(source: &str, body: &str, received: OffsetDateTime) -> String {
    read_event(sender(source), source, body.as_bytes(), Channel::Push, None, received).unwrap().id
}

/// The id of a body in an entry of the sender's queue, which has a name.
fn pulled_id(source: &str, body: &str, received: OffsetDateTime) -> String {
    let entry = Some("5F290C926D472878-2-14D9529A8FA");
    read_event(sender(source), source, body.as_bytes(), Channel::Pull, entry, received).unwrap().id
}

#[test]
fn every_event_type_of_the_tables_has_a_fixture() {
    let names = |sender| -> BTreeSet<_> {
        fixtures(sender).into_iter().map(|(name, _)| name.split('.').next().unwrap().to_owned()).collect()
    };
    let vod = names("tencent-vod");
    assert!(tencent_vod::kind::KINDS.iter().all(|kind| vod.contains(kind.event_type)));
    let ims = names("alibaba-ims");
    assert!(alibaba_ims::KINDS.iter().all(|kind| ims.contains(kind.event_type)));
    let flat = names("alibaba-vod");
    assert!(alibaba_vod::KINDS.iter().all(|kind| flat.contains(kind.event_type)));
    assert_eq!(
        (tencent_vod::kind::KINDS.len(), alibaba_ims::KINDS.len(), alibaba_vod::KINDS.len()),
        (37, 29, 22)
    );
}

#[test]
fn pushed_or_pulled_signed_or_not_every_event_is_the_same() {
    for (name, text) in fixtures("tencent-vod") {
        let mut body: Value = text.parse().unwrap();
        let pushed = id("tencent-vod/main", &text, RECEIVED);
        // The pulled form of format v3.0 has every member.
        if body.get("EventType").is_some() {
            for (_, members) in mediahook_events::event_types::TENCENT_VOD_EVENTS {
                body.as_object_mut().unwrap().entry(members[0]).or_insert(Value::Null);
            }
        }
        body["EventHandle"] = "8095179751097087535".into();
        let pulled = id("tencent-vod/main", &body.to_string(), RECEIVED);
        body["Sign"] = "a2dabb362a9b811c0e26953a6276a41c".into();
        body["T"] = 1_588_040_109.into();
        let signed = id("tencent-vod/main", &body.to_string(), RECEIVED);
        assert_eq!((&pulled, &signed), (&pushed, &pushed), "{name}");
    }
    for (source, folder) in [("alibaba-ims/prod", "alibaba-ims"), ("alibaba-vod/prod", "alibaba-vod")] {
        for (name, body) in fixtures(folder) {
            let rewritten = body.parse::<Value>().unwrap().to_string();
            let (pushed, pulled) = (id(source, &body, RECEIVED), pulled_id(source, &rewritten, RECEIVED));
            assert_eq!(pushed, pulled, "{folder} {name}");
        }
    }
}

/// Nothing else tells a redelivery from a second occurrence.
#[test]
fn an_unknown_type_without_time_and_job_is_told_apart_by_its_entry_or_its_minute() {
    let body = r#"{"EventType":"MoonLanding","VideoId":"v"}"#;
    for source in ["alibaba-vod/prod", "alibaba-ims/prod"] {
        let (soon, later) = (RECEIVED + Duration::seconds(30), RECEIVED + Duration::MINUTE);
        assert_eq!(id(source, body, soon), id(source, body, RECEIVED));
        assert_ne!(id(source, body, later), id(source, body, RECEIVED));
        assert_eq!(pulled_id(source, body, later), pulled_id(source, body, RECEIVED));
        let with_a_job = body.replace("VideoId", "JobId");
        assert_eq!(id(source, &with_a_job, later), id(source, &with_a_job, RECEIVED));
    }
}

#[test]
fn only_what_can_honestly_come_again_is_another_event_a_minute_later() {
    let mut repeating = BTreeSet::new();
    let tencent = fixtures("tencent-vod").into_iter().map(|(name, text)| ("tencent-vod/main", name, text));
    let alibaba = fixtures("alibaba-ims").into_iter().map(|(name, text)| ("alibaba-ims/prod", name, text));
    let flat = fixtures("alibaba-vod").into_iter().map(|(name, text)| ("alibaba-vod/prod", name, text));
    for (source, name, text) in tencent.chain(alibaba).chain(flat) {
        let now = id(source, &text, RECEIVED);
        assert_eq!(id(source, &text, RECEIVED + Duration::seconds(30)), now, "{name}");
        if id(source, &text, RECEIVED + Duration::MINUTE) != now {
            repeating.insert(name);
        }
    }
    let expected = [
        "MediaCastStatusChanged",
        "MediaCastStatusChanged.stopped",
        "NewFileUpload.other-payload", // nobody knows which of the two it is
        "PersistenceComplete",
        "ProcessImageAsyncCompleteEvent", // the shape without a task id
        "RestoreMediaComplete",
        "RestoreMediaComplete.failed",
    ];
    assert_eq!(repeating.into_iter().collect::<Vec<_>>(), expected);
}

#[test]
fn a_flow_that_tells_of_each_change_is_an_event_for_each() {
    let flow = |subtask: &str| {
        let body = json!({ "EventType": "ProcedureStateChanged", "ProcedureStateChangeEvent": {
            "TaskId": "t", "Status": "PROCESSING", "TasksNotifyMode": "Change",
            "MediaProcessResultSet": [{ "Type": "Transcode", "TranscodeTask": { "Status": subtask } }],
        }});
        id("tencent-vod/main", &body.to_string(), RECEIVED)
    };
    assert_ne!(flow("PROCESSING"), flow("SUCCESS"));
}

#[test]
fn the_same_happening_in_both_formats_is_two_events() {
    let new = event("tencent-vod/main", r#"{"EventType":"NewFileUpload","FileUploadEvent":{"FileId":"1"}}"#);
    let old =
        event("tencent-vod/main", r#"{"version":"4.0","eventType":"NewFileUpload","data":{"fileId":"1"}}"#);
    assert_ne!(new.id, old.id);
    assert_eq!(old.event_type, "com.tencentcloud.vod.v2.NewFileUpload");
    assert_eq!(new.subject, old.subject);
}
