//! Task flows.

use super::ai::AiResult;
use super::media::MediaMetaData;
use super::media_process::MediaProcessTaskResult;
use crate::sender::model::{Number, Text, model};

model! {
    /// A task flow changed its state, or ended. Each subtask says for itself how it went: the error at the top level is
    /// deprecated, and stays 0 and `SUCCESS` where a subtask has failed.
    pub struct ProcedureTask {
        task_id "TaskId": Option<Text<'a>>,
        /// `PROCESSING` or `FINISH`; the end is not success.
        status "Status": Option<Text<'a>>,
        /// Deprecated.
        err_code "ErrCode": Option<Number<'a>>,
        /// Deprecated.
        message "Message": Option<Text<'a>>,
        /// Of a flow begun with a URL, the caller's `MediaInputInfo.Id`.
        file_id "FileId": Option<Text<'a>>,
        file_name "FileName": Option<Text<'a>>,
        file_url "FileUrl": Option<Text<'a>>,
        meta_data "MetaData": Option<Box<MediaMetaData<'a>>>,
        media_process_result_set "MediaProcessResultSet": Vec<MediaProcessTaskResult<'a>>,
        ai_content_review_result_set "AiContentReviewResultSet": Vec<AiResult<'a>>,
        ai_analysis_result_set "AiAnalysisResultSet": Vec<AiResult<'a>>,
        ai_recognition_result_set "AiRecognitionResultSet": Vec<AiResult<'a>>,
        tasks_priority "TasksPriority": Option<Number<'a>>,
        /// `Finish`, `Change` (an event for each change of a subtask, with the same `TaskId`), or none.
        tasks_notify_mode "TasksNotifyMode": Option<Text<'a>>,
        session_context "SessionContext": Option<Text<'a>>,
        session_id "SessionId": Option<Text<'a>>,
        operator "Operator": Option<Text<'a>>,
        operation_type "OperationType": Option<Text<'a>>,
    }
}
