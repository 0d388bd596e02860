//! What AWS is sent, to the last header, and on which connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use hyper::HeaderMap;
use hyper::header::HeaderName;
use mediahook::config::Environment;
use mediahook::envelope::Message;
use mediahook::receive::budget::PATIENCE;
use mediahook::store::aws::Aws;
use mediahook::store::sqs::SqsQueue;
use mediahook::store::{Queue as _, StoreError};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;
use time::macros::format_description;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::support::http::{self, Response};

const JSON: &str = "application/x-amz-json-1.0";

/// A queue that answers its requests, counted from 1, like this, and the heads of those requests.
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
    let variables = [
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "example-secret-access-key".to_owned()),
        ("AWS_SESSION_TOKEN", "token".to_owned()),
        ("AWS_ENDPOINT_URL_SQS", format!("http://{address}")),
    ];
    let aws = Aws::new(variables.into_iter().collect::<Environment>()).unwrap();
    (SqsQueue::new(&aws, format!("http://{address}/1/callbacks.fifo"), PATIENCE), heads)
}

async fn enqueue(queue: &SqsQueue) -> Result<(), StoreError> {
    let (body, id) = ("{}".to_owned(), "1".to_owned());
    queue.enqueue(&Message { body, deduplication_id: id.clone(), group_id: id, trace: None }).await
}

#[tokio::test]
async fn sqs_is_told_who_calls_and_nothing_that_it_does_not_go_by() {
    let (queue, mut heads) = queue_that_answers(|_| http::response(200, JSON, "{}")).await;
    enqueue(&queue).await.unwrap();

    let head = heads.recv().await.unwrap();
    let mut names: Vec<_> = head.keys().map(HeaderName::as_str).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "authorization",
            "content-length",
            "content-type",
            "host",
            "user-agent",
            "x-amz-date",
            "x-amz-security-token",
            "x-amz-target",
            "x-amzn-query-mode",
        ]
    );
    assert!(head["user-agent"].to_str().unwrap().starts_with("mediahook/"));
}

/// The first by our signer, the second by the SDK's.
#[tokio::test]
async fn each_attempt_is_signed_alike() {
    let (queue, mut heads) = queue_that_answers(|number| {
        let status = if number == 1 { 500 } else { 200 };
        http::response(status, JSON, "{}")
    })
    .await;
    enqueue(&queue).await.unwrap();

    let signed = |head: HeaderMap| {
        let authorization = head["authorization"].to_str().unwrap();
        let (what, signature) = authorization.split_once(", Signature=").unwrap();
        assert_eq!(signature.len(), 64, "{signature}");
        let names: Vec<_> = head.keys().map(ToString::to_string).collect();
        (what.to_owned(), names)
    };
    let (first, second) = (signed(heads.recv().await.unwrap()), signed(heads.recv().await.unwrap()));
    assert_eq!(first, second);
    let signed_headers = "SignedHeaders=content-length;content-type;host;x-amz-date;x-amz-security-token;\
        x-amz-target;x-amzn-query-mode";
    assert!(first.0.ends_with(signed_headers), "{}", first.0);
}

#[tokio::test]
async fn by_a_clock_that_is_wrong_only_the_first_attempt_of_all_is_signed() {
    let theirs = OffsetDateTime::now_utc() + Duration::from_hours(1);
    let (queue, mut heads) = queue_that_answers(move |number| {
        let refused = r#"{"__type":"InvalidSignatureException","message":"Signature expired"}"#;
        let (status, body) = if number == 1 { (400, refused) } else { (200, "{}") };
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

/// A call may be refused as a whole because of one message in it.
#[tokio::test]
async fn of_a_batch_that_is_refused_for_its_contents_each_message_is_sent_alone() {
    let refused = r#"{"__type":"com.amazonaws.sqs#InvalidMessageContents","message":"no"}"#;
    let (queue, mut heads) = queue_that_answers(move |number| {
        let (status, body) = if number == 2 { (200, "{}") } else { (400, refused) };
        http::response(status, JSON, body)
    })
    .await;
    let message = |id: &str| Message {
        body: "{}".to_owned(),
        deduplication_id: id.to_owned(),
        group_id: id.to_owned(),
        trace: None,
    };
    let outcomes = queue.enqueue_batch(&[&message("1"), &message("2")]).await.unwrap();
    assert!(outcomes[0].is_ok());
    let error = outcomes[1].as_ref().unwrap_err();
    assert!(error.is_lasting && error.why.0.starts_with("InvalidMessageContents"), "{error:?}");
    let targets = [(); 3].map(|()| heads.try_recv().unwrap()["x-amz-target"].to_str().unwrap().to_owned());
    assert_eq!(targets, ["AmazonSQS.SendMessageBatch", "AmazonSQS.SendMessage", "AmazonSQS.SendMessage"]);

    let throttled = r#"{"__type":"com.amazonaws.sqs#RequestThrottled","message":"no"}"#;
    let (queue, _heads) = queue_that_answers(move |_| http::response(400, JSON, throttled)).await;
    assert!(queue.enqueue_batch(&[&message("1")]).await.is_err(), "the queue itself");
}
