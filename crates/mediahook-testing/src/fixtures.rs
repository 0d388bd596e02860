//! The senders' bodies in `tests/fixtures`, and their envelopes.

use std::path::Path;

use mediahook::events::{Channel, CloudEvent};
use mediahook::ingest;
use mediahook::sources::Sources;
use time::macros::datetime;

/// The name and the text of each of a sender's bodies, by name.
pub fn fixtures(sender: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures").join(sender);
    let files = folder.read_dir().expect("a folder").map(|entry| entry.expect("an entry").path());
    let mut fixtures: Vec<_> = files
        .map(|file| {
            let name = file.file_stem().and_then(|stem| stem.to_str()).expect("a name").to_owned();
            (name, std::fs::read_to_string(file).expect("a text"))
        })
        .collect();
    fixtures.sort();
    fixtures
}

/// The envelope of a body that was pushed.
pub fn envelope(source: &str, body: &str) -> CloudEvent {
    let sources = Sources::parse(r#"{"tencent-vod/main":{},"alibaba-ims/prod":{},"alibaba-vod/prod":{}}"#)
        .expect("sources");
    let received = datetime!(2026-11-22 05:50:25.5 UTC);
    ingest::build(sources.get(source).expect("a source"), body.as_bytes(), Channel::Push, None, received)
        .expect("an event")
}

/// The event of this envelope, as a handler gets it.
pub fn cloud_event(envelope: &CloudEvent) -> CloudEvent {
    serde_json::from_str(&ingest::message(envelope).body).expect("an envelope is a CloudEvent")
}
