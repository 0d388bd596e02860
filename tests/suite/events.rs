//! One fixture per event type, and what becomes of each: its envelope, as a snapshot.

use std::collections::BTreeSet;

use mediahook_testing::fixtures::{cloud_event, envelope, fixtures};

/// The envelope without its data, which is the fixture, byte for byte.
fn snapshots(source: &str) {
    let sender = source.split('/').next().unwrap();
    let mut ids = BTreeSet::new();
    for (name, body) in fixtures(sender) {
        let mut envelope = envelope(source, &body);
        let typed = cloud_event(&envelope);
        assert!(typed.other.is_empty(), "{name}: each attribute is a field of the typed envelope");
        assert_eq!(
            serde_json::to_string(&typed).unwrap(),
            serde_json::to_string(&envelope).unwrap(),
            "{name}"
        );
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
