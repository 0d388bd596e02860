//! Jobs of artificial intelligence, but for [reviews](super::review).

use serde_json::Value;

events! {
    /// Videos like this one were searched for.
    pub struct AiMediaDna {
        /// Id of the job.
        pub job_id: Option<String>,
        /// Id of the media asset.
        pub media_id: Option<String>,
        /// Error code; `0` on success.
        pub code: Option<String>,
        /// Error message; `OK` on success.
        pub message: Option<String>,
        /// What was found, an object or JSON text.
        pub data: Option<Value>,
        /// When the job ended, UTC.
        pub complete_time: Option<String>,
    }

    /// A video was tagged by AI.
    pub struct AiVideoTag {
        /// Id of the job.
        pub job_id: Option<String>,
        /// Id of the media asset.
        pub media_id: Option<String>,
        /// Error code; `0` on success.
        pub code: Option<String>,
        /// Error message; `OK` on success.
        pub message: Option<String>,
        /// The tags, an object or JSON text.
        pub data: Option<Value>,
    }
}
