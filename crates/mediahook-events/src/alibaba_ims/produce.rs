//! Editing: media assets produced from timelines.

use crate::lenient::lenient;

lenient! {
    /// A timeline was rendered into a media asset, or could not be. Documented by a sample.
    #[serde(rename_all = "PascalCase")]
    pub struct ProduceMedia {
        /// `Success` or `Fail`, where the query of the same job says `Failed`.
        pub status: Option<String>,
        /// Id of the job.
        pub job_id: Option<String>,
        /// Id of the editing project.
        pub project_id: Option<String>,
        /// Id of the new media asset; none if the job failed.
        pub media_id: Option<String>,
        /// URL of the new file.
        #[serde(rename = "MediaURL")]
        pub media_url: Option<String>,
        /// Error code; none on success.
        pub error_code: Option<String>,
        /// Error message; none on success.
        pub error_message: Option<String>,
        /// The caller's own text, often JSON.
        pub user_data: Option<String>,
    }

    /// A batch of media assets was rendered. Documented by a sample: the event says that the batch has ended,
    /// and only the API (`GetBatchMediaProducingJob`) says which media assets were rendered.
    #[serde(rename_all = "PascalCase")]
    pub struct BatchProduceMedia {
        /// `Finished`, which is the end and not success, or `Failed`.
        pub status: Option<String>,
        /// Id of the job.
        pub job_id: Option<String>,
        /// The caller's own text, often JSON.
        pub user_data: Option<String>,
        /// Error code; none on success.
        pub error_code: Option<String>,
        /// Error message; none on success.
        pub error_message: Option<String>,
    }
}
