//! Reads envelopes from standard input, one JSON object per line, and prints what each is about.
//!
//! ```sh
//! echo '{"specversion":"1.0","id":"1","source":"alibaba-ims/prod","type":"com.alibabacloud.ims.FileUploadComplete",
//! "data":{"EventType":"FileUploadComplete","MessageBody":{"MediaId":"4b9b","Size":"5510872"}}}' | tr -d '\n' |
//!     cargo run -p mediahook-events --example summarize
//! ```

use std::error::Error;
use std::io::{self, BufRead};

use mediahook_events::{CloudEvent, alibaba_ims, alibaba_vod, tencent_vod};

fn main() -> Result<(), Box<dyn Error>> {
    for line in io::stdin().lock().lines() {
        let event: CloudEvent = serde_json::from_str(&line?)?;
        println!("{} {}: {}", event.id, event.outcome, summary(&event)?);
    }
    Ok(())
}

fn summary(event: &CloudEvent) -> Result<String, Box<dyn Error>> {
    if event.event_type.starts_with(tencent_vod::TYPE_PREFIX) {
        return Ok(tencent_vod(&event.tencent_vod()?));
    }
    if event.event_type.starts_with(alibaba_vod::TYPE_PREFIX) {
        return Ok(alibaba_vod(&event.alibaba_vod()?));
    }
    Ok(alibaba_ims(&event.alibaba_ims()?))
}

fn tencent_vod(event: &tencent_vod::Event) -> String {
    use tencent_vod::Event;
    match event {
        Event::NewFileUpload(upload) => format!("uploaded {}", text(upload.payload.file_id.as_ref())),
        Event::ProcedureStateChanged(flow) => {
            let subtasks = flow.payload.media_process_result_set.len();
            format!("task flow {} with {subtasks} subtasks", text(flow.payload.task_id.as_ref()))
        }
        other => text(other.event_type()).to_owned(),
    }
}

fn alibaba_ims(event: &alibaba_ims::Event) -> String {
    use alibaba_ims::Event;
    match event {
        Event::FileUploadComplete(upload) => {
            let size_bytes = upload.message_body.size.unwrap_or_default();
            format!("uploaded {}, {size_bytes} bytes", text(upload.message_body.media_id.as_ref()))
        }
        other => text(other.event_type()).to_owned(),
    }
}

fn alibaba_vod(event: &alibaba_vod::Event) -> String {
    use alibaba_vod::Event;
    match event {
        Event::TranscodeComplete(video) => {
            format!("transcoded {} into {}", text(video.video_id.as_ref()), video.stream_infos.len())
        }
        other => text(other.event_type()).to_owned(),
    }
}

fn text<T: AsRef<str> + ?Sized>(text: Option<&T>) -> &str {
    text.map_or("?", AsRef::as_ref)
}
