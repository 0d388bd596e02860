//! Tasks that were started with the 2017 API: no status, the event is sent at the end.

use crate::lenient::lenient;

lenient! {
    /// A clip was cut (2017 API). The error is in `file_info`.
    #[serde(rename_all = "PascalCase")]
    pub struct ClipTask2017 {
        /// Id of the task.
        pub task_id: Option<String>,
        /// Id of the media asset that was cut.
        pub src_file_id: Option<String>,
        /// The file.
        pub file_info: Option<ClipFileInfo2017>,
    }

    /// The clip, or why there is none.
    #[serde(rename_all = "PascalCase")]
    pub struct ClipFileInfo2017 {
        /// 0 is success; 40000 bad input, 60000 bad source file, 70000 internal error.
        pub err_code: Option<i64>,
        /// Error message, or `SUCCESS`.
        pub message: Option<String>,
        /// Id of the clip.
        pub file_id: Option<String>,
        /// URL of the file.
        pub file_url: Option<String>,
        /// File type, such as `mp4`.
        pub file_type: Option<String>,
    }

    /// A media asset was transcoded (2017 API).
    #[serde(rename_all = "PascalCase")]
    pub struct TranscodeTask2017 {
        /// Id of the task.
        pub task_id: Option<String>,
        /// 0 is success; 40000 bad input, 60000 bad source file, 70000 internal error.
        pub err_code: Option<i64>,
        /// Error message, or `SUCCESS`.
        pub message: Option<String>,
        /// Id of the media asset.
        pub file_id: Option<String>,
        /// Name of the media asset.
        pub file_name: Option<String>,
        /// Length in seconds.
        pub duration: Option<i64>,
        /// URL of the cover.
        pub cover_url: Option<String>,
        /// The renditions.
        pub play_info_set: Vec<TranscodePlayInfo2017>,
    }

    /// One rendition.
    #[serde(rename_all = "PascalCase")]
    pub struct TranscodePlayInfo2017 {
        /// URL.
        pub url: Option<String>,
        /// Id of the template that was used.
        pub definition: Option<i64>,
        /// Bitrate in bits per second.
        pub bitrate: Option<i64>,
        /// Height in pixels.
        pub height: Option<i64>,
        /// Width in pixels.
        pub width: Option<i64>,
    }

    /// Image sprites were created (2017 API).
    #[serde(rename_all = "PascalCase")]
    pub struct CreateImageSpriteTask2017 {
        /// Id of the task.
        pub task_id: Option<String>,
        /// 0 is success; 40000 bad input, 60000 bad source file, 70000 internal error.
        pub err_code: Option<i64>,
        /// Error message, or `SUCCESS`.
        pub message: Option<String>,
        /// Id of the media asset.
        pub file_id: Option<String>,
        /// Id of the template that was used.
        pub definition: Option<i64>,
        /// Number of images in all sprites.
        pub total_count: Option<i64>,
        /// URLs of the sprites.
        pub image_sprite_url_set: Vec<String>,
        /// URL of the `WebVTT` file that says where each image is.
        pub web_vtt_url: Option<String>,
    }

    /// Media assets were joined (2017 API). Each result has its own error.
    #[serde(rename_all = "PascalCase")]
    pub struct ConcatTask2017 {
        /// Id of the task.
        pub task_id: Option<String>,
        /// The files.
        pub file_info_set: Vec<ConcatFileInfo2017>,
    }

    /// A joined media asset, or why there is none.
    #[serde(rename_all = "PascalCase")]
    pub struct ConcatFileInfo2017 {
        /// 0 is success; 40000 bad input, 60000 bad source file, 70000 internal error.
        pub err_code: Option<i64>,
        /// Error message, or `SUCCESS`.
        pub message: Option<String>,
        /// Id of the media asset.
        pub file_id: Option<String>,
        /// URL of the file.
        pub file_url: Option<String>,
        /// File type, such as `mp4`.
        pub file_type: Option<String>,
    }

    /// Snapshots were taken (2017 API). Each has its own error.
    #[serde(rename_all = "PascalCase")]
    pub struct SnapshotByTimeOffsetTask2017 {
        /// Id of the task.
        pub task_id: Option<String>,
        /// Id of the media asset.
        pub file_id: Option<String>,
        /// Id of the template that was used.
        pub definition: Option<i64>,
        /// The snapshots.
        pub snapshot_info_set: Vec<SnapshotByTimeOffset2017>,
    }

    /// One snapshot, or why there is none.
    #[serde(rename_all = "PascalCase")]
    pub struct SnapshotByTimeOffset2017 {
        /// 0 is success; 40000 bad input, 60000 bad source file, 70000 internal error.
        pub err_code: Option<i64>,
        /// Time of the snapshot in milliseconds.
        pub time_offset: Option<i64>,
        /// URL of the snapshot.
        pub url: Option<String>,
    }
}
