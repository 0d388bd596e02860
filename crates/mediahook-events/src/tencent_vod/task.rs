//! The other tasks: bitrate, digests, streaming, MPS, images; and casts.

use serde_json::Value;

use super::media::MediaMetaData;
use super::media_process::MediaProcessTaskResult;
use super::procedure::Subtask;
use crate::lenient::lenient;

lenient! {
    /// The bitrate of a media asset was reduced. Each subtask has its own status.
    #[serde(rename_all = "PascalCase")]
    pub struct ReduceMediaBitrateTask {
        /// Id of the task.
        pub task_id: Option<String>,
        /// `WAITING`, `PROCESSING` or `FINISH`. `FINISH` is the end, not success.
        pub status: Option<String>,
        /// Id of the media asset.
        pub file_id: Option<String>,
        /// Name of the file.
        pub file_name: Option<String>,
        /// URL of the file.
        pub file_url: Option<String>,
        /// What is inside the file.
        pub meta_data: Option<MediaMetaData>,
        /// Media processing subtasks.
        pub media_process_result_set: Vec<MediaProcessTaskResult>,
        /// Priority, -10 to 10.
        pub tasks_priority: Option<i64>,
        /// `Finish`, `Change` (one event for each change of a subtask, all with the same task id), or none.
        pub tasks_notify_mode: Option<String>,
        /// The caller's own text, at most 1,000 characters.
        pub session_context: Option<String>,
        /// The caller's own id for deduplication of requests.
        pub session_id: Option<String>,
    }

    /// The digests of a file were computed. Here `status` is `SUCCESS` or `FAIL`, never `FINISH`.
    #[serde(rename_all = "PascalCase")]
    pub struct DescribeFileAttributesTask {
        /// Id of the task.
        pub task_id: Option<String>,
        /// `PROCESSING`, `SUCCESS` or `FAIL`.
        pub status: Option<String>,
        /// 0 is success; 40000 bad input, 60000 bad source file, 70000 internal error.
        pub err_code: Option<i64>,
        /// Error code as a word; none or `SUCCESS` on success.
        pub err_code_ext: Option<String>,
        /// Error message, or `SUCCESS`.
        pub message: Option<String>,
        /// Progress in percent; may be 0 when the task has ended.
        pub progress: Option<i64>,
        /// Id of the media asset.
        pub file_id: Option<String>,
        /// The result.
        pub output: Option<DescribeFileAttributesTaskOutput>,
        /// The caller's own id for deduplication of requests.
        pub session_id: Option<String>,
        /// The caller's own text, at most 1,000 characters.
        pub session_context: Option<String>,
    }

    /// The digests.
    #[serde(rename_all = "PascalCase")]
    pub struct DescribeFileAttributesTaskOutput {
        /// MD5 digest in hexadecimal.
        pub md5: Option<String>,
        /// SHA-1 digest in hexadecimal.
        pub sha1: Option<String>,
    }

    /// A media cast changed its state. There is no task id and no time; `Stopped` ends the cast.
    #[serde(rename_all = "PascalCase")]
    pub struct MediaCastEvent {
        /// Id of the cast.
        pub cast_id: Option<String>,
        /// `Working`, `Scheduled`, `Stopped` or `Idle`.
        pub status: Option<String>,
    }

    /// A media asset with several languages was packaged for adaptive bitrate streaming. Each subtask has its
    /// own status.
    #[serde(rename_all = "PascalCase")]
    pub struct ComplexAdaptiveDynamicStreamingTask {
        /// Id of the task.
        pub task_id: Option<String>,
        /// `WAITING`, `PROCESSING` or `FINISH`. `FINISH` is the end, not success.
        pub status: Option<String>,
        /// One subtask for each template.
        pub complex_adaptive_dynamic_streaming_task_result_set:
            Vec<Subtask<ComplexAdaptiveDynamicStreamingTaskInput, ComplexAdaptiveDynamicStreamingTaskOutput>>,
    }

    /// What one subtask was asked to do.
    #[serde(rename_all = "PascalCase")]
    pub struct ComplexAdaptiveDynamicStreamingTaskInput {
        /// Which template was used.
        pub stream_para: Option<ComplexAdaptiveDynamicStreamingTaskStreamPara>,
    }

    /// Which template was used.
    #[serde(rename_all = "PascalCase")]
    pub struct ComplexAdaptiveDynamicStreamingTaskStreamPara {
        /// Id of the template that was used.
        pub definition: Option<i64>,
    }

    /// The playlist.
    #[serde(rename_all = "PascalCase")]
    pub struct ComplexAdaptiveDynamicStreamingTaskOutput {
        /// Id of the template that was used.
        pub definition: Option<i64>,
        /// `HLS` or `MPEG-DASH`.
        pub format: Option<String>,
        /// DRM scheme; none if not encrypted.
        pub drm_type: Option<String>,
        /// URL.
        pub url: Option<String>,
    }

    /// MPS processed a media asset. An error at the top level is about the source file; each subtask has its
    /// own status.
    #[serde(rename_all = "PascalCase")]
    pub struct ProcessMediaByMPS {
        /// Id of the task.
        pub task_id: Option<String>,
        /// `WAITING`, `PROCESSING` or `FINISH`. `FINISH` is the end, not success.
        pub status: Option<String>,
        /// Not 0 only if the source file is bad; each subtask has its own.
        pub err_code: Option<i64>,
        /// Error message, or `SUCCESS`.
        pub message: Option<String>,
        /// The subtasks.
        pub sub_task_set: Vec<MPSSubTaskResult>,
    }

    /// One subtask of MPS.
    #[serde(rename_all = "PascalCase")]
    pub struct MPSSubTaskResult {
        /// Kind of subtask, such as `MediaProcess.Transcode`.
        pub task_type: Option<String>,
        /// `PROCESSING`, `SUCCESS` or `FAIL`.
        pub status: Option<String>,
        /// Error code, a text here; none or `0` on success.
        pub err_code: Option<String>,
        /// Error message, or `SUCCESS`.
        pub message: Option<String>,
        /// What was requested, as JSON text.
        pub input: Option<String>,
        /// The result.
        pub output: Option<MPSTaskOutput>,
    }

    /// What a subtask of MPS produced.
    #[serde(rename_all = "PascalCase")]
    pub struct MPSTaskOutput {
        /// The files.
        pub output_files: Vec<MPSOutputFile>,
        /// The result as text, often JSON.
        pub output_text: Option<String>,
    }

    /// A file that a subtask of MPS produced.
    #[serde(rename_all = "PascalCase")]
    pub struct MPSOutputFile {
        /// File type, such as `mp4`.
        pub file_type: Option<String>,
        /// `Permanent` or `Temporary`.
        pub storage_mode: Option<String>,
        /// Id of the media asset.
        pub file_id: Option<String>,
        /// URL.
        pub url: Option<String>,
        /// Id of the template that was used, a text here.
        pub definition: Option<String>,
        /// When a temporary file expires, as Tencent's number in seconds.
        pub expired_time: Option<i64>,
    }

    /// An image was processed. The SDK's event has only the settings (`EncodeConfig` and the three after it),
    /// its query for the same task has only the other members (`ProcessImageAsync`): both are fields here.
    #[serde(rename_all = "PascalCase")]
    pub struct ProcessImageAsyncTask {
        /// Settings of the encoding, as requested.
        pub encode_config: Option<Value>,
        /// Settings of the enhancement, as requested.
        pub enhance_config: Option<Value>,
        /// Settings of the beauty effects, as requested.
        pub beauty_config: Option<Value>,
        /// Settings of the AI cutout, as requested.
        pub ai_cut_out_config: Option<Value>,
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
        pub input: Option<ProcessImageAsyncInput>,
        /// The result.
        pub output: Option<ProcessImageAsyncOutput>,
        /// The caller's own id for deduplication of requests.
        pub session_id: Option<String>,
        /// The caller's own text, at most 1,000 characters.
        pub session_context: Option<String>,
    }

    /// What was requested.
    #[serde(rename_all = "PascalCase")]
    pub struct ProcessImageAsyncInput {
        /// Id of the media asset.
        pub file_id: Option<String>,
        /// URL.
        pub url: Option<String>,
        /// Settings of the processing, as requested.
        pub image_task_input: Option<Value>,
        /// How the output was to be stored, as requested.
        pub output_config: Option<Value>,
    }

    /// The result.
    #[serde(rename_all = "PascalCase")]
    pub struct ProcessImageAsyncOutput {
        /// The file.
        pub file_info: Option<ProcessImageAsyncOutputFileInfo>,
        /// The result as text, often JSON.
        pub output_text: Option<String>,
    }

    /// The new image.
    #[serde(rename_all = "PascalCase")]
    pub struct ProcessImageAsyncOutputFileInfo {
        /// Name of the media asset.
        pub media_name: Option<String>,
        /// Id of the category that the media asset is filed under.
        pub class_id: Option<i64>,
        /// When the file is deleted; ISO 8601. `9999-12-31T23:59:59Z` is never.
        pub expire_time: Option<String>,
        /// File type, such as `mp4`.
        pub file_type: Option<String>,
        /// URL of the file.
        pub file_url: Option<String>,
        /// Id of the media asset.
        pub file_id: Option<String>,
        /// What is inside the file.
        pub meta_data: Option<MediaMetaData>,
    }
}
