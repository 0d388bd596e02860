//! A stack in the embedded AWS, and the command that is run against it. What the embedded AWS lacks (CloudFormation's
//! outputs, the filter of CloudWatch Logs, Lambda's configuration) is answered here, on the services' own wire protocols.

use std::collections::HashMap;
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use mediahook_testing::cloud::{BUCKET, Cloud, SECRET};
use mediahook_testing::http::{self, Request, Response};
use mediahook_testing::table_and_bus::TABLE;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use winterbaume_cloudwatch::CloudWatchService;
use winterbaume_core::{MockRequest, MockService as _};

pub(crate) const STACK: &str = "mediahook";
/// The document in the stack's secret.
pub(crate) const SOURCES: &str = r#"{
    "tencent-vod/main": { "sign_keys": ["CurrentSignKey1", "PreviousSignKey0"] },
    "tencent-vod/tokens": { "sign_keys": ["TokenSignKey1"], "path_tokens": ["4c1f0e9b7a"] },
    "tencent-vod/pulled": { "pull": { "secret_id": "AKIDEXAMPLE", "secret_key": "SecretKeyExample" } },
    "alibaba-ims/prod": { "auth_keys": ["CurrentAuthKey1"], "callback_urls": ["https://hooks.example.com/alibaba-ims/prod"] },
    "alibaba-ims/derived": { "auth_keys": ["CurrentAuthKey1"] }
}"#;

/// A stack that has everything.
pub(crate) struct Stack {
    pub(crate) cloud: Cloud,
    pub(crate) queue_url: String,
    pub(crate) dead_letter_queue_url: String,
    pub(crate) aside: Arc<Aside>,
    variables: Vec<(String, String)>,
}

/// What the embedded AWS lacks.
pub(crate) struct Aside {
    cloudwatch: CloudWatchService,
    outputs: Mutex<Vec<(String, String)>>,
    /// The lines of each log group: time in milliseconds, and text.
    logs: Mutex<HashMap<String, Vec<(i64, String)>>>,
    /// What Lambda answers, by path.
    pub(crate) lambda: Mutex<HashMap<String, Value>>,
    /// Actions that are denied, such as `FilterLogEvents`.
    denied: Mutex<Vec<String>>,
}

/// What the command did.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// The lines of standard output as JSON.
    pub(crate) fn json(&self) -> Vec<Value> {
        self.stdout
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{self:?}")))
            .collect()
    }

    pub(crate) fn last(&self) -> Value {
        self.json().pop().unwrap_or_else(|| panic!("{self:?}"))
    }

    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:#?}");
        self
    }
}

impl Stack {
    pub(crate) async fn start() -> Self {
        let cloud = Cloud::start().await;
        let (queue_url, dead_letter_queue_url) = cloud.queues(5, 180).await;
        cloud.put_secret(SOURCES).await;
        let aside = Arc::new(Aside::new());
        let (listener, address) = http::listen().await;
        let serving = Arc::clone(&aside);
        tokio::spawn(http::serve(listener, move |request| {
            let aside = Arc::clone(&serving);
            async move { Some(aside.answer(request).await) }
        }));
        let mut variables: Vec<_> =
            cloud.variables().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        for service in ["CLOUDFORMATION", "CLOUDWATCH", "CLOUDWATCH_LOGS", "EVENTBRIDGE", "LAMBDA", "SNS"] {
            variables.push((format!("AWS_ENDPOINT_URL_{service}"), format!("http://{address}")));
        }
        let stack = Self { cloud, queue_url, dead_letter_queue_url, aside, variables };
        for (name, value) in [
            ("QueueUrl", stack.queue_url.as_str()),
            ("DeadLetterQueueUrl", &stack.dead_letter_queue_url),
            ("BucketName", BUCKET),
            ("SourcesSecretArn", SECRET),
            ("ProcessorLogGroup", "/aws/lambda/processor"),
            ("ReceiverLogGroup", "/aws/lambda/receiver"),
            ("PullerLogGroup", "/aws/lambda/puller"),
            ("ReceiverName", "receiver"),
            ("PullerName", "puller"),
            ("ProcessorName", "processor"),
            ("TableName", TABLE),
        ] {
            stack.output(name, value);
        }
        stack
    }

