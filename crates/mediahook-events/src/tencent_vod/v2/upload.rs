//! Media assets come and go.

use serde_json::Value;

use super::procedure::MetaData;
use crate::lenient::lenient;

lenient! {
    /// A media asset was uploaded.
    #[serde(rename_all = "camelCase")]
    pub struct NewFileUpload {
        /// 0 is success.
        pub status: Option<i64>,
        /// Error message; none on success.
        pub message: Option<String>,
        /// Id of the media asset.
        pub file_id: Option<String>,
        /// Name of the media asset.
        pub file_name: Option<String>,
        /// URL of the cover.
        pub cover_url: Option<String>,
        /// URL of the file.
        pub file_url: Option<String>,
        /// Id of the transcoding that was started.
        pub transcode_task_id: Option<String>,
        /// Id of the task flow that was started: `vod_task_id` of its `ProcedureStateChanged`.
        pub procedure_task_id: Option<String>,
        /// Where it comes from, such as `Record`.
        pub source_type: Option<String>,
        /// The caller's own text, passed at upload.
        pub source_context: Option<String>,
        /// Who uploaded it.
        pub author: Option<String>,
        /// Id of the live stream that was recorded.
        pub stream_id: Option<String>,
        /// Id of the task. Seen in real events, empty.
        pub vod_task_id: Option<String>,
        /// What is inside the file. Seen in every real event, but not documented, like the members after it.
        pub meta_data: Option<MetaData>,
        /// Id of the content review that was started.
        pub porncheck_task_id: Option<String>,
        /// Whether the event continues an earlier one: 0 or 1.
        pub continued: Option<i64>,
        /// DRM of the file, as it came.
        pub drm: Option<Value>,
    }

    /// A media asset was pulled from a URL, or could not be.
    #[serde(rename_all = "camelCase")]
    pub struct PullComplete {
        /// 0 is success.
        pub status: Option<i64>,
        /// Error message; none on success.
        pub message: Option<String>,
        /// Id of the task.
        pub vod_task_id: Option<String>,
        /// Id of the new media asset; none if the pull failed.
        pub file_id: Option<String>,
        /// URL of the file.
        pub file_url: Option<String>,
        /// Id of the transcoding that was started.
        pub transcode_task_id: Option<String>,
        /// Id of the task flow that was started: `vod_task_id` of its `ProcedureStateChanged`.
        pub procedure_task_id: Option<String>,
        /// The caller's own text, passed at upload.
        pub source_context: Option<String>,
        /// What is inside the file. Seen in every real event, but not documented, like the members after it.
        pub meta_data: Option<MetaData>,
        /// Id of the content review that was started.
        pub porncheck_task_id: Option<String>,
        /// Whether the event continues an earlier one: 0 or 1.
        pub continued: Option<i64>,
        /// DRM of the file, as it came.
        pub drm: Option<Value>,
    }

    /// Media assets were deleted.
    #[serde(rename_all = "camelCase")]
    pub struct FileDeleted {
        /// 0 is success.
        pub status: Option<i64>,
        /// Error message; none on success.
        pub message: Option<String>,
        /// The media assets.
        pub file_info: Vec<DeletedFile>,
    }

    /// A media asset that was deleted.
    #[serde(rename_all = "camelCase")]
    pub struct DeletedFile {
        /// Id of the media asset.
        pub file_id: Option<String>,
    }
}
