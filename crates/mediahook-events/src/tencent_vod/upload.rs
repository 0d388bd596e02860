//! Media assets come and go: upload, pull, delete, restore, save.

use super::media::{MediaBasicInfo, MediaMetaData};
use crate::lenient::lenient;

lenient! {
    /// A media asset was uploaded. There is no status: the event is sent on success only.
    #[serde(rename_all = "PascalCase")]
    pub struct FileUploadTask {
        /// Id of the media asset.
        pub file_id: Option<String>,
        /// What is known about the media asset.
        pub media_basic_info: Option<MediaBasicInfo>,
        /// Id of the task flow that was started: `task_id` of its `ProcedureStateChanged`.
        pub procedure_task_id: Option<String>,
        /// Id of the review that was started: `task_id` of its `ReviewAudioVideoComplete`.
        pub review_audio_video_task_id: Option<String>,
        /// What is inside the file.
        pub meta_data: Option<MediaMetaData>,
    }

    /// A media asset was pulled from a URL, or could not be.
    #[serde(rename_all = "PascalCase")]
    pub struct PullUploadTask {
        /// Id of the task.
        pub task_id: Option<String>,
        /// `WAITING`, `PROCESSING` or `FINISH`. `FINISH` is the end, not success.
        pub status: Option<String>,
        /// 0 is success; 40000 bad input, 60000 bad source file, 70000 internal error.
        pub err_code: Option<i64>,
        /// Error message, or `SUCCESS`.
        pub message: Option<String>,
        /// Id of the new media asset; none if the pull failed.
        pub file_id: Option<String>,
        /// What is known about the media asset.
        pub media_basic_info: Option<MediaBasicInfo>,
        /// What is inside the file.
        pub meta_data: Option<MediaMetaData>,
        /// URL of the file.
        pub file_url: Option<String>,
        /// Id of the task flow that was started: `task_id` of its `ProcedureStateChanged`.
        pub procedure_task_id: Option<String>,
        /// Id of the review that was started: `task_id` of its `ReviewAudioVideoComplete`.
        pub review_audio_video_task_id: Option<String>,
        /// The caller's own text, at most 1,000 characters.
        pub session_context: Option<String>,
        /// The caller's own id for deduplication of requests.
        pub session_id: Option<String>,
        /// Progress in percent; may be 0 when the task has ended.
        pub progress: Option<i64>,
    }

    /// Media assets were deleted: several at once if one call deleted them.
    #[serde(rename_all = "PascalCase")]
    pub struct FileDeleteTask {
        /// Ids of the media assets.
        pub file_id_set: Vec<String>,
        /// What was deleted of each media asset.
        pub file_delete_result_info: Vec<FileDeleteResultItem>,
    }

    /// What was deleted of one media asset.
    #[serde(rename_all = "PascalCase")]
    pub struct FileDeleteResultItem {
        /// Id of the media asset.
        pub file_id: Option<String>,
        /// Which parts were deleted.
        pub delete_parts: Vec<MediaDeleteItem>,
    }

    /// One part of a media asset: the original file, or one kind of output.
    #[serde(rename_all = "PascalCase")]
    pub struct MediaDeleteItem {
        /// `OriginalFiles`, `TranscodeFiles`, `AdaptiveDynamicStreamingFiles` and others.
        pub r#type: Option<String>,
        /// Template id of the deleted outputs; 0 is all.
        pub definition: Option<i64>,
    }

    /// A media asset was restored from cold storage. There is neither a task id nor a time: two restorations
    /// of the same media asset may look the same.
    #[serde(rename_all = "PascalCase")]
    pub struct RestoreMediaTask {
        /// Id of the media asset.
        pub file_id: Option<String>,
        /// Storage class before.
        pub original_storage_class: Option<String>,
        /// Storage class after.
        pub target_storage_class: Option<String>,
        /// `Expedited`, `Standard` or `Bulk`.
        pub restore_tier: Option<String>,
        /// For how many days the media asset stays restored; 0 is forever.
        pub restore_day: Option<i64>,
        /// Deprecated; 0 is success.
        pub status: Option<i64>,
        /// Deprecated.
        pub message: Option<String>,
    }

    /// A clip was saved as a media asset. There is neither a task id nor a time.
    #[serde(rename_all = "PascalCase")]
    pub struct PersistenceCompleteTask {
        /// Id of the media asset.
        pub file_id: Option<String>,
        /// `SimpleHlsClip`, `FastEditMedia` or `LiveRealTimeClip`.
        pub persistence_source: Option<String>,
    }
}
