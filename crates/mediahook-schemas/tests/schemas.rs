//! The files under `schemas/` are current, and allow every fixture.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may say by panicking that it cannot go on"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use mediahook_schemas::schemas;
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let folders: Vec<_> = files.iter().filter(|path| path.is_dir()).cloned().collect();
    files.retain(|path| path.is_file());
    files.into_iter().chain(folders.iter().flat_map(|folder| self::files(folder))).collect()
}

#[test]
fn the_files_are_current() {
    let folder = root().join("schemas");
    let update = std::env::var_os("UPDATE_SCHEMAS").is_some();
    let mut expected = BTreeSet::new();
    for (name, schema) in schemas() {
        let path = folder.join(name);
        let text = format!("{}\n", serde_json::to_string_pretty(&schema).unwrap());
        if update {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
        } else {
            let is_current = fs::read_to_string(&path).is_ok_and(|current| current == text);
            assert!(is_current, "{}: UPDATE_SCHEMAS=1 cargo test -p mediahook-schemas", path.display());
        }
        expected.insert(path);
    }
    let there: BTreeSet<_> =
        files(&folder).into_iter().filter(|path| path.extension().is_some_and(|e| e == "json")).collect();
    assert_eq!(there, expected, "no file is left over");
}

#[test]
fn every_fixture_and_every_envelope_is_valid() {
    let validators: BTreeMap<_, _> = schemas()
        .iter()
        .map(|(name, schema)| (name.clone(), jsonschema::validator_for(schema).unwrap()))
        .collect();
    let check = |name: &str, json: &str, what: &str| {
        let value: Value = serde_json::from_str(json).unwrap();
        let errors: Vec<_> =
            validators[name].iter_errors(&value).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(errors.is_empty(), "{what} is not as {name} has it: {errors:#?}");
    };
    let mut checked = BTreeSet::from(["cloud-event.json".to_owned()]);
    for sender in ["tencent-vod", "alibaba-ims", "alibaba-vod"] {
        for path in files(&root().join("tests/fixtures").join(sender)) {
            let fixture = path.file_stem().unwrap().to_str().unwrap();
            let (sender, fixture) = match fixture.strip_prefix("v2.") {
                Some(fixture) => ("tencent-vod/v2", fixture),
                None if fixture.ends_with(".vod-flat") => ("alibaba-vod", fixture),
                None => (sender, fixture),
            };
            let schema = format!("{sender}/{}.json", fixture.split('.').next().unwrap());
            // Types that nobody knows have none.
            if validators.contains_key(&schema) {
                check(&schema, &fs::read_to_string(&path).unwrap(), fixture);
                checked.insert(schema);
            }
        }
    }
    assert_eq!(checked, validators.keys().cloned().collect(), "each event type has a fixture");

    for path in files(&root().join("crates/mediahook-senders/tests/suite/snapshots")) {
        check("cloud-event.json", &fs::read_to_string(&path).unwrap(), &path.display().to_string());
    }
}

#[test]
fn what_no_sender_sends_is_not_valid() {
    let schemas: BTreeMap<_, _> = schemas().into_iter().collect();
    let is_valid = |name: &str, json: &str| {
        jsonschema::validator_for(&schemas[name]).unwrap().is_valid(&serde_json::from_str(json).unwrap())
    };
    let name = "tencent-vod/NewFileUpload.json";
    assert!(is_valid(name, r#"{"EventType":"NewFileUpload","FileUploadEvent":{"FileId":"1","New":true}}"#));
    assert!(!is_valid(name, r#"{"EventType":"PullComplete","FileUploadEvent":{"FileId":"1"}}"#));
    assert!(!is_valid(name, r#"{"EventType":"NewFileUpload","FileUploadEvent":{"FileId":["1"]}}"#));
    assert!(!is_valid(
        "alibaba-vod/TranscodeComplete.json",
        r#"{"EventType":"TranscodeComplete","StreamInfos":{}}"#
    ));
    assert!(!is_valid("cloud-event.json", r#"{"specversion":"1.0","id":"1","source":"a/b"}"#));
}
