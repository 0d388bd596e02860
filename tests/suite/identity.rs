//! Which event is which, for every event type that the senders have.

use std::collections::BTreeSet;

use mediahook::events::Channel;
use mediahook::ingest;
use mediahook::sources::Sources;
use mediahook_senders::{alibaba_ims, alibaba_vod, tencent_vod};
use serde_json::{Value, json};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

use mediahook_testing::fixtures::{envelope, fixtures};

const RECEIVED: OffsetDateTime = datetime!(2026-11-22 05:50:25 UTC);

fn id(source: &str, body: &str, channel: Channel, received: OffsetDateTime) -> String {
    let sources =
        Sources::parse(r#"{"tencent-vod/main":{},"alibaba-ims/prod":{},"alibaba-vod/prod":{}}"#).unwrap();
    ingest::build(sources.get(source).unwrap(), body.as_bytes(), channel, None, received).unwrap().id
}

/// The fixtures of format v3.0 that name their type.
fn tencent_fixtures() -> Vec<(String, Value)> {
    let bodies =
        fixtures("tencent-vod").into_iter().map(|(name, text)| (name, text.parse::<Value>().unwrap()));
    bodies.filter(|(_, body)| body.get("EventType").is_some()).collect()
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
    for (name, mut body) in tencent_fixtures() {
        let pushed = id("tencent-vod/main", &body.to_string(), Channel::Push, RECEIVED);
        for (_, members) in mediahook::events::tencent_vod::EVENTS {
            body.as_object_mut().unwrap().entry(members[0]).or_insert(Value::Null);
        }
        body["EventHandle"] = "8095179751097087535".into();
        let pulled = id("tencent-vod/main", &body.to_string(), Channel::Pull, RECEIVED);
        body["Sign"] = "a2dabb362a9b811c0e26953a6276a41c".into();
        body["T"] = 1_588_040_109.into();
        let signed = id("tencent-vod/main", &body.to_string(), Channel::Push, RECEIVED);
        assert_eq!((&pulled, &signed), (&pushed, &pushed), "{name}");
    }
    for (source, folder) in [("alibaba-ims/prod", "alibaba-ims"), ("alibaba-vod/prod", "alibaba-vod")] {
        for (name, body) in fixtures(folder) {
            let rewritten = body.parse::<Value>().unwrap().to_string();
            assert_eq!(
                id(source, &body, Channel::Push, RECEIVED),
                id(source, &rewritten, Channel::Pull, RECEIVED),
                "{name}"
            );
        }
    }
}

#[test]
fn only_what_can_honestly_come_again_is_another_event_a_minute_later() {
    let mut repeating = BTreeSet::new();
    let tencent =
        tencent_fixtures().into_iter().map(|(name, body)| ("tencent-vod/main", name, body.to_string()));
    let alibaba = fixtures("alibaba-ims").into_iter().map(|(name, text)| ("alibaba-ims/prod", name, text));
    let flat = fixtures("alibaba-vod").into_iter().map(|(name, text)| ("alibaba-vod/prod", name, text));
    for (source, name, text) in tencent.chain(alibaba).chain(flat) {
        let now = id(source, &text, Channel::Push, RECEIVED);
        assert_eq!(id(source, &text, Channel::Push, RECEIVED + Duration::seconds(30)), now, "{name}");
        if id(source, &text, Channel::Push, RECEIVED + Duration::MINUTE) != now {
            repeating.insert(name);
        }
    }
    let expected = [
        "FileUploadComplete.no-time", // neither time nor job id
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
        id("tencent-vod/main", &body.to_string(), Channel::Push, RECEIVED)
    };
    assert_ne!(flow("PROCESSING"), flow("SUCCESS"));
}

#[test]
fn the_same_happening_in_both_formats_is_two_events() {
    let new =
        envelope("tencent-vod/main", r#"{"EventType":"NewFileUpload","FileUploadEvent":{"FileId":"1"}}"#);
    let old = envelope(
        "tencent-vod/main",
        r#"{"version":"4.0","eventType":"NewFileUpload","data":{"fileId":"1"}}"#,
    );
    assert_ne!(new.id, old.id);
    assert_eq!(old.event_type, "com.tencentcloud.vod.v2.NewFileUpload");
    assert_eq!(new.subject, old.subject);
}
