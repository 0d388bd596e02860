//! What became of each request and event, for the page and the table.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use aws_lambda_events::sqs::SqsBatchResponse;
use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::sync::watch;

/// So many entries are kept.
const MAX_ENTRIES: usize = 300;
/// So many characters of a request's body are shown.
const SHOWN_BODY: usize = 20_000;

/// Where an event is, or how it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// In the sender's own queue.
    WithSender,
    /// In the queue.
    Queued,
    /// In `spill/` of the bucket, until the puller moves it to the queue.
    Spilled,
    /// Failed, and redelivered soon.
    Retrying,
    /// Behind a failed event of its media asset.
    Held,
    /// The handler succeeded.
    Delivered,
    /// In the dead-letter queue.
    DeadLetter,
    /// The same event as an earlier one.
    Duplicate,
    /// 401.
    Unauthorized,
    /// 400: the body is in `rejected/` of the bucket.
    Unprocessable,
    /// 503: the body is in the log.
    Unavailable,
    /// 404, 405.
    NotFound,
}

impl State {
    /// Nothing more happens to it by itself.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::WithSender | Self::Queued | Self::Spilled | Self::Retrying | Self::Held)
    }
}

/// A request, or an event that came without one.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    pub number: u64,
    pub at: String,
    pub state: State,
    /// The name of the source.
    pub source: String,
    pub event_type: Option<String>,
    pub id: Option<String>,
    pub subject: Option<String>,
    pub outcome: Option<String>,
    /// How often the queue delivered it.
    pub attempts: u32,
    pub request: Option<Request>,
    pub answer: Option<Answer>,
    /// As it was in the queue.
    pub envelope: Option<String>,
    pub steps: Vec<Step>,
    /// The lines of the log that name it.
    pub log: Vec<Value>,
}

/// What the sender sent.
#[derive(Clone, Debug, Serialize)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
    /// As it is sent again.
    #[serde(skip)]
    pub whole_body: hyper::body::Bytes,
}

/// What the receiver answered.
#[derive(Clone, Debug, Serialize)]
pub struct Answer {
    pub status: u16,
    pub ms: f64,
    pub body: String,
}

/// One thing that happened.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    pub at: String,
    pub text: String,
    /// `good`, `bad` or `neutral`.
    pub tone: &'static str,
}

/// The entries, and a number that grows with each change.
pub(super) struct Journal {
    entries: Mutex<Vec<Entry>>,
    version: watch::Sender<u64>,
}

impl Request {
    pub(super) fn of(request: &crate::http::Request) -> Self {
        let headers = request.headers().iter();
        let headers = headers.map(|(n, v)| (n.to_string(), v.to_str().unwrap_or_default().to_owned()));
        Self {
            method: request.method().to_string(),
            path: request.uri().to_string(),
            headers: headers.collect(),
            body: String::from_utf8_lossy(request.body()).chars().take(SHOWN_BODY).collect(),
            whole_body: request.body().clone(),
        }
    }

    /// The source that the path names.
    fn source(&self) -> String {
        self.path.trim_start_matches('/').splitn(3, '/').take(2).collect::<Vec<_>>().join("/")
    }
}

impl Journal {
    pub(super) fn new() -> Self {
        Self { entries: Mutex::default(), version: watch::Sender::new(1) }
    }

