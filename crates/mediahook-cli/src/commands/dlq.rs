//! `dlq`: the dead letters: what they are, why, and back to the queue with them.

use std::collections::{HashMap, HashSet};

use aws_sdk_sqs::types::{Message, MessageSystemAttributeName as Attribute};
use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::json;
use time::{Duration, OffsetDateTime};

use crate::context::{Context, Function};
use crate::event::{Event, Filter, shown_time, time_of_ms};
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::queue::{Outgoing, Pace, Queue, attribute};
use crate::{input, logs};

/// How long messages are hidden from others while a list is read: an aborted command shows them again after this.
const HIDDEN_WHILE_LISTED_S: i32 = 120;
/// The same while each is sent and deleted.
const HIDDEN_WHILE_MOVED_S: i32 = 300;

/// List dead letters, send them back, or drop them
#[derive(Args)]
pub(crate) struct Dlq {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List them, each with its reason where the log has it; no payload
    List(Filter),
    /// Show one whole, with its payload
    Show {
        /// The id of the event, or of the message
        id: String,
    },
    /// Write them to standard output, one JSON object a line: `replay` reads it
    Export(Filter),
    /// Send them back to the queue, and delete each after that
    Redrive(Redrive),
    /// Delete them for good
    Drop(Drop),
}

#[derive(Args)]
struct Redrive {
    #[command(flatten)]
    selected: Selected,
    /// At most this many a second
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    rate: Option<u32>,
    /// Do it; without it, only show what would be done
    #[arg(long)]
    yes: bool,
}

#[derive(Args)]
struct Drop {
    #[command(flatten)]
    selected: Selected,
    /// The name of the dead-letter queue, so that nobody drops another one's; asked for on a terminal
    #[arg(long, value_name = "NAME")]
    queue_name: Option<String>,
    /// Do it; without it, only show what would be done
    #[arg(long)]
    yes: bool,
}

/// Which dead letters are meant: all, or those of the filter.
#[derive(Args)]
struct Selected {
    /// All of them
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    filter: Filter,
}

impl Selected {
    fn filter(&self) -> Result<&Filter, Failure> {
        if self.all == self.filter.is_given() {
            return Err(Failure::Usage(
                "say which dead letters: either --all, or --id, --source, --type, --since, --until"
                    .to_owned(),
            ));
        }
        Ok(&self.filter)
    }
}

pub(crate) async fn run(command: Dlq, context: &Context) -> Result<Exit, Failure> {
    let dead_letters = Queue::dead_letters_of(context).await?;
    match command.command {
        Command::List(filter) => list(&dead_letters, &filter, context).await,
        Command::Show { id } => show(&dead_letters, id, context).await,
        Command::Export(filter) => export(&dead_letters, &filter, context).await,
        Command::Redrive(redrive) => redrive.run(&dead_letters, context).await,
        Command::Drop(drop) => drop.run(&dead_letters, context).await,
    }
}

/// A dead letter, as it is listed.
#[derive(Serialize)]
struct Listed {
    message_id: String,
    #[serde(flatten)]
    event: Event,
    group: Option<String>,
    /// When it became a dead letter.
    died: Option<String>,
    bytes: usize,
    reason: Option<String>,
}

impl Listed {
    fn of(message: &Message, reasons: &HashMap<String, String>) -> Self {
        let event = Event::of(body(message));
        Self {
            message_id: message_id(message).to_owned(),
            group: attribute(message, &Attribute::MessageGroupId).map(str::to_owned),
            died: died(message).map(shown_time),
            bytes: body(message).len(),
            reason: event.id.as_ref().and_then(|id| reasons.get(id)).cloned(),
            event,
        }
    }

    fn row(&self) -> Vec<String> {
        let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        let event = &self.event;
        [&self.died, &event.source, &event.event_type, &event.subject, &event.id, &self.reason]
            .map(or_dash)
            .to_vec()
    }
}

