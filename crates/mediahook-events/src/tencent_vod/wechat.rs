//! Publication on WeChat.

use crate::lenient::lenient;

lenient! {
    /// A media asset was published on WeChat, or `wechat_status` says why not.
    #[serde(rename_all = "PascalCase")]
    pub struct WechatPublishTask {
        /// Id of the task.
        pub task_id: Option<String>,
        /// `WAITING`, `PROCESSING` or `FINISH`. `FINISH` is the end, not success.
        pub status: Option<String>,
        /// 0 is success; 40000 bad input, 60000 bad source file, 70000 internal error.
        pub err_code: Option<i64>,
        /// Error message, or `SUCCESS`.
        pub message: Option<String>,
        /// Id of the media asset.
        pub file_id: Option<String>,
        /// Id of the template that was used.
        pub definition: Option<i64>,
        /// Template id of the published rendition; 0 is the original.
        pub source_definition: Option<i64>,
        /// `SUCCESS`, `FAIL`, `AUDITNOTPASS` or `NOTTRIGGERED` (not published yet).
        pub wechat_status: Option<String>,
        /// Id on WeChat.
        pub wechat_vid: Option<String>,
        /// Address on WeChat.
        pub wechat_url: Option<String>,
    }

    /// A media asset was published in a WeChat mini program, or `publish_result` says why not.
    #[serde(rename_all = "PascalCase")]
    pub struct WechatMiniProgramPublishTask {
        /// Id of the task.
        pub task_id: Option<String>,
        /// `WAITING`, `PROCESSING` or `FINISH`. `FINISH` is the end, not success.
        pub status: Option<String>,
        /// 0 is success; 40000 bad input, 60000 bad source file, 70000 internal error.
        pub err_code: Option<i64>,
        /// Error message, or `SUCCESS`.
        pub message: Option<String>,
        /// Id of the media asset.
        pub file_id: Option<String>,
        /// Template id of the published rendition; 0 is the original.
        pub source_definition: Option<i64>,
        /// `Pass`, `Failed` or `Rejected`.
        pub publish_result: Option<String>,
    }
}
