//! `tail`: what happens to events, from the functions' logs.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use clap::Args;
use serde_json::{Value, json};
use time::{OffsetDateTime, UtcOffset};

use crate::aws::{Kind, call};
use crate::context::{Context, Function};
use crate::event::{Event, Filter, point_in_time, shown_time};
use crate::failure::{Exit, Failure};
use crate::items;
use crate::logs::{self, Line, Logged};
use crate::output::Tone;
use crate::queue::Queue;

/// How long a line may take to be found.
const LOGS_ARE_LATE_BY: time::Duration = time::Duration::seconds(60);
const POLL_EVERY: Duration = Duration::from_secs(2);

/// Show the last events and those that come, or the whole way of one
#[derive(Args)]
pub(crate) struct Tail {
    /// The whole way of the event with this id, and its envelope where it can be had
    #[arg(long, value_name = "ID", conflicts_with_all = ["source", "event_type"])]
    event: Option<String>,
    /// Only events of this source
    #[arg(long, value_name = "SENDER/APP")]
    source: Option<String>,
    /// Only events of this type: the whole type, or the sender's name for it
    #[arg(long = "type", value_name = "TYPE")]
    event_type: Option<String>,
    /// Begin then: a time (RFC 3339), or how long ago; 10 minutes by default, 3 days with --event
    #[arg(long, value_name = "TIME", value_parser = point_in_time)]
    since: Option<OffsetDateTime>,
    /// End with the last line that there is
    #[arg(long)]
    no_follow: bool,
}

pub(crate) async fn run(command: &Tail, context: &Context) -> Result<Exit, Failure> {
    let groups =
        [context.log_group(Function::Receiver).await?, context.log_group(Function::Processor).await?];
    let ago = |duration| OffsetDateTime::now_utc() - duration;
    if let Some(id) = &command.event {
        return the_way_of(
            id,
            &groups,
            command.since.unwrap_or_else(|| ago(time::Duration::days(3))),
            context,
        )
        .await;
    }
    let mut since = command.since.unwrap_or_else(|| ago(time::Duration::minutes(10)));
    let filter = Filter {
        source: command.source.clone(),
        event_type: command.event_type.clone(),
        ..Filter::default()
    };
    let mut seen = HashSet::new();
    let mut known = HashMap::new();
    loop {
        let mut lines = read(&groups, "", since, context).await?;
        lines.retain(|logged| stage(&logged.line).is_some() && filter.accepts(&event_of(&logged.line), None));
        lines.retain(|logged| seen.insert(logged.event_id.clone()));
        for logged in &mut lines {
            complete(&mut logged.line, &mut known);
            show(logged, context);
        }
        if command.no_follow {
            return Ok(Exit::Done);
        }
        tokio::time::sleep(POLL_EVERY).await;
        since = since.max(ago(LOGS_ARE_LATE_BY));
    }
}

async fn read(
    groups: &[String],
    pattern: &str,
    since: OffsetDateTime,
    context: &Context,
) -> Result<Vec<Logged>, Failure> {
    let mut lines = Vec::new();
    for group in groups {
        lines.extend(logs::filter(context.aws().await?, group, pattern, since, None).await?);
    }
    lines.sort_by_key(|logged| logged.at);
    Ok(lines)
}

fn event_of(line: &Line) -> Event {
    Event {
        id: line.id.clone(),
        source: line.source.clone(),
        event_type: line.event_type.clone(),
        ..Event::default()
    }
}

/// The line of a pushed event that was processed has neither subject nor outcome; an earlier line of the event has:
/// `known`, by its id.
fn complete(line: &mut Line, known: &mut HashMap<String, Line>) {
    let Some(id) = line.id.clone() else { return };
    if line.outcome.is_some() {
        known.insert(id, line.clone());
    } else if let Some(known) = known.get(&id) {
        (line.subject, line.outcome) = (known.subject.clone(), known.outcome.clone());
    }
}

/// Where an event stands after what this line says; nothing if the line is about no event.
fn stage(line: &Line) -> Option<(&'static str, Tone)> {
    let by_processor = line.result.as_deref().and_then(|result| match result {
        "duplicate" => Some(("duplicate", Tone::Good)),
        "failed" => Some(("failed", Tone::Doubtful)),
        "dead_letter" => Some(("dead", Tone::Bad)),
        _ => None,
    });
    let by_receiver = || match line.destination.as_deref()? {
        "queue" | "payload+queue" => Some(("accepted", Tone::Good)),
        "spill" => Some(("spilled", Tone::Doubtful)),
        "rejected" => Some(("rejected", Tone::Bad)),
        "lost" => Some(("lost", Tone::Bad)),
        "nowhere" => Some(("no sources", Tone::Bad)),
        _ => None,
    };
    let by_message = || match line.message.as_deref()? {
        "queued" => Some(("accepted", Tone::Good)),
        "processed" => Some(("processed", Tone::Good)),
        _ => None,
    };
    let unauthorized =
        || line.status.filter(|status| (400..500).contains(status)).map(|_| ("unauthorized", Tone::Bad));
    by_processor.or_else(by_receiver).or_else(by_message).or_else(unauthorized)
}

