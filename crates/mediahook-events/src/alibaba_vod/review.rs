//! Reviews. `status` is that of the review, not its verdict.

use serde_json::Value;

events! {
    /// A media asset was reviewed manually.
    pub struct CreateAudit {
        /// Id of the media asset.
        pub media_id: Option<String>,
        /// The verdict: `Normal` or `Blocked`.
        pub audit_status: Option<String>,
        /// Kind of media asset: `video`.
        pub sub_type: Option<String>,
        /// When the review was made, UTC.
        pub creation_time: Option<String>,
        /// Who made the review.
        pub auditor: Option<String>,
        /// Why the media asset was blocked.
        pub reason: Option<String>,
    }

    /// A media asset was reviewed by AI.
    pub struct AiMediaAudit {
        /// Id of the job.
        pub job_id: Option<String>,
        /// Id of the media asset.
        pub media_id: Option<String>,
        /// Error code; `0` on success.
        pub code: Option<String>,
        /// Error message; `OK` on success.
        pub message: Option<String>,
        /// What was found, an object or JSON text. Its `Suggestion` is the verdict: `pass`, `review` or `block`.
        pub data: Option<Value>,
    }
}
