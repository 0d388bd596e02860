//! Media made out of others: edit, split, compose.

use super::media::{MediaBasicInfo, MediaMetaData};
use crate::sender::model::{Number, Raw, Text, model};

model! {
    /// A media was made by editing others.
    pub struct EditMediaTask {
        task_id "TaskId": Option<Text<'a>>,
        /// `PROCESSING` or `FINISH`; the end is not success.
        status "Status": Option<Text<'a>>,
        err_code "ErrCode": Option<Number<'a>>,
        err_code_ext "ErrCodeExt": Option<Text<'a>>,
        message "Message": Option<Text<'a>>,
        progress "Progress": Option<Number<'a>>,
        input "Input": Option<Box<EditMediaTaskInput<'a>>>,
        output "Output": Option<Box<EditMediaTaskOutput<'a>>>,
        meta_data "MetaData": Option<Box<MediaMetaData<'a>>>,
        procedure_task_id "ProcedureTaskId": Option<Text<'a>>,
        review_audio_video_task_id "ReviewAudioVideoTaskId": Option<Text<'a>>,
        session_id "SessionId": Option<Text<'a>>,
        session_context "SessionContext": Option<Text<'a>>,
    }

    /// What was edited: files or streams.
    pub struct EditMediaTaskInput {
        input_type "InputType": Option<Text<'a>>,
        file_info_set "FileInfoSet": Vec<EditMediaFileInfo<'a>>,
        stream_info_set "StreamInfoSet": Vec<EditMediaStreamInfo<'a>>,
    }

    /// A part of a file.
    pub struct EditMediaFileInfo {
        file_id "FileId": Option<Text<'a>>,
        start_time_offset "StartTimeOffset": Option<Number<'a>>,
        end_time_offset "EndTimeOffset": Option<Number<'a>>,
    }

    /// A part of a live stream.
    pub struct EditMediaStreamInfo {
        stream_id "StreamId": Option<Text<'a>>,
        start_time "StartTime": Option<Text<'a>>,
        end_time "EndTime": Option<Text<'a>>,
    }

    /// The media made; all of it empty where the task failed.
    pub struct EditMediaTaskOutput {
        file_type "FileType": Option<Text<'a>>,
        file_url "FileUrl": Option<Text<'a>>,
        file_id "FileId": Option<Text<'a>>,
        media_name "MediaName": Option<Text<'a>>,
        class_id "ClassId": Option<Number<'a>>,
        expire_time "ExpireTime": Option<Text<'a>>,
    }

    /// A media was split into several.
    pub struct SplitMediaTask {
        task_id "TaskId": Option<Text<'a>>,
        status "Status": Option<Text<'a>>,
        err_code_ext "ErrCodeExt": Option<Text<'a>>,
        err_code "ErrCode": Option<Number<'a>>,
        message "Message": Option<Text<'a>>,
        file_info_set "FileInfoSet": Vec<SplitMediaTaskSegmentInfo<'a>>,
        session_context "SessionContext": Option<Text<'a>>,
        session_id "SessionId": Option<Text<'a>>,
        progress "Progress": Option<Number<'a>>,
    }

    /// One part.
    pub struct SplitMediaTaskSegmentInfo {
        input "Input": Option<Box<SplitMediaTaskInput<'a>>>,
        output "Output": Option<Box<TaskOutputMediaInfo<'a>>>,
        procedure_task_id "ProcedureTaskId": Option<Text<'a>>,
        review_audio_video_task_id "ReviewAudioVideoTaskId": Option<Text<'a>>,
    }

    /// What part of which media.
    pub struct SplitMediaTaskInput {
        file_id "FileId": Option<Text<'a>>,
        start_time_offset "StartTimeOffset": Option<Number<'a>>,
        end_time_offset "EndTimeOffset": Option<Number<'a>>,
        procedure_name "ProcedureName": Option<Text<'a>>,
        output_config "OutputConfig": Option<Box<SplitMediaOutputConfig<'a>>>,
    }

    /// How the part was to be stored.
    pub struct SplitMediaOutputConfig {
        media_name "MediaName": Option<Text<'a>>,
        r#type "Type": Option<Text<'a>>,
        class_id "ClassId": Option<Number<'a>>,
        expire_time "ExpireTime": Option<Text<'a>>,
    }

    /// The media made.
    pub struct TaskOutputMediaInfo {
        file_id "FileId": Option<Text<'a>>,
        media_basic_info "MediaBasicInfo": Option<Box<MediaBasicInfo<'a>>>,
    }

    /// A media was composed out of tracks. One documented sample lacks `EventType`, and has a number as `FileId`.
    pub struct ComposeMediaTask {
        task_id "TaskId": Option<Text<'a>>,
        status "Status": Option<Text<'a>>,
        err_code "ErrCode": Option<Number<'a>>,
        message "Message": Option<Text<'a>>,
        progress "Progress": Option<Number<'a>>,
        input "Input": Option<Box<ComposeMediaTaskInput<'a>>>,
        output "Output": Option<Box<ComposeMediaTaskOutput<'a>>>,
        meta_data "MetaData": Option<Box<MediaMetaData<'a>>>,
        session_id "SessionId": Option<Text<'a>>,
        session_context "SessionContext": Option<Text<'a>>,
    }

    /// The tracks, as they were asked for.
    pub struct ComposeMediaTaskInput {
        tracks "Tracks": Option<Raw<'a>>,
        canvas "Canvas": Option<Raw<'a>>,
        output "Output": Option<Raw<'a>>,
    }

    /// The media made.
    pub struct ComposeMediaTaskOutput {
        file_type "FileType": Option<Text<'a>>,
        file_id "FileId": Option<Text<'a>>,
        file_url "FileUrl": Option<Text<'a>>,
        media_name "MediaName": Option<Text<'a>>,
        class_id "ClassId": Option<Number<'a>>,
        expire_time "ExpireTime": Option<Text<'a>>,
    }
}
