//! The event types of format v3.0: where each has its ids, and how its outcome is determined.
//!
//! Source: the class of each payload in the official SDK (tencentcloud-sdk-python-vod 3.1.194). `mediahook-events` has the
//! names of the payload members.

use mediahook_events::{Outcome, event_types};
use serde_json::Value;

use super::outcome::Rule;
use crate::body::{first_text, text};

/// One event type of the sender. Several paths are separated by spaces; in a path `[]` means every item of a list, and all
/// must have the same id.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Kind {
    /// `EventType`.
    pub event_type: &'static str,
    /// The media asset that the event concerns: its subject.
    pub about: &'static str,
    /// The media asset that the task created, or worked on with others: `mediaid`, not the subject.
    pub output: &'static str,
    /// The media asset that the task should have worked on: `mediaid` of a failure.
    pub input: &'static str,
    /// When the resulting media asset was created.
    pub created: &'static str,
    /// How the outcome is determined.
    pub rule: Rule,
    /// Whether it reports a deletion.
    pub deletes: bool,
    /// The payload has neither time nor task id, so two occurrences can have the same payload.
    pub repeats: bool,
}

/// A task about no media asset, or several.
pub(super) const fn task(event_type: &'static str) -> Kind {
    let (about, output, input, created) = ("", "", "", "");
    Kind { event_type, about, output, input, created, rule: Rule::Task, deletes: false, repeats: false }
}

/// A task that creates a media asset from another one.
const fn edit(event_type: &'static str) -> Kind {
    Kind { output: "Output.FileId", input: "Input.FileId", ..task(event_type) }
}

/// A task that creates media assets from a prompt and other media assets. Of its outputs, only permanent ones have an id
/// (SDK).
const fn aigc(event_type: &'static str) -> Kind {
    Kind { output: "Output.FileInfos[].FileId", input: "Input.FileInfos[].FileId", ..task(event_type) }
}

impl Kind {
    /// The media asset that the event concerns, and the `mediaid`. These may differ: the `mediaid` may be that of the
    /// task's result, or, for a failure, of its input.
    pub(super) fn media_ids(&self, payload: &Value, outcome: Outcome) -> (Option<String>, Option<String>) {
        let about = first_text(payload, self.about);
        let output = || result_file(payload).or_else(|| first_text(payload, self.output));
        let input = || first_text(payload, self.input).filter(|_| outcome == Outcome::Failed);
        let media_id = about.clone().or_else(output).or_else(input);
        (about, media_id)
    }
}

/// The one file of an output list that is the result. The others have a `UsageType`, such as `last_frame_url`.
fn result_file(payload: &Value) -> Option<String> {
    let files = payload.pointer("/Output/FileInfos")?.as_array()?;
    let mut results = files.iter().filter(|file| file.get("UsageType").and_then(text).is_none());
    let file = results.next().filter(|_| results.next().is_none())?;
    file.get("FileId").and_then(text)
}

/// For a type that is not in the table, ids are looked up where known tasks have them. Its payload may repeat.
pub(super) const UNLISTED: Kind = Kind {
    about: "FileId",
    output: "Output.FileId Output.FileInfos[].FileId",
    input: "Input.FileId InputInfo.FileId Input.FileInfos[].FileId Input.FileInfoSet[].FileId",
    rule: Rule::Unlisted,
    repeats: true,
    ..task("")
};

