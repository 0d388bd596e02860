//! `connect SOURCE`: the callback settings at the sender: what they are, what this stack needs, and how to get there.

use std::collections::BTreeMap;

use clap::{Args, ValueEnum};
use mediahook_senders::secret::Secret;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::rotate_key;
use crate::callback::Http;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::management::{Api, ApiOptions, CallbackSettings, Product};
use crate::output::Tone;
use crate::sources::{Source, fingerprint};
use crate::{input, samples};

/// Make a sender send its callbacks here
///
/// Shows what is set at the sender beside what this stack needs. With --yes it writes that, reads it back and compares.
#[derive(Args)]
pub(crate) struct Connect {
    /// The source, such as tencent-vod/main
    source: String,
    /// How events are to come; by default as the source's settings allow it, push before pull
    #[arg(long)]
    mode: Option<Mode>,
    /// The event types that Alibaba sends, separated by commas; by default all, or those that are chosen already
    #[arg(long, value_name = "TYPES")]
    events: Option<String>,
    /// Set the source's first key, even if nothing else differs or the sender has another key of the source
    #[arg(long)]
    set_key: bool,
    /// Go back to settings that an earlier run printed; `-` is standard input. A key that could not be read is not brought
    /// back: Tencent gets the source's first key
    #[arg(long, value_name = "FILE", conflicts_with_all = ["mode", "events", "set_key", "rotate_key"])]
    restore: Option<String>,
    /// Replace the source's key, step by step; a run that was interrupted goes on where it was
    #[arg(long)]
    rotate_key: bool,
    #[command(flatten)]
    rotation: rotate_key::Waits,
    #[command(flatten)]
    api: ApiOptions,
    /// Do it; without it, only show what would be done
    #[arg(long)]
    yes: bool,
}

/// How a sender hands over its events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    /// It posts them to the receiver
    Push,
    /// It keeps them in its queue for the puller
    Pull,
}

/// One setting: what it is, and what this stack needs.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Row {
    pub(crate) member: String,
    pub(crate) is: String,
    pub(crate) wanted: String,
    /// Nothing where it cannot be read.
    pub(crate) same: Option<bool>,
}

/// Settings as an earlier run printed them: tokens and keys by their fingerprints.
#[derive(Serialize, Deserialize)]
struct Undo {
    source: String,
    settings: BTreeMap<String, String>,
    key: Option<String>,
}

pub(crate) async fn run(command: &Connect, context: &Context) -> Result<Exit, Failure> {
    let document = context.sources().await?;
    let source = document.get(&command.source)?;
    let api = Api::new(&source, &command.api, Http::new(context.options.timeout())?)?;
    if command.rotate_key {
        return rotate_key::run(&document, &source, &api, command.rotation, command.yes, context).await;
    }
    let current = api.read().await?;
    let wanted = match &command.restore {
        Some(file) => restored(file, &source)?,
        None => wanted(&source, &current, command.mode, command.events.as_deref(), context).await?,
    };
    let rows = compare(&source, &current, &wanted);
    show(&rows, context);
    let differs = rows.iter().any(|row| row.same == Some(false));
    let has_key = |wanted: &Secret| current.key.as_ref().is_some_and(|key| is_same_key(key, wanted));
    let sets_key = command.set_key && wanted.key.as_ref().is_some_and(|key| !has_key(key));
    if !differs && !sets_key {
        context
            .out
            .json(&json!({ "source": source.name, "connected": true, "settings": rows, "written": false }));
        let unread = rows.iter().find(|row| row.same.is_none()).map(|row| {
            format!(
                "; whether its {} is that of the stack, the sender does not tell: --set-key sets it",
                row.member
            )
        });
        context.out.text(format_args!("{} is connected{}", source.name, unread.unwrap_or_default()));
        return Ok(Exit::Done);
    }
    let undo = undo(&source, &current);
    context.out.text(format_args!(
        "undo: save this line, and give it to `mediahook connect {} --restore FILE --yes`",
        source.name
    ));
    context.out.text(serde_json::to_string(&undo).unwrap_or_default());
    if !command.yes {
        context.out.json(&json!({ "source": source.name, "connected": false, "settings": rows, "written": false, "undo": undo }));
        context.out.note("nothing was written; add --yes to do it");
        return Ok(Exit::Done);
    }
    let written = match api.write(&wanted).await {
        Ok(()) => api.read().await,
        Err(failure) => Err(failure),
    };
    // A write without an answer may have been carried out.
    let written = written.inspect_err(|_| {
        context.out.json(&json!({ "source": source.name, "settings": rows, "written": null, "undo": undo }));
        context.out.note("the settings may have been written: run it again, or go back with `undo`");
    })?;
    let rows = compare(&source, &written, &wanted);
    let is_connected = rows.iter().all(|row| row.same != Some(false));
    context.out.json(&json!({ "source": source.name, "connected": is_connected, "settings": rows, "written": true, "undo": undo }));
    if is_connected {
        context.out.text(format_args!("{} is connected", source.name));
        return Ok(Exit::Done);
    }
    show(&rows, context);
    Err(Failure::Failed(format!("{}: the sender does not have what was written to it", source.name)))
}

