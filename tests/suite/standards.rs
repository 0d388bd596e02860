//! What other people's suites and standards say: `JSONTestSuite` about what the receiver takes for JSON, the numbers of
//! RFC 8785 about ids. `tests/cloudevents/check.py` judges the envelopes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use mediahook::aws::s3::S3Bucket;
use mediahook::aws::sqs::SqsQueue;
use mediahook::events::Channel;
use mediahook::ingest;
use mediahook::lambda::invocation::Invocation;
use mediahook::receive::Receiver;
use mediahook::sources::Sources;
use mediahook::sources::cache::SourcesCache;
use mediahook::timeouts::receive::{self as limits, RETRY_POLICY};
use mediahook_senders::Unprocessable::{NoEvent, NotAnObject, NotJson, NotUtf8, OutOfRange};
use mediahook_testing::cloud::Cloud;
use mediahook_testing::event_source_mapping::Mapping;
use mediahook_testing::fixtures::{envelope, fixtures};
use mediahook_testing::function_url;
use serde_json::{Value, json};
use time::OffsetDateTime;

/// Each document of `JSONTestSuite` by name. A name begins with `y` for JSON, with `n` for what is none, and with `i` where a
/// reader may choose.
fn documents() -> Vec<(&'static str, Vec<u8>)> {
    let short = include_str!("../fixtures/json-test-suite/documents.txt").lines().map(|line| {
        let (name, bytes) = line.split_once(' ').unwrap();
        (name, BASE64_STANDARD.decode(bytes).unwrap())
    });
    let long = [
        ("n_structure_100000_opening_arrays", "[".repeat(100_000)),
        ("n_structure_open_array_object", "[{\"\":".repeat(50_000) + "\n"),
    ];
    let documents: Vec<_> = short.chain(long.map(|(name, document)| (name, document.into_bytes()))).collect();
    assert_eq!(documents.len(), 318);
    documents
}

