//! Every event of the official SDK, built from the members of its classes, read as types: nothing is lost.

use std::collections::{BTreeMap, BTreeSet};

use mediahook::envelope::Outcome;
use mediahook::sender::tencent_vod::{Body, Event};
use serde_json::{Map, Value};

use crate::typed::{envelope, normal, variant};

/// Type of the event, member of the payload, and whether its class is typed to the last member (but for what was
/// asked for, and what artificial intelligence found), after the SDK's `EventContent` and its documentation.
const EVENTS: [(&str, &str, bool); 37] = [
    ("NewFileUpload", "FileUploadEvent", true),
    ("ProcedureStateChanged", "ProcedureStateChangeEvent", true),
    ("FileDeleted", "FileDeleteEvent", true),
    ("PullComplete", "PullCompleteEvent", true),
    ("EditMediaComplete", "EditMediaCompleteEvent", true),
    ("SplitMediaComplete", "SplitMediaCompleteEvent", true),
    ("ComposeMediaComplete", "ComposeMediaCompleteEvent", true),
    ("ClipComplete", "ClipCompleteEvent", true),
    ("TranscodeComplete", "TranscodeCompleteEvent", true),
    ("CreateImageSpriteComplete", "CreateImageSpriteCompleteEvent", true),
    ("ConcatComplete", "ConcatCompleteEvent", true),
    ("CreateSnapshotByTimeOffsetComplete", "SnapshotByTimeOffsetCompleteEvent", true),
    ("WechatPublishComplete", "WechatPublishCompleteEvent", true),
    ("WechatMiniProgramPublishComplete", "WechatMiniProgramPublishCompleteEvent", true),
    ("RemoveWatermark", "RemoveWatermarkCompleteEvent", false),
    ("RestoreMediaComplete", "RestoreMediaCompleteEvent", true),
    ("RebuildMediaComplete", "RebuildMediaCompleteEvent", false),
    ("ExtractTraceWatermarkComplete", "ExtractTraceWatermarkCompleteEvent", false),
    ("ExtractCopyRightWatermarkComplete", "ExtractCopyRightWatermarkCompleteEvent", false),
    ("ReviewAudioVideoComplete", "ReviewAudioVideoCompleteEvent", true),
    ("ReduceMediaBitrateComplete", "ReduceMediaBitrateCompleteEvent", true),
    ("DescribeFileAttributesComplete", "DescribeFileAttributesCompleteEvent", false),
    ("QualityInspectComplete", "QualityInspectCompleteEvent", false),
    ("QualityEnhanceComplete", "QualityEnhanceCompleteEvent", false),
    ("MediaCastStatusChanged", "MediaCastStatusChangedEvent", true),
    ("PersistenceComplete", "PersistenceCompleteEvent", true),
    ("ComplexAdaptiveDynamicStreamingComplete", "ComplexAdaptiveDynamicStreamingCompleteEvent", true),
    ("ProcessMediaByMPSComplete", "ProcessMediaByMPSCompleteEvent", true),
    ("AigcImageTaskComplete", "AigcImageCompleteEvent", false),
    ("AigcVideoTaskComplete", "AigcVideoCompleteEvent", false),
    ("ExtractBlindWatermarkComplete", "ExtractBlindWatermarkComplete", false),
    ("SceneAigcImageCompleteEvent", "SceneAigcImageCompleteEvent", false),
    ("ProcessImageAsyncCompleteEvent", "ProcessImageAsyncCompleteEvent", true),
    ("CreateAigcAdvancedCustomElementCompleteEvent", "CreateAigcAdvancedCustomElementCompleteEvent", false),
    ("CreateAigcCustomVoiceCompleteEvent", "CreateAigcCustomVoiceCompleteEvent", false),
    ("DescribeAigcFaceInfoAsyncComplete", "DescribeAigcFaceInfoAsyncCompleteEvent", false),
    ("AigcHunyuan3DTaskComplete", "AigcHunyuan3DCompleteEvent", false),
];

struct Sdk {
    classes: BTreeMap<&'static str, Vec<(&'static str, &'static str)>>,
}

impl Sdk {
    fn new() -> Self {
        let lines = include_str!("../data/tencent-vod-sdk.txt").lines().filter(|line| !line.starts_with('#'));
        let classes = lines.map(|line| {
            let (class, members) = line.split_once(':').unwrap();
            (class, members.split(',').filter_map(|m| m.trim().split_once(' ')).collect())
        });
        Self { classes: classes.collect() }
    }

