//! Uploads: files, images, auxiliary media, streams.

use crate::lenient::lenient;

lenient! {
    /// An audio or video file was uploaded. Documented in full.
    #[serde(rename_all = "PascalCase")]
    pub struct FileUpload {
        /// Id of the media asset.
        pub media_id: Option<String>,
        /// `video` or `audio`.
        pub media_type: Option<String>,
        /// URL of the file.
        pub file_url: Option<String>,
        /// Size in bytes; sent in quotes.
        pub size: Option<i64>,
        /// Id of the application.
        pub app_id: Option<String>,
        /// The caller's own text, often JSON.
        pub user_data: Option<String>,
        /// `Success` or `Fail`.
        pub status: Option<String>,
    }

    /// A file or stream was pulled from a URL, or could not be. Inferred, except for `status` and
    /// `source_url`.
    #[serde(rename_all = "PascalCase")]
    pub struct UrlUpload {
        /// `Success` or `Fail`.
        pub status: Option<String>,
        /// The URL it was pulled from.
        #[serde(rename = "SourceURL")]
        pub source_url: Option<String>,
        /// Id of the job.
        pub job_id: Option<String>,
        /// Id of the new media asset; none if the pull failed.
        pub media_id: Option<String>,
        /// `Stream` for a stream.
        pub file_type: Option<String>,
        /// URL of the stream.
        #[serde(rename = "StreamFileURL")]
        pub stream_file_url: Option<String>,
        /// Error code; none on success.
        pub error_code: Option<String>,
        /// Error message; none on success.
        pub error_message: Option<String>,
        /// The caller's own text, often JSON.
        pub user_data: Option<String>,
    }

    /// An image was uploaded. Inferred.
    #[serde(rename_all = "PascalCase")]
    pub struct ImageUpload {
        /// `Success` or `Fail`.
        pub status: Option<String>,
        /// Id of the media asset.
        pub media_id: Option<String>,
        /// The same, as ApsaraVideo VOD calls it.
        pub image_id: Option<String>,
        /// URL of the file.
        pub file_url: Option<String>,
        /// Size in bytes.
        pub size: Option<i64>,
        /// Id of the application.
        pub app_id: Option<String>,
        /// The caller's own text, often JSON.
        pub user_data: Option<String>,
    }

    /// An auxiliary media asset, such as a watermark, was uploaded. Inferred.
    #[serde(rename_all = "PascalCase")]
    pub struct AttachedMediaUpload {
        /// `Success` or `Fail`.
        pub status: Option<String>,
        /// Id of the media asset.
        pub media_id: Option<String>,
        /// The same, as ApsaraVideo VOD calls it.
        pub attached_media_id: Option<String>,
        /// URL of the file.
        pub file_url: Option<String>,
        /// Size in bytes.
        pub size: Option<i64>,
        /// Id of the application.
        pub app_id: Option<String>,
        /// The caller's own text, often JSON.
        pub user_data: Option<String>,
    }

    /// A stream was uploaded or registered. Only the names of these events are documented: every field is a
    /// guess.
    #[serde(rename_all = "PascalCase")]
    pub struct StreamUpload {
        /// `Success` or `Fail`.
        pub status: Option<String>,
        /// Id of the media asset.
        pub media_id: Option<String>,
        /// Id of the job.
        pub job_id: Option<String>,
        /// `Stream`.
        pub file_type: Option<String>,
        /// URL of the file.
        pub file_url: Option<String>,
        /// URL of the stream.
        #[serde(rename = "StreamFileURL")]
        pub stream_file_url: Option<String>,
        /// Size in bytes.
        pub size: Option<i64>,
        /// The caller's own text, often JSON.
        pub user_data: Option<String>,
    }
}
