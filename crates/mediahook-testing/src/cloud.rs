//! An AWS on loopback: `winterbaume`'s SQS, S3 and Secrets Manager behind their real wire protocols, with faults on
//! demand.
//!
//! Its S3 tells in whole seconds when an object was written, as S3 does. Its SQS has no limit of its own to a message, so
//! one is enforced here. It keeps no message group ids and no trace headers, so they are remembered here and put into what is received. It does not hold a
//! group back while one of its messages is in flight; the deployment test, against another AWS, shows that part.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region, SharedCredentialsProvider};
use aws_sdk_sqs::types::QueueAttributeName as Attribute;
use aws_types::SdkConfig;
use mediahook::aws::Aws;
use mediahook::aws::s3::S3Bucket;
use mediahook::storage::Bucket as _;
use mediahook::timeouts::Clock;
use mediahook::timeouts::receive::RETRY_POLICY;
use serde_json::{Value, json};
use time::OffsetDateTime;
use winterbaume_core::{MockRequest, MockService};
use winterbaume_s3::S3Service;
use winterbaume_secretsmanager::SecretsManagerService;
use winterbaume_sqs::SqsService;

use super::http::{self, Request, Response};
use super::table_and_bus::{BUS, Bus, TABLE, Table};

/// The bucket that every cloud has.
pub const BUCKET: &str = "mediahook-test";
/// The secret that [`Cloud::put_secret`] writes.
pub const SECRET: &str = "mediahook/sources";

/// The largest message that its SQS takes: the limit of an older queue.
const MAX_MESSAGE_BYTES: usize = 256 * 1024;

/// How a service answers a call.
#[derive(Debug, Clone, Copy)]
pub enum Fault {
    /// As it should.
    None,
    /// 500.
    Error,
    /// Slow down.
    Throttle,
    /// Not allowed.
    Denied,
    /// 400, with this code.
    Code(&'static str),
    /// Not at all.
    Hang,
    /// By a reset of the connection.
    Reset,
    /// By a reset of the connection, after it has done as it should.
    ResetAfter,
    /// As it should, but late.
    Slow(Duration),
    /// As things are when the call arrives; the answer arrives late.
    AnswerLate(Duration),
}

/// Which fault the nth call meets, counted from 0.
type Faults = Box<dyn Fn(usize) -> Fault + Send + Sync>;

#[derive(Clone)]
pub struct Cloud {
    address: SocketAddr,
    backend: Arc<Backend>,
}

struct Backend {
    sqs: Service<SqsService>,
    s3: Service<S3Service>,
    secrets: Service<SecretsManagerService>,
    table: Table,
    bus: Bus,
    /// Message ids to what was sent beside the body.
    sent: Mutex<HashMap<String, Attributes>>,
    /// Which entries of a batch are refused, by a number that counts them all.
    refusals: Mutex<Refusals>,
    /// Which entries of a batch SQS never takes, by what they hold.
    unsendable: Mutex<Contents>,
    /// Which fault a call for an object meets, by its method and key.
    object_faults: Mutex<ObjectFaults>,
    entries: AtomicUsize,
    connections: AtomicUsize,
}

/// A message's system attributes.
type Attributes = serde_json::Map<String, Value>;
type Refusals = Box<dyn Fn(usize) -> bool + Send + Sync>;
type Contents = Box<dyn Fn(&str) -> bool + Send + Sync>;
type ObjectFaults = Box<dyn Fn(&str, &str) -> Fault + Send + Sync>;

pub(super) struct Service<S> {
    pub(super) inner: S,
    host: &'static str,
    calls: AtomicUsize,
    faults: Mutex<Faults>,
    /// Held while a call is carried out, so that what is remembered of it is there for the next.
    turn: tokio::sync::Mutex<()>,
}

impl Cloud {
    pub async fn start() -> Self {
        let (listener, address) = http::listen().await;
        let backend = Arc::new(Backend {
            sqs: Service::new(SqsService::new(), "sqs.us-east-1.amazonaws.com"),
            s3: Service::new(S3Service::new(), "s3.us-east-1.amazonaws.com"),
            secrets: Service::new(SecretsManagerService::new(), "secretsmanager.us-east-1.amazonaws.com"),
            table: Table::default(),
            bus: Bus::default(),
            sent: Mutex::default(),
            refusals: Mutex::new(Box::new(|_| false)),
            unsendable: Mutex::new(Box::new(|_| false)),
            object_faults: Mutex::new(Box::new(|_, _| Fault::None)),
            entries: AtomicUsize::new(0),
            connections: AtomicUsize::new(0),
        });
        let serving = Arc::clone(&backend);
        tokio::spawn(async move {
            let answering = Arc::clone(&serving);
            let answer = move |request| {
                let backend = Arc::clone(&answering);
                async move { backend.answer(request).await }
            };
            http::serve_counted(listener, &serving.connections, answer).await;
        });
        let cloud = Self { address, backend };
        http::send(address, "PUT", &format!("/{BUCKET}"), &[], "").await;
        cloud
    }