const COLUMNS: [&str; 6] = ["died", "source", "type", "subject", "id", "reason"];

/// The messages that can be seen at the moment, and how many there are. They are hidden until they are shown again.
struct Seen {
    messages: Vec<Message>,
    total: u64,
}

impl Seen {
    async fn read(queue: &Queue, filter: &Filter, context: &Context) -> Result<Self, Failure> {
        let total = queue.approximate_messages().await?;
        let bar = context.out.progress(Some(total), "dead letters");
        let (mut messages, mut ids) = (Vec::new(), HashSet::new());
        let received = loop {
            match queue.receive(HIDDEN_WHILE_LISTED_S).await {
                Ok(received) => {
                    let known = messages.len();
                    messages.extend(
                        received.into_iter().filter(|message| ids.insert(message_id(message).to_owned())),
                    );
                    bar.inc((messages.len() - known) as u64);
                    // None, or, if reading took so long, those that were hidden first.
                    if messages.len() == known {
                        break Ok(());
                    }
                }
                Err(error) => break Err(error),
            }
        };
        bar.finish_and_clear();
        queue.show_again(&messages, context.out).await;
        received?;
        let total = total.max(messages.len() as u64);
        let hidden = total - messages.len() as u64;
        if hidden > 0 {
            context.out.note(format_args!(
                "{} of about {total} seen: the others wait behind one of their message group, or somebody else has received them",
                messages.len()
            ));
        }
        messages.retain(|message| is_meant(message, filter));
        Ok(Self { messages, total })
    }
}

async fn list(queue: &Queue, filter: &Filter, context: &Context) -> Result<Exit, Failure> {
    let seen = Seen::read(queue, filter, context).await?;
    let reasons = reasons(&seen.messages, context).await;
    let listed: Vec<_> = seen.messages.iter().map(|message| Listed::of(message, &reasons)).collect();
    for letter in &listed {
        context.out.json(letter);
    }
    context.out.json(&json!({ "listed": listed.len(), "about": seen.total }));
    context.out.table(&COLUMNS, &listed.iter().map(Listed::row).collect::<Vec<_>>());
    context.out.note(format_args!("{} of about {} dead letters", listed.len(), seen.total));
    Ok(Exit::Done)
}

async fn show(queue: &Queue, id: String, context: &Context) -> Result<Exit, Failure> {
    let filter = Filter { id: vec![id.clone()], ..Filter::default() };
    let seen = Seen::read(queue, &filter, context).await?;
    let Some(message) = seen.messages.first() else {
        return Err(Failure::Failed(format!(
            "no dead letter `{id}` among those that can be seen at the moment"
        )));
    };
    let reasons = reasons(&seen.messages, context).await;
    let listed = Listed::of(message, &reasons);
    context
        .out
        .json(&json!({ "dead_letter": listed, "attributes": attributes(message), "body": body(message) }));
    for (name, value) in COLUMNS.iter().zip(listed.row()) {
        context.out.text(format_args!("{name:8} {value}"));
    }
    context.out.text(body(message));
    Ok(Exit::Done)
}

async fn export(queue: &Queue, filter: &Filter, context: &Context) -> Result<Exit, Failure> {
    let seen = Seen::read(queue, filter, context).await?;
    for message in &seen.messages {
        let line = json!({ "message_id": message_id(message), "attributes": attributes(message), "body": body(message) });
        Output::raw(format!("{line}\n").as_bytes());
    }
    context.out.note(format_args!("{} of about {} dead letters written", seen.messages.len(), seen.total));
    Ok(Exit::Done)
}

