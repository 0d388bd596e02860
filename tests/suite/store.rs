//! What AWS is sent, to the last header.

use hyper::http::HeaderName;
use mediahook::config::Environment;
use mediahook::envelope::Message;
use mediahook::receive::budget::PATIENCE;
use mediahook::store::Queue as _;
use mediahook::store::aws::Aws;
use mediahook::store::sqs::SqsQueue;

use crate::support::http;

#[tokio::test]
async fn sqs_is_told_who_calls_and_nothing_that_it_does_not_go_by() {
    let (listener, address) = http::listen().await;
    let (seen, mut heads) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(http::serve(listener, move |request| {
        let told = seen.send(request.headers().clone());
        async move { told.ok().map(|()| http::response(200, "application/x-amz-json-1.0", "{}")) }
    }));
    let variables = [
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "example-secret-access-key".to_owned()),
        ("AWS_SESSION_TOKEN", "token".to_owned()),
        ("AWS_ENDPOINT_URL_SQS", format!("http://{address}")),
    ];
    let aws = Aws::new(variables.into_iter().collect::<Environment>()).unwrap();
    let queue = SqsQueue::new(&aws, format!("http://{address}/1/callbacks.fifo"), PATIENCE);
    let (body, id) = ("{}".to_owned(), "1".to_owned());
    let message = Message { body, deduplication_id: id.clone(), group_id: id, trace: None };
    queue.enqueue(&message).await.unwrap();

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
