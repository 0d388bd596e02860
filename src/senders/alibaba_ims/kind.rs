//! The event types: the one table that the reading of notifications and `docs/senders.md` are made from.

use crate::senders::Grade;

/// One event type of the sender.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Kind {
    /// `EventType`.
    pub event_type: &'static str,
    /// How sure its `MessageBody` is.
    pub level: Level,
    /// The members that are printed by the documentation, or were seen in a real notification.
    pub documented: &'static [&'static str],
    /// Where it names the media asset, the first that is there. A path may lead into JSON text in a string.
    pub media: &'static [&'static str],
    /// Where it names the job.
    pub task: &'static [&'static str],
    /// How it says how it went.
    pub rule: Rule,
    /// Where the verdict of a review is.
    pub verdict: Option<&'static str>,
    /// Where a deletion says what it deleted.
    pub deleted: Option<&'static str>,
}

/// How a `MessageBody` says how it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// By its status word, its error code, and the status of its parts.
    Status,
    /// The same, but its word for success says only that the job ended: each of its jobs has a result of its own, which
    /// the event does not have (SDK: `GetBatchMediaProducingJob`).
    EndOnly,
    /// It has no status: its name says that something was created, which is success (inferred), unless there is an error.
    Created,
    /// A type that is not in the table: as by its status, but never success.
    Unlisted,
}

/// `MediaId`, and no other.
const MEDIA: &[&str] = &["MediaId"];
/// What families call a job.
pub(super) const TASK: &[&str] = &["JobId", "TaskId", "ParentJobId"];

/// What most types have.
const KIND: Kind = Kind {
    event_type: "",
    level: Level::Inferred,
    documented: &[],
    media: MEDIA,
    task: TASK,
    rule: Rule::Status,
    verdict: None,
    deleted: None,
};

/// Of a type that is not in the table, ids and errors are looked for where others have them.
pub(super) const UNLISTED: Kind = Kind { rule: Rule::Unlisted, ..KIND };

/// How sure the members of a `MessageBody` are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Printed by the documentation, or seen in a real notification.
    Documented,
    /// Only the name is documented; the members are taken from the ApsaraVideo VOD event of that name or from the
    /// official SDK (alibabacloud-ice20201109 6.20.2).
    Inferred,
    /// Only the name is documented.
    NameOnly,
    /// The event list has a row for it without printing the name; a public test uses this one.
    Unconfirmed,
}

impl Kind {
    /// How sure it is that the `MessageBody` has a member of this name.
    pub fn grade(&self, member: &str) -> Grade {
        match self.level {
            _ if self.documented.contains(&member) => Grade::Certain,
            Level::Documented | Level::Inferred => Grade::Inferred,
            Level::NameOnly | Level::Unconfirmed => Grade::Open,
        }
    }
}

/// Every event type, in the order of the event list (help.aliyun.com).
pub static KINDS: &[Kind] = &[
    Kind {
        event_type: "FileUploadComplete",
        level: Level::Documented,
        documented: &["Status", "MediaId", "UserData"],
        ..KIND
    },
    Kind { event_type: "UploadByURLComplete", documented: &["Status"], ..KIND },
    // Ids that ApsaraVideo VOD has in the events of the same names, beside the one of IMS (inferred).
    Kind { event_type: "ImageUploadComplete", media: &["MediaId", "ImageId"], ..KIND },
    Kind { event_type: "AttachedMediaUploadComplete", media: &["MediaId", "AttachedMediaId"], ..KIND },
    Kind { event_type: "RegisterStreamComplete", level: Level::NameOnly, ..KIND },
    Kind { event_type: "StreamUploadComplete", level: Level::NameOnly, ..KIND },
    Kind { event_type: "UploadStreamByURLComplete", ..KIND },
    Kind { event_type: "CreateAuditComplete", verdict: Some("AuditStatus"), ..KIND },
    Kind {
        event_type: "RegisterMediaComplete",
        level: Level::Documented,
        documented: &["Status", "MediaId"],
        ..KIND
    },
    Kind { event_type: "DeleteMediaComplete", deleted: Some("DeleteType"), ..KIND },
    Kind { event_type: "MediaBaseChangeComplete", ..KIND },
    // The input is a media asset, or a file, which has no id (SDK: `StartWorkflow`).
    Kind { event_type: "WorkflowTaskComplete", media: &["MediaId", "TaskInput.Media"], ..KIND },
    Kind { event_type: "VideoAnalysisComplete", ..KIND },
    // One job, of which each kind of snapshot may repeat the id.
    Kind {
        event_type: "SnapshotComplete",
        media: &["MediaId", "VideoId"],
        task: &["JobId", "TaskId", "ParentJobId", "SnapshotInfos[].JobId"],
        ..KIND
    },
    Kind { event_type: "DynamicImageComplete", ..KIND },
    // One rendition. To ApsaraVideo VOD the same name means all of them.
    Kind { event_type: "TranscodeComplete", level: Level::NameOnly, ..KIND },
    Kind { event_type: "TranscodeParentComplete", level: Level::NameOnly, ..KIND },
    Kind { event_type: "MediaConvertComplete", ..KIND },
    Kind { event_type: "MediaConvertOutputGroupComplete", ..KIND },
    Kind { event_type: "MediaConvertOutputComplete", ..KIND },
    Kind { event_type: "AIMediaAuditComplete", verdict: Some("Data.Suggestion"), ..KIND },
    Kind { event_type: "AIProduceComplete", level: Level::NameOnly, ..KIND },
    Kind { event_type: "MediaAiAnalysisComplete", level: Level::NameOnly, ..KIND },
    Kind {
        event_type: "ProduceMediaComplete",
        level: Level::Documented,
        documented: &["Status", "MediaId", "JobId", "ErrorCode", "UserData"],
        ..KIND
    },
    // Which media assets the batch made is only in the answer of `GetBatchMediaProducingJob`.
    Kind {
        event_type: "BatchProduceMediaComplete",
        level: Level::Documented,
        documented: &["Status", "JobId", "UserData"],
        rule: Rule::EndOnly,
        ..KIND
    },
    Kind { event_type: "LiveRecordFileCreated", level: Level::NameOnly, rule: Rule::Created, ..KIND },
    Kind { event_type: "LiveRecordTaskStatus", level: Level::NameOnly, ..KIND },
    Kind { event_type: "LiveSnapshotFileCreated", level: Level::NameOnly, rule: Rule::Created, ..KIND },
    Kind { event_type: "SmartJobComplete", level: Level::Unconfirmed, ..KIND },
];
