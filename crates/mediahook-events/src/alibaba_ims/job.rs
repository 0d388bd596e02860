//! Jobs of which only the name of the event is documented.

use crate::lenient::lenient;

lenient! {
    /// What jobs usually say. None of it is documented for these events: each has some of the fields, and the
    /// rest is in `other`.
    #[serde(rename_all = "PascalCase")]
    pub struct Job {
        /// Id of the job.
        pub job_id: Option<String>,
        /// Id of the parent job.
        pub parent_job_id: Option<String>,
        /// Id of the task.
        pub task_id: Option<String>,
        /// Id of the media asset.
        pub media_id: Option<String>,
        /// Id of the editing project.
        pub project_id: Option<String>,
        /// Name of the job or output.
        pub name: Option<String>,
        /// The status, such as `Success`, `Finished`, `started` or `paused`.
        pub status: Option<String>,
        /// The status, if it is called so.
        pub state: Option<String>,
        /// Error code; none, `0` or a word for success.
        pub code: Option<String>,
        /// Error message; none, or a word such as `OK`, on success.
        pub message: Option<String>,
        /// Error code; none on success.
        pub error_code: Option<String>,
        /// Error message; none on success.
        pub error_message: Option<String>,
        /// The caller's own text, often JSON.
        pub user_data: Option<String>,
    }
}
