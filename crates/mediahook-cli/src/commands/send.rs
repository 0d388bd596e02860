//! `send SOURCE TYPE`: a callback as the sender would send it, or many of them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use serde::Serialize;
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use crate::callback::{Answered, Callback, Forge, Http, sender_waits};
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::queue::Pace;
use crate::sources::{Document, Source};
use crate::{input, json_pointer, samples};

/// Send a signed callback, as the sender would
///
/// The body is one of the samples that this command has for each documented event type, or a file of your own.
#[derive(Args)]
pub(crate) struct Send {
    /// The source, such as tencent-vod/main
    #[arg(required_unless_present = "list")]
    source: Option<String>,
    /// The event type, such as PullComplete
    #[arg(value_name = "TYPE", conflicts_with = "data", required_unless_present_any = ["data", "list"])]
    event_type: Option<String>,
    /// Send this file; `-` is standard input
    #[arg(long, value_name = "FILE")]
    data: Option<String>,
    /// Replace the value at a JSON pointer; `{i}` is the number of the callback
    #[arg(long, value_name = "/POINTER=VALUE", value_parser = pointer_and_value)]
    set: Vec<(String, String)>,
    /// Send one that no receiver may accept; 401 is expected then
    #[arg(long, value_name = "HOW")]
    forge: Option<Forge>,
    /// The status that is a success
    #[arg(long, value_name = "STATUS")]
    expect: Option<u16>,
    /// Send this many
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    count: u64,
    /// At most this many a second
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=100_000))]
    rate: Option<u64>,
    /// At most this many at the same time
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=1000))]
    concurrency: u64,
    /// Print it, and send nothing
    #[arg(long, value_name = "WHAT", conflicts_with = "count")]
    print: Option<Print>,
    /// List the event types
    #[arg(long)]
    list: bool,
}

/// What is printed instead of sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Print {
    /// The body, signed
    Body,
    /// The curl command
    Curl,
    /// The invocation that AWS makes of the request to the function URL
    Invocation,
}

fn pointer_and_value(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').filter(|(pointer, _)| pointer.starts_with('/'));
    pair.map(|(pointer, value)| (pointer.to_owned(), value.to_owned()))
        .ok_or("expected /POINTER=VALUE".to_owned())
}

pub(crate) async fn run(command: Send, context: &Context) -> Result<Exit, Failure> {
    if command.list {
        return list(command.source.as_deref(), context);
    }
    if command.data.as_deref() == Some("-") && context.options.sources.as_deref() == Some("-") {
        return Err(Failure::Usage("only one of --data and --sources can be standard input".to_owned()));
    }
    let document = context.sources().await?;
    let source = document.get(command.source.as_deref().unwrap_or_default())?;
    if source.settings.keys().is_empty() && source.parsed.has_path_tokens() && command.forge.is_some() {
        return Err(Failure::Usage(format!("{}: has no key, so no signature can be forged", source.name)));
    }
    let url = context.url().await?;
    let body = command.body(&source)?;
    let callback = command.callback(&source, &url, &body, 1)?;
    if let Some(print) = command.print {
        return Ok(print_callback(print, &callback));
    }
    let http = Http::new(context.options.timeout())?;
    let expected = command.expect.unwrap_or(if command.forge.is_some() { 401 } else { 200 });
    if command.count > 1 {
        let load = Load { command, document, url, body, http, expected };
        return load.run(context).await;
    }
    context.out.detail(format!("POST {} ({} bytes)", source.shown_url_at(&url), callback.body.len()));
    let answered = http.send(callback).await?;
    Ok(report(&source, &answered, expected, context))
}

fn list(source: Option<&str>, context: &Context) -> Result<Exit, Failure> {
    let wanted = source.map(|source| source.split('/').next().unwrap_or(source));
    let senders: Vec<_> = mediahook_senders::SENDERS.iter().map(|sender| sender.name()).collect();
    if let Some(wanted) = wanted.filter(|wanted| !senders.contains(wanted)) {
        return Err(Failure::Usage(format!("no sender `{wanted}`; the senders are {}", senders.join(", "))));
    }
    let mut rows = Vec::new();
    for sender in senders.into_iter().filter(|sender| wanted.is_none_or(|wanted| wanted == *sender)) {
        for name in samples::names(sender) {
            context.out.json(&json!({ "sender": sender, "type": name }));
            rows.push(vec![sender.to_owned(), name.to_owned()]);
        }
    }
    context.out.table(&["sender", "type"], &rows);
    Ok(Exit::Done)
}