    /// A value of an SDK type, with every member in it.
    fn value(&self, name: &str, sdk_type: &str, with: &dyn Fn(&str, &str) -> Value) -> Value {
        if let Some(item) = sdk_type.strip_prefix("[]") {
            return Value::from(vec![self.value(name, item, with), self.value(name, item, with)]);
        }
        let Some(members) = self.classes.get(sdk_type) else { return with(name, sdk_type) };
        members
            .iter()
            .map(|(name, sdk_type)| ((*name).to_owned(), self.value(name, sdk_type, with)))
            .collect()
    }

    /// The payload's class, by the member that holds it.
    fn class(&self, member: &str) -> &'static str {
        self.classes["EventContent"].iter().find(|(name, _)| *name == member).unwrap().1
    }

    fn body(&self, event_type: &str, member: &str, class: &str, with: &dyn Fn(&str, &str) -> Value) -> Value {
        let mut body = Map::from_iter([("EventType".to_owned(), Value::from(event_type))]);
        body.insert(member.to_owned(), self.value("", class, with));
        body.into()
    }
}

/// A value that the SDK's types allow, and that means success where it means anything.
fn plain(name: &str, sdk_type: &str) -> Value {
    match (name, sdk_type) {
        ("ErrCode", _) => serde_json::from_str(if sdk_type == "str" { "\"0\"" } else { "0" }).unwrap(),
        ("Status", "str") => "FINISH".into(),
        ("ErrCodeExt", _) => "SUCCESS".into(),
        (_, "int") => serde_json::from_str("16092504232103571364").unwrap(),
        (_, "float") => serde_json::from_str("60.25").unwrap(),
        (_, "bool") => true.into(),
        (name, "str") => format!("a \"{name}\" 媒体").into(),
        (_, other) => unreachable!("{other} is no class of the file"),
    }
}

/// The other type for each scalar: digits in quotes, numbers for texts.
fn crossed(name: &str, sdk_type: &str) -> Value {
    match (name, sdk_type) {
        ("ErrCode" | "Status" | "ErrCodeExt", _) => plain(name, sdk_type),
        (_, "int") => "16092504232103571364".into(),
        (_, "float") => "60.04700088501000000001".into(),
        (_, "bool") => "yes".into(),
        _ => serde_json::from_str("16092504232103571364").unwrap(),
    }
}

#[test]
fn the_table_is_the_sdks() {
    let sdk = Sdk::new();
    let ours: BTreeSet<_> = EVENTS.iter().map(|(_, member, _)| *member).collect();
    let theirs: BTreeSet<_> = sdk.classes["EventContent"].iter().map(|(name, _)| *name).collect();
    let transport = BTreeSet::from(["EventHandle", "EventType"]);
    assert_eq!(ours, theirs.difference(&transport).copied().collect());
}

#[test]
fn every_member_of_every_event_is_read_and_kept() {
    let sdk = Sdk::new();
    for is_as_documented in [true, false] {
        let with = if is_as_documented { plain } else { crossed };
        for (event_type, member, is_deep) in EVENTS {
            let body = sdk.body(event_type, member, sdk.class(member), &with);
            let text = body.to_string();
            let read = Body::read(&text).unwrap();
            assert_eq!(variant(&read.event), event_type);
            assert_eq!(read.member.as_deref(), Some(member));
            let written = serde_json::to_string(&read).unwrap();
            assert_eq!(normal(&written), normal(&text), "{event_type}");

            // What is not typed is in an `other`: nothing at the top, and nothing anywhere where the typing is deep.
            let debug = format!("{:?}", read.event);
            if is_as_documented {
                assert!(debug.ends_with("other: [] })"), "{event_type}");
                let untyped =
                    debug.split("other: [Other { name: ").nth(1).and_then(|name| name.split(',').next());
                assert!(!is_deep || untyped.is_none(), "{event_type}: {untyped:?}");
            }
        }
    }
}

#[test]
fn both_shapes_of_an_image_task_are_read() {
    let sdk = Sdk::new();
    let event_type = "ProcessImageAsyncCompleteEvent";
    let text = sdk.body(event_type, event_type, "ProcessImageAsync", &plain).to_string();
    let Event::ProcessImageAsyncCompleteEvent(task) = Event::read(&text).unwrap() else { unreachable!() };
    assert_eq!(task.status.as_deref(), Some("FINISH"));
    assert!(task.other.is_empty());
}

