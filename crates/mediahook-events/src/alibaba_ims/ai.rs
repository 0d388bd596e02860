//! Jobs of artificial intelligence.

use serde_json::Value;

use crate::lenient::lenient;

lenient! {
    /// A media asset was reviewed by AI. Inferred.
    #[serde(rename_all = "PascalCase")]
    pub struct AiMediaAudit {
        /// `Success` or `Fail`.
        pub status: Option<String>,
        /// Id of the job.
        pub job_id: Option<String>,
        /// Id of the media asset.
        pub media_id: Option<String>,
        /// Error code; none, `0` or a word for success.
        pub code: Option<String>,
        /// Error message; none, or a word such as `OK`, on success.
        pub message: Option<String>,
        /// What was found: an object, or JSON text.
        pub data: Option<Value>,
        /// The caller's own text, often JSON.
        pub user_data: Option<String>,
    }

    /// A smart job ended, such as speech recognition or translation. The name of the event is unconfirmed,
    /// its members are inferred.
    #[serde(rename_all = "PascalCase")]
    pub struct SmartJob {
        /// Id of the job.
        pub job_id: Option<String>,
        /// Kind of job, such as `ASR`.
        pub job_type: Option<String>,
        /// `Finished` or `Failed`.
        pub status: Option<String>,
        /// Id of the media asset.
        pub media_id: Option<String>,
        /// When it was created; ISO 8601.
        pub create_time: Option<String>,
        /// When it was last changed; ISO 8601.
        pub modified_time: Option<String>,
        /// Error code; none on success.
        pub error_code: Option<String>,
        /// Error message; none on success.
        pub error_message: Option<String>,
        /// The caller's own text, often JSON.
        pub user_data: Option<String>,
    }
}
