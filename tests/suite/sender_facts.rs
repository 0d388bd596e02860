//! What `docs/senders.md` says of each event type beyond what the code knows: how sure it is, and when it is sent.

/// Tencent event types whose name is not in the SDK's list of types. All others are: certain.
const TENCENT_NAMES: &[(&str, &str)] = &[
    ("WechatPublishComplete", IN_DESCRIPTION),
    ("ReduceMediaBitrateComplete", "product page (i)"),
    ("MediaCastStatusChanged", IN_DESCRIPTION),
    ("ExtractBlindWatermarkComplete", IN_DESCRIPTION),
    ("SceneAigcImageCompleteEvent", IN_DESCRIPTION),
    ("ProcessImageAsyncCompleteEvent", IN_DESCRIPTION),
    ("CreateAigcAdvancedCustomElementCompleteEvent", IN_DESCRIPTION),
    ("CreateAigcCustomVoiceCompleteEvent", IN_DESCRIPTION),
];
const IN_DESCRIPTION: &str = "in the payload's description (c), may be misspelled";

/// Where the name of a Tencent event type is from.
pub(super) fn tencent_name(event_type: &str) -> &'static str {
    TENCENT_NAMES.iter().find(|(name, _)| *name == event_type).map_or("listed (c)", |(_, source)| source)
}

/// Where the members of an IMS event are from. Not listed: inferred from the ApsaraVideo VOD event of the same name,
/// or from the official SDK (alibabacloud-ice20201109 6.20.2).
const IMS_MEMBERS: &[(&str, &str)] = &[
    ("FileUploadComplete", "documentation (c)"),
    ("UploadByURLComplete", "documentation: `Status`, `SourceURL` (c), the rest inferred (i)"),
    ("RegisterMediaComplete", "a real notification: `Status`, `MediaId` (s), the rest inferred (i)"),
    ("ProduceMediaComplete", "documentation (c)"),
    ("BatchProduceMediaComplete", "documentation: `Status`, `JobId`, `UserData` (c), the rest inferred (i)"),
    ("RegisterStreamComplete", NAME_ONLY),
    ("StreamUploadComplete", NAME_ONLY),
    ("TranscodeComplete", NAME_ONLY),
    ("TranscodeParentComplete", NAME_ONLY),
    ("AIProduceComplete", NAME_ONLY),
    ("MediaAiAnalysisComplete", NAME_ONLY),
    ("LiveRecordFileCreated", NAME_ONLY),
    ("LiveRecordTaskStatus", NAME_ONLY),
    ("LiveSnapshotFileCreated", NAME_ONLY),
    ("SmartJobComplete", "none: even the name is from a public test alone (o)"),
];
const NAME_ONLY: &str = "none: only the name is documented (o)";

/// Where the members of an IMS event are from.
pub(super) fn ims_members(event_type: &str) -> &'static str {
    let inferred = "the ApsaraVideo VOD event of that name, or the SDK (i)";
    IMS_MEMBERS.iter().find(|(name, _)| *name == event_type).map_or(inferred, |(_, source)| source)
}

/// When an event of ApsaraVideo VOD is sent, and whether its page lists `Extend`. The other members that are read are
/// on the page of each.
const VOD_EVENTS: &[(&str, &str, &str)] = &[
    ("FileUploadComplete", "an original has arrived: uploaded, pulled, produced or composed", "(c)"),
    ("ImageUploadComplete", "an image has arrived", "(i)"),
    ("AttachedMediaUploadComplete", "a watermark, subtitle or other auxiliary file has arrived", "(i)"),
    ("UploadByURLComplete", "a file or, with `FileType` `Stream`, a rendition was pulled from a URL", "(c)"),
    ("StreamTranscodeComplete", "one rendition has ended", "(c)"),
    ("TranscodeComplete", "all renditions of a video have ended", "(c)"),
    ("SnapshotComplete", "snapshots of a video were taken", "(c)"),
    ("DynamicImageComplete", "an animated image was made", "(i)"),
    ("VideoAnalysisComplete", "an original was analyzed", "(i)"),
    ("AddLiveRecordVideoComplete", "a live stream was recorded into a video", "(i)"),
    (
        "LiveRecordVideoComposeStart",
        "joining recordings has started; it ends with `FileUploadComplete`",
        "(i)",
    ),
    ("CreateAuditComplete", "a person has reviewed a media asset", "(i)"),
    ("AIMediaAuditComplete", "an automatic review has ended", "(i)"),
    ("AIMediaDNAComplete", "a search for equal videos has ended", "(i)"),
    ("AIVideoTagComplete", "tagging has ended", "(i)"),
    ("ProduceMediaComplete", "editing has ended", "(i)"),
    ("DeleteMediaComplete", "`DeleteVideo` deleted a media asset or parts of it", "(i)"),
    ("MediaBaseChangeComplete", "an id was given out, or what is known of a media asset has changed", "(i)"),
    ("UpdateMediaStorageClassComplete", "the storage class has changed", "(i)"),
    ("RestoreMediaComplete", "an archived media asset can be read", "(i)"),
    ("SubmitMediaRefreshComplete", "requests to refresh or prefetch URLs were submitted", "(c)"),
    ("WorkflowTaskComplete", "all nodes of a workflow have ended", "(i)"),
];

/// When an event of ApsaraVideo VOD is sent, and the grade of its `Extend`.
pub(super) fn vod_event(event_type: &str) -> (&'static str, &'static str) {
    let fact = VOD_EVENTS.iter().find(|(name, ..)| *name == event_type);
    fact.map(|(_, when, extend)| (*when, *extend)).expect("every event type has a row")
}
