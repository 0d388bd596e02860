//! The requests to AWS and the senders, their connections, and the texts of errors. Against real sockets.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

use hyper::HeaderMap;
use mediahook::aws::Aws;
use mediahook::aws::s3::S3Bucket;
use mediahook::aws::sqs::SqsQueue;
use mediahook::pull::http::Http as _;
use mediahook::pull::http::SenderHttp;
use mediahook::storage::Message;
use mediahook::storage::{Bucket as _, Listed, Page, Queue as _, StoreError};
use mediahook::timeouts::receive::RETRY_POLICY;
use mediahook_senders::queue::{Answer, Request};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;
use time::macros::format_description;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use mediahook_testing::cloud;
use mediahook_testing::http::{self, Response};

const JSON: &str = "application/x-amz-json-1.0";
const MARK: &str = "PayloadMark";

/// The number of a request's connection, and its head.
type Seen = (usize, String);

fn aws(endpoint: &str) -> Aws {
    cloud::aws(endpoint, OffsetDateTime::now_utc)
}

fn queue(endpoint: &str) -> SqsQueue {
    SqsQueue::new(&aws(endpoint), format!("{endpoint}/1/callbacks.fifo"), RETRY_POLICY)
}

/// A queue whose server answers each request by its number, counted from 1. Returns the heads of the requests too.
async fn queue_that_answers(
    answer: impl Fn(usize) -> Response + Send + Sync + 'static,
) -> (SqsQueue, UnboundedReceiver<HeaderMap>) {
    let (listener, address) = http::listen().await;
    let (seen, heads) = unbounded_channel();
    let (answer, count) = (Arc::new(answer), Arc::new(AtomicUsize::new(0)));
    tokio::spawn(http::serve(listener, move |request| {
        let number = count.fetch_add(1, Ordering::SeqCst) + 1;
        let answer = seen.send(request.headers().clone()).ok().map(|()| answer(number));
        async move { answer }
    }));
    (queue(&format!("http://{address}")), heads)
}

/// A server that answers a request by its number on its connection and the number of that connection, both counted
/// from 0. Without a reply the connection is silent, as a stale one is.
async fn serve(
    reply: impl Fn(usize, usize) -> Option<String> + Clone + Send + 'static,
) -> (String, UnboundedReceiver<Seen>) {
    let (listener, address) = http::listen().await;
    let (sender, seen) = unbounded_channel();
    tokio::spawn(async move {
        for connection in 0.. {
            let (stream, _) = listener.accept().await.unwrap();
            let reply = reply.clone();
            tokio::spawn(serve_one(
                stream,
                connection,
                move |number| reply(connection, number),
                sender.clone(),
            ));
        }
    });
    (format!("http://{address}"), seen)
}

async fn serve_one(
    mut stream: TcpStream,
    connection: usize,
    reply: impl Fn(usize) -> Option<String>,
    sender: UnboundedSender<Seen>,
) {
    for number in 0.. {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            let Ok(byte) = stream.read_u8().await else { return };
            head.push(byte.into());
        }
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
        stream.read_exact(&mut body).await.unwrap();
        sender.send((connection, head)).unwrap();
        match reply(number) {
            Some(reply) => stream.write_all(reply.as_bytes()).await.unwrap(),
            None => std::future::pending().await,
        }
    }
}

fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

async fn enqueue(queue: &SqsQueue) -> Result<(), StoreError> {
    let (body, id) = (MARK.to_owned(), "1".to_owned());
    let message = Message { body, deduplication_id: id.clone(), group_id: id, trace_header: None };
    queue.enqueue(&message).await.map_err(|error| error.why)
}

#[tokio::test]
async fn sqs_is_called_by_the_sdk_under_our_name_and_each_attempt_is_signed() {
    let (queue, mut heads) = queue_that_answers(|number| {
        let status = if number == 1 { 500 } else { 200 };
        http::response(status, JSON, "{}")
    })
    .await;
    enqueue(&queue).await.unwrap();

    for attempt in ["attempt=1", "attempt=2; max=2"] {
        let head = heads.recv().await.unwrap();
        let text = |name: &str| head[name].to_str().unwrap();
        assert!(text("user-agent").contains(" app/mediahook"), "{head:?}");
        assert!(text("amz-sdk-request").contains(attempt), "{head:?}");
        assert_eq!(text("x-amz-security-token"), "token");
        let (what, signature) = text("authorization").split_once(", Signature=").unwrap();
        assert!(what.starts_with("AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/"), "{what}");
        assert!(what.contains("/us-east-1/sqs/aws4_request, SignedHeaders="), "{what}");
        assert_eq!(signature.len(), 64);
    }
    assert!(heads.try_recv().is_err(), "two attempts");
}

