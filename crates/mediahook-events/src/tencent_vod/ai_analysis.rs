//! Content analysis as subtasks of a flow.

use super::procedure::AiTask;
use crate::lenient::lenient;

lenient! {
    /// One content analysis subtask. One field is set, the one that `type` names.
    #[serde(rename_all = "PascalCase")]
    pub struct AiAnalysisResult {
        /// Kind of analysis, such as `Classification`.
        pub r#type: Option<String>,
        /// Classification.
        pub classification_task: Option<Box<AiTask<AiAnalysisTaskClassificationOutput>>>,
        /// Covers.
        pub cover_task: Option<Box<AiTask<AiAnalysisTaskCoverOutput>>>,
        /// Tags.
        pub tag_task: Option<Box<AiTask<AiAnalysisTaskTagOutput>>>,
        /// Tags of frames.
        pub frame_tag_task: Option<Box<AiTask<AiAnalysisTaskFrameTagOutput>>>,
        /// Highlights.
        pub highlight_task: Option<Box<AiTask<AiAnalysisTaskHighlightOutput>>>,
    }

    /// Classes that a video may belong to.
    #[serde(rename_all = "PascalCase")]
    pub struct AiAnalysisTaskClassificationOutput {
        /// Classes: the first 100.
        pub classification_set: Vec<MediaAiAnalysisClassificationItem>,
        /// URL of a JSON file with the whole list.
        pub classification_set_file_url: Option<String>,
        /// When the file at `classification_set_file_url` expires; ISO 8601.
        pub classification_set_file_url_expire_time: Option<String>,
    }

    /// One class.
    #[serde(rename_all = "PascalCase")]
    pub struct MediaAiAnalysisClassificationItem {
        /// Name of the class.
        pub classification: Option<String>,
        /// Confidence, 0 to 100.
        pub confidence: Option<f64>,
    }

    /// Covers that were chosen.
    #[serde(rename_all = "PascalCase")]
    pub struct AiAnalysisTaskCoverOutput {
        /// Covers: the first 100.
        pub cover_set: Vec<MediaAiAnalysisCoverItem>,
        /// URL of a JSON file with the whole list.
        pub cover_set_file_url: Option<String>,
        /// When the file at `cover_set_file_url` expires; ISO 8601.
        pub cover_set_file_url_expire_time: Option<String>,
    }

    /// One cover.
    #[serde(rename_all = "PascalCase")]
    pub struct MediaAiAnalysisCoverItem {
        /// URL of the cover.
        pub cover_url: Option<String>,
        /// Confidence, 0 to 100.
        pub confidence: Option<f64>,
    }

    /// Tags of a video.
    #[serde(rename_all = "PascalCase")]
    pub struct AiAnalysisTaskTagOutput {
        /// Tags: the first 100.
        pub tag_set: Vec<MediaAiAnalysisTagItem>,
        /// URL of a JSON file with the whole list.
        pub tag_set_file_url: Option<String>,
        /// When the file at `tag_set_file_url` expires; ISO 8601.
        pub tag_set_file_url_expire_time: Option<String>,
    }

    /// One tag.
    #[serde(rename_all = "PascalCase")]
    pub struct MediaAiAnalysisTagItem {
        /// Name of the tag.
        pub tag: Option<String>,
        /// Confidence, 0 to 100.
        pub confidence: Option<f64>,
    }

    /// Tags of a video's frames.
    #[serde(rename_all = "PascalCase")]
    pub struct AiAnalysisTaskFrameTagOutput {
        /// The segments: the first 100.
        pub segment_set: Vec<MediaAiAnalysisFrameTagSegmentItem>,
        /// URL of a JSON file with the whole list.
        pub segment_set_file_url: Option<String>,
        /// When the file at `segment_set_file_url` expires; ISO 8601.
        pub segment_set_file_url_expire_time: Option<String>,
    }

    /// The tags of one segment.
    #[serde(rename_all = "PascalCase")]
    pub struct MediaAiAnalysisFrameTagSegmentItem {
        /// Start in seconds.
        pub start_time_offset: Option<f64>,
        /// End in seconds.
        pub end_time_offset: Option<f64>,
        /// The tags.
        pub tag_set: Vec<MediaAiAnalysisFrameTagItem>,
    }

    /// One tag of a segment.
    #[serde(rename_all = "PascalCase")]
    pub struct MediaAiAnalysisFrameTagItem {
        /// Name of the tag.
        pub tag: Option<String>,
        /// Categories of the tag, from the widest to the narrowest.
        pub category_set: Vec<String>,
        /// Confidence, 0 to 100.
        pub confidence: Option<f64>,
    }

    /// Highlights of a video.
    #[serde(rename_all = "PascalCase")]
    pub struct AiAnalysisTaskHighlightOutput {
        /// Highlights: the first 100.
        pub highlight_set: Vec<MediaAiAnalysisHighlightItem>,
        /// URL of a JSON file with the whole list.
        pub highlight_set_file_url: Option<String>,
        /// When the file at `highlight_set_file_url` expires; ISO 8601.
        pub highlight_set_file_url_expire_time: Option<String>,
    }

    /// One highlight clip.
    #[serde(rename_all = "PascalCase")]
    pub struct MediaAiAnalysisHighlightItem {
        /// URL of the clip.
        pub highlight_url: Option<String>,
        /// URL of the cover.
        pub cov_img_url: Option<String>,
        /// Confidence, 0 to 100.
        pub confidence: Option<f64>,
        /// Length in seconds.
        pub duration: Option<f64>,
        /// The segments: the first 100.
        pub segment_set: Vec<HighlightSegmentItem>,
    }

    /// One segment of a highlight clip.
    #[serde(rename_all = "PascalCase")]
    pub struct HighlightSegmentItem {
        /// Confidence, 0 to 100.
        pub confidence: Option<f64>,
        /// Start in seconds.
        pub start_time_offset: Option<f64>,
        /// End in seconds.
        pub end_time_offset: Option<f64>,
    }
}
