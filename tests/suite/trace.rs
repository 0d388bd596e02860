//! A trace goes along from the callback to the bus, by way of the queue or of the spill.

use mediahook::events::CloudEvent;
use mediahook::ingest::envelope;
use serde_json::{Value, json};

use crate::end_to_end::{post, receiver_binary, receiver_variables, tencent};
use crate::policy::PULL_COMPLETE;
use mediahook_testing::cloud::{Cloud, Fault};
use mediahook_testing::event_source_mapping::{self as mapping, Mapping};
use mediahook_testing::runtime_api::Function;
use mediahook_testing::tencent_vod::TencentVod;

const HEADER: &str =
    "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=1:a87bd80c:0";
const SENT: &str = "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=53995c3f42cd8ad8;Sampled=1";
const TRACEPARENT: &str = "00-5bef4de7ad49b0e87f6ef6c87fc2e700-53995c3f42cd8ad8-01";
/// Of the puller.
const ANOTHER: &str = "Root=1-6bef4de7-bd49b0e87f6ef6c87fc2e700;Parent=63995c3f42cd8ad8;Sampled=0";

struct World {
    cloud: Cloud,
    queue_url: String,
    queue: Mapping,
}

impl World {
    async fn new() -> Self {
        let cloud = Cloud::start().await;
        let (queue_url, _) = cloud.queues(5, 30).await;
        Self { queue: Mapping::new(cloud.sqs(), &queue_url), cloud, queue_url }
    }

    async fn receiver(&self) -> Function {
        Function::start(receiver_binary(), &receiver_variables(&self.cloud, &self.queue_url)).await
    }

    /// The trace header of each message, and its envelope.
    async fn queued(&self) -> Vec<(Option<String>, CloudEvent)> {
        let name = aws_sdk_sqs::types::MessageSystemAttributeName::AwsTraceHeader;
        let messages = self.queue.receive().await;
        let header = |m: &aws_sdk_sqs::types::Message| m.attributes()?.get(&name).cloned();
        messages.iter().map(|m| (header(m), envelope::parse(m.body().unwrap()).unwrap())).collect()
    }
}

#[tokio::test]
async fn it_goes_from_the_callback_through_the_queue_to_the_bus() {
    let world = World::new().await;
    let mut receiver = world.receiver().await;
    receiver.invoke_in(tencent(PULL_COMPLETE), Some(HEADER)).await.unwrap();
    let messages = world.queue.receive().await;

    world.cloud.table().create().await;
    let (_, dead_letter_url) = world.cloud.queues(5, 30).await;
    let variables = world.cloud.processor_variables(&dead_letter_url);
    let mut processor = Function::start(env!("CARGO_BIN_EXE_processor"), &variables).await;
    processor.invoke(mapping::invocation(&messages)).await.unwrap();

    let headers: Vec<_> = world.cloud.bus().events().iter().map(|e| e["TraceHeader"].clone()).collect();
    assert_eq!(headers, [SENT]);
}

#[tokio::test]
async fn a_header_that_is_missing_or_malformed_leaves_no_trace_and_the_id_is_the_same() {
    let world = World::new().await;
    let mut receiver = world.receiver().await;
    let mut ids = Vec::new();
    let without_parent = "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=1";
    let odd = "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=\"};Sampled=1";
    for (header, sent, traceparent) in [
        (None, None, None),
        (Some("odd"), None, None),
        (Some(odd), None, None),
        (Some(without_parent), None, None),
        (Some(HEADER), Some(SENT), Some(TRACEPARENT)),
    ] {
        // Each time another event, since the queue would drop the same.
        let body = PULL_COMPLETE.replace("1450807", &ids.len().to_string());
        let answer = receiver.invoke_in(post("/tencent-vod/open", &json!({}), &body), header).await.unwrap();
        let queued = world.queued().await;
        let (header, envelope) = &queued[0];
        assert_eq!((header.as_deref(), envelope.traceparent.as_deref()), (sent, traceparent));
        let answer: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
        let again = receiver.invoke_in(post("/tencent-vod/open", &json!({}), &body), Some(ANOTHER)).await;
        let again: Value = serde_json::from_str(again.unwrap()["body"].as_str().unwrap()).unwrap();
        assert_eq!(answer["id"], again["id"]);
        ids.push(answer["id"].clone());
    }
}

#[tokio::test]
async fn what_was_spilled_keeps_its_trace_and_what_is_pulled_has_the_pullers() {
    let world = World::new().await;
    let mut receiver = world.receiver().await;
    world.cloud.sqs_faults(|_| Fault::Error);
    receiver.invoke_in(tencent(PULL_COMPLETE), Some(HEADER)).await.unwrap();
    receiver.invoke_in(post("/tencent-vod/open", &json!({}), PULL_COMPLETE), None).await.unwrap();
    world.cloud.sqs_faults(|_| Fault::None);

    let tencent = TencentVod::start(std::time::Duration::from_secs(30)).await;
    tencent.inbox.put(PULL_COMPLETE);
    let sources = json!({ "tencent-vod/pulled": { "pull": tencent.settings() } });
    let mut variables = receiver_variables(&world.cloud, &world.queue_url);
    variables.push(("MEDIAHOOK_SOURCES", sources.to_string()));
    let timeout = std::time::Duration::from_secs(55);
    tokio::time::sleep(std::time::Duration::from_secs(6)).await; // a younger object waits for the next run
    let mut puller = Function::start_with_timeout(env!("CARGO_BIN_EXE_puller"), &variables, timeout).await;
    puller.invoke_in(json!({}), Some(ANOTHER)).await.unwrap();

    let another = "00-6bef4de7bd49b0e87f6ef6c87fc2e700-63995c3f42cd8ad8-00";
    for (header, envelope) in world.queued().await {
        let expected = match envelope.source.as_str() {
            "tencent-vod/signed" => (Some(SENT), Some(TRACEPARENT)),
            "tencent-vod/open" => (None, None),
            _ => (Some(ANOTHER), Some(another)),
        };
        assert_eq!((header.as_deref(), envelope.traceparent.as_deref()), expected);
    }
}
