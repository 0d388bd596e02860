//! Processing of a video: analysis, transcoding, snapshots, animated images.

use serde_json::Value;

use crate::lenient::lenient;

events! {
    /// A file was analyzed.
    pub struct VideoAnalysis {
        /// Id of the video.
        pub video_id: Option<String>,
        /// Width in pixels; none of audio.
        pub width: Option<i64>,
        /// Height in pixels; none of audio.
        pub height: Option<i64>,
        /// Length in seconds.
        pub duration: Option<f64>,
        /// Bitrate in kilobits per second; sent in quotes.
        pub bitrate: Option<f64>,
        /// Frames per second; sent in quotes.
        pub fps: Option<f64>,
        /// Size in bytes.
        pub size: Option<i64>,
        /// Error code; none on success.
        pub error_code: Option<String>,
        /// Error message; none on success.
        pub error_message: Option<String>,
    }

    /// One rendition of a video was transcoded, or could not be.
    pub struct StreamTranscode {
        /// Id of the video.
        pub video_id: Option<String>,
        /// Id of the job: other renditions of the video have another.
        pub job_id: Option<String>,
        /// Bitrate in kilobits per second; sent in quotes.
        pub bitrate: Option<f64>,
        /// Definition, such as `LD` or `HD`.
        pub definition: Option<String>,
        /// Length in seconds.
        pub duration: Option<f64>,
        /// Whether it is encrypted.
        pub encrypt: Option<bool>,
        /// How it is encrypted.
        pub encrypt_type: Option<String>,
        /// Codec, such as `H264`.
        pub codec: Option<String>,
        /// URL of the file.
        pub file_url: Option<String>,
        /// Container format, such as `mp4`.
        pub format: Option<String>,
        /// Frames per second; sent in quotes.
        pub fps: Option<f64>,
        /// Height in pixels.
        pub height: Option<i64>,
        /// Width in pixels.
        pub width: Option<i64>,
        /// Size in bytes.
        pub size: Option<i64>,
        /// Ids of the watermarks, separated by commas.
        pub watermark_id: Option<String>,
        /// Whether it has only audio.
        pub is_audio: Option<bool>,
        /// When the job started, UTC.
        pub start_time: Option<String>,
        /// When the job ended, UTC.
        pub finish_time: Option<String>,
        /// Error code; none on success.
        pub error_code: Option<String>,
        /// Error message; none on success.
        pub error_message: Option<String>,
    }

    /// All renditions of a video have ended. `status` is `success` if at least one of them succeeded.
    pub struct Transcode {
        /// Id of the video.
        pub video_id: Option<String>,
        /// The renditions.
        pub stream_infos: Vec<StreamInfo>,
        /// Whether it was a preprocessing job.
        pub preprocess: Option<bool>,
    }

    /// Snapshots of a video were taken.
    pub struct Snapshot {
        /// Id of the video.
        pub video_id: Option<String>,
        /// `SpecifiedTime` if requested by `SubmitSnapshotJob`.
        pub sub_type: Option<String>,
        /// URL of the cover.
        pub cover_url: Option<String>,
        /// The snapshots, by kind.
        pub snapshot_infos: Vec<SnapshotInfo>,
        /// Error code; none on success.
        pub error_code: Option<String>,
        /// Error message; none on success.
        pub error_message: Option<String>,
    }

    /// An animated image was created.
    pub struct DynamicImage {
        /// Id of the video.
        pub video_id: Option<String>,
        /// Id of the job.
        pub job_id: Option<String>,
        /// The images: documented as a list, JSON text in the sample.
        pub dynamic_image_job_info: Option<Value>,
        /// Error code; none on success.
        pub error_code: Option<String>,
        /// Error message; none on success.
        pub error_message: Option<String>,
    }
}

lenient! {
    /// One rendition of a video.
    #[serde(rename_all = "PascalCase")]
    pub struct StreamInfo {
        /// `success` or `fail`.
        pub status: Option<String>,
        /// Id of the job: of each rendition its own.
        pub job_id: Option<String>,
        /// Bitrate in kilobits per second; sent in quotes.
        pub bitrate: Option<f64>,
        /// Definition, such as `LD` or `HD`.
        pub definition: Option<String>,
        /// Length in seconds.
        pub duration: Option<f64>,
        /// Whether it is encrypted.
        pub encrypt: Option<bool>,
        /// URL of the file.
        pub file_url: Option<String>,
        /// Container format, such as `mp4`.
        pub format: Option<String>,
        /// Frames per second; sent in quotes.
        pub fps: Option<f64>,
        /// Height in pixels.
        pub height: Option<i64>,
        /// Width in pixels.
        pub width: Option<i64>,
        /// Size in bytes.
        pub size: Option<i64>,
        /// Ids of the watermarks, separated by commas.
        pub watermark_id: Option<String>,
        /// Whether it has only audio.
        pub is_audio: Option<bool>,
        /// When the job started, UTC.
        pub start_time: Option<String>,
        /// When the job ended, UTC.
        pub finish_time: Option<String>,
        /// Error code; none on success.
        pub error_code: Option<String>,
        /// Error message; none on success.
        pub error_message: Option<String>,
    }

    /// Snapshots of one kind, in IMS too.
    #[serde(rename_all = "PascalCase")]
    pub struct SnapshotInfo {
        /// `success` or `fail`; `Success` or `Fail` in IMS.
        pub status: Option<String>,
        /// Kind: `CoverSnapshot`, `NormalSnapshot`, `SpriteSnapshot`, or `WebVttSnapshot`.
        pub snapshot_type: Option<String>,
        /// Number of images.
        pub snapshot_count: Option<i64>,
        /// File type, such as `jpg`.
        pub snapshot_format: Option<String>,
        /// URL of the images, with `{Count}` for the number.
        pub snapshot_regular: Option<String>,
        /// Id of the job.
        pub job_id: Option<String>,
    }
}
