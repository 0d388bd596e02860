//! Alibaba Cloud IMS (API product ICE): event notifications by HTTP callback or through an MNS queue.

use crate::alibaba::Alibaba;
use crate::alibaba::kind::{Kind, Rule};

/// The sender `alibaba-ims`.
pub const ALIBABA_IMS: Alibaba =
    Alibaba { name: "alibaba-ims", signature: "x-ice-signature", timestamp: "x-ice-timestamp" };

/// A third of the bodies are documented by name only, so ids are looked up in the members that any family uses.
const fn kind(event_type: &'static str) -> Kind {
    Kind::new(event_type, "MediaId", "JobId TaskId ParentJobId")
}

/// For a type that is not in the table.
pub(crate) const UNLISTED: Kind = Kind { rule: Rule::Unlisted, ..kind("") };

/// Every event type, in the order of the event list (help.aliyun.com).
pub static KINDS: &[Kind] = &[
    kind("FileUploadComplete"),
    kind("UploadByURLComplete"),
    // In the events of the same names, ApsaraVideo VOD has these ids beside the one of IMS (inferred).
    Kind { media: "MediaId ImageId", ..kind("ImageUploadComplete") },
    Kind { media: "MediaId AttachedMediaId", ..kind("AttachedMediaUploadComplete") },
    kind("RegisterStreamComplete"),
    kind("StreamUploadComplete"),
    kind("UploadStreamByURLComplete"),
    Kind { verdict: "AuditStatus", ..kind("CreateAuditComplete") },
    kind("RegisterMediaComplete"),
    Kind { deleted: "DeleteType", ..kind("DeleteMediaComplete") },
    kind("MediaBaseChangeComplete"),
    // The input is a media asset, or a file, which has no id (SDK: `StartWorkflow`).
    Kind { media: "MediaId TaskInput.Media", ..kind("WorkflowTaskComplete") },
    kind("VideoAnalysisComplete"),
    // One job; each kind of snapshot may repeat its id.
    Kind {
        media: "MediaId VideoId",
        task: "JobId TaskId ParentJobId SnapshotInfos[].JobId",
        rule: Rule::Parts,
        ..kind("SnapshotComplete")
    },
    kind("DynamicImageComplete"),
    // One rendition. In ApsaraVideo VOD the same name means all of them.
    kind("TranscodeComplete"),
    kind("TranscodeParentComplete"),
    kind("MediaConvertComplete"),
    kind("MediaConvertOutputGroupComplete"),
    kind("MediaConvertOutputComplete"),
    Kind { verdict: "Data.Suggestion", ..kind("AIMediaAuditComplete") },
    kind("AIProduceComplete"),
    kind("MediaAiAnalysisComplete"),
    kind("ProduceMediaComplete"),
    // Only the answer of `GetBatchMediaProducingJob` has the media assets that the batch created, and their results.
    Kind { rule: Rule::EndOnly, ..kind("BatchProduceMediaComplete") },
    Kind { rule: Rule::Created, ..kind("LiveRecordFileCreated") },
    kind("LiveRecordTaskStatus"),
    Kind { rule: Rule::Created, ..kind("LiveSnapshotFileCreated") },
    kind("SmartJobComplete"),
];
