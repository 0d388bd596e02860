//! Bad configuration and bad input, case by case, given to the three binaries: what each answers or how it ends, the words
//! that must be in its output, and the marks that must not. Every key, token, password and payload here has a mark in it;
//! none may be in anything that a function writes or answers, except a lost event's own lines.
//!
//! `MEDIAHOOK_BINARIES=target/release cargo test bad_input` for another build of the binaries.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use futures_util::{StreamExt as _, stream};
use mediahook::config::{ConfigError, VARIABLES};
use mediahook::ingest::envelope::NotAnEnvelope;
use mediahook::receive::Unauthorized;
use mediahook::storage::{Bucket as _, StoreError};
use serde_json::{Value, json};

use crate::end_to_end::post;
use crate::policy::now_s;
use mediahook_testing::cloud::{BUCKET, Cloud, Fault, SECRET};
use mediahook_testing::function_url;
use mediahook_testing::runtime_api::Function;
use mediahook_testing::signing::{sign_alibaba, sign_tencent};
use mediahook_testing::table_and_bus::{BUS, TABLE};

/// What no output may have in it.
const MARKS: [&str; 5] = ["K3yMark", "T0kenMark", "PasswordMark", "SecretMark", "PayloadMark"];
const SIGN_KEY: &str = "SignK3yMark";
const SOURCES: &str = r#"{
  "tencent-vod/signed": { "sign_keys": ["SignK3yMark"] },
  "tencent-vod/token": { "path_tokens": ["T0kenMark-1"] },
  "tencent-vod/open": { "unauthenticated": true },
  "tencent-vod/pulled": { "pull": { "secret_id": "AKID1", "secret_key": "SecretMark", "endpoint": "http://127.0.0.1:9" } },
  "alibaba-ims/signed": { "auth_keys": ["AuthK3yMark"] }
}"#;
/// Nothing listens there.
const NOBODY: &str = "http://127.0.0.1:9";
const EVENT: &str =
    r#"{"EventType":"PullComplete","PullCompleteEvent":{"TaskId":"PayloadMark","FileId":"1"}}"#;
/// How many functions run side by side.
const AT_ONCE: usize = 6;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Binary {
    Receiver,
    Puller,
    Processor,
}
use Binary::{Processor, Puller, Receiver};

impl Binary {
    fn path(self) -> PathBuf {
        let built = match self {
            Receiver => env!("CARGO_BIN_EXE_receiver"),
            Puller => env!("CARGO_BIN_EXE_puller"),
            Processor => env!("CARGO_BIN_EXE_processor"),
        };
        match std::env::var_os("MEDIAHOOK_BINARIES") {
            None => built.into(),
            Some(folder) => Path::new(env!("CARGO_MANIFEST_DIR"))
                .join(folder)
                .join(Path::new(built).file_name().expect("a file")),
        }
    }

    /// A configuration without a mistake.
    fn good(self, endpoint: &str, queue_url: &str, dead_letter_queue_url: &str) -> Variables {
        let aws = [
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "SecretMark"),
            ("AWS_SESSION_TOKEN", "T0kenMark"),
            ("AWS_ENDPOINT_URL", endpoint),
            ("MEDIAHOOK_BUCKET", BUCKET),
        ];
        let own: &[(&str, &str)] = match self {
            Receiver | Puller => &[("MEDIAHOOK_SOURCES", SOURCES), ("MEDIAHOOK_QUEUE_URL", queue_url)],
            Processor => &[
                ("MEDIAHOOK_TABLE", TABLE),
                ("MEDIAHOOK_EVENT_BUS", BUS),
                ("MEDIAHOOK_DEAD_LETTER_QUEUE_URL", dead_letter_queue_url),
                ("MEDIAHOOK_MAX_RECEIVE_COUNT", "5"),
            ],
        };
        let all = aws.iter().chain(own).map(|(name, value)| ((*name).to_owned(), OsString::from(value)));
        Variables(all.collect())
    }
}

#[derive(Clone)]
struct Variables(BTreeMap<String, OsString>);

impl Variables {
    fn with(mut self, changes: &[(&str, &str)]) -> Self {
        self.0.extend(changes.iter().map(|(name, value)| ((*name).to_owned(), OsString::from(value))));
        self
    }
}

/// What comes of a case.
#[derive(Debug)]
struct Outcome {
    /// Whether it ended as it was to end.
    as_expected: bool,
    /// Everything it wrote and answered.
    output: String,
}

/// What is wrong with an outcome.
fn verdict(case: &str, outcome: &Outcome, words: &[&str]) -> Vec<String> {
    let Outcome { as_expected, output } = outcome;
    let mut wrong = Vec::new();
    if !as_expected {
        wrong.push("it ended otherwise".to_owned());
    }
    for word in words.iter().filter(|word| !output.contains(**word)) {
        wrong.push(format!("without `{word}`"));
    }
    for mark in MARKS.iter().filter(|mark| output.contains(**mark)) {
        wrong.push(format!("LEAK of {mark}"));
    }
    for debug in ["panicked", "Error: ", "Wrong(", "Missing(", "SdkError", "DispatchFailure"] {
        if output.contains(debug) {
            wrong.push(format!("Rust's own words: {debug}"));
        }
    }
    let shown: String = output.chars().take(if wrong.is_empty() { 0 } else { 600 }).collect();
    wrong.into_iter().map(|wrong| format!("{case}: {wrong}: {shown}")).collect()
}

// ---- at start ----