impl Redrive {
    async fn run(&self, dead_letters: &Queue, context: &Context) -> Result<Exit, Failure> {
        let filter = self.selected.filter()?;
        let queue = Queue::of(context).await?;
        if queue.url == dead_letters.url {
            return Err(Failure::Usage("queue and dead-letter queue are the same".to_owned()));
        }
        if !self.yes {
            return dry_run(dead_letters, filter, &format!("would be sent to {}", queue.name()), context)
                .await;
        }
        let mut moving = Moving::new(dead_letters, filter, context).await?;
        let mut pace = Pace::new(self.rate);
        while let Some(message) = moving.next().await {
            pace.wait().await;
            let sent = send_back(&message, &queue).await;
            moving.finish(message, sent).await;
        }
        moving.end("sent back").await
    }
}

/// Sends a dead letter to the queue: the same body, group and trace. Its deduplication id is new, because SQS swallows a
/// message whose id it has seen within five minutes.
async fn send_back(message: &Message, queue: &Queue) -> Result<(), crate::aws::AwsError> {
    let now_ms = OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000;
    let outgoing = Outgoing {
        body: body(message),
        group_id: attribute(message, &Attribute::MessageGroupId).unwrap_or("mediahook"),
        deduplication_id: &format!("redrive-{}-{now_ms}", message_id(message)),
        trace_header: attribute(message, &Attribute::AwsTraceHeader),
    };
    queue.send(&outgoing).await
}

impl Drop {
    async fn run(&self, dead_letters: &Queue, context: &Context) -> Result<Exit, Failure> {
        let filter = self.selected.filter()?;
        if !self.yes {
            return dry_run(dead_letters, filter, "would be deleted for good", context).await;
        }
        let name = dead_letters.name();
        let question = format!("To delete dead letters for good, type the queue's name ({name}):");
        let typed =
            self.queue_name.clone().or_else(|| input::ask(&question, context.options.no_input, context.out));
        if typed.as_deref() != Some(name) {
            return Err(Failure::Usage(format!("nothing was deleted: give --queue-name {name}")));
        }
        let mut moving = Moving::new(dead_letters, filter, context).await?;
        while let Some(message) = moving.next().await {
            moving.finish(message, Ok(())).await;
        }
        moving.end("deleted").await
    }
}

async fn dry_run(queue: &Queue, filter: &Filter, what: &str, context: &Context) -> Result<Exit, Failure> {
    let seen = Seen::read(queue, filter, context).await?;
    let listed: Vec<_> = seen.messages.iter().map(|message| Listed::of(message, &HashMap::new())).collect();
    for letter in &listed {
        context.out.json(letter);
    }
    context.out.json(&json!({ "dry_run": true, "meant": listed.len(), "about": seen.total }));
    context.out.table(&COLUMNS, &listed.iter().map(Listed::row).collect::<Vec<_>>());
    context.out.note(format_args!(
        "{} of about {} dead letters {what}; add --yes to do it",
        listed.len(),
        seen.total
    ));
    Ok(Exit::Done)
}

/// Takes dead letters one by one. What is finished is deleted; everything else is shown to others again at the end.
struct Moving<'a> {
    queue: &'a Queue,
    filter: &'a Filter,
    context: &'a Context,
    received: std::collections::VecDeque<Message>,
    kept: Vec<Message>,
    /// Groups with a message that failed: the later ones stay behind it.
    blocked: HashSet<String>,
    done: u64,
    failed: u64,
    /// Why no more can be received.
    broken: Option<Failure>,
    bar: indicatif::ProgressBar,
}

impl<'a> Moving<'a> {
    async fn new(queue: &'a Queue, filter: &'a Filter, context: &'a Context) -> Result<Self, Failure> {
        let total = queue.approximate_messages().await?;
        let bar = context.out.progress(Some(total), "dead letters");
        let (received, kept, blocked) = Default::default();
        Ok(Self { queue, filter, context, received, kept, blocked, done: 0, failed: 0, broken: None, bar })
    }

