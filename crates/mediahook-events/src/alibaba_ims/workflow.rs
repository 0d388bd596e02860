//! Workflows.

use crate::lenient::lenient;

lenient! {
    /// A workflow task ended. Inferred.
    #[serde(rename_all = "PascalCase")]
    pub struct WorkflowTask {
        /// Id of the workflow task.
        pub task_id: Option<String>,
        /// Id of the workflow that it is a task of.
        pub workflow_id: Option<String>,
        /// `Succeed` or `Failed`.
        pub status: Option<String>,
        /// Results by activity, as JSON text.
        pub activity_results: Option<String>,
        /// What the task was started with, as JSON text.
        pub task_input: Option<String>,
        /// When it was created; ISO 8601.
        pub create_time: Option<String>,
        /// When it was last changed; ISO 8601.
        pub modified_time: Option<String>,
        /// When it ended; ISO 8601.
        pub finish_time: Option<String>,
        /// The caller's own text, often JSON.
        pub user_data: Option<String>,
    }
}
