//! Whatever a sender writes: reading does not fail, and nothing is lost.

use arbtest::arbitrary::{Result, Unstructured};
use arbtest::arbtest;
use mediahook_events::{alibaba_ims, alibaba_vod, tencent_vod};
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

/// Of small values far more can be tried than of large ones.
fn on_many(property: impl FnMut(&mut Unstructured) -> Result<()>) {
    arbtest(property).size_max(4_096).budget_ms(4_000).run();
}

/// One that JSON, base64 or a terminal minds as often as any other.
fn character(u: &mut Unstructured) -> Result<char> {
    if u.arbitrary()? { Ok(char::from(u.int_in_range(0..=0x7f)?)) } else { u.arbitrary() }
}

fn text(u: &mut Unstructured, most: usize) -> Result<String> {
    (0..u.int_in_range(0..=most)?).map(|_| character(u)).collect()
}

fn name(u: &mut Unstructured) -> Result<String> {
    if u.ratio(9, 10)? { Ok((*u.choose(NAMES)?).to_owned()) } else { text(u, 4) }
}

fn any_object(u: &mut Unstructured, depth: usize) -> Result<Value> {
    (0..u.int_in_range(0..=7)?).map(|_| Ok((name(u)?, any_json(u, depth - 1)?))).collect()
}

fn any_json(u: &mut Unstructured, depth: usize) -> Result<Value> {
    if depth > 0 && u.arbitrary()? {
        return if u.arbitrary()? {
            any_object(u, depth)
        } else {
            (0..u.int_in_range(0..=3)?).map(|_| any_json(u, depth - 1)).collect()
        };
    }
    Ok(match u.int_in_range(0..=11)? {
        0 => Value::Null,
        1 => u.arbitrary::<bool>()?.into(),
        2 => u.arbitrary::<u64>()?.into(),
        3 => u.arbitrary::<i64>()?.into(),
        4 => u.arbitrary::<f64>()?.into(),
        5 => u.arbitrary::<i64>()?.to_string().into(),
        6 => u.arbitrary::<f32>()?.to_string().into(),
        7 => (*u.choose(tencent_vod::EVENT_TYPES)?).into(),
        8 => (*u.choose(tencent_vod::v2::EVENT_TYPES)?).into(),
        9 => (*u.choose(alibaba_ims::EVENT_TYPES)?).into(),
        10 => (*u.choose(alibaba_vod::EVENT_TYPES)?).into(),
        _ => text(u, 6)?.into(),
    })
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

#[test]
fn any_object_is_read_and_kept() {
    on_many(|u| {
        let body = any_object(u, 6)?;
        let _: tencent_vod::Event = read_and_kept(&body, &body);
        let _: alibaba_ims::Event = read_and_kept(&body, &body);
        let _: alibaba_vod::Event = read_and_kept(&body, &body);
        Ok(())
    });
}

#[test]
fn any_payload_of_any_event_is_read_and_kept() {
    on_many(|u| {
        let event_type = *u.choose(tencent_vod::EVENT_TYPES)?;
        let v2_type = *u.choose(tencent_vod::v2::EVENT_TYPES)?;
        let ims_type = *u.choose(alibaba_ims::EVENT_TYPES)?;
        let apsara_type = *u.choose(alibaba_vod::EVENT_TYPES)?;
        let payload = any_object(u, 6)?;
        let body = json!({"EventType": event_type, "AnyEvent": payload});
        let event: tencent_vod::Event = read_and_kept(&body, &body);
        assert_eq!(event.event_type(), Some(event_type));
        let body = json!({"version": "4.0", "eventType": v2_type, "data": payload});
        let event: tencent_vod::Event = read_and_kept(&body, &body);
        assert_eq!(event.event_type(), Some(v2_type));
        let body =
            json!({"EventType": ims_type, "UserId": 1_690_042_718_835_501_u64, "MessageBody": payload});
        let event: alibaba_ims::Event = read_and_kept(&body, &body);
        assert_eq!(event.event_type(), Some(ims_type));
        let mut body = payload;
        body["EventType"] = json!(apsara_type);
        let event: alibaba_vod::Event = read_and_kept(&body, &body);
        assert_eq!(event.event_type(), Some(apsara_type));
        Ok(())
    });
}

#[test]
fn any_value_anywhere_in_an_event_of_the_sdk_is_kept() {
    let sdk = Sdk::new();
    let bodies = tencent_vod::EVENT_TYPES.iter().map(|event_type| sdk.body(event_type, &documented));
    let bodies: Vec<_> = bodies.collect();
    on_many(|u| {
        let mut body = u.choose(&bodies)?.clone();
        for _ in 0..u.int_in_range(1..=3)? {
            replace(&mut body, u.arbitrary()?, &any_json(u, 6)?);
        }
        let _: tencent_vod::Event = read_and_kept(&body, &body["EventType"]);
        Ok(())
    });
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
