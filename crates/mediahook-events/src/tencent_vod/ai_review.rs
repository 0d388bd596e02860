//! Content review as subtasks of a flow.

use super::procedure::AiTask;
use crate::lenient::lenient;

lenient! {
    /// One content review subtask. One field is set, the one that `type` names: `Porn.Asr` is in
    /// `porn_asr_task`.
    #[serde(rename_all = "PascalCase")]
    pub struct AiContentReviewResult {
        /// Kind of review, such as `Porn` or `Porn.Asr`.
        pub r#type: Option<String>,
        /// Pornography, in the picture.
        pub porn_task: Option<Box<AiTask<AiReviewTaskOutput>>>,
        /// Violence, in the picture.
        pub terrorism_task: Option<Box<AiTask<AiReviewTaskOutput>>>,
        /// Politics, in the picture.
        pub political_task: Option<Box<AiTask<AiReviewTaskOutput>>>,
        /// Pornography, in speech.
        pub porn_asr_task: Option<Box<AiTask<AiReviewTaskOutput>>>,
        /// Pornography, in text in the picture.
        pub porn_ocr_task: Option<Box<AiTask<AiReviewTaskOutput>>>,
        /// Politics, in speech.
        pub political_asr_task: Option<Box<AiTask<AiReviewTaskOutput>>>,
        /// Politics, in text in the picture.
        pub political_ocr_task: Option<Box<AiTask<AiReviewTaskOutput>>>,
        /// Violence, in text in the picture.
        pub terrorism_ocr_task: Option<Box<AiTask<AiReviewTaskOutput>>>,
        /// Forbidden words, in text in the picture.
        pub prohibited_ocr_task: Option<Box<AiTask<AiReviewTaskOutput>>>,
        /// Forbidden words, in speech.
        pub prohibited_asr_task: Option<Box<AiTask<AiReviewTaskOutput>>>,
    }

    /// What a content review found. The ten kinds of review differ only in what their segments say.
    #[serde(rename_all = "PascalCase")]
    pub struct AiReviewTaskOutput {
        /// Confidence, 0 to 100.
        pub confidence: Option<f64>,
        /// Verdict: `pass`, `review` or `block`.
        pub suggestion: Option<String>,
        /// Most likely violation, such as `porn` or `sexy`; only of reviews of the picture.
        pub label: Option<String>,
        /// The segments: the first 100.
        pub segment_set: Vec<AiReviewSegmentItem>,
        /// URL of a JSON file with the whole list.
        pub segment_set_file_url: Option<String>,
        /// When the file at `segment_set_file_url` expires; ISO 8601.
        pub segment_set_file_url_expire_time: Option<String>,
    }

    /// A suspicious segment, of any kind of review.
    #[serde(rename_all = "PascalCase")]
    pub struct AiReviewSegmentItem {
        /// Start in seconds.
        pub start_time_offset: Option<f64>,
        /// End in seconds.
        pub end_time_offset: Option<f64>,
        /// Confidence, 0 to 100.
        pub confidence: Option<f64>,
        /// Most likely violation; only of reviews of the picture.
        pub label: Option<String>,
        /// Verdict: `pass`, `review` or `block`.
        pub suggestion: Option<String>,
        /// URL of the picture.
        pub url: Option<String>,
        /// Deprecated; see `pic_url_expire_time`.
        pub pic_url_expire_time_stamp: Option<i64>,
        /// When `url` expires; ISO 8601.
        pub pic_url_expire_time: Option<String>,
        /// Name of the person or symbol; only of `political_task`.
        pub name: Option<String>,
        /// Where in the picture, in pixels: x1, y1 (top left), x2, y2 (bottom right); not in speech.
        pub area_coord_set: Vec<i64>,
        /// Keywords that were found; only in speech and text.
        pub keyword_set: Vec<String>,
    }
}
