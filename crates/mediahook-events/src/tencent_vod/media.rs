//! What several events say about a media asset and its file.

use crate::lenient::lenient;

lenient! {
    /// What is known about a media asset without looking into its file.
    #[serde(rename_all = "PascalCase")]
    pub struct MediaBasicInfo {
        /// Name of the media asset.
        pub name: Option<String>,
        /// Description.
        pub description: Option<String>,
        /// When the media asset was created; ISO 8601.
        pub create_time: Option<String>,
        /// When the media asset was last changed; ISO 8601.
        pub update_time: Option<String>,
        /// When the media asset is deleted; ISO 8601. `9999-12-31T23:59:59Z` is never.
        pub expire_time: Option<String>,
        /// Id of the category that the media asset is filed under.
        pub class_id: Option<i64>,
        /// Name of the category.
        pub class_name: Option<String>,
        /// Path of the category, its levels separated by `-`.
        pub class_path: Option<String>,
        /// URL of the cover.
        pub cover_url: Option<String>,
        /// File type, such as `mp4`.
        pub r#type: Option<String>,
        /// URL of the original file.
        pub media_url: Option<String>,
        /// Where the media asset comes from.
        pub source_info: Option<MediaSourceData>,
        /// Storage region, such as `ap-chongqing`.
        pub storage_region: Option<String>,
        /// Path in the storage.
        pub storage_path: Option<String>,
        /// Tags of the media asset.
        pub tag_set: Vec<String>,
        /// Id of the recorded file in the live service.
        pub vid: Option<String>,
        /// Kind of file: `Video`, `Audio` or `Image`.
        pub category: Option<String>,
        /// `Normal` or `Forbidden`.
        pub status: Option<String>,
        /// Storage class, such as `STANDARD` or `ARCHIVE`.
        pub storage_class: Option<String>,
    }

    /// Where a media asset comes from.
    #[serde(rename_all = "PascalCase")]
    pub struct MediaSourceData {
        /// `Upload`, `Record`, `VideoProcessing`, `TrtcRecord`, `WebPageRecord` or `Unknown`.
        pub source_type: Option<String>,
        /// The caller's own text, passed at upload.
        pub source_context: Option<String>,
        /// Of a recorded live stream.
        pub live_record_info: Option<LiveRecordInfo>,
        /// Of a recorded TRTC room.
        pub trtc_record_info: Option<TrtcRecordInfo>,
        /// Of a recorded web page.
        pub web_page_record_info: Option<WebPageRecordInfo>,
    }

    /// The recording of a live stream.
    #[serde(rename_all = "PascalCase")]
    pub struct LiveRecordInfo {
        /// Domain of the live stream.
        pub domain: Option<String>,
        /// Path of the live stream.
        pub path: Option<String>,
        /// Id of the stream.
        pub stream_id: Option<String>,
        /// Start of the recording; ISO 8601.
        pub record_start_time: Option<String>,
        /// End of the recording; ISO 8601.
        pub record_end_time: Option<String>,
    }

    /// The recording of a TRTC room.
    #[serde(rename_all = "PascalCase")]
    pub struct TrtcRecordInfo {
        /// Id of the TRTC application.
        pub sdk_app_id: Option<i64>,
        /// Id of the room.
        pub room_id: Option<String>,
        /// Id of the recording task.
        pub task_id: Option<String>,
        /// Users in the room.
        pub user_ids: Vec<String>,
    }

    /// The recording of a web page.
    #[serde(rename_all = "PascalCase")]
    pub struct WebPageRecordInfo {
        /// URL of the web page.
        pub record_url: Option<String>,
        /// Id of the recording task.
        pub record_task_id: Option<String>,
    }

    /// What is inside a media file.
    #[serde(rename_all = "PascalCase")]
    pub struct MediaMetaData {
        /// Size in bytes; of HLS and DASH, the sum of all files.
        pub size: Option<i64>,
        /// Container format, such as `mp4`.
        pub container: Option<String>,
        /// Bitrate of video and audio together, in bits per second.
        pub bitrate: Option<i64>,
        /// Height in pixels.
        pub height: Option<i64>,
        /// Width in pixels.
        pub width: Option<i64>,
        /// Length in seconds, with or without a fraction.
        pub duration: Option<f64>,
        /// Rotation in degrees.
        pub rotate: Option<i64>,
        /// Video streams.
        pub video_stream_set: Vec<MediaVideoStreamItem>,
        /// Audio streams.
        pub audio_stream_set: Vec<MediaAudioStreamItem>,
        /// Length of the video in seconds.
        pub video_duration: Option<f64>,
        /// Length of the audio in seconds.
        pub audio_duration: Option<f64>,
        /// MD5 digest in hexadecimal.
        pub md5: Option<String>,
    }

    /// A video stream in a file.
    #[serde(rename_all = "PascalCase")]
    pub struct MediaVideoStreamItem {
        /// Bitrate in bits per second.
        pub bitrate: Option<i64>,
        /// Height in pixels.
        pub height: Option<i64>,
        /// Width in pixels.
        pub width: Option<i64>,
        /// Codec, such as `h264` or `aac`.
        pub codec: Option<String>,
        /// Frames per second.
        pub fps: Option<i64>,
        /// Codec tag; only of HEVC.
        pub codec_tag: Option<String>,
        /// Codec with its profile and level, such as `avc1.64001f`. Seen in real events; the SDK does not have
        /// it.
        pub codecs: Option<String>,
        /// Dynamic range.
        pub dynamic_range_info: Option<DynamicRangeInfo>,
    }

    /// Standard or high dynamic range.
    #[serde(rename_all = "PascalCase")]
    pub struct DynamicRangeInfo {
        /// `SDR` or `HDR`.
        pub r#type: Option<String>,
        /// `hdr10` or `hlg`.
        #[serde(rename = "HDRType")]
        pub hdr_type: Option<String>,
    }

    /// An audio stream in a file.
    #[serde(rename_all = "PascalCase")]
    pub struct MediaAudioStreamItem {
        /// Bitrate in bits per second.
        pub bitrate: Option<i64>,
        /// Sampling rate in Hz.
        pub sampling_rate: Option<i64>,
        /// Codec, such as `h264` or `aac`.
        pub codec: Option<String>,
    }
}
