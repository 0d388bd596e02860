//! Watermarks: removed, or searched for.

use super::media::MediaMetaData;
use crate::lenient::lenient;

lenient! {
    /// A watermark was removed.
    #[serde(rename_all = "PascalCase")]
    pub struct RemoveWatermarkTask {
        /// Id of the task.
        pub task_id: Option<String>,
        /// `PROCESSING` or `FINISH`. `FINISH` is the end, not success.
        pub status: Option<String>,
        /// Error code as a word; none or `SUCCESS` on success.
        pub err_code_ext: Option<String>,
        /// 0 is success; 40000 bad input, 60000 bad source file, 70000 internal error.
        pub err_code: Option<i64>,
        /// Error message, or `SUCCESS`.
        pub message: Option<String>,
        /// What the task was asked to do.
        pub input: Option<RemoveWaterMarkTaskInput>,
        /// The result.
        pub output: Option<RemoveWaterMarkTaskOutput>,
        /// The caller's own id for deduplication of requests.
        pub session_id: Option<String>,
        /// The caller's own text, at most 1,000 characters.
        pub session_context: Option<String>,
    }

    /// What the watermark was removed from.
    #[serde(rename_all = "PascalCase")]
    pub struct RemoveWaterMarkTaskInput {
        /// Id of the media asset.
        pub file_id: Option<String>,
    }

    /// The new media asset.
    #[serde(rename_all = "PascalCase")]
    pub struct RemoveWaterMarkTaskOutput {
        /// Id of the media asset.
        pub file_id: Option<String>,
        /// File type, such as `mp4`.
        pub file_type: Option<String>,
        /// URL of the file.
        pub file_url: Option<String>,
        /// Name of the media asset.
        pub media_name: Option<String>,
        /// What is inside the file.
        pub meta_data: Option<MediaMetaData>,
    }

    /// A trace watermark was searched for.
    #[serde(rename_all = "PascalCase")]
    pub struct ExtractTraceWatermarkTask {
        /// Id of the task.
        pub task_id: Option<String>,
        /// `WAITING`, `PROCESSING` or `FINISH`. `FINISH` is the end, not success.
        pub status: Option<String>,
        /// 0 is success; 40000 bad input, 60000 bad source file, 70000 internal error.
        pub err_code: Option<i64>,
        /// Error message, or `SUCCESS`.
        pub message: Option<String>,
        /// Error code as a word; none or `SUCCESS` on success.
        pub err_code_ext: Option<String>,
        /// What the task was asked to do.
        pub input: Option<ExtractTraceWatermarkTaskInput>,
        /// The result.
        pub output: Option<ExtractTraceWatermarkTaskOutput>,
        /// The caller's own id for deduplication of requests.
        pub session_id: Option<String>,
        /// The caller's own text, at most 1,000 characters.
        pub session_context: Option<String>,
    }

    /// What was searched.
    #[serde(rename_all = "PascalCase")]
    pub struct ExtractTraceWatermarkTaskInput {
        /// URL.
        pub url: Option<String>,
        /// Id of the media asset.
        pub file_id: Option<String>,
    }

    /// The trace watermark.
    #[serde(rename_all = "PascalCase")]
    pub struct ExtractTraceWatermarkTaskOutput {
        /// Viewer id in hexadecimal.
        pub uv: Option<String>,
        /// Deprecated; see `uv`.
        pub uid: Option<String>,
    }

    /// A copyright watermark was searched for.
    #[serde(rename_all = "PascalCase")]
    pub struct ExtractCopyRightWatermarkTask {
        /// Id of the task.
        pub task_id: Option<String>,
        /// `WAITING`, `PROCESSING` or `FINISH`. `FINISH` is the end, not success.
        pub status: Option<String>,
        /// 0 is success; 40000 bad input, 60000 bad source file, 70000 internal error.
        pub err_code: Option<i64>,
        /// Error message, or `SUCCESS`.
        pub message: Option<String>,
        /// Error code as a word; none or `SUCCESS` on success.
        pub err_code_ext: Option<String>,
        /// What the task was asked to do.
        pub input: Option<ExtractCopyRightWatermarkTaskInput>,
        /// The result.
        pub output: Option<ExtractCopyRightWatermarkTaskOutput>,
        /// The caller's own id for deduplication of requests.
        pub session_id: Option<String>,
        /// The caller's own text, at most 1,000 characters.
        pub session_context: Option<String>,
    }

    /// What was searched.
    #[serde(rename_all = "PascalCase")]
    pub struct ExtractCopyRightWatermarkTaskInput {
        /// URL.
        pub url: Option<String>,
    }

    /// The copyright watermark.
    #[serde(rename_all = "PascalCase")]
    pub struct ExtractCopyRightWatermarkTaskOutput {
        /// The copyright text.
        pub text: Option<String>,
    }

    /// A blind watermark was searched for.
    #[serde(rename_all = "PascalCase")]
    pub struct ExtractBlindWatermarkTask {
        /// Id of the task.
        pub task_id: Option<String>,
        /// `WAITING`, `PROCESSING` or `FINISH`. `FINISH` is the end, not success.
        pub status: Option<String>,
        /// 0 is success; 40000 bad input, 60000 bad source file, 70000 internal error.
        pub err_code: Option<i64>,
        /// Error message, or `SUCCESS`.
        pub message: Option<String>,
        /// What was searched.
        pub input_info: Option<ExtractBlindWatermarkInputInfo>,
        /// `blind-basic`, `blind-ab` and others.
        pub r#type: Option<String>,
        /// Whether a watermark was found.
        pub is_detected: Option<bool>,
        /// Content of the watermark; none if none was found.
        pub result: Option<String>,
        /// Viewer id in a trace watermark, in hexadecimal.
        #[serde(rename = "ResultUV")]
        pub result_uv: Option<String>,
        /// How it was searched.
        pub extract_blind_watermark_config: Option<ExtractBlindWatermarkTaskConfig>,
        /// The caller's own text, at most 1,000 characters.
        pub session_context: Option<String>,
        /// The caller's own id for deduplication of requests.
        pub session_id: Option<String>,
    }

    /// What was searched.
    #[serde(rename_all = "PascalCase")]
    pub struct ExtractBlindWatermarkInputInfo {
        /// `File` or `Url`.
        pub r#type: Option<String>,
        /// Id of the media asset.
        pub file_id: Option<String>,
        /// URL.
        pub url: Option<String>,
    }

    /// How it was searched.
    #[serde(rename_all = "PascalCase")]
    pub struct ExtractBlindWatermarkTaskConfig {
        /// Length of a segment in milliseconds.
        pub segment_duration: Option<i64>,
    }
}
