//! Tasks begun with the interface of 2017: no status, the event is sent at the end.

use crate::sender::model::{Number, Text, model};

model! {
    /// A clip was cut (2017 interface). The error is in `file_info`.
    pub struct ClipTask2017 {
        task_id "TaskId": Option<Text<'a>>,
        src_file_id "SrcFileId": Option<Text<'a>>,
        file_info "FileInfo": Option<Box<ClipFileInfo2017<'a>>>,
    }

    /// The clip, or why there is none.
    pub struct ClipFileInfo2017 {
        err_code "ErrCode": Option<Number<'a>>,
        message "Message": Option<Text<'a>>,
        file_id "FileId": Option<Text<'a>>,
        file_url "FileUrl": Option<Text<'a>>,
        file_type "FileType": Option<Text<'a>>,
    }

    /// A media was transcoded (2017 interface).
    pub struct TranscodeTask2017 {
        task_id "TaskId": Option<Text<'a>>,
        err_code "ErrCode": Option<Number<'a>>,
        message "Message": Option<Text<'a>>,
        file_id "FileId": Option<Text<'a>>,
        file_name "FileName": Option<Text<'a>>,
        duration "Duration": Option<Number<'a>>,
        cover_url "CoverUrl": Option<Text<'a>>,
        play_info_set "PlayInfoSet": Vec<TranscodePlayInfo2017<'a>>,
    }

    /// One rendition.
    pub struct TranscodePlayInfo2017 {
        url "Url": Option<Text<'a>>,
        definition "Definition": Option<Number<'a>>,
        bitrate "Bitrate": Option<Number<'a>>,
        height "Height": Option<Number<'a>>,
        width "Width": Option<Number<'a>>,
    }

    /// Image sprites were made (2017 interface).
    pub struct CreateImageSpriteTask2017 {
        task_id "TaskId": Option<Text<'a>>,
        err_code "ErrCode": Option<Number<'a>>,
        message "Message": Option<Text<'a>>,
        file_id "FileId": Option<Text<'a>>,
        definition "Definition": Option<Number<'a>>,
        total_count "TotalCount": Option<Number<'a>>,
        image_sprite_url_set "ImageSpriteUrlSet": Vec<Text<'a>>,
        web_vtt_url "WebVttUrl": Option<Text<'a>>,
    }

    /// Media were joined (2017 interface). Each result has its own error.
    pub struct ConcatTask2017 {
        task_id "TaskId": Option<Text<'a>>,
        file_info_set "FileInfoSet": Vec<ConcatFileInfo2017<'a>>,
    }

    /// A joined media, or why there is none.
    pub struct ConcatFileInfo2017 {
        err_code "ErrCode": Option<Number<'a>>,
        message "Message": Option<Text<'a>>,
        file_id "FileId": Option<Text<'a>>,
        file_url "FileUrl": Option<Text<'a>>,
        file_type "FileType": Option<Text<'a>>,
    }

    /// Snapshots were taken (2017 interface). Each has its own error.
    pub struct SnapshotByTimeOffsetTask2017 {
        task_id "TaskId": Option<Text<'a>>,
        file_id "FileId": Option<Text<'a>>,
        definition "Definition": Option<Number<'a>>,
        snapshot_info_set "SnapshotInfoSet": Vec<SnapshotByTimeOffset2017<'a>>,
    }

    /// One snapshot, or why there is none.
    pub struct SnapshotByTimeOffset2017 {
        err_code "ErrCode": Option<Number<'a>>,
        time_offset "TimeOffset": Option<Number<'a>>,
        url "Url": Option<Text<'a>>,
    }
}
