//! The example backend, with the senders' own events.

#![allow(dead_code, unreachable_pub, reason = "its main is for Lambda")]

use mediahook::events::CloudEvent;
use mediahook::process::Handler as _;
use serde_json::{Value, json};

use mediahook_testing::cloud::Cloud;
use mediahook_testing::fixtures::{cloud_event, envelope, fixtures};

#[path = "../../examples/backend.rs"]
mod example;

const FLOW: &str = "orders/A-1042/1500017263-procedurev2-a5cf574d482e258e94b28bca62a7bfb0tt0.json";

fn built(source: &str, name: &str) -> CloudEvent {
    let (sender, _) = source.split_once('/').unwrap();
    let (_, text) = fixtures(sender).into_iter().find(|(of, _)| of == name).unwrap();
    envelope(source, &text)
}

/// What lies in the bucket after these events.
async fn orders(events: &[CloudEvent]) -> Vec<(String, Value)> {
    let cloud = Cloud::start().await;
    let orders = example::Orders { bucket: cloud.bucket() };
    for event in events {
        orders.handle(&cloud_event(event)).await.unwrap();
    }
    let objects = cloud.objects("orders/").await;
    objects.into_iter().map(|(key, text)| (key, text.parse().unwrap())).collect()
}

#[tokio::test]
async fn what_both_senders_made_for_an_order_is_together() {
    let flow = built("tencent-vod/main", "ProcedureStateChanged");
    let orders = orders(&[flow.clone(), built("alibaba-ims/prod", "ProduceMediaComplete"), flow]).await;
    let keys: Vec<_> = orders.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(keys, ["orders/A-1042/0f64c6e8fcae88c760419b4256008e5f.json", FLOW]);
    let (made, flow) = (&orders[0].1, &orders[1].1);
    assert_eq!(
        (&made["outcome"], &made["media"]),
        (&json!("succeeded"), &json!("bc24fb37c990ebc8fbd2443f6469e2d7"))
    );
    assert_eq!(flow["verdict"], "review");
    let kinds: Vec<_> =
        flow["renditions"].as_array().unwrap().iter().map(|r| (&r["kind"], &r["height"])).collect();
    assert_eq!(
        kinds,
        [(&json!("file"), &json!(720)), (&json!("file"), &json!(1080)), (&json!("hls"), &Value::Null)]
    );
    assert!(flow["renditions"][2]["url"].as_str().unwrap().ends_with("adp.12.m3u8"));
}

#[tokio::test]
async fn a_failure_and_a_verdict_reach_the_order_too() {
    let orders = orders(&[
        built("alibaba-ims/prod", "MediaConvertComplete.nested-failed"),
        built("tencent-vod/main", "ProcedureStateChanged.review-blocked"),
    ])
    .await;
    let (converted, reviewed) = (&orders[1].1, &orders[0].1);
    assert_eq!(converted["outcome"], "failed");
    let error =
        json!({ "code": "InvalidParameter.ResourceContentBad", "message": "the audio cannot be decoded" });
    assert_eq!(converted["error"], error);
    assert_eq!((&reviewed["outcome"], &reviewed["verdict"]), (&json!("succeeded"), &json!("block")));
}

#[tokio::test]
async fn an_event_of_apsaravideo_vod_with_an_order_is_no_dead_letter() {
    let mut transcoded = built("alibaba-vod/prod", "TranscodeComplete");
    transcoded.context = Some(r#"{"order":"A-1042"}"#.to_owned());
    let orders = orders(&[transcoded]).await;
    assert_eq!(orders[0].1["renditions"], json!([]));
}

#[tokio::test]
async fn what_is_in_progress_or_of_no_order_is_left_out() {
    let mut odd = built("tencent-vod/main", "ProcedureStateChanged");
    odd.context = Some(r#"{"order":"../../other"}"#.to_owned());
    let mut cut = odd.clone();
    cut.context = Some(r#"{"order":"A-10"#.to_owned());
    let events = [
        built("tencent-vod/main", "ProcedureStateChanged.review-processing"),
        built("tencent-vod/main", "PullComplete"),
        built("alibaba-ims/prod", "ProduceMediaComplete.failed"),
        built("alibaba-ims/prod", "BrandNewJobComplete.failed"),
        odd,
        cut,
    ];
    assert_eq!(orders(&events).await, []);
}
