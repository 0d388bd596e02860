//! Media conversion: a job, its output groups, and its outputs.
//!
//! The members are those of the official SDK (alibabacloud-ice20201109 6.20.2); that the events carry them is
//! inferred.

use serde_json::Value;

use crate::lenient::lenient;

lenient! {
    /// A media conversion job ended. Each output has its own status, and so has each output in a group.
    #[serde(rename_all = "PascalCase")]
    pub struct MediaConvertJob {
        /// Id of the job.
        pub job_id: Option<String>,
        /// `Inited`, `Running`, `Complete`, `Error` or `Cancelled`.
        pub state: Option<String>,
        /// Error code; none on success.
        pub code: Option<String>,
        /// Error message; none on success.
        pub message: Option<String>,
        /// Progress in percent.
        pub percent: Option<i64>,
        /// Id of the pipeline.
        pub pipeline_id: Option<String>,
        /// Id of the API request that created the job.
        pub request_id: Option<String>,
        /// The caller's own idempotency key.
        pub client_token: Option<String>,
        /// When it was created; ISO 8601.
        pub create_time: Option<String>,
        /// When it ended; ISO 8601.
        pub finish_time: Option<String>,
        /// The caller's own text, often JSON.
        pub user_data: Option<String>,
        /// The job, as requested.
        pub config: Option<Value>,
        /// The outputs.
        pub output_details: Vec<MediaConvertOutput>,
        /// The output groups.
        pub output_group_details: Vec<MediaConvertOutputGroup>,
    }

    /// An output group ended.
    #[serde(rename_all = "PascalCase")]
    pub struct MediaConvertOutputGroup {
        /// Id of the job; only where the output group is an event of its own.
        pub job_id: Option<String>,
        /// Name of the output group, as in the job.
        pub name: Option<String>,
        /// Id of the task.
        pub task_id: Option<String>,
        /// `Init`, `Scheduled`, `Running`, `Success`, `Failed` or `Skipped`.
        pub status: Option<String>,
        /// Error code; none on success.
        pub code: Option<String>,
        /// Error message; none on success.
        pub message: Option<String>,
        /// When it was created; ISO 8601.
        pub create_time: Option<String>,
        /// When it ended; ISO 8601.
        pub finish_time: Option<String>,
        /// The caller's own text, often JSON; only where the output group is an event of its own.
        pub user_data: Option<String>,
        /// The outputs of the group.
        pub outputs: Vec<MediaConvertOutput>,
    }

    /// An output ended.
    #[serde(rename_all = "PascalCase")]
    pub struct MediaConvertOutput {
        /// Id of the job; only where the output is an event of its own.
        pub job_id: Option<String>,
        /// Name of the output, as in the job.
        pub name: Option<String>,
        /// Id of the task.
        pub task_id: Option<String>,
        /// `Init`, `Scheduled`, `Running`, `Success`, `Failed` or `Skipped`.
        pub status: Option<String>,
        /// Error code; none on success.
        pub code: Option<String>,
        /// Error message; none on success.
        pub message: Option<String>,
        /// When it was created; ISO 8601.
        pub create_time: Option<String>,
        /// When it ended; ISO 8601.
        pub finish_time: Option<String>,
        /// The caller's own text, often JSON; only where the output is an event of its own.
        pub user_data: Option<String>,
        /// The result; none if the output failed.
        pub result: Option<MediaConvertResult>,
    }

    /// The result of an output.
    #[serde(rename_all = "PascalCase")]
    pub struct MediaConvertResult {
        /// Where the file is.
        pub output_file: Option<MediaConvertOutputFile>,
        /// What is inside the file.
        pub out_file_meta: Option<MediaConvertFileMeta>,
    }

    /// Where the file of an output is.
    #[serde(rename_all = "PascalCase")]
    pub struct MediaConvertOutputFile {
        /// `OSS` or `Media`.
        pub r#type: Option<String>,
        /// Address of the file in OSS, or id of the media asset, as `type` says.
        pub media: Option<String>,
        /// URL of the file, if it is a media asset.
        pub url: Option<String>,
    }

    /// What is inside the file of an output.
    #[serde(rename_all = "PascalCase")]
    pub struct MediaConvertFileMeta {
        /// The file.
        pub file_basic_info: Option<MediaConvertFileBasicInfo>,
        /// Video streams, as they came: their members are spelled in two ways, such as `Codec_name` and
        /// `CodecName`.
        pub video_stream_info_list: Vec<Value>,
        /// Audio streams, as they came.
        pub audio_stream_info_list: Vec<Value>,
    }

    /// The file of an output.
    #[serde(rename_all = "PascalCase")]
    pub struct MediaConvertFileBasicInfo {
        /// Id of the media asset.
        pub media_id: Option<String>,
        /// Name of the file.
        pub file_name: Option<String>,
        /// `source_file` or `transcode_file`.
        pub file_type: Option<String>,
        /// URL of the file.
        pub file_url: Option<String>,
        /// Status of the file, such as `Normal`.
        pub file_status: Option<String>,
        /// Size in bytes; sent in quotes.
        pub file_size: Option<i64>,
        /// Container format.
        pub format_name: Option<String>,
        /// Region of the storage.
        pub region: Option<String>,
        /// Width in pixels.
        pub width: Option<i64>,
        /// Height in pixels.
        pub height: Option<i64>,
        /// Length in seconds, as text with a fraction.
        pub duration: Option<String>,
        /// Bitrate in kilobits per second, as text with a fraction.
        pub bitrate: Option<String>,
    }
}
