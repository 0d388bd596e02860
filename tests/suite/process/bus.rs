//! On the bus: what an entry is, what is put, and what is not.

use std::sync::atomic::{AtomicBool, Ordering};

use mediahook::aws::eventbridge::{Entry, EventBridgeBus};
use mediahook::process::EventBus;
use mediahook_testing::cloud;
use mediahook_testing::table_and_bus::BUS_LIMIT;
use time::format_description::well_known::Rfc3339;

use super::*;

#[tokio::test]
async fn on_the_bus_an_event_is_the_envelope_byte_for_byte() {
    let setup = Setup::new().await;
    let mut processor = setup.start().await;
    let text = concat!(
        r#"{ "specversion":"1.0","id":"a1","source":"tencent-vod/main","type":"com.tencentcloud.vod.PullComplete","#,
        r#""tomorrows": [1.50, null],"time":"2025-11-22T05:50:25.123Z","data":{ "n": 1.0 },"outcome":"failed","#,
        r#""channel":"push","recordedtime":"2026-11-22T05:50:26Z"}"#
    );
    assert_eq!(invoke(&mut processor, &[record_of("a1", "a", text)]).await, [""; 0]);
    let events = setup.bus().events();
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["Detail"], text);
    assert_eq!(events[0]["Source"], "mediahook");
    assert_eq!(events[0]["DetailType"], "com.tencentcloud.vod.PullComplete");
    assert_eq!(events[0]["EventBusName"], BUS);
    assert_eq!(events[0]["Time"], json!(1_763_790_625.123));
    let long = "ü".repeat(200);
    assert_eq!(invoke(&mut processor, &[record("a2", &long)]).await, [""; 0]);
    assert_eq!(setup.bus().events()[1]["DetailType"], "ü".repeat(128));
}

#[tokio::test]
async fn a_time_that_no_event_can_have_stays_in_the_envelope_and_is_not_put() {
    let setup = Setup::new().await;
    let mut processor = setup.start().await;
    let day_after_tomorrow = OffsetDateTime::now_utc() + Duration::from_hours(48);
    let day_after_tomorrow = day_after_tomorrow.format(&Rfc3339).unwrap();
    for (id, time) in
        [("a1", "1999-12-31T23:59:59Z"), ("a2", &day_after_tomorrow), ("a3", "2000-01-01T00:00:00Z")]
    {
        let body = event(id, "t").replace("2026-11-22T05:50:25.123Z", time);
        assert_eq!(invoke(&mut processor, &[record_of(id, "a", &body)]).await, [""; 0]);
        assert_eq!(setup.bus().events().last().unwrap()["Detail"], body);
    }
    let times: Vec<_> = setup.bus().events().iter().map(|event| event["Time"].clone()).collect();
    assert_eq!(times, [json!(null), json!(null), json!(946_684_800)]);
}

static PANICS: AtomicBool = AtomicBool::new(false);

/// The wall clock of the HTTP client, which each attempt reads.
fn clock() -> OffsetDateTime {
    assert!(!PANICS.load(Ordering::Relaxed), "scripted");
    OffsetDateTime::now_utc()
}

#[tokio::test]
async fn a_panic_inside_a_put_fails_its_events_and_no_later_one() {
    let setup = Setup::new().await;
    let variables = setup.cloud.variables();
    let (_, endpoint) = variables.iter().find(|(name, _)| *name == "AWS_ENDPOINT_URL").unwrap();
    let bus = EventBridgeBus::new(&cloud::aws(endpoint, clock), BUS.to_owned(), RETRY_POLICY);
    let processor = setup.delivering_to(EventBus::new(bus, setup.bucket(), OffsetDateTime::now_utc));
    assert_eq!(process(&processor, &records(["a0"]), IN_TIME).await, [""; 0]);
    PANICS.store(true, Ordering::Relaxed);
    assert_eq!(sorted(process(&processor, &records(["a1", "a2", "b1"]), SHORT).await), ["a1", "a2", "b1"]);
    PANICS.store(false, Ordering::Relaxed);
    for id in ["a1", "a2", "b1"] {
        assert_eq!(setup.table().status(id).await, None, "{id}");
    }
    assert_eq!(process(&processor, &records(["a1", "a2", "b1"]), IN_TIME).await, [""; 0]);
    assert_eq!(setup.bus().events().len(), 4);
}

