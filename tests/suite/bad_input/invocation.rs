//! Whatever a function is given, it answers, and nothing leaks.

use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use mediahook::storage::Bucket as _;
use mediahook_testing::cloud::{Cloud, Fault};
use mediahook_testing::function_url;
use mediahook_testing::runtime_api::Function;
use mediahook_testing::signing::{sign_alibaba, sign_tencent};
use serde_json::{Map, Value, json};

use super::Binary::{self, Puller};
use super::{AT_ONCE, Row, binary, report, table, text, texts, verdict};
use crate::policy::now_s;

const EVENT: &str =
    r#"{"EventType":"PullComplete","PullCompleteEvent":{"TaskId":"PayloadMark","FileId":"1"}}"#;
/// The members of a row.
const MEMBERS: &str = "case ends says set fails secret spill invocation record path method headers body before base64 key expires_s";

/// A row, with one of its faults, if it has any.
struct Case {
    binary: Binary,
    row: Row,
    fault: Option<(String, String)>,
}

fn cases(function: &str) -> Vec<Case> {
    let (_, mut table) = table();
    let rows = table.remove(function).expect("a function");
    let with_faults = |row: Row| {
        let fails = row.get("fails").and_then(Value::as_object).cloned().unwrap_or_default();
        let faults = fails.iter().flat_map(|(service, faults)| {
            texts(faults).into_iter().map(|fault| Some((service.clone(), fault.to_owned())))
        });
        let mut faults: Vec<_> = faults.collect();
        if faults.is_empty() {
            faults.push(None);
        }
        let case = move |fault| Case { binary: binary(function), row: row.clone(), fault };
        faults.into_iter().map(case).collect::<Vec<_>>()
    };
    rows.into_iter().flat_map(with_faults).collect()
}

impl Case {
    fn text(&self, member: &str) -> Option<String> {
        self.row.get(member).map(text)
    }

    fn invocation(&self) -> Value {
        if let Some(invocation) = self.row.get("invocation") {
            return invocation.clone();
        }
        match self.row.get("record") {
            Some(Value::String(body)) => batch(body),
            Some(members) => batch(&envelope(members.as_object().expect("members"))),
            None if self.row.contains_key("path") => self.request(),
            None if self.binary == Puller => json!({ "source": "aws.scheduler" }),
            None => batch(&envelope(&Map::new())),
        }
    }

    fn request(&self) -> Value {
        let path = self.text("path").expect("a path");
        let mut headers = self.row.get("headers").cloned().unwrap_or_else(|| json!({}));
        let mut body = self.text("body").unwrap_or_else(|| EVENT.to_owned());
        if let Some(key) = self.text("key") {
            let expires_s =
                self.row.get("expires_s").map_or(600, |seconds| seconds.as_i64().expect("a number"));
            if path.starts_with("/tencent-vod/") {
                body = sign_tencent(&body, &key, now_s() + expires_s);
            } else {
                let url = format!("https://{}{path}", function_url::DOMAIN);
                let signed = sign_alibaba(&url, &key, now_s());
                headers =
                    signed.into_iter().map(|(name, value)| (name.to_owned(), Value::from(value))).collect();
            }
        }
        let body = match self.text("base64") {
            Some(base64) => (base64, true),
            None => (format!("{}{body}", self.text("before").unwrap_or_default()), false),
        };
        let method = self.text("method").unwrap_or_else(|| "POST".to_owned());
        function_url::event(&method, &path, "", &headers, body)
    }

