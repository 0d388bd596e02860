//! Whatever is wrong with one source stops no other.

use std::time::{Duration, Instant};

use mediahook::pull::Summary;
use mediahook_testing::cloud::{Fault, SECRET};
use mediahook_testing::runtime_api::Function;
use mediahook_testing::{mns, tencent_vod, tls};
use serde_json::json;

use super::{ALIBABA, PULLER, TENCENT, TIMEOUT, World, assert_clean, run};

#[tokio::test]
async fn one_source_down_stops_no_other() {
    let world = World::new().await;
    world.put(20);
    let mut sources = world.sources();
    let mut with = |name: &str, member: &str, value: &str| {
        let mut pull =
            if name.starts_with("tencent") { world.tencent.settings() } else { world.mns.settings() };
        pull[member] = value.into();
        sources[name] = json!({ "pull": pull });
    };
    with("tencent-vod/wrong-key", "secret_key", "AnotherSecretKey");
    with("alibaba-ims/wrong-key", "access_key_secret", "AnotherSecretKey");
    with("alibaba-ims/no-queue", "queue", "ice-callback-none");
    with("tencent-vod/unreachable", "endpoint", "http://127.0.0.1:9");
    let mut variables = world.variables();
    variables.push(("MEDIAHOOK_SOURCES", sources.to_string()));
    let mut puller = Function::start_with_timeout(PULLER, &variables, TIMEOUT).await;
    let started = Instant::now();
    let summary = run(&mut puller).await;
    assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
    for source in [TENCENT, ALIBABA] {
        assert_clean(&summary, source, 20);
    }
    for (source, expected) in [
        (
            "tencent-vod/wrong-key",
            "AuthFailure.SignatureFailure, request 7a9ac2b6-0000-4000-8000-000000000000",
        ),
        ("alibaba-ims/wrong-key", "HTTP status 403, SignatureDoesNotMatch, request 5E79F8DD0000000000000000"),
        ("alibaba-ims/no-queue", "HTTP status 404, QueueNotExist, request 5E79F8DD0000000000000000"),
    ] {
        assert_eq!(summary.0[source].error.as_deref(), Some(expected));
    }
    assert!(summary.0["tencent-vod/unreachable"].error.as_deref().unwrap().contains("onnect"), "{summary:?}");
    let log = puller.stop().await;
    for hidden in ["AnotherSecretKey", tencent_vod::SECRET_KEY, mns::ACCESS_KEY_SECRET, "as it was told"] {
        assert!(!log.contains(hidden), "{hidden} shows in {log}");
    }
}

#[tokio::test]
async fn a_sender_with_an_untrusted_certificate_gets_no_request() {
    let world = World::new().await;
    world.put(3);
    let behind_tls = tls::in_front_of(world.tencent.address).await;
    let mut pull = world.tencent.settings();
    pull["endpoint"] = format!("https://localhost:{}", behind_tls.port()).into();
    let mut variables = world.variables();
    variables.push(("MEDIAHOOK_SOURCES", json!({ TENCENT: { "pull": pull } }).to_string()));
    let summary = run(&mut Function::start_with_timeout(PULLER, &variables, TIMEOUT).await).await;
    let error = summary.0[TENCENT].error.as_deref().unwrap().to_ascii_lowercase();
    assert!(error.contains("certificate"), "{error}");
    assert_eq!(world.tencent.inbox.calls("PullEvents"), 0);

    variables.push(("SSL_CERT_FILE", tls::fixture("ca.pem").display().to_string()));
    let summary = run(&mut Function::start_with_timeout(PULLER, &variables, TIMEOUT).await).await;
    assert_clean(&summary, TENCENT, 3);
}

#[tokio::test]
async fn one_source_slow_delays_no_other() {
    let world = World::new().await;
    world.put(20);
    world.tencent.faults(|_, _| Fault::Hang);
    let timeout = Duration::from_secs(30);
    let mut puller = Function::start_with_timeout(PULLER, &world.variables(), timeout).await;
    let started = Instant::now();
    puller.begin(json!({})).await;
    while world.mns.inbox.unconfirmed() > 0 {
        assert!(started.elapsed() < Duration::from_secs(5));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let summary: Summary = serde_json::from_value(puller.result().await.unwrap()).unwrap();
    assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
    assert_clean(&summary, ALIBABA, 20);
    assert!(summary.0[TENCENT].more, "a second pull could not have been settled in time: {summary:?}");
    assert_eq!(summary.0[TENCENT].pulled, 0);
}

/// The spill needs no sources.
#[tokio::test]
async fn sources_in_a_secret_that_cannot_be_read_do_not_stop_the_spill() {
    let world = World::new().await;
    world.put(3);
    world.cloud.put_secret(&world.sources().to_string()).await;
    let mut variables = world.variables();
    variables.retain(|(name, _)| *name != "MEDIAHOOK_SOURCES");
    variables.push(("MEDIAHOOK_SOURCES_SECRET", SECRET.to_owned()));
    world.cloud.secrets_faults(|_| Fault::Error);
    let mut puller = Function::start_with_timeout(PULLER, &variables, TIMEOUT).await;
    let summary = run(&mut puller).await;
    assert_eq!(summary.0.keys().collect::<Vec<_>>(), ["sources", "spill"]);
    assert_eq!(summary.0["sources"].error.as_deref(), Some("the sources are not known"));
    world.cloud.secrets_faults(|_| Fault::None);
    let summary = run(&mut puller).await;
    for source in [TENCENT, ALIBABA] {
        assert_clean(&summary, source, 3);
    }
}

#[tokio::test]
async fn a_bucket_that_does_not_exist_is_an_error_of_the_spill_and_stops_no_source() {
    let world = World::new().await;
    world.put(3);
    let mut variables = world.variables();
    variables.retain(|(name, _)| *name != "MEDIAHOOK_BUCKET");
    variables.push(("MEDIAHOOK_BUCKET", "nobodys".to_owned()));
    let mut puller = Function::start_with_timeout(PULLER, &variables, TIMEOUT).await;
    let summary = run(&mut puller).await;
    for source in [TENCENT, ALIBABA] {
        assert_clean(&summary, source, 3);
    }
    let spill = &summary.0["spill"];
    assert!(
        spill.error.as_deref().unwrap().contains("MEDIAHOOK_BUCKET: there is no bucket `nobodys`"),
        "{spill:?}"
    );
    assert_eq!(spill.waiting, None, "nothing is known");
}
