//! What happens to a media asset: deletion, change, storage.

use serde_json::Value;

events! {
    /// A media asset, or a part of it, was deleted.
    pub struct DeleteMedia {
        /// Id of the media asset.
        pub media_id: Option<String>,
        /// `video`, `image` or `attached`.
        pub media_type: Option<String>,
        /// What was deleted: `all`, `mezzanine` (the original) or `stream` (renditions).
        pub delete_type: Option<String>,
        /// Ids of the transcoding jobs whose renditions were deleted.
        pub job_ids: Option<String>,
        /// Error code; none on success.
        pub error_code: Option<String>,
        /// Error message; none on success.
        pub error_message: Option<String>,
    }

    /// What is known about a media asset was changed. `status` is that of the notification.
    pub struct MediaBaseChange {
        /// Id of the media asset.
        pub media_id: Option<String>,
        /// `video`, `image` or `attached`.
        pub media_type: Option<String>,
        /// `create` (an id was given out, no file has arrived), `update` or `delete`.
        pub operate_mode: Option<String>,
        /// What was changed: an object of JSON texts with `OldValue` and `NewValue`, or all of it as JSON text.
        pub media_content: Option<Value>,
    }

    /// The storage class of a media asset was changed. `status` is `Success` or `Failed`.
    pub struct UpdateMediaStorageClass {
        /// Id of the media asset.
        pub media_id: Option<String>,
        /// `All` files, or `SourceFile`.
        pub scope: Option<String>,
        /// The new class: `Standard`, `IA`, `Archive` or `ColdArchive`.
        pub storage_class: Option<String>,
        /// `LifeCycle` or `API`.
        pub trigger_by: Option<String>,
        /// Error code; none on success.
        pub error_code: Option<String>,
        /// Error message; none on success.
        pub error_message: Option<String>,
    }

    /// An archived media asset can be read again. `status` is `Success` or `Failed`.
    pub struct RestoreMedia {
        /// Id of the media asset.
        pub media_id: Option<String>,
        /// Until when it can be read, UTC.
        pub restore_expiration: Option<String>,
        /// Error code; none on success.
        pub error_code: Option<String>,
        /// Error message; none on success.
        pub error_message: Option<String>,
    }

    /// Requests to refresh or prefetch a media asset's URLs were submitted. Their results are not in the event.
    pub struct SubmitMediaRefresh {
        /// Id of the media asset.
        pub media_id: Option<String>,
        /// Id of the job.
        pub media_refresh_job_id: Option<String>,
        /// `Refresh` or `Preload`.
        pub task_type: Option<String>,
        /// The URLs that were submitted, separated by commas.
        pub success_play_urls: Option<String>,
        /// Ids of the tasks; `DescribeVodRefreshTasks` has their results.
        pub task_ids: Option<String>,
        /// Which URLs were chosen, as JSON text.
        pub filter_policy: Option<String>,
        /// Error code; none on success.
        pub error_code: Option<String>,
        /// Error message; none on success.
        pub error_message: Option<String>,
    }
}