    /// From now on SQS answers like this.
    pub fn sqs_faults(&self, faults: impl Fn(usize) -> Fault + Send + Sync + 'static) {
        self.backend.sqs.set(faults);
    }

    /// From now on SQS refuses these entries of its batches, while the others of the same batch are taken.
    pub fn sqs_refuses(&self, refuses: impl Fn(usize) -> bool + Send + Sync + 'static) {
        *self.backend.refusals.lock().expect("the refusals") = Box::new(refuses);
    }

    /// From now on SQS refuses the entries with such a body as the sender's fault, whatever is in the same batch.
    pub fn sqs_never_takes(&self, body: impl Fn(&str) -> bool + Send + Sync + 'static) {
        *self.backend.unsendable.lock().expect("the contents") = Box::new(body);
    }

    /// From now on S3 answers like this when it is asked for an object, by method and key.
    pub fn object_faults(&self, faults: impl Fn(&str, &str) -> Fault + Send + Sync + 'static) {
        *self.backend.object_faults.lock().expect("the faults") = Box::new(faults);
    }

    /// From now on S3 answers like this.
    pub fn s3_faults(&self, faults: impl Fn(usize) -> Fault + Send + Sync + 'static) {
        self.backend.s3.set(faults);
    }

    /// From now on Secrets Manager answers like this.
    pub fn secrets_faults(&self, faults: impl Fn(usize) -> Fault + Send + Sync + 'static) {
        self.backend.secrets.set(faults);
    }

    /// The table of idempotency records.
    pub fn table(&self) -> &Table {
        &self.backend.table
    }

    /// The event bus.
    pub fn bus(&self) -> &Bus {
        &self.backend.bus
    }

    /// How often each was called since its faults were last set: SQS, S3, Secrets Manager.
    pub fn calls(&self) -> [usize; 3] {
        let Backend { sqs, s3, secrets, .. } = &*self.backend;
        [&sqs.calls, &s3.calls, &secrets.calls].map(|calls| calls.load(Ordering::Relaxed))
    }

    /// How many connections were opened to it.
    pub fn connections(&self) -> usize {
        self.backend.connections.load(Ordering::Relaxed)
    }

