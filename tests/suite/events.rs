//! One fixture per event type, and what becomes of each: its envelope, as a snapshot.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use mediahook::envelope::{Channel, Envelope};
use mediahook::intake;
use mediahook::source::Sources;
use time::macros::datetime;

fn fixtures(sender: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(sender);
    let mut files: Vec<_> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn envelope(source: &str, body: &str) -> Envelope {
    let sources = Sources::parse(r#"{"tencent-vod/main":{},"alibaba-ims/prod":{}}"#).unwrap();
    let received = datetime!(2026-11-22 05:50:25.5 UTC);
    intake::seal(sources.get(source).unwrap(), body, Channel::Push, received).unwrap()
}

/// The envelope without its data, which is the fixture, byte for byte.
fn snapshots(source: &str) {
    let sender = source.split('/').next().unwrap();
    let mut ids = BTreeSet::new();
    for file in fixtures(sender) {
        let name = file.file_stem().unwrap().to_str().unwrap();
        let body = std::fs::read_to_string(&file).unwrap();
        let mut envelope = envelope(source, &body);
        assert_eq!(envelope.data.take().unwrap().get(), body.trim(), "{name}");
        assert!(ids.insert(envelope.id.clone()), "{name}: the same id as another");
        insta::assert_snapshot!(format!("{sender}.{name}"), serde_json::to_string_pretty(&envelope).unwrap());
    }
}

#[test]
fn tencent_vod() {
    snapshots("tencent-vod/main");
}

#[test]
fn alibaba_ims() {
    snapshots("alibaba-ims/prod");
}
