//! `replay FROM…`: events that were rejected, spilled, lost or exported, once more to the queue or to a receiver.

use clap::{Args, ValueEnum};
use mediahook::ingest;
use mediahook_events::{Channel, CloudEvent};
use serde_json::json;
use time::OffsetDateTime;

use crate::aws::call;
use crate::callback::{Callback, Http};
use crate::context::Context;
use crate::event::{Event, Filter};
use crate::failure::{Exit, Failure};
use crate::items::{self, Content, Item, Place};
use crate::queue::{Outgoing, Pace, Queue};
use crate::sources::Document;

/// Send events again: what was rejected, spilled, lost in the log, or exported
///
/// An event keeps its id and every digit of its numbers, so what was processed already is not processed again.
#[derive(Args)]
pub(crate) struct Replay {
    /// `s3://BUCKET/PREFIX`, rejected/… or spill/… of the stack's bucket, or a file or `-`: an export of the log or of the
    /// dead-letter queue, envelopes, or bodies as the sender sent them (with --source, which names the sender)
    #[arg(required = true)]
    from: Vec<String>,
    /// Where to
    #[arg(long, value_name = "WHERE", default_value = "queue")]
    to: Target,
    #[command(flatten)]
    filter: Filter,
    /// At most this many a second
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    rate: Option<u32>,
    /// Do it; without it, only show what would be done
    #[arg(long)]
    yes: bool,
}

/// Where an event is sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Target {
    /// To the queue, as an envelope
    Queue,
    /// To the receiver, as a freshly signed callback of its sender
    Url,
}

