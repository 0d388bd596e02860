//! The sample events of the repository: one file for each event type and more.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::path::Path;

use mediahook_events::{alibaba_ims, alibaba_vod, tencent_vod};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::normal::normal;

/// Name without `.json`, and content.
pub(crate) fn files(folder: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder);
    let files = folder.read_dir().unwrap().map(|entry| entry.unwrap().path());
    let read = |file: &Path| {
        (file.file_stem().unwrap().to_str().unwrap().to_owned(), std::fs::read_to_string(file).unwrap())
    };
    let files: Vec<_> = files.map(|file| read(&file)).collect();
    assert!(!files.is_empty());
    files
}

fn all(sender: &str) -> Vec<(String, String)> {
    [files(&format!("tests/fixtures/{sender}")), files(&format!("events/{sender}"))].concat()
}

/// The name of an enum's variant.
pub(crate) fn variant(event: &impl Debug) -> String {
    format!("{event:?}").split('(').next().unwrap().to_owned()
}

/// Reads an event and compares what is written again.
pub(crate) fn read_and_kept<E: DeserializeOwned + Serialize>(body: &Value, what: &dyn Debug) -> E {
    let event: E =
        serde_json::from_str(&body.to_string()).unwrap_or_else(|error| panic!("{what:?}: {error}"));
    assert_eq!(normal(&serde_json::to_value(&event).unwrap()), normal(body), "{what:?}");
    event
}

fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn every_tencent_fixture_is_read_into_its_variant_with_nothing_lost() {
    for (name, text) in all("tencent-vod") {
        let event: tencent_vod::Event = read_and_kept(&parse(&text), &name);
        let mut names = name.split('.');
        let expected = match names.next().unwrap() {
            "BrandNewTaskComplete" => "Unknown",
            "NewFileUpload" if name.ends_with(".other-payload") => "Unknown",
            "v2" => {
                let tencent_vod::Event::V2(event) = &event else { panic!("{name}") };
                assert_eq!(variant(event), names.next().unwrap());
                "V2"
            }
            event_type => event_type,
        };
        assert_eq!(variant(&event), expected, "{name}");
    }
}

#[test]
fn every_alibaba_fixture_is_read_into_its_variant_with_nothing_lost() {
    for (name, text) in all("alibaba-ims") {
        let event: alibaba_ims::Event = read_and_kept(&parse(&text), &name);
        let expected = match name.split_once('.').unwrap_or((&name, "")) {
            // Of ApsaraVideo VOD.
            (_, "vod-flat") | ("BrandNewJobComplete", _) => "Unknown",
            (event_type, _) => event_type,
        };
        assert_eq!(variant(&event), expected, "{name}");
    }
}

#[test]
fn every_apsara_fixture_is_read_into_its_variant_with_nothing_lost() {
    let flat =
        files("tests/fixtures/alibaba-ims").into_iter().filter(|(name, _)| name.ends_with(".vod-flat"));
    for (name, text) in all("alibaba-vod").into_iter().chain(flat) {
        let event: alibaba_vod::Event = read_and_kept(&parse(&text), &name);
        let expected = match name.split('.').next().unwrap() {
            "BrandNewTaskComplete" | "AIVideoCensorComplete" => "Unknown",
            event_type => event_type,
        };
        assert_eq!(variant(&event), expected, "{name}");
    }
}

#[test]
fn every_event_type_has_a_fixture() {
    let names = |sender| files(&format!("tests/fixtures/{sender}")).into_iter().map(|(name, _)| name);
    let types = tencent_vod::EVENT_TYPES.iter().map(|name| (*name).to_owned());
    let v2_types = tencent_vod::v2::EVENT_TYPES.iter().map(|name| format!("v2.{name}"));
    assert_eq!((types.len(), v2_types.len()), (37, 9));
    assert_eq!((alibaba_ims::EVENT_TYPES.len(), alibaba_vod::EVENT_TYPES.len()), (29, 22));
    let tencent: Vec<_> = names("tencent-vod").collect();
    for event_type in types.chain(v2_types) {
        assert!(tencent.contains(&event_type), "{event_type}");
    }
    for (sender, event_types) in
        [("alibaba-ims", alibaba_ims::EVENT_TYPES), ("alibaba-vod", alibaba_vod::EVENT_TYPES)]
    {
        let files: Vec<_> = names(sender).collect();
        let without: Vec<_> =
            event_types.iter().filter(|name| !files.iter().any(|file| file == *name)).collect();
        assert!(without.is_empty(), "{sender}: {without:?}");
    }
}

/// The names in every `other` map.
fn others(event: &impl Debug) -> BTreeSet<String> {
    let debug = format!("{event:#?}");
    let mut names = BTreeSet::new();
    let mut indent = None;
    for line in debug.lines() {
        let depth = line.len() - line.trim_start().len();
        match indent {
            None if line.trim() == "other: {" => indent = Some(depth),
            Some(other) if depth == other => indent = None,
            Some(other) if depth == other + 4 => {
                names.extend(line.split('"').nth(1).filter(|_| line.contains(": ")).map(str::to_owned));
            }
            _ => {}
        }
    }
    names
}

#[test]
fn what_is_documented_is_a_field() {
    let mut unknown = BTreeSet::new();
    for (name, text) in files("tests/fixtures/tencent-vod") {
        if !name.starts_with("BrandNewTaskComplete") && !name.ends_with(".other-payload") {
            unknown.extend(others(&serde_json::from_str::<tencent_vod::Event>(&text).unwrap()));
        }
    }
    // Made up for the samples.
    assert_eq!(Vec::from_iter(unknown), ["Labels", "NotifyId", "QueueTime", "Region", "TemplateName"]);

    let mut unknown = BTreeSet::new();
    for (name, text) in files("tests/fixtures/alibaba-ims") {
        let event: alibaba_ims::Event = serde_json::from_str(&text).unwrap();
        let is_job = format!("{event:?}").contains("message_body: Job {"); // documents no members
        if !is_job && !name.starts_with("BrandNewJobComplete") {
            unknown.extend(others(&event));
        }
    }
    for (_, text) in files("tests/fixtures/alibaba-vod") {
        unknown.extend(others(&serde_json::from_str::<alibaba_vod::Event>(&text).unwrap()));
    }
    assert_eq!(unknown, BTreeSet::new());
}