    async fn next(&mut self) -> Option<Message> {
        loop {
            let Some(message) = self.received.pop_front() else {
                match self.queue.receive(HIDDEN_WHILE_MOVED_S).await {
                    Ok(received) if received.is_empty() => return None,
                    Ok(received) => self.received = received.into(),
                    Err(error) => {
                        self.broken = Some(error.into());
                        return None;
                    }
                }
                continue;
            };
            let group = attribute(&message, &Attribute::MessageGroupId).unwrap_or_default();
            if is_meant(&message, self.filter) && !self.blocked.contains(group) {
                return Some(message);
            }
            self.kept.push(message);
        }
    }

    /// Deletes a message if it was sent; else it stays, and its group with it.
    async fn finish(&mut self, message: Message, sent: Result<(), crate::aws::AwsError>) {
        let finished = match sent {
            Ok(()) => self.queue.delete(&message).await,
            Err(error) => Err(error),
        };
        if let Err(error) = finished {
            self.context
                .out
                .json(&json!({ "message_id": message_id(&message), "failed": error.to_string() }));
            self.context.out.note(format_args!("{}: {error}", message_id(&message)));
            self.blocked
                .insert(attribute(&message, &Attribute::MessageGroupId).unwrap_or_default().to_owned());
            self.failed += 1;
            self.kept.push(message);
        } else {
            self.context
                .out
                .json(&json!({ "message_id": message_id(&message), "id": Event::of(body(&message)).id }));
            self.done += 1;
        }
        self.bar.inc(1);
    }

    /// Says what was done, also if an error has ended it.
    async fn end(self, what: &str) -> Result<Exit, Failure> {
        self.bar.finish_and_clear();
        self.queue.show_again(&self.kept, self.context.out).await;
        let left = self.queue.approximate_messages().await.ok();
        self.context
            .out
            .json(&json!({ what.replace(' ', "_"): self.done, "failed": self.failed, "about_left": left }));
        let left = left.map(|left| format!(", about {left} left")).unwrap_or_default();
        self.context.out.text(format_args!("{} {what}, {} failed{left}", self.done, self.failed));
        match self.broken {
            Some(failure) => Err(failure),
            None if self.failed == 0 => Ok(Exit::Done),
            None => Ok(Exit::Failed),
        }
    }
}

/// Why events became dead letters, by their ids, from the processor's log. The log may not be readable, or not have them.
async fn reasons(messages: &[Message], context: &Context) -> HashMap<String, String> {
    if context.options.stack.is_none() || messages.is_empty() {
        return HashMap::new();
    }
    let times = || messages.iter().filter_map(died);
    let margin = Duration::minutes(5);
    let since = times().min().unwrap_or(OffsetDateTime::UNIX_EPOCH) - margin;
    let until = times().max().unwrap_or_else(OffsetDateTime::now_utc) + margin;
    let find = async || -> Result<_, Failure> {
        let group = context.log_group(Function::Processor).await?;
        let pattern = r#"{ $.result = "dead_letter" }"#;
        Ok(logs::filter(context.aws().await?, &group, pattern, since, Some(until)).await?)
    };
    match find().await {
        Ok(lines) => {
            lines.into_iter().filter_map(|logged| Some((logged.line.id?, logged.line.reason?))).collect()
        }
        Err(failure) => {
            context.out.note(format_args!("without reasons: {failure}"));
            HashMap::new()
        }
    }
}

fn is_meant(message: &Message, filter: &Filter) -> bool {
    filter.accepts(&Event::of(body(message)), Some(message_id(message)))
}

fn body(message: &Message) -> &str {
    message.body.as_deref().unwrap_or_default()
}

fn message_id(message: &Message) -> &str {
    message.message_id.as_deref().unwrap_or_default()
}

/// When SQS got it.
fn died(message: &Message) -> Option<OffsetDateTime> {
    attribute(message, &Attribute::SentTimestamp)?.parse().ok().map(time_of_ms)
}

fn attributes(message: &Message) -> HashMap<&str, &str> {
    let attributes = message.attributes.iter().flatten();
    attributes.map(|(name, value)| (name.as_str(), value.as_str())).collect()
}
