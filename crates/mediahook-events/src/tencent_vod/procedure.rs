//! Task flows, and what all their subtasks have in common.

use super::ai_analysis::AiAnalysisResult;
use super::ai_recognition::AiRecognitionResult;
use super::ai_review::AiContentReviewResult;
use super::media::MediaMetaData;
use super::media_process::MediaProcessTaskResult;
use crate::lenient::lenient;

lenient! {
    /// A task flow changed its state, or ended. Its own error code is deprecated and stays 0 when a subtask
    /// fails: look at each [`Subtask`].
    #[serde(rename_all = "PascalCase")]
    pub struct ProcedureTask {
        /// Id of the task flow.
        pub task_id: Option<String>,
        /// `PROCESSING` or `FINISH`. `FINISH` is the end, not success.
        pub status: Option<String>,
        /// Deprecated: stays 0 when a subtask fails.
        pub err_code: Option<i64>,
        /// Deprecated: stays `SUCCESS` when a subtask fails.
        pub message: Option<String>,
        /// Id of the media asset; of a flow started by URL, the caller's own `MediaInputInfo.Id`.
        pub file_id: Option<String>,
        /// Name of the file.
        pub file_name: Option<String>,
        /// URL of the file.
        pub file_url: Option<String>,
        /// What is inside the file.
        pub meta_data: Option<MediaMetaData>,
        /// Media processing subtasks.
        pub media_process_result_set: Vec<MediaProcessTaskResult>,
        /// Content review subtasks.
        pub ai_content_review_result_set: Vec<AiContentReviewResult>,
        /// Content analysis subtasks.
        pub ai_analysis_result_set: Vec<AiAnalysisResult>,
        /// Content recognition subtasks.
        pub ai_recognition_result_set: Vec<AiRecognitionResult>,
        /// Priority, -10 to 10.
        pub tasks_priority: Option<i64>,
        /// `Finish`, `Change` (one event for each change of a subtask, all with the same task id), or none.
        pub tasks_notify_mode: Option<String>,
        /// The caller's own text, at most 1,000 characters.
        pub session_context: Option<String>,
        /// The caller's own id for deduplication of requests.
        pub session_id: Option<String>,
        /// `System` if Tencent started the flow.
        pub operator: Option<String>,
        /// `TSC` if the flow reduces the bitrate automatically.
        pub operation_type: Option<String>,
    }

    /// What an AI subtask was asked to do.
    #[serde(rename_all = "PascalCase")]
    pub struct AiTaskInput {
        /// Id of the template that was used.
        pub definition: Option<i64>,
    }

    /// One subtask of a flow, with its own status and error.
    #[serde(rename_all = "PascalCase")]
    pub struct Subtask<I, O> {
        /// `PROCESSING`, `SUCCESS` or `FAIL`.
        pub status: Option<String>,
        /// Error code as a word; none or `SUCCESS` on success.
        pub err_code_ext: Option<String>,
        /// 0 is success; 40000 bad input, 60000 bad source file, 70000 internal error.
        pub err_code: Option<i64>,
        /// Error message, or `SUCCESS`.
        pub message: Option<String>,
        /// What the subtask was asked to do.
        pub input: Option<I>,
        /// The result; none if the subtask failed.
        pub output: Option<O>,
        /// Progress in percent.
        pub progress: Option<i64>,
        /// When the subtask began; ISO 8601.
        pub begin_process_time: Option<String>,
        /// When the subtask ended; ISO 8601.
        pub finish_time: Option<String>,
    }
}

/// An AI subtask of a flow.
pub type AiTask<O> = Subtask<AiTaskInput, O>;
