//! The example backend, with the senders' own events.

#![allow(dead_code, unreachable_pub, reason = "its main is for Lambda")]

use mediahook::event::envelope::Envelope;
use mediahook::process::Handler as _;
use mediahook::storage::Bucket as _;
use serde_json::{Value, json};

use crate::support::cloud::Cloud;
use crate::support::fixtures::{envelope, fixtures};

#[path = "../../examples/backend.rs"]
mod example;

fn sealed(source: &str, name: &str) -> Envelope {
    let (sender, _) = source.split_once('/').unwrap();
    let (_, text) = fixtures(sender).into_iter().find(|(of, _)| of == name).unwrap();
    envelope(source, &text)
}

#[tokio::test]
async fn what_can_be_played_is_in_the_catalogue() {
    let cloud = Cloud::start().await;
    let catalogue = example::Catalogue { bucket: cloud.bucket() };
    let flow = sealed("tencent-vod/main", "ProcedureStateChanged");
    let made = sealed("alibaba-ims/prod", "ProduceMediaComplete");
    for event in [&flow, &made, &flow] {
        catalogue.handle(event).await.unwrap();
    }
    let objects = cloud.objects("catalogue/").await;
    let keys: Vec<_> = objects.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(
        keys,
        [
            "catalogue/alibaba-ims/prod/bc24fb37c990ebc8fbd2443f6469e2d7/0f64c6e8fcae88c760419b4256008e5f.json",
            "catalogue/tencent-vod/main/14508913077461252083/1500017263-procedurev2-a5cf574d482e258e94b28bca62a7bfb0tt0.json",
        ]
    );
    let played: Value = serde_json::from_str(&objects[1].1).unwrap();
    let kinds: Vec<_> = played.as_array().unwrap().iter().map(|r| (&r["kind"], &r["height"])).collect();
    assert_eq!(
        kinds,
        [(&json!("file"), &json!(720)), (&json!("file"), &json!(1080)), (&json!("hls"), &Value::Null)]
    );
    assert!(played[2]["url"].as_str().unwrap().ends_with("adp.12.m3u8"));
}

#[tokio::test]
async fn what_is_about_something_else_or_failed_is_not() {
    let cloud = Cloud::start().await;
    let catalogue = example::Catalogue { bucket: cloud.bucket() };
    for (source, name) in [
        ("tencent-vod/main", "ProcedureStateChanged.processing"),
        ("tencent-vod/main", "PullComplete"),
        ("alibaba-ims/prod", "ProduceMediaComplete.failed"),
        ("alibaba-ims/prod", "BrandNewJobComplete"),
    ] {
        catalogue.handle(&sealed(source, name)).await.unwrap();
    }
    assert_eq!(cloud.objects("catalogue/").await, []);
}

#[tokio::test]
async fn an_event_too_large_to_travel_is_fetched() {
    let cloud = Cloud::start().await;
    let catalogue = example::Catalogue { bucket: cloud.bucket() };
    let mut event = sealed("alibaba-ims/prod", "ProduceMediaComplete");
    mediahook::storage::claim_check::check_in(&mut event, &cloud.bucket()).await.unwrap();
    catalogue.handle(&event).await.unwrap();
    assert_eq!(cloud.objects("catalogue/").await.len(), 1);
    assert!(cloud.bucket().get("catalogue/none").await.is_err());
}
