//! All of mediahook in one process, with an embedded AWS and fakes of both senders: see [`mediahook_testing::local`].
//! It sends itself samples, prints a table of what became of each, and serves a page.

use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::Duration;

use clap::Parser;
use mediahook::events::Outcome;
use mediahook_testing::local::{
    AUTH_KEY, Entry, How, Local, PATH_TOKEN, SIGN_KEY, State, sender_queues_alone,
};

/// All of mediahook on this machine: sends itself samples, prints what became of each, and serves a page.
#[derive(Parser)]
#[command(name = "local")]
struct Arguments {
    /// The port of the page and of the function URL; 0 takes a free one
    #[arg(long, default_value_t = 9000)]
    port: u16,
    /// End after the table, with status 1 if something is not as it should be
    #[arg(long)]
    once: bool,
    /// SQS fails while the samples arrive: the puller moves their events from `spill/` to the queue later
    #[arg(long)]
    break_queue: bool,
    /// Start only the senders' own queues, with 40 events each, and their APIs of settings; prints where they are as JSON
    #[arg(long, conflicts_with_all = ["once", "break_queue"])]
    fakes: bool,
}

/// Sender, sample, how it is sent, the outcome that it should have.
const PUSHED: &[(&str, &str, How, &str)] = &[
    ("tencent-vod", "NewFileUpload", How::Signed, "succeeded"),
    ("tencent-vod", "PullComplete", How::Signed, "succeeded"),
    ("tencent-vod", "ProcedureStateChanged", How::Signed, "succeeded"),
    ("tencent-vod", "ProcedureStateChanged.subtask-failed", How::Signed, "failed"),
    ("tencent-vod", "EditMediaComplete.processing", How::Signed, "progress"),
    ("tencent-vod", "BrandNewTaskComplete", How::Signed, "unknown"),
    ("alibaba-ims", "FileUploadComplete", How::Signed, "succeeded"),
    ("alibaba-ims", "ProduceMediaComplete", How::Signed, "succeeded"),
    ("alibaba-ims", "ProduceMediaComplete.failed", How::Signed, "failed"),
    ("alibaba-ims", "MediaConvertComplete", How::Signed, "succeeded"),
    ("alibaba-ims", "LiveRecordTaskStatus", How::Signed, "progress"),
    ("tencent-vod", "PullComplete", How::Forged, "-"),
    ("tencent-vod", "PullComplete", How::Stale, "-"),
];
const PULLED: &[(&str, &str, &str)] = &[
    ("tencent-vod", "PullComplete", "succeeded"),
    ("tencent-vod", "ProcedureStateChanged.subtask-failed", "failed"),
    ("alibaba-ims", "FileUploadComplete", "succeeded"),
    ("alibaba-ims", "ProduceMediaComplete", "succeeded"),
];

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.fakes {
        sender_queues_alone(40).await;
        return ExitCode::SUCCESS;
    }
    match run(&arguments).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether all is as it should be.
async fn run(arguments: &Arguments) -> Result<bool, String> {
    let (log_path, port) = (log_path(), arguments.port);
    let log = Mutex::new(File::create(&log_path).map_err(|e| format!("{}: {e}", log_path.display()))?);
    let local = Local::start(port, move |line| {
        let _ = log.lock().map(|mut log| log.write_all(line.as_bytes()));
    });
    let local = local
        .await
        .map_err(|error| format!("port {port} cannot be used ({error}): choose another one with --port"))?;
    let is_good = show_samples(&local, arguments.break_queue).await?;
    println!("The functions' log, with the lines of what was made to fail: {}", log_path.display());
    if !arguments.once {
        invite(&local);
        let _ = tokio::signal::ctrl_c().await;
    }
    Ok(is_good)
}

fn log_path() -> PathBuf {
    std::env::temp_dir().join(format!("mediahook-local-{}.log", std::process::id()))
}

