//! A video backend's own processor: what became of each order's videos, whether Tencent VOD or IMS processed them.
//!
//! The backend gives `{"order":"A-1042"}` along with its requests: as `SessionContext` to Tencent VOD, as `UserData` to IMS.
//! Every event of the task has it as `context`, so no table of task ids is needed. When a task has ended, its outcome and
//! the addresses to play its videos from are written to the bucket, one JSON object per task: `orders/ORDER/TASK.json`. The
//! same event twice writes the same object twice, so the handler is idempotent.
//!
//! To deploy it, make it the `src/main.rs` of `examples/handler`, with `serde` and `serde_json` in its `Cargo.toml`, and
//! `s3:PutObject` on `orders/*` in its role.

use mediahook::aws::{Aws, s3::S3Bucket};
use mediahook::events::{Outcome, Verdict, alibaba_ims, tencent_vod};
use mediahook::storage::Bucket;
use mediahook::timeouts::process::RETRY_POLICY;
use mediahook::{CloudEvent, Environment, Failure, Handler, config, telemetry};
use serde::{Deserialize, Serialize};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let environment = Environment::from_env();
    telemetry::init(&environment, env!("CARGO_CRATE_NAME"));
    let bucket = environment.required(config::BUCKET)?;
    let orders = Orders { bucket: S3Bucket::new(&Aws::from_env(&environment).await?, bucket, RETRY_POLICY) };
    mediahook::run(orders).await
}

/// Where the shop looks up what became of an order.
#[derive(Debug)]
pub struct Orders<B> {
    /// Holds the orders.
    pub bucket: B,
}

/// What became of one task.
#[derive(Debug, Serialize)]
pub struct Task<'a> {
    source: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    media: Option<&'a str>,
    outcome: Outcome,
    /// A video can be ready to play and not fit to be shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<Verdict>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<TaskError<'a>>,
    renditions: Vec<Rendition>,
}

/// Why it failed, in the sender's words.
#[derive(Debug, Serialize)]
pub struct TaskError<'a> {
    code: &'a str,
    message: Option<&'a str>,
}

/// One way to play a video.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Rendition {
    /// `hls`, `dash`, or `file`.
    pub kind: String,
    /// Its address.
    pub url: String,
    /// In pixels, of a single picture size.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<i64>,
}

impl<B: Bucket> Handler for Orders<B> {
    async fn handle(&self, event: &CloudEvent) -> Result<(), Failure> {
        let Some(order) = order(event).filter(|_| event.outcome != Outcome::Progress) else { return Ok(()) };
        let task = Task {
            source: &event.source,
            media: event.mediaid.as_deref(),
            outcome: event.outcome,
            verdict: event.verdict,
            error: event
                .errorcode
                .as_deref()
                .map(|code| TaskError { code, message: event.errormessage.as_deref() }),
            renditions: renditions(event)?,
        };
        let key = format!("orders/{order}/{}.json", event.taskid.as_ref().unwrap_or(&event.id));
        self.bucket.put(&key, serde_json::to_vec(&task)?, "application/json").await?;
        tracing::info!(
            id = event.id,
            order,
            renditions = task.renditions.len(),
            "task of an order has ended"
        );
        Ok(())
    }
}

/// What the backend gives along with a request. The senders add to it, and other programs have texts of their own.
#[derive(Deserialize)]
struct Context {
    order: String,
}

/// The order that an event belongs to. Nothing where the text is not ours: a signature does not cover it, so it does not
/// become part of a key unless it looks like an order.
fn order(event: &CloudEvent) -> Option<String> {
    let Context { order } = serde_json::from_str(event.context.as_ref()?).ok()?;
    let is_order = |c: char| c.is_ascii_alphanumeric() || c == '-';
    (!order.is_empty() && order.len() <= 32 && order.chars().all(is_order)).then_some(order)
}

/// What an event has to play. Of a flow of which a part failed, the other parts can be played all the same.
fn renditions(event: &CloudEvent) -> Result<Vec<Rendition>, Failure> {
    // What cannot be read today cannot be read tomorrow either.
    if event.source.starts_with("tencent-vod/") {
        let tencent_vod::Event::ProcedureStateChanged(flow) =
            event.tencent_vod().map_err(Failure::dead_letter)?
        else {
            return Ok(Vec::new());
        };
        return Ok(flow.payload.media_process_result_set.into_iter().filter_map(of_result).collect());
    }
    if !event.event_type.starts_with("com.alibabacloud.ims.") {
        return Ok(Vec::new());
    }
    match event.alibaba_ims().map_err(Failure::dead_letter)? {
        alibaba_ims::Event::ProduceMediaComplete(made) => {
            Ok(made.message_body.media_url.map(|url| rendition("file", url, None)).into_iter().collect())
        }
        _ => Ok(Vec::new()),
    }
}

/// A subtask that failed has no address.
fn of_result(result: tencent_vod::media_process::MediaProcessTaskResult) -> Option<Rendition> {
    if let Some(output) = result.adaptive_dynamic_streaming_task.and_then(|task| task.output) {
        let package = output.package.as_deref().unwrap_or("HLS").to_ascii_lowercase();
        return Some(rendition(&package, output.url?, None));
    }
    let output = result.transcode_task?.output?;
    Some(rendition("file", output.url?, output.height))
}

fn rendition(kind: &str, url: String, height: Option<i64>) -> Rendition {
    Rendition { kind: kind.to_owned(), url, height }
}