    pub(super) fn version(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    pub(super) fn entries(&self) -> Vec<Entry> {
        self.entries.lock().expect("the journal").clone()
    }

    pub(super) fn clear(&self) {
        self.change(|entries| entries.retain(|entry| !entry.state.is_final()));
    }

    /// Something that is not in the entries changed.
    pub(super) fn changed(&self) {
        self.version.send_modify(|version| *version += 1);
    }

    fn change<T>(&self, change: impl FnOnce(&mut Vec<Entry>) -> T) -> T {
        let changed = {
            let mut entries = self.entries.lock().expect("the journal");
            let changed = change(&mut entries);
            let surplus = entries.len().saturating_sub(MAX_ENTRIES);
            entries.drain(..surplus);
            changed
        };
        self.changed();
        changed
    }

    /// A request was answered. `spilled` says whether its event is in `spill/`.
    pub(super) fn answered(
        &self,
        request: Request,
        (status, body, took): (u16, String, Duration),
        log: Vec<Value>,
        spilled: bool,
    ) -> u64 {
        let answered: Value = serde_json::from_str(&body).unwrap_or_default();
        let id = answered["id"].as_str().map(String::from);
        let ms = (took.as_secs_f64() * 10_000.0).round() / 10.0;
        let answer = Some(Answer { status, ms, body });
        self.change(|entries| {
            // The queue may be faster than the answer: then the event's entry is there already.
            let received = entries.iter_mut().find(|e| id.is_some() && e.id == id && e.request.is_none());
            if let Some(entry) = received {
                entry.answer = answer;
                entry.request = Some(request);
                entry.log.splice(..0, log);
                return entry.number;
            }
            let mut entry = Entry::new(entries, request.source());
            let earlier = id.as_ref().and_then(|id| entries.iter().find(|e| e.id.as_ref() == Some(id)));
            let (state, text, tone) = match (status, earlier) {
                (200, Some(earlier)) => {
                    let text = format!("200: the same event as #{}, so the queue drops it", earlier.number);
                    (State::Duplicate, text, "neutral")
                }
                (200, None) if spilled => {
                    (State::Spilled, "200: SQS failed, so the envelope is in spill/".to_owned(), "neutral")
                }
                (200, None) => (State::Queued, "200: in the queue".to_owned(), "good"),
                (400, _) => {
                    (State::Unprocessable, "400: authentic, but no event; in rejected/".to_owned(), "bad")
                }
                (401, _) => (State::Unauthorized, "401: not authentic; nothing is stored".to_owned(), "bad"),
                (503, _) => {
                    let text = "503: queue and bucket failed; the body is in the log".to_owned();
                    (State::Unavailable, text, "bad")
                }
                (status, _) => (State::NotFound, format!("{status}: nothing is stored"), "bad"),
            };
            // Of another event with this id, the first tells where it is.
            if let Some(earlier) = earlier {
                entry.clone_event(earlier);
            }
            entry.state = state;
            entry.id = id;
            entry.step("the request arrived".to_owned(), "neutral");
            entry.step(text, tone);
            entry.answer = answer;
            entry.request = Some(request);
            entry.log = log;
            let number = entry.number;
            entries.push(entry);
            number
        })
    }

    /// An event is in its sender's own queue.
    pub(super) fn with_sender(&self, source: String, body: &str) -> u64 {
        self.change(|entries| {
            let mut entry = Entry::new(entries, source);
            entry.state = State::WithSender;
            entry.step("in the sender's own queue: the puller fetches it".to_owned(), "neutral");
            entry.request = Some(Request {
                method: "PULL".to_owned(),
                path: String::new(),
                headers: Vec::new(),
                body: body.chars().take(SHOWN_BODY).collect(),
                whole_body: hyper::body::Bytes::from(body.to_owned()),
            });
            let number = entry.number;
            entries.push(entry);
            number
        })
    }

    /// The queue delivered these records.
    pub(super) fn received(&self, records: &[Value]) {
        self.change(|entries| {
            for record in records {
                let Some(envelope) = envelope(record) else { continue };
                let source = envelope["source"].as_str().unwrap_or_default();
                let at = find(entries, &envelope).unwrap_or_else(|| {
                    let entry = Entry::new(entries, source.to_owned());
                    entries.push(entry);
                    entries.len() - 1
                });
                let entry = &mut entries[at];
                entry.read(&envelope);
                entry.envelope = record["body"].as_str().map(String::from);
                let receives = record["attributes"]["ApproximateReceiveCount"].as_str().unwrap_or_default();
                entry.attempts = receives.parse().unwrap_or_default();
                if entry.state == State::Spilled {
                    entry.step("the puller moved it from spill/ to the queue".to_owned(), "good");
                }
                if entry.state == State::WithSender {
                    entry.step("the puller fetched it, and confirmed it to the sender".to_owned(), "good");
                }
                entry.step(format!("receive {receives} by the processor"), "neutral");
            }
        });
    }

    /// The processor answered for these records. `calls` says for which events the handler was called, and whether
    /// it succeeded.
    pub(super) fn processed(
        &self,
        records: &[Value],
        response: &SqsBatchResponse,
        calls: &HashMap<String, bool>,
    ) {
        let is_failed = |record: &Value| {
            let failed = &response.batch_item_failures;
            failed.iter().any(|failure| record["messageId"] == failure.item_identifier.as_str())
        };
        self.change(|entries| {
            for record in records {
                let Some(envelope) = envelope(record) else { continue };
                let Some(at) = find(entries, &envelope) else { continue };
                let entry = &mut entries[at];
                let called = entry.id.as_ref().and_then(|id| calls.get(id)).copied();
                let (state, text, tone) = match (called, is_failed(record)) {
                    (Some(true), _) => (State::Delivered, "the handler succeeded", "good"),
                    (Some(false), true) => {
                        (State::Retrying, "the handler failed: redelivered within a second", "bad")
                    }
                    (Some(false), false) => {
                        (State::DeadLetter, "the handler failed at the last receive: dead letter", "bad")
                    }
                    (None, true) => {
                        (State::Held, "waits behind a failed event of its media asset", "neutral")
                    }
                    (None, false) => (State::Delivered, "completed before: not handled again", "neutral"),
                };
                entry.state = state;
                entry.step(text.to_owned(), tone);
            }
        });
    }

    /// A message is in the dead-letter queue.
    pub(super) fn dead_letter(&self, body: &str) {
        self.change(|entries| {
            let envelope = serde_json::from_str(body).unwrap_or_default();
            let at = find(entries, &envelope).unwrap_or_else(|| {
                let mut entry = Entry::new(entries, "(nobody)".to_owned());
                entry.event_type = Some("a message that is no envelope".to_owned());
                entries.push(entry);
                entries.len() - 1
            });
            let entry = &mut entries[at];
            entry.state = State::DeadLetter;
            entry.step("in the dead-letter queue, until somebody redrives it".to_owned(), "bad");
        });
    }

    /// The dead letters are in the queue again.
    pub(super) fn redriven(&self) {
        self.change(|entries| {
            entries.retain(|entry| entry.state != State::DeadLetter || entry.id.is_some());
            for entry in entries.iter_mut().filter(|entry| entry.state == State::DeadLetter) {
                entry.state = State::Queued;
                entry.step("redriven: in the queue again".to_owned(), "neutral");
            }
        });
    }

    /// A line of the log that belongs to no request.
    pub(super) fn log(&self, line: &Value) {
        let Some(id) = line["id"].as_str() else { return };
        self.change(|entries| {
            let entry = entries.iter_mut().find(|entry| entry.id.as_deref() == Some(id));
            if let Some(entry) = entry {
                entry.log.push(line.clone());
            }
        });
    }
}

impl Entry {
    fn new(entries: &[Entry], source: String) -> Self {
        Self {
            number: entries.iter().map(|entry| entry.number).max().unwrap_or_default() + 1,
            at: now(),
            state: State::Queued,
            source,
            event_type: None,
            id: None,
            subject: None,
            outcome: None,
            attempts: 0,
            request: None,
            answer: None,
            envelope: None,
            steps: Vec::new(),
            log: Vec::new(),
        }
    }

