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

use mediahook::claim_check;
use mediahook::config::Environment;
use mediahook::envelope::{Envelope, Outcome};
use mediahook::process::budget::PATIENCE;
use mediahook::process::{self, Failure, Handler};
use mediahook::sender::model::Number;
use mediahook::sender::tencent_vod::event::procedure::ProcedureTask;
use mediahook::sender::{alibaba_ims, tencent_vod};
use mediahook::store::Bucket;
use mediahook::store::{aws::Aws, s3::S3Bucket};
use mediahook::telemetry;
use serde::Serialize;

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
    // What cannot be read today cannot be read tomorrow either.
    match event.source.split('/').next() {
        Some("tencent-vod") => match tencent_vod::Event::of(event).map_err(Failure::dead_letter)? {
            tencent_vod::Event::ProcedureStateChanged(task) => Ok(of_procedure(&task)),
            _ => Ok(Vec::new()),
        },
        Some("alibaba-ims") => match alibaba_ims::Event::of(event).map_err(Failure::dead_letter)? {
            alibaba_ims::Event::ProduceMediaComplete(media) => {
                Ok(media.media_url.and_then(|url| rendition("file", url, None)).into_iter().collect())
            }
            _ => Ok(Vec::new()),
        },
        _ => Ok(Vec::new()),
    }
}

fn of_procedure(task: &ProcedureTask<'_>) -> Vec<Rendition> {
    let results = task.media_process_result_set.iter();
    results
        .filter_map(|result| {
            let streaming =
                result.adaptive_dynamic_streaming_task.as_ref().and_then(|task| task.output.as_ref());
            if let Some(output) = streaming {
                let package = output.package.as_deref().unwrap_or("HLS").to_ascii_lowercase();
                return rendition(&package, output.url.clone()?, None);
            }
            let output = result.transcode_task.as_ref()?.output.as_ref()?;
            rendition("file", output.url.clone()?, output.height.and_then(Number::as_u64))
        })
        .collect()
}

/// A subtask that failed has an output with no address in it.
fn rendition(kind: &str, url: Cow<'_, str>, height: Option<u64>) -> Option<Rendition> {
    (!url.is_empty()).then(|| Rendition { kind: kind.to_owned(), url: url.into_owned(), height })
}
