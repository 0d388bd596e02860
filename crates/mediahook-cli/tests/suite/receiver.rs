//! A real receiver behind a function URL on loopback, for the stack's sources.

use std::sync::Arc;
use std::time::Duration;

use mediahook::aws::sqs::SqsQueue;
use mediahook::lambda::invocation::Invocation;
use mediahook::receive::Receiver;
use mediahook::sources::Sources;
use mediahook::sources::cache::SourcesCache;
use mediahook::timeouts::receive::{RETRY_POLICY, deadline};
use mediahook_testing::{function_url, http};
use time::OffsetDateTime;

use crate::stack::{SOURCES, Stack};

/// Starts one, and makes it an output of the stack. Its address, with a slash at its end.
pub(crate) async fn start(stack: &Stack) -> String {
    let sources = Arc::new(SourcesCache::fixed(Sources::parse(SOURCES).unwrap()));
    let queue = SqsQueue::new(&stack.cloud.aws(), stack.queue_url.clone(), RETRY_POLICY);
    let receiver = Arc::new(Receiver::new(sources, queue, stack.cloud.bucket(), OffsetDateTime::now_utc));
    let (listener, address) = http::listen().await;
    tokio::spawn(function_url::serve(listener, move |invocation| {
        let receiver = Arc::clone(&receiver);
        async move {
            let callback = function_url::request(&invocation);
            receiver.receive(callback, deadline(Duration::from_secs(10)), &Invocation::default()).await
        }
    }));
    let url = format!("http://{address}/");
    stack.output("ReceiverUrl", &url);
    url
}
