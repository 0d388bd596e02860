//! Media processing as subtasks of a flow: what was asked for, and what came of it.

use super::media::{MediaAudioStreamItem, MediaVideoStreamItem};
use crate::sender::model::{Number, Raw, Text, model};

model! {
    /// A subtask of a flow: the one field that is filled, which `type` names (`AnimatedGraphics` is in
    /// `animated_graphic_task`, `ImageSprites` in `image_sprite_task`).
    pub struct MediaProcessTaskResult {
        r#type "Type": Option<Text<'a>>,
        transcode_task "TranscodeTask": Option<Box<MediaProcessTaskTranscodeResult<'a>>>,
        animated_graphic_task "AnimatedGraphicTask": Option<Box<MediaProcessTaskAnimatedGraphicResult<'a>>>,
        snapshot_by_time_offset_task "SnapshotByTimeOffsetTask": Option<Box<MediaProcessTaskSnapshotByTimeOffsetResult<'a>>>,
        sample_snapshot_task "SampleSnapshotTask": Option<Box<MediaProcessTaskSampleSnapshotResult<'a>>>,
        image_sprite_task "ImageSpriteTask": Option<Box<MediaProcessTaskImageSpriteResult<'a>>>,
        cover_by_snapshot_task "CoverBySnapshotTask": Option<Box<MediaProcessTaskCoverBySnapshotResult<'a>>>,
        adaptive_dynamic_streaming_task "AdaptiveDynamicStreamingTask": Option<Box<MediaProcessTaskAdaptiveDynamicStreamingResult<'a>>>,
    }

    /// Transcoding, as a subtask.
    pub struct MediaProcessTaskTranscodeResult {
        status "Status": Option<Text<'a>>,
        err_code_ext "ErrCodeExt": Option<Text<'a>>,
        err_code "ErrCode": Option<Number<'a>>,
        message "Message": Option<Text<'a>>,
        input "Input": Option<Box<TranscodeTaskInput<'a>>>,
        output "Output": Option<Box<MediaTranscodeItem<'a>>>,
        progress "Progress": Option<Number<'a>>,
        begin_process_time "BeginProcessTime": Option<Text<'a>>,
        finish_time "FinishTime": Option<Text<'a>>,
    }

    /// An animated image, as a subtask.
    pub struct MediaProcessTaskAnimatedGraphicResult {
        status "Status": Option<Text<'a>>,
        err_code_ext "ErrCodeExt": Option<Text<'a>>,
        err_code "ErrCode": Option<Number<'a>>,
        message "Message": Option<Text<'a>>,
        input "Input": Option<Box<AnimatedGraphicTaskInput<'a>>>,
        output "Output": Option<Box<MediaAnimatedGraphicsItem<'a>>>,
        progress "Progress": Option<Number<'a>>,
        begin_process_time "BeginProcessTime": Option<Text<'a>>,
        finish_time "FinishTime": Option<Text<'a>>,
    }

    /// Snapshots at given times, as a subtask.
    pub struct MediaProcessTaskSnapshotByTimeOffsetResult {
        status "Status": Option<Text<'a>>,
        err_code_ext "ErrCodeExt": Option<Text<'a>>,
        err_code "ErrCode": Option<Number<'a>>,
        message "Message": Option<Text<'a>>,
        input "Input": Option<Box<SnapshotByTimeOffsetTaskInput<'a>>>,
        output "Output": Option<Box<MediaSnapshotByTimeOffsetItem<'a>>>,
        progress "Progress": Option<Number<'a>>,
        begin_process_time "BeginProcessTime": Option<Text<'a>>,
        finish_time "FinishTime": Option<Text<'a>>,
    }

    /// Sampled snapshots, as a subtask.
    pub struct MediaProcessTaskSampleSnapshotResult {
        status "Status": Option<Text<'a>>,
        err_code_ext "ErrCodeExt": Option<Text<'a>>,
        err_code "ErrCode": Option<Number<'a>>,
        message "Message": Option<Text<'a>>,
        input "Input": Option<Box<SampleSnapshotTaskInput<'a>>>,
        output "Output": Option<Box<MediaSampleSnapshotItem<'a>>>,
        progress "Progress": Option<Number<'a>>,
        begin_process_time "BeginProcessTime": Option<Text<'a>>,
        finish_time "FinishTime": Option<Text<'a>>,
    }

    /// Image sprites, as a subtask.
    pub struct MediaProcessTaskImageSpriteResult {
        status "Status": Option<Text<'a>>,
        err_code_ext "ErrCodeExt": Option<Text<'a>>,
        err_code "ErrCode": Option<Number<'a>>,
        message "Message": Option<Text<'a>>,
        input "Input": Option<Box<ImageSpriteTaskInput<'a>>>,
        output "Output": Option<Box<MediaImageSpriteItem<'a>>>,
        progress "Progress": Option<Number<'a>>,
        begin_process_time "BeginProcessTime": Option<Text<'a>>,
        finish_time "FinishTime": Option<Text<'a>>,
    }

    /// A cover, as a subtask.
    pub struct MediaProcessTaskCoverBySnapshotResult {
        status "Status": Option<Text<'a>>,
        err_code_ext "ErrCodeExt": Option<Text<'a>>,
        err_code "ErrCode": Option<Number<'a>>,
        message "Message": Option<Text<'a>>,
        input "Input": Option<Box<CoverBySnapshotTaskInput<'a>>>,
        output "Output": Option<Box<CoverBySnapshotTaskOutput<'a>>>,
        progress "Progress": Option<Number<'a>>,
        begin_process_time "BeginProcessTime": Option<Text<'a>>,
        finish_time "FinishTime": Option<Text<'a>>,
    }

    /// Adaptive streaming, as a subtask.
    pub struct MediaProcessTaskAdaptiveDynamicStreamingResult {
        status "Status": Option<Text<'a>>,
        err_code_ext "ErrCodeExt": Option<Text<'a>>,
        err_code "ErrCode": Option<Number<'a>>,
        message "Message": Option<Text<'a>>,
        progress "Progress": Option<Number<'a>>,
        input "Input": Option<Box<AdaptiveDynamicStreamingTaskInput<'a>>>,
        output "Output": Option<Box<AdaptiveDynamicStreamingInfoItem<'a>>>,
        begin_process_time "BeginProcessTime": Option<Text<'a>>,
        finish_time "FinishTime": Option<Text<'a>>,
    }

    /// What was asked of a transcoding.
    pub struct TranscodeTaskInput {
        definition "Definition": Option<Number<'a>>,
        watermark_set "WatermarkSet": Option<Raw<'a>>,
        trace_watermark "TraceWatermark": Option<Raw<'a>>,
        copy_right_watermark "CopyRightWatermark": Option<Raw<'a>>,
        blind_watermark "BlindWatermark": Option<Raw<'a>>,
        mosaic_set "MosaicSet": Option<Raw<'a>>,
        head_tail_set "HeadTailSet": Option<Raw<'a>>,
        start_time_offset "StartTimeOffset": Option<Number<'a>>,
        end_time_offset "EndTimeOffset": Option<Number<'a>>,
        override_parameter "OverrideParameter": Option<Raw<'a>>,
        subtitle_info_set "SubtitleInfoSet": Option<Raw<'a>>,
    }

    /// What was asked of an animated image.
    pub struct AnimatedGraphicTaskInput {
        definition "Definition": Option<Number<'a>>,
        start_time_offset "StartTimeOffset": Option<Number<'a>>,
        end_time_offset "EndTimeOffset": Option<Number<'a>>,
    }

    /// What was asked of snapshots at given times.
    pub struct SnapshotByTimeOffsetTaskInput {
        definition "Definition": Option<Number<'a>>,
        ext_time_offset_set "ExtTimeOffsetSet": Vec<Text<'a>>,
        time_offset_set "TimeOffsetSet": Vec<Number<'a>>,
        watermark_set "WatermarkSet": Option<Raw<'a>>,
    }

    /// What was asked of sampled snapshots.
    pub struct SampleSnapshotTaskInput {
        definition "Definition": Option<Number<'a>>,
        watermark_set "WatermarkSet": Option<Raw<'a>>,
    }

    /// What was asked of image sprites.
    pub struct ImageSpriteTaskInput {
        definition "Definition": Option<Number<'a>>,
    }

    /// What was asked of a cover.
    pub struct CoverBySnapshotTaskInput {
        definition "Definition": Option<Number<'a>>,
        position_type "PositionType": Option<Text<'a>>,
        position_value "PositionValue": Option<Number<'a>>,
        watermark_set "WatermarkSet": Option<Raw<'a>>,
    }

    /// What was asked of adaptive streaming.
    pub struct AdaptiveDynamicStreamingTaskInput {
        definition "Definition": Option<Number<'a>>,
        watermark_set "WatermarkSet": Option<Raw<'a>>,
        trace_watermark "TraceWatermark": Option<Raw<'a>>,
        copy_right_watermark "CopyRightWatermark": Option<Raw<'a>>,
        blind_watermark "BlindWatermark": Option<Raw<'a>>,
        subtitle_set "SubtitleSet": Vec<Text<'a>>,
        subtitle_info_set "SubtitleInfoSet": Option<Raw<'a>>,
        drm_info "DrmInfo": Option<Raw<'a>>,
    }

    /// A transcoded file.
    pub struct MediaTranscodeItem {
        url "Url": Option<Text<'a>>,
        definition "Definition": Option<Number<'a>>,
        bitrate "Bitrate": Option<Number<'a>>,
        height "Height": Option<Number<'a>>,
        width "Width": Option<Number<'a>>,
        size "Size": Option<Number<'a>>,
        duration "Duration": Option<Number<'a>>,
        md5 "Md5": Option<Text<'a>>,
        container "Container": Option<Text<'a>>,
        video_stream_set "VideoStreamSet": Vec<MediaVideoStreamItem<'a>>,
        audio_stream_set "AudioStreamSet": Vec<MediaAudioStreamItem<'a>>,
        digital_watermark_type "DigitalWatermarkType": Option<Text<'a>>,
        copy_right_watermark_text "CopyRightWatermarkText": Option<Text<'a>>,
        blind_watermark_definition "BlindWatermarkDefinition": Option<Number<'a>>,
        file_id "FileId": Option<Text<'a>>,
    }

    /// An animated image.
    pub struct MediaAnimatedGraphicsItem {
        url "Url": Option<Text<'a>>,
        definition "Definition": Option<Number<'a>>,
        container "Container": Option<Text<'a>>,
        height "Height": Option<Number<'a>>,
        width "Width": Option<Number<'a>>,
        bitrate "Bitrate": Option<Number<'a>>,
        size "Size": Option<Number<'a>>,
        md5 "Md5": Option<Text<'a>>,
        start_time_offset "StartTimeOffset": Option<Number<'a>>,
        end_time_offset "EndTimeOffset": Option<Number<'a>>,
    }

    /// Snapshots at given times.
    pub struct MediaSnapshotByTimeOffsetItem {
        definition "Definition": Option<Number<'a>>,
        pic_info_set "PicInfoSet": Vec<MediaSnapshotByTimePicInfoItem<'a>>,
    }

    /// One of them.
    pub struct MediaSnapshotByTimePicInfoItem {
        time_offset "TimeOffset": Option<Number<'a>>,
        url "Url": Option<Text<'a>>,
        water_mark_definition "WaterMarkDefinition": Vec<Number<'a>>,
    }

    /// Sampled snapshots.
    pub struct MediaSampleSnapshotItem {
        definition "Definition": Option<Number<'a>>,
        sample_type "SampleType": Option<Text<'a>>,
        interval "Interval": Option<Number<'a>>,
        image_url_set "ImageUrlSet": Vec<Text<'a>>,
        water_mark_definition "WaterMarkDefinition": Vec<Number<'a>>,
    }

    /// Image sprites.
    pub struct MediaImageSpriteItem {
        definition "Definition": Option<Number<'a>>,
        height "Height": Option<Number<'a>>,
        width "Width": Option<Number<'a>>,
        total_count "TotalCount": Option<Number<'a>>,
        image_url_set "ImageUrlSet": Vec<Text<'a>>,
        web_vtt_url "WebVttUrl": Option<Text<'a>>,
    }

    /// A cover.
    pub struct CoverBySnapshotTaskOutput {
        cover_url "CoverUrl": Option<Text<'a>>,
    }

    /// A master playlist with its streams.
    pub struct AdaptiveDynamicStreamingInfoItem {
        definition "Definition": Option<Number<'a>>,
        package "Package": Option<Text<'a>>,
        drm_type "DrmType": Option<Text<'a>>,
        url "Url": Option<Text<'a>>,
        size "Size": Option<Number<'a>>,
        digital_watermark_type "DigitalWatermarkType": Option<Text<'a>>,
        sub_stream_set "SubStreamSet": Vec<MediaSubStreamInfoItem<'a>>,
        copy_right_watermark_text "CopyRightWatermarkText": Option<Text<'a>>,
        blind_watermark_definition "BlindWatermarkDefinition": Option<Number<'a>>,
        subtitle_set "SubtitleSet": Vec<MediaSubtitleItem<'a>>,
        default_subtitle_id "DefaultSubtitleId": Option<Text<'a>>,
        drm_encrypt_type "DrmEncryptType": Option<Text<'a>>,
    }

    /// One of its streams.
    pub struct MediaSubStreamInfoItem {
        r#type "Type": Option<Text<'a>>,
        width "Width": Option<Number<'a>>,
        height "Height": Option<Number<'a>>,
        size "Size": Option<Number<'a>>,
    }

    /// One of its subtitles.
    pub struct MediaSubtitleItem {
        id "Id": Option<Text<'a>>,
        name "Name": Option<Text<'a>>,
        language "Language": Option<Text<'a>>,
        format "Format": Option<Text<'a>>,
        url "Url": Option<Text<'a>>,
        source "Source": Option<Text<'a>>,
    }
}
