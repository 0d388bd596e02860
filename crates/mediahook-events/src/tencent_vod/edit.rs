//! Media assets made out of others: edit, split, compose.

use serde_json::Value;

use super::media::{MediaBasicInfo, MediaMetaData};
use crate::lenient::lenient;

lenient! {
    /// Media assets or streams were edited into a new media asset.
    #[serde(rename_all = "PascalCase")]
    pub struct EditMediaTask {
        /// Id of the task.
        pub task_id: Option<String>,
        /// `WAITING`, `PROCESSING` or `FINISH`. `FINISH` is the end, not success.
        pub status: Option<String>,
        /// 0 is success; 40000 bad input, 60000 bad source file, 70000 internal error.
        pub err_code: Option<i64>,
        /// Error code as a word; none or `SUCCESS` on success.
        pub err_code_ext: Option<String>,
        /// Error message, or `SUCCESS`.
        pub message: Option<String>,
        /// Progress in percent; may be 0 when the task has ended.
        pub progress: Option<i64>,
        /// What the task was asked to do.
        pub input: Option<EditMediaTaskInput>,
        /// The result.
        pub output: Option<EditMediaTaskOutput>,
        /// What is inside the file.
        pub meta_data: Option<MediaMetaData>,
        /// Id of the task flow that was started: `task_id` of its `ProcedureStateChanged`.
        pub procedure_task_id: Option<String>,
        /// Id of the review that was started: `task_id` of its `ReviewAudioVideoComplete`.
        pub review_audio_video_task_id: Option<String>,
        /// The caller's own id for deduplication of requests.
        pub session_id: Option<String>,
        /// The caller's own text, at most 1,000 characters.
        pub session_context: Option<String>,
    }

    /// What was edited: files or live streams.
    #[serde(rename_all = "PascalCase")]
    pub struct EditMediaTaskInput {
        /// `File` or `Stream`.
        pub input_type: Option<String>,
        /// The files.
        pub file_info_set: Vec<EditMediaFileInfo>,
        /// The live streams.
        pub stream_info_set: Vec<EditMediaStreamInfo>,
    }

    /// A part of a file.
    #[serde(rename_all = "PascalCase")]
    pub struct EditMediaFileInfo {
        /// Id of the media asset.
        pub file_id: Option<String>,
        /// Start in seconds.
        pub start_time_offset: Option<f64>,
        /// End in seconds.
        pub end_time_offset: Option<f64>,
    }

    /// A part of a live stream.
    #[serde(rename_all = "PascalCase")]
    pub struct EditMediaStreamInfo {
        /// Id of the stream.
        pub stream_id: Option<String>,
        /// Start; ISO 8601.
        pub start_time: Option<String>,
        /// End; ISO 8601.
        pub end_time: Option<String>,
    }

    /// The new media asset. All of it is empty when the task failed.
    #[serde(rename_all = "PascalCase")]
    pub struct EditMediaTaskOutput {
        /// File type, such as `mp4`.
        pub file_type: Option<String>,
        /// URL of the file.
        pub file_url: Option<String>,
        /// Id of the media asset.
        pub file_id: Option<String>,
        /// Name of the media asset.
        pub media_name: Option<String>,
        /// Id of the category that the media asset is filed under.
        pub class_id: Option<i64>,
        /// When the file is deleted; ISO 8601. `0000-00-00T00:00:00Z` when the task failed.
        pub expire_time: Option<String>,
    }

    /// A media asset was split into several.
    #[serde(rename_all = "PascalCase")]
    pub struct SplitMediaTask {
        /// Id of the task.
        pub task_id: Option<String>,
        /// `WAITING`, `PROCESSING` or `FINISH`. `FINISH` is the end, not success.
        pub status: Option<String>,
        /// Error code as a word; none or `SUCCESS` on success.
        pub err_code_ext: Option<String>,
        /// 0 is success; 40000 bad input, 60000 bad source file, 70000 internal error.
        pub err_code: Option<i64>,
        /// Error message, or `SUCCESS`.
        pub message: Option<String>,
        /// The parts.
        pub file_info_set: Vec<SplitMediaTaskSegmentInfo>,
        /// The caller's own text, at most 1,000 characters.
        pub session_context: Option<String>,
        /// The caller's own id for deduplication of requests.
        pub session_id: Option<String>,
        /// Progress in percent; may be 0 when the task has ended.
        pub progress: Option<i64>,
    }

    /// One part.
    #[serde(rename_all = "PascalCase")]
    pub struct SplitMediaTaskSegmentInfo {
        /// What the task was asked to do.
        pub input: Option<SplitMediaTaskInput>,
        /// The result.
        pub output: Option<TaskOutputMediaInfo>,
        /// Id of the task flow that was started: `task_id` of its `ProcedureStateChanged`.
        pub procedure_task_id: Option<String>,
        /// Id of the review that was started: `task_id` of its `ReviewAudioVideoComplete`.
        pub review_audio_video_task_id: Option<String>,
    }

    /// Which part of which media asset.
    #[serde(rename_all = "PascalCase")]
    pub struct SplitMediaTaskInput {
        /// Id of the media asset.
        pub file_id: Option<String>,
        /// Start in seconds.
        pub start_time_offset: Option<f64>,
        /// End in seconds.
        pub end_time_offset: Option<f64>,
        /// Name of the task flow to start for the part.
        pub procedure_name: Option<String>,
        /// How the part was to be stored.
        pub output_config: Option<SplitMediaOutputConfig>,
    }

    /// How the part was to be stored.
    #[serde(rename_all = "PascalCase")]
    pub struct SplitMediaOutputConfig {
        /// Name of the media asset.
        pub media_name: Option<String>,
        /// File type, such as `mp4`.
        pub r#type: Option<String>,
        /// Id of the category that the media asset is filed under.
        pub class_id: Option<i64>,
        /// When the file is deleted; ISO 8601. `9999-12-31T23:59:59Z` is never.
        pub expire_time: Option<String>,
    }

    /// The new media asset.
    #[serde(rename_all = "PascalCase")]
    pub struct TaskOutputMediaInfo {
        /// Id of the media asset.
        pub file_id: Option<String>,
        /// What is known about the media asset.
        pub media_basic_info: Option<MediaBasicInfo>,
    }

    /// A media asset was composed of tracks. A documented sample has no `EventType`, and a number as
    /// `FileId`.
    #[serde(rename_all = "PascalCase")]
    pub struct ComposeMediaTask {
        /// Id of the task.
        pub task_id: Option<String>,
        /// `WAITING`, `PROCESSING` or `FINISH`. `FINISH` is the end, not success.
        pub status: Option<String>,
        /// 0 is success; 40000 bad input, 60000 bad source file, 70000 internal error.
        pub err_code: Option<i64>,
        /// Error message, or `SUCCESS`.
        pub message: Option<String>,
        /// Progress in percent; may be 0 when the task has ended.
        pub progress: Option<i64>,
        /// What the task was asked to do.
        pub input: Option<ComposeMediaTaskInput>,
        /// The result.
        pub output: Option<ComposeMediaTaskOutput>,
        /// What is inside the file.
        pub meta_data: Option<MediaMetaData>,
        /// The caller's own id for deduplication of requests.
        pub session_id: Option<String>,
        /// The caller's own text, at most 1,000 characters.
        pub session_context: Option<String>,
    }

    /// The tracks, as they were requested.
    #[serde(rename_all = "PascalCase")]
    pub struct ComposeMediaTaskInput {
        /// The tracks, as requested.
        pub tracks: Vec<Value>,
        /// Canvas, as requested.
        pub canvas: Option<Value>,
        /// Settings of the output, as requested.
        pub output: Option<Value>,
    }

    /// The new media asset.
    #[serde(rename_all = "PascalCase")]
    pub struct ComposeMediaTaskOutput {
        /// File type, such as `mp4`.
        pub file_type: Option<String>,
        /// Id of the media asset.
        pub file_id: Option<String>,
        /// URL of the file.
        pub file_url: Option<String>,
        /// Name of the media asset.
        pub media_name: Option<String>,
        /// Id of the category that the media asset is filed under.
        pub class_id: Option<i64>,
        /// When the file is deleted; ISO 8601. `9999-12-31T23:59:59Z` is never.
        pub expire_time: Option<String>,
    }
}
