//! Alibaba Cloud ApsaraVideo VOD: event notifications by HTTP callback or through an MNS queue.

use crate::alibaba::kind::{Kind, Rule};
use crate::alibaba::{self, MnsQueue};
use crate::body::Body;
use crate::queue::SenderQueue;
use crate::sender::{Notification, Sender, Verify};
use crate::settings::{Settings, SettingsError};

/// The sender `alibaba-vod`.
#[derive(Debug, Clone, Copy)]
pub struct AlibabaVod;

impl Sender for AlibabaVod {
    fn name(&self) -> &'static str {
        "alibaba-vod"
    }

    fn verifier(&self, settings: Settings<'_>) -> Result<Option<Box<dyn Verify>>, SettingsError> {
        alibaba::verifier(settings, "x-vod-signature", "x-vod-timestamp")
    }

    fn queue(&self, pull: Settings<'_>) -> Result<Box<dyn SenderQueue>, SettingsError> {
        Ok(Box::new(pull.read::<MnsQueue>()?))
    }

    fn read(&self, body: &Body<'_>) -> Option<Notification> {
        alibaba::read(body)
    }
}

/// An event of a video.
const fn video(event_type: &'static str) -> Kind {
    Kind::new(event_type, "VideoId", "")
}

/// An event of any media asset.
const fn media(event_type: &'static str) -> Kind {
    Kind::new(event_type, "MediaId", "")
}

/// For a type that is not in the table, ids are looked up where the types of the table have them.
pub(crate) const UNLISTED: Kind =
    Kind::new("", "VideoId MediaId ImageId AttachedMediaId", "JobId TaskId MediaRefreshJobId")
        .rule(Rule::Unlisted);

/// Every event type, in the order of the event list (help.aliyun.com/en/vod/user-guide/events).
pub static KINDS: &[Kind] = &[
    // Uploads send no event of a failure, and older ones have no `Status`.
    video("FileUploadComplete").rule(Rule::Created),
    media("ImageUploadComplete").media("ImageId").rule(Rule::Created),
    media("AttachedMediaUploadComplete").media("AttachedMediaId").rule(Rule::Created),
    video("UploadByURLComplete").task("JobId"),
    video("StreamTranscodeComplete").task("JobId"),
    // Its word is `success` if any rendition succeeded. Each rendition is a job of its own.
    video("TranscodeComplete"),
    video("SnapshotComplete").task("SnapshotInfos[].JobId").rule(Rule::Parts),
    video("DynamicImageComplete").task("JobId"),
    video("VideoAnalysisComplete"),
    video("AddLiveRecordVideoComplete"),
    // It ends with a `FileUploadComplete` of the same video.
    video("LiveRecordVideoComposeStart").rule(Rule::Started),
    media("CreateAuditComplete").verdict("AuditStatus"),
    media("AIMediaAuditComplete").task("JobId").verdict("Data.Suggestion"),
    media("AIMediaDNAComplete").task("JobId"),
    media("AIVideoTagComplete").task("JobId"),
    media("ProduceMediaComplete"),
    media("DeleteMediaComplete").deleted("DeleteType"),
    media("MediaBaseChangeComplete"),
    media("UpdateMediaStorageClassComplete"),
    media("RestoreMediaComplete"),
    // No event has the results of the submitted requests.
    media("SubmitMediaRefreshComplete").task("MediaRefreshJobId").rule(Rule::EndOnly),
    video("WorkflowTaskComplete").task("TaskId"),
];