    fn step(&mut self, text: String, tone: &'static str) {
        self.steps.push(Step { at: now(), text, tone });
    }

    fn read(&mut self, envelope: &Value) {
        let text = |name: &str| envelope[name].as_str().map(String::from);
        self.id = text("id");
        self.event_type = text("type");
        self.subject = text("subject");
        self.outcome = text("outcome");
    }

    fn clone_event(&mut self, earlier: &Entry) {
        self.event_type.clone_from(&earlier.event_type);
        self.subject.clone_from(&earlier.subject);
        self.outcome.clone_from(&earlier.outcome);
        self.envelope.clone_from(&earlier.envelope);
    }
}

fn envelope(record: &Value) -> Option<Value> {
    serde_json::from_str(record["body"].as_str()?).ok().filter(Value::is_object)
}

/// The entry of an event: the one with its id, else the first from its source that is still with the sender.
fn find(entries: &[Entry], envelope: &Value) -> Option<usize> {
    let id = envelope["id"].as_str()?;
    let has_id = entries.iter().position(|entry| entry.id.as_deref() == Some(id));
    has_id.or_else(|| {
        let data = envelope["data"].to_string();
        entries.iter().position(|entry| {
            let waits = entry.state == State::WithSender && envelope["source"] == entry.source.as_str();
            let body =
                entry.request.as_ref().and_then(|request| serde_json::from_str::<Value>(&request.body).ok());
            waits && body.is_some_and(|body| format!("{body}") == data)
        })
    })
}

fn now() -> String {
    OffsetDateTime::now_utc().format(&Rfc3339).unwrap_or_default()
}
