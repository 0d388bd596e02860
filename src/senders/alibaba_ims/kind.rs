//! The event types: the one table that the reading of notifications and `docs/senders.md` are made from.

/// One event type of the sender.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Kind {
    /// `EventType`.
    pub event_type: &'static str,
    /// How sure its `MessageBody` is.
    pub level: Level,
}

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

/// Every event type, in the order of the event list (help.aliyun.com).
pub static KINDS: &[Kind] = &[
    Kind { event_type: "FileUploadComplete", level: Level::Documented },
    Kind { event_type: "UploadByURLComplete", level: Level::Inferred },
    Kind { event_type: "ImageUploadComplete", level: Level::Inferred },
    Kind { event_type: "AttachedMediaUploadComplete", level: Level::Inferred },
    Kind { event_type: "RegisterStreamComplete", level: Level::NameOnly },
    Kind { event_type: "StreamUploadComplete", level: Level::NameOnly },
    Kind { event_type: "UploadStreamByURLComplete", level: Level::Inferred },
    Kind { event_type: "CreateAuditComplete", level: Level::Inferred },
    Kind { event_type: "RegisterMediaComplete", level: Level::Documented },
    Kind { event_type: "DeleteMediaComplete", level: Level::Inferred },
    Kind { event_type: "MediaBaseChangeComplete", level: Level::Inferred },
    Kind { event_type: "WorkflowTaskComplete", level: Level::Inferred },
    Kind { event_type: "VideoAnalysisComplete", level: Level::Inferred },
    Kind { event_type: "SnapshotComplete", level: Level::Inferred },
    Kind { event_type: "DynamicImageComplete", level: Level::Inferred },
    // One rendition. To ApsaraVideo VOD the same name means all of them.
    Kind { event_type: "TranscodeComplete", level: Level::NameOnly },
    Kind { event_type: "TranscodeParentComplete", level: Level::NameOnly },
    Kind { event_type: "MediaConvertComplete", level: Level::Inferred },
    Kind { event_type: "MediaConvertOutputGroupComplete", level: Level::Inferred },
    Kind { event_type: "MediaConvertOutputComplete", level: Level::Inferred },
    Kind { event_type: "AIMediaAuditComplete", level: Level::Inferred },
    Kind { event_type: "AIProduceComplete", level: Level::NameOnly },
    Kind { event_type: "MediaAiAnalysisComplete", level: Level::NameOnly },
    Kind { event_type: "ProduceMediaComplete", level: Level::Documented },
    // Which media assets the batch made is only in the answer of `GetBatchMediaProducingJob`.
    Kind { event_type: "BatchProduceMediaComplete", level: Level::Documented },
    Kind { event_type: "LiveRecordFileCreated", level: Level::NameOnly },
    Kind { event_type: "LiveRecordTaskStatus", level: Level::NameOnly },
    Kind { event_type: "LiveSnapshotFileCreated", level: Level::NameOnly },
    Kind { event_type: "SmartJobComplete", level: Level::Unconfirmed },
];