#[test]
fn a_surprise_anywhere_costs_no_member() {
    let sdk = Sdk::new();
    let surprises = ["\"surprise\"", "{}", "{\"a\":[1.50]}", "[[]]", "true", "-0.0e1", "null", "\"\"", "[]"];
    for (event_type, member, _) in EVENTS {
        let payload = sdk.value("", sdk.class(member), &plain);
        for name in payload.as_object().unwrap().keys() {
            for surprise in surprises {
                let mut payload = payload.clone();
                payload[name] = serde_json::from_str(surprise).unwrap();
                let mut body = Map::from_iter([("EventType".to_owned(), Value::from(event_type))]);
                body.insert(member.to_owned(), payload);
                let body = Value::from(body);
                let text = body.to_string();
                let read = Body::read(&text).unwrap();
                assert_eq!(variant(&read.event), event_type);
                let written = serde_json::to_string(&read).unwrap();
                assert_eq!(normal(&written), normal(&text), "{event_type}.{name}: {surprise}");
            }
        }
    }
}

#[test]
fn the_envelope_of_every_event_has_its_type_subject_and_outcome() {
    let sdk = Sdk::new();
    for (event_type, member, _) in EVENTS {
        let class = sdk.class(member);
        let ids = |name: &str, sdk_type: &str| match name {
            "TaskId" | "CastId" | "FileId" => format!("the {name}").into(),
            _ => plain(name, sdk_type),
        };
        let text = sdk.body(event_type, member, class, &ids).to_string();
        let envelope = envelope("tencent-vod/main", &text);
        assert_eq!(envelope.event_type, format!("com.tencentcloud.vod.{event_type}"));
        let has = |name| sdk.classes[class].iter().any(|(member, _)| *member == name);
        let task = has("TaskId").then_some("the TaskId");
        let of_input = [
            "ReviewAudioVideoComplete",
            "QualityInspectComplete",
            "ExtractTraceWatermarkComplete",
            "ExtractBlindWatermarkComplete",
        ];
        let subject = match event_type {
            // The first has its settings alone, the second a list of two.
            "ProcessImageAsyncCompleteEvent" | "FileDeleted" => None,
            "MediaCastStatusChanged" => Some("the CastId"),
            _ if has("FileId") || of_input.contains(&event_type) => Some("the FileId"),
            _ => task,
        };
        assert_eq!(envelope.subject.as_deref(), subject, "{event_type}");
        assert_eq!(envelope.taskid.as_deref(), task, "{event_type}");
        let outcome = match event_type {
            "MediaCastStatusChanged" | "ProcessImageAsyncCompleteEvent" => Outcome::Unknown,
            _ => Outcome::Succeeded,
        };
        assert_eq!(envelope.outcome, outcome, "{event_type}");
        assert_eq!(Event::of(&envelope).unwrap(), Event::read(&text).unwrap());
    }
}

/// The JSON pointers to the members of that name, in the first item of each list.
fn pointers(value: &Value, name: &str, at: &str, found: &mut Vec<String>) {
    if let Some(first) = value.get(0) {
        pointers(first, name, &format!("{at}/0"), found);
    }
    for (member, value) in value.as_object().into_iter().flatten() {
        let at = format!("{at}/{member}");
        pointers(value, name, &at, found);
        if member == name {
            found.push(at);
        }
    }
}

#[test]
fn an_error_anywhere_but_in_what_was_asked_for_is_a_failure() {
    let sdk = Sdk::new();
    let is_asked_for = |at: &str| at.contains("/Input/") || at.contains("/InputInfo/");
    let mut tried = 0;
    for (event_type, member, _) in EVENTS {
        if ["MediaCastStatusChanged", "RestoreMediaComplete"].contains(&event_type) {
            continue; // a state that comes and goes; a number that is deprecated
        }
        let body = sdk.body(event_type, member, sdk.class(member), &plain);
        let outcome = |at: &str, value: Value| {
            let mut body = body.clone();
            *body.pointer_mut(at).unwrap() = value;
            envelope("tencent-vod/main", &body.to_string()).outcome
        };
        for (name, error) in [
            ("ErrCode", Value::from(70000)),
            ("ErrCode", "70000".into()),
            ("ErrCodeExt", "InternalError".into()),
            ("Status", "FAIL".into()),
        ] {
            let mut found = Vec::new();
            pointers(&body, name, "", &mut found);
            for at in found {
                // The status of a media is not that of a task.
                let expected = if is_asked_for(&at) || (name == "Status" && at.contains("MediaBasicInfo")) {
                    Outcome::Succeeded
                } else {
                    Outcome::Failed
                };
                assert_eq!(outcome(&at, error.clone()), expected, "{at}");
                tried += 1;
            }
        }
        let status = format!("/{member}/Status");
        if body.pointer(&status).is_some() {
            assert_eq!(outcome(&status, "PROCESSING".into()), Outcome::Progress, "{event_type}");
            assert_eq!(outcome(&status, "WAITING".into()), Outcome::Progress, "{event_type}");
            assert_eq!(outcome(&status, "RESTING".into()), Outcome::Unknown, "{event_type}");
        }
    }
    assert!(tried > 100, "{tried}");
}
