//! Alibaba Cloud ApsaraVideo VOD: event notifications by HTTP callback or through an MNS queue.

use crate::alibaba::Alibaba;
use crate::alibaba::kind::{Kind, Rule};

/// The sender `alibaba-vod`.
pub const ALIBABA_VOD: Alibaba =
    Alibaba { name: "alibaba-vod", signature: "x-vod-signature", timestamp: "x-vod-timestamp" };

/// An event of a video.
const fn video(event_type: &'static str) -> Kind {
    Kind::new(event_type, "VideoId", "")
}

/// An event of any media asset.
const fn media(event_type: &'static str) -> Kind {
    Kind::new(event_type, "MediaId", "")
}

/// For a type that is not in the table, ids are looked up where the types of the table have them.
pub(crate) const UNLISTED: Kind = Kind {
    rule: Rule::Unlisted,
    ..Kind::new("", "VideoId MediaId ImageId AttachedMediaId", "JobId TaskId MediaRefreshJobId")
};

/// Every event type, in the order of the event list (help.aliyun.com/en/vod/user-guide/events).
pub static KINDS: &[Kind] = &[
    // Uploads send no event of a failure, and older ones have no `Status`.
    Kind { rule: Rule::Created, ..video("FileUploadComplete") },
    Kind { media: "ImageId", rule: Rule::Created, ..media("ImageUploadComplete") },
    Kind { media: "AttachedMediaId", rule: Rule::Created, ..media("AttachedMediaUploadComplete") },
    Kind { task: "JobId", ..video("UploadByURLComplete") },
    Kind { task: "JobId", ..video("StreamTranscodeComplete") },
    // Its word is `success` if any rendition succeeded. Each rendition is a job of its own.
    video("TranscodeComplete"),
    Kind { task: "SnapshotInfos[].JobId", rule: Rule::Parts, ..video("SnapshotComplete") },
    Kind { task: "JobId", ..video("DynamicImageComplete") },
    video("VideoAnalysisComplete"),
    video("AddLiveRecordVideoComplete"),
    // It ends with a `FileUploadComplete` of the same video.
    Kind { rule: Rule::Started, ..video("LiveRecordVideoComposeStart") },
    Kind { verdict: "AuditStatus", ..media("CreateAuditComplete") },
    Kind { task: "JobId", verdict: "Data.Suggestion", ..media("AIMediaAuditComplete") },
    Kind { task: "JobId", ..media("AIMediaDNAComplete") },
    Kind { task: "JobId", ..media("AIVideoTagComplete") },
    media("ProduceMediaComplete"),
    Kind { deleted: "DeleteType", ..media("DeleteMediaComplete") },
    media("MediaBaseChangeComplete"),
    media("UpdateMediaStorageClassComplete"),
    media("RestoreMediaComplete"),
    // No event has the results of the submitted requests.
    Kind { task: "MediaRefreshJobId", rule: Rule::EndOnly, ..media("SubmitMediaRefreshComplete") },
    Kind { task: "TaskId", ..video("WorkflowTaskComplete") },
];
