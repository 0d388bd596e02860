//! The event types: the parser and `docs/senders.md` use this one table.

use crate::sender::Grade;

/// One event type of the sender.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Kind {
    /// `EventType`.
    pub event_type: &'static str,
    /// The grade of its `MessageBody`.
    pub level: Level,
    /// The members in the documentation, or in a real notification.
    pub documented: &'static [&'static str],
    /// The paths of the media asset's id; the first one present is used. A path may lead into JSON text in a string.
    pub media: &'static [&'static str],
    /// The paths of the job's id.
    pub task: &'static [&'static str],
    /// How the outcome is determined.
    pub rule: Rule,
    /// The path of a review's verdict.
    pub verdict: Option<&'static str>,
    /// The path that says what was deleted.
    pub deleted: Option<&'static str>,
}

/// How the outcome of a `MessageBody` is determined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// By its status word, its error code, and the status of its parts.
    Status,
    /// The same, but its word for success only means that the job ended: each of its jobs has its own result, which
    /// the event does not contain (SDK: `GetBatchMediaProducingJob`).
    EndOnly,
    /// It has no status. Its name says that something was created, which is success (inferred), unless there is an
    /// error.
    Created,
    /// A type that is not in the table: by its status, but never success.
    Unlisted,
}

/// Only `MediaId`.
const MEDIA: &[&str] = &["MediaId"];
/// The names of a job's id in the various families.
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

/// For a type that is not in the table, ids and errors are looked up where other types have them.
pub(super) const UNLISTED: Kind = Kind { rule: Rule::Unlisted, ..KIND };

/// How certain the members of a `MessageBody` are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// In the documentation, or in a real notification.
    Documented,
    /// Only the name is documented. The members are those of the ApsaraVideo VOD event of that name or of the
    /// official SDK (alibabacloud-ice20201109 6.20.2).
    Inferred,
    /// Only the name is documented.
    NameOnly,
    /// The event list has a row for it without its name; a public test uses this name.
    Unconfirmed,
}

impl Kind {
    /// How certain it is that the `MessageBody` has a member of this name.
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
    // In the events of the same names, ApsaraVideo VOD has these ids beside the one of IMS (inferred).
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
    // One job; each kind of snapshot may repeat its id.
    Kind {
        event_type: "SnapshotComplete",
        media: &["MediaId", "VideoId"],
        task: &["JobId", "TaskId", "ParentJobId", "SnapshotInfos[].JobId"],
        ..KIND
    },
    Kind { event_type: "DynamicImageComplete", ..KIND },
    // One rendition. In ApsaraVideo VOD the same name means all of them.
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
    // Only the answer of `GetBatchMediaProducingJob` has the media assets that the batch created.
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
