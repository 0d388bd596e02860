//! All of mediahook in one process: the receiver behind a function URL, the puller between fakes of both senders'
//! queues, an embedded AWS with its event source mapping and dead-letter queue, the processor, and a page that shows
//! them. No account, nothing leaves this machine.

mod functions;
mod handler;
mod journal;
mod page;
mod samples;

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use mediahook::events::CloudEvent;
use mediahook::sources::Sources;
use mediahook::telemetry;
use mediahook_senders::SENDERS;
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio::net::TcpListener;

pub use journal::{Answer, Entry, State, Step};

use crate::cloud::{BUCKET, Cloud, Fault};
use crate::event_source_mapping::Mapping;
use crate::fifo::Fifo;
use crate::mns::Mns;
use crate::senders_api::{ACCESS_KEY_ID, ACCESS_KEY_SECRET, SendersApi};
use crate::signing::{signed, text};
use crate::tencent_vod::TencentVod;
use crate::{function_url, http};
use functions::Functions;
use handler::DemoHandler;
use journal::{Journal, Request};

/// The key that signs Tencent's samples.
pub const SIGN_KEY: &str = "DemoSignKey2026";
/// The token of `tencent-vod/token`.
pub const PATH_TOKEN: &str = "demo-path-token";
/// The key that signs Alibaba's samples.
pub const AUTH_KEY: &str = "DemoAuthKey2026";
/// The queue's.
pub const MAX_RECEIVE_COUNT: u32 = 3;

/// What the fakes hand out is redelivered after this long, as by the real senders.
const PULL_VISIBILITY: Duration = Duration::from_secs(30);
/// What the processor reports failed is redelivered after this long.
const REDELIVERED_AFTER: Duration = Duration::from_secs(1);
/// How often an idle event source mapping looks into the queue.
const POLL: Duration = Duration::from_millis(50);
/// More than the queue's limit of 256 KiB.
const LARGE: usize = 300 * 1024;

tokio::task_local! {
    /// The lines of the log of the request that this task answers.
    static LINES: RefCell<Vec<Value>>;
}

/// How a sample is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// Signed, as the sender does.
    Signed,
    /// Signed with somebody else's key.
    Forged,
    /// Signed too long ago.
    Stale,
    /// Signed, and too large for the queue.
    Large,
    /// Authentic, but no event.
    NoEvent,
}

/// Everything around and of mediahook, on loopback.
pub struct Local {
    /// Of the function URL and the page.
    pub address: SocketAddr,
    cloud: Cloud,
    functions: Functions,
    handler: DemoHandler,
    journal: Arc<Journal>,
    queue_url: String,
    queue: tokio::sync::Mutex<Fifo>,
    dead_letter_queue: Mapping,
    dead_letters: Mutex<Vec<DeadLetter>>,
    tencent: TencentVod,
    mns: Mns,
    /// The queue of ApsaraVideo VOD.
    vod: Mns,
    queue_fails: AtomicBool,
    bucket_fails: AtomicBool,
    /// What the page says of the handler.
    handler_mode: Mutex<String>,
    last_pull: Mutex<Value>,
}

struct DeadLetter {
    body: String,
    group: String,
}

impl Local {
    /// Starts all of it. `log` gets each line of the functions' log.
    ///
    /// # Errors
    /// The port is taken.
    pub async fn start(port: u16, log: impl Fn(&str) + Send + Sync + 'static) -> io::Result<Arc<Self>> {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let address = listener.local_addr()?;
        telemetry::init(&[("AWS_LAMBDA_LOG_LEVEL", "FATAL")].into_iter().collect(), env!("CARGO_CRATE_NAME"));
        let cloud = Cloud::start().await;
        cloud.table().create().await;
        let (queue_url, dead_letter_url) = cloud.queues(MAX_RECEIVE_COUNT, 1).await;
        let (tencent, mns) = (TencentVod::start(PULL_VISIBILITY).await, Mns::start(PULL_VISIBILITY).await);
        let vod = Mns::start(PULL_VISIBILITY).await;
        let (journal, handler) = (Arc::new(Journal::new()), DemoHandler::new());
        let sources = sources(address, &tencent, &mns, &vod);
        let write = {
            let journal = Arc::clone(&journal);
            move |line: &str| {
                log(line);
                let line: Value = serde_json::from_str(line).unwrap_or_default();
                let of_request = LINES.try_with(|lines| lines.borrow_mut().push(line.clone()));
                if of_request.is_err() {
                    journal.log(&line);
                }
            }
        };
        let queues = (queue_url.as_str(), dead_letter_url.as_str());
        let local = Arc::new(Self {
            address,
            functions: Functions::new(&cloud, sources, queues, handler.clone(), write),
            handler,
            journal,
            queue: tokio::sync::Mutex::new(Fifo::new(
                Mapping::new(cloud.sqs(), &queue_url),
                MAX_RECEIVE_COUNT as usize,
            )),
            dead_letter_queue: Mapping::new(cloud.sqs(), &dead_letter_url),
            queue_url,
            cloud,
            dead_letters: Mutex::default(),
            tencent,
            mns,
            vod,
            queue_fails: AtomicBool::new(false),
            bucket_fails: AtomicBool::new(false),
            handler_mode: Mutex::new("works".to_owned()),
            last_pull: Mutex::default(),
        });
        tokio::spawn(serve(listener, Arc::clone(&local)));
        tokio::spawn(process(Arc::clone(&local)));
        Ok(local)
    }

