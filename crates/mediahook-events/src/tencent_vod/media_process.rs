//! Media processing as subtasks of a flow: what was requested, and the result.

use serde_json::Value;

use super::media::{MediaAudioStreamItem, MediaVideoStreamItem};
use super::procedure::Subtask;
use crate::lenient::lenient;

lenient! {
    /// One media processing subtask. One field is set, the one that `type` names: `AnimatedGraphics` is in
    /// `animated_graphic_task`, `ImageSprites` in `image_sprite_task`.
    #[serde(rename_all = "PascalCase")]
    pub struct MediaProcessTaskResult {
        /// `Transcode`, `AnimatedGraphics`, `SnapshotByTimeOffset`, `SampleSnapshot`, `ImageSprites`,
        /// `CoverBySnapshot` or `AdaptiveDynamicStreaming`.
        pub r#type: Option<String>,
        /// A transcoding.
        pub transcode_task: Option<Box<Subtask<TranscodeTaskInput, MediaTranscodeItem>>>,
        /// An animated image.
        pub animated_graphic_task: Option<Box<Subtask<AnimatedGraphicTaskInput, MediaAnimatedGraphicsItem>>>,
        /// Snapshots at given times.
        pub snapshot_by_time_offset_task:
            Option<Box<Subtask<SnapshotByTimeOffsetTaskInput, MediaSnapshotByTimeOffsetItem>>>,
        /// Sampled snapshots.
        pub sample_snapshot_task: Option<Box<Subtask<SampleSnapshotTaskInput, MediaSampleSnapshotItem>>>,
        /// Image sprites.
        pub image_sprite_task: Option<Box<Subtask<ImageSpriteTaskInput, MediaImageSpriteItem>>>,
        /// A cover.
        pub cover_by_snapshot_task: Option<Box<Subtask<CoverBySnapshotTaskInput, CoverBySnapshotTaskOutput>>>,
        /// Adaptive bitrate streaming.
        pub adaptive_dynamic_streaming_task:
            Option<Box<Subtask<AdaptiveDynamicStreamingTaskInput, AdaptiveDynamicStreamingInfoItem>>>,
    }

    /// What a transcoding was asked to do.
    #[serde(rename_all = "PascalCase")]
    pub struct TranscodeTaskInput {
        /// Id of the template that was used.
        pub definition: Option<i64>,
        /// Watermarks, as requested.
        pub watermark_set: Vec<Value>,
        /// Trace watermark, as requested.
        pub trace_watermark: Option<Value>,
        /// Copyright watermark, as requested.
        pub copy_right_watermark: Option<Value>,
        /// Blind watermark, as requested.
        pub blind_watermark: Option<Value>,
        /// Mosaics, as requested.
        pub mosaic_set: Vec<Value>,
        /// Opening and closing credits to add, as requested.
        pub head_tail_set: Vec<Value>,
        /// Start in seconds.
        pub start_time_offset: Option<f64>,
        /// End in seconds.
        pub end_time_offset: Option<f64>,
        /// Changed template settings, as requested.
        pub override_parameter: Option<Value>,
        /// Subtitles to burn in, as requested.
        pub subtitle_info_set: Vec<Value>,
    }

    /// A transcoded file.
    #[serde(rename_all = "PascalCase")]
    pub struct MediaTranscodeItem {
        /// URL of the file.
        pub url: Option<String>,
        /// Id of the template that was used; 0 is the original file.
        pub definition: Option<i64>,
        /// Bitrate in bits per second.
        pub bitrate: Option<i64>,
        /// Height in pixels.
        pub height: Option<i64>,
        /// Width in pixels.
        pub width: Option<i64>,
        /// Size in bytes; of HLS and DASH, the sum of all files.
        pub size: Option<i64>,
        /// Length in seconds.
        pub duration: Option<f64>,
        /// MD5 digest in hexadecimal.
        pub md5: Option<String>,
        /// Container format, such as `mp4`.
        pub container: Option<String>,
        /// Video streams.
        pub video_stream_set: Vec<MediaVideoStreamItem>,
        /// Audio streams.
        pub audio_stream_set: Vec<MediaAudioStreamItem>,
        /// `Trace`, `CopyRight` or `None`.
        pub digital_watermark_type: Option<String>,
        /// Text of the copyright watermark.
        pub copy_right_watermark_text: Option<String>,
        /// Template id of the blind watermark.
        pub blind_watermark_definition: Option<i64>,
        /// Id of the media asset that has this rendition.
        pub file_id: Option<String>,
    }

    /// What an animated image was asked to show.
    #[serde(rename_all = "PascalCase")]
    pub struct AnimatedGraphicTaskInput {
        /// Id of the template that was used.
        pub definition: Option<i64>,
        /// Start in seconds.
        pub start_time_offset: Option<f64>,
        /// End in seconds.
        pub end_time_offset: Option<f64>,
    }

    /// An animated image.
    #[serde(rename_all = "PascalCase")]
    pub struct MediaAnimatedGraphicsItem {
        /// URL.
        pub url: Option<String>,
        /// Id of the template that was used.
        pub definition: Option<i64>,
        /// Container format, such as `mp4`.
        pub container: Option<String>,
        /// Height in pixels.
        pub height: Option<i64>,
        /// Width in pixels.
        pub width: Option<i64>,
        /// Bitrate in bits per second.
        pub bitrate: Option<i64>,
        /// Size in bytes.
        pub size: Option<i64>,
        /// MD5 digest in hexadecimal.
        pub md5: Option<String>,
        /// Start in seconds.
        pub start_time_offset: Option<f64>,
        /// End in seconds.
        pub end_time_offset: Option<f64>,
    }

    /// Which snapshots at given times were asked for.
    #[serde(rename_all = "PascalCase")]
    pub struct SnapshotByTimeOffsetTaskInput {
        /// Id of the template that was used.
        pub definition: Option<i64>,
        /// Times of the snapshots, such as `3.5s` or `10%`.
        pub ext_time_offset_set: Vec<String>,
        /// Times of the snapshots in milliseconds.
        pub time_offset_set: Vec<f64>,
        /// Watermarks, as requested.
        pub watermark_set: Vec<Value>,
    }

    /// Snapshots at given times.
    #[serde(rename_all = "PascalCase")]
    pub struct MediaSnapshotByTimeOffsetItem {
        /// Id of the template that was used.
        pub definition: Option<i64>,
        /// The snapshots.
        pub pic_info_set: Vec<MediaSnapshotByTimePicInfoItem>,
    }

    /// One snapshot at a given time.
    #[serde(rename_all = "PascalCase")]
    pub struct MediaSnapshotByTimePicInfoItem {
        /// Time of the snapshot in milliseconds.
        pub time_offset: Option<f64>,
        /// URL of the snapshot.
        pub url: Option<String>,
        /// Template ids of the watermarks.
        pub water_mark_definition: Vec<i64>,
    }

    /// Which sampled snapshots were asked for.
    #[serde(rename_all = "PascalCase")]
    pub struct SampleSnapshotTaskInput {
        /// Id of the template that was used.
        pub definition: Option<i64>,
        /// Watermarks, as requested.
        pub watermark_set: Vec<Value>,
    }

    /// Sampled snapshots.
    #[serde(rename_all = "PascalCase")]
    pub struct MediaSampleSnapshotItem {
        /// Id of the template that was used.
        pub definition: Option<i64>,
        /// `Percent` or `Time`.
        pub sample_type: Option<String>,
        /// Distance between images: in percent or seconds, as `sample_type` says.
        pub interval: Option<i64>,
        /// URLs of the images.
        pub image_url_set: Vec<String>,
        /// Template ids of the watermarks.
        pub water_mark_definition: Vec<i64>,
    }

    /// Which image sprites were asked for.
    #[serde(rename_all = "PascalCase")]
    pub struct ImageSpriteTaskInput {
        /// Id of the template that was used.
        pub definition: Option<i64>,
    }

    /// Image sprites.
    #[serde(rename_all = "PascalCase")]
    pub struct MediaImageSpriteItem {
        /// Id of the template that was used.
        pub definition: Option<i64>,
        /// Height of each image in pixels.
        pub height: Option<i64>,
        /// Width of each image in pixels.
        pub width: Option<i64>,
        /// Number of images in each sprite.
        pub total_count: Option<i64>,
        /// URLs of the images.
        pub image_url_set: Vec<String>,
        /// URL of the `WebVTT` file that says where each image is.
        pub web_vtt_url: Option<String>,
    }

    /// Which cover was asked for.
    #[serde(rename_all = "PascalCase")]
    pub struct CoverBySnapshotTaskInput {
        /// Id of the template that was used.
        pub definition: Option<i64>,
        /// `Time` or `Percent`.
        pub position_type: Option<String>,
        /// Position in seconds or percent, as `position_type` says.
        pub position_value: Option<f64>,
        /// Watermarks, as requested.
        pub watermark_set: Vec<Value>,
    }

    /// A cover.
    #[serde(rename_all = "PascalCase")]
    pub struct CoverBySnapshotTaskOutput {
        /// URL of the cover.
        pub cover_url: Option<String>,
    }

    /// What adaptive bitrate streaming was asked to do.
    #[serde(rename_all = "PascalCase")]
    pub struct AdaptiveDynamicStreamingTaskInput {
        /// Id of the template that was used.
        pub definition: Option<i64>,
        /// Watermarks, as requested.
        pub watermark_set: Vec<Value>,
        /// Trace watermark, as requested.
        pub trace_watermark: Option<Value>,
        /// Copyright watermark, as requested.
        pub copy_right_watermark: Option<Value>,
        /// Blind watermark, as requested.
        pub blind_watermark: Option<Value>,
        /// Ids of the subtitles to add.
        pub subtitle_set: Vec<String>,
        /// Subtitles to burn in, as requested.
        pub subtitle_info_set: Vec<Value>,
        /// Settings of the DRM, as requested.
        pub drm_info: Option<Value>,
    }

    /// A master playlist and its streams.
    #[serde(rename_all = "PascalCase")]
    pub struct AdaptiveDynamicStreamingInfoItem {
        /// Id of the template that was used.
        pub definition: Option<i64>,
        /// `HLS` or `DASH`.
        pub package: Option<String>,
        /// DRM scheme; none if not encrypted.
        pub drm_type: Option<String>,
        /// URL of the master playlist.
        pub url: Option<String>,
        /// Size in bytes; of HLS and DASH, the sum of all files.
        pub size: Option<i64>,
        /// `Trace`, `CopyRight` or `None`.
        pub digital_watermark_type: Option<String>,
        /// The streams.
        pub sub_stream_set: Vec<MediaSubStreamInfoItem>,
        /// Text of the copyright watermark.
        pub copy_right_watermark_text: Option<String>,
        /// Template id of the blind watermark.
        pub blind_watermark_definition: Option<i64>,
        /// The subtitles.
        pub subtitle_set: Vec<MediaSubtitleItem>,
        /// Id of the default subtitle.
        pub default_subtitle_id: Option<String>,
        /// DRM encryption method.
        pub drm_encrypt_type: Option<String>,
    }

    /// One stream of a master playlist.
    #[serde(rename_all = "PascalCase")]
    pub struct MediaSubStreamInfoItem {
        /// `video` or `audio`.
        pub r#type: Option<String>,
        /// Width in pixels.
        pub width: Option<i64>,
        /// Height in pixels.
        pub height: Option<i64>,
        /// Size in bytes.
        pub size: Option<i64>,
    }

    /// One subtitle of a master playlist.
    #[serde(rename_all = "PascalCase")]
    pub struct MediaSubtitleItem {
        /// Id of the subtitle.
        pub id: Option<String>,
        /// Name of the subtitle.
        pub name: Option<String>,
        /// Language code, such as `zh`.
        pub language: Option<String>,
        /// `vtt`.
        pub format: Option<String>,
        /// URL.
        pub url: Option<String>,
        /// `UserUploaded` or `AIRecognition`.
        pub source: Option<String>,
    }
}