#[tokio::test]
async fn with_a_wrong_clock_only_the_first_attempt_has_a_wrong_time() {
    let theirs = OffsetDateTime::now_utc() + Duration::from_hours(1);
    let (queue, mut heads) = queue_that_answers(move |number| {
        let rejected = r#"{"__type":"InvalidSignatureException","message":"Signature expired"}"#;
        let (status, body) = if number == 1 { (400, rejected) } else { (200, "{}") };
        let mut response = http::response(status, JSON, body);
        let date = theirs.format(&Rfc2822).unwrap().replace("+0000", "GMT");
        response.headers_mut().insert("date", date.parse().unwrap());
        response
    })
    .await;
    for _ in 0..3 {
        enqueue(&queue).await.unwrap();
    }

    let format = format_description!("[year][month][day]T[hour][minute][second]Z");
    let mut hours_ahead = Vec::new();
    while let Ok(head) = heads.try_recv() {
        let at = time::PrimitiveDateTime::parse(head["x-amz-date"].to_str().unwrap(), format).unwrap();
        let ahead = at.assume_utc() - OffsetDateTime::from(SystemTime::now());
        hours_ahead.push((ahead.as_seconds_f64() / 3_600.0).round());
    }
    assert_eq!(hours_ahead, [0.0, 1.0, 1.0, 1.0]);
}

/// Two connections were in use at the same time, and both went stale while the function was frozen.
#[tokio::test]
async fn several_stale_connections_cost_one_attempt() {
    let (endpoint, mut seen) = serve(|connection, number| match (connection, number) {
        (0 | 1, 1..) => None,
        _ => Some(ok("{}")),
    })
    .await;
    let queue = queue(&endpoint);
    let (first, second) = tokio::join!(enqueue(&queue), enqueue(&queue));
    assert!(first.is_ok() && second.is_ok());
    let both = [seen.recv().await.unwrap().0, seen.recv().await.unwrap().0];
    assert!(both.contains(&0) && both.contains(&1), "{both:?}");

    let started = Instant::now();
    enqueue(&queue).await.unwrap();
    assert!(started.elapsed() < RETRY_POLICY.attempt * 2 + RETRY_POLICY.pause, "{:?}", started.elapsed());
    assert!(seen.recv().await.unwrap().0 < 2, "the first attempt meets a stale one");
    assert_eq!(seen.recv().await.unwrap().0, 2, "the second connects anew");
    enqueue(&queue).await.unwrap();
    assert_eq!(seen.recv().await.unwrap().0, 2, "and its connection is used from then on");
}

/// The same after a freeze that shows by the wall clock.
#[tokio::test]
async fn several_stale_connections_cost_no_attempt_after_a_freeze() {
    static IDLE_S: AtomicU64 = AtomicU64::new(0);
    let now = || OffsetDateTime::now_utc() + Duration::from_secs(IDLE_S.load(Ordering::Relaxed));
    let (endpoint, mut seen) = serve(|connection, number| match (connection, number) {
        (0 | 1, 1..) => None,
        _ => Some(ok("{}")),
    })
    .await;
    let queue =
        SqsQueue::new(&cloud::aws(&endpoint, now), format!("{endpoint}/1/callbacks.fifo"), RETRY_POLICY);
    let (first, second) = tokio::join!(enqueue(&queue), enqueue(&queue));
    assert!(first.is_ok() && second.is_ok());
    let both = [seen.recv().await.unwrap().0, seen.recv().await.unwrap().0];
    assert!(both.contains(&0) && both.contains(&1), "{both:?}");

    IDLE_S.store(20, Ordering::Relaxed);
    for _ in 0..2 {
        enqueue(&queue).await.unwrap();
        assert_eq!(seen.recv().await.unwrap().0, 2);
    }
}