pub(crate) async fn run(command: &Replay, context: &Context) -> Result<Exit, Failure> {
    let mut places = Vec::new();
    for from in &command.from {
        places.extend(items::find(from, context).await?);
    }
    let mut replay = Replaying::new(command, context).await?;
    let bar = context.out.progress(Some(places.len() as u64), "events");
    let mut ended = Ok(());
    for place in places {
        ended = replay.one(place).await;
        if ended.is_err() {
            break;
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    let exit = replay.end();
    ended.map(|()| exit)
}

struct Replaying<'a> {
    command: &'a Replay,
    context: &'a Context,
    /// The document, if the stack or the command line has one: bodies and callbacks need it.
    sources: Result<Document, Failure>,
    sink: Sink,
    pace: Pace,
    sent: u64,
    skipped: u64,
    failed: u64,
    rows: Vec<Vec<String>>,
}

enum Sink {
    Queue { queue: Queue, max_bytes: usize },
    Url { url: String, http: Http },
    Nowhere,
}

/// What is sent of an item.
enum Sendable {
    Envelope(Box<CloudEvent>),
    Callback { source: String, body: Vec<u8> },
}

impl<'a> Replaying<'a> {
    async fn new(command: &'a Replay, context: &'a Context) -> Result<Self, Failure> {
        let sink = match command.to {
            _ if !command.yes => Sink::Nowhere,
            Target::Url => {
                Sink::Url { url: context.url().await?, http: Http::new(context.options.timeout())? }
            }
            Target::Queue => {
                let queue = Queue::of(context).await?;
                let limit =
                    queue.attributes().await?.get("MaximumMessageSize").and_then(|bytes| bytes.parse().ok());
                Sink::Queue { queue, max_bytes: limit.unwrap_or(256 * 1024) }
            }
        };
        let (sources, pace) = (context.sources().await, Pace::new(command.rate));
        Ok(Self { command, context, sources, sink, pace, sent: 0, skipped: 0, failed: 0, rows: Vec::new() })
    }

    async fn one(&mut self, place: Place) -> Result<(), Failure> {
        let name = place.name();
        let item = match place.read(self.context).await {
            // It was listed: the puller has moved it to the queue in the meantime.
            Err(Failure::Failed(why)) => {
                self.skipped += 1;
                self.record(&name, &Event::default(), Err(format!("skipped: {why}")));
                return Ok(());
            }
            read => read?,
        };
        let (item, sendable) = self.prepare(item).await;
        if !self.command.filter.accepts(&item.event, None) {
            return Ok(());
        }
        let result = match sendable {
            Err(why) => {
                self.skipped += 1;
                Err(format!("skipped: {why}"))
            }
            Ok(_) if !self.command.yes => Ok("would be sent".to_owned()),
            Ok(sendable) => {
                self.pace.wait().await;
                let sent = self.send(sendable).await;
                if sent.is_ok() {
                    self.sent += 1;
                } else {
                    self.failed += 1;
                }
                sent.map_err(|failure| format!("failed: {failure}"))
            }
        };
        self.record(&item.place, &item.event, result);
        Ok(())
    }

    /// What an item is sent as, or why it cannot be sent. A body gets the attributes of its event.
    async fn prepare(&self, mut item: Item) -> (Item, Result<Sendable, String>) {
        if item.event.source.is_none() {
            item.event.source.clone_from(&self.command.filter.source);
        }
        let built = match &item.content {
            Content::Body(body) => self.build(&item.event, body),
            Content::Envelope(text) => {
                ingest::envelope::parse(text).map_err(|error| format!("no envelope: {error}"))
            }
        };
        let source = item.event.source.clone();
        if let (Content::Body(_), Ok(envelope)) = (&item.content, &built) {
            item.event = Event::of(&ingest::message(envelope).body);
        }
        let sendable = match (self.command.to, &item.content) {
            (Target::Queue, _) => built.map(|envelope| Sendable::Envelope(Box::new(envelope))),
            (Target::Url, Content::Envelope(_)) => self.data(built).await,
            (Target::Url, Content::Body(body)) => self.callback(source.as_deref(), body.clone()),
        };
        (item, sendable)
    }

    /// The envelope of a body, with the id that it would have had.
    fn build(&self, event: &Event, body: &[u8]) -> Result<CloudEvent, String> {
        let document = self.sources.as_ref().map_err(ToString::to_string)?;
        let name = event.source.as_deref().ok_or("the body does not name its source: give --source")?;
        let source = document.get(name).map_err(|failure| failure.to_string())?;
        let received = event.received().unwrap_or_else(OffsetDateTime::now_utc);
        ingest::build(source.parsed, body, Channel::Push, None, received).map_err(|error| error.to_string())
    }

    /// The callback of an envelope: its data, which may be in the bucket.
    async fn data(&self, envelope: Result<CloudEvent, String>) -> Result<Sendable, String> {
        let envelope = envelope?;
        let data = match (&envelope.data, &envelope.dataref) {
            (Some(data), _) => data.get().as_bytes().to_vec(),
            (None, dataref) => {
                let (bucket, key) = dataref
                    .as_deref()
                    .and_then(|place| place.strip_prefix("s3://")?.split_once('/'))
                    .unwrap_or_default();
                items::get(bucket, key, self.context).await.map_err(|failure| failure.to_string())?
            }
        };
        self.callback(Some(&envelope.source), data)
    }

    fn callback(&self, source: Option<&str>, body: Vec<u8>) -> Result<Sendable, String> {
        let document = self.sources.as_ref().map_err(ToString::to_string)?;
        let name = source.ok_or("the body does not name its source: give --source")?;
        let source = document.get(name).map_err(|failure| failure.to_string())?;
        if !source.parsed.takes_push() {
            return Err(format!("{name} takes no push: send it to the queue"));
        }
        Ok(Sendable::Callback { source: name.to_owned(), body })
    }

    async fn send(&self, sendable: Sendable) -> Result<String, Failure> {
        match (&self.sink, sendable) {
            (Sink::Queue { queue, max_bytes }, Sendable::Envelope(mut envelope)) => {
                if ingest::message(&envelope).body.len() > *max_bytes {
                    self.leave_data_in_bucket(&mut envelope).await?;
                }
                let message = ingest::message(&envelope);
                let outgoing = Outgoing {
                    body: &message.body,
                    group_id: &message.group_id,
                    deduplication_id: &message.deduplication_id,
                    trace_header: message.trace_header.as_deref(),
                };
                queue.send(&outgoing).await?;
                Ok("sent".to_owned())
            }
            (Sink::Url { url, http }, Sendable::Callback { source, body }) => {
                let document =
                    self.sources.as_ref().map_err(|failure| Failure::Failed(failure.to_string()))?;
                let now_s = OffsetDateTime::now_utc().unix_timestamp();
                let answered =
                    http.send(Callback::new(&document.get(&source)?, url, body, None, now_s)).await?;
                match answered.status {
                    200 => Ok("200".to_owned()),
                    status => Err(Failure::Failed(format!("answered {status}"))),
                }
            }
            _ => Ok("nothing to send".to_owned()),
        }
    }

    /// The claim check, as the receiver does it for an event that is too large for the queue.
    async fn leave_data_in_bucket(&self, envelope: &mut CloudEvent) -> Result<(), Failure> {
        let Some(data) = envelope.data.take() else { return Ok(()) };
        let (bucket, key) = (self.context.bucket().await?, ingest::object_keys::payload(envelope));
        let put = self
            .context
            .aws()
            .await?
            .s3()
            .put_object()
            .bucket(&bucket)
            .key(&key)
            .content_type("application/json");
        let put = put.body(data.get().as_bytes().to_vec().into()).send();
        let place = format!("s3://{bucket}/{key}");
        call("s3:PutObject", &place, put).await?;
        envelope.dataref = Some(place);
        Ok(())
    }

    fn record(&mut self, place: &str, event: &Event, result: Result<String, String>) {
        let (is_ok, text) = match result {
            Ok(text) => (true, text),
            Err(text) => (false, text),
        };
        self.context.out.json(&json!({ "place": place, "event": event, "ok": is_ok, "result": text }));
        let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        let Event { recordedtime, source, event_type, id, .. } = event;
        let [received, source, event_type, id] = [recordedtime, source, event_type, id].map(or_dash);
        self.rows.push(vec![received, source, event_type, id, text, place.to_owned()]);
    }

    fn end(self) -> Exit {
        let Self { sent, skipped, failed, rows, context, command, .. } = self;
        let meant = rows.len();
        context.out.table(&["received", "source", "type", "id", "result", "place"], &rows);
        context.out.json(&json!({ "dry_run": !command.yes, "meant": meant, "sent": sent, "skipped": skipped, "failed": failed }));
        if command.yes {
            context.out.note(format_args!("{sent} sent, {skipped} skipped, {failed} failed"));
        } else {
            context.out.note(format_args!(
                "{} would be sent, {skipped} skipped; add --yes to do it",
                meant as u64 - skipped
            ));
        }
        if skipped + failed == 0 { Exit::Done } else { Exit::Failed }
    }
}
