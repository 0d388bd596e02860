//! Mistakes in the environment are refused at start.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::process::Stdio;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use serde_json::{Map, Value};

use super::Binary::{self, Processor, Puller, Receiver};
use super::{AT_ONCE, MARKS, Variables, binary, report, table, texts, verdict};

/// Nothing listens there.
const NOBODY: &str = "http://127.0.0.1:9";
const QUEUE: &str = "https://sqs.us-east-1.amazonaws.com/123456789012/callbacks.fifo";
const DEAD: &str = "https://sqs.us-east-1.amazonaws.com/123456789012/dead.fifo";

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

fn written(output: &std::process::Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Refused at start: it ends with a failure, one line of ERROR and nothing on standard error.
async fn start(row: Value) -> Vec<String> {
    let [function, changes, says] = &row.as_array().expect("a row")[..] else { panic!("{row}") };
    let binary = binary(function.as_str().expect("a function"));
    let variables = binary.good(NOBODY, QUEUE, DEAD).with(changes.as_object().expect("variables"));
    let output = run(binary, &[], &variables, true).await;
    let (code, output) = (output.status.code(), written(&output));
    let lines: Vec<Value> =
        output.lines().map(|line| serde_json::from_str(line).unwrap_or_default()).collect();
    let is_clean =
        matches!(&lines[..], [line] if line["level"] == "ERROR" && line["message"] == "cannot start");
    verdict(&row.to_string(), code == Some(1) && is_clean, &output, &texts(says))
}

#[tokio::test]
async fn every_mistake_in_the_environment_is_refused_at_start_in_words() {
    let (starts, _) = table();
    let number = starts.len();
    let wrong: Vec<_> = stream::iter(starts).map(start).buffer_unordered(AT_ONCE).collect().await;
    report(number, &wrong);
}

/// The same environment may be used for all of them.
#[tokio::test]
async fn a_good_environment_is_not_refused() {
    let mut all = Variables(BTreeMap::from([("MEDIAHOOK_EVENT_BUS_GUARD".to_owned(), "stack-guard".into())]));
    for binary in [Receiver, Puller, Processor] {
        all.0.extend(binary.good(NOBODY, QUEUE, DEAD).0);
    }
    for binary in [Receiver, Puller, Processor] {
        for variables in [&binary.good(NOBODY, QUEUE, DEAD), &all] {
            let output = written(&run(binary, &[], variables, true).await);
            assert!(!output.contains("cannot start"), "{binary:?}: {output}");
            assert!(MARKS.iter().all(|mark| !output.contains(mark)), "{output}");
        }
    }
}

/// What is in the environment and no text, and what is not Lambda's.
#[tokio::test]
async fn outside_lambda_a_binary_says_what_it_is_and_does_not_panic() {
    let mut wrong = Vec::new();
    for binary in [Receiver, Puller, Processor] {
        let name = format!("mediahook {}", binary.name());
        let version = format!("{name} {}", env!("CARGO_PKG_VERSION"));
        for (arguments, code, word) in [
            (&[][..], 2, "docs/configuration.md"),
            (&["--help"][..], 0, "docs/configuration.md"),
            (&["--version"][..], 0, &version),
        ] {
            let output = run(binary, arguments, &Variables(BTreeMap::new()), false).await;
            let case = format!("{binary:?} {arguments:?}");
            let as_expected = output.status.code() == Some(code);
            wrong.push(verdict(&case, as_expected, &written(&output), &[word, &name]));
        }
        let good = || binary.good(NOBODY, QUEUE, DEAD);
        let mut variables = good();
        variables.0.insert("MEDIAHOOK_BUCKET".to_owned(), OsStr::from_bytes(b"b\xff").to_owned());
        let output = run(binary, &[], &variables, true).await;
        let as_expected = output.status.code() == Some(1);
        wrong.push(verdict("not UTF-8", as_expected, &written(&output), &["MEDIAHOOK_BUCKET: is not UTF-8"]));
        for (name, value, word) in [
            ("AWS_LAMBDA_LOG_LEVEL", "VERBOSE", "expected TRACE, DEBUG, INFO, WARN, ERROR or FATAL"),
            ("AWS_LAMBDA_LOG_FORMAT", "XML", "expected JSON or Text"),
        ] {
            let changes = Map::from_iter([(name.to_owned(), value.into())]);
            let output = run(binary, &[], &good().with(&changes), true).await;
            wrong.push(verdict(name, true, &written(&output), &[&format!("{name}: {word}")]));
        }
    }
    report(wrong.len(), &wrong);
}
