//! The Lambda Runtime API for one real function process: one execution environment, one invocation at a time.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;
use tokio::io::AsyncReadExt as _;
use tokio::process::{Child, Command};
use tokio::sync::{Mutex, mpsc, watch};
use tokio::task::JoinHandle;

use super::http::{self, Request, Response};

/// Longer than any invocation here should take, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// What an invocation may take where a test does not say.
const INVOCATION_TIME: Duration = Duration::from_secs(10);

/// An event, and the trace header that comes with it.
type Invocation = (Value, Option<String>);

/// The request id of every invocation.
pub const REQUEST_ID: &str = "8476a536-e9f4-11e8-9739-2dfe598c3fcd";
/// The trace header of those that a test gives no other.
const TRACE: &str = "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=1";

/// A function's binary at work.
pub struct Function {
    asked: watch::Receiver<usize>,
    answered: usize,
    process: Child,
    log: JoinHandle<String>,
    /// What it writes to standard error: nothing, unless it panics.
    errors: JoinHandle<String>,
    invocations: mpsc::Sender<Invocation>,
    results: mpsc::Receiver<Result<Value, Value>>,
}

struct Api {
    /// How often the function has asked for an invocation.
    asked: watch::Sender<usize>,
    invocations: Mutex<mpsc::Receiver<Invocation>>,
    results: mpsc::Sender<Result<Value, Value>>,
    invocation_time: Duration,
}

impl Function {
    /// Starts a binary with these variables and no others.
    pub async fn start(binary: impl AsRef<Path>, variables: &[(&str, String)]) -> Self {
        Self::start_with_timeout(binary, variables, INVOCATION_TIME).await
    }

    /// The same for a function whose invocations may take this long.
    pub async fn start_with_timeout(
        binary: impl AsRef<Path>,
        variables: &[(&str, String)],
        invocation_time: Duration,
    ) -> Self {
        Self::start_with(binary.as_ref(), variables, invocation_time, None).await
    }

    /// The same for a function whose standard output is read no faster than this.
    pub async fn start_with_slow_log(
        binary: impl AsRef<Path>,
        variables: &[(&str, String)],
        bytes_per_s: u32,
    ) -> Self {
        Self::start_with(binary.as_ref(), variables, INVOCATION_TIME, Some(bytes_per_s)).await
    }

    async fn start_with(
        binary: &Path,
        variables: &[(&str, String)],
        invocation_time: Duration,
        log_bytes_per_s: Option<u32>,
    ) -> Self {
        let (listener, address) = http::listen().await;
        let (invocations, todo) = mpsc::channel(1);
        let (done, results) = mpsc::channel(1);
        let (asks, asked) = watch::channel(0);
        let invocations_to_do = Mutex::new(todo);
        let api =
            Arc::new(Api { asked: asks, invocations: invocations_to_do, results: done, invocation_time });
        tokio::spawn(http::serve(listener, move |request| {
            let api = Arc::clone(&api);
            async move { Some(api.answer(request).await) }
        }));
        let mut process = command(binary, address, variables).spawn().expect("a process");
        let mut output = process.stdout.take().expect("its output");
        let log = tokio::spawn(async move {
            let mut text = Vec::new();
            let mut piece = [0; 16 * 1024];
            loop {
                let read = output.read(&mut piece).await.expect("a log");
                if read == 0 {
                    return String::from_utf8(text).expect("a log of text");
                }
                text.extend_from_slice(&piece[..read]);
                if let Some(bytes_per_s) = log_bytes_per_s {
                    tokio::time::sleep(
                        Duration::from_secs(1) * u32::try_from(read).expect("few bytes") / bytes_per_s,
                    )
                    .await;
                }
            }
        });
        let mut stderr = process.stderr.take().expect("its standard error");
        let errors = tokio::spawn(async move {
            let mut text = String::new();
            stderr.read_to_string(&mut text).await.expect("text");
            eprint!("{text}");
            text
        });
        Self { asked, answered: 0, process, log, errors, invocations, results }
    }

    /// Begins an invocation, and does not wait for its end.
    pub async fn begin(&self, event: Value) {
        self.begin_in(event, Some(TRACE)).await;
    }

    async fn begin_in(&self, event: Value, trace: Option<&str>) {
        let invocation = (event, trace.map(String::from));
        self.invocations.send(invocation).await.expect("a function that is alive");
    }

