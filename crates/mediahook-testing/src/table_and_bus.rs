//! The part of the embedded AWS behind the processor: a DynamoDB table and an event bus.
//!
//! The embedded DynamoDB does not check a condition and write in one step, nor say what it found where the condition did
//! not hold; both are added here. The embedded EventBridge refuses nothing, does not show what was put, and does not care on
//! which bus; so are those. As EventBridge itself does, it answers an entry for an unknown bus with an `EventId`, and drops it.

use std::collections::BTreeSet;
use std::sync::Mutex;

use serde_json::{Value, json};
use winterbaume_core::{MockRequest, MockService};
use winterbaume_dynamodb::DynamoDbService;
use winterbaume_eventbridge::EventBridgeService;

use super::cloud::{Fault, Service};
use super::http::{Request, Response};

/// The table's name.
pub const TABLE: &str = "mediahook-test";
/// The bus's.
pub const BUS: &str = "media";
/// What a bus takes as one request: 256 KiB.
pub const BUS_LIMIT: usize = 256 * 1024;

/// The table of idempotency records.
pub struct Table {
    service: Service<DynamoDbService>,
    turn: tokio::sync::Mutex<()>,
}

/// Which entries are refused, and with which code.
type Refusals = Box<dyn Fn(&Value) -> Option<&'static str> + Send + Sync>;
/// Which entries make their whole request a 400.
type Rejections = Box<dyn Fn(&Value) -> bool + Send + Sync>;

/// EventBridge, with the bus [`BUS`] beside the default one.
pub struct Bus {
    service: Service<EventBridgeService>,
    /// Answers `DescribeEventBus`, with faults and a count of its own.
    descriptions: Service<EventBridgeService>,
    buses: Mutex<BTreeSet<String>>,
    requests: Mutex<Vec<Vec<Value>>>,
    refusals: Mutex<Refusals>,
    rejections: Mutex<Rejections>,
}

impl Default for Table {
    fn default() -> Self {
        let service = Service::new(DynamoDbService::new(), "dynamodb.us-east-1.amazonaws.com");
        Self { service, turn: tokio::sync::Mutex::default() }
    }
}

impl Table {
    /// Makes it.
    pub async fn create(&self) {
        let definition = json!({
            "TableName": TABLE,
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{ "AttributeName": "id", "AttributeType": "S" }],
            "KeySchema": [{ "AttributeName": "id", "KeyType": "HASH" }]
        });
        self.call("CreateTable", &definition).await;
    }

    /// From now on it answers like this.
    pub fn faults(&self, faults: impl Fn(usize) -> Fault + Send + Sync + 'static) {
        self.service.set(faults);
    }

    /// How often it was called since its faults were last set.
    pub fn calls(&self) -> usize {
        self.service.calls()
    }

    /// The item of an event.
    pub async fn item(&self, id: &str) -> Option<Value> {
        let key = json!({ "TableName": TABLE, "Key": { "id": { "S": id } } });
        self.call("GetItem", &key).await.get("Item").cloned()
    }

    /// The state of an event.
    pub async fn status(&self, id: &str) -> Option<String> {
        self.item(id).await?["status"]["S"].as_str().map(String::from)
    }

    pub(super) async fn answer(&self, request: Request) -> Option<Response> {
        let _turn = self.turn.lock().await;
        let sent: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        let found = match sent["Item"]["id"]["S"].as_str() {
            Some(id) if sent["ReturnValuesOnConditionCheckFailure"] == "ALL_OLD" => self.item(id).await,
            _ => None,
        };
        let with_found = |body: hyper::body::Bytes| {
            let mut answer: Value = serde_json::from_slice(&body).unwrap_or_default();
            let failed = answer["__type"].as_str().is_some_and(|t| t.contains("ConditionalCheckFailed"));
            let Some(found) = found.filter(|_| failed) else { return body };
            answer["Item"] = found;
            answer.to_string().into()
        };
        self.service.answer(request, with_found).await
    }

    async fn call(&self, action: &str, body: &Value) -> Value {
        call(&self.service.inner, "dynamodb", &format!("DynamoDB_20120810.{action}"), body).await
    }
}

/// A call that meets no fault and is not counted.
async fn call(service: &impl MockService, host: &str, target: &str, body: &Value) -> Value {
    let mut headers = hyper::HeaderMap::new();
    headers.insert("x-amz-target", target.parse().expect("a header value"));
    let request = MockRequest {
        method: "POST".to_owned(),
        uri: format!("https://{host}.us-east-1.amazonaws.com/"),
        headers,
        body: body.to_string().into(),
    };
    let answered = service.handle(request).await;
    assert_eq!(answered.status, 200, "{target}");
    serde_json::from_slice(&answered.body).unwrap_or_default()
}

impl Default for Bus {
    fn default() -> Self {
        Self {
            service: Service::new(EventBridgeService::new(), "events.us-east-1.amazonaws.com"),
            descriptions: Service::new(EventBridgeService::new(), "events.us-east-1.amazonaws.com"),
            buses: Mutex::new(["default", BUS].map(String::from).into()),
            requests: Mutex::default(),
            refusals: Mutex::new(Box::new(|_| None)),
            rejections: Mutex::new(Box::new(|_| false)),
        }
    }
}

