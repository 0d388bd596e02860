//! Every other task: its ids, status, errors and session; of what it was about and what it made, the common members.

use super::media::MediaMetaData;
use super::media_process::MediaProcessTaskResult;
use crate::sender::model::{Number, Raw, Text, model};

model! {
    /// A media was published on WeChat, or `wechat_status` says why not.
    pub struct WechatPublishTask {
        task_id "TaskId": Option<Text<'a>>,
        status "Status": Option<Text<'a>>,
        err_code "ErrCode": Option<Number<'a>>,
        message "Message": Option<Text<'a>>,
        file_id "FileId": Option<Text<'a>>,
        definition "Definition": Option<Number<'a>>,
        source_definition "SourceDefinition": Option<Number<'a>>,
        wechat_status "WechatStatus": Option<Text<'a>>,
        wechat_vid "WechatVid": Option<Text<'a>>,
        wechat_url "WechatUrl": Option<Text<'a>>,
    }

    /// A media was published in a WeChat mini program, or `publish_result` says why not.
    pub struct WechatMiniProgramPublishTask {
        task_id "TaskId": Option<Text<'a>>,
        status "Status": Option<Text<'a>>,
        err_code "ErrCode": Option<Number<'a>>,
        message "Message": Option<Text<'a>>,
        file_id "FileId": Option<Text<'a>>,
        source_definition "SourceDefinition": Option<Number<'a>>,
        publish_result "PublishResult": Option<Text<'a>>,
    }

    /// A watermark was removed.
    pub struct RemoveWatermarkTask {
        task_id "TaskId": Option<Text<'a>>,
        status "Status": Option<Text<'a>>,
        err_code_ext "ErrCodeExt": Option<Text<'a>>,
        err_code "ErrCode": Option<Number<'a>>,
        message "Message": Option<Text<'a>>,
        input "Input": Option<Box<TaskInput<'a>>>,
        output "Output": Option<Box<TaskOutput<'a>>>,
        session_id "SessionId": Option<Text<'a>>,
        session_context "SessionContext": Option<Text<'a>>,
    }

    /// A media was rebuilt in better quality.
    pub struct RebuildMediaTask {
        task_id "TaskId": Option<Text<'a>>,
        status "Status": Option<Text<'a>>,
        err_code "ErrCode": Option<Number<'a>>,
        message "Message": Option<Text<'a>>,
        err_code_ext "ErrCodeExt": Option<Text<'a>>,
        progress "Progress": Option<Number<'a>>,
        input "Input": Option<Box<TaskInput<'a>>>,
        output "Output": Option<Box<TaskOutput<'a>>>,
        meta_data "MetaData": Option<Box<MediaMetaData<'a>>>,
        session_id "SessionId": Option<Text<'a>>,
        session_context "SessionContext": Option<Text<'a>>,
    }

    /// A trace watermark was looked for.
    pub struct ExtractTraceWatermarkTask {
        task_id "TaskId": Option<Text<'a>>,
        status "Status": Option<Text<'a>>,
        err_code "ErrCode": Option<Number<'a>>,
        message "Message": Option<Text<'a>>,
        err_code_ext "ErrCodeExt": Option<Text<'a>>,
        input "Input": Option<Box<TaskInput<'a>>>,
        output "Output": Option<Box<TaskOutput<'a>>>,
        session_id "SessionId": Option<Text<'a>>,
        session_context "SessionContext": Option<Text<'a>>,
    }

    /// A copyright watermark was looked for.
    pub struct ExtractCopyRightWatermarkTask {
        task_id "TaskId": Option<Text<'a>>,
        status "Status": Option<Text<'a>>,
        err_code "ErrCode": Option<Number<'a>>,
        message "Message": Option<Text<'a>>,
        err_code_ext "ErrCodeExt": Option<Text<'a>>,
        input "Input": Option<Box<TaskInput<'a>>>,
        output "Output": Option<Box<TaskOutput<'a>>>,
        session_id "SessionId": Option<Text<'a>>,
        session_context "SessionContext": Option<Text<'a>>,
    }

    /// The bit rate of a media was reduced. The results are those of its subtasks.
    pub struct ReduceMediaBitrateTask {
        task_id "TaskId": Option<Text<'a>>,
        status "Status": Option<Text<'a>>,
        file_id "FileId": Option<Text<'a>>,
        file_name "FileName": Option<Text<'a>>,
        file_url "FileUrl": Option<Text<'a>>,
        meta_data "MetaData": Option<Box<MediaMetaData<'a>>>,
        media_process_result_set "MediaProcessResultSet": Vec<MediaProcessTaskResult<'a>>,
        tasks_priority "TasksPriority": Option<Number<'a>>,
        tasks_notify_mode "TasksNotifyMode": Option<Text<'a>>,
        session_context "SessionContext": Option<Text<'a>>,
        session_id "SessionId": Option<Text<'a>>,
    }

    /// The digests of a file were computed. Its `status` is `SUCCESS` or `FAIL` and never `FINISH`.
    pub struct DescribeFileAttributesTask {
        task_id "TaskId": Option<Text<'a>>,
        status "Status": Option<Text<'a>>,
        err_code "ErrCode": Option<Number<'a>>,
        err_code_ext "ErrCodeExt": Option<Text<'a>>,
        message "Message": Option<Text<'a>>,
        progress "Progress": Option<Number<'a>>,
        file_id "FileId": Option<Text<'a>>,
        output "Output": Option<Box<TaskOutput<'a>>>,
        session_id "SessionId": Option<Text<'a>>,
        session_context "SessionContext": Option<Text<'a>>,
    }

    /// The quality of a media was inspected. It has no `ErrCode`, only `ErrCodeExt`.
    pub struct QualityInspectTask {
        task_id "TaskId": Option<Text<'a>>,
        status "Status": Option<Text<'a>>,
        err_code_ext "ErrCodeExt": Option<Text<'a>>,
        message "Message": Option<Text<'a>>,
        meta_data "MetaData": Option<Box<MediaMetaData<'a>>>,
        input "Input": Option<Box<TaskInput<'a>>>,
        output "Output": Option<Box<TaskOutput<'a>>>,
        session_id "SessionId": Option<Text<'a>>,
        session_context "SessionContext": Option<Text<'a>>,
    }

    /// The quality of a media was enhanced.
    pub struct QualityEnhanceTask {
        task_id "TaskId": Option<Text<'a>>,
        status "Status": Option<Text<'a>>,
        err_code "ErrCode": Option<Number<'a>>,
        message "Message": Option<Text<'a>>,
        err_code_ext "ErrCodeExt": Option<Text<'a>>,
        progress "Progress": Option<Number<'a>>,
        input "Input": Option<Box<TaskInput<'a>>>,
        output "Output": Option<Box<TaskOutput<'a>>>,
        meta_data "MetaData": Option<Box<MediaMetaData<'a>>>,
        session_id "SessionId": Option<Text<'a>>,
        session_context "SessionContext": Option<Text<'a>>,
    }

    /// A cast changed its state: `Working`, `Scheduled`, `Stopped`, `Idle`. States come again, and there is no time.
    pub struct MediaCastEvent {
        cast_id "CastId": Option<Text<'a>>,
        status "Status": Option<Text<'a>>,
    }

    /// A media with several languages was packed for adaptive streaming. The results are those of its subtasks.
    pub struct ComplexAdaptiveDynamicStreamingTask {
        task_id "TaskId": Option<Text<'a>>,
        status "Status": Option<Text<'a>>,
        complex_adaptive_dynamic_streaming_task_result_set "ComplexAdaptiveDynamicStreamingTaskResultSet": Vec<ComplexAdaptiveDynamicStreamingTaskResult<'a>>,
    }

    /// One subtask.
    pub struct ComplexAdaptiveDynamicStreamingTaskResult {
        status "Status": Option<Text<'a>>,
        err_code_ext "ErrCodeExt": Option<Text<'a>>,
        message "Message": Option<Text<'a>>,
        progress "Progress": Option<Number<'a>>,
        input "Input": Option<Raw<'a>>,
        output "Output": Option<Raw<'a>>,
    }

    /// MPS processed a media. An error at the top level is about the source; the rest is in the subtasks.
    pub struct ProcessMediaByMPS {
        task_id "TaskId": Option<Text<'a>>,
        status "Status": Option<Text<'a>>,
        err_code "ErrCode": Option<Number<'a>>,
        message "Message": Option<Text<'a>>,
        sub_task_set "SubTaskSet": Vec<MPSSubTaskResult<'a>>,
    }

    /// One subtask. `err_code` is a text here, and `input` a JSON text.
    pub struct MPSSubTaskResult {
        task_type "TaskType": Option<Text<'a>>,
        status "Status": Option<Text<'a>>,
        err_code "ErrCode": Option<Text<'a>>,
        message "Message": Option<Text<'a>>,
        input "Input": Option<Text<'a>>,
        output "Output": Option<Raw<'a>>,
    }

    /// A blind watermark was looked for.
    pub struct ExtractBlindWatermarkTask {
        task_id "TaskId": Option<Text<'a>>,
        status "Status": Option<Text<'a>>,
        err_code "ErrCode": Option<Number<'a>>,
        message "Message": Option<Text<'a>>,
        input_info "InputInfo": Option<Box<TaskInput<'a>>>,
        r#type "Type": Option<Text<'a>>,
        is_detected "IsDetected": Option<bool>,
        result "Result": Option<Text<'a>>,
        result_uv "ResultUV": Option<Text<'a>>,
        extract_blind_watermark_config "ExtractBlindWatermarkConfig": Option<Raw<'a>>,
        session_context "SessionContext": Option<Text<'a>>,
        session_id "SessionId": Option<Text<'a>>,
    }

    /// An image was processed. The SDK's event has the settings alone (`EncodeConfig` and its neighbours), while its
    /// query for the same task has the other members (`ProcessImageAsync`): both are taken.
    pub struct ProcessImageAsyncTask {
        encode_config "EncodeConfig": Option<Raw<'a>>,
        enhance_config "EnhanceConfig": Option<Raw<'a>>,
        beauty_config "BeautyConfig": Option<Raw<'a>>,
        ai_cut_out_config "AiCutOutConfig": Option<Raw<'a>>,
        task_id "TaskId": Option<Text<'a>>,
        status "Status": Option<Text<'a>>,
        err_code "ErrCode": Option<Number<'a>>,
        message "Message": Option<Text<'a>>,
        progress "Progress": Option<Number<'a>>,
        input "Input": Option<Box<TaskInput<'a>>>,
        output "Output": Option<Box<TaskOutput<'a>>>,
        session_id "SessionId": Option<Text<'a>>,
        session_context "SessionContext": Option<Text<'a>>,
    }

    /// An image was generated.
    pub struct AigcImageTask {
        task_id "TaskId": Option<Text<'a>>,
        status "Status": Option<Text<'a>>,
        err_code "ErrCode": Option<Number<'a>>,
        err_code_ext "ErrCodeExt": Option<Text<'a>>,
        message "Message": Option<Text<'a>>,
        progress "Progress": Option<Number<'a>>,
        input "Input": Option<Box<TaskInput<'a>>>,
        output "Output": Option<Box<TaskOutput<'a>>>,
        session_id "SessionId": Option<Text<'a>>,
        session_context "SessionContext": Option<Text<'a>>,
    }

    /// A video was generated.
    pub struct AigcVideoTask {
        task_id "TaskId": Option<Text<'a>>,
        status "Status": Option<Text<'a>>,
        err_code "ErrCode": Option<Number<'a>>,
        err_code_ext "ErrCodeExt": Option<Text<'a>>,
        message "Message": Option<Text<'a>>,
        progress "Progress": Option<Number<'a>>,
        input "Input": Option<Box<TaskInput<'a>>>,
        output "Output": Option<Box<TaskOutput<'a>>>,
        session_id "SessionId": Option<Text<'a>>,
        session_context "SessionContext": Option<Text<'a>>,
    }

    /// An image of a scene was generated.
    pub struct SceneAigcImageTask {
        task_id "TaskId": Option<Text<'a>>,
        status "Status": Option<Text<'a>>,
        err_code "ErrCode": Option<Number<'a>>,
        message "Message": Option<Text<'a>>,
        progress "Progress": Option<Number<'a>>,
        input "Input": Option<Box<TaskInput<'a>>>,
        output "Output": Option<Box<TaskOutput<'a>>>,
        session_id "SessionId": Option<Text<'a>>,
        session_context "SessionContext": Option<Text<'a>>,
    }

    /// A 3D model was generated.
    pub struct AigcHunyuan3DTask {
        task_id "TaskId": Option<Text<'a>>,
        status "Status": Option<Text<'a>>,
        err_code "ErrCode": Option<Number<'a>>,
        err_code_ext "ErrCodeExt": Option<Text<'a>>,
        message "Message": Option<Text<'a>>,
        progress "Progress": Option<Number<'a>>,
        input "Input": Option<Box<TaskInput<'a>>>,
        output "Output": Option<Box<TaskOutput<'a>>>,
        session_id "SessionId": Option<Text<'a>>,
        session_context "SessionContext": Option<Text<'a>>,
    }

    /// A custom element for generated videos was created.
    pub struct CreateAigcAdvancedCustomElementTask {
        task_id "TaskId": Option<Text<'a>>,
        status "Status": Option<Text<'a>>,
        err_code "ErrCode": Option<Number<'a>>,
        err_code_ext "ErrCodeExt": Option<Text<'a>>,
        message "Message": Option<Text<'a>>,
        progress "Progress": Option<Number<'a>>,
        input "Input": Option<Box<TaskInput<'a>>>,
        output "Output": Option<Box<TaskOutput<'a>>>,
        session_id "SessionId": Option<Text<'a>>,
        session_context "SessionContext": Option<Text<'a>>,
    }

    /// A custom voice was created.
    pub struct CreateAigcCustomVoiceTask {
        task_id "TaskId": Option<Text<'a>>,
        status "Status": Option<Text<'a>>,
        err_code "ErrCode": Option<Number<'a>>,
        err_code_ext "ErrCodeExt": Option<Text<'a>>,
        message "Message": Option<Text<'a>>,
        progress "Progress": Option<Number<'a>>,
        input "Input": Option<Box<TaskInput<'a>>>,
        output "Output": Option<Box<TaskOutput<'a>>>,
        session_id "SessionId": Option<Text<'a>>,
        session_context "SessionContext": Option<Text<'a>>,
    }

    /// The faces in a video were found.
    pub struct DescribeAigcFaceInfoAsyncTask {
        task_id "TaskId": Option<Text<'a>>,
        status "Status": Option<Text<'a>>,
        err_code "ErrCode": Option<Number<'a>>,
        err_code_ext "ErrCodeExt": Option<Text<'a>>,
        message "Message": Option<Text<'a>>,
        progress "Progress": Option<Number<'a>>,
        input "Input": Option<Box<TaskInput<'a>>>,
        output "Output": Option<Box<TaskOutput<'a>>>,
        session_id "SessionId": Option<Text<'a>>,
        session_context "SessionContext": Option<Text<'a>>,
    }
}