impl Send {
    fn body(&self, source: &Source<'_>) -> Result<Vec<u8>, Failure> {
        match (&self.data, &self.event_type) {
            (Some(file), _) => input::read(file),
            (None, event_type) => {
                let event_type = event_type.as_deref().unwrap_or_default();
                samples::get(source.sender(), event_type).map(<[u8]>::to_vec)
            }
        }
    }

    /// The nth callback.
    fn callback(&self, source: &Source<'_>, url: &str, body: &[u8], n: u64) -> Result<Callback, Failure> {
        let mut body = body.to_vec();
        for (pointer, value) in &self.set {
            let text = std::str::from_utf8(&body)
                .map_err(|_| Failure::Usage("--set: the body is not UTF-8".to_owned()))?;
            let value = value.replace("{i}", &n.to_string());
            let replaced = json_pointer::replace(text, pointer, &value);
            body = replaced.map_err(|error| Failure::Usage(format!("--set: {error}")))?.into_bytes();
        }
        let now_s = OffsetDateTime::now_utc().unix_timestamp();
        Ok(Callback::new(source, url, body, self.forge, now_s))
    }
}

fn print_callback(print: Print, callback: &Callback) -> Exit {
    let text = String::from_utf8_lossy(&callback.body);
    let printed = match print {
        Print::Body => text.into_owned(),
        Print::Curl => {
            let quoted = |text: &str| format!("'{}'", text.replace('\'', r"'\''"));
            let headers =
                headers(callback).map(|(name, value)| format!("-H {}", quoted(&format!("{name}: {value}"))));
            let headers = headers.collect::<Vec<_>>().join(" ");
            format!("curl {headers} --data-binary {} {}\n", quoted(&text), quoted(&callback.url))
        }
        Print::Invocation => format!("{}\n", invocation(callback, &text)),
    };
    crate::output::Output::raw(printed.as_bytes());
    Exit::Done
}

fn headers(callback: &Callback) -> impl Iterator<Item = (&str, &str)> {
    callback.headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap_or_default()))
}

/// Payload format 2.0, as a function URL has it: `sam remote invoke` and `cargo lambda invoke` take it.
fn invocation(callback: &Callback, body: &str) -> Value {
    let uri: http::Uri = callback.url.parse().unwrap_or_default();
    let headers: serde_json::Map<_, _> =
        headers(callback).map(|(name, value)| (name.to_owned(), Value::from(value))).collect();
    let (path, domain) = (uri.path(), uri.host().unwrap_or_default());
    json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": uri.query().unwrap_or_default(),
        "headers": headers,
        "requestContext": {
            "accountId": "anonymous",
            "apiId": domain.split('.').next().unwrap_or_default(),
            "domainName": domain,
            "domainPrefix": domain.split('.').next().unwrap_or_default(),
            "http": { "method": "POST", "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "mediahook" },
            "requestId": "00000000-0000-4000-8000-000000000000",
            "routeKey": "$default",
            "stage": "$default",
            "time": "01/Jan/1970:00:00:00 +0000",
            "timeEpoch": 0
        },
        "body": body,
        "isBase64Encoded": false
    })
}

/// Prints the answer to one callback.
fn report(source: &Source<'_>, answered: &Answered, expected: u16, context: &Context) -> Exit {
    let body: Value = serde_json::from_str(&answered.body).unwrap_or_else(|_| answered.body.as_str().into());
    let ms = answered.took.as_millis();
    let is_late = answered.took > sender_waits(source.sender());
    context.out.json(&json!({
        "source": source.name, "status": answered.status, "expected": expected, "ms": ms, "late": is_late,
        "id": body["id"], "body": body,
    }));
    context.out.text(format_args!("{} in {ms} ms", answered.status));
    if let Some(id) = body["id"].as_str() {
        context.out.text(format_args!("id {id}"));
    } else if !answered.body.is_empty() {
        context.out.text(&answered.body);
    }
    if is_late {
        context.out.note(format_args!(
            "late: {} waits for {} s",
            source.sender(),
            sender_waits(source.sender()).as_secs()
        ));
    }
    if answered.status == expected {
        return Exit::Done;
    }
    context.out.note(format_args!("expected {expected}"));
    Exit::Failed
}

/// A load test.
struct Load {
    command: Send,
    document: Document,
    url: String,
    body: Vec<u8>,
    http: Http,
    expected: u16,
}

/// Its result.
#[derive(Default, Serialize)]
struct LoadReport {
    sent: u64,
    /// How often each status was answered; `none` where there was no answer.
    answers: BTreeMap<String, u64>,
    expected: u16,
    p50_ms: u64,
    p99_ms: u64,
    max_ms: u64,
    /// How many answers came later than the sender waits, `sender_waits_ms`.
    late: u64,
    late_share: f64,
    sender_waits_ms: u64,
    seconds: f64,
    per_second: f64,
}

