//! Recordings of live streams.

events! {
    /// A live stream, or a period of it, was recorded into a video.
    pub struct AddLiveRecordVideo {
        /// Id of the new video.
        pub video_id: Option<String>,
        /// Name of the stream.
        pub stream_name: Option<String>,
        /// Domain of the stream.
        pub domain_name: Option<String>,
        /// Application of the stream.
        pub app_name: Option<String>,
        /// Start of the recording, UTC.
        pub record_start_time: Option<String>,
        /// End of the recording, UTC.
        pub record_end_time: Option<String>,
        /// Id of the account. Seen in a real event.
        pub user_id: Option<String>,
    }

    /// The joining of recordings has started, or could not. It ends with a `FileUploadComplete` of the video.
    pub struct LiveRecordVideoComposeStart {
        /// Id of the video that the recordings are joined into.
        pub video_id: Option<String>,
        /// Name of the stream.
        pub stream_name: Option<String>,
        /// Domain of the stream.
        pub domain_name: Option<String>,
        /// Application of the stream.
        pub app_name: Option<String>,
    }
}