/// What this stack needs, given what is set.
pub(crate) async fn wanted(
    source: &Source<'_>,
    current: &CallbackSettings,
    mode: Option<Mode>,
    events: Option<&str>,
    context: &Context,
) -> Result<CallbackSettings, Failure> {
    let pull = source.settings.pull.as_ref();
    let mode = mode.unwrap_or(if source.parsed.takes_push() { Mode::Push } else { Mode::Pull });
    match (mode, pull) {
        (Mode::Push, _) if !source.parsed.takes_push() => {
            return Err(Failure::Usage(format!(
                "{}: has neither keys nor tokens, and takes no push",
                source.name
            )));
        }
        (Mode::Pull, None) => return Err(Failure::Usage(format!("{}: has no `pull` section", source.name))),
        _ => {}
    }
    let key = source.settings.keys().first().filter(|_| mode == Mode::Push).cloned();
    let mut wanted = CallbackSettings { key, ..current.clone() };
    if source.sender() == "tencent-vod" {
        for switch in [
            "UploadMediaCompleteEventSwitch",
            "DeleteMediaCompleteEventSwitch",
            "PersistenceCompleteEventSwitch",
        ] {
            wanted = wanted.with(switch, "ON");
        }
        return Ok(match mode {
            Mode::Push => {
                wanted.with("Mode", "PUSH").with("NotificationUrl", source.url_at(&context.url().await?))
            }
            Mode::Pull => wanted.with("Mode", "PULL"),
        });
    }
    let product = Product::of(source.sender());
    let chosen = current.get("EventTypeList");
    let all = if product == Product::Vod { "ALL".to_owned() } else { event_types(source.sender()) };
    wanted = wanted.with("EventTypeList", events.unwrap_or(if chosen.is_empty() { &all } else { chosen }));
    if mode == Mode::Push {
        let url = match source.settings.callback_urls.first() {
            Some(registered) => registered.clone(),
            None => source.url_at(&context.url().await?),
        };
        let switch = if source.settings.keys().is_empty() { "off" } else { "on" };
        return Ok(wanted.with("CallbackType", "HTTP").with("CallbackURL", url).with("AuthSwitch", switch));
    }
    let text = |text: Option<&String>| text.cloned().unwrap_or_default();
    let queue = text(pull.and_then(|pull| pull.queue.as_ref()));
    wanted = wanted.with("CallbackType", "MNS");
    Ok(match product {
        Product::Ims => wanted.with("CallbackQueueName", queue),
        Product::Vod => wanted
            .with("MnsQueueName", queue)
            .with("MnsEndpoint", text(pull.and_then(|pull| pull.endpoint.as_ref()))),
    })
}

/// The documented event types of a sender.
fn event_types(sender: &str) -> String {
    samples::names(sender)
        .into_iter()
        .filter(|name| !name.contains('.') && !name.starts_with("BrandNew"))
        .collect::<Vec<_>>()
        .join(",")
}

