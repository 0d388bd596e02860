//! The senders' bodies in `tests/fixtures` of the repository, and their events.

use std::path::Path;

use mediahook_events::{Channel, CloudEvent};
use mediahook_senders::{SENDERS, Sender, read_event};
use time::{Duration, OffsetDateTime};

/// 2026-11-22T05:50:25.5Z
pub(crate) const RECEIVED: OffsetDateTime =
    OffsetDateTime::UNIX_EPOCH.saturating_add(Duration::milliseconds(1_795_326_625_500));

/// The name and the text of each of a sender's bodies, by name.
pub(crate) fn fixtures(sender: &str) -> Vec<(String, String)> {
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

/// The sender of a source.
pub(crate) fn sender(source: &str) -> &'static dyn Sender {
    let name = source.split('/').next();
    *SENDERS.iter().find(|sender| Some(sender.name()) == name).expect("a sender")
}

/// The event of a body that was pushed.
pub(crate) fn event(source: &str, body: &str) -> CloudEvent {
    read_event(sender(source), source, body.as_bytes(), Channel::Push, None, RECEIVED).expect("an event")
}
