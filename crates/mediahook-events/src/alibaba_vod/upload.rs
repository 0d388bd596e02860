//! Uploads: files, images, auxiliary media.

events! {
    /// An audio or video file has arrived. Also sent after a file was produced, composed or pulled from a URL.
    pub struct FileUpload {
        /// Id of the video.
        pub video_id: Option<String>,
        /// Size in bytes.
        pub size: Option<i64>,
        /// URL of the file.
        pub file_url: Option<String>,
    }

    /// An image was uploaded.
    pub struct ImageUpload {
        /// Id of the image.
        pub image_id: Option<String>,
        /// Size in bytes.
        pub size: Option<i64>,
        /// URL of the file.
        #[serde(rename = "FileURL")]
        pub file_url: Option<String>,
        /// Id of the application.
        pub app_id: Option<String>,
    }

    /// A watermark, subtitle or other auxiliary file was uploaded.
    pub struct AttachedMediaUpload {
        /// Id of the auxiliary media asset.
        pub attached_media_id: Option<String>,
        /// Size in bytes.
        pub size: Option<i64>,
        /// URL of the file.
        #[serde(rename = "FileURL")]
        pub file_url: Option<String>,
    }

    /// A file was pulled from a URL, or could not be. With a `file_type` of `Stream`: a rendition of a video that
    /// exists already.
    pub struct UploadByUrl {
        /// Id of the job.
        pub job_id: Option<String>,
        /// Id of the video. Of a file that could not be pulled: none.
        pub video_id: Option<String>,
        /// The URL it was pulled from.
        #[serde(rename = "SourceURL")]
        pub source_url: Option<String>,
        /// Size in bytes; sent in quotes.
        pub size: Option<i64>,
        /// `Stream` for a rendition.
        pub file_type: Option<String>,
        /// URL of the rendition.
        #[serde(rename = "StreamFileURL")]
        pub stream_file_url: Option<String>,
        /// Error code; none on success.
        pub error_code: Option<String>,
        /// Error message; none on success.
        pub error_message: Option<String>,
    }
}
