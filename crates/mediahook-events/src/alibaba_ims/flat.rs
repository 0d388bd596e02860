//! Bodies of ApsaraVideo VOD, the neighboring product.

use crate::lenient::lenient;

lenient! {
    /// A flat body: no `MessageBody`. ApsaraVideo VOD has event types of the same names, with other meanings:
    /// its `TranscodeComplete`, for example, is about all renditions.
    #[serde(rename_all = "PascalCase")]
    pub struct Flat {
        /// The event type.
        pub event_type: Option<String>,
        /// When it happened. One type has a colon before its milliseconds, which is not ISO 8601.
        pub event_time: Option<String>,
        /// Id of the account; only of workflow tasks.
        pub user_id: Option<String>,
        /// Id of the video.
        pub video_id: Option<String>,
        /// Id of the media asset.
        pub media_id: Option<String>,
        /// Id of the image.
        pub image_id: Option<String>,
        /// Id of the auxiliary media asset.
        pub attached_media_id: Option<String>,
        /// Id of the job.
        pub job_id: Option<String>,
        /// Id of the workflow task.
        pub task_id: Option<String>,
        /// Id of the workflow.
        pub workflow_id: Option<String>,
        /// URL of the file.
        pub file_url: Option<String>,
        /// Size in bytes.
        pub size: Option<i64>,
        /// `success` or `fail`; of workflow tasks `Succeed` or `Failed`.
        pub status: Option<String>,
        /// Error code; none on success.
        pub error_code: Option<String>,
        /// Error message; none on success.
        pub error_message: Option<String>,
        /// The caller's own text.
        pub extend: Option<String>,
    }
}
