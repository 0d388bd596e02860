//! A video backend's own processor: it keeps a catalogue of what can be played.
//!
//! When a task flow of Tencent VOD ends, or IMS has made a timeline into a media, the addresses to play it from are
//! written to the bucket, one JSON object per media and task: `catalogue/SOURCE/MEDIA/TASK.json`. A player's page reads
//! that, and never asks the senders. The same event twice writes the same object twice: nothing to guard against.
//!
//! To deploy it in the place of the processor, put it under `src/bin`, and into `template.yaml`, at the processor,
//! `Binary: backend`, with `s3:PutObject` on `catalogue/*` and `s3:GetObject` on `payload/*`, where the data of large
//! events is.

use std::borrow::Cow;

use mediahook::aws::{Aws, s3::S3Bucket};
use mediahook::config::Environment;
use mediahook::event::envelope::{Envelope, Outcome};
use mediahook::process::budget::PATIENCE;
use mediahook::process::{self, Failure, Handler};
use mediahook::storage::Bucket;
use mediahook::storage::claim_check;
use mediahook::telemetry;
use serde::{Deserialize, Serialize};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let environment = Environment::of_process();
    telemetry::init(&environment);
    let bucket = environment.bucket()?;
    let catalogue = Catalogue { bucket: S3Bucket::new(Aws::new(environment)?, bucket, PATIENCE) };
    process::run(catalogue).await
}

/// Where a player looks up what there is to play.
#[derive(Debug)]
pub struct Catalogue<B> {
    /// Holds the catalogue, and the data of events too large to travel.
    pub bucket: B,
}

/// One way to play a media.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Rendition {
    /// `hls`, `dash`, or `file`.
    pub kind: String,
    /// Where it is.
    pub url: String,
    /// In pixels, of a single picture size.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u64>,
}

impl<B: Bucket> Handler for Catalogue<B> {
    async fn handle(&self, event: &Envelope) -> Result<(), Failure> {
        let mut event = Cow::Borrowed(event);
        if event.dataref.is_some() {
            // If the bucket does not answer, the event comes again.
            claim_check::check_out(event.to_mut(), &self.bucket).await?;
        }
        let renditions = renditions(&event)?;
        if renditions.is_empty() {
            return Ok(());
        }
        let Some(media) = &event.mediaid else {
            return Err(Failure::dead_letter("something to play, of no media"));
        };
        let key =
            format!("catalogue/{}/{media}/{}.json", event.source, event.taskid.as_ref().unwrap_or(&event.id));
        let page = serde_json::to_vec(&renditions)?;
        self.bucket.put(&key, page, "application/json").await?;
        tracing::info!(id = event.id, media, renditions = renditions.len(), "in the catalogue");
        Ok(())
    }
}

/// What an event gives us to play; nothing where it is about something else.
pub fn renditions(event: &Envelope) -> Result<Vec<Rendition>, Failure> {
    // Of a flow of which a part failed, the other parts can be played all the same.
    if event.outcome == Outcome::Progress {
        return Ok(Vec::new());
    }
    let Some(data) = &event.data else { return Ok(Vec::new()) };
    // What cannot be read today cannot be read tomorrow either.
    match event.event_type.as_str() {
        "com.tencentcloud.vod.ProcedureStateChanged" => {
            let body: Flow = serde_json::from_str(data.get()).map_err(Failure::dead_letter)?;
            Ok(body.event.results.into_iter().flatten().filter_map(of_result).collect())
        }
        "com.alibabacloud.ims.ProduceMediaComplete" => {
            let body: Produced = serde_json::from_str(data.get()).map_err(Failure::dead_letter)?;
            Ok(body.message.url.and_then(|url| rendition("file", url, None)).into_iter().collect())
        }
        _ => Ok(Vec::new()),
    }
}

/// The members that a catalogue needs, of a task flow's end. A member that the sender leaves out is null or not there.
#[derive(Deserialize)]
struct Flow {
    #[serde(rename = "ProcedureStateChangeEvent")]
    event: FlowEvent,
}

#[derive(Deserialize)]
struct FlowEvent {
    #[serde(rename = "MediaProcessResultSet")]
    results: Option<Vec<FlowResult>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct FlowResult {
    transcode_task: Option<Subtask>,
    adaptive_dynamic_streaming_task: Option<Subtask>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Subtask {
    output: Option<Output>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Output {
    url: Option<String>,
    package: Option<String>,
    height: Option<u64>,
}

/// The members that a catalogue needs, of a timeline that was made into a media.
#[derive(Deserialize)]
struct Produced {
    #[serde(rename = "MessageBody")]
    message: Message,
}

#[derive(Deserialize)]
struct Message {
    #[serde(rename = "MediaURL")]
    url: Option<String>,
}

fn of_result(result: FlowResult) -> Option<Rendition> {
    if let Some(output) = result.adaptive_dynamic_streaming_task.and_then(|task| task.output) {
        let package = output.package.as_deref().unwrap_or("HLS").to_ascii_lowercase();
        return rendition(&package, output.url?, None);
    }
    let output = result.transcode_task?.output?;
    rendition("file", output.url?, output.height)
}

/// A subtask that failed has an output with no address in it.
fn rendition(kind: &str, url: String, height: Option<u64>) -> Option<Rendition> {
    (!url.is_empty()).then(|| Rendition { kind: kind.to_owned(), url, height })
}
