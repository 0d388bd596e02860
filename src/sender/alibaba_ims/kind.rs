//! The event types: the one table that [`Event`], the reading of notifications and `docs/senders.md` are made from.

use serde::ser::{Serialize, Serializer};

use super::event::{BatchProduceMedia, FileUpload, Flat, Job, ProduceMedia, RegisterMedia, Unknown};
use crate::json::Value;
use crate::sender::model::Shape;

/// One event type of the sender.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Kind {
    /// `EventType`.
    pub event_type: &'static str,
    /// The name of our struct for its `MessageBody`.
    pub body: &'static str,
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

/// Makes [`KINDS`] and [`Event`] out of the same lines.
macro_rules! kinds {
    ($( $(#[$doc:meta])* $event_type:ident($body:ident), $level:ident; )*) => {
        /// Every event type, in the order of the event list (help.aliyun.com).
        pub static KINDS: &[Kind] = &[
            $( Kind {
                event_type: stringify!($event_type),
                body: stringify!($body),
                level: Level::$level,
            }, )*
        ];

        /// An event of Alibaba Cloud IMS: a variant per event type, named like it, with its `MessageBody`.
        ///
        /// Read it from an envelope with [`Event::of`], or from JSON with [`Event::read`].
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub enum Event<'a> {
            $( $(#[$doc])* $event_type(Box<$body<'a>>), )*
            /// A flat body, as ApsaraVideo VOD sends it: the same event types, and other meanings.
            Flat(Box<Flat<'a>>),
            /// An event type that is not in this list, or one whose `MessageBody` is not an object.
            Unknown(Unknown<'a>),
        }

        impl<'a> Event<'a> {
            /// The event of that type, where the message is an object.
            pub(super) fn of_kind(event_type: &str, message: Value<'_, 'a>) -> Option<Self> {
                match event_type {
                    $( stringify!($event_type) => $body::read(message).map(Box::new).map(Self::$event_type), )*
                    _ => None,
                }
            }
        }

        impl Serialize for Event<'_> {
            /// As the `MessageBody` alone.
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    $( Self::$event_type(message) => message.serialize(serializer), )*
                    Self::Flat(flat) => flat.serialize(serializer),
                    Self::Unknown(unknown) => unknown.message_body.serialize(serializer),
                }
            }
        }
    };
}

kinds! {
    /// A media was uploaded.
    FileUploadComplete(FileUpload), Documented;
    /// A media was pulled from a URL, or was not.
    UploadByURLComplete(Job), Inferred;
    /// An image was uploaded.
    ImageUploadComplete(Job), Inferred;
    /// An auxiliary media was uploaded.
    AttachedMediaUploadComplete(Job), Inferred;
    /// A stream was registered.
    RegisterStreamComplete(Job), NameOnly;
    /// A stream was uploaded.
    StreamUploadComplete(Job), NameOnly;
    /// A stream was pulled from a URL, or was not.
    UploadStreamByURLComplete(Job), Inferred;
    /// A media was reviewed by hand.
    CreateAuditComplete(Job), Inferred;
    /// A media was registered and looked into.
    RegisterMediaComplete(RegisterMedia), Documented;
    /// A media was deleted.
    DeleteMediaComplete(Job), Inferred;
    /// What is known of a media was changed.
    MediaBaseChangeComplete(Job), Inferred;
    /// A workflow ended.
    WorkflowTaskComplete(Job), Inferred;
    /// A media was looked into.
    VideoAnalysisComplete(Job), Inferred;
    /// Snapshots were taken.
    SnapshotComplete(Job), Inferred;
    /// An animated image was made.
    DynamicImageComplete(Job), Inferred;
    /// One rendition was transcoded. To ApsaraVideo VOD the same name means all of them.
    TranscodeComplete(Job), NameOnly;
    /// All renditions were transcoded.
    TranscodeParentComplete(Job), NameOnly;
    /// A media convert job ended.
    MediaConvertComplete(Job), Inferred;
    /// One group of its outputs ended.
    MediaConvertOutputGroupComplete(Job), Inferred;
    /// One of its outputs ended.
    MediaConvertOutputComplete(Job), Inferred;
    /// A media was reviewed by artificial intelligence.
    AIMediaAuditComplete(Job), Inferred;
    /// Artificial intelligence made a media.
    AIProduceComplete(Job), NameOnly;
    /// Artificial intelligence looked into a media.
    MediaAiAnalysisComplete(Job), NameOnly;
    /// A timeline was made into a media, or was not.
    ProduceMediaComplete(ProduceMedia), Documented;
    /// A batch of media was made; which ones, only the interface tells (`GetBatchMediaProducingJob`).
    BatchProduceMediaComplete(BatchProduceMedia), Documented;
    /// A recording of a live stream has a further file.
    LiveRecordFileCreated(Job), NameOnly;
    /// A recording of a live stream changed its state.
    LiveRecordTaskStatus(Job), NameOnly;
    /// A snapshot of a live stream was taken.
    LiveSnapshotFileCreated(Job), NameOnly;
    /// A smart job ended (speech recognition, translation and so on).
    SmartJobComplete(Job), Unconfirmed;
}