    /// Every request and event so far.
    pub fn entries(&self) -> Vec<Entry> {
        self.journal.entries()
    }

    /// Waits until nothing is on its way, or so long, and has the puller fetch what waits for it. Whether nothing is.
    pub async fn settle(&self, within: Duration) -> bool {
        let began = Instant::now();
        loop {
            let entries = self.entries();
            let is_settled = entries.iter().all(|entry| entry.state.is_final());
            if is_settled || began.elapsed() > within {
                return is_settled;
            }
            if entries.iter().any(|entry| matches!(entry.state, State::Spilled | State::WithSender)) {
                self.pull();
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Sends a sample to the receiver, as its sender would. `fresh`: as a new event. The number of its entry.
    ///
    /// # Errors
    /// There is no such sample.
    pub async fn send(&self, sender: &str, name: &str, how: How, fresh: bool) -> Result<u64, String> {
        let mut body = samples::body(sender, name)?;
        if fresh {
            body = samples::fresh(&body);
        }
        let now_s = OffsetDateTime::now_utc().unix_timestamp();
        match how {
            How::Large => body = samples::with_member(&body, "Padding", &"x".repeat(LARGE)),
            How::NoEvent => "[]".clone_into(&mut body),
            How::Signed | How::Forged | How::Stale => {}
        }
        let is_forged = how == How::Forged;
        let mut path = format!("/{sender}/demo");
        let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        let known = SENDERS.iter().find(|known| known.name() == sender).ok_or("no such sender")?;
        if sender == "tencent-vod" && how == How::NoEvent {
            path = format!("/tencent-vod/token/{PATH_TOKEN}");
        } else {
            let own_key = if sender == "tencent-vod" { SIGN_KEY } else { AUTH_KEY };
            let key = if is_forged { "SomebodyElsesKey" } else { own_key };
            let signed_at = if how == How::Stale { now_s - 3600 } else { now_s };
            let url = format!("http://{}{path}", self.address);
            let (head, signed_body) = signed(*known, &body, &url, key, signed_at).into_parts();
            headers.extend(head.headers.iter().map(|(name, value)| (name.to_string(), text(value))));
            body = String::from_utf8(signed_body).map_err(|_| "a body that is no text")?;
        }
        Ok(self.request("POST", &path, &headers, body).await)
    }

    /// Sends the request of an entry again, byte for byte, as a sender does that had no answer.
    ///
    /// # Errors
    /// The entry has no request.
    pub async fn resend(&self, number: u64) -> Result<u64, String> {
        let entries = self.entries();
        let entry = entries.iter().find(|entry| entry.number == number);
        let request =
            entry.and_then(|entry| entry.request.as_ref()).filter(|request| request.method != "PULL");
        let Request { method, path, headers, whole_body, .. } =
            request.ok_or_else(|| format!("#{number} has no request"))?;
        let is_senders = |name: &str| name.starts_with("x-") || name == "content-type";
        let headers: Vec<_> = headers.iter().filter(|(name, _)| is_senders(name)).cloned().collect();
        Ok(self.request(method, path, &headers, whole_body.clone()).await)
    }

    async fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(String, String)],
        body: impl Into<hyper::body::Bytes>,
    ) -> u64 {
        let mut headers: Vec<_> = headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        headers.push((WANTS_NUMBER, "1"));
        let answer = http::send(self.address, method, path, &headers, body).await;
        let number = answer.headers.get(WANTS_NUMBER).and_then(|number| number.to_str().ok()?.parse().ok());
        number.unwrap_or_default()
    }

    /// Puts a sample into its sender's own queue. The number of its entry.
    ///
    /// # Errors
    /// There is no such sample.
    pub fn put_into_sender_queue(&self, sender: &str, name: &str) -> Result<u64, String> {
        let body = samples::fresh(&samples::body(sender, name)?);
        let inbox = match sender {
            "tencent-vod" => &self.tencent.inbox,
            "alibaba-ims" => &self.mns.inbox,
            _ => &self.vod.inbox,
        };
        inbox.put(body.as_str());
        Ok(self.journal.with_sender(format!("{sender}/pulled"), &body))
    }

    /// What is left in the senders' own queues.
    pub fn left_with_senders(&self) -> usize {
        self.tencent.inbox.unconfirmed() + self.mns.inbox.unconfirmed() + self.vod.inbox.unconfirmed()
    }

    /// Puts a message into the queue that no processor can read.
    pub async fn send_rubbish(&self) {
        self.enqueue("no envelope", "rubbish").await;
    }

    /// Runs the puller once. Its summary.
    pub fn pull(&self) -> Value {
        let summary = self.functions.pull();
        self.last_pull.lock().expect("the summary").clone_from(&summary);
        self.journal.changed();
        summary
    }

    /// From now on SQS fails, or works again.
    pub async fn fail_queue(&self, fails: bool) {
        let _no_batch_is_under_way = self.queue.lock().await;
        self.queue_fails.store(fails, Ordering::Relaxed);
        self.cloud.sqs_faults(move |_| if fails { Fault::Error } else { Fault::None });
        self.journal.changed();
    }

    /// From now on S3 fails, or works again.
    pub fn fail_bucket(&self, fails: bool) {
        self.bucket_fails.store(fails, Ordering::Relaxed);
        self.cloud.s3_faults(move |_| if fails { Fault::Error } else { Fault::None });
        self.journal.changed();
    }

    /// From now on these calls of the handler fail: by the event, and the number of the attempt from 1.
    pub fn fail_handler_when(&self, fails: impl Fn(&CloudEvent, u32) -> bool + Send + Sync + 'static) {
        self.handler.fail_when(Box::new(fails));
    }

    /// Moves the dead letters back to the queue.
    pub async fn redrive(&self) {
        let dead_letters = std::mem::take(&mut *self.dead_letters.lock().expect("the dead letters"));
        self.journal.redriven();
        for DeadLetter { body, group } in dead_letters {
            self.enqueue(&body, &group).await;
        }
    }

    async fn enqueue(&self, body: &str, group: &str) {
        let deduplication = samples::next_number().to_string();
        let message = self.cloud.sqs().send_message().queue_url(&self.queue_url).message_body(body);
        let message = message.message_group_id(group).message_deduplication_id(deduplication);
        message.send().await.expect("a message in the queue");
    }

    /// One turn of the event source mapping. Whether there was a batch.
    async fn turn(&self) -> bool {
        let mut queue = self.queue.lock().await;
        if self.queue_fails.load(Ordering::Relaxed) {
            return false;
        }
        let records = queue.receive().await;
        if !records.is_empty() {
            self.journal.received(&records);
            let response = self.functions.process(&records).await;
            self.journal.processed(&records, &response, &self.handler.take_calls());
            queue.settle(&response);
        }
        let received = self.dead_letter_queue.receive().await;
        self.dead_letter_queue.settle(&received, &Default::default()).await;
        for message in received.into_iter().chain(queue.moved.drain(..)) {
            let body = message.body.unwrap_or_default();
            self.journal.dead_letter(&body);
            let group = "MessageGroupId".into();
            let group = message.attributes.and_then(|mut attributes| attributes.remove(&group));
            let dead_letter = DeadLetter { body, group: group.unwrap_or_else(|| "none".to_owned()) };
            self.dead_letters.lock().expect("the dead letters").push(dead_letter);
        }
        !records.is_empty()
    }

    /// Whether the event of an answer is in `spill/`.
    async fn is_spilled(&self, answer: &str) -> bool {
        if !self.queue_fails.load(Ordering::Relaxed) || self.bucket_fails.load(Ordering::Relaxed) {
            return false;
        }
        let answer: Value = serde_json::from_str(answer).unwrap_or_default();
        let Some(id) = answer["id"].as_str() else { return false };
        self.cloud.keys("spill/").await.iter().any(|key| key.contains(id))
    }

    async fn answer(&self, request: http::Request) -> http::Response {
        let (began, invocation) = (Instant::now(), function_url::invocation(&request));
        let receive = async {
            let answer = self.functions.receive(&invocation).await;
            (answer, LINES.with(RefCell::take))
        };
        let (answer, lines) = LINES.scope(RefCell::default(), receive).await;
        let took = began.elapsed();
        let spilled = self.is_spilled(answer.body()).await;
        let answered = (answer.status().as_u16(), answer.body().clone(), took);
        let mut shown = Request::of(&request);
        shown.headers.retain(|(name, _)| name != WANTS_NUMBER);
        let number = self.journal.answered(shown, answered, lines, spilled);
        let mut response = function_url::response(answer);
        if request.headers().contains_key(WANTS_NUMBER) {
            response.headers_mut().insert(WANTS_NUMBER, number.into());
        }
        response
    }
}

/// A request with this header is answered with the number of its entry in it.
const WANTS_NUMBER: &str = "x-local-number";

async fn serve(listener: TcpListener, local: Arc<Local>) {
    http::serve(listener, move |request| {
        let local = Arc::clone(&local);
        async move {
            match page::answer(&local, &request).await {
                Some(of_page) => Some(of_page),
                None => Some(local.answer(request).await),
            }
        }
    })
    .await;
}

/// The event source mapping.
async fn process(local: Arc<Local>) {
    let mut redelivered_at = Instant::now();
    loop {
        let had_batch = local.turn().await;
        if redelivered_at.elapsed() > REDELIVERED_AFTER {
            local.queue.lock().await.show_hidden();
            redelivered_at = Instant::now();
        }
        if !had_batch {
            tokio::time::sleep(POLL).await;
        }
    }
}

fn sources(address: SocketAddr, tencent: &TencentVod, mns: &Mns, vod: &Mns) -> Sources {
    let url = |sender: &str| format!("http://{address}/{sender}/demo");
    let document = json!({
        "tencent-vod/demo": { "sign_keys": [SIGN_KEY] },
        "tencent-vod/token": { "path_tokens": [PATH_TOKEN] },
        "alibaba-ims/demo": { "auth_keys": [AUTH_KEY], "callback_urls": [url("alibaba-ims")] },
        "alibaba-vod/demo": { "auth_keys": [AUTH_KEY], "callback_urls": [url("alibaba-vod")] },
        "tencent-vod/pulled": { "pull": tencent.settings() },
        "alibaba-ims/pulled": { "pull": mns.settings() },
        "alibaba-vod/pulled": { "pull": vod.settings() },
    });
    Sources::parse(&document.to_string()).expect("sources")
}

/// The bucket, for the page.
async fn keys(local: &Local, prefix: &str) -> Vec<String> {
    if local.bucket_fails.load(Ordering::Relaxed) {
        return Vec::new();
    }
    let keys = local.cloud.keys(prefix).await;
    keys.into_iter().map(|key| format!("s3://{BUCKET}/{key}")).collect()
}

/// The senders' queues alone, with so many events each, for whoever wants to pull from them: says in one line of JSON
/// where they are, and ends with its input.
pub async fn sender_queues_alone(events: usize) {
    let (tencent, mns) = (TencentVod::start(PULL_VISIBILITY).await, Mns::start(PULL_VISIBILITY).await);
    for number in 0..events {
        let complete = json!({ "TaskId": format!("task-{number}"), "Status": "FINISH", "ErrCode": 0 });
        tencent.inbox.put(json!({ "EventType": "PullComplete", "PullCompleteEvent": complete }).to_string());
        let body = json!({ "JobId": format!("job-{number}"), "Status": "Success", "UserData": "<&>" });
        mns.inbox.put(json!({ "EventType": "ProduceMediaComplete", "MessageBody": body }).to_string());
    }
    let api = SendersApi::start().await;
    let settings = json!({ "endpoint": api.endpoint, "access_key_id": ACCESS_KEY_ID, "access_key_secret": ACCESS_KEY_SECRET });
    let fakes = json!({
        "events": events, "tencent-vod": tencent.settings(), "alibaba-ims": mns.settings(), "settings": settings
    });
    println!("{fakes}");
    let wait = || io::copy(&mut io::stdin(), &mut io::sink());
    let _ = tokio::task::spawn_blocking(wait).await;
}