model! {
    /// What a task was about: what the kinds of task have in common.
    pub struct TaskInput {
        file_id "FileId": Option<Text<'a>>,
        url "Url": Option<Text<'a>>,
        definition "Definition": Option<Number<'a>>,
        /// One or several files, as the generative tasks have them.
        file_infos "FileInfos": Option<Raw<'a>>,
    }

    /// What a task made: what the kinds of task have in common.
    pub struct TaskOutput {
        file_id "FileId": Option<Text<'a>>,
        file_type "FileType": Option<Text<'a>>,
        file_url "FileUrl": Option<Text<'a>>,
        media_name "MediaName": Option<Text<'a>>,
        class_id "ClassId": Option<Number<'a>>,
        expire_time "ExpireTime": Option<Text<'a>>,
        meta_data "MetaData": Option<Box<MediaMetaData<'a>>>,
        /// The files of a generative task.
        file_infos "FileInfos": Vec<TaskOutputFile<'a>>,
    }

    /// A generated file.
    pub struct TaskOutputFile {
        storage_mode "StorageMode": Option<Text<'a>>,
        file_id "FileId": Option<Text<'a>>,
        file_type "FileType": Option<Text<'a>>,
        file_url "FileUrl": Option<Text<'a>>,
        media_name "MediaName": Option<Text<'a>>,
        class_id "ClassId": Option<Number<'a>>,
        expire_time "ExpireTime": Option<Text<'a>>,
        meta_data "MetaData": Option<Box<MediaMetaData<'a>>>,
    }
}
