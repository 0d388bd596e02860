//! Task flows.

use serde_json::Value;

use crate::lenient::lenient;

lenient! {
    /// A task flow changed its state, or ended. Each subtask has its own status and error.
    #[serde(rename_all = "camelCase")]
    pub struct ProcedureStateChanged {
        /// Id of the task flow.
        pub vod_task_id: Option<String>,
        /// `PROCESSING` or `FINISH`. `FINISH` is the end, not success.
        pub status: Option<String>,
        /// 0 is success; stays 0 when a subtask fails.
        pub err_code: Option<i64>,
        /// Error message; none on success.
        pub message: Option<String>,
        /// Id of the media asset.
        pub file_id: Option<String>,
        /// Name of the media asset.
        pub file_name: Option<String>,
        /// What is inside the file.
        pub meta_data: Option<MetaData>,
        /// Content review subtasks.
        pub content_review_list: Vec<Subtask>,
        /// Content analysis subtasks.
        #[serde(rename = "aIAnalysisList")]
        pub ai_analysis_list: Vec<Subtask>,
        /// Media processing subtasks.
        pub process_task_list: Vec<Subtask>,
        /// The caller's own text, passed at upload.
        pub source_context: Option<String>,
        /// DRM of the file, as it came. Seen in real events.
        pub drm: Option<Value>,
    }

    /// One subtask of a flow.
    #[serde(rename_all = "camelCase")]
    pub struct Subtask {
        /// Kind of subtask, such as `Transcode`.
        pub task_type: Option<String>,
        /// `PROCESSING`, `SUCCESS` or `FAIL`.
        pub status: Option<String>,
        /// 0 is success.
        pub err_code: Option<i64>,
        /// Error message; none on success.
        pub message: Option<String>,
        /// What the subtask was asked to do.
        pub input: Option<Value>,
        /// The result.
        pub output: Option<Value>,
    }

    /// What is inside a media file.
    #[serde(rename_all = "camelCase")]
    pub struct MetaData {
        /// Size in bytes.
        pub size: Option<i64>,
        /// Size of all files in bytes, if it is a playlist with segments. Seen in real events.
        pub total_size: Option<i64>,
        /// Container format.
        pub container: Option<String>,
        /// Bitrate in bits per second.
        pub bitrate: Option<i64>,
        /// Height in pixels.
        pub height: Option<i64>,
        /// Width in pixels.
        pub width: Option<i64>,
        /// MD5 digest in hexadecimal.
        pub md5: Option<String>,
        /// Length in seconds, rounded.
        pub duration: Option<f64>,
        /// Length in seconds. Seen in real events.
        pub float_duration: Option<f64>,
        /// Length of the video in seconds. Seen in real events.
        pub video_duration: Option<f64>,
        /// Length of the audio in seconds. Seen in real events.
        pub audio_duration: Option<f64>,
        /// Rotation in degrees.
        pub rotate: Option<i64>,
        /// Video streams.
        pub video_stream_list: Vec<VideoStream>,
        /// Audio streams.
        pub audio_stream_list: Vec<AudioStream>,
    }

    /// A video stream in a file.
    #[serde(rename_all = "camelCase")]
    pub struct VideoStream {
        /// Bitrate in bits per second.
        pub bitrate: Option<i64>,
        /// Height in pixels.
        pub height: Option<i64>,
        /// Width in pixels.
        pub width: Option<i64>,
        /// Codec, such as `h264`.
        pub codec: Option<String>,
        /// Frames per second.
        pub fps: Option<f64>,
    }

    /// An audio stream in a file.
    #[serde(rename_all = "camelCase")]
    pub struct AudioStream {
        /// Bitrate in bits per second.
        pub bitrate: Option<i64>,
        /// Codec, such as `h264`.
        pub codec: Option<String>,
        /// Sampling rate in Hz.
        pub sampling_rate: Option<i64>,
    }
}
