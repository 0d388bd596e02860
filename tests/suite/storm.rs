//! The real receiver, while queue and bucket hang, fail, throttle, reset and are slow, and its process is killed between
//! invocations. Afterwards every event that was answered 200 is in the queue or in the spill, exactly as sent, and none was
//! answered late.
//!
//! `MEDIAHOOK_STORM=5000 cargo test storm -- --nocapture` for a storm of that many callbacks.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use mediahook::ingest::envelope;
use mediahook::timeouts::receive::ANSWER_WITHIN;
use serde_json::{Value, json};

use crate::end_to_end::{post, receiver_binary, receiver_variables};
use mediahook_testing::cloud::{Cloud, Fault};
use mediahook_testing::event_source_mapping::Mapping;
use mediahook_testing::runtime_api::Function;
use mediahook_testing::{http, tls};

const CALLBACKS: usize = 300;
const ENVIRONMENTS: usize = 4;
/// How many invocations a process handles before it is killed.
const LIFE: usize = 20;

/// What became of one callback.
struct Answered {
    body: String,
    status: u64,
    id: String,
    took: Duration,
}

/// The fault of a call: a third of the calls fail, and some of the others are slow. It depends on the number alone, so that
/// a storm can be repeated.
fn bad_third(call: usize) -> Fault {
    match mix(call) % 24 {
        0 | 1 => Fault::Hang,
        2 | 3 => Fault::Error,
        4 | 5 => Fault::Throttle,
        6 | 7 => Fault::Reset,
        8 | 9 => Fault::Slow(Duration::from_millis(200)),
        _ => Fault::None,
    }
}

/// A pseudorandom number (a step of splitmix64).
fn mix(number: usize) -> usize {
    let mut n = (number as u64).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    usize::try_from((n ^ (n >> 27)) % 1_000_003).unwrap()
}

fn body(number: usize) -> String {
    json!({ "EventType": "PullComplete", "PullCompleteEvent": { "TaskId": format!("storm-{number}"), "n": number } }).to_string()
}

