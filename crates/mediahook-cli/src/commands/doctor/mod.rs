//! `doctor`: everything that must be so, checked; nothing is changed.

mod alarms;
mod bucket;
mod bus;
mod functions;
mod probe;
mod queues;
mod receiver;
mod senders;
mod table;

use clap::Args;
use serde::Serialize;
use serde_json::json;

use crate::aws::call;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::management::ApiOptions;
use crate::output::Tone;
use crate::sources::{Document, fingerprint};

/// Check everything that a stack and its senders need, and change nothing
///
/// Each check is ok, warn, fail or unknown, with what was found and the command that fixes it.
#[derive(Args)]
pub(crate) struct Doctor {
    /// Also send a signed event and wait until the processor has completed it; its type is `MediahookProbe`
    #[arg(long)]
    probe: bool,
    /// Do not ask the senders for their settings
    #[arg(long)]
    no_senders: bool,
    /// Ask the sender of this source alone
    #[arg(long, value_name = "SENDER/APP", conflicts_with = "no_senders")]
    source: Option<String>,
    #[command(flatten)]
    api: ApiOptions,
}

/// What was found.
#[derive(Debug, Serialize)]
pub(super) struct Check {
    check: &'static str,
    status: Status,
    found: String,
    /// The command that fixes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Ok,
    Warn,
    Fail,
    Unknown,
}

/// The checks so far; each is shown as soon as it is done.
pub(super) struct Report<'a> {
    context: &'a Context,
    checks: Vec<Check>,
}

impl Report<'_> {
    pub(super) fn ok(&mut self, check: &'static str, found: impl Into<String>) {
        self.add(check, Status::Ok, found.into(), None);
    }

    pub(super) fn warn(&mut self, check: &'static str, found: impl Into<String>, fix: impl Into<String>) {
        self.add(check, Status::Warn, found.into(), Some(fix.into()));
    }

    pub(super) fn fail(&mut self, check: &'static str, found: impl Into<String>, fix: impl Into<String>) {
        self.add(check, Status::Fail, found.into(), Some(fix.into()));
    }

    /// Ok, or a failure.
    pub(super) fn must(
        &mut self,
        is_so: bool,
        check: &'static str,
        found: impl Into<String>,
        fix: impl Into<String>,
    ) {
        if is_so { self.ok(check, found) } else { self.fail(check, found, fix) }
    }

    /// Ok, or a warning.
    pub(super) fn should(
        &mut self,
        is_so: bool,
        check: &'static str,
        found: impl Into<String>,
        fix: impl Into<String>,
    ) {
        if is_so { self.ok(check, found) } else { self.warn(check, found, fix) }
    }

    /// Why a check could not be made: what is missing is a failure, no answer is not.
    pub(super) fn not_done(&mut self, check: &'static str, failure: &Failure) {
        let status = if matches!(failure, Failure::Failed(_)) { Status::Fail } else { Status::Unknown };
        self.add(check, status, failure.to_string(), None);
    }

    /// The result of a group of checks that may have ended early.
    fn ended(&mut self, check: &'static str, result: Result<(), Failure>) {
        if let Err(failure) = result {
            self.not_done(check, &failure);
        }
    }

    fn add(&mut self, check: &'static str, status: Status, found: String, fix: Option<String>) {
        let out = self.context.out;
        let (tone, word) = match status {
            Status::Ok => (Tone::Good, "ok     "),
            Status::Warn => (Tone::Doubtful, "warn   "),
            Status::Fail => (Tone::Bad, "fail   "),
            Status::Unknown => (Tone::Doubtful, "unknown"),
        };
        out.text(format_args!("{}  {check}: {found}", out.tinted(tone, word)));
        if let Some(fix) = &fix {
            out.text(format_args!("         fix: {fix}"));
        }
        let check = Check { check, status, found, fix };
        out.json(&check);
        self.checks.push(check);
    }

    fn count(&self, status: Status) -> usize {
        self.checks.iter().filter(|check| check.status == status).count()
    }
}

pub(crate) async fn run(command: &Doctor, context: &Context) -> Result<Exit, Failure> {
    context.stack_name()?;
    let mut report = Report { context, checks: Vec::new() };
    let stack = stack(&mut report, context).await;
    report.ended("stack", stack);
    let queues = queues::check(&mut report, context).await;
    report.ended("queue", queues);
    let functions = functions::check(&mut report, context).await;
    report.ended("functions", functions);
    let bucket = bucket::check(&mut report, context).await;
    report.ended("bucket", bucket);
    let table = table::check(&mut report, context).await;
    report.ended("table", table);
    let bus = bus::check(&mut report, context).await;
    report.ended("event bus", bus);
    let alarms = alarms::check(&mut report, context).await;
    report.ended("alarms", alarms);
    match context.sources().await {
        Ok(document) => with_sources(command, &document, &mut report, context).await,
        Err(failure) => report.not_done("sources", &failure),
    }
    let [ok, warn, fail, unknown] =
        [Status::Ok, Status::Warn, Status::Fail, Status::Unknown].map(|status| report.count(status));
    context.out.json(&json!({ "ok": ok, "warn": warn, "fail": fail, "unknown": unknown }));
    context.out.text(format_args!("{ok} ok, {warn} warnings, {fail} failed, {unknown} unknown"));
    Ok(if fail > 0 {
        Exit::Failed
    } else if unknown > 0 {
        Exit::Unknown
    } else {
        Exit::Done
    })
}

/// What needs the keys.
async fn with_sources(command: &Doctor, document: &Document, report: &mut Report<'_>, context: &Context) {
    sources(document, report);
    let receiver = receiver::check(document, report, context).await;
    report.ended("receiver", receiver);
    if !command.no_senders {
        senders::check(document, command.source.as_deref(), &command.api, report, context).await;
    }
    if command.probe {
        let probe = probe::check(document, report, context).await;
        report.ended("probe", probe);
    }
}

/// The document was read, so it is valid. Keys are shown by their fingerprints.
fn sources(document: &Document, report: &mut Report<'_>) {
    for source in document.iter() {
        let keys: Vec<_> = source.settings.keys().iter().map(fingerprint).collect();
        let keys = if keys.is_empty() { "no key".to_owned() } else { format!("keys {}", keys.join(", ")) };
        let (tokens, pulled) =
            (source.settings.path_tokens.len(), if source.settings.pull.is_some() { ", pulled" } else { "" });
        report.ok("sources", format!("{}: {keys}, {tokens} path tokens{pulled}", source.name));
    }
    for warning in document.warnings().filter(|warning| !warning.ends_with("takes no push")) {
        report.warn("sources", warning, "change the document in the secret: docs/security.md#rotation");
    }
}

/// The stack itself.
async fn stack(report: &mut Report<'_>, context: &Context) -> Result<(), Failure> {
    let name = context.stack_name()?;
    let describe = context.aws().await?.cloudformation().describe_stacks().stack_name(name).send();
    let answer = call("cloudformation:DescribeStacks", &format!("stack {name}"), describe).await?;
    let status = answer.stacks.unwrap_or_default().into_iter().find_map(|stack| stack.stack_status);
    let status = status.map(|status| status.as_str().to_owned()).unwrap_or_default();
    let is_whole = ["CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE"]
        .contains(&status.as_str());
    report.must(
        is_whole,
        "stack",
        status,
        format!("aws cloudformation describe-stack-events --stack-name {name}; then sam deploy again"),
    );
    Ok(())
}
