//! Every event of the official SDK, built from the members of its classes: each member is a field, none is lost.

use std::collections::{BTreeMap, BTreeSet};

use mediahook_events::tencent_vod::{EVENT_TYPES, Event};
use serde_json::{Map, Value, json};

use crate::fixtures::{read_and_kept, variant};

/// Event types whose payload is not their name and `Event` in the SDK's `EventContent`.
const IRREGULAR: [(&str, &str); 13] = [
    ("NewFileUpload", "FileUploadEvent"),
    ("ProcedureStateChanged", "ProcedureStateChangeEvent"),
    ("FileDeleted", "FileDeleteEvent"),
    ("CreateSnapshotByTimeOffsetComplete", "SnapshotByTimeOffsetCompleteEvent"),
    ("RemoveWatermark", "RemoveWatermarkCompleteEvent"),
    ("AigcImageTaskComplete", "AigcImageCompleteEvent"),
    ("AigcVideoTaskComplete", "AigcVideoCompleteEvent"),
    ("ExtractBlindWatermarkComplete", "ExtractBlindWatermarkComplete"),
    ("SceneAigcImageCompleteEvent", "SceneAigcImageCompleteEvent"),
    ("ProcessImageAsyncCompleteEvent", "ProcessImageAsyncCompleteEvent"),
    ("CreateAigcAdvancedCustomElementCompleteEvent", "CreateAigcAdvancedCustomElementCompleteEvent"),
    ("CreateAigcCustomVoiceCompleteEvent", "CreateAigcCustomVoiceCompleteEvent"),
    ("AigcHunyuan3DTaskComplete", "AigcHunyuan3DCompleteEvent"),
];

/// Fields that are a `Value` although the SDK has a class for them: settings that the caller had requested, and that
/// the event only repeats.
const UNTYPED: [&str; 32] = [
    "ai_cut_out_config",
    "artifact_repair_info",
    "audio_denoise_info",
    "beauty_config",
    "blind_watermark",
    "canvas",
    "color_info",
    "copy_right_watermark",
    "drm_info",
    "encode_config",
    "enhance_config",
    "face_info",
    "hdr_info",
    "head_tail_set",
    "image_task_input",
    "low_light_info",
    "mosaic_set",
    "output",
    "output_config",
    "override_parameter",
    "repair_info",
    "scene_info",
    "scratch_repair_info",
    "sharp_info",
    "subtitle_info_set",
    "super_resolution_info",
    "target_info",
    "trace_watermark",
    "tracks",
    "video_denoise_info",
    "video_frame_interpolation_info",
    "watermark_set",
];

pub(crate) struct Sdk {
    classes: BTreeMap<&'static str, Vec<(&'static str, &'static str)>>,
}

impl Sdk {
    pub(crate) fn new() -> Self {
        let lines = include_str!("../data/tencent-vod-sdk.txt").lines().filter(|line| !line.starts_with('#'));
        let classes = lines.map(|line| {
            let (class, members) = line.split_once(':').unwrap();
            (class, members.split(',').filter_map(|member| member.trim().split_once(' ')).collect())
        });
        Self { classes: classes.collect() }
    }

    /// A value of an SDK type, with every member in it.
    fn value(&self, name: &str, sdk_type: &str, with: &dyn Fn(&str, &str) -> Value) -> Value {
        if let Some(item) = sdk_type.strip_prefix("[]") {
            return Value::from(vec![self.value(name, item, with), self.value(name, item, with)]);
        }
        let Some(members) = self.classes.get(sdk_type) else { return with(name, sdk_type) };
        let value = |(name, sdk_type): &(&str, &str)| ((*name).to_owned(), self.value(name, sdk_type, with));
        members.iter().map(value).collect()
    }

    /// The class of the payload, by the member that holds it.
    fn class(&self, member: &str) -> &'static str {
        self.classes["EventContent"].iter().find(|(name, _)| *name == member).unwrap().1
    }

    /// An event of that type.
    pub(crate) fn body(&self, event_type: &str, with: &dyn Fn(&str, &str) -> Value) -> Value {
        let member = member(event_type);
        let payload = self.value("", self.class(&member), with);
        json!({"EventType": event_type, member: payload})
    }

    /// The SDK's query for the task has another class than its event.
    fn second_shape_of_an_image_task(&self) -> Value {
        let event_type = "ProcessImageAsyncCompleteEvent";
        json!({"EventType": event_type, event_type: self.value("", "ProcessImageAsync", &documented)})
    }
}