/// Setting by setting, without tokens and keys.
pub(crate) fn compare(
    source: &Source<'_>,
    current: &CallbackSettings,
    wanted: &CallbackSettings,
) -> Vec<Row> {
    let mut rows: Vec<_> = wanted
        .members
        .iter()
        .map(|(member, value)| Row {
            member: member.clone(),
            is: without_tokens(source, current.get(member)),
            wanted: without_tokens(source, value),
            same: Some(is_same(member, current.get(member), value)),
        })
        .collect();
    if let Some(key) = &wanted.key {
        let (member, can_be_read) =
            if source.sender() == "tencent-vod" { ("SignKey", false) } else { ("AuthKey", true) };
        // Every key of the source is accepted.
        let is_ours = |current: &Secret| source.settings.keys().iter().any(|key| is_same_key(current, key));
        rows.push(Row {
            member: member.to_owned(),
            is: match &current.key {
                Some(key) => fingerprint(key),
                None if can_be_read => String::new(),
                None => "cannot be read".to_owned(),
            },
            wanted: fingerprint(key),
            same: can_be_read.then(|| current.key.as_ref().is_some_and(is_ours)),
        });
    }
    rows
}

pub(super) fn is_same_key(key: &Secret, other: &Secret) -> bool {
    key.matches(other.reveal()).into()
}

/// A list of event types has no order.
fn is_same(member: &str, current: &str, wanted: &str) -> bool {
    if member != "EventTypeList" {
        return current == wanted;
    }
    let sorted = |list: &str| {
        let mut types: Vec<_> =
            list.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect();
        types.sort();
        types
    };
    sorted(current) == sorted(wanted)
}

fn without_tokens(source: &Source<'_>, text: &str) -> String {
    let tokens = source.settings.path_tokens.iter();
    tokens.fold(text.to_owned(), |text, token| {
        text.replace(token.reveal(), &format!("[TOKEN {}]", fingerprint(token)))
    })
}

fn undo(source: &Source<'_>, current: &CallbackSettings) -> Undo {
    let settings =
        current.members.iter().map(|(member, value)| (member.clone(), without_tokens(source, value)));
    Undo {
        source: source.name.to_owned(),
        settings: settings.collect(),
        key: current.key.as_ref().map(fingerprint),
    }
}

/// The settings of an [`Undo`]. The key must still be one of the source's; what could not be read is set to the first.
fn restored(file: &str, source: &Source<'_>) -> Result<CallbackSettings, Failure> {
    let invalid = |error| Failure::Usage(format!("{file}: not settings that `connect` printed: {error}"));
    let undo: Undo = serde_json::from_str(&input::read_text(file)?).map_err(invalid)?;
    if undo.source != source.name {
        return Err(Failure::Usage(format!("{file}: these are the settings of {}", undo.source)));
    }
    let with_tokens = |value: &String| {
        let tokens = source.settings.path_tokens.iter();
        tokens.fold(value.clone(), |text, token| {
            text.replace(&format!("[TOKEN {}]", fingerprint(token)), token.reveal())
        })
    };
    let keys = source.settings.keys();
    let key = match undo.key {
        None => keys.first().filter(|_| source.sender() == "tencent-vod").cloned(),
        Some(wanted) => {
            let gone = || {
                Failure::Usage(format!(
                    "the key {wanted} is no longer in the sources document: set it by hand at the sender"
                ))
            };
            Some(keys.iter().find(|key| fingerprint(key) == wanted).cloned().ok_or_else(gone)?)
        }
    };
    let members = undo.settings.iter().map(|(member, value)| (member.clone(), with_tokens(value))).collect();
    Ok(CallbackSettings { members, key })
}

fn show(rows: &[Row], context: &Context) {
    let word = |same| match same {
        Some(true) => context.out.tinted(Tone::Good, "same"),
        Some(false) => context.out.tinted(Tone::Bad, "differs"),
        None => context.out.tinted(Tone::Doubtful, "unknown"),
    };
    let cells = |row: &Row| vec![row.member.clone(), row.is.clone(), row.wanted.clone(), word(row.same)];
    context
        .out
        .table(&["setting", "at the sender", "needed here", ""], &rows.iter().map(cells).collect::<Vec<_>>());
}