    /// The variables by which a function finds this cloud.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        vec![
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "example-secret-access-key".to_owned()),
            ("AWS_ENDPOINT_URL", format!("http://{}", self.address)),
        ]
    }

    /// The variables of a processor that puts events on the bus.
    pub fn processor_variables(&self, dead_letter_url: &str) -> Vec<(&'static str, String)> {
        let own = [
            ("MEDIAHOOK_TABLE", TABLE),
            ("MEDIAHOOK_EVENT_BUS", BUS),
            ("MEDIAHOOK_BUCKET", BUCKET),
            ("MEDIAHOOK_DEAD_LETTER_QUEUE_URL", dead_letter_url),
            ("MEDIAHOOK_MAX_RECEIVE_COUNT", "5"),
        ];
        let mut variables = self.variables();
        variables.extend(own.map(|(name, value)| (name, value.to_owned())));
        variables
    }

    pub fn aws(&self) -> Aws {
        aws(&format!("http://{}", self.address), OffsetDateTime::now_utc)
    }

    pub fn bucket(&self) -> S3Bucket {
        S3Bucket::new(&self.aws(), BUCKET.to_owned(), RETRY_POLICY)
    }

    /// The keys below a prefix.
    pub async fn keys(&self, prefix: &str) -> Vec<String> {
        let path = format!("/{BUCKET}?list-type=2&prefix={}", prefix.replace('/', "%2F"));
        let listing = http::send(self.address, "GET", &path, &[], "").await.body;
        let keys = listing.split("<Key>").skip(1).filter_map(|rest| rest.split_once("</Key>"));
        keys.map(|(key, _)| key.to_owned()).collect()
    }

    /// The objects below a prefix, by key.
    pub async fn objects(&self, prefix: &str) -> Vec<(String, String)> {
        let mut objects = Vec::new();
        for key in self.keys(prefix).await {
            let body = self.bucket().get(&key).await.expect("an answer").expect("an object that is listed");
            objects.push((key, String::from_utf8_lossy(&body).into_owned()));
        }
        objects
    }

    /// Makes [`SECRET`], or replaces what it holds.
    pub async fn put_secret(&self, value: &str) {
        let call = async |action: &str, name: &str| {
            let target = format!("secretsmanager.{action}");
            let headers = [("x-amz-target", target.as_str()), ("content-type", "application/x-amz-json-1.1")];
            let body = json!({ name: SECRET, "SecretString": value, "ClientRequestToken": token() });
            http::send(self.address, "POST", "/", &headers, body.to_string()).await.status
        };
        if call("PutSecretValue", "SecretId").await != 200 {
            assert_eq!(call("CreateSecret", "Name").await, 200);
        }
    }

    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        let http = aws_smithy_http_client::Builder::new().build_http();
        let sdk = sdk_config(&format!("http://{}", self.address)).into_builder().http_client(http);
        aws_sdk_sqs::Client::new(&sdk.build())
    }

    /// Makes a FIFO queue, and one for its dead letters. Their URLs.
    pub async fn queues(&self, max_receive_count: u32, visibility_timeout_s: u32) -> (String, String) {
        let client = self.sqs();
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

/// An AWS at this endpoint.
pub fn aws(endpoint: &str, now: Clock) -> Aws {
    Aws::from_config(sdk_config(endpoint), now).expect("TLS")
}

fn sdk_config(endpoint: &str) -> SdkConfig {
    let credentials =
        Credentials::new("AKIAEXAMPLE", "example-secret-access-key", Some("token".into()), None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url(endpoint)
        .build()
}

impl Backend {
    async fn answer(&self, request: Request) -> Option<Response> {
        let target = request.headers().get("x-amz-target").and_then(|t| t.to_str().ok()).unwrap_or_default();
        if target.starts_with("AmazonSQS.") {
            let mut sent: Value = serde_json::from_slice(request.body()).unwrap_or_default();
            if sent["MessageBody"].as_str().is_some_and(|body| body.len() > MAX_MESSAGE_BYTES) {
                return Some(error(400, "InvalidParameterValue"));
            }
            let refused = self.refuse(&mut sent);
            let request = request.map(|body| if refused.is_empty() { body } else { sent.to_string().into() });
            let finish = |body| {
                let mut answer = self.with_attributes(&sent, &body);
                if !refused.is_empty() {
                    answer["Failed"] = refused.into();
                }
                answer.to_string().into()
            };
            return self.sqs.answer(request, finish).await;
        }
        if target.starts_with("DynamoDB_") {
            return self.table.answer(request).await;
        }
        if target.starts_with("AWSEvents.") {
            return self.bus.answer(request).await;
        }
        if target.starts_with("secretsmanager.") {
            return self.secrets.answer(request, |body| body).await;
        }
        let key = request.uri().path().strip_prefix(&format!("/{BUCKET}/")).unwrap_or_default();
        let fault = (self.object_faults.lock().expect("the faults"))(request.method().as_str(), key);
        match fault {
            Fault::Error => return Some(error(500, "InternalError")),
            Fault::Hang => std::future::pending().await,
            Fault::Slow(by) => tokio::time::sleep(by).await,
            _ => {}
        }
        self.s3.answer(request, |body| body).await
    }

    /// Takes the entries that are to be refused out of a batch; what the answer says of them.
    fn refuse(&self, sent: &mut Value) -> Vec<Value> {
        let Some(entries) = sent["Entries"].as_array_mut() else { return Vec::new() };
        let never_takes = self.unsendable.lock().expect("the contents");
        let is_unsendable = |entry: &mut Value| {
            let body = entry["MessageBody"].as_str().unwrap_or_default();
            body.len() > MAX_MESSAGE_BYTES || never_takes(body)
        };
        let unsendable = entries.extract_if(.., is_unsendable);
        let mut answers: Vec<_> = unsendable
            .map(|entry| json!({ "Id": entry["Id"], "Code": "InvalidMessageContents", "SenderFault": true, "Message": "as it was told" }))
            .collect();
        let refuses = self.refusals.lock().expect("the refusals");
        let taken_out = entries.extract_if(.., |_| refuses(self.entries.fetch_add(1, Ordering::Relaxed)));
        answers.extend(taken_out
            .map(|entry| json!({ "Id": entry["Id"], "Code": "InternalError", "SenderFault": false, "Message": "as it was told" })));
        answers
    }

    /// Remembers the group and the trace of what is sent, and adds them to what is received.
    fn with_attributes(&self, sent: &Value, body: &hyper::body::Bytes) -> Value {
        let mut answer: Value = serde_json::from_slice(body).unwrap_or_default();
        let mut remembered = self.sent.lock().expect("what was sent");
        if let Some(id) = answer["MessageId"].as_str() {
            remembered.insert(id.to_owned(), attributes(sent));
        }
        for taken in answer["Successful"].as_array().into_iter().flatten() {
            let mut entries = sent["Entries"].as_array().into_iter().flatten();
            let entry = entries.find(|entry| entry["Id"] == taken["Id"]);
            if let (Some(entry), Some(id)) = (entry, taken["MessageId"].as_str()) {
                remembered.insert(id.to_owned(), attributes(entry));
            }
        }
        for message in answer["Messages"].as_array_mut().into_iter().flatten() {
            let attributes = message["MessageId"].as_str().and_then(|id| remembered.get(id));
            for (name, value) in attributes.into_iter().flatten() {
                message["Attributes"][name] = value.clone();
            }
        }
        answer
    }
}

/// What SQS says of a message that was sent like that.
fn attributes(sent: &Value) -> Attributes {
    let trace = &sent["MessageSystemAttributes"]["AWSTraceHeader"];
    let attributes = [("MessageGroupId", &sent["MessageGroupId"]), ("AWSTraceHeader", &trace["StringValue"])];
    let attributes = attributes.into_iter().filter(|(_, value)| value.is_string());
    attributes.map(|(name, value)| (name.to_owned(), value.clone())).collect()
}

impl<S: MockService> Service<S> {
    pub(super) fn new(service: S, host: &'static str) -> Self {
        Self {
            inner: service,
            host,
            calls: AtomicUsize::new(0),
            faults: Mutex::new(Box::new(|_| Fault::None)),
            turn: tokio::sync::Mutex::default(),
        }
    }

    pub(super) fn set(&self, faults: impl Fn(usize) -> Fault + Send + Sync + 'static) {
        *self.faults.lock().expect("the faults") = Box::new(faults);
        self.calls.store(0, Ordering::Relaxed);
    }

    pub(super) fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }

    pub(super) async fn answer(
        &self,
        request: Request,
        finish: impl FnOnce(hyper::body::Bytes) -> hyper::body::Bytes,
    ) -> Option<Response> {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        let fault = (self.faults.lock().expect("the faults"))(call);
        match fault {
            Fault::None | Fault::ResetAfter | Fault::AnswerLate(_) => {}
            Fault::Error => return Some(error(500, "InternalError")),
            Fault::Throttle => return Some(error(400, "ThrottlingException")),
            Fault::Denied => return Some(error(400, "AccessDeniedException")),
            Fault::Code(code) => return Some(error(400, code)),
            Fault::Hang => std::future::pending().await,
            Fault::Reset => return None,
            Fault::Slow(by) => tokio::time::sleep(by).await,
        }
        let (head, body) = request.into_parts();
        let request = MockRequest {
            method: head.method.to_string(),
            uri: format!("https://{}{}", self.host, head.uri),
            headers: head.headers,
            body,
        };
        let mut response = {
            let _turn = self.turn.lock().await;
            let answered = self.inner.handle(request).await;
            let mut response = http::response(answered.status, "", finish(answered.body));
            *response.headers_mut() = answered.headers;
            response
        };
        if let Fault::AnswerLate(by) = fault {
            tokio::time::sleep(by).await;
        }
        response.headers_mut().remove("content-length");
        if matches!(fault, Fault::ResetAfter) { None } else { Some(response) }
    }
}

pub(super) fn error(status: u16, code: &str) -> Response {
    let body = json!({ "__type": code, "message": "as it was told" });
    http::response(status, "application/x-amz-json-1.0", body.to_string())
}

/// A new request token each time, which Secrets Manager makes the version's id.
fn token() -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    format!("00000000-0000-4000-8000-{:012}", NEXT.fetch_add(1, Ordering::Relaxed))
}