fn member(event_type: &str) -> String {
    let irregular = IRREGULAR.iter().find(|(name, _)| *name == event_type);
    irregular.map_or_else(|| format!("{event_type}Event"), |(_, member)| (*member).to_owned())
}

/// A value as the SDK documents it.
pub(crate) fn documented(name: &str, sdk_type: &str) -> Value {
    match sdk_type {
        "int" => 1_609_250_423.into(),
        "float" => 60.25.into(),
        "bool" => true.into(),
        "str" => format!("a \"{name}\" 媒体").into(),
        other => unreachable!("{other} is no class of the file"),
    }
}

/// The other type for each scalar: numbers in quotes, numbers for texts.
fn crossed(name: &str, sdk_type: &str) -> Value {
    match sdk_type {
        "int" => "1609250423".into(),
        "float" => "60.04700088501".into(),
        "str" => 16_092_504_232_103_571_364_u64.into(),
        _ => documented(name, sdk_type),
    }
}

#[test]
fn the_event_types_are_the_sdks() {
    let sdk = Sdk::new();
    let ours: BTreeSet<_> = EVENT_TYPES.iter().map(|event_type| member(event_type)).collect();
    let theirs = sdk.classes["EventContent"].iter().map(|(name, _)| (*name).to_owned());
    let transport = ["EventHandle", "EventType"];
    assert_eq!(ours, theirs.filter(|name| !transport.contains(&name.as_str())).collect());
}

#[test]
fn every_member_is_a_field_and_nothing_is_lost() {
    let sdk = Sdk::new();
    assert_eq!(sdk.classes.len(), 326);
    for with in [documented, crossed] {
        for event_type in EVENT_TYPES {
            let body = sdk.body(event_type, &with);
            let event: Event = read_and_kept(&body, &event_type);
            assert_eq!(variant(&event), *event_type);
            // What is not a field is in an `other`.
            let debug = format!("{event:?}");
            let other = debug.split("other: {\"").nth(1).and_then(|name| name.split('"').next());
            assert_eq!(other, None, "{event_type}");
        }
    }
}

#[test]
fn what_is_untyped_is_only_what_was_requested() {
    let sdk = Sdk::new();
    let mut untyped = BTreeSet::new();
    let bodies = EVENT_TYPES.iter().map(|event_type| sdk.body(event_type, &documented));
    for body in bodies.chain([sdk.second_shape_of_an_image_task()]) {
        let debug = format!("{:?}", serde_json::from_value::<Event>(body).unwrap());
        for before in debug.split("Object {").collect::<Vec<_>>().iter().rev().skip(1) {
            let field = before.strip_suffix("Some(").or_else(|| before.strip_suffix('[')).unwrap_or("");
            if let Some(field) = field.strip_suffix(": ") {
                untyped.insert(field.rsplit([' ', '{']).next().unwrap().to_owned());
            }
        }
    }
    let listed: BTreeSet<_> = UNTYPED.iter().map(|field| (*field).to_owned()).collect();
    assert_eq!(untyped, listed);
}

#[test]
fn both_shapes_of_an_image_task_are_read() {
    let event = read_and_kept(&Sdk::new().second_shape_of_an_image_task(), &"the second shape");
    let Event::ProcessImageAsyncCompleteEvent(event) = event else { panic!() };
    assert!(event.payload.status.is_some());
    assert!(event.payload.other.is_empty());
}

#[test]
fn a_surprise_in_any_member_loses_none() {
    let sdk = Sdk::new();
    let surprises = [
        json!("surprise"),
        json!({}),
        json!({"a": [1.5]}),
        json!([[]]),
        json!(true),
        json!(-0.5),
        json!(null),
    ];
    for event_type in EVENT_TYPES {
        let body = sdk.body(event_type, &documented);
        let member = member(event_type);
        for name in body[&member].as_object().map(Map::keys).unwrap() {
            for surprise in &surprises {
                let mut body = body.clone();
                body[&member][name] = surprise.clone();
                let event: Event = read_and_kept(&body, &(event_type, name, surprise));
                assert_eq!(variant(&event), *event_type);
            }
        }
    }
}