/// A case that is refused at start: the function, what is changed, the words of the error.
type Start = (Binary, &'static [(&'static str, &'static str)], &'static [&'static str]);

const QUEUE: &str = "https://sqs.us-east-1.amazonaws.com/123456789012/callbacks.fifo";
const DEAD: &str = "https://sqs.us-east-1.amazonaws.com/123456789012/dead.fifo";

const NO_URL: &str =
    "expected a URL of https:// or http://, host and path alone, without a password, a query or a fragment";
const AT_START: &str = "begins with white space or an invisible character";
const INSIDE: &str = "has white space or an invisible character in it";
const AT_END: &str = "ends with white space or an invisible character (a newline?)";
const NO_BUCKET: &str = "MEDIAHOOK_BUCKET: is not the name of a bucket";
const NOT_FIFO: &str = "is not the URL of a FIFO queue, whose name ends in .fifo";

#[rustfmt::skip]
const STARTS: &[Start] = &[
    // Endpoints: the SDK would put the whole request into its error.
    (Receiver, &[("AWS_ENDPOINT_URL_SQS", "vpce-1.sqs.us-east-1.vpce.amazonaws.com")], &["AWS_ENDPOINT_URL_SQS: ", NO_URL]),
    (Puller, &[("AWS_ENDPOINT_URL_SQS", "vpce-1.sqs.us-east-1.vpce.amazonaws.com")], &["AWS_ENDPOINT_URL_SQS: ", NO_URL]),
    (Puller, &[("AWS_ENDPOINT_URL_SQS", "https://sqs.us-east-1.amazonaws.com ")], &["AWS_ENDPOINT_URL_SQS: ", AT_END]),
    (Puller, &[("AWS_ENDPOINT_URL_SQS", "https://sqs.us-east-1.amazonaws.com\n")], &["AWS_ENDPOINT_URL_SQS: ", AT_END]),
    (Puller, &[("AWS_ENDPOINT_URL_S3", "s3.us-east-1.amazonaws.com")], &["AWS_ENDPOINT_URL_S3: ", NO_URL]),
    (Receiver, &[("AWS_ENDPOINT_URL_SECRETS_MANAGER", "localhost:4566")], &["AWS_ENDPOINT_URL_SECRETS_MANAGER: ", NO_URL]),
    (Processor, &[("AWS_ENDPOINT_URL_DYNAMODB", "localhost")], &["AWS_ENDPOINT_URL_DYNAMODB: ", NO_URL]),
    (Processor, &[("AWS_ENDPOINT_URL_EVENTBRIDGE", "events.us-east-1.amazonaws.com")], &["AWS_ENDPOINT_URL_EVENTBRIDGE: ", NO_URL]),
    (Receiver, &[("AWS_ENDPOINT_URL", "http://user:PasswordMark@[")], &["AWS_ENDPOINT_URL: ", NO_URL]),
    (Receiver, &[("AWS_ENDPOINT_URL", "http://user:PasswordMark@localhost")], &["AWS_ENDPOINT_URL: ", NO_URL]),
    (Receiver, &[("AWS_ENDPOINT_URL", "http://localhost:99999")], &["AWS_ENDPOINT_URL: ", NO_URL]),
    (Puller, &[("AWS_ENDPOINT_URL", "http://localhost:0")], &["AWS_ENDPOINT_URL: ", NO_URL]),
    (Puller, &[("AWS_ENDPOINT_URL", "https://")], &["AWS_ENDPOINT_URL: ", NO_URL]),
    (Puller, &[("AWS_ENDPOINT_URL", "https://h\u{f6}st")], &["AWS_ENDPOINT_URL: ", NO_URL]),
    (Processor, &[("AWS_ENDPOINT_URL", "http://localhost:4566?a=b")], &["AWS_ENDPOINT_URL: ", NO_URL]),
    (Processor, &[("AWS_ENDPOINT_URL", "ftp://localhost")], &["AWS_ENDPOINT_URL: ", NO_URL]),
    // Where events go.
    (Processor, &[("MEDIAHOOK_EVENT_BUS", "")], &["MEDIAHOOK_EVENT_BUS is not set"]),
    (Processor, &[("MEDIAHOOK_EVENT_BUS", " \t")], &["MEDIAHOOK_EVENT_BUS is not set"]),
    (Processor, &[("MEDIAHOOK_EVENT_BUS", "\u{a0}")], &["MEDIAHOOK_EVENT_BUS is not set"]),
    (Processor, &[("MEDIAHOOK_EVENT_BUS", ""), ("MEDIAHOOK_EVENTBUS", "media")], &["MEDIAHOOK_EVENTBUS: there is no such variable"]),
    (Processor, &[("MEDIAHOOK_EVENT_BUS", ""), ("MEDIAHOOK_BUS", "media")], &["MEDIAHOOK_BUS: there is no such variable"]),
    (Receiver, &[("MEDIAHOOK_QUEUE", "x")], &["MEDIAHOOK_QUEUE: there is no such variable"]),
    (Puller, &[("mediahook_bucket", "x")], &["mediahook_bucket: there is no such variable"]),
    (Processor, &[("MEDIAHOOK_LEASE", "x")], &["MEDIAHOOK_LEASE: there is no such variable"]),
    (Processor, &[("MEDIAHOOK_DLQ_URL", "x")], &["MEDIAHOOK_DLQ_URL: there is no such variable"]),
    // Keys, tokens and URLs that cannot be the sender's.
    (Receiver, &[("MEDIAHOOK_SOURCES", r#"{"tencent-vod/a":{"sign_keys":["SignK3yMark\n"]}}"#)], &["tencent-vod/a: sign_keys[0]: unknown or wrong"]),
    (Puller, &[("MEDIAHOOK_SOURCES", r#"{"tencent-vod/a":{"sign_keys":["SignK3yMark\n"]}}"#)], &["tencent-vod/a: sign_keys[0]: unknown or wrong"]),
    (Receiver, &[("MEDIAHOOK_SOURCES", r#"{"tencent-vod/a":{"sign_keys":[" SignK3yMark"]}}"#)], &["tencent-vod/a: sign_keys[0]: unknown or wrong"]),
    (Receiver, &[("MEDIAHOOK_SOURCES", r#"{"tencent-vod/a":{"sign_keys":["Good1Key","SignK3yMark\u00a0"]}}"#)], &["tencent-vod/a: sign_keys[1]: unknown or wrong"]),
    (Receiver, &[("MEDIAHOOK_SOURCES", r#"{"alibaba-ims/a":{"auth_keys":["AuthK3yMark\u200b"]}}"#)], &["alibaba-ims/a: auth_keys[0]: unknown or wrong"]),
    (Receiver, &[("MEDIAHOOK_SOURCES", r#"{"alibaba-ims/a":{"auth_keys":["Auth K3yMark"]}}"#)], &["alibaba-ims/a: auth_keys[0]: unknown or wrong"]),
    (Receiver, &[("MEDIAHOOK_SOURCES", r#"{"alibaba-ims/a":{"auth_keys":["AuthK3yMark\u0000"]}}"#)], &["alibaba-ims/a: auth_keys[0]: unknown or wrong"]),
    (Receiver, &[("MEDIAHOOK_SOURCES", r#"{"tencent-vod/a":{"sign_keys":["..."]}}"#)], &["tencent-vod/a: sign_keys[0]: unknown or wrong"]),
    (Receiver, &[("MEDIAHOOK_SOURCES", r#"{"tencent-vod/a":{"sign_keys":["CHANGE_ME"]}}"#)], &["tencent-vod/a: sign_keys[0]: unknown or wrong"]),
    (Receiver, &[("MEDIAHOOK_SOURCES", r#"{"tencent-vod/a":{"path_tokens":["CHANGE_ME"]}}"#)], &["tencent-vod/a: path_tokens[0]: unknown or wrong"]),
    (Receiver, &[("MEDIAHOOK_SOURCES", r#"{"alibaba-ims/a":{"auth_keys":["<your auth key>"]}}"#)], &["alibaba-ims/a: auth_keys[0]: unknown or wrong"]),
    (Puller, &[("MEDIAHOOK_SOURCES", r#"{"tencent-vod/a":{"pull":{"secret_id":"AKID","secret_key":"CHANGE_ME"}}}"#)], &["tencent-vod/a: pull: secret_key: unknown or wrong"]),
    (Puller, &[("MEDIAHOOK_SOURCES", r#"{"tencent-vod/a":{"pull":{"secret_id":"AKID","secret_key":"SecretMark\n"}}}"#)], &["tencent-vod/a: pull: secret_key: unknown or wrong"]),
    (Puller, &[("MEDIAHOOK_SOURCES", r#"{"tencent-vod/a":{"pull":{"secret_id":"AKID","secret_key":"SecretMark","endpoint":"https://vod.tencentcloudapi.com:99999"}}}"#)], &["tencent-vod/a: pull: endpoint: unknown or wrong"]),
    (Receiver, &[("MEDIAHOOK_SOURCES", r#"{"tencent-vod/a":{"sign_keys":["K3y4k"]}}"#)], &["tencent-vod/a: sign_keys[0]: unknown or wrong"]),
    (Receiver, &[("MEDIAHOOK_SOURCES", r#"{"alibaba-ims/a":{"auth_keys":["K3y4k"]}}"#)], &["alibaba-ims/a: auth_keys[0]: unknown or wrong"]),
    (Receiver, &[("MEDIAHOOK_SOURCES", r#"{"tencent-vod/a":{"path_tokens":["t0ken77"]}}"#)], &["tencent-vod/a: path_tokens[0]: unknown or wrong"]),
    (Receiver, &[("MEDIAHOOK_SOURCES", r#"{"tencent-vod/a":{"path_tokens":["T0kenMark\n"]}}"#)], &["tencent-vod/a: path_tokens[0]: unknown or wrong"]),
    (Receiver, &[("MEDIAHOOK_SOURCES", r#"{"alibaba-ims/a":{"auth_keys":["AuthK3yMark"],"callback_urls":["https://hooks.example.com/a\n"]}}"#)], &["alibaba-ims/a: callback_urls[0]: unknown or wrong"]),
    (Receiver, &[("MEDIAHOOK_SOURCES", r#"{"alibaba-ims/a":{"auth_keys":["AuthK3yMark"],"callback_urls":["https:///a"]}}"#)], &["alibaba-ims/a: callback_urls[0]: unknown or wrong"]),
    (Receiver, &[("MEDIAHOOK_SOURCES", r#"{"tencent-vod/a":{"sign_keys":["K3y4k"]},"alibaba-ims/b":{"auth_keys":[]}}"#)], &["tencent-vod/a: sign_keys[0]: unknown or wrong", "alibaba-ims/b: auth_keys: unknown or wrong"]),
    // The sources document.
    (Receiver, &[("MEDIAHOOK_SOURCES", "\u{feff}{}")], &["MEDIAHOOK_SOURCES: sources: not JSON: line 1, column 1"]),
    (Receiver, &[("MEDIAHOOK_SOURCES", r#"{"tencent-vod/a":"SecretMark"#)], &["MEDIAHOOK_SOURCES: sources: not JSON: line 1"]),
    (Receiver, &[("MEDIAHOOK_SOURCES", "\"SecretMark\"")], &["MEDIAHOOK_SOURCES: sources: expected an object"]),
    (Receiver, &[("MEDIAHOOK_SOURCES", "{}")], &["MEDIAHOOK_SOURCES: sources: no source in it"]),
    (Receiver, &[("MEDIAHOOK_SOURCES", r#"{"tencent-vod/a":{"sign_key":["SignK3yMark"]}}"#)], &["tencent-vod/a: sign_key: unknown or wrong"]),
    (Receiver, &[("MEDIAHOOK_SOURCES", r#"{"tencent-vod/a":{"sign_keys":["SignK3yMark"],"sign_keys":["SignK3yMark2"]}}"#)], &["tencent-vod/a: sign_keys: given twice"]),
    (Receiver, &[("MEDIAHOOK_SOURCES", r#"{"aws-ivs/a":{}}"#)], &["aws-ivs/a: unknown sender, expected one of tencent-vod, alibaba-ims"]),
    (Receiver, &[("MEDIAHOOK_SOURCES", "")], &["neither MEDIAHOOK_SOURCES nor MEDIAHOOK_SOURCES_SECRET is set"]),
    (Receiver, &[("MEDIAHOOK_SOURCES_SECRET", "mediahook/sources")], &["MEDIAHOOK_SOURCES: set it or MEDIAHOOK_SOURCES_SECRET, not both"]),
    (Receiver, &[("MEDIAHOOK_SOURCES", ""), ("MEDIAHOOK_SOURCES_SECRET", "mediahook/sources\n")], &["MEDIAHOOK_SOURCES_SECRET: ", AT_END]),
    // The queues.
    (Receiver, &[("MEDIAHOOK_QUEUE_URL", "")], &["MEDIAHOOK_QUEUE_URL is not set"]),
    (Receiver, &[("MEDIAHOOK_QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/123456789012/callbacks")], &["MEDIAHOOK_QUEUE_URL: ", NOT_FIFO]),
    (Puller, &[("MEDIAHOOK_QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/123456789012/callbacks")], &["MEDIAHOOK_QUEUE_URL: ", NOT_FIFO]),
    (Receiver, &[("MEDIAHOOK_QUEUE_URL", "callbacks.fifo")], &["MEDIAHOOK_QUEUE_URL: ", NO_URL]),
    (Receiver, &[("MEDIAHOOK_QUEUE_URL", "arn:aws:sqs:us-east-1:123456789012:callbacks.fifo")], &["MEDIAHOOK_QUEUE_URL: ", NO_URL]),
    (Puller, &[("MEDIAHOOK_QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/123456789012/call backs.fifo")], &["MEDIAHOOK_QUEUE_URL: ", INSIDE]),
    (Puller, &[("MEDIAHOOK_QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/123456789012/callbacks.fifo\n")], &["MEDIAHOOK_QUEUE_URL: ", AT_END]),
    (Processor, &[("MEDIAHOOK_DEAD_LETTER_QUEUE_URL", "httpfoo")], &["MEDIAHOOK_DEAD_LETTER_QUEUE_URL: ", NO_URL]),
    (Processor, &[("MEDIAHOOK_DEAD_LETTER_QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/123456789012/dead")], &["MEDIAHOOK_DEAD_LETTER_QUEUE_URL: ", NOT_FIFO]),
    (Processor, &[("MEDIAHOOK_DEAD_LETTER_QUEUE_URL", " https://sqs.us-east-1.amazonaws.com/123456789012/dead.fifo")], &["MEDIAHOOK_DEAD_LETTER_QUEUE_URL: ", AT_START]),
    // Names of resources, region, credentials.
    (Receiver, &[("MEDIAHOOK_BUCKET", "s3://mediahook-test")], &[NO_BUCKET]),
    (Processor, &[("MEDIAHOOK_BUCKET", "s3://mediahook-test")], &[NO_BUCKET]),
    (Processor, &[("MEDIAHOOK_BUCKET", "arn:aws:s3:::mediahook-test")], &[NO_BUCKET]),
    (Processor, &[("MEDIAHOOK_BUCKET", "")], &["MEDIAHOOK_BUCKET is not set"]),
    (Receiver, &[("MEDIAHOOK_BUCKET", "Mediahook-Test")], &[NO_BUCKET]),
    (Puller, &[("MEDIAHOOK_BUCKET", "mediahook..test")], &[NO_BUCKET]),
    (Puller, &[("MEDIAHOOK_BUCKET", "mediahook?test")], &[NO_BUCKET]),
    (Puller, &[("MEDIAHOOK_BUCKET", "mediahook test")], &["MEDIAHOOK_BUCKET: ", INSIDE]),
    (Processor, &[("MEDIAHOOK_TABLE", "")], &["MEDIAHOOK_TABLE is not set"]),
    (Processor, &[("MEDIAHOOK_TABLE", "mediahook\n")], &["MEDIAHOOK_TABLE: ", AT_END]),
    (Processor, &[("MEDIAHOOK_EVENT_BUS", "me dia")], &["MEDIAHOOK_EVENT_BUS: ", INSIDE]),
    (Receiver, &[("AWS_REGION", "us-east-1\n")], &["AWS_REGION: ", AT_END]),
    (Processor, &[("AWS_REGION", "us east 1")], &["AWS_REGION: ", INSIDE]),
    (Puller, &[("AWS_REGION", "")], &["AWS_REGION is not set"]),
    (Receiver, &[("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE\n")], &["AWS_ACCESS_KEY_ID: ", AT_END]),
    (Puller, &[("AWS_SECRET_ACCESS_KEY", "SecretMark\nSecretMark")], &["AWS_SECRET_ACCESS_KEY: ", INSIDE]),
    (Processor, &[("AWS_SESSION_TOKEN", "T0kenMark\r\n")], &["AWS_SESSION_TOKEN: ", AT_END]),
    (Processor, &[("AWS_SESSION_TOKEN", "T0kenMark\u{e9}")], &["AWS_SESSION_TOKEN: has characters that no credential has"]),
    (Receiver, &[("AWS_USE_FIPS_ENDPOINT", "yes")], &["AWS_USE_FIPS_ENDPOINT: expected true or false"]),
    // Numbers, whether or not they are used.
    (Processor, &[("MEDIAHOOK_LEASE_S", "43201")], &["MEDIAHOOK_LEASE_S: expected a whole number of seconds from 1 to 43200"]),
    (Processor, &[("MEDIAHOOK_IDEMPOTENCY_TTL_S", "0")], &["MEDIAHOOK_IDEMPOTENCY_TTL_S: expected a whole number of seconds from 1 to 315360000"]),
    (Processor, &[("MEDIAHOOK_LEASE_S", "900"), ("MEDIAHOOK_IDEMPOTENCY_TTL_S", "60")], &["MEDIAHOOK_IDEMPOTENCY_TTL_S: is less than the lease (MEDIAHOOK_LEASE_S)"]),
    (Processor, &[("MEDIAHOOK_MAX_RECEIVE_COUNT", "five")], &["MEDIAHOOK_MAX_RECEIVE_COUNT: expected a whole number from 1 to 1000"]),
    (Processor, &[("MEDIAHOOK_DEAD_LETTER_QUEUE_URL", "")], &["MEDIAHOOK_DEAD_LETTER_QUEUE_URL is not set"]),
    (Processor, &[("MEDIAHOOK_MAX_RECEIVE_COUNT", "")], &["MEDIAHOOK_MAX_RECEIVE_COUNT is not set"]),
];

/// Starts a binary where no Lambda answers, with these variables and no others, and waits for its end.
async fn run(
    binary: Binary,
    arguments: &[&str],
    variables: &Variables,
    in_lambda: bool,
) -> std::process::Output {
    let mut command = tokio::process::Command::new(binary.path());
    command.env_clear().args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    if in_lambda {
        command
            .env("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9")
            .env("AWS_LAMBDA_FUNCTION_NAME", "test")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128");
    }
    let end = command.envs(&variables.0).output();
    tokio::time::timeout(Duration::from_mins(1), end).await.expect("an end in time").expect("a process")
}

fn texts(output: &std::process::Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Refused at start: it ends with a failure, one line of ERROR and nothing on standard error.
async fn start((binary, changes, words): &Start) -> Vec<String> {
    let variables = binary.good(NOBODY, QUEUE, DEAD).with(changes);
    let output = run(*binary, &[], &variables, true).await;
    let text = texts(&output);
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap_or_default()).collect();
    let is_clean =
        matches!(&lines[..], [line] if line["level"] == "ERROR" && line["message"] == "cannot start");
    let case = format!("start {binary:?} {changes:?}");
    verdict(&case, &Outcome { as_expected: output.status.code() == Some(1) && is_clean, output: text }, words)
}

#[tokio::test]
async fn every_mistake_in_the_environment_is_refused_at_start_in_words() {
    let wrong: Vec<_> = stream::iter(STARTS).map(start).buffer_unordered(AT_ONCE).collect().await;
    report(STARTS.len(), &wrong);
}

fn report(cases: usize, wrong: &[Vec<String>]) {
    let failed = wrong.iter().filter(|wrong| !wrong.is_empty()).count();
    println!("{failed} of {cases} cases fail");
    assert_eq!(wrong.len(), cases);
    assert!(failed == 0, "{failed} of {cases} cases fail:\n{}", wrong.concat().join("\n"));
}

#[tokio::test]
async fn a_good_environment_is_not_refused() {
    for binary in [Receiver, Puller, Processor] {
        let all = VARIABLES.map(|name| (name, ""));
        for changes in [&[][..], &all[..0], &[("MEDIAHOOK_EVENT_BUS_GUARD", "stack-guard")]] {
            let text = texts(&run(binary, &[], &binary.good(NOBODY, QUEUE, DEAD).with(changes), true).await);
            assert!(!text.contains("cannot start"), "{binary:?}: {text}");
            for mark in MARKS {
                assert!(!text.contains(mark), "{text}");
            }
        }
    }
}

/// What is in the environment and no text, and what is not Lambda's.
#[tokio::test]
async fn outside_lambda_a_binary_says_what_it_is_and_does_not_panic() {
    let mut wrong = Vec::new();
    for binary in [Receiver, Puller, Processor] {
        let name = format!("mediahook {}", format!("{binary:?}").to_lowercase());
        let version = format!("{name} {}", env!("CARGO_PKG_VERSION"));
        let none = Variables(BTreeMap::new());
        for (arguments, variables, code, words) in [
            (&[][..], &none, 2, &["docs/configuration.md"][..]),
            (&["--help"][..], &none, 0, &["docs/configuration.md"][..]),
            (&["--version"][..], &none, 0, &[version.as_str()][..]),
        ] {
            let output = run(binary, arguments, variables, false).await;
            let as_expected = output.status.code() == Some(code);
            let words: Vec<_> = words.iter().copied().chain([name.as_str()]).collect();
            let outcome = Outcome { as_expected, output: texts(&output) };
            wrong.push(verdict(&format!("{binary:?} {arguments:?}"), &outcome, &words));
        }
        let mut variables = binary.good(NOBODY, QUEUE, DEAD);
        variables.0.insert("MEDIAHOOK_BUCKET".to_owned(), OsStr::from_bytes(b"b\xff").to_owned());
        let output = run(binary, &[], &variables, true).await;
        let outcome = Outcome { as_expected: output.status.code() == Some(1), output: texts(&output) };
        wrong.push(verdict("not UTF-8", &outcome, &["MEDIAHOOK_BUCKET: is not UTF-8"]));
        for (name, value, word) in [
            (
                "AWS_LAMBDA_LOG_LEVEL",
                "VERBOSE",
                "AWS_LAMBDA_LOG_LEVEL: expected TRACE, DEBUG, INFO, WARN, ERROR or FATAL",
            ),
            ("AWS_LAMBDA_LOG_FORMAT", "XML", "AWS_LAMBDA_LOG_FORMAT: expected JSON or Text"),
        ] {
            let output =
                run(binary, &[], &binary.good(NOBODY, QUEUE, DEAD).with(&[(name, value)]), true).await;
            wrong.push(verdict(name, &Outcome { as_expected: true, output: texts(&output) }, &[word]));
        }
    }
    report(wrong.len(), &wrong);
}

// ---- invocations ----

/// How an invocation is to end.
#[derive(Debug, Clone, Copy)]
enum End {
    /// With this HTTP status.
    Status(u16),
    /// With an answer.
    Answer,
    /// With an error.
    Failure,
}
use End::{Answer, Failure, Status};

/// What is wrong in AWS.
#[derive(Debug, Clone, Copy)]
enum World {
    Good,
    /// SQS answers each call like this.
    Sqs(Fault),
    S3(Fault),
    Table(Fault),
    Bus(Fault),
    /// The sources document is in a secret; this is what is in it.
    Secret(Option<&'static str>),
    SecretFault(Fault),
    /// This lies in the spill.
    Spill(&'static str),
}

struct Case {
    name: &'static str,
    binary: Binary,
    world: World,
    changes: &'static [(&'static str, &'static str)],
    invocation: Value,
    end: End,
    words: Vec<&'static str>,
}

fn case(name: &'static str, binary: Binary, invocation: Value, end: End, words: &[&'static str]) -> Case {
    Case { name, binary, world: World::Good, changes: &[], invocation, end, words: words.to_vec() }
}

impl Case {
    fn with(self, changes: &'static [(&'static str, &'static str)]) -> Self {
        Self { changes, ..self }
    }

    fn in_world(self, world: World) -> Self {
        Self { world, ..self }
    }

    async fn run(self) -> Vec<String> {
        let cloud = Cloud::start().await;
        let (queue_url, dead_letter_url) = cloud.queues(5, 30).await;
        cloud.table().create().await;
        let endpoint =
            cloud.variables().into_iter().find(|(name, _)| *name == "AWS_ENDPOINT_URL").expect("one").1;
        let mut variables = self.binary.good(&endpoint, &queue_url, &dead_letter_url).with(self.changes);
        match self.world {
            World::Good => {}
            World::Sqs(fault) => cloud.sqs_faults(move |_| fault),
            World::S3(fault) => cloud.s3_faults(move |_| fault),
            World::Table(fault) => cloud.table().faults(move |_| fault),
            World::Bus(fault) => cloud.bus().faults(move |_| fault),
            World::Secret(_) | World::SecretFault(_) => {
                variables =
                    variables.with(&[("MEDIAHOOK_SOURCES", ""), ("MEDIAHOOK_SOURCES_SECRET", SECRET)]);
            }
            World::Spill(object) => {
                let key = "spill/tencent-vod/open/2026/11/22/1795326625000-1.json";
                cloud
                    .bucket()
                    .put(key, object.as_bytes().to_vec(), "application/json")
                    .await
                    .expect("an object");
            }
        }
        match self.world {
            World::Secret(Some(document)) => cloud.put_secret(document).await,
            World::SecretFault(fault) => {
                cloud.put_secret(SOURCES).await;
                cloud.secrets_faults(move |_| fault);
            }
            _ => {}
        }
        let variables: Vec<_> =
            variables.0.iter().map(|(n, v)| (n.as_str(), v.to_str().expect("text").to_owned())).collect();
        // The puller begins no pull that it might not end.
        let time = Duration::from_secs(if self.binary == Puller { 55 } else { 10 });
        let mut function = Function::start_with_timeout(self.binary.path(), &variables, time).await;
        let result = function.invoke(self.invocation).await;
        let as_expected = match self.end {
            Status(status) => result.as_ref().is_ok_and(|answer| answer["statusCode"] == status),
            Answer => result.is_ok(),
            Failure => result.is_err(),
        };
        let log = function.stop_with_errors().await;
        let answer = result.unwrap_or_else(|error| error).to_string();
        // The one place for a payload that nothing else has.
        let log: Vec<_> = log.lines().filter(|line| !line.contains(r#""lost":true"#)).collect();
        verdict(
            self.name,
            &Outcome { as_expected, output: format!("{answer}\n{}", log.join("\n")) },
            &self.words,
        )
    }
}

fn signed(body: &str) -> Value {
    post("/tencent-vod/signed", &json!({}), &sign_tencent(body, SIGN_KEY, now_s() + 600))
}

fn open(body: &str) -> Value {
    post("/tencent-vod/open", &json!({}), body)
}

/// An envelope with one member changed, or taken out where it is null.
fn envelope(member: &str, value: Value) -> String {
    let mut envelope = json!({
        "specversion": "1.0", "id": "1", "source": "tencent-vod/open", "type": "com.tencentcloud.vod.PullComplete",
        "time": "2026-11-22T05:50:25Z", "data": { "a": "PayloadMark" }, "channel": "push",
        "recordedtime": "2026-11-22T05:50:26Z"
    });
    let members = envelope.as_object_mut().expect("an object");
    if member == "dataref" {
        members.remove("data");
    }
    match value {
        Value::Null => drop(members.remove(member)),
        value => drop(members.insert(member.to_owned(), value)),
    }
    envelope.to_string()
}

fn record(body: &str) -> Value {
    json!({
        "messageId": "message-1", "body": body, "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:callbacks.fifo",
        "attributes": { "MessageGroupId": "g", "MessageDeduplicationId": "1", "ApproximateReceiveCount": "1" }
    })
}

fn batch(body: &str) -> Value {
    json!({ "Records": [record(body)] })
}

/// Cases of the receiver.
fn receiver_cases() -> Vec<Case> {
    let stale = sign_tencent(EVENT, SIGN_KEY, now_s() - 10_000);
    let get = function_url::event("GET", "/tencent-vod/open", "", &json!({}), (String::new(), false));
    let bytes = |body: &[u8]| {
        let body = (BASE64_STANDARD.encode(body), true);
        function_url::event("POST", "/tencent-vod/open", "", &json!({}), body)
    };
    let alibaba = |key: &str| {
        let url = format!("https://{}/alibaba-ims/signed", function_url::DOMAIN);
        let headers =
            sign_alibaba(&url, key, now_s()).into_iter().map(|(n, v)| (n.to_owned(), Value::from(v)));
        post(
            "/alibaba-ims/signed",
            &headers.collect(),
            r#"{"EventType":"X","MessageBody":{"JobId":"PayloadMark"}}"#,
        )
    };
    let mut cases = vec![
        case("a text for a request", Receiver, json!("PayloadMark"), Failure, &["not a request"]),
        case("a list for a request", Receiver, json!(["PayloadMark"]), Failure, &["not a request"]),
        case("null for a request", Receiver, json!(null), Failure, &["not a request"]),
        case(
            "a request of texts",
            Receiver,
            json!({ "requestContext": "PayloadMark" }),
            Failure,
            &["not a request"],
        ),
        case(
            "a body of another type",
            Receiver,
            json!({ "requestContext": { "http": { "method": "POST" } }, "body": { "a": "PayloadMark" } }),
            Failure,
            &["not a request"],
        ),
        case("records for the receiver", Receiver, batch("PayloadMark"), Failure, &["not a request"]),
        case(
            "base64 that is none",
            Receiver,
            function_url::event(
                "POST",
                "/tencent-vod/open",
                "",
                &json!({}),
                ("*PayloadMark".to_owned(), true),
            ),
            Status(400),
            &["Malformed"],
        ),
        case("another method", Receiver, get, Status(405), &["NotPost"]),
        case(
            "an unknown path",
            Receiver,
            post("/tencent-vod/nobody", &json!({}), "PayloadMark"),
            Status(404),
            &["UnknownSource"],
        ),
        case(
            "a source that is only pulled",
            Receiver,
            post("/tencent-vod/pulled", &json!({}), "PayloadMark"),
            Status(401),
            &["TakesNoPush"],
        ),
        case(
            "a wrong token",
            Receiver,
            post("/tencent-vod/token/wrong-one", &json!({}), "PayloadMark"),
            Status(401),
            &["WrongToken"],
        ),
        case(
            "no token",
            Receiver,
            post("/tencent-vod/token", &json!({}), "PayloadMark"),
            Status(401),
            &["WrongToken"],
        ),
        case(
            "no signature",
            Receiver,
            post("/tencent-vod/signed", &json!({}), EVENT),
            Status(401),
            &["SignatureMissing"],
        ),
        case(
            "a wrong signature",
            Receiver,
            post("/tencent-vod/signed", &json!({}), &sign_tencent(EVENT, "AnotherKey", now_s() + 600)),
            Status(401),
            &["SignatureWrong"],
        ),
        case(
            "a stale signature",
            Receiver,
            post("/tencent-vod/signed", &json!({}), &stale),
            Status(401),
            &["SignatureStale"],
        ),
        case("a wrong signature of IMS", Receiver, alibaba("AnotherKey1"), Status(401), &["SignatureWrong"]),
        case(
            "not JSON",
            Receiver,
            open("{\"EventType\":PayloadMark"),
            Status(400),
            &["the body is not JSON: line 1"],
        ),
        case(
            "not an object",
            Receiver,
            open("[\"PayloadMark\"]"),
            Status(400),
            &["the body is JSON, but not an object"],
        ),
        case("no event", Receiver, open(r#"{"a":"PayloadMark"}"#), Status(400), &["the body names no event"]),
        case(
            "not UTF-8",
            Receiver,
            bytes(b"{\"a\":\"PayloadMark\xff\"}"),
            Status(400),
            &["the body is not UTF-8 from byte"],
        ),
        case(
            "too deep",
            Receiver,
            open(&format!("{{\"EventType\":\"X\",\"a\":{}1{}}}", "[".repeat(200), "]".repeat(200))),
            Status(400),
            &["the body has more than 128 levels"],
        ),
        case("a byte order mark", Receiver, open(&format!("\u{feff}{EVENT}")), Status(200), &["queued"]),
        case(
            "a byte order mark before a signed body",
            Receiver,
            post(
                "/tencent-vod/signed",
                &json!({}),
                &format!("\u{feff}{}", sign_tencent(EVENT, SIGN_KEY, now_s() + 600)),
            ),
            Status(200),
            &["queued"],
        ),
        case("only a byte order mark", Receiver, open("\u{feff}"), Status(400), &["the body is not JSON"]),
        case(
            "line breaks for the log",
            Receiver,
            post("/tencent-vod/open%0a%7b", &json!({ "user-agent": "a\nPayloadMark" }), "PayloadMark"),
            Status(404),
            &["UnknownSource"],
        ),
        case(
            "the queue is not there",
            Receiver,
            signed(EVENT),
            Status(200),
            &["MEDIAHOOK_QUEUE_URL: there is no queue `nobody.fifo`", "\"Misconfigured\":1", "spilled"],
        )
        .with(&[("MEDIAHOOK_QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/123456789012/nobody.fifo")]),
        case(
            "the queue may not be asked",
            Receiver,
            signed(EVENT),
            Status(200),
            &["MEDIAHOOK_QUEUE_URL: the role may not ask for the queue", "\"Misconfigured\":1", "spilled"],
        )
        .in_world(World::Sqs(Fault::Denied)),
        case(
            "the secret cannot be read now",
            Receiver,
            signed(EVENT),
            Status(503),
            &["MEDIAHOOK_SOURCES_SECRET (the secret `mediahook/sources`)", "and there are none yet"],
        )
        .in_world(World::SecretFault(Fault::Error)),
    ];
    for fault in [Fault::Error, Fault::Throttle, Fault::Reset, Fault::Code("ValidationException")] {
        cases.push(
            case("SQS fails", Receiver, signed(EVENT), Status(200), &["spilled"]).in_world(World::Sqs(fault)),
        );
        cases.push(
            case("S3 fails", Receiver, open("PayloadMark"), Status(503), &["bucket: "])
                .in_world(World::S3(fault)),
        );
    }
    cases
}

/// Cases of the puller.
fn puller_cases() -> Vec<Case> {
    let schedule = || json!({ "source": "aws.scheduler" });
    let not = "not a schedule: the puller is for its schedule";
    let mut cases = vec![
        case("a text for a schedule", Puller, json!("PayloadMark"), Failure, &[not]),
        case("a list for a schedule", Puller, json!(["PayloadMark"]), Failure, &[not]),
        case("an event of a bus for a schedule", Puller, json!({ "source": "aws.s3", "detail": "PayloadMark" }), Failure, &[not]),
        case("records for the puller", Puller, batch("PayloadMark"), Failure, &[not]),
        case("null for a schedule", Puller, json!(null), Answer, &["spill"]),
        case("nothing for a schedule", Puller, json!({}), Answer, &["spill"]),
        case("a rule's schedule", Puller, json!({ "source": "aws.events", "detail-type": "Scheduled Event" }), Answer, &["spill"]),
        case("the queue is not there", Puller, schedule(), Failure, &["MEDIAHOOK_QUEUE_URL: there is no queue `nobody.fifo`", "\"Misconfigured\":1"])
            .with(&[("MEDIAHOOK_QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/123456789012/nobody.fifo")]),
        case("the queue may not be asked", Puller, schedule(), Answer, &["the role may not ask for the queue", "\"enqueued\":0"])
            .in_world(World::Sqs(Fault::Denied)),
        case("the bucket is not there", Puller, schedule(), Answer, &["MEDIAHOOK_BUCKET: there is no bucket `no-such-bucket`", "\"Misconfigured\":1"])
            .with(&[("MEDIAHOOK_BUCKET", "no-such-bucket")]),
        case("the secret is not there", Puller, schedule(), Answer, &["MEDIAHOOK_SOURCES_SECRET (the secret `mediahook/sources`): cannot be read: ResourceNotFoundException", "and there are none yet"])
            .in_world(World::Secret(None)),
        case("the secret has a mistake", Puller, schedule(), Answer, &["MEDIAHOOK_SOURCES_SECRET (the secret `mediahook/sources`): tencent-vod/a: sign_keys[0]: unknown or wrong"])
            .in_world(World::Secret(Some(r#"{"tencent-vod/a":{"sign_keys":["K3y4k"]}}"#))),
        case("the secret has a byte order mark", Puller, schedule(), Answer, &["sources: not JSON: line 1, column 1"])
            .in_world(World::Secret(Some("\u{feff}{}"))),
        case("spill: not JSON", Puller, schedule(), Answer, &["not an envelope: cannot be read at line 1"]).in_world(World::Spill("PayloadMark")),
        case("spill: not an object", Puller, schedule(), Answer, &["not an envelope: cannot be read at line 1"]).in_world(World::Spill("[\"PayloadMark\"]")),
        case("spill: no member", Puller, schedule(), Answer, &["not an envelope: cannot be read at line 1, column"]).in_world(World::Spill("{\"data\":\"PayloadMark\"}")),
        case("spill: no data", Puller, schedule(), Answer, &["not an envelope: data: missing or wrong"])
            .in_world(World::Spill(r#"{"specversion":"1.0","id":"1","source":"a/b","type":"t","time":"x","channel":"push","recordedtime":"x"}"#)),
        case("spill: data of another bucket", Puller, schedule(), Answer, &["not an envelope: dataref: not below payload/ of the bucket of this deployment"])
            .in_world(World::Spill(r#"{"specversion":"1.0","id":"1","source":"a/b","type":"t","time":"x","channel":"push","recordedtime":"x","dataref":"s3://evil/payload/x"}"#)),
        case("spill: another version", Puller, schedule(), Answer, &["not an envelope: specversion: missing or wrong"])
            .in_world(World::Spill(r#"{"specversion":"0.3","id":"1","source":"a/b","type":"t","time":"x","channel":"push","recordedtime":"x","data":"PayloadMark"}"#)),
    ];
    for fault in [Fault::Error, Fault::Throttle, Fault::Reset, Fault::Code("ValidationException")] {
        let spilled = r#"{"specversion":"1.0","id":"1","source":"a/b","type":"t","time":"x","channel":"push","recordedtime":"x","data":{"a":"PayloadMark"}}"#;
        cases.push(case("S3 fails", Puller, schedule(), Answer, &["\"error\""]).in_world(World::S3(fault)));
        cases.push(
            case("a good one in the spill", Puller, schedule(), Answer, &["\"enqueued\":1"])
                .in_world(World::Spill(spilled)),
        );
    }
    cases
}

/// Cases of the processor.
#[expect(clippy::too_many_lines, reason = "a table")]
fn processor_cases() -> Vec<Case> {
    let good = || batch(&envelope("subject", json!("1")));
    let not = "not a batch of SQS: the invocation has no list `Records`";
    let mut cases = vec![
        case("a text for a batch", Processor, json!("PayloadMark"), Failure, &[not]),
        case("a list for a batch", Processor, json!(["PayloadMark"]), Failure, &[not]),
        case("null for a batch", Processor, json!(null), Failure, &[not]),
        case("no records", Processor, json!({ "a": "PayloadMark" }), Failure, &[not]),
        case("records of text", Processor, json!({ "Records": "PayloadMark" }), Failure, &[not]),
        case(
            "a record of text",
            Processor,
            json!({ "Records": ["PayloadMark"] }),
            Failure,
            &["not a batch of SQS: Records[0]: not what SQS sends"],
        ),
        case(
            "a body of another type",
            Processor,
            json!({ "Records": [{ "messageId": "1", "body": ["PayloadMark"] }] }),
            Failure,
            &["Records[0].body: not what SQS sends"],
        ),
        case(
            "attributes of text",
            Processor,
            json!({ "Records": [{ "messageId": "1", "attributes": "PayloadMark" }] }),
            Failure,
            &["Records[0].attributes: not what SQS sends"],
        ),
        case(
            "an odd attribute",
            Processor,
            json!({ "Records": [{ "messageId": "1", "attributes": { "PayloadMark": {} } }] }),
            Failure,
            &["Records[0].attributes: not what SQS sends"],
        ),
        case(
            "records of S3",
            Processor,
            json!({ "Records": [{ "eventSource": "aws:s3", "s3": { "object": { "key": "PayloadMark" } } }] }),
            Failure,
            &["record 0 is from another event source than aws:sqs"],
        ),
        case(
            "records of SNS",
            Processor,
            json!({ "Records": [{ "EventSource": "aws:sns", "Sns": { "Message": "PayloadMark" } }] }),
            Failure,
            &["record 0 is from another event source than aws:sqs"],
        ),
        case("a callback for the processor", Processor, open(EVENT), Failure, &[not]),
        case("a good event", Processor, good(), Answer, &["\"processed\""]),
        case(
            "a body that is none",
            Processor,
            json!({ "Records": [{ "messageId": "1" }] }),
            Answer,
            &["no body"],
        ),
        case(
            "not JSON",
            Processor,
            batch("PayloadMark"),
            Answer,
            &["not an envelope: cannot be read at line 1, column 1", "dead letter"],
        ),
        case(
            "not an object",
            Processor,
            batch("\"PayloadMark\""),
            Answer,
            &["not an envelope: cannot be read at line 1", "dead letter"],
        ),
        case(
            "the table is not there",
            Processor,
            good(),
            Answer,
            &["MEDIAHOOK_TABLE: there is no table `mediahook-test`"],
        )
        .in_world(World::Table(Fault::Code("ResourceNotFoundException"))),
        case(
            "the bus is not there",
            Processor,
            good(),
            Answer,
            &["MEDIAHOOK_EVENT_BUS: there is no event bus `nobody`", "\"Misconfigured\":1"],
        )
        .with(&[("MEDIAHOOK_EVENT_BUS", "nobody")]),
    ];
    for (member, value, word) in [
        ("specversion", json!("0.3"), "not an envelope: specversion: missing or wrong"),
        ("specversion", json!(null), "not an envelope: cannot be read at line 1, column"),
        ("id", json!(""), "not an envelope: id: missing or wrong"),
        ("id", json!("x".repeat(3_000)), "not an envelope: id: missing or wrong"),
        ("id", json!("1\n2"), "not an envelope: id: missing or wrong"),
        ("id", json!(null), "not an envelope: cannot be read at line 1, column"),
        ("source", json!(""), "not an envelope: source: missing or wrong"),
        ("source", json!(["PayloadMark"]), "not an envelope: cannot be read at line 1, column"),
        ("type", json!(null), "not an envelope: cannot be read at line 1, column"),
        ("data", json!(null), "not an envelope: data: missing or wrong"),
        (
            "dataref",
            json!("s3://evil/payload/x"),
            "not an envelope: dataref: not below payload/ of the bucket of this deployment",
        ),
        (
            "dataref",
            json!("s3://mediahook-test/payload/../spill/x"),
            "not an envelope: dataref: missing or wrong",
        ),
        ("dataref", json!("s3://mediahook-test/rejected/x"), "not an envelope: dataref: missing or wrong"),
        (
            "dataref",
            json!("https://evil.example.com/PayloadMark"),
            "not an envelope: dataref: missing or wrong",
        ),
        ("dataref", json!("file:///etc/passwd"), "not an envelope: dataref: missing or wrong"),
    ] {
        cases.push(case(
            "an envelope",
            Processor,
            batch(&envelope(member, value)),
            Answer,
            &[word, "dead letter"],
        ));
    }
    let mut both: Value = serde_json::from_str(&envelope("data", json!("PayloadMark"))).expect("JSON");
    both["dataref"] = json!("s3://mediahook-test/payload/x");
    cases.push(case(
        "data and dataref",
        Processor,
        batch(&both.to_string()),
        Answer,
        &["not an envelope: data: missing or wrong", "dead letter"],
    ));
    for fault in [Fault::Error, Fault::Throttle, Fault::Denied, Fault::Reset] {
        cases.push(
            case("the table fails", Processor, good(), Answer, &["no idempotency record: "])
                .in_world(World::Table(fault)),
        );
        cases.push(
            case("the bus fails", Processor, good(), Answer, &["the bus: "]).in_world(World::Bus(fault)),
        );
    }
    cases
}

async fn run_all(cases: Vec<Case>) {
    let number = cases.len();
    let wrong: Vec<_> = stream::iter(cases).map(Case::run).buffer_unordered(AT_ONCE).collect().await;
    report(number, &wrong);
}

#[tokio::test]
async fn whatever_the_receiver_is_given_is_answered_and_nothing_leaks() {
    run_all(receiver_cases()).await;
}

#[tokio::test]
async fn whatever_the_puller_is_given_is_answered_and_nothing_leaks() {
    run_all(puller_cases()).await;
}

#[tokio::test]
async fn whatever_the_processor_is_given_is_answered_and_nothing_leaks() {
    run_all(processor_cases()).await;
}

// ---- the page ----

/// An error of each kind. A further kind does not compile until it is here.
fn config_errors() -> Vec<ConfigError> {
    use ConfigError::{Missing, NoSources, NotUtf8, Secret, Sources, Tls, Unknown, Wrong};
    let all = |error: &ConfigError| match error {
        Missing(_) | Wrong(..) | NotUtf8(_) | Unknown(_) | NoSources | Sources(_) | Secret | Tls(_) => (),
    };
    let errors = vec![
        Missing("VARIABLE"),
        NotUtf8("VARIABLE".to_owned()),
        Unknown("VARIABLE".to_owned()),
        NoSources,
        Secret,
        Tls(StoreError("...".to_owned())),
    ];
    errors.iter().for_each(all);
    errors
}

#[test]
fn every_error_at_start_and_every_refusal_is_on_the_page() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/troubleshooting.md"))
        .unwrap();
    let problems = [NO_URL, AT_START, INSIDE, AT_END, NOT_FIFO].map(str::to_owned).into_iter();
    let errors = config_errors().into_iter().map(|error| error.to_string());
    let refusals = Unauthorized::ALL.iter().map(|reason| reason.as_str().to_owned());
    let not_envelopes = [NotAnEnvelope::Wrong("MEMBER"), NotAnEnvelope::ElsewhereRef];
    let not_envelopes = not_envelopes.into_iter().map(|why| why.to_string());
    // Of a word of the table, what is behind its last place: `tencent-vod/a: sign_keys[0]: WHAT IS WRONG`.
    let of_sources = STARTS
        .iter()
        .flat_map(|(_, _, words)| words.iter())
        .filter(|word| word.contains("vod/") || word.contains("ims/"));
    let of_sources =
        of_sources.filter_map(|word| word.rsplit_once(": ")).map(|(_, problem)| problem.to_owned());
    let missing: Vec<_> = problems
        .chain(errors)
        .chain(refusals)
        .chain(not_envelopes)
        .chain(of_sources)
        .filter(|text| !page.contains(text.as_str()))
        .collect();
    assert!(missing.is_empty(), "not on the page: {missing:#?}");
}