/// Every event type, in the order of the SDK's `EventContent`.
pub static KINDS: &[Kind] = &[
    Kind {
        about: "FileId",
        created: "MediaBasicInfo.CreateTime",
        rule: Rule::Success,
        ..task("NewFileUpload")
    },
    // In a flow that was started by a URL, `FileId` is the caller's own id.
    Kind { about: "FileId", rule: Rule::Flow, ..task("ProcedureStateChanged") },
    Kind { about: "FileIdSet[]", rule: Rule::Success, deletes: true, ..task("FileDeleted") },
    // That the media asset is created when the pull ends is inferred. An older page has `MediaBasicInfo` twice.
    Kind {
        about: "FileId",
        created: "MediaBasicInfo.CreateTime MediaBasicInfo.MediaBasicInfo.CreateTime",
        ..task("PullComplete")
    },
    Kind { input: "Input.FileInfoSet[].FileId", ..edit("EditMediaComplete") },
    // It has several outputs, cut from one media asset.
    Kind {
        output: "FileInfoSet[].Input.FileId",
        created: "FileInfoSet[].Output.MediaBasicInfo.CreateTime",
        ..task("SplitMediaComplete")
    },
    // Its inputs are ids or URLs, with one name.
    Kind { input: "", ..edit("ComposeMediaComplete") },
    Kind { output: "FileInfo.FileId", input: "SrcFileId", rule: Rule::Ended, ..task("ClipComplete") },
    Kind { about: "FileId", rule: Rule::Ended, ..task("TranscodeComplete") },
    Kind { about: "FileId", rule: Rule::Ended, ..task("CreateImageSpriteComplete") },
    Kind { rule: Rule::Ended, ..task("ConcatComplete") },
    Kind { about: "FileId", rule: Rule::Ended, ..task("CreateSnapshotByTimeOffsetComplete") },
    Kind { about: "FileId", ..task("WechatPublishComplete") },
    Kind { about: "FileId", ..task("WechatMiniProgramPublishComplete") },
    edit("RemoveWatermark"),
    Kind { about: "FileId", rule: Rule::Restored, repeats: true, ..task("RestoreMediaComplete") },
    edit("RebuildMediaComplete"),
    Kind { about: "Input.FileId", ..task("ExtractTraceWatermarkComplete") },
    task("ExtractCopyRightWatermarkComplete"),
    Kind { about: "Input.FileId", ..task("ReviewAudioVideoComplete") },
    Kind { about: "FileId", ..task("ReduceMediaBitrateComplete") },
    Kind { about: "FileId", ..task("DescribeFileAttributesComplete") },
    Kind { about: "Input.FileId", ..task("QualityInspectComplete") },
    edit("QualityEnhanceComplete"),
    Kind { rule: Rule::Cast, repeats: true, ..task("MediaCastStatusChanged") },
    Kind { about: "FileId", rule: Rule::Success, repeats: true, ..task("PersistenceComplete") },
    task("ComplexAdaptiveDynamicStreamingComplete"),
    Kind { output: "SubTaskSet[].Output.OutputFiles[].FileId", ..task("ProcessMediaByMPSComplete") },
    aigc("AigcImageTaskComplete"),
    aigc("AigcVideoTaskComplete"),
    Kind { about: "InputInfo.FileId", ..task("ExtractBlindWatermarkComplete") },
    aigc("SceneAigcImageCompleteEvent"),
    // The SDK's event has neither task id nor time; these ids are those of the SDK's query for the task (inferred).
    Kind {
        output: "Output.FileInfo.FileId",
        input: "Input.FileId",
        repeats: true,
        ..task("ProcessImageAsyncCompleteEvent")
    },
    task("CreateAigcAdvancedCustomElementCompleteEvent"),
    task("CreateAigcCustomVoiceCompleteEvent"),
    Kind { about: "Input.FileInfos[].FileId", ..task("DescribeAigcFaceInfoAsyncComplete") },
    // Its outputs have no id.
    Kind { input: "Input.ImageInfos[].FileId", ..task("AigcHunyuan3DTaskComplete") },
];

/// The row of an event type in either of its spellings.
pub(super) fn kind(event_type: &str) -> Option<&'static Kind> {
    let (event_type, _) = event_types::known(event_type)?;
    KINDS.iter().find(|kind| kind.event_type == event_type)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_every_event_type() {
        let known = event_types::TENCENT_VOD_EVENTS.iter().map(|(name, _)| *name);
        assert!(KINDS.iter().map(|kind| kind.event_type).eq(known));
    }
}