#[tokio::test]
async fn while_the_bus_is_down_nothing_is_marked_completed() {
    let setup = Setup::new().await;
    let mut processor = setup.start_for(SHORT).await;
    let records = records(["a1", "a2", "b1"]);
    for fault in [Fault::Error, Fault::Throttle, Fault::Reset, Fault::Hang] {
        setup.bus().faults(move |_| fault);
        assert_eq!(sorted(invoke(&mut processor, &records).await), ["a1", "a2", "b1"], "{fault:?}");
        for id in ["a1", "a2", "b1"] {
            assert_eq!(setup.table().status(id).await, None, "{fault:?}");
        }
    }
    setup.bus().faults(|_| Fault::None);
    assert_eq!(invoke(&mut processor, &records).await, [""; 0]);
    assert_eq!(sorted(setup.bus().ids()), ["a1", "a2", "b1"]);
}

#[tokio::test]
async fn an_entry_that_the_bus_refuses_costs_its_group_and_no_other() {
    let setup = Setup::new().await;
    let mut processor = setup.start_for(SHORT).await;
    let records = records(["a1", "b1", "a2", "c1", "b2"]);
    setup.bus().refuses(|entry| entry.to_string().contains("b1").then_some("InternalFailure"));
    assert_eq!(invoke(&mut processor, &records).await, ["b1", "b2"]);
    let of_a = |ids: Vec<String>| ids.into_iter().filter(|id| id.starts_with('a')).collect::<Vec<_>>();
    assert_eq!(of_a(setup.bus().ids()), ["a1", "a2"], "in order");
    assert_eq!(setup.table().status("b1").await, None);
    assert_eq!(setup.table().status("a2").await.as_deref(), Some("COMPLETED"));

    // The same batch again, as if Lambda had repeated all of it.
    setup.bus().refuses(|_| None);
    assert_eq!(invoke(&mut processor, &records).await, [""; 0]);
    let ids = setup.bus().ids();
    assert_eq!(ids.iter().filter(|id| id.starts_with('b')).collect::<Vec<_>>(), ["b1", "b2"]);
    assert_eq!(sorted(ids), ["a1", "a2", "b1", "b2", "c1"], "each once");
}

#[tokio::test]
async fn what_the_bus_will_never_take_is_a_dead_letter() {
    let setup = Setup::new().await;
    let mut processor = setup.start().await;
    setup.bus().refuses(|entry| entry.to_string().contains("a1").then_some("MalformedDetail"));
    assert_eq!(invoke(&mut processor, &records(["a1", "a2"])).await, [""; 0]);
    assert_eq!(setup.bus().ids(), ["a2"]);
    assert_eq!(setup.dead().await, ["a1"]);
}