/// While a function is frozen its monotonic clock may stand still, and the pool's idle timeout with it.
#[tokio::test]
async fn a_connection_idle_by_the_wall_clock_is_not_reused() {
    static IDLE_S: AtomicU64 = AtomicU64::new(0);
    let now = || OffsetDateTime::now_utc() + Duration::from_secs(IDLE_S.load(Ordering::Relaxed));
    let (endpoint, mut seen) = serve(|_, _| Some(ok("{}"))).await;
    let aws = cloud::aws(&endpoint, now);
    let queue = SqsQueue::new(&aws, format!("{endpoint}/1/callbacks.fifo"), RETRY_POLICY);
    for (idle_s, connection) in [(0, 0), (10, 0), (31, 1), (32, 1), (5, 2), (6, 2)] {
        IDLE_S.store(idle_s, Ordering::Relaxed);
        enqueue(&queue).await.unwrap();
        assert_eq!(seen.recv().await.unwrap().0, connection, "at {idle_s} s");
        // A connection can be used again a moment after its answer was read.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The SDK's retry quota would be used up by a long outage; after it, one stale connection would make an event fall back to
/// S3. A call has few attempts, so it needs no quota.
#[tokio::test]
async fn each_call_has_a_second_attempt_however_many_calls_failed() {
    let failed = "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 2\r\n\r\n{}";
    let (endpoint, mut seen) = serve(move |_, _| Some(failed.to_owned())).await;
    let queue = queue(&endpoint);
    for _ in 0..120 {
        assert!(enqueue(&queue).await.is_err());
    }
    let mut attempts = 0;
    while seen.try_recv().is_ok() {
        attempts += 1;
    }
    assert_eq!(attempts, 120 * RETRY_POLICY.attempts);
}

/// The error text of a service or a connector may quote the request, or an endpoint with its password.
#[tokio::test]
async fn an_error_has_its_kind_and_quotes_neither_request_nor_password() {
    let responses = [
        (
            format!(r#"{{"__type":"ValidationException","message":"Value '{MARK}' is too long"}}"#),
            "ValidationException (request 4f2b)",
        ),
        (format!("no JSON, but {MARK}"), "HTTP status 400 (request 4f2b)"),
        (
            r#"{"__type":"com.amazonaws.sqs#AccessDeniedException","message":"not authorized to perform sqs:sendmessage"}"#
                .to_owned(),
            "AccessDeniedException: not authorized to perform sqs:sendmessage (request 4f2b)",
        ),
    ];
    for (body, expected) in responses {
        let reply = format!(
            "HTTP/1.1 400 Bad Request\r\nx-amzn-requestid: 4f2b\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let (endpoint, _seen) = serve(move |_, _| Some(reply.clone())).await;
        assert_eq!(enqueue(&queue(&endpoint)).await.unwrap_err().0, expected);
    }

    let closed =
        format!("http://{}", std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap());
    let (silent, _seen) = serve(|_, _| None).await;
    let (rude, _seen) = serve(|_, _| Some(format!("{MARK}\r\n\r\n"))).await;
    let tls = closed.replace("http://", "https://");
    let (no_tls, _seen) = serve(|_, _| None).await;
    for (endpoint, expected) in [
        (closed, "the connection failed: connection refused"),
        (silent, "no answer in time"),
        (rude, "the connection failed"),
        (tls, "the connection failed: connection refused"),
        (no_tls.replace("http://", "https://"), "no answer in time"),
    ] {
        let error = enqueue(&queue(&endpoint)).await.unwrap_err();
        assert_eq!(error.0, expected, "{endpoint}");
    }
}

#[tokio::test]
async fn an_object_that_is_cut_off_is_an_error() {
    let (endpoint, _seen) =
        serve(|_, _| Some("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf".to_owned())).await;
    let bucket = S3Bucket::new(&aws(&endpoint), "bucket".to_owned(), RETRY_POLICY);
    let got = tokio::time::timeout(Duration::from_secs(10), bucket.get("payload/a")).await;
    assert_eq!(got.unwrap().unwrap_err().0, "the object was cut off");
}

#[tokio::test]
async fn a_listing_has_its_objects_and_whether_there_are_more() {
    let page = "<?xml version=\"1.0\"?><ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>b</Name>\
         <IsTruncated>true</IsTruncated><NextContinuationToken>1/=</NextContinuationToken><Contents><Key>spill/a&amp;b</Key>\
         <LastModified>2026-11-22T05:50:25.000Z</LastModified><Size>7</Size></Contents></ListBucketResult>";
    let (endpoint, mut seen) = serve(move |_, _| Some(ok(page))).await;
    let bucket = S3Bucket::new(&aws(&endpoint), "bucket".to_owned(), RETRY_POLICY);
    let objects = vec![Listed { key: "spill/a&b".to_owned(), bytes: 7 }];
    assert_eq!(
        bucket.list("spill/", Some("spill/a")).await.unwrap(),
        Page { objects: objects.into(), more: true }
    );
    let head = seen.recv().await.unwrap().1;
    assert!(head.starts_with("GET /bucket") && head.contains("prefix=spill%2F"), "{head}");
    assert!(head.contains("start-after=spill%2Fa"), "{head}");
}

fn get(url: String) -> Request {
    Request {
        method: "GET",
        url,
        headers: vec![("x-signed", "as it stands".to_owned())],
        body: String::new(),
    }
}

/// An answer of at most two bytes.
async fn send(http: &SenderHttp, url: String) -> Result<Option<Answer>, StoreError> {
    http.send(&get(url), 2).await
}

#[tokio::test]
async fn a_request_to_a_sender_is_byte_for_byte_and_no_redirect_is_followed() {
    let (address, mut seen) = serve(|_, _| {
        Some("HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 2\r\n\r\nno".to_owned())
    })
    .await;
    let target = "/a//b/../c%7e%2F+?x=%20&&y=a|b&x=~'%e4";
    let answer = send(&SenderHttp::default(), format!("{address}{target}")).await;
    assert_eq!(answer.unwrap(), Some(Answer { status: 302, body: b"no".to_vec() }));
    let (_, head) = seen.recv().await.unwrap();
    let host = address.strip_prefix("http://").unwrap();
    assert!(head.starts_with(&format!("GET {target} HTTP/1.1\r\n")), "{head}");
    assert!(
        head.contains("x-signed: as it stands\r\n") && head.contains(&format!("host: {host}\r\n")),
        "{head}"
    );
    assert!(seen.try_recv().is_err());
}

#[tokio::test]
async fn connections_to_a_sender_are_reused_until_they_are_dropped() {
    let (address, mut seen) = serve(|_, _| Some(ok("ok"))).await;
    let http = SenderHttp::default();
    for (forget, connection) in [(false, 0), (false, 0), (true, 1), (false, 1)] {
        if forget {
            http.drop_connections();
        }
        send(&http, format!("{address}/")).await.unwrap();
        assert_eq!(seen.recv().await.unwrap().0, connection);
        // A connection can be used again a moment after its answer was read.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn an_answer_of_a_sender_is_bounded_in_size() {
    let http = SenderHttp::default();
    let (long, _seen) = serve(|_, _| Some(ok("yes"))).await;
    assert_eq!(send(&http, format!("{long}/")).await, Ok(None));
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = send(&http, format!("http://{closed}/?secret")).await.unwrap_err();
    assert_eq!(error.0, "the connection failed: connection refused");
    let error = send(&http, "http://a b/?secret".to_owned()).await.unwrap_err();
    assert_eq!(error.0, "a request that cannot be sent");
}

/// One message can make SQS reject a whole call.
#[tokio::test]
async fn after_a_batch_fails_for_its_contents_each_message_is_sent_alone() {
    let rejected = |code: &str| {
        let body = format!(r#"{{"__type":"com.amazonaws.sqs#{code}","message":"no"}}"#);
        format!("HTTP/1.1 400 Bad Request\r\ncontent-length: {}\r\n\r\n{body}", body.len())
    };
    let (endpoint, mut seen) =
        serve(move |_, number| Some(if number == 2 { ok("{}") } else { rejected("InvalidMessageContents") }))
            .await;
    let message = |id: &str| Message {
        body: "{}".to_owned(),
        deduplication_id: id.to_owned(),
        group_id: id.to_owned(),
        trace_header: None,
    };
    let outcomes = queue(&endpoint).enqueue_batch(&[&message("1"), &message("2")]).await.unwrap();
    assert!(outcomes[0].is_err() != outcomes[1].is_err());
    let error = outcomes.iter().find_map(|outcome| outcome.as_ref().err()).unwrap();
    assert!(error.is_lasting && error.why.0.starts_with("InvalidMessageContents"), "{error:?}");
    let mut actions = Vec::new();
    while let Ok((_, head)) = seen.try_recv() {
        actions.push(if head.contains("AmazonSQS.SendMessageBatch") { "batch" } else { "alone" });
    }
    assert_eq!(actions, ["batch", "alone", "alone"]);

    let (endpoint, _seen) = serve(move |_, _| Some(rejected("RequestThrottled"))).await;
    assert!(queue(&endpoint).enqueue_batch(&[&message("1")]).await.is_err(), "the queue itself");
}

/// SQS marks throttling as the sender's fault too. Only a code that is about the message means that SQS will never take it.
#[tokio::test]
async fn a_throttled_entry_is_retried() {
    let entry =
        |id: u8, code: &str| format!(r#"{{"Id":"{id}","Code":"{code}","SenderFault":true,"Message":"no"}}"#);
    let failed = [entry(0, "RequestThrottled"), entry(1, "InvalidMessageContents"), entry(2, "KmsThrottled")];
    let answer = format!(r#"{{"Successful":[],"Failed":[{}]}}"#, failed.join(","));
    let (endpoint, _seen) = serve(move |_, _| Some(ok(&answer))).await;
    let message = |id: &str| Message {
        body: "{}".to_owned(),
        deduplication_id: id.to_owned(),
        group_id: id.to_owned(),
        trace_header: None,
    };
    let messages = ["1", "2", "3"].map(message);
    let outcomes = queue(&endpoint).enqueue_batch(&messages.each_ref()).await.unwrap();
    let lasting: Vec<_> = outcomes.iter().map(|outcome| outcome.as_ref().unwrap_err().is_lasting).collect();
    assert_eq!(lasting, [false, true, false]);
}
