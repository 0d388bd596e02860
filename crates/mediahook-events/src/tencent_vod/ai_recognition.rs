//! Content recognition as subtasks of a flow: faces, speech, text, objects.

use super::procedure::AiTask;
use crate::lenient::lenient;

lenient! {
    /// One content recognition subtask. One field is set, the one that `type` names: `FaceRecognition` is in
    /// `face_task`.
    #[serde(rename_all = "PascalCase")]
    pub struct AiRecognitionResult {
        /// Kind of recognition, such as `AsrFullTextRecognition`.
        pub r#type: Option<String>,
        /// Opening and closing credits.
        pub head_tail_task: Option<Box<AiTask<AiRecognitionTaskHeadTailResultOutput>>>,
        /// Segments.
        pub segment_task: Option<Box<AiTask<AiRecognitionTaskSegmentResultOutput>>>,
        /// Faces.
        pub face_task: Option<Box<AiTask<AiRecognitionTaskFaceResultOutput>>>,
        /// Keywords in speech.
        pub asr_words_task: Option<Box<AiTask<AiRecognitionTaskAsrWordsResultOutput>>>,
        /// Speech as text.
        pub asr_full_text_task: Option<Box<AiTask<AiRecognitionTaskAsrFullTextResultOutput>>>,
        /// Speech, translated.
        pub asr_translate_task: Option<Box<AiTask<AiRecognitionTaskAsrTranslateResultOutput>>>,
        /// Keywords in the picture.
        pub ocr_words_task: Option<Box<AiTask<AiRecognitionTaskOcrWordsResultOutput>>>,
        /// Text in the picture.
        pub ocr_full_text_task: Option<Box<AiTask<AiRecognitionTaskOcrFullTextResultOutput>>>,
        /// Objects.
        pub object_task: Option<Box<AiTask<AiRecognitionTaskObjectResultOutput>>>,
        /// Faces, under the name that the sample on the product page has.
        pub face_recognition_task: Option<Box<AiTask<AiRecognitionTaskFaceResultOutput>>>,
    }

    /// Where the opening and the closing credits are.
    #[serde(rename_all = "PascalCase")]
    pub struct AiRecognitionTaskHeadTailResultOutput {
        /// Confidence in the opening credits, 0 to 100.
        pub head_confidence: Option<f64>,
        /// End of the opening credits in seconds.
        pub head_time_offset: Option<f64>,
        /// Confidence in the closing credits, 0 to 100.
        pub tail_confidence: Option<f64>,
        /// Start of the closing credits in seconds.
        pub tail_time_offset: Option<f64>,
    }

    /// Segments that a video was split into.
    #[serde(rename_all = "PascalCase")]
    pub struct AiRecognitionTaskSegmentResultOutput {
        /// The segments: the first 100.
        pub segment_set: Vec<AiRecognitionTaskSegmentSegmentItem>,
        /// URL of a JSON file with the whole list.
        pub segment_set_file_url: Option<String>,
        /// When the file at `segment_set_file_url` expires; ISO 8601.
        pub segment_set_file_url_expire_time: Option<String>,
    }

    /// One segment of a split video.
    #[serde(rename_all = "PascalCase")]
    pub struct AiRecognitionTaskSegmentSegmentItem {
        /// Id of the media asset.
        pub file_id: Option<String>,
        /// URL of the segment.
        pub segment_url: Option<String>,
        /// Confidence, 0 to 100.
        pub confidence: Option<f64>,
        /// Start in seconds.
        pub start_time_offset: Option<f64>,
        /// End in seconds.
        pub end_time_offset: Option<f64>,
        /// URL of the cover.
        pub cov_img_url: Option<String>,
        /// Not documented.
        pub special_info: Option<String>,
    }

    /// Faces that were recognized.
    #[serde(rename_all = "PascalCase")]
    pub struct AiRecognitionTaskFaceResultOutput {
        /// What was recognized: the first 100.
        pub result_set: Vec<AiRecognitionTaskFaceResultItem>,
        /// URL of a JSON file with the whole list.
        pub result_set_file_url: Option<String>,
        /// When the file at `result_set_file_url` expires; ISO 8601.
        pub result_set_file_url_expire_time: Option<String>,
    }

    /// One person.
    #[serde(rename_all = "PascalCase")]
    pub struct AiRecognitionTaskFaceResultItem {
        /// Id of the person: a text in the SDK, a number in a sample.
        pub id: Option<String>,
        /// Library that knows the person: `Default` or `UserDefine`.
        pub r#type: Option<String>,
        /// Name of the person.
        pub name: Option<String>,
        /// The segments: the first 100.
        pub segment_set: Vec<AiRecognitionSegmentItem>,
    }

    /// Keywords that were heard.
    #[serde(rename_all = "PascalCase")]
    pub struct AiRecognitionTaskAsrWordsResultOutput {
        /// What was recognized: the first 100.
        pub result_set: Vec<AiRecognitionTaskAsrWordsResultItem>,
        /// URL of a JSON file with the whole list.
        pub result_set_file_url: Option<String>,
        /// When the file at `result_set_file_url` expires; ISO 8601.
        pub result_set_file_url_expire_time: Option<String>,
    }

    /// One keyword that was heard.
    #[serde(rename_all = "PascalCase")]
    pub struct AiRecognitionTaskAsrWordsResultItem {
        /// The keyword.
        pub word: Option<String>,
        /// The segments: the first 100.
        pub segment_set: Vec<AiRecognitionSegmentItem>,
    }

    /// The speech as text.
    #[serde(rename_all = "PascalCase")]
    pub struct AiRecognitionTaskAsrFullTextResultOutput {
        /// The segments: the first 100.
        pub segment_set: Vec<AiRecognitionTaskAsrFullTextSegmentItem>,
        /// URL of a JSON file with the whole list.
        pub segment_set_file_url: Option<String>,
        /// When the file at `segment_set_file_url` expires; ISO 8601.
        pub segment_set_file_url_expire_time: Option<String>,
        /// The subtitles.
        pub subtitle_set: Vec<AiRecognitionTaskAsrFullTextResultOutputSubtitleItem>,
        /// URL of the subtitle file.
        pub subtitle_url: Option<String>,
    }

    /// One segment of speech.
    #[serde(rename_all = "PascalCase")]
    pub struct AiRecognitionTaskAsrFullTextSegmentItem {
        /// Confidence, 0 to 100.
        pub confidence: Option<f64>,
        /// Start in seconds.
        pub start_time_offset: Option<f64>,
        /// End in seconds.
        pub end_time_offset: Option<f64>,
        /// The text.
        pub text: Option<String>,
    }

    /// A subtitle file made from speech.
    #[serde(rename_all = "PascalCase")]
    pub struct AiRecognitionTaskAsrFullTextResultOutputSubtitleItem {
        /// Id of the subtitle.
        pub id: Option<String>,
        /// Name of the subtitle.
        pub name: Option<String>,
        /// Language code, such as `zh`.
        pub language: Option<String>,
        /// `vtt` or `srt`.
        pub format: Option<String>,
        /// URL.
        pub url: Option<String>,
    }

    /// The speech, translated.
    #[serde(rename_all = "PascalCase")]
    pub struct AiRecognitionTaskAsrTranslateResultOutput {
        /// The segments: the first 100.
        pub segment_set: Vec<AiRecognitionTaskAsrTranslateSegmentItem>,
        /// URL of a JSON file with the whole list.
        pub segment_set_file_url: Option<String>,
        /// When the file at `segment_set_file_url` expires; ISO 8601.
        pub segment_set_file_url_expire_time: Option<String>,
        /// The subtitles.
        pub subtitle_set: Vec<AiRecognitionTaskAsrFullTextResultOutputSubtitleItem>,
    }

    /// One segment of speech, translated.
    #[serde(rename_all = "PascalCase")]
    pub struct AiRecognitionTaskAsrTranslateSegmentItem {
        /// Confidence, 0 to 100.
        pub confidence: Option<f64>,
        /// Start in seconds.
        pub start_time_offset: Option<f64>,
        /// End in seconds.
        pub end_time_offset: Option<f64>,
        /// The text.
        pub text: Option<String>,
        /// The translation.
        pub translation: Option<String>,
    }

    /// Keywords that were read in the picture.
    #[serde(rename_all = "PascalCase")]
    pub struct AiRecognitionTaskOcrWordsResultOutput {
        /// What was recognized: the first 100.
        pub result_set: Vec<AiRecognitionTaskOcrWordsResultItem>,
        /// URL of a JSON file with the whole list.
        pub result_set_file_url: Option<String>,
        /// When the file at `result_set_file_url` expires; ISO 8601.
        pub result_set_file_url_expire_time: Option<String>,
    }

    /// One keyword that was read in the picture.
    #[serde(rename_all = "PascalCase")]
    pub struct AiRecognitionTaskOcrWordsResultItem {
        /// The keyword.
        pub word: Option<String>,
        /// The segments: the first 100.
        pub segment_set: Vec<AiRecognitionSegmentItem>,
    }

    /// The text in the picture.
    #[serde(rename_all = "PascalCase")]
    pub struct AiRecognitionTaskOcrFullTextResultOutput {
        /// The segments: the first 100.
        pub segment_set: Vec<AiRecognitionTaskOcrFullTextSegmentItem>,
        /// URL of a JSON file with the whole list.
        pub segment_set_file_url: Option<String>,
        /// When the file at `segment_set_file_url` expires; ISO 8601.
        pub segment_set_file_url_expire_time: Option<String>,
    }

    /// The text in one segment.
    #[serde(rename_all = "PascalCase")]
    pub struct AiRecognitionTaskOcrFullTextSegmentItem {
        /// Start in seconds.
        pub start_time_offset: Option<f64>,
        /// End in seconds.
        pub end_time_offset: Option<f64>,
        /// The texts.
        pub text_set: Vec<AiRecognitionTaskOcrFullTextSegmentTextItem>,
    }

    /// One text in the picture.
    #[serde(rename_all = "PascalCase")]
    pub struct AiRecognitionTaskOcrFullTextSegmentTextItem {
        /// Confidence, 0 to 100.
        pub confidence: Option<f64>,
        /// Where in the picture, in pixels: x1, y1 (top left), x2, y2 (bottom right).
        pub area_coord_set: Vec<i64>,
        /// The text.
        pub text: Option<String>,
    }

    /// Objects that were recognized.
    #[serde(rename_all = "PascalCase")]
    pub struct AiRecognitionTaskObjectResultOutput {
        /// What was recognized: the first 100.
        pub result_set: Vec<AiRecognitionTaskObjectResultItem>,
        /// URL of a JSON file with the whole list.
        pub result_set_file_url: Option<String>,
        /// When the file at `result_set_file_url` expires; ISO 8601.
        pub result_set_file_url_expire_time: Option<String>,
    }

    /// One object.
    #[serde(rename_all = "PascalCase")]
    pub struct AiRecognitionTaskObjectResultItem {
        /// Name of the object.
        pub name: Option<String>,
        /// Deprecated; see `recognition_segment_set`.
        pub segment_set: Vec<AiRecognitionSegmentItem>,
        /// Segments in which the object appears.
        pub recognition_segment_set: Vec<AiRecognitionSegmentItem>,
    }

    /// A segment in which a face, a keyword or an object was recognized.
    #[serde(rename_all = "PascalCase")]
    pub struct AiRecognitionSegmentItem {
        /// Start in seconds.
        pub start_time_offset: Option<f64>,
        /// End in seconds.
        pub end_time_offset: Option<f64>,
        /// Confidence, 0 to 100.
        pub confidence: Option<f64>,
        /// Where in the picture, in pixels: x1, y1 (top left), x2, y2 (bottom right).
        pub area_coord_set: Vec<i64>,
    }
}