/// One execution environment: its share of the callbacks, its processes one after the other, all they logged.
async fn environment(variables: Vec<(&'static str, String)>, numbers: Vec<usize>) -> (Vec<Answered>, String) {
    let mut answered = Vec::new();
    let mut log = String::new();
    for life in numbers.chunks(LIFE) {
        let mut receiver = Function::start(receiver_binary(), &variables).await;
        for number in life {
            let body = body(*number);
            let event = post("/tencent-vod/open", &json!({}), &body);
            let started = Instant::now();
            let answer = receiver.invoke(event).await.unwrap();
            let told: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
            answered.push(Answered {
                body,
                status: answer["statusCode"].as_u64().unwrap(),
                id: told["id"].as_str().unwrap_or_default().to_owned(),
                took: started.elapsed(),
            });
        }
        log += &receiver.stop().await;
    }
    (answered, log)
}

/// Everything that was stored: ids to data.
async fn kept(cloud: &Cloud, queue_url: &str) -> (HashMap<String, String>, usize) {
    cloud.sqs_faults(|_| Fault::None);
    cloud.s3_faults(|_| Fault::None);
    let queue = Mapping::new(cloud.sqs(), queue_url);
    let mut texts = Vec::new();
    loop {
        let messages = queue.receive().await;
        if messages.is_empty() {
            break;
        }
        texts.extend(messages.into_iter().map(|m| m.body.unwrap()));
    }
    let queued = texts.len();
    texts.extend(cloud.objects("spill/").await.into_iter().map(|(_, object)| object));
    let envelopes = texts.iter().map(|text| envelope::parse(text).unwrap());
    (envelopes.map(|e| (e.id.clone(), e.data.unwrap().get().to_owned())).collect(), queued)
}

struct Storm {
    answered: Vec<Answered>,
    log: String,
    kept: HashMap<String, String>,
}

async fn storm(cloud: &Cloud, callbacks: usize) -> Storm {
    let (queue_url, _) = cloud.queues(5, 300).await;
    let mut variables = receiver_variables(cloud, &queue_url);
    variables.push(("AWS_LAMBDA_LOG_LEVEL", "INFO".to_owned()));
    let shares = (0..ENVIRONMENTS).map(|e| (e..callbacks).step_by(ENVIRONMENTS).collect());
    let environments: Vec<_> =
        shares.map(|share| tokio::spawn(environment(variables.clone(), share))).collect();
    let (mut answered, mut log) = (Vec::new(), String::new());
    for environment in environments {
        let (of_it, its_log) = environment.await.unwrap();
        answered.extend(of_it);
        log += &its_log;
    }
    let (kept, queued) = kept(cloud, &queue_url).await;
    let storm = Storm { answered, log, kept };
    storm.report(queued);
    storm
}

impl Storm {
    fn report(&self, queued: usize) {
        let mut took: Vec<_> = self.answered.iter().map(|a| a.took).collect();
        took.sort();
        let at = |share: usize| took[(took.len() - 1) * share / 100].as_millis();
        println!(
            "{} callbacks: {} answered 200, {queued} in the queue, {} kept in all; median {} ms, 99 % {} ms, slowest {} ms",
            took.len(),
            self.answered.iter().filter(|a| a.status == 200).count(),
            self.kept.len(),
            at(50),
            at(99),
            at(100),
        );
    }

    /// The log line of a callback: it shows whether the receiver was late, or this machine. A lost callback has no id.
    fn line_of(&self, id: &str) -> Option<&str> {
        self.log.lines().find(|line| !id.is_empty() && line.contains(id))
    }

    fn assert_nothing_lost_or_late(&self) {
        for answered in &self.answered {
            let Answered { body, took, id, .. } = answered;
            assert!(*took < ANSWER_WITHIN, "{body} took {took:?}: {:?}", self.line_of(id));
            if answered.status == 200 {
                assert_eq!(
                    self.kept.get(&answered.id),
                    Some(&answered.body),
                    "answered 200, and not kept as sent"
                );
            } else {
                assert_eq!(answered.status, 503);
                let escaped = answered.body.replace('"', "\\\"");
                let line =
                    self.log.lines().find(|line| line.contains(&escaped)).expect("a line for the lost event");
                assert!(line.contains(r#""lost":true"#) && line.contains(r#""level":"ERROR""#), "{line}");
            }
        }
    }
}

#[tokio::test]
async fn with_a_third_of_the_queue_calls_failing_every_callback_is_200() {
    let cloud = Cloud::start().await;
    cloud.sqs_faults(bad_third);
    let storm = storm(&cloud, CALLBACKS).await;
    storm.assert_nothing_lost_or_late();
    assert_eq!(storm.answered.iter().filter(|a| a.status == 200).count(), CALLBACKS);
    assert_eq!(storm.kept.len(), CALLBACKS);
}

#[tokio::test]
async fn with_the_bucket_failing_too_every_callback_answered_200_is_stored() {
    let callbacks = std::env::var("MEDIAHOOK_STORM").map_or(CALLBACKS, |n| n.parse().unwrap());
    let cloud = Cloud::start().await;
    cloud.sqs_faults(bad_third);
    cloud.s3_faults(|call| bad_third(call + 7));
    let storm = storm(&cloud, callbacks).await;
    storm.assert_nothing_lost_or_late();
    assert!(storm.answered.iter().filter(|a| a.status == 200).count() > callbacks * 9 / 10);
}

#[tokio::test]
async fn with_the_queue_hanging_at_cold_start_the_first_callback_is_spilled() {
    let cloud = Cloud::start().await;
    let (queue_url, _) = cloud.queues(5, 30).await;
    cloud.sqs_faults(|_| Fault::Hang);
    let started = Instant::now();
    let mut receiver = Function::start(receiver_binary(), &receiver_variables(&cloud, &queue_url)).await;
    let answer = receiver.invoke(post("/tencent-vod/open", &json!({}), &body(0))).await.unwrap();
    assert!(started.elapsed() < ANSWER_WITHIN, "init and answer: {:?}", started.elapsed());
    assert_eq!(answer["statusCode"], 200);
    let spill = cloud.objects("spill/tencent-vod/open/").await;
    assert_eq!(envelope::parse(&spill[0].1).unwrap().data.unwrap().get(), body(0));
}

/// After a freeze, connections may be dead. A call whose second attempt succeeds raises no alarm.
#[tokio::test]
async fn a_stale_connection_costs_a_retry_and_not_the_event() {
    let cloud = Cloud::start().await;
    let (queue_url, _) = cloud.queues(5, 30).await;
    let mut receiver = Function::start(receiver_binary(), &receiver_variables(&cloud, &queue_url)).await;
    let mut invoke =
        async |number| receiver.invoke(post("/tencent-vod/open", &json!({}), &body(number))).await.unwrap();
    assert_eq!(invoke(0).await["statusCode"], 200);
    for (number, fault) in [(1, Fault::Hang), (2, Fault::Reset), (3, Fault::Error)] {
        cloud.sqs_faults(move |call| if call == 0 { fault } else { Fault::None });
        assert_eq!(invoke(number).await["statusCode"], 200);
        assert_eq!(cloud.calls()[0], 2, "{fault:?}");
    }
    assert_eq!(cloud.objects("").await, []);
    assert_eq!(kept(&cloud, &queue_url).await.0.len(), 4);
    let log = receiver.stop().await;
    assert!(!log.contains("ERROR"), "{log}");
}

/// An attempt over HTTP/2 that is cut off leaves its connection open: the next attempt must not use it.
#[tokio::test]
async fn a_stale_http2_connection_costs_a_retry_as_well() {
    let (listener, address) = http::listen().await;
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let connection = counted.fetch_add(1, Ordering::SeqCst);
            let requests = Arc::new(AtomicUsize::new(0));
            let answer = service_fn(move |_| {
                let request = requests.fetch_add(1, Ordering::SeqCst);
                async move {
                    // It answers at start, and the first callback.
                    if connection == 0 && request > 1 {
                        std::future::pending::<()>().await;
                    }
                    Ok::<_, Infallible>(http::response(200, "application/x-amz-json-1.0", "{}"))
                }
            });
            let http2 = http2::Builder::new(TokioExecutor::new());
            tokio::spawn(http2.serve_connection(TokioIo::new(stream), answer));
        }
    });
    let endpoint = format!("https://localhost:{}", tls::in_front_of_http2(address).await.port());
    let cloud = Cloud::start().await;
    let mut variables = receiver_variables(&cloud, &format!("{endpoint}/1/callbacks.fifo"));
    variables.push(("AWS_ENDPOINT_URL_SQS", endpoint));
    variables.push(("SSL_CERT_FILE", tls::fixture("ca.pem").display().to_string()));
    let mut receiver = Function::start(receiver_binary(), &variables).await;
    for number in 0..3 {
        let answer = receiver.invoke(post("/tencent-vod/open", &json!({}), &body(number))).await.unwrap();
        assert_eq!(answer["statusCode"], 200);
    }
    assert_eq!(cloud.objects("").await, [], "all of them are in the queue");
    assert_eq!(connections.load(Ordering::SeqCst), 2);
    receiver.stop().await;
}
