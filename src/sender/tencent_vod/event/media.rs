//! What several events say of a media.

use crate::sender::model::{Number, Text, model};

model! {
    /// What is known of a media without looking into it.
    pub struct MediaBasicInfo {
        name "Name": Option<Text<'a>>,
        description "Description": Option<Text<'a>>,
        create_time "CreateTime": Option<Text<'a>>,
        update_time "UpdateTime": Option<Text<'a>>,
        /// `9999-12-31T23:59:59Z` for never.
        expire_time "ExpireTime": Option<Text<'a>>,
        class_id "ClassId": Option<Number<'a>>,
        class_name "ClassName": Option<Text<'a>>,
        class_path "ClassPath": Option<Text<'a>>,
        cover_url "CoverUrl": Option<Text<'a>>,
        r#type "Type": Option<Text<'a>>,
        media_url "MediaUrl": Option<Text<'a>>,
        source_info "SourceInfo": Option<Box<MediaSourceData<'a>>>,
        storage_region "StorageRegion": Option<Text<'a>>,
        storage_path "StoragePath": Option<Text<'a>>,
        tag_set "TagSet": Vec<Text<'a>>,
        vid "Vid": Option<Text<'a>>,
        category "Category": Option<Text<'a>>,
        status "Status": Option<Text<'a>>,
        storage_class "StorageClass": Option<Text<'a>>,
    }

    /// Where a media comes from.
    pub struct MediaSourceData {
        source_type "SourceType": Option<Text<'a>>,
        /// What the uploader passed through.
        source_context "SourceContext": Option<Text<'a>>,
        live_record_info "LiveRecordInfo": Option<Box<LiveRecordInfo<'a>>>,
        trtc_record_info "TrtcRecordInfo": Option<Box<TrtcRecordInfo<'a>>>,
        web_page_record_info "WebPageRecordInfo": Option<Box<WebPageRecordInfo<'a>>>,
    }

    /// Of a media recorded from a live stream.
    pub struct LiveRecordInfo {
        domain "Domain": Option<Text<'a>>,
        path "Path": Option<Text<'a>>,
        stream_id "StreamId": Option<Text<'a>>,
        record_start_time "RecordStartTime": Option<Text<'a>>,
        record_end_time "RecordEndTime": Option<Text<'a>>,
    }

    /// Of a media recorded from a TRTC room.
    pub struct TrtcRecordInfo {
        sdk_app_id "SdkAppId": Option<Number<'a>>,
        room_id "RoomId": Option<Text<'a>>,
        task_id "TaskId": Option<Text<'a>>,
        user_ids "UserIds": Vec<Text<'a>>,
    }

    /// Of a media recorded from a web page.
    pub struct WebPageRecordInfo {
        record_url "RecordUrl": Option<Text<'a>>,
        record_task_id "RecordTaskId": Option<Text<'a>>,
    }

    /// What is inside a media file.
    pub struct MediaMetaData {
        size "Size": Option<Number<'a>>,
        container "Container": Option<Text<'a>>,
        bitrate "Bitrate": Option<Number<'a>>,
        height "Height": Option<Number<'a>>,
        width "Width": Option<Number<'a>>,
        /// In seconds, with or without a fraction.
        duration "Duration": Option<Number<'a>>,
        rotate "Rotate": Option<Number<'a>>,
        video_stream_set "VideoStreamSet": Vec<MediaVideoStreamItem<'a>>,
        audio_stream_set "AudioStreamSet": Vec<MediaAudioStreamItem<'a>>,
        video_duration "VideoDuration": Option<Number<'a>>,
        audio_duration "AudioDuration": Option<Number<'a>>,
        md5 "Md5": Option<Text<'a>>,
    }

    /// A video stream in a file.
    pub struct MediaVideoStreamItem {
        bitrate "Bitrate": Option<Number<'a>>,
        height "Height": Option<Number<'a>>,
        width "Width": Option<Number<'a>>,
        codec "Codec": Option<Text<'a>>,
        fps "Fps": Option<Number<'a>>,
        codec_tag "CodecTag": Option<Text<'a>>,
        dynamic_range_info "DynamicRangeInfo": Option<Box<DynamicRangeInfo<'a>>>,
    }

    /// Standard or high dynamic range.
    pub struct DynamicRangeInfo {
        r#type "Type": Option<Text<'a>>,
        hdr_type "HDRType": Option<Text<'a>>,
    }

    /// An audio stream in a file.
    pub struct MediaAudioStreamItem {
        bitrate "Bitrate": Option<Number<'a>>,
        sampling_rate "SamplingRate": Option<Number<'a>>,
        codec "Codec": Option<Text<'a>>,
    }
}
