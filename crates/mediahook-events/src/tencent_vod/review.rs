//! Review of a media asset, as a task of its own.

use crate::lenient::lenient;

lenient! {
    /// A media asset was reviewed. There is no `ErrCode`, only `ErrCodeExt`; a verdict of `block` is a
    /// successful task.
    #[serde(rename_all = "PascalCase")]
    pub struct ReviewAudioVideoTask {
        /// Id of the task.
        pub task_id: Option<String>,
        /// `WAITING`, `PROCESSING` or `FINISH`. `FINISH` is the end, not success.
        pub status: Option<String>,
        /// Error code as a word; none or `SUCCESS` on success.
        pub err_code_ext: Option<String>,
        /// Error message, or `SUCCESS`.
        pub message: Option<String>,
        /// What the task was asked to do.
        pub input: Option<ReviewAudioVideoTaskInput>,
        /// The result.
        pub output: Option<ReviewAudioVideoTaskOutput>,
        /// The caller's own id for deduplication of requests.
        pub session_id: Option<String>,
        /// The caller's own text, at most 1,000 characters.
        pub session_context: Option<String>,
    }

    /// What was reviewed.
    #[serde(rename_all = "PascalCase")]
    pub struct ReviewAudioVideoTaskInput {
        /// Id of the media asset.
        pub file_id: Option<String>,
        /// Id of the review template.
        pub definition: Option<i64>,
        /// `Media`, `Cover` or both.
        pub review_contents: Vec<String>,
    }

    /// The verdict. At most ten segments are listed; the file at `segment_set_file_url` has all of them.
    #[serde(rename_all = "PascalCase")]
    pub struct ReviewAudioVideoTaskOutput {
        /// Verdict: `pass`, `review` or `block`.
        pub suggestion: Option<String>,
        /// Most likely violation, such as `Porn` or `Terror`.
        pub label: Option<String>,
        /// Where the violation is: `Image`, `OCR`, `ASR` or `Voice`.
        pub form: Option<String>,
        /// Suspicious segments: the first 10.
        pub segment_set: Vec<ReviewAudioVideoSegmentItem>,
        /// URL of a JSON file with the whole list.
        pub segment_set_file_url: Option<String>,
        /// When the file at `segment_set_file_url` expires; ISO 8601.
        pub segment_set_file_url_expire_time: Option<String>,
        /// Verdict on the cover.
        pub cover_review_result: Option<ReviewImageResult>,
    }

    /// A suspicious segment.
    #[serde(rename_all = "PascalCase")]
    pub struct ReviewAudioVideoSegmentItem {
        /// Start in seconds.
        pub start_time_offset: Option<f64>,
        /// End in seconds.
        pub end_time_offset: Option<f64>,
        /// Confidence, 0 to 100.
        pub confidence: Option<f64>,
        /// Verdict: `review` or `block`.
        pub suggestion: Option<String>,
        /// Most likely violation, such as `Porn` or `Terror`.
        pub label: Option<String>,
        /// Violation, in more detail.
        pub sub_label: Option<String>,
        /// Where the violation is: `Image`, `OCR`, `ASR` or `Voice`.
        pub form: Option<String>,
        /// Where in the picture, in pixels: x1, y1 (top left), x2, y2 (bottom right).
        pub area_coord_set: Vec<i64>,
        /// The text that was read or heard.
        pub text: Option<String>,
        /// Forbidden keywords that were found.
        pub keyword_set: Vec<String>,
        /// URL of the picture.
        pub url: Option<String>,
        /// When `url` expires; ISO 8601.
        pub pic_url_expire_time: Option<String>,
    }

    /// The verdict on the cover.
    #[serde(rename_all = "PascalCase")]
    pub struct ReviewImageResult {
        /// Verdict: `pass`, `review` or `block`.
        pub suggestion: Option<String>,
        /// Most likely violation, such as `Porn` or `Terror`.
        pub label: Option<String>,
        /// Where the violation is: `Image`, `OCR`, `ASR` or `Voice`.
        pub form: Option<String>,
        /// Suspicious parts.
        pub segment_set: Vec<ReviewImageSegmentItem>,
        /// URL of a JSON file with the whole list.
        pub segment_set_file_url: Option<String>,
        /// When the file at `segment_set_file_url` expires; ISO 8601.
        pub segment_set_file_url_expire_time: Option<String>,
    }

    /// A suspicious part of the cover.
    #[serde(rename_all = "PascalCase")]
    pub struct ReviewImageSegmentItem {
        /// Confidence, 0 to 100.
        pub confidence: Option<f64>,
        /// Verdict: `review` or `block`.
        pub suggestion: Option<String>,
        /// Most likely violation, such as `Porn` or `Terror`.
        pub label: Option<String>,
        /// Violation, in more detail.
        pub sub_label: Option<String>,
        /// Where the violation is: `Image`, `OCR`, `ASR` or `Voice`.
        pub form: Option<String>,
        /// Where in the picture, in pixels: x1, y1 (top left), x2, y2 (bottom right).
        pub area_coord_set: Vec<i64>,
        /// The text that was read.
        pub text: Option<String>,
        /// Forbidden keywords that were found.
        pub keyword_set: Vec<String>,
    }
}