    /// What the stack's secret holds.
    pub(crate) async fn secret(&self) -> String {
        let endpoint = self.variables.iter().find(|(name, _)| name == "AWS_ENDPOINT_URL").unwrap().1.clone();
        let address = endpoint.trim_start_matches("http://").parse().unwrap();
        let headers = [
            ("x-amz-target", "secretsmanager.GetSecretValue"),
            ("content-type", "application/x-amz-json-1.1"),
        ];
        let answer =
            http::send(address, "POST", "/", &headers, json!({ "SecretId": SECRET }).to_string()).await;
        let answer: Value = serde_json::from_str(&answer.body).unwrap();
        answer["SecretString"].as_str().unwrap().to_owned()
    }

    /// The configuration of a client of this cloud.
    pub(crate) fn config(&self) -> aws_config::SdkConfig {
        let endpoint = &self.variables.iter().find(|(name, _)| name == "AWS_ENDPOINT_URL").unwrap().1;
        Self::config_at(endpoint)
    }

    fn config_at(endpoint: &str) -> aws_config::SdkConfig {
        let credentials = aws_sdk_sqs::config::Credentials::new("AKIAEXAMPLE", "s", None, None, "test");
        aws_config::SdkConfig::builder()
            .behavior_version(aws_config::BehaviorVersion::v2026_01_12())
            .region(aws_config::Region::from_static("us-east-1"))
            .credentials_provider(aws_sdk_sqs::config::SharedCredentialsProvider::new(credentials))
            .endpoint_url(endpoint)
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .build()
    }

    /// Creates an alarm with this action, or with none.
    pub(crate) async fn put_alarm(&self, name: &str, action: &str) {
        let endpoint =
            &self.variables.iter().find(|(name, _)| name == "AWS_ENDPOINT_URL_CLOUDWATCH").unwrap().1;
        let client = aws_sdk_cloudwatch::Client::new(&Self::config_at(endpoint));
        let actions = Some(action).filter(|action| !action.is_empty()).map(str::to_owned);
        let alarm = client.put_metric_alarm().alarm_name(name).namespace("mediahook").metric_name("Lost");
        let alarm = alarm
            .statistic(aws_sdk_cloudwatch::types::Statistic::Sum)
            .period(60)
            .evaluation_periods(1)
            .threshold(0.0);
        let alarm =
            alarm.comparison_operator(aws_sdk_cloudwatch::types::ComparisonOperator::GreaterThanThreshold);
        alarm.set_alarm_actions(Some(actions.into_iter().collect())).send().await.unwrap();
    }

    /// Adds an output.
    pub(crate) fn output(&self, name: &str, value: &str) {
        self.aside.outputs.lock().unwrap().push((name.to_owned(), value.to_owned()));
    }

    /// Writes a line to a function's log.
    pub(crate) fn log(&self, function: &str, at_ms: i64, line: &Value) {
        let mut logs = self.aside.logs.lock().unwrap();
        logs.entry(format!("/aws/lambda/{function}")).or_default().push((at_ms, line.to_string()));
    }

    /// From now on this action is denied.
    pub(crate) fn deny(&self, action: &str) {
        self.aside.denied.lock().unwrap().push(action.to_owned());
    }