    /// Makes AWS as the row has it.
    async fn prepare(&self, cloud: &Cloud) {
        cloud.table().create().await;
        if let Some(document) = self.text("secret") {
            cloud.put_secret(&document).await;
        }
        if let Some(object) = self.text("spill") {
            let key = "spill/tencent-vod/open/2026/11/22/1795326625000-1.json";
            let bucket = cloud.bucket();
            bucket.put(key, object.into_bytes(), "application/json").await.expect("an object");
        }
        let Some((service, fault)) = &self.fault else { return };
        let fault = match fault.as_str() {
            "error" => Fault::Error,
            "throttle" => Fault::Throttle,
            "denied" => Fault::Denied,
            "reset" => Fault::Reset,
            code => Fault::Code(code.to_owned().leak()),
        };
        match service.as_str() {
            "sqs" => cloud.sqs_faults(move |_| fault),
            "s3" => cloud.s3_faults(move |_| fault),
            "secrets" => cloud.secrets_faults(move |_| fault),
            "table" => cloud.table().faults(move |_| fault),
            "bus" => cloud.bus().faults(move |_| fault),
            service => panic!("{service}"),
        }
    }

    async fn run(self) -> Vec<String> {
        let unknown = self.row.keys().find(|name| !MEMBERS.split(' ').any(|known| known == name.as_str()));
        assert!(unknown.is_none(), "{unknown:?}");
        let cloud = Cloud::start().await;
        let (queue_url, dead_letter_url) = cloud.queues(5, 30).await;
        self.prepare(&cloud).await;
        let endpoint =
            cloud.variables().into_iter().find(|(name, _)| *name == "AWS_ENDPOINT_URL").expect("one").1;
        let changes = self.row.get("set").and_then(Value::as_object).cloned().unwrap_or_default();
        let variables = self.binary.good(&endpoint, &queue_url, &dead_letter_url).with(&changes);
        let variables: Vec<_> =
            variables.0.iter().map(|(n, v)| (n.as_str(), v.to_str().expect("text").to_owned())).collect();
        // The puller begins no pull that it might not end.
        let time = Duration::from_secs(if self.binary == Puller { 55 } else { 10 });
        let mut function = Function::start_with_timeout(self.binary.path(), &variables, time).await;
        let result = function.invoke(self.invocation()).await;
        let as_expected = match &self.row["ends"] {
            Value::String(end) if end == "answer" => result.is_ok(),
            Value::String(end) if end == "error" => result.is_err(),
            status => result.as_ref().is_ok_and(|answer| answer["statusCode"] == *status),
        };
        let log = function.stop_with_errors().await;
        let answer = result.unwrap_or_else(|error| error).to_string();
        // The one place for a payload that nothing else has.
        let log: Vec<_> = log.lines().filter(|line| !line.contains(r#""lost":true"#)).collect();
        let case = format!("{:?} {} {:?}", self.binary, self.row["case"], self.fault);
        verdict(&case, as_expected, &format!("{answer}\n{}", log.join("\n")), &texts(&self.row["says"]))
    }
}

/// An envelope with these members changed, or taken out where they are null.
fn envelope(changes: &Row) -> String {
    let mut envelope = json!({
        "specversion": "1.0", "id": "1", "source": "tencent-vod/open", "type": "com.tencentcloud.vod.PullComplete",
        "time": "2026-11-22T05:50:25Z", "data": { "a": "PayloadMark" }, "channel": "push",
        "recordedtime": "2026-11-22T05:50:26Z"
    });
    let members = envelope.as_object_mut().expect("an object");
    members.extend(changes.clone());
    members.retain(|_, value| !value.is_null());
    envelope.to_string()
}

fn batch(body: &str) -> Value {
    json!({ "Records": [{
        "messageId": "message-1", "body": body, "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:callbacks.fifo",
        "attributes": { "MessageGroupId": "g", "MessageDeduplicationId": "1", "ApproximateReceiveCount": "1" }
    }] })
}

async fn run_all(function: &str) {
    let cases = cases(function);
    let number = cases.len();
    let wrong: Vec<_> = stream::iter(cases).map(Case::run).buffer_unordered(AT_ONCE).collect().await;
    report(number, &wrong);
}

#[tokio::test]
async fn whatever_the_receiver_is_given_is_answered_and_nothing_leaks() {
    run_all("receiver").await;
}

#[tokio::test]
async fn whatever_the_puller_is_given_is_answered_and_nothing_leaks() {
    run_all("puller").await;
}

#[tokio::test]
async fn whatever_the_processor_is_given_is_answered_and_nothing_leaks() {
    run_all("processor").await;
}
