//! The page: one HTML file, and what its buttons ask for.

use std::sync::atomic::Ordering;
use std::time::Duration;

use hyper::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{How, Local, keys, samples};
use crate::http::{self, Request, Response};

const PAGE: &str = include_str!("page.html");
/// How long an answer waits for a change.
const HOLD: Duration = Duration::from_secs(20);

/// What a button asks for.
#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
enum Action {
    /// Send a sample, as a new event.
    Send { sender: String, sample: String, how: How },
    /// Send the request of an entry again.
    Resend { number: u64 },
    /// Send one sample of each event type.
    SendAll { sender: String },
    /// Put a sample into its sender's own queue.
    PutIntoSenderQueue { sender: String, sample: String },
    /// Run the puller.
    Pull,
    /// Break SQS, or repair it.
    FailQueue { fails: bool },
    /// Break S3, or repair it.
    FailBucket { fails: bool },
    /// Have the handler work, fail once per event, or fail always.
    FailHandler { mode: String },
    /// Move the dead letters back to the queue.
    Redrive,
    /// Forget what has ended.
    Clear,
}

/// The page's answer; `None` for a request that is not its own.
pub(super) async fn answer(local: &Local, request: &Request) -> Option<Response> {
    match (request.method(), request.uri().path()) {
        (&Method::GET, "/") => Some(http::response(200, "text/html; charset=utf-8", PAGE)),
        (&Method::GET, "/local/samples") => Some(respond(samples())),
        (&Method::GET, "/local/state") => {
            let after = request.uri().query().and_then(|query| query.strip_prefix("after=")?.parse().ok());
            Some(respond(state(local, after.unwrap_or_default()).await))
        }
        (&Method::POST, "/local/do") => Some(match act(local, request.body()).await {
            Ok(done) => respond(done),
            Err(why) => http::response(400, "text/plain; charset=utf-8", why),
        }),
        _ => None,
    }
}

fn respond(body: Value) -> Response {
    http::response(200, "application/json", body.to_string())
}

fn samples() -> Value {
    let names = mediahook_senders::SENDERS.iter().map(|sender| sender.name());
    let senders = names.map(|sender| json!({ "name": sender, "samples": samples::names(sender) }));
    senders.collect::<Vec<_>>().into()
}

/// The whole state, as soon as it is another than the one `after` which the page asks.
async fn state(local: &Local, after: u64) -> Value {
    let mut version = local.journal.version();
    let _ = timeout(HOLD, version.wait_for(|version| *version != after)).await;
    let version = *version.borrow();
    json!({
        "version": version,
        "address": local.address.to_string(),
        "entries": local.journal.entries(),
        "queue_fails": local.queue_fails.load(Ordering::Relaxed),
        "bucket_fails": local.bucket_fails.load(Ordering::Relaxed),
        "handler": *local.handler_mode.lock().expect("the mode"),
        "spill": keys(local, "spill/").await,
        "rejected": keys(local, "rejected/").await,
        "payload": keys(local, "payload/").await,
        "dead_letters": local.dead_letters.lock().expect("the dead letters").len(),
        "with_senders": local.left_with_senders(),
        "pull": *local.last_pull.lock().expect("the summary"),
    })
}

async fn act(local: &Local, body: &[u8]) -> Result<Value, String> {
    match serde_json::from_slice(body).map_err(|error| error.to_string())? {
        Action::Send { sender, sample, how } => {
            Ok(json!({ "number": local.send(&sender, &sample, how, true).await? }))
        }
        Action::Resend { number } => Ok(json!({ "number": local.resend(number).await? })),
        Action::SendAll { sender } => {
            let names = samples::names(&sender);
            for name in names.iter().filter(|name| !name.contains('.')) {
                local.send(&sender, name, How::Signed, true).await?;
            }
            Ok(json!({}))
        }
        Action::PutIntoSenderQueue { sender, sample } => {
            Ok(json!({ "number": local.put_into_sender_queue(&sender, &sample)? }))
        }
        Action::Pull => Ok(local.pull()),
        Action::FailQueue { fails } => {
            local.fail_queue(fails).await;
            Ok(json!({}))
        }
        Action::FailBucket { fails } => {
            local.fail_bucket(fails);
            Ok(json!({}))
        }
        Action::FailHandler { mode } => {
            match mode.as_str() {
                "works" => local.fail_handler_when(|_, _| false),
                "fails once" => local.fail_handler_when(|_, attempt| attempt == 1),
                "fails" => local.fail_handler_when(|_, _| true),
                other => return Err(format!("there is no mode `{other}`")),
            }
            *local.handler_mode.lock().expect("the mode") = mode;
            local.journal.changed();
            Ok(json!({}))
        }
        Action::Redrive => {
            local.redrive().await;
            Ok(json!({}))
        }
        Action::Clear => {
            local.journal.clear();
            Ok(json!({}))
        }
    }
}