/// The document as a member of an event, which is named for it, so that two of one value are two events.
fn event_with(name: &str, document: &[u8]) -> Vec<u8> {
    let head =
        format!(r#"{{"EventType":"NewFileUpload","FileUploadEvent":{{"FileId":"{name}"}},"Document":"#);
    [head.as_bytes(), document, b"}"].concat()
}

/// A receiver whose one source is open.
struct World {
    cloud: Cloud,
    queue: Mapping,
    receiver: Receiver<SqsQueue, S3Bucket>,
}

impl World {
    async fn new() -> Self {
        let cloud = Cloud::start().await;
        let (queue_url, _) = cloud.queues(5, 300).await;
        let sources = Sources::parse(r#"{"tencent-vod/open":{"unauthenticated":true}}"#).unwrap();
        let receiver = Receiver::new(
            SourcesCache::fixed(sources).into(),
            SqsQueue::new(&cloud.aws(), queue_url.clone(), RETRY_POLICY),
            cloud.bucket(),
            OffsetDateTime::now_utc,
        );
        Self { queue: Mapping::new(cloud.sqs(), &queue_url), cloud, receiver }
    }

    /// The status of the response to a callback with this body.
    async fn post(&self, body: &[u8]) -> u16 {
        let body = (BASE64_STANDARD.encode(body), true);
        let invocation = function_url::event("POST", "/tencent-vod/open", "", &json!({}), body);
        let deadline = limits::deadline(Duration::from_mins(1));
        let request = function_url::request(&invocation);
        self.receiver.receive(request, deadline, &Invocation::default()).await.status().as_u16()
    }

    /// The data of each event in the queue, by subject.
    async fn queued(&self) -> BTreeMap<String, String> {
        let mut queued = BTreeMap::new();
        loop {
            let envelopes = self.queue.envelopes().await;
            if envelopes.is_empty() {
                return queued;
            }
            for envelope in envelopes {
                queued.insert(envelope.subject.unwrap(), envelope.data.unwrap().get().to_owned());
            }
        }
    }
}

#[tokio::test]
async fn what_json_is_is_queued_as_it_came_and_what_is_none_is_rejected() {
    let world = World::new().await;
    let mut wrong = String::new();
    let (mut expected, mut chosen) = (BTreeMap::new(), BTreeMap::new());
    for (name, document) in documents() {
        let body = event_with(name, &document);
        let status = world.post(&body).await;
        let is_right = match name.split_once('_').unwrap().0 {
            "y" => status == 200,
            "n" => status == 400,
            _ => matches!(status, 200 | 400),
        };
        if !is_right {
            writeln!(wrong, "{name}: {status}").unwrap();
        }
        if status == 200 {
            // SQS refuses U+FFFF, so it is escaped.
            let data = String::from_utf8(body).unwrap().replace('\u{ffff}', "\\uffff");
            expected.insert(name.to_owned(), data);
        }
        if name.starts_with('i') {
            chosen.insert(name, status);
        }
    }
    assert_eq!(wrong, "");
    assert_eq!(world.queued().await, expected);
    let rejected = world.cloud.keys("rejected/").await;
    let bodies = rejected.iter().filter(|key| !key.ends_with(".json")).count();
    assert_eq!(bodies, 318 - expected.len(), "each is kept");
    println!("{chosen:#?}");
}

/// The documents alone. None is an event, so none is accepted; but JSON is rejected as such, and not as something unreadable.
#[test]
fn a_document_without_an_event_is_rejected_for_what_it_is() {
    let sources = Sources::parse(r#"{"tencent-vod/main":{}}"#).unwrap();
    let source = sources.get("tencent-vod/main").unwrap();
    let mut wrong = String::new();
    for (name, document) in documents() {
        let built = ingest::build(source, &document, Channel::Push, None, OffsetDateTime::UNIX_EPOCH);
        let is_right = matches!(
            (name.split_once('_').unwrap().0, &built),
            ("y", Err(NotAnObject | NoEvent))
                | ("n", Err(NotJson { .. } | NotUtf8 { .. }))
                | ("i", Err(NotAnObject | NoEvent | NotJson { .. } | NotUtf8 { .. } | OutOfRange))
        );
        if !is_right {
            writeln!(wrong, "{name}: {built:?}").unwrap();
        }
    }
    assert_eq!(wrong, "");
}

/// The numbers of RFC 8785, appendix B: the bits of a float, and how ECMAScript writes it.
const RFC_8785: &[(u64, &str)] = &[
    (0x0000_0000_0000_0000, "0"),
    (0x8000_0000_0000_0000, "0"),
    (0x0000_0000_0000_0001, "5e-324"),
    (0x8000_0000_0000_0001, "-5e-324"),
    (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
    (0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308"),
    (0x4340_0000_0000_0000, "9007199254740992"),
    (0xc340_0000_0000_0000, "-9007199254740992"),
    (0x4430_0000_0000_0000, "295147905179352830000"),
    (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
    (0x44b5_2d02_c7e1_4af6, "1e+23"),
    (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"),
    (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
    (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"),
    (0x444b_1ae4_d6e2_ef50, "1e+21"),
    (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
    (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
    (0x41b3_de43_5555_5553, "333333333.3333332"),
    (0x41b3_de43_5555_5554, "333333333.33333325"),
    (0x41b3_de43_5555_5555, "333333333.3333333"),
    (0x41b3_de43_5555_5556, "333333333.3333334"),
    (0x41b3_de43_5555_5557, "333333333.33333343"),
    (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
    (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
];

/// The numbers of RFC 8785; and those of a file of its test data with a line `BITS,TEXT` for each, if there is one.
fn numbers() -> Vec<(f64, String)> {
    let file = std::env::var("MEDIAHOOK_NUMBERS").map(|path| std::fs::read_to_string(path).unwrap());
    let more = file.unwrap_or_default();
    let more = more.lines().map(|line| {
        let (bits, text) = line.split_once(',').unwrap();
        (u64::from_str_radix(bits, 16).unwrap(), text)
    });
    let numbers = RFC_8785.iter().copied().chain(more);
    numbers.map(|(bits, text)| (f64::from_bits(bits), text.to_owned())).collect()
}

/// An id has JSON's numbers by value, as RFC 8785 has them: however a float is written, it is one, and its neighbour is
/// another.
#[test]
fn a_number_of_rfc_8785_has_one_id_however_it_is_written() {
    let id = |number: &str| {
        let body = format!(
            r#"{{"EventType":"PullComplete","PullCompleteEvent":{{"TaskId":"t","Number":{number}}}}}"#
        );
        envelope("tencent-vod/main", &body).id
    };
    let (mut ids, mut texts) = (BTreeSet::new(), BTreeSet::new());
    for (float, text) in numbers() {
        // Minus zero is zero, as in ECMAScript.
        assert_eq!(text.parse::<f64>().unwrap().to_bits(), (float + 0.0).to_bits(), "{text}");
        let expected = id(&text);
        // Its shortest digits with an exponent, all its digits, and what another writer makes of it.
        for other in [format!("{float:e}"), format!("{float:.1100}"), json!(float).to_string()] {
            assert_eq!(id(&other), expected, "{text} and {other}");
        }
        ids.insert(expected);
        texts.insert(text);
    }
    assert_eq!(ids.len(), texts.len(), "each value has an id of its own");
}

/// The queue messages of all fixtures, for the judges of CloudEvents in `tests/cloudevents/check.py`: one a line.
#[test]
fn the_messages_of_all_fixtures_are_written_down_for_the_judges() {
    let mut lines = String::new();
    for source in ["tencent-vod/main", "alibaba-ims/prod", "alibaba-vod/prod"] {
        for (_, body) in fixtures(source.split('/').next().unwrap()) {
            let mut event = envelope(source, &body);
            for _ in 0..2 {
                let message = ingest::message(&event).body;
                let value: Value = serde_json::from_str(&message).unwrap();
                lines += &(message.replace('\n', " ") + "\n"); // white space, as in a string it would be escaped
                assert_eq!(value["id"], event.id.as_str());
                // The same after the claim check of an event that is too large for the queue.
                event.data = None;
                event.dataref = Some(format!("s3://a-bucket/payload/{source}/2026/11/22/{}.json", event.id));
            }
        }
    }
    assert!(lines.lines().count() > 300);
    std::fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join("messages.jsonl"), lines).unwrap();
}
