//! Media come and go: upload, pull, delete, restore, persist.

use super::media::{MediaBasicInfo, MediaMetaData};
use crate::sender::model::{Number, Text, model};

model! {
    /// A media was uploaded. There is no status: the event is sent on success alone.
    pub struct FileUploadTask {
        file_id "FileId": Option<Text<'a>>,
        media_basic_info "MediaBasicInfo": Option<Box<MediaBasicInfo<'a>>>,
        /// The flow that follows, `TaskId` of its `ProcedureStateChanged`.
        procedure_task_id "ProcedureTaskId": Option<Text<'a>>,
        review_audio_video_task_id "ReviewAudioVideoTaskId": Option<Text<'a>>,
        meta_data "MetaData": Option<Box<MediaMetaData<'a>>>,
    }

    /// A media was pulled from a URL, or was not.
    pub struct PullUploadTask {
        task_id "TaskId": Option<Text<'a>>,
        /// `PROCESSING` or `FINISH`; the end is not success.
        status "Status": Option<Text<'a>>,
        /// 0 is success; 40000 bad input, 60000 bad source file, 70000 internal.
        err_code "ErrCode": Option<Number<'a>>,
        message "Message": Option<Text<'a>>,
        file_id "FileId": Option<Text<'a>>,
        media_basic_info "MediaBasicInfo": Option<Box<MediaBasicInfo<'a>>>,
        meta_data "MetaData": Option<Box<MediaMetaData<'a>>>,
        file_url "FileUrl": Option<Text<'a>>,
        /// The flow that follows, `TaskId` of its `ProcedureStateChanged`.
        procedure_task_id "ProcedureTaskId": Option<Text<'a>>,
        review_audio_video_task_id "ReviewAudioVideoTaskId": Option<Text<'a>>,
        session_context "SessionContext": Option<Text<'a>>,
        session_id "SessionId": Option<Text<'a>>,
        progress "Progress": Option<Number<'a>>,
    }

    /// Media were deleted: several at once where they were deleted in one call.
    pub struct FileDeleteTask {
        file_id_set "FileIdSet": Vec<Text<'a>>,
        file_delete_result_info "FileDeleteResultInfo": Vec<FileDeleteResultItem<'a>>,
    }

    /// What was deleted of one media.
    pub struct FileDeleteResultItem {
        file_id "FileId": Option<Text<'a>>,
        delete_parts "DeleteParts": Vec<MediaDeleteItem<'a>>,
    }

    /// A part of a media: the original, or one of its transcoded outputs.
    pub struct MediaDeleteItem {
        r#type "Type": Option<Text<'a>>,
        definition "Definition": Option<Number<'a>>,
    }

    /// A media was brought back from cold storage. No task id and no time: two restorations of a media may say the same.
    pub struct RestoreMediaTask {
        file_id "FileId": Option<Text<'a>>,
        original_storage_class "OriginalStorageClass": Option<Text<'a>>,
        target_storage_class "TargetStorageClass": Option<Text<'a>>,
        restore_tier "RestoreTier": Option<Text<'a>>,
        restore_day "RestoreDay": Option<Number<'a>>,
        /// Deprecated.
        status "Status": Option<Number<'a>>,
        /// Deprecated.
        message "Message": Option<Text<'a>>,
    }

    /// A clip was made into a media. No task id and no time.
    pub struct PersistenceCompleteTask {
        file_id "FileId": Option<Text<'a>>,
        persistence_source "PersistenceSource": Option<Text<'a>>,
    }
}
