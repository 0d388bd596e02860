//! An SQS on loopback: `winterbaume-sqs` behind its real wire protocol.
//!
//! It keeps no message group ids, so they are remembered here and put into what is received. It does not hold a group
//! back while one of its messages is in flight; the deployment test, against another SQS, shows that part.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use aws_sdk_sqs::types::QueueAttributeName as Attribute;
use mediahook::config::Environment;
use serde_json::{Value, json};
use winterbaume_core::{MockRequest, MockService as _};
use winterbaume_sqs::SqsService;

use super::http::{self, Request, Response};

#[derive(Clone)]
pub struct Sqs {
    address: SocketAddr,
    backend: Arc<Backend>,
}

struct Backend {
    service: SqsService,
    /// Message ids to group ids.
    groups: Mutex<HashMap<String, String>>,
    failing: AtomicBool,
}

impl Sqs {
    pub async fn start() -> Self {
        let (listener, address) = http::listen().await;
        let backend = Arc::new(Backend {
            service: SqsService::new(),
            groups: Mutex::default(),
            failing: AtomicBool::new(false),
        });
        let serving = Arc::clone(&backend);
        tokio::spawn(http::serve(listener, move |request| {
            let backend = Arc::clone(&serving);
            async move { backend.answer(request).await }
        }));
        Self { address, backend }
    }

    /// From now on every call is answered 500, or none is.
    pub fn fail(&self, failing: bool) {
        self.backend.failing.store(failing, Ordering::Relaxed);
    }

    /// The variables by which a function finds this SQS.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        vec![
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "example-secret-access-key".to_owned()),
            ("AWS_ENDPOINT_URL_SQS", format!("http://{}", self.address)),
        ]
    }

    pub fn environment(&self) -> Environment {
        self.variables().into_iter().collect()
    }

    pub fn client(&self) -> aws_sdk_sqs::Client {
        aws_sdk_sqs::Client::from_conf(
            aws_sdk_sqs::Config::builder()
                .behavior_version(aws_sdk_sqs::config::BehaviorVersion::v2026_01_12())
                .region(aws_sdk_sqs::config::Region::from_static("us-east-1"))
                .credentials_provider(aws_sdk_sqs::config::Credentials::new(
                    "AKIAEXAMPLE",
                    "s",
                    None,
                    None,
                    "test",
                ))
                .endpoint_url(format!("http://{}", self.address))
                .http_client(aws_smithy_http_client::Builder::new().build_http())
                .build(),
        )
    }

    /// Makes a FIFO queue, and one for its dead letters. Their URLs.
    pub async fn queues(&self, max_receive_count: u32, visibility_timeout_s: u32) -> (String, String) {
        let client = self.client();
        let create =
            |name: &str| client.create_queue().queue_name(name).attributes(Attribute::FifoQueue, "true");
        let dead_letters =
            create("callbacks-dead.fifo").send().await.expect("a queue").queue_url.expect("its URL");
        let redrive = json!({
            "deadLetterTargetArn": "arn:aws:sqs:us-east-1:123456789012:callbacks-dead.fifo",
            "maxReceiveCount": max_receive_count
        });
        let queue = create("callbacks.fifo")
            .attributes(Attribute::VisibilityTimeout, visibility_timeout_s.to_string())
            .attributes(Attribute::RedrivePolicy, redrive.to_string())
            .send()
            .await
            .expect("a queue");
        (queue.queue_url.expect("its URL"), dead_letters)
    }
}

impl Backend {
    async fn answer(&self, request: Request) -> Response {
        if self.failing.load(Ordering::Relaxed) {
            let error = json!({ "__type": "com.amazonaws.sqs#InternalError", "message": "out of order" });
            return http::response(500, "application/x-amz-json-1.0", error.to_string());
        }
        let (head, body) = request.into_parts();
        let sent: Value = serde_json::from_slice(&body).unwrap_or_default();
        let answered = self
            .service
            .handle(MockRequest {
                method: head.method.to_string(),
                uri: "https://sqs.us-east-1.amazonaws.com/".to_owned(),
                headers: head.headers,
                body,
            })
            .await;
        let mut answer: Value = serde_json::from_slice(&answered.body).unwrap_or_default();
        self.remember_group(&sent, &answer);
        self.recall_groups(&mut answer);
        http::response(answered.status, "application/x-amz-json-1.0", answer.to_string())
    }

    fn remember_group(&self, sent: &Value, answer: &Value) {
        if let (Some(group), Some(id)) = (sent["MessageGroupId"].as_str(), answer["MessageId"].as_str()) {
            self.groups.lock().expect("the groups").insert(id.to_owned(), group.to_owned());
        }
    }

    fn recall_groups(&self, answer: &mut Value) {
        let groups = self.groups.lock().expect("the groups");
        for message in answer["Messages"].as_array_mut().into_iter().flatten() {
            if let Some(group) = message["MessageId"].as_str().and_then(|id| groups.get(id)) {
                message["Attributes"]["MessageGroupId"] = group.as_str().into();
            }
        }
    }
}
