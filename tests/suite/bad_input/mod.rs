//! Bad configuration and bad input, given to the three binaries, by the table in `table.json`. Every key, token, password
//! and payload in it has a mark; none may be in anything that a function writes or answers, except a lost event's own
//! lines.
//!
//! - `start`: the function, the variables that differ from a good environment, and what the error says.
//! - `receiver`, `puller`, `processor`: an invocation, how it `ends` (an HTTP status, `answer` or `error`), and what the
//!   answer or the log `says`. The invocation is that of the function, unless the row has an `invocation`, the body or the
//!   changed members of a `record`, or a request: `path`, `method`, `headers`, `body` (an event, if there is none), or a
//!   body as `base64`; signed with `key`. `set` are variables, `secret` and `spill` are what is there, and `fails` are
//!   services and their faults, each a case of its own.
//!
//! `MEDIAHOOK_BINARIES=target/release cargo test bad_input` for another build of the binaries.

mod invocation;
mod page;
mod start;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use mediahook_testing::cloud::BUCKET;
use mediahook_testing::table_and_bus::{BUS, TABLE};
use serde_json::{Map, Value};

pub(crate) use page::REASONS;

/// What no output may have in it.
const MARKS: [&str; 5] = ["K3yMark", "T0kenMark", "PasswordMark", "SecretMark", "PayloadMark"];
const SOURCES: &str = r#"{
  "tencent-vod/signed": { "sign_keys": ["SignK3yMark"] },
  "tencent-vod/token": { "path_tokens": ["T0kenMark-1"] },
  "tencent-vod/open": { "unauthenticated": true },
  "tencent-vod/pulled": { "pull": { "secret_id": "AKID1", "secret_key": "SecretMark", "endpoint": "http://127.0.0.1:9" } },
  "alibaba-ims/signed": { "auth_keys": ["AuthK3yMark"] }
}"#;
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
    fn name(self) -> String {
        format!("{self:?}").to_lowercase()
    }

    fn path(self) -> PathBuf {
        let built = match self {
            Receiver => env!("CARGO_BIN_EXE_receiver"),
            Puller => env!("CARGO_BIN_EXE_puller"),
            Processor => env!("CARGO_BIN_EXE_processor"),
        };
        match std::env::var_os("MEDIAHOOK_BINARIES") {
            None => built.into(),
            Some(folder) => Path::new(env!("CARGO_MANIFEST_DIR")).join(folder).join(self.name()),
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
    fn with(mut self, changes: &Row) -> Self {
        self.0.extend(changes.iter().map(|(name, value)| (name.clone(), text(value).into())));
        self
    }
}

/// What is wrong with the end of a case.
fn verdict(case: &str, as_expected: bool, output: &str, words: &[&str]) -> Vec<String> {
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

type Row = Map<String, Value>;

/// The rows of the table for that function, and for the start.
fn table() -> (Vec<Value>, BTreeMap<String, Vec<Row>>) {
    let mut table: Row = serde_json::from_str(include_str!("table.json")).expect("JSON");
    let starts = table.remove("start").expect("start");
    let starts = starts.as_object().expect("groups").values().flat_map(|rows| rows.as_array().expect("rows"));
    let (starts, rows) = (starts.cloned().collect(), serde_json::from_value(Value::Object(table)));
    (starts, rows.expect("rows"))
}

/// A text as it is, anything else as JSON.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// One text or several.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(all) => all.iter().map(|text| text.as_str().expect("a text")).collect(),
        one => vec![one.as_str().expect("a text")],
    }
}

fn binary(name: &str) -> Binary {
    [Receiver, Puller, Processor].into_iter().find(|binary| binary.name() == name).expect("a function")
}

fn report(cases: usize, wrong: &[Vec<String>]) {
    let failed = wrong.iter().filter(|wrong| !wrong.is_empty()).count();
    println!("{failed} of {cases} cases fail");
    assert_eq!(wrong.len(), cases);
    assert!(failed == 0, "{failed} of {cases} cases fail:\n{}", wrong.concat().join("\n"));
}
