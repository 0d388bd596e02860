//! Review of what must not be shown.

use crate::sender::model::{Number, Text, model};

model! {
    /// A media was reviewed for what must not be shown. It has no `ErrCode`, only `ErrCodeExt`.
    pub struct ReviewAudioVideoTask {
        task_id "TaskId": Option<Text<'a>>,
        status "Status": Option<Text<'a>>,
        err_code_ext "ErrCodeExt": Option<Text<'a>>,
        message "Message": Option<Text<'a>>,
        input "Input": Option<Box<ReviewAudioVideoTaskInput<'a>>>,
        output "Output": Option<Box<ReviewAudioVideoTaskOutput<'a>>>,
        session_id "SessionId": Option<Text<'a>>,
        session_context "SessionContext": Option<Text<'a>>,
    }

    /// What was reviewed.
    pub struct ReviewAudioVideoTaskInput {
        file_id "FileId": Option<Text<'a>>,
        definition "Definition": Option<Number<'a>>,
        review_contents "ReviewContents": Vec<Text<'a>>,
    }

    /// What the review suggests. At most ten segments are listed; `segment_set_file_url` has all.
    pub struct ReviewAudioVideoTaskOutput {
        suggestion "Suggestion": Option<Text<'a>>,
        label "Label": Option<Text<'a>>,
        form "Form": Option<Text<'a>>,
        segment_set "SegmentSet": Vec<ReviewAudioVideoSegmentItem<'a>>,
        segment_set_file_url "SegmentSetFileUrl": Option<Text<'a>>,
        segment_set_file_url_expire_time "SegmentSetFileUrlExpireTime": Option<Text<'a>>,
        cover_review_result "CoverReviewResult": Option<Box<ReviewImageResult<'a>>>,
    }

    /// A suspicious segment.
    pub struct ReviewAudioVideoSegmentItem {
        start_time_offset "StartTimeOffset": Option<Number<'a>>,
        end_time_offset "EndTimeOffset": Option<Number<'a>>,
        confidence "Confidence": Option<Number<'a>>,
        suggestion "Suggestion": Option<Text<'a>>,
        label "Label": Option<Text<'a>>,
        sub_label "SubLabel": Option<Text<'a>>,
        form "Form": Option<Text<'a>>,
        area_coord_set "AreaCoordSet": Vec<Number<'a>>,
        text "Text": Option<Text<'a>>,
        keyword_set "KeywordSet": Vec<Text<'a>>,
        url "Url": Option<Text<'a>>,
        pic_url_expire_time "PicUrlExpireTime": Option<Text<'a>>,
    }

    /// What the review suggests for the cover.
    pub struct ReviewImageResult {
        suggestion "Suggestion": Option<Text<'a>>,
        label "Label": Option<Text<'a>>,
        form "Form": Option<Text<'a>>,
        segment_set "SegmentSet": Vec<ReviewImageSegmentItem<'a>>,
        segment_set_file_url "SegmentSetFileUrl": Option<Text<'a>>,
        segment_set_file_url_expire_time "SegmentSetFileUrlExpireTime": Option<Text<'a>>,
    }

    /// A suspicious part of the cover.
    pub struct ReviewImageSegmentItem {
        confidence "Confidence": Option<Number<'a>>,
        suggestion "Suggestion": Option<Text<'a>>,
        label "Label": Option<Text<'a>>,
        sub_label "SubLabel": Option<Text<'a>>,
        form "Form": Option<Text<'a>>,
        area_coord_set "AreaCoordSet": Vec<Number<'a>>,
        text "Text": Option<Text<'a>>,
        keyword_set "KeywordSet": Vec<Text<'a>>,
    }
}