fn show(logged: &Logged, context: &Context) {
    let Logged { at, line, .. } = logged;
    let Some((stage, tone)) = stage(line) else { return };
    context.out.json(&json!({ "time": shown_time(*at), "stage": stage, "event": line }));
    let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let why = line.reason.as_ref().or(line.error.as_ref()).or(line.id.as_ref()).cloned().unwrap_or_default();
    let [source, event_type, outcome, subject] =
        [&line.source, &line.event_type, &line.outcome, &line.subject].map(or_dash);
    let time = shown_time(at.to_offset(UtcOffset::UTC));
    let stage = context.out.tinted(tone, &format!("{stage:12}"));
    context.out.text(format_args!("{time}  {stage}  {source}  {event_type}  {outcome}  {subject}  {why}"));
}

/// Every line of one event, its idempotency record, and its envelope.
async fn the_way_of(
    id: &str,
    groups: &[String],
    since: OffsetDateTime,
    context: &Context,
) -> Result<Exit, Failure> {
    if !id.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"') {
        return Err(Failure::Usage(format!("`{id}` is no id of an event")));
    }
    let mut lines = read(groups, &format!(r#"{{ $.id = "{id}" }}"#), since, context).await?;
    lines.retain(|logged| logged.line.id.as_deref() == Some(id));
    let mut known = HashMap::new();
    for logged in &mut lines {
        complete(&mut logged.line, &mut known);
        show(logged, context);
    }
    let record = or_note(record(id, context).await, context);
    if let Some(status) = &record {
        context.out.text(format_args!("idempotency record: {status}"));
    }
    let found = envelope(id, &lines, context).await;
    let is_nowhere = matches!(found, Ok(None));
    let envelope = or_note(found, context);
    context.out.json(&json!({ "id": id, "lines": lines.len(), "record": record, "envelope": envelope }));
    match &envelope {
        Some(envelope) => {
            context.out.text(format_args!("envelope, from {}:", envelope["place"].as_str().unwrap_or_default()));
            context.out.text(envelope["text"].as_str().unwrap_or_default());
        }
        None if is_nowhere => context.out.note("its envelope is neither in payload/, spill/ nor in the dead-letter queue; a bus may have it in its archive (aws events start-replay)"),
        None => {}
    }
    if lines.is_empty() && record.is_none() && envelope.is_none() {
        return Err(Failure::Failed(format!("nothing is known of `{id}` since {}", shown_time(since))));
    }
    Ok(Exit::Done)
}

/// What could not be found out is said, and costs no other part.
fn or_note<T>(found: Result<Option<T>, Failure>, context: &Context) -> Option<T> {
    found.unwrap_or_else(|failure| {
        context.out.note(failure);
        None
    })
}

/// The status of its idempotency record.
pub(super) async fn record(id: &str, context: &Context) -> Result<Option<String>, Failure> {
    let table = context.table().await?;
    let get = context.aws().await?.dynamodb().get_item().table_name(&table).consistent_read(true);
    let get = get.key("id", AttributeValue::S(id.to_owned())).send();
    let answer = call("dynamodb:GetItem", &table, get).await?;
    let status = answer.item.and_then(|item| item.get("status")?.as_s().ok().cloned());
    Ok(status)
}

/// Its envelope, or its data, wherever it still is.
async fn envelope(id: &str, lines: &[Logged], context: &Context) -> Result<Option<Value>, Failure> {
    let accepted = lines.iter().find(|logged| logged.line.source.is_some());
    if let Some(Logged { at, line, .. }) = accepted
        && let Some(source) = &line.source
    {
        let (bucket, day) = (context.bucket().await?, at.date());
        let day = format!("{}/{:04}/{:02}/{:02}/", source, day.year(), u8::from(day.month()), day.day());
        for prefix in ["payload/", "spill/"] {
            if let Some(key) = key_with(&bucket, &format!("{prefix}{day}"), id, context).await? {
                let text = String::from_utf8_lossy(&items::get(&bucket, &key, context).await?).into_owned();
                return Ok(Some(json!({ "place": format!("s3://{bucket}/{key}"), "text": text })));
            }
        }
    }
    let queue = Queue::dead_letters_of(context).await?;
    let mut found = None;
    let mut received = Vec::new();
    while found.is_none() {
        let messages = queue.receive(30).await?;
        if messages.is_empty() {
            break;
        }
        let body = messages
            .iter()
            .filter_map(|message| message.body.clone())
            .find(|body| Event::of(body).id.as_deref() == Some(id));
        found = body.map(|text| json!({ "place": "the dead-letter queue", "text": text }));
        received.extend(messages);
    }
    queue.show_again(&received, context.out).await;
    Ok(found)
}

async fn key_with(
    bucket: &str,
    prefix: &str,
    id: &str,
    context: &Context,
) -> Result<Option<String>, Failure> {
    let resource = format!("s3://{bucket}/{prefix}");
    // The name in `payload/` is the id; in `spill/` the time is in front of it.
    let exact = if prefix.starts_with("payload/") { format!("{prefix}{id}") } else { prefix.to_owned() };
    let list = context.aws().await?.s3().list_objects_v2().bucket(bucket).prefix(exact).send();
    let page = match call("s3:ListBucket", &resource, list).await {
        Ok(page) => page,
        Err(error) if error.kind == Kind::Missing => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let keys = page.contents.unwrap_or_default().into_iter().filter_map(|object| object.key);
    Ok(keys.into_iter().find(|key| key.ends_with(&format!("{id}.json"))))
}