    /// Runs the command for this stack.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, b"").await
    }

    /// The same with something on its standard input.
    pub(crate) async fn run_with(&self, arguments: &[&str], input: &[u8]) -> Ran {
        let arguments = [arguments, &["--stack", STACK]].concat();
        run(&arguments, &self.variables, input).await
    }

    /// Sends a message to the dead-letter queue, as the processor does.
    pub(crate) async fn dead_letter(&self, body: &str, group: &str) {
        let id = format!("dead-{}", body.len());
        let send = self.cloud.sqs().send_message().queue_url(&self.dead_letter_queue_url);
        send.message_body(body)
            .message_group_id(group)
            .message_deduplication_id(format!("{id}-{group}"))
            .send()
            .await
            .unwrap();
    }

    /// Every message of a queue, received and deleted: body, group, deduplication id.
    pub(crate) async fn drain(&self, url: &str) -> Vec<aws_sdk_sqs::types::Message> {
        let client = self.cloud.sqs();
        let mut all = Vec::new();
        loop {
            let receive = client.receive_message().queue_url(url).max_number_of_messages(10);
            let receive =
                receive.message_system_attribute_names(aws_sdk_sqs::types::MessageSystemAttributeName::All);
            let messages = receive.send().await.unwrap().messages.unwrap_or_default();
            if messages.is_empty() {
                return all;
            }
            for message in messages {
                let handle = message.receipt_handle.clone().unwrap();
                client.delete_message().queue_url(url).receipt_handle(handle).send().await.unwrap();
                all.push(message);
            }
        }
    }
}

