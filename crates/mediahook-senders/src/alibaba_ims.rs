//! Alibaba Cloud IMS (API product ICE): event notifications by HTTP callback or through an MNS queue.

use crate::alibaba::kind::{Kind, Rule};
use crate::alibaba::{self, MnsQueue};
use crate::body::Body;
use crate::queue::SenderQueue;
use crate::sender::{Notification, Sender, Verify};
use crate::settings::{Settings, SettingsError};

/// The sender `alibaba-ims`.
#[derive(Debug, Clone, Copy)]
pub struct AlibabaIms;

impl Sender for AlibabaIms {
    fn name(&self) -> &'static str {
        "alibaba-ims"
    }

    fn verifier(&self, settings: Settings<'_>) -> Result<Option<Box<dyn Verify>>, SettingsError> {
        alibaba::verifier(settings, "x-ice-signature", "x-ice-timestamp")
    }

    fn queue(&self, pull: Settings<'_>) -> Result<Box<dyn SenderQueue>, SettingsError> {
        Ok(Box::new(pull.read::<MnsQueue>()?))
    }

    fn read(&self, body: &Body<'_>) -> Option<Notification> {
        alibaba::read(body)
    }
}

/// A third of the bodies are documented by name only, so ids are looked up in the members that any family uses.
const fn kind(event_type: &'static str) -> Kind {
    Kind::new(event_type, "MediaId", "JobId TaskId ParentJobId")
}

/// For a type that is not in the table.
pub(crate) const UNLISTED: Kind = kind("").rule(Rule::Unlisted);

/// Every event type, in the order of the event list (help.aliyun.com).
pub static KINDS: &[Kind] = &[
    kind("FileUploadComplete"),
    kind("UploadByURLComplete"),
    // In the events of the same names, ApsaraVideo VOD has these ids beside the one of IMS (inferred).
    kind("ImageUploadComplete").media("MediaId ImageId"),
    kind("AttachedMediaUploadComplete").media("MediaId AttachedMediaId"),
    kind("RegisterStreamComplete"),
    kind("StreamUploadComplete"),
    kind("UploadStreamByURLComplete"),
    kind("CreateAuditComplete").verdict("AuditStatus"),
    kind("RegisterMediaComplete"),
    kind("DeleteMediaComplete").deleted("DeleteType"),
    kind("MediaBaseChangeComplete"),
    // The input is a media asset, or a file, which has no id (SDK: `StartWorkflow`).
    kind("WorkflowTaskComplete").media("MediaId TaskInput.Media"),
    kind("VideoAnalysisComplete"),
    // One job; each kind of snapshot may repeat its id.
    kind("SnapshotComplete")
        .media("MediaId VideoId")
        .task("JobId TaskId ParentJobId SnapshotInfos[].JobId")
        .rule(Rule::Parts),
    kind("DynamicImageComplete"),
    // One rendition. In ApsaraVideo VOD the same name means all of them.
    kind("TranscodeComplete"),
    kind("TranscodeParentComplete"),
    kind("MediaConvertComplete"),
    kind("MediaConvertOutputGroupComplete"),
    kind("MediaConvertOutputComplete"),
    kind("AIMediaAuditComplete").verdict("Data.Suggestion"),
    kind("AIProduceComplete"),
    kind("MediaAiAnalysisComplete"),
    kind("ProduceMediaComplete"),
    // Only the answer of `GetBatchMediaProducingJob` has the media assets that the batch created, and their results.
    kind("BatchProduceMediaComplete").rule(Rule::EndOnly),
    kind("LiveRecordFileCreated").rule(Rule::Created),
    kind("LiveRecordTaskStatus"),
    kind("LiveSnapshotFileCreated").rule(Rule::Created),
    kind("SmartJobComplete"),
];