    /// Invokes the function with this trace header, or with none.
    pub async fn invoke_in(&mut self, event: Value, trace: Option<&str>) -> Result<Value, Value> {
        self.begin_in(event, trace).await;
        self.result().await
    }

    /// From now on nobody hears what it writes: to write is an error.
    pub async fn close_log(&mut self) {
        self.log.abort();
        let _ = (&mut self.log).await;
    }

    /// Invokes the function: its response, or the error it reported.
    pub async fn invoke(&mut self, event: Value) -> Result<Value, Value> {
        self.begin(event).await;
        self.result().await
    }

    /// The response to the invocation that was begun, or the error that the function reported.
    pub async fn result(&mut self) -> Result<Value, Value> {
        let result = tokio::time::timeout(PATIENCE, self.results.recv()).await;
        self.answered += 1;
        result.expect("a response in time").expect("a response")
    }

    /// Waits until the function has asked for its nth invocation, counted from 1: from then on Lambda may freeze it.
    pub async fn asked_for(&mut self, nth: usize) {
        let asked = tokio::time::timeout(PATIENCE, self.asked.wait_for(|asked| *asked >= nth)).await;
        asked.expect("in time").expect("a function that is alive");
    }

    /// The most memory the process has had at once, in bytes; nothing where the system does not tell.
    pub fn peak_memory_bytes(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()?)).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024)
    }

    /// Ends the process, as soon as the last invocation that was answered has ended; all it wrote.
    pub async fn stop(mut self) -> String {
        if self.answered > 0 {
            self.asked_for(self.answered + 1).await;
        }
        self.process.kill().await.expect("an end");
        self.log.await.expect("a log")
    }

    /// The same, with what it wrote to standard error behind it.
    pub async fn stop_with_errors(mut self) -> String {
        let errors = std::mem::replace(&mut self.errors, tokio::spawn(async { String::new() }));
        self.stop().await + &errors.await.expect("its errors")
    }

    /// Waits for a process that ends by itself: whether it was content, and all it wrote.
    pub async fn wait(mut self) -> (bool, String) {
        let status = tokio::time::timeout(PATIENCE, self.process.wait()).await;
        (status.expect("an end in time").expect("a status").success(), self.log.await.expect("a log"))
    }
}

fn command(binary: &Path, api: SocketAddr, variables: &[(&str, String)]) -> Command {
    let mut command = Command::new(binary);
    command
        .env_clear()
        .env("AWS_LAMBDA_RUNTIME_API", api.to_string())
        .env("AWS_LAMBDA_FUNCTION_NAME", "test")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
        .env("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/test")
        .env("AWS_LAMBDA_LOG_STREAM_NAME", "test")
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

impl Api {
    async fn answer(&self, request: Request) -> Response {
        let path = request.uri().path();
        if path.ends_with("/invocation/next") {
            return self.next().await;
        }
        let result = serde_json::from_slice(request.body()).unwrap_or_default();
        if path.ends_with("/response") {
            let _ = self.results.send(Ok(result)).await;
        } else if path.ends_with("/error") && !path.ends_with("/init/error") {
            let _ = self.results.send(Err(result)).await;
        }
        http::response(202, "application/json", r#"{"status":"OK"}"#)
    }

    /// Waits for an invocation, as long as it takes.
    async fn next(&self) -> Response {
        self.asked.send_modify(|asked| *asked += 1);
        let Some((event, trace)) = self.invocations.lock().await.recv().await else {
            std::future::pending().await
        };
        let deadline = SystemTime::now() + self.invocation_time;
        let deadline_ms = deadline.duration_since(UNIX_EPOCH).expect("a time after 1970").as_millis();
        let mut response = http::response(200, "application/json", event.to_string());
        for (name, value) in [
            ("lambda-runtime-aws-request-id", REQUEST_ID.to_owned()),
            ("lambda-runtime-deadline-ms", deadline_ms.to_string()),
            (
                "lambda-runtime-invoked-function-arn",
                "arn:aws:lambda:us-east-1:123456789012:function:test".to_owned(),
            ),
        ] {
            response.headers_mut().insert(name, value.parse().expect("a header value"));
        }
        if let Some(trace) = trace {
            let trace = trace.parse().expect("a header value");
            response.headers_mut().insert("lambda-runtime-trace-id", trace);
        }
        response
    }
}
