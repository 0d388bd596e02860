//! What happens to a media asset: review, registration, deletion, change.

use serde_json::Value;

use crate::lenient::lenient;

lenient! {
    /// A media asset was reviewed manually. Inferred.
    #[serde(rename_all = "PascalCase")]
    pub struct CreateAudit {
        /// `Success` or `Fail`.
        pub status: Option<String>,
        /// Id of the media asset.
        pub media_id: Option<String>,
        /// The verdict: `Normal` or `Blocked`.
        pub audit_status: Option<String>,
        /// Kind of review.
        pub sub_type: Option<String>,
        /// When the review was made; ISO 8601.
        pub creation_time: Option<String>,
        /// Who made the review.
        pub auditor: Option<String>,
        /// Why the media asset was blocked.
        pub reason: Option<String>,
    }

    /// A media asset was registered and analyzed. `status` and `media_id` were seen, the rest is inferred.
    #[serde(rename_all = "PascalCase")]
    pub struct RegisterMedia {
        /// `Success` or `Fail`.
        pub status: Option<String>,
        /// Id of the media asset.
        pub media_id: Option<String>,
        /// Error code; none on success.
        pub error_code: Option<String>,
        /// Error message; none on success.
        pub error_message: Option<String>,
        /// The caller's own text, often JSON.
        pub user_data: Option<String>,
    }

    /// A media asset, or a part of it, was deleted. Inferred.
    #[serde(rename_all = "PascalCase")]
    pub struct DeleteMedia {
        /// `Success` or `Fail`.
        pub status: Option<String>,
        /// Id of the media asset.
        pub media_id: Option<String>,
        /// `video`, `audio`, `image` or `text`.
        pub media_type: Option<String>,
        /// What was deleted: `all`, `mezzanine` or `stream`.
        pub delete_type: Option<String>,
        /// Ids of the transcoding jobs whose streams were deleted, separated by commas.
        pub job_ids: Option<String>,
        /// Error code; none on success.
        pub error_code: Option<String>,
        /// Error message; none on success.
        pub error_message: Option<String>,
    }

    /// What is known about a media asset was changed. Inferred.
    #[serde(rename_all = "PascalCase")]
    pub struct MediaBaseChange {
        /// `Success` or `Fail`.
        pub status: Option<String>,
        /// Id of the media asset.
        pub media_id: Option<String>,
        /// `video`, `audio`, `image` or `text`.
        pub media_type: Option<String>,
        /// `create`, `update` or `delete`.
        pub operate_mode: Option<String>,
        /// What was changed: an object, or JSON text.
        pub media_content: Option<Value>,
    }
}