/// Sends and pulls the samples, and prints the table. Whether all is as it should be.
async fn show_samples(local: &Local, break_queue: bool) -> Result<bool, String> {
    // An event in progress is made to fail once.
    local.fail_handler_when(|event, attempt| event.outcome == Outcome::Progress && attempt == 1);
    local.fail_queue(break_queue).await;
    let mut rows = Vec::new();
    for (sender, name, how, outcome) in PUSHED {
        rows.push((local.send(sender, name, *how, true).await?, *name, *how, *outcome));
    }
    local.fail_queue(false).await;
    for (sender, name, outcome) in PULLED {
        rows.push((local.put_into_sender_queue(sender, name)?, *name, How::Signed, *outcome));
    }
    local.send_rubbish().await;
    let mut is_good = local.settle(Duration::from_secs(40)).await && local.left_with_senders() == 0;
    local.fail_handler_when(|_, _| false);

    let entries = local.entries();
    println!(
        "sender       by    event type                            outcome    status    ms  the processor"
    );
    for (number, name, how, outcome) in rows {
        let entry = entries.iter().find(|entry| entry.number == number).ok_or("an entry is missing")?;
        let is_expected = is_expected(entry, how, outcome);
        is_good &= is_expected;
        println!("{}{}", row(entry, name, how), if is_expected { "" } else { "  <- unexpected" });
    }
    let rubbish = entries.iter().find(|entry| entry.source == "(nobody)");
    let is_dead = rubbish.is_some_and(|entry| entry.state == State::DeadLetter);
    let fate = if is_dead { "dead-letter queue" } else { "nowhere  <- unexpected" };
    println!(
        "{:<11}  {:<4}  {:<36}  {:<9}  {:>6}  {:>4}  {fate}",
        "(nobody)", "-", "a message that is no envelope", "-", "-", "-"
    );
    is_good &= is_dead;
    println!("\n{}", if is_good { "all as it should be" } else { "NOT as it should be" });
    Ok(is_good)
}

fn is_expected(entry: &Entry, how: How, outcome: &str) -> bool {
    if how != How::Signed {
        return entry.state == State::Unauthorized;
    }
    let attempts = if outcome == "progress" { 2 } else { 1 };
    entry.state == State::Delivered && entry.attempts == attempts && entry.outcome.as_deref() == Some(outcome)
}

fn row(entry: &Entry, name: &str, how: How) -> String {
    let sender = entry.source.split('/').next().unwrap_or_default();
    let by = if entry.answer.is_some() { "push" } else { "pull" };
    let special = if how == How::Signed { String::new() } else { format!(", {how:?}").to_lowercase() };
    let name = format!("{name}{special}");
    let outcome = entry.outcome.as_deref().unwrap_or("-");
    let answer = entry.answer.as_ref();
    let status = answer.map_or("-".to_owned(), |answer| answer.status.to_string());
    let ms = answer.map_or("-".to_owned(), |answer| format!("{:.0}", answer.ms));
    let fate = match (entry.state, entry.attempts) {
        (State::Unauthorized, _) => "never saw it".to_owned(),
        (State::Delivered, 1) => "delivered".to_owned(),
        (State::Delivered, attempts) => format!("failed, redelivered, delivered ({attempts} attempts)"),
        (state, attempts) => format!("{state:?} after {attempts} attempts"),
    };
    format!("{sender:<11}  {by:<4}  {name:<36}  {outcome:<9}  {status:>6}  {ms:>4}  {fate}")
}

fn invite(local: &Local) {
    let address = local.address;
    println!(
        r#"
Open http://{address}/ to watch, send, break and repair. Or, from another shell:

  curl -i -d '{{"EventType":"NewFileUpload","FileUploadEvent":{{"FileId":"'$(date +%s)'"}}}}' http://{address}/tencent-vod/token/{PATH_TOKEN}

  T=$(( $(date +%s) + 600 )); S=$(printf %s "{SIGN_KEY}$T" | md5sum | cut -d' ' -f1)
  curl -i -d '{{"EventType":"NewFileUpload","FileUploadEvent":{{"FileId":"'$T'"}},"Sign":"'$S'","T":'$T'}}' http://{address}/tencent-vod/demo

  T=$(date +%s); U=http://{address}/alibaba-ims/demo; S=$(printf %s "$U|$T|{AUTH_KEY}" | md5sum | cut -d' ' -f1)
  curl -i -d '{{"EventType":"FileUploadComplete","MessageBody":{{"MediaId":"'$T'","Status":"Success"}}}}' -H "X-ICE-TIMESTAMP: $T" -H "X-ICE-SIGNATURE: $S" $U

Ctrl-C ends it."#
    );
}
