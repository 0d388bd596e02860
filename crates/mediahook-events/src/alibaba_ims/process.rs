//! Processing of a media asset: analysis, snapshots, animated images.

pub use crate::alibaba_vod::process::SnapshotInfo;
use crate::lenient::lenient;

lenient! {
    /// A file was analyzed. Inferred.
    #[serde(rename_all = "PascalCase")]
    pub struct VideoAnalysis {
        /// `Success` or `Fail`.
        pub status: Option<String>,
        /// Id of the media asset.
        pub media_id: Option<String>,
        /// Width in pixels.
        pub width: Option<i64>,
        /// Height in pixels.
        pub height: Option<i64>,
        /// Length in seconds.
        pub duration: Option<f64>,
        /// Bitrate in kilobits per second.
        pub bitrate: Option<f64>,
        /// Frames per second.
        pub fps: Option<f64>,
        /// Size in bytes.
        pub size: Option<i64>,
        /// Error code; none on success.
        pub error_code: Option<String>,
        /// Error message; none on success.
        pub error_message: Option<String>,
    }

    /// Snapshots were taken. Inferred.
    #[serde(rename_all = "PascalCase")]
    pub struct Snapshot {
        /// `Success` or `Fail`.
        pub status: Option<String>,
        /// Id of the job.
        pub job_id: Option<String>,
        /// Id of the media asset.
        pub media_id: Option<String>,
        /// The same, as ApsaraVideo VOD calls it.
        pub video_id: Option<String>,
        /// URL of the cover.
        pub cover_url: Option<String>,
        /// The snapshots, by kind.
        pub snapshot_infos: Vec<SnapshotInfo>,
        /// Error code; none on success.
        pub error_code: Option<String>,
        /// Error message; none on success.
        pub error_message: Option<String>,
        /// The caller's own text, often JSON.
        pub user_data: Option<String>,
    }

    /// An animated image was created. Inferred.
    #[serde(rename_all = "PascalCase")]
    pub struct DynamicImage {
        /// `Success` or `Fail`.
        pub status: Option<String>,
        /// Id of the job.
        pub job_id: Option<String>,
        /// Id of the media asset.
        pub media_id: Option<String>,
        /// URL of the image.
        #[serde(rename = "FileURL")]
        pub file_url: Option<String>,
        /// Size in bytes.
        pub file_size: Option<i64>,
        /// Frames per second.
        pub fps: Option<f64>,
        /// Height in pixels.
        pub height: Option<i64>,
        /// Width in pixels.
        pub width: Option<i64>,
        /// Length in seconds.
        pub duration: Option<f64>,
        /// Error code; none on success.
        pub error_code: Option<String>,
        /// Error message; none on success.
        pub error_message: Option<String>,
        /// The caller's own text, often JSON.
        pub user_data: Option<String>,
    }
}