/// Runs the command with these variables and no others.
pub(crate) async fn run(arguments: &[&str], variables: &[(String, String)], input: &[u8]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mediahook"));
    command.args(arguments).env_clear().env("HOME", "/nonexistent").env("AWS_EC2_METADATA_DISABLED", "true");
    command.envs(variables.iter().map(|(name, value)| (name, value)));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // A command that does not read it may have ended.
    let _ = stdin.write_all(input).await;
    drop(stdin);
    let output = child.wait_with_output().await.unwrap();
    Ran {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

impl Aside {
    fn new() -> Self {
        let (outputs, logs, lambda, denied) = <_>::default();
        Self { cloudwatch: CloudWatchService::new(), outputs, logs, lambda, denied }
    }

    async fn answer(&self, request: Request) -> Response {
        if request.uri().path().starts_with("/service/GraniteServiceVersion20100801/") {
            return self.cloudwatch(request).await;
        }
        let target =
            request.headers().get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
        let body = std::str::from_utf8(request.body()).unwrap();
        let form: HashMap<_, _> = body.split('&').filter_map(|pair| pair.split_once('=')).collect();
        let action =
            target.rsplit('.').next().filter(|action| !action.is_empty()).or(form.get("Action").copied());
        let action = action.unwrap_or_default().to_owned();
        if self.denied.lock().unwrap().contains(&action) {
            let text =
                format!("User: arn:aws:iam::123456789012:user/ops is not authorized to perform {action}");
            return match target {
                "" => xml(
                    403,
                    &format!(
                        "<ErrorResponse><Error><Code>AccessDenied</Code><Message>{text}</Message></Error></ErrorResponse>"
                    ),
                ),
                _ => error("AccessDeniedException", &text),
            };
        }
        match action.as_str() {
            "DescribeStacks" if form.get("StackName") == Some(&STACK) => self.describe_stacks(),
            "DescribeStacks" => {
                let text = format!("Stack with id {} does not exist", form["StackName"]);
                xml(
                    400,
                    &format!(
                        "<ErrorResponse><Error><Code>ValidationError</Code><Message>{text}</Message></Error></ErrorResponse>"
                    ),
                )
            }
            "ListSubscriptionsByTopic" => xml(
                200,
                "<ListSubscriptionsByTopicResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><ListSubscriptionsByTopicResult><Subscriptions>\
                 <member><SubscriptionArn>arn:aws:sns:us-east-1:123456789012:alarms:1</SubscriptionArn></member>\
                 </Subscriptions></ListSubscriptionsByTopicResult></ListSubscriptionsByTopicResponse>",
            ),
            "DescribeEventBus" if body.contains("gone") => {
                error("ResourceNotFoundException", "Event bus gone does not exist.")
            }
            "DescribeEventBus" => json_answer(
                &json!({ "Name": "mediahook", "Arn": "arn:aws:events:us-east-1:123456789012:event-bus/mediahook" }),
            ),
            "ListArchives" => {
                json_answer(&json!({ "Archives": [{ "ArchiveName": "mediahook", "State": "ENABLED" }] }))
            }
            "FilterLogEvents" => self.filter_log_events(&serde_json::from_str(body).unwrap()),
            _ => self.lambda(request.uri().path()),
        }
    }

    async fn cloudwatch(&self, request: Request) -> Response {
        let (head, body) = request.into_parts();
        let uri = format!("https://monitoring.us-east-1.amazonaws.com{}", head.uri);
        let request = MockRequest { method: head.method.to_string(), uri, headers: head.headers, body };
        let answered = self.cloudwatch.handle(request).await;
        let mut response = http::response(answered.status, "", answered.body);
        *response.headers_mut() = answered.headers;
        response
    }

    fn describe_stacks(&self) -> Response {
        let member = |(name, value): &(String, String)| {
            format!("<member><OutputKey>{name}</OutputKey><OutputValue>{value}</OutputValue></member>")
        };
        let outputs: String = self.outputs.lock().unwrap().iter().map(member).collect();
        xml(
            200,
            &format!(
                "<DescribeStacksResponse xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\"><DescribeStacksResult><Stacks><member>\
             <StackName>{STACK}</StackName><CreationTime>2026-11-22T05:50:25Z</CreationTime><StackStatus>CREATE_COMPLETE</StackStatus>\
             <Outputs>{outputs}</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>"
            ),
        )
    }

    /// Patterns of the form `{ $.name = "value" }`, with `&&` between several, and none at all.
    fn filter_log_events(&self, request: &Value) -> Response {
        let logs = self.logs.lock().unwrap();
        let lines = logs.get(request["logGroupName"].as_str().unwrap()).cloned().unwrap_or_default();
        let pattern = request["filterPattern"].as_str().unwrap_or_default();
        let conditions: Vec<_> =
            pattern.trim_matches(['{', '}', ' ']).split("&&").filter_map(|c| c.split_once('=')).collect();
        let matches = |line: &Value| {
            conditions.iter().all(|(name, value)| {
                line[name.trim().trim_start_matches("$.")] == value.trim().trim_matches('"')
            })
        };
        let [start, end] = ["startTime", "endTime"].map(|name| request[name].as_i64());
        let events: Vec<_> = lines
            .iter()
            .enumerate()
            .filter(|(_, (at, _))| *at >= start.unwrap_or(0) && *at < end.unwrap_or(i64::MAX))
            .filter(|(_, (_, text))| matches(&serde_json::from_str(text).unwrap()))
            .map(|(n, (at, text))| json!({ "eventId": format!("{}-{n}", request["logGroupName"]), "timestamp": at, "message": text, "logStreamName": "s" }))
            .collect();
        http::response(200, "application/x-amz-json-1.1", json!({ "events": events }).to_string())
    }

    fn lambda(&self, path: &str) -> Response {
        match self.lambda.lock().unwrap().get(path.trim_end_matches('/')) {
            Some(answer) => http::response(200, "application/json", answer.to_string()),
            None => error("ResourceNotFoundException", "no such function"),
        }
    }
}

fn json_answer(body: &Value) -> Response {
    http::response(200, "application/x-amz-json-1.1", body.to_string())
}

fn xml(status: u16, body: &str) -> Response {
    http::response(status, "text/xml", body.to_owned())
}

fn error(code: &str, message: &str) -> Response {
    http::response(
        400,
        "application/x-amz-json-1.1",
        json!({ "__type": code, "message": message }).to_string(),
    )
}
