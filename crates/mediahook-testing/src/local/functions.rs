//! The three functions in this process, on the embedded AWS.

use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::sqs::SqsBatchResponse;
use mediahook::aws::dynamodb::DynamoDbIdempotency;
use mediahook::aws::s3::S3Bucket;
use mediahook::aws::sqs::SqsQueue;
use mediahook::lambda::invocation::Invocation;
use mediahook::process::config::{IDEMPOTENCY_TTL, LEASE};
use mediahook::process::{HandlerDestination, Processor};
use mediahook::pull::Puller;
use mediahook::pull::http::SenderHttp;
use mediahook::receive::Receiver;
use mediahook::sources::Sources;
use mediahook::sources::cache::SourcesCache;
use mediahook::storage::idempotency::LeaseConfig;
use mediahook::telemetry::Recorder;
use mediahook::timeouts::receive::{ANSWER_WITHIN, RETRY_POLICY, deadline};
use mediahook::timeouts::{self, process::BatchDeadlines};
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio::runtime::Handle;

use super::MAX_RECEIVE_COUNT;
use super::handler::DemoHandler;
use crate::cloud::{BUCKET, Cloud};
use crate::function_url;
use crate::table_and_bus::TABLE;

/// What a run of the puller may take.
const PULL_TIMEOUT: Duration = Duration::from_secs(55);
/// What an invocation of the processor may take.
const PROCESS_TIMEOUT: Duration = Duration::from_secs(30);
const LEASES: LeaseConfig = LeaseConfig { lease: LEASE, ttl: IDEMPOTENCY_TTL };

pub(super) struct Functions {
    receiver: Receiver<SqsQueue, S3Bucket>,
    puller: Puller<SqsQueue, S3Bucket, SenderHttp>,
    processor: Processor<HandlerDestination<DemoHandler>>,
}

impl Functions {
    /// `write` gets each line of the log.
    pub(super) fn new(
        cloud: &Cloud,
        sources: Sources,
        (queue_url, dead_letter_url): (&str, &str),
        handler: DemoHandler,
        write: impl Fn(&str) + Send + Sync + 'static,
    ) -> Self {
        let recorder =
            Recorder::with_writer(&[("AWS_LAMBDA_LOG_LEVEL", "INFO")].into_iter().collect(), move |line| {
                write(&String::from_utf8_lossy(line));
            });
        let sources = Arc::new(SourcesCache::fixed(sources));
        let queue = |url: &str| SqsQueue::new(&cloud.aws(), url.to_owned(), RETRY_POLICY);
        let now = OffsetDateTime::now_utc;
        let mut puller = Puller::new(
            Arc::clone(&sources),
            queue(queue_url),
            cloud.bucket(),
            SenderHttp::default(),
            now,
            256 << 20,
        );
        let idempotency = DynamoDbIdempotency::new(
            &cloud.aws(),
            TABLE.to_owned(),
            LEASES,
            now,
            timeouts::process::RETRY_POLICY,
        );
        let mut receiver = Receiver::new(sources, queue(queue_url), cloud.bucket(), now);
        receiver.recorder = recorder.clone();
        puller.recorder = recorder.clone();
        Self {
            receiver,
            puller,
            processor: Processor {
                destination: HandlerDestination { handler, bucket: cloud.bucket() },
                idempotency,
                dead_letters: queue(dead_letter_url),
                max_receive_count: MAX_RECEIVE_COUNT.into(),
                bucket_name: BUCKET.to_owned(),
                recorder,
                now,
            },
        }
    }

    /// Answers a request of the function URL.
    pub(super) async fn receive(&self, invocation: &Value) -> hyper::Response<String> {
        let request = function_url::request(invocation);
        self.receiver.receive(request, deadline(ANSWER_WITHIN), &Invocation::default()).await
    }

    /// A run of the puller: its summary. Its future stays on one thread, so the runtime must have several.
    pub(super) fn pull(&self) -> Value {
        let deadline = timeouts::pull::deadline(PULL_TIMEOUT);
        let run = async || self.puller.pull(deadline, &Invocation::default()).await;
        let summary = tokio::task::block_in_place(|| Handle::current().block_on(run()));
        serde_json::to_value(&summary).expect("a summary")
    }

    /// Processes a batch.
    pub(super) async fn process(&self, records: &[Value]) -> SqsBatchResponse {
        let batch = serde_json::from_value(json!({ "Records": records })).expect("a batch");
        self.processor.process(batch, BatchDeadlines::new(PROCESS_TIMEOUT), &Invocation::default()).await
    }
}
