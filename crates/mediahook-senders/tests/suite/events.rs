//! One fixture per event type, and what becomes of each: its envelope, as a snapshot.
//!
//! `UPDATE_EXPECT=1 cargo test -p mediahook-senders` writes the snapshots anew.

use std::collections::BTreeSet;

use expect_test::expect_file;

use crate::fixtures::{event, fixtures};

/// The envelope without its data, which is the fixture, byte for byte.
fn snapshots(source: &str) {
    let sender = source.split('/').next().unwrap();
    let mut ids = BTreeSet::new();
    for (name, body) in fixtures(sender) {
        let mut event = event(source, &body);
        assert_eq!(event.data.take().unwrap().get(), body.trim(), "{name}");
        assert!(ids.insert(event.id.clone()), "{name}: the same id as another");
        let text = serde_json::to_string_pretty(&event).unwrap() + "\n";
        expect_file![format!("snapshots/{sender}/{name}.json")].assert_eq(&text);
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

#[test]
fn alibaba_vod() {
    snapshots("alibaba-vod/prod");
}

/// A flat body is ApsaraVideo VOD's, whichever source it arrives at.
#[test]
fn flat_bodies_at_a_source_of_ims_are_read_by_the_same_rules() {
    for (name, body) in fixtures("alibaba-vod") {
        let (mut there, here) = (event("alibaba-ims/prod", &body), event("alibaba-vod/prod", &body));
        assert_ne!(there.id, here.id, "{name}");
        (there.id, there.source) = (here.id.clone(), here.source.clone());
        assert_eq!(serde_json::to_string(&there).unwrap(), serde_json::to_string(&here).unwrap(), "{name}");
    }
}