fn large(id: &str, bytes: usize) -> Value {
    let data = json!({ "x": "x".repeat(bytes) }).to_string();
    record_of(id, &id[..1], &event(id, "large").replace(r#"{"n":1}"#, &data))
}

#[tokio::test]
async fn what_is_too_large_for_the_bus_has_its_data_in_the_bucket() {
    let setup = Setup::new().await;
    let mut processor = setup.start_for(SHORT * 2).await;
    let records = [large("a1", BUS_LIMIT), record("a2", "t")];
    // While the bucket fails it waits, and what is behind it.
    setup.s3_faults(|_| Fault::Error);
    assert_eq!(invoke(&mut processor, &records).await, ["a1", "a2"]);
    assert_eq!(setup.bus().ids(), [""; 0]);
    setup.s3_faults(|_| Fault::None);
    assert_eq!(invoke(&mut processor, &records).await, [""; 0]);
    assert_eq!(setup.bus().ids(), ["a1", "a2"]);

    let events = setup.bus().events();
    let detail = events[0]["Detail"].as_str().unwrap();
    assert!(detail.len() < BUS_LIMIT);
    let envelope = envelope::parse(detail).unwrap();
    assert!(envelope.data.is_none());
    let key = "payload/tencent-vod/main/2026/11/22/a1.json";
    assert_eq!(envelope.dataref.unwrap(), format!("s3://{BUCKET}/{key}"));
    let data = json!({ "x": "x".repeat(BUS_LIMIT) }).to_string();
    assert_eq!(setup.objects("payload/").await, [(key.to_owned(), data)]);
}

/// Three events of 100 KB need two requests.
#[tokio::test]
async fn a_request_that_hangs_costs_the_events_of_the_other_nothing() {
    let setup = Setup::new().await;
    let mut processor = setup.start_for(SHORT).await;
    setup.bus().faults(|call| if call == 0 { Fault::Hang } else { Fault::None });
    let records = ["a1", "b1", "c1"].map(|id| large(id, 100 * 1024));
    let failed = invoke(&mut processor, &records).await;
    let put = setup.bus().ids();
    assert_eq!(sorted([failed, put.clone()].concat()), ["a1", "b1", "c1"]);
    assert!(!put.is_empty() && put.len() < 3, "{put:?}");
}

#[tokio::test]
async fn a_group_that_waits_for_the_bucket_delays_no_other() {
    let setup = Setup::new().await;
    setup.s3_faults(|_| Fault::Hang);
    let processor = setup.start().await;
    let records = [large("a1", BUS_LIMIT), record("b1", "t"), record("b2", "t"), record("c1", "t")];
    processor.begin(batch(&records)).await;
    until(async || setup.bus().ids().len() == 3).await;
    processor.stop().await;
}

#[tokio::test]
async fn events_go_in_as_few_requests_as_the_bus_allows() {
    let setup = Setup::new().await;
    let mut processor = setup.start().await;
    let ids: Vec<_> = ('a'..='w').map(|group| format!("{group}1")).collect();
    let sizes = || setup.bus().requests().iter().map(Vec::len).collect::<Vec<_>>();
    let records: Vec<_> = ids.iter().map(|id| record(id, "t")).collect();
    assert_eq!(invoke(&mut processor, &records).await, [""; 0]);
    assert_eq!(sizes().iter().sum::<usize>(), 23);
    assert_eq!(sizes().len(), 3);
    let records: Vec<_> = ('a'..='e').map(|group| large(&format!("{group}2"), 100_000)).collect();
    assert_eq!(invoke(&mut processor, &records).await, [""; 0]);
    assert_eq!(sizes().len(), 6);
    for request in setup.bus().requests() {
        let bytes: usize = request.iter().map(|e| e["Detail"].as_str().unwrap().len()).sum();
        assert!(bytes < BUS_LIMIT);
    }
}

#[tokio::test]
async fn while_the_bus_does_not_exist_every_record_fails_and_each_invocation_logs_it_once() {
    let setup = Setup::new().await;
    setup.bus().delete(BUS);
    let mut processor = setup.start().await;
    let records = records(["a1", "a2", "b1"]);
    for _ in 0..2 {
        assert_eq!(invoke(&mut processor, &records).await, ["a1", "a2", "b1"]);
        assert_eq!(setup.bus().calls()[0], 0, "nothing is put");
        assert_eq!(setup.table().status("a1").await, None);
    }
    assert_eq!(setup.bus().calls()[1], 3, "asked at start, and in each invocation");
    setup.bus().create(BUS);
    for _ in 0..2 {
        assert_eq!(invoke(&mut processor, &records).await, [""; 0]);
    }
    assert_eq!(setup.bus().ids().len(), 3);
    assert_eq!(setup.bus().calls()[1], 4, "a bus that exists is not checked again within five minutes");

    let log = processor.stop().await;
    let mut lines = lines(&log);
    assert_eq!(lines.iter().filter(|line| line["result"] == "failed").count(), 4, "a group each: {log}");
    lines.retain(|line| line["Misconfigured"] == 1);
    assert_eq!(lines.len(), 2, "{log}");
    for line in &lines {
        assert_eq!(line["level"], "ERROR");
        let error = line["error"].as_str().unwrap();
        assert!(error.contains("MEDIAHOOK_EVENT_BUS") && error.contains(&format!("`{BUS}`")), "{line}");
    }
}

#[tokio::test]
async fn a_bus_that_may_not_be_asked_for_is_put_on_with_one_warning() {
    let setup = Setup::new().await;
    setup.bus().describe_faults(|_| Fault::Denied);
    let mut processor = setup.start().await;
    for id in ["a1", "a2"] {
        assert_eq!(invoke(&mut processor, &records([id])).await, [""; 0]);
    }
    assert_eq!(setup.bus().ids(), ["a1", "a2"]);
    let log = processor.stop().await;
    let warnings: Vec<_> = lines(&log).into_iter().filter(|line| line["level"] == "WARN").collect();
    assert_eq!(warnings.len(), 1, "{log}");
    assert!(warnings[0].to_string().contains("events:DescribeEventBus"), "{log}");
}

#[tokio::test]
async fn on_a_bus_of_which_nothing_is_known_yet_nothing_is_put() {
    let setup = Setup::new().await;
    setup.bus().describe_faults(|_| Fault::Hang);
    let mut processor = setup.start_for(SHORT * 2).await;
    let records = records(["a1", "b1"]);
    for fault in [Fault::Error, Fault::Throttle, Fault::Reset, Fault::Hang] {
        setup.bus().describe_faults(move |_| fault);
        assert_eq!(invoke(&mut processor, &records).await, ["a1", "b1"], "{fault:?}");
    }
    assert_eq!(setup.bus().calls()[0], 0);
    setup.bus().describe_faults(|_| Fault::None);
    assert_eq!(invoke(&mut processor, &records).await, [""; 0]);
}

/// EventBridge may answer 400 for all of a request when one of its entries is not valid.
#[tokio::test]
async fn an_entry_for_which_the_whole_request_is_rejected_fails_alone() {
    let setup = Setup::new().await;
    let mut processor = setup.start_for(SHORT).await;
    setup.bus().rejects(|entry| entry.to_string().contains("b1"));
    assert_eq!(invoke(&mut processor, &records(["a1", "b1", "c1", "a2"])).await, ["b1"]);
    assert_eq!(sorted(setup.bus().ids()), ["a1", "a2", "c1"], "each once");
    let log = processor.stop().await;
    assert!(log.contains("ValidationException"), "{log}");
}

#[tokio::test]
async fn a_throttled_or_unauthorized_request_is_not_split() {
    let setup = Setup::new().await;
    let bus = EventBridgeBus::new(&setup.aws(), BUS.to_owned(), RETRY_POLICY);
    let entry =
        Entry { detail_type: "t".to_owned(), detail: "{}".to_owned(), time: None, trace_header: None };
    for (fault, attempts) in [(Fault::Throttle, RETRY_POLICY.attempts as usize), (Fault::Denied, 1)] {
        setup.bus().faults(move |_| fault);
        assert!(bus.put(&[&entry, &entry]).await.is_err());
        assert_eq!(setup.bus().calls()[0], attempts, "{fault:?}");
    }
}

/// The patterns of `docs/process.md`, against what is on the bus.
#[tokio::test]
async fn the_rules_in_the_docs_match_what_they_say() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/process.md")).unwrap();
    let patterns: Vec<&str> = page.split("```json\n").skip(1).filter_map(|r| r.split("```").next()).collect();
    let events = [
        ("tencent-vod/main", "com.tencentcloud.vod.ProcedureStateChanged", "failed"),
        ("tencent-vod/main", "com.tencentcloud.vod.PullComplete", "succeeded"),
        ("alibaba-ims/prod", "com.alibabacloud.ims.ProduceMediaComplete", "failed"),
        ("alibaba-ims/prod", "com.alibabacloud.ims.LiveRecordTaskStatus", "progress"),
        ("alibaba-ims/prod", "com.alibabacloud.ims.AIMediaAuditComplete", "unknown"),
    ];
    let setup = Setup::new().await;
    let mut processor = setup.start().await;
    for (at, (source, event_type, outcome)) in events.iter().enumerate() {
        let id = format!("e{at}");
        let mut envelope: Value = serde_json::from_str(&event(&id, event_type)).unwrap();
        envelope["source"] = (*source).into();
        envelope["outcome"] = (*outcome).into();
        if *outcome == "unknown" {
            envelope["verdict"] = "block".into();
        }
        let record = record_of(&id, "a", &envelope.to_string());
        assert_eq!(invoke(&mut processor, &[record]).await, [""; 0]);
    }
    let mut matches = Vec::new();
    for pattern in &patterns {
        let mut of_it = Vec::new();
        for (at, event) in setup.bus().events().iter().enumerate() {
            if setup.bus().matches(pattern, event).await {
                of_it.push(at);
            }
        }
        matches.push(of_it);
    }
    assert_eq!(matches, [vec![0], vec![0, 2], vec![4], vec![0, 1], vec![2]]);
}
