//! Editing and workflows.

events! {
    /// A timeline was rendered into a video, or could not be.
    pub struct ProduceMedia {
        /// Id of the new video. Of a failure, an id without a file.
        pub media_id: Option<String>,
        /// Id of the editing project, which can be rendered again.
        pub project_id: Option<String>,
        /// Error code; none on success.
        pub error_code: Option<String>,
        /// Error message; none on success.
        pub error_message: Option<String>,
    }

    /// All nodes of a workflow have ended. `status` is `Succeed` or `Failed`.
    pub struct WorkflowTask {
        /// Id of the workflow.
        pub workflow_id: Option<String>,
        /// Id of the workflow task.
        pub task_id: Option<String>,
        /// Id of the video.
        pub video_id: Option<String>,
        /// Id of the account.
        pub user_id: Option<String>,
        /// Results by node, as JSON text.
        pub activity_results: Option<String>,
        /// What the task was started with, as JSON text.
        pub task_input: Option<String>,
        /// When it was created, UTC.
        pub create_time: Option<String>,
        /// When it was last changed, UTC.
        pub modified_time: Option<String>,
        /// When it ended, UTC.
        pub finish_time: Option<String>,
    }
}
