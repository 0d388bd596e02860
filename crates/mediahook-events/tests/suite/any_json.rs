//! Whatever a sender writes: reading does not fail, and nothing is lost.

use mediahook_events::{alibaba_ims, alibaba_vod, tencent_vod};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::fixtures::{files, read_and_kept};
use crate::tencent_vod_sdk::{Sdk, documented};

/// Member names of all senders, so that arbitrary JSON meets fields.
const NAMES: &[&str] = &[
    "EventType",
    "eventType",
    "data",
    "MessageBody",
    "UserId",
    "EventTime",
    "PullCompleteEvent",
    "EditMediaComplete",
    "ProcedureStateChangeEvent",
    "ExtractBlindWatermarkComplete",
    "FileIdSet",
    "TaskId",
    "Status",
    "ErrCode",
    "FileId",
    "MetaData",
    "VideoStreamSet",
    "MediaProcessResultSet",
    "TranscodeTask",
    "AiRecognitionResultSet",
    "FaceTask",
    "Input",
    "Output",
    "Definition",
    "Duration",
    "OutputDetails",
    "Outputs",
    "Result",
    "Size",
    "Size ",
    "VideoId",
    "StreamInfos",
    "SnapshotInfos",
    "Extend",
    "fileInfo",
    "processTaskList",
    "status",
    "other",
];

fn name() -> impl Strategy<Value = String> {
    prop_oneof![9 => proptest::sample::select(NAMES).prop_map(str::to_owned), 1 => ".{0,4}"]
}

fn any_json() -> impl Strategy<Value = Value> {
    let event_types = [
        tencent_vod::EVENT_TYPES,
        tencent_vod::v2::EVENT_TYPES,
        alibaba_ims::EVENT_TYPES,
        alibaba_vod::EVENT_TYPES,
    ]
    .concat();
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(|n| n.to_string().into()),
        any::<f32>().prop_map(|n| n.to_string().into()),
        proptest::sample::select(event_types).prop_map(Value::from),
        ".{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 48, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(name(), inner, 0..8)
                .prop_map(|object| object.into_iter().collect()),
        ]
    })
}

fn any_object() -> impl Strategy<Value = Value> {
    any_json().prop_map(|value| if value.is_object() { value } else { json!({"EventType": value}) })
}

/// Replaces one of the values in a body, chosen by `at`.
fn replace(body: &mut Value, at: usize, with: &Value) {
    let mut pointers = Vec::new();
    list_pointers(body, "", &mut pointers);
    if let Some(found) = pointers.get(at % pointers.len().max(1)) {
        *body.pointer_mut(found).unwrap() = with.clone();
    }
}

fn list_pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    let mut list = |name: &str, value: &Value| {
        let at = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
        list_pointers(value, &at, found);
        found.push(at);
    };
    match value {
        Value::Object(object) => object.iter().for_each(|(name, value)| list(name, value)),
        Value::Array(items) => items.iter().enumerate().for_each(|(i, value)| list(&i.to_string(), value)),
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn any_object_is_read_and_kept(body in any_object()) {
        let _: tencent_vod::Event = read_and_kept(&body, &body);
        let _: alibaba_ims::Event = read_and_kept(&body, &body);
        let _: alibaba_vod::Event = read_and_kept(&body, &body);
    }

    #[test]
    fn any_payload_of_any_event_is_read_and_kept(
        event_type in proptest::sample::select(tencent_vod::EVENT_TYPES),
        v2_type in proptest::sample::select(tencent_vod::v2::EVENT_TYPES),
        ims_type in proptest::sample::select(alibaba_ims::EVENT_TYPES),
        apsara_type in proptest::sample::select(alibaba_vod::EVENT_TYPES),
        payload in any_object(),
    ) {
        let body = json!({"EventType": event_type, "AnyEvent": payload});
        let event: tencent_vod::Event = read_and_kept(&body, &body);
        prop_assert_eq!(event.event_type(), Some(event_type));
        let body = json!({"version": "4.0", "eventType": v2_type, "data": payload});
        let event: tencent_vod::Event = read_and_kept(&body, &body);
        prop_assert_eq!(event.event_type(), Some(v2_type));
        let body = json!({"EventType": ims_type, "UserId": 1_690_042_718_835_501_u64, "MessageBody": payload});
        let event: alibaba_ims::Event = read_and_kept(&body, &body);
        prop_assert_eq!(event.event_type(), Some(ims_type));
        let mut body = payload;
        body["EventType"] = json!(apsara_type);
        let event: alibaba_vod::Event = read_and_kept(&body, &body);
        prop_assert_eq!(event.event_type(), Some(apsara_type));
    }

    #[test]
    fn any_value_anywhere_in_an_event_of_the_sdk_is_kept(
        event_type in proptest::sample::select(tencent_vod::EVENT_TYPES),
        changes in proptest::collection::vec((any::<usize>(), any_json()), 1..4),
    ) {
        let mut body = Sdk::new().body(event_type, &documented);
        for (at, with) in &changes {
            replace(&mut body, *at, with);
        }
        let _: tencent_vod::Event = read_and_kept(&body, &event_type);
    }
}

/// In turn, so that each member meets each spelling in one of the fixtures or another.
#[test]
fn what_means_none_can_be_anywhere() {
    let mut spellings = [json!(null), json!([]), json!(""), json!([null, ""])].into_iter().cycle();
    let mut each = |text: &str, read: &dyn Fn(&Value, &str)| {
        let body: Value = serde_json::from_str(text).unwrap();
        let mut pointers = Vec::new();
        list_pointers(&body, "", &mut pointers);
        for pointer in pointers {
            let mut body = body.clone();
            *body.pointer_mut(&pointer).unwrap() = spellings.next().unwrap();
            read(&body, &pointer);
        }
    };
    for (name, text) in files("tests/fixtures/tencent-vod") {
        each(&text, &|body, pointer| {
            let _: tencent_vod::Event = read_and_kept(body, &(&name, pointer));
        });
    }
    for (name, text) in files("tests/fixtures/alibaba-ims") {
        each(&text, &|body, pointer| {
            let _: alibaba_ims::Event = read_and_kept(body, &(&name, pointer));
        });
    }
    for (name, text) in files("tests/fixtures/alibaba-vod") {
        each(&text, &|body, pointer| {
            let _: alibaba_vod::Event = read_and_kept(body, &(&name, pointer));
        });
    }
}

#[test]
fn only_what_is_not_an_object_fails() {
    for text in ["{", "[]", "null", "\"PullComplete\"", "1", "{}x"] {
        assert!(serde_json::from_str::<tencent_vod::Event>(text).is_err(), "{text}");
        assert!(serde_json::from_str::<alibaba_ims::Event>(text).is_err(), "{text}");
        assert!(serde_json::from_str::<alibaba_vod::Event>(text).is_err(), "{text}");
        assert!(tencent_vod::Event::from_data("PullComplete", text).is_err(), "{text}");
    }
    assert_eq!(
        serde_json::from_str::<tencent_vod::Event>("{}").unwrap(),
        tencent_vod::Event::Unknown(Map::new())
    );
}