impl Bus {
    /// From now on `PutEvents` is answered like this.
    pub fn faults(&self, faults: impl Fn(usize) -> Fault + Send + Sync + 'static) {
        self.service.set(faults);
    }

    /// From now on `DescribeEventBus` is answered like this.
    pub fn describe_faults(&self, faults: impl Fn(usize) -> Fault + Send + Sync + 'static) {
        self.descriptions.set(faults);
    }

    /// How often each was called since its faults were last set: `PutEvents`, `DescribeEventBus`.
    pub fn calls(&self) -> [usize; 2] {
        [self.service.calls(), self.descriptions.calls()]
    }

    /// Creates a bus.
    pub fn create(&self, name: &str) {
        self.buses.lock().expect("the buses").insert(name.to_owned());
    }

    /// Deletes a bus.
    pub fn delete(&self, name: &str) {
        self.buses.lock().expect("the buses").remove(name);
    }

    /// Whether there is a bus of this name or ARN.
    fn exists(&self, name: &Value) -> bool {
        let name = name.as_str().unwrap_or("default");
        let name = name.split_once(":event-bus/").map_or(name, |(_, name)| name);
        self.buses.lock().expect("the buses").contains(name)
    }

    /// From now on a request that has one of these entries is answered 400, whatever else is in it.
    pub fn rejects(&self, rejects: impl Fn(&Value) -> bool + Send + Sync + 'static) {
        *self.rejections.lock().expect("the rejections") = Box::new(rejects);
    }

    /// From now on it refuses these entries, while the others of the same request are taken.
    pub fn refuses(&self, refuses: impl Fn(&Value) -> Option<&'static str> + Send + Sync + 'static) {
        *self.refusals.lock().expect("the refusals") = Box::new(refuses);
    }

    /// What it took, request by request.
    pub fn requests(&self) -> Vec<Vec<Value>> {
        self.requests.lock().expect("the requests").clone()
    }

    /// What it took.
    pub fn events(&self) -> Vec<Value> {
        self.requests().into_iter().flatten().collect()
    }

    /// The ids of the events it took.
    pub fn ids(&self) -> Vec<String> {
        let detail = |event: &Value| serde_json::from_str(event["Detail"].as_str().unwrap_or_default());
        let details: Vec<Value> = self.events().iter().map(|e| detail(e).unwrap_or_default()).collect();
        details.iter().map(|d| d["id"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Whether a rule of this pattern would pass on an event that was taken.
    pub async fn matches(&self, pattern: &str, entry: &Value) -> bool {
        let detail: Value =
            serde_json::from_str(entry["Detail"].as_str().expect("a detail")).expect("a detail of JSON");
        let event = json!({
            "version": "0", "id": "1", "account": "123456789012", "region": "us-east-1", "resources": [],
            "time": "2026-11-22T05:50:25Z", "source": entry["Source"], "detail-type": entry["DetailType"],
            "detail": detail
        });
        let body = json!({ "EventPattern": pattern, "Event": event.to_string() });
        call(&self.service.inner, "events", "AWSEvents.TestEventPattern", &body).await["Result"] == true
    }

    pub(super) async fn answer(&self, request: Request) -> Option<Response> {
        let sent: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        if request.headers().get("x-amz-target").is_some_and(|target| target == "AWSEvents.DescribeEventBus")
        {
            // The service behind it knows the default bus alone.
            let name = if self.exists(&sent["Name"]) { &json!("default") } else { &sent["Name"] };
            let request = request.map(|_| json!({ "Name": name }).to_string().into());
            return self.descriptions.answer(request, |body| body).await;
        }
        let entries = sent["Entries"].as_array().cloned().unwrap_or_default();
        if entries.iter().any(|entry| (self.rejections.lock().expect("the rejections"))(entry)) {
            return Some(super::cloud::error(400, "ValidationException"));
        }
        self.service.answer(request, |body| self.take(&entries, &body)).await
    }

    fn take(&self, entries: &[Value], body: &hyper::body::Bytes) -> hyper::body::Bytes {
        let mut answer: Value = serde_json::from_slice(body).unwrap_or_default();
        let refuses = self.refusals.lock().expect("the refusals");
        let (mut taken, mut failed) = (Vec::new(), 0);
        for (at, entry) in entries.iter().enumerate() {
            match refuses(entry) {
                None => taken.push(entry.clone()),
                Some(code) => {
                    failed += 1;
                    answer["Entries"][at] = json!({ "ErrorCode": code, "ErrorMessage": "as it was told" });
                }
            }
        }
        answer["FailedEntryCount"] = failed.into();
        taken.retain(|entry: &Value| self.exists(&entry["EventBusName"]));
        self.requests.lock().expect("the requests").push(taken);
        answer.to_string().into()
    }
}
