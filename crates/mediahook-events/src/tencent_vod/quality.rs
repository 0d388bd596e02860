//! Quality: rebuilt, enhanced, inspected.

use serde_json::Value;

use super::media::MediaMetaData;
use crate::lenient::lenient;

lenient! {
    /// A media asset was rebuilt in better quality.
    #[serde(rename_all = "PascalCase")]
    pub struct RebuildMediaTask {
        /// Id of the task.
        pub task_id: Option<String>,
        /// `WAITING`, `PROCESSING` or `FINISH`. `FINISH` is the end, not success.
        pub status: Option<String>,
        /// 0 is success; 40000 bad input, 60000 bad source file, 70000 internal error.
        pub err_code: Option<i64>,
        /// Error message, or `SUCCESS`.
        pub message: Option<String>,
        /// Error code as a word; none or `SUCCESS` on success.
        pub err_code_ext: Option<String>,
        /// Progress in percent; may be 0 when the task has ended.
        pub progress: Option<i64>,
        /// What the task was asked to do.
        pub input: Option<RebuildMediaTaskInput>,
        /// The result.
        pub output: Option<RebuildMediaTaskOutput>,
        /// What is inside the file.
        pub meta_data: Option<MediaMetaData>,
        /// The caller's own id for deduplication of requests.
        pub session_id: Option<String>,
        /// The caller's own text, at most 1,000 characters.
        pub session_context: Option<String>,
    }

    /// What was rebuilt, and the settings that were requested.
    #[serde(rename_all = "PascalCase")]
    pub struct RebuildMediaTaskInput {
        /// Id of the media asset.
        pub file_id: Option<String>,
        /// Start in seconds.
        pub start_time_offset: Option<f64>,
        /// End in seconds.
        pub end_time_offset: Option<f64>,
        /// Id of the template that was used.
        pub definition: Option<i64>,
        /// Settings of picture repair, as requested.
        pub repair_info: Option<Value>,
        /// Settings of frame interpolation, as requested.
        pub video_frame_interpolation_info: Option<Value>,
        /// Settings of super resolution, as requested.
        pub super_resolution_info: Option<Value>,
        /// Settings of high dynamic range, as requested.
        #[serde(rename = "HDRInfo")]
        pub hdr_info: Option<Value>,
        /// Settings of video noise reduction, as requested.
        pub video_denoise_info: Option<Value>,
        /// Settings of audio noise reduction, as requested.
        pub audio_denoise_info: Option<Value>,
        /// Settings of color enhancement, as requested.
        pub color_info: Option<Value>,
        /// Settings of sharpening, as requested.
        pub sharp_info: Option<Value>,
        /// Settings of face enhancement, as requested.
        pub face_info: Option<Value>,
        /// Settings of low light enhancement, as requested.
        pub low_light_info: Option<Value>,
        /// Settings of scratch removal, as requested.
        pub scratch_repair_info: Option<Value>,
        /// Settings of artifact removal, as requested.
        pub artifact_repair_info: Option<Value>,
        /// Settings of the output, as requested.
        pub target_info: Option<Value>,
    }

    /// The new media asset.
    #[serde(rename_all = "PascalCase")]
    pub struct RebuildMediaTaskOutput {
        /// File type, such as `mp4`.
        pub file_type: Option<String>,
        /// URL of the file.
        pub file_url: Option<String>,
        /// Id of the media asset.
        pub file_id: Option<String>,
        /// Name of the media asset.
        pub media_name: Option<String>,
        /// Id of the category that the media asset is filed under.
        pub class_id: Option<i64>,
        /// When the file is deleted; ISO 8601. `9999-12-31T23:59:59Z` is never.
        pub expire_time: Option<String>,
    }

    /// The quality of a media asset was enhanced.
    #[serde(rename_all = "PascalCase")]
    pub struct QualityEnhanceTask {
        /// Id of the task.
        pub task_id: Option<String>,
        /// `WAITING`, `PROCESSING` or `FINISH`. `FINISH` is the end, not success.
        pub status: Option<String>,
        /// 0 is success; 40000 bad input, 60000 bad source file, 70000 internal error.
        pub err_code: Option<i64>,
        /// Error message, or `SUCCESS`.
        pub message: Option<String>,
        /// Error code as a word; none or `SUCCESS` on success.
        pub err_code_ext: Option<String>,
        /// Progress in percent; may be 0 when the task has ended.
        pub progress: Option<i64>,
        /// What the task was asked to do.
        pub input: Option<QualityEnhanceTaskInput>,
        /// The result.
        pub output: Option<QualityEnhanceTaskOutput>,
        /// What is inside the file.
        pub meta_data: Option<MediaMetaData>,
        /// The caller's own id for deduplication of requests.
        pub session_id: Option<String>,
        /// The caller's own text, at most 1,000 characters.
        pub session_context: Option<String>,
    }

    /// What was enhanced.
    #[serde(rename_all = "PascalCase")]
    pub struct QualityEnhanceTaskInput {
        /// Id of the media asset.
        pub file_id: Option<String>,
        /// Id of the template that was used.
        pub definition: Option<i64>,
    }

    /// The new media asset.
    #[serde(rename_all = "PascalCase")]
    pub struct QualityEnhanceTaskOutput {
        /// File type, such as `mp4`.
        pub file_type: Option<String>,
        /// URL of the file.
        pub file_url: Option<String>,
        /// Id of the media asset.
        pub file_id: Option<String>,
        /// Name of the media asset.
        pub media_name: Option<String>,
        /// Id of the category that the media asset is filed under.
        pub class_id: Option<i64>,
        /// When the file is deleted; ISO 8601. `9999-12-31T23:59:59Z` is never.
        pub expire_time: Option<String>,
    }

    /// The quality of a media asset was inspected. There is no `ErrCode`, only `ErrCodeExt`.
    #[serde(rename_all = "PascalCase")]
    pub struct QualityInspectTask {
        /// Id of the task.
        pub task_id: Option<String>,
        /// `WAITING`, `PROCESSING` or `FINISH`. `FINISH` is the end, not success.
        pub status: Option<String>,
        /// Error code as a word; none or `SUCCESS` on success.
        pub err_code_ext: Option<String>,
        /// Error message, or `SUCCESS`.
        pub message: Option<String>,
        /// What is inside the file.
        pub meta_data: Option<MediaMetaData>,
        /// What the task was asked to do.
        pub input: Option<QualityInspectTaskInput>,
        /// The result.
        pub output: Option<QualityInspectTaskOutput>,
        /// The caller's own id for deduplication of requests.
        pub session_id: Option<String>,
        /// The caller's own text, at most 1,000 characters.
        pub session_context: Option<String>,
    }

    /// What was inspected.
    #[serde(rename_all = "PascalCase")]
    pub struct QualityInspectTaskInput {
        /// Id of the media asset.
        pub file_id: Option<String>,
        /// Id of the template that was used.
        pub definition: Option<i64>,
    }

    /// What the inspection found.
    #[serde(rename_all = "PascalCase")]
    pub struct QualityInspectTaskOutput {
        /// 1 if there is no audio track, else 0.
        pub no_audio: Option<i64>,
        /// 1 if there is no video track, else 0.
        pub no_video: Option<i64>,
        /// Picture quality, 0 to 100.
        pub quality_evaluation_score: Option<i64>,
        /// Defects that were found.
        pub quality_inspect_result_set: Vec<QualityInspectResultItem>,
        /// Mean opinion score.
        pub quality_evaluation_mean_opinion_score: Option<f64>,
        /// Aesthetic score, 0 to 100.
        pub aesthetic_evaluation_score: Option<i64>,
        /// Defects of the container format.
        pub container_diagnose_result_set: Vec<QualityInspectContainerDiagnoseResultItem>,
        /// What a large language model found.
        #[serde(rename = "LLMDetectionReport")]
        pub llm_detection_report: Option<QualityInspectLLMDetectionReport>,
    }

    /// One kind of defect, and where it is.
    #[serde(rename_all = "PascalCase")]
    pub struct QualityInspectResultItem {
        /// Kind of defect, such as `Blur` or `Mosaic`.
        pub r#type: Option<String>,
        /// Where the defect is: the first 100 segments.
        pub segment_set: Vec<QualityInspectItem>,
        /// URL of a JSON file with the whole list.
        pub segment_set_file_url: Option<String>,
        /// When the file at `segment_set_file_url` expires; ISO 8601.
        pub segment_set_file_url_expire_time: Option<String>,
    }

    /// A segment with a defect.
    #[serde(rename_all = "PascalCase")]
    pub struct QualityInspectItem {
        /// Start in seconds.
        pub start_time_offset: Option<f64>,
        /// End in seconds.
        pub end_time_offset: Option<f64>,
        /// Where in the picture, in pixels: x1, y1 (top left), x2, y2 (bottom right).
        pub area_coord_set: Vec<i64>,
        /// Confidence, 0 to 100.
        pub confidence: Option<i64>,
    }

    /// A defect of the container format.
    #[serde(rename_all = "PascalCase")]
    pub struct QualityInspectContainerDiagnoseResultItem {
        /// Category of the defect.
        pub category: Option<String>,
        /// Kind of defect.
        pub r#type: Option<String>,
        /// Severity, such as `Fatal` or `Error`.
        pub severity_level: Option<String>,
        /// When the defect occurs.
        pub timestamp_set: Vec<f64>,
    }

    /// What a large language model found.
    #[serde(rename_all = "PascalCase")]
    pub struct QualityInspectLLMDetectionReport {
        /// Number of results.
        pub result_count: Option<i64>,
        /// The results.
        pub result_set: Vec<QualityInspectLLMDetectionResultItem>,
    }

    /// One of its results.
    #[serde(rename_all = "PascalCase")]
    pub struct QualityInspectLLMDetectionResultItem {
        /// Category of the check.
        pub category: Option<String>,
        /// Group of checks.
        pub group: Option<String>,
        /// Kind of check.
        pub r#type: Option<String>,
        /// Score, 0 to 100.
        pub score: Option<f64>,
        /// Confidence, 0 to 100.
        pub confidence: Option<f64>,
        /// The issues.
        pub issue_set: Vec<QualityInspectLLMDetectionIssue>,
    }

    /// One issue of a result.
    #[serde(rename_all = "PascalCase")]
    pub struct QualityInspectLLMDetectionIssue {
        /// Kind of issue.
        pub tag: Option<String>,
        /// What the issue is.
        pub description: Option<String>,
        /// Score, 0 to 100.
        pub score: Option<f64>,
        /// Confidence, 0 to 100.
        pub confidence: Option<f64>,
        /// Start in milliseconds.
        pub start_time_ms: Option<i64>,
        /// End in milliseconds.
        pub end_time_ms: Option<i64>,
        /// More about the issue, as JSON text.
        pub extra_data: Option<String>,
    }
}
