//! Tasks that are not part of a flow. The event is sent at the end.

use crate::lenient::lenient;

lenient! {
    /// A media asset was transcoded.
    #[serde(rename_all = "camelCase")]
    pub struct TranscodeComplete {
        /// 0 is success.
        pub status: Option<i64>,
        /// Error message; none on success.
        pub message: Option<String>,
        /// Id of the task.
        pub vod_task_id: Option<String>,
        /// Id of the media asset.
        pub file_id: Option<String>,
        /// Name of the media asset.
        pub file_name: Option<String>,
        /// Length in seconds.
        pub duration: Option<f64>,
        /// URL of the cover.
        pub cover_url: Option<String>,
        /// The renditions.
        pub play_set: Vec<PlayInfo>,
    }

    /// One rendition.
    #[serde(rename_all = "camelCase")]
    pub struct PlayInfo {
        /// URL of the file.
        pub url: Option<String>,
        /// Id of the template that was used; 0 is the original file.
        pub definition: Option<i64>,
        /// Bitrate of the video in bits per second.
        pub vbitrate: Option<i64>,
        /// Height in pixels.
        pub vheight: Option<i64>,
        /// Width in pixels.
        pub vwidth: Option<i64>,
    }

    /// Snapshots were taken. Each has its own status.
    #[serde(rename_all = "camelCase")]
    pub struct CreateSnapshotByTimeOffsetComplete {
        /// 0 is success.
        pub status: Option<i64>,
        /// Error message; none on success.
        pub message: Option<String>,
        /// Id of the task.
        pub vod_task_id: Option<String>,
        /// Id of the media asset.
        pub file_id: Option<String>,
        /// Id of the template that was used.
        pub definition: Option<i64>,
        /// The snapshots.
        pub pic_info: Vec<Picture>,
    }

    /// One snapshot, or why there is none.
    #[serde(rename_all = "camelCase")]
    pub struct Picture {
        /// 0 is success.
        pub status: Option<i64>,
        /// Time of the snapshot in milliseconds.
        pub time_offset: Option<i64>,
        /// URL of the snapshot.
        pub url: Option<String>,
    }

    /// Image sprites were created.
    #[serde(rename_all = "camelCase")]
    pub struct CreateImageSpriteComplete {
        /// 0 is success.
        pub status: Option<i64>,
        /// Error message; none on success.
        pub message: Option<String>,
        /// Id of the task.
        pub vod_task_id: Option<String>,
        /// Id of the media asset.
        pub file_id: Option<String>,
        /// Id of the template that was used.
        pub definition: Option<i64>,
        /// Number of images in all sprites.
        pub total_count: Option<i64>,
        /// URLs of the sprites.
        pub image_sprite_url: Vec<String>,
        /// URL of the `WebVTT` file that says where each image is.
        pub web_vtt_url: Option<String>,
    }

    /// A clip was cut. The status is that of `file_info`.
    #[serde(rename_all = "camelCase")]
    pub struct ClipComplete {
        /// 0 is success.
        pub status: Option<i64>,
        /// Error message; none on success.
        pub message: Option<String>,
        /// Id of the task.
        pub vod_task_id: Option<String>,
        /// Id of the media asset that was cut.
        pub src_file_id: Option<String>,
        /// The clip, or why there is none.
        pub file_info: Option<FileInfo>,
    }

    /// Media assets were joined. Each result has its own status.
    #[serde(rename_all = "camelCase")]
    pub struct ConcatComplete {
        /// 0 is success.
        pub status: Option<i64>,
        /// Error message; none on success.
        pub message: Option<String>,
        /// Id of the task.
        pub vod_task_id: Option<String>,
        /// The results.
        pub file_info: Vec<FileInfo>,
    }

    /// A new media asset, or why there is none.
    #[serde(rename_all = "camelCase")]
    pub struct FileInfo {
        /// 0 is success.
        pub status: Option<i64>,
        /// Error message; none on success.
        pub message: Option<String>,
        /// File type, such as `mp4`.
        pub file_type: Option<String>,
        /// Id of the new media asset.
        pub file_id: Option<String>,
        /// URL of the file.
        pub file_url: Option<String>,
    }
}