impl Load {
    async fn run(self, context: &Context) -> Result<Exit, Failure> {
        let (count, concurrency) = (self.command.count, self.command.concurrency);
        let bar = context.out.progress(Some(count), "callbacks");
        let pace = Mutex::new(Pace::new(self.command.rate.map(|rate| u32::try_from(rate).unwrap_or(1))));
        let (load, pace, next, began) =
            (Arc::new(self), Arc::new(pace), Arc::new(AtomicU64::new(1)), Instant::now());
        let mut workers = JoinSet::new();
        for _ in 0..concurrency.min(count) {
            let (load, pace, next, bar) =
                (Arc::clone(&load), Arc::clone(&pace), Arc::clone(&next), bar.clone());
            workers.spawn(async move {
                let mut answers = Vec::new();
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n > count {
                        return answers;
                    }
                    pace.lock().await.wait().await;
                    answers.push(load.send(n).await);
                    bar.inc(1);
                }
            });
        }
        let mut answers = Vec::new();
        while let Some(worker) = workers.join_next().await {
            answers.extend(worker.map_err(|error| Failure::Failed(error.to_string()))?);
        }
        bar.finish_and_clear();
        load.report(&answers, began.elapsed(), context)
    }

    async fn send(&self, n: u64) -> Option<(u16, Duration)> {
        let source = self.document.get(self.command.source.as_deref().unwrap_or_default()).ok()?;
        let callback = self.command.callback(&source, &self.url, &self.body, n).ok()?;
        self.http.send(callback).await.ok().map(|answered| (answered.status, answered.took))
    }

    fn report(
        &self,
        answers: &[Option<(u16, Duration)>],
        all: Duration,
        context: &Context,
    ) -> Result<Exit, Failure> {
        let source = self.document.get(self.command.source.as_deref().unwrap_or_default())?;
        let waits = sender_waits(source.sender());
        let mut took: Vec<_> = answers.iter().flatten().map(|(_, took)| *took).collect();
        took.sort_unstable();
        let at =
            |percent: usize| took.get((took.len() * percent).div_ceil(100).saturating_sub(1)).map_or(0, ms);
        let late = answers.iter().filter(|answer| answer.is_none_or(|(_, took)| took > waits)).count() as u64;
        let sent = answers.len() as u64;
        let mut report = LoadReport {
            sent,
            expected: self.expected,
            p50_ms: at(50),
            p99_ms: at(99),
            max_ms: at(100),
            late,
            late_share: share(late, sent),
            sender_waits_ms: ms(&waits),
            seconds: all.as_secs_f64(),
            per_second: share(sent, 1) / all.as_secs_f64(),
            ..LoadReport::default()
        };
        for answer in answers {
            let status = answer.map_or_else(|| "none".to_owned(), |(status, _)| status.to_string());
            *report.answers.entry(status).or_default() += 1;
        }
        context.out.json(&report);
        Self::show(&report, context);
        let as_expected = report.answers.get(&self.expected.to_string()) == Some(&sent);
        let unanswered = report.answers.get("none") == Some(&sent);
        Ok(if as_expected {
            Exit::Done
        } else if unanswered {
            Exit::Unknown
        } else {
            Exit::Failed
        })
    }

    fn show(report: &LoadReport, context: &Context) {
        let most = report.answers.values().max().copied().unwrap_or(1);
        for (status, number) in &report.answers {
            let bar = "#".repeat(usize::try_from(number * 40 / most.max(1)).unwrap_or(0).max(1));
            context.out.text(format_args!("{status:>5} {number:>8} {bar}"));
        }
        let LoadReport { sent, seconds, per_second, p50_ms, p99_ms, max_ms, late, late_share, .. } = report;
        context.out.text(format_args!("sent {sent} in {seconds:.1} s, {per_second:.1} a second"));
        context.out.text(format_args!("p50 {p50_ms} ms, p99 {p99_ms} ms, slowest {max_ms} ms"));
        let (percent, limit) = (late_share * 100.0, report.sender_waits_ms);
        context.out.text(format_args!(
            "late, or no answer: {late} ({percent:.1} %); the sender waits for {limit} ms"
        ));
    }
}

fn ms(duration: &Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[expect(clippy::cast_precision_loss, reason = "numbers of callbacks are small")]
fn share(part: u64, of: u64) -> f64 {
    part as f64 / of.max(1) as f64
}
