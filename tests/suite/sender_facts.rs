//! What `docs/senders.md` says about each event type beyond what the code knows: how sure it is, and when it is sent.

/// Tencent event types whose name is not in the SDK's list of types. It is in the payload's description, which may misspell it,
/// or on the product page. All other names are certain.
const TENCENT_NAMES: &[&str] = &[
    "WechatPublishComplete",
    "ReduceMediaBitrateComplete",
    "MediaCastStatusChanged",
    "ExtractBlindWatermarkComplete",
    "SceneAigcImageCompleteEvent",
    "ProcessImageAsyncCompleteEvent",
    "CreateAigcAdvancedCustomElementCompleteEvent",
    "CreateAigcCustomVoiceCompleteEvent",
];

/// How sure the name of a Tencent event type is.
pub(super) fn tencent_name(event_type: &str) -> &'static str {
    if TENCENT_NAMES.contains(&event_type) { " (i)" } else { "" }
}

/// Where the members of an IMS event are from. Not listed: inferred from the ApsaraVideo VOD event of the same name,
/// or from the official SDK (alibabacloud-ice20201109 6.20.2).
const IMS_MEMBERS: &[(&str, &str)] = &[
    ("FileUploadComplete", "documented"),
    ("UploadByURLComplete", "`Status`, `SourceURL`; others (i)"),
    ("RegisterMediaComplete", "`Status`, `MediaId` (s); others (i)"),
    ("ProduceMediaComplete", "documented"),
    ("BatchProduceMediaComplete", "`Status`, `JobId`, `UserData`; others (i)"),
    ("RegisterStreamComplete", NAME_ONLY),
    ("StreamUploadComplete", NAME_ONLY),
    ("TranscodeComplete", NAME_ONLY),
    ("TranscodeParentComplete", NAME_ONLY),
    ("AIProduceComplete", NAME_ONLY),
    ("MediaAiAnalysisComplete", NAME_ONLY),
    ("LiveRecordFileCreated", NAME_ONLY),
    ("LiveRecordTaskStatus", NAME_ONLY),
    ("LiveSnapshotFileCreated", NAME_ONLY),
    ("SmartJobComplete", "(o), and its name (s)"),
];
/// Only the name is documented.
const NAME_ONLY: &str = "(o)";

/// Where the members of an IMS event are from.
pub(super) fn ims_members(event_type: &str) -> &'static str {
    IMS_MEMBERS.iter().find(|(name, _)| *name == event_type).map_or("(i)", |(_, source)| source)
}

/// When an event of ApsaraVideo VOD is sent.
const VOD_EVENTS: &[(&str, &str)] = &[
    ("FileUploadComplete", "an original has arrived: uploaded, pulled, produced or composed"),
    ("ImageUploadComplete", "an image has arrived"),
    ("AttachedMediaUploadComplete", "a watermark, subtitle or other auxiliary file has arrived"),
    ("UploadByURLComplete", "a file or, with `FileType` `Stream`, a rendition was pulled from a URL"),
    ("StreamTranscodeComplete", "one rendition has ended"),
    ("TranscodeComplete", "all renditions of a video have ended"),
    ("SnapshotComplete", "snapshots of a video were taken"),
    ("DynamicImageComplete", "an animated image was made"),
    ("VideoAnalysisComplete", "an original was analyzed"),
    ("AddLiveRecordVideoComplete", "a live stream was recorded into a video"),
    ("LiveRecordVideoComposeStart", "joining recordings has started; it ends with `FileUploadComplete`"),
    ("CreateAuditComplete", "a person has reviewed a media asset"),
    ("AIMediaAuditComplete", "an automatic review has ended"),
    ("AIMediaDNAComplete", "a search for equal videos has ended"),
    ("AIVideoTagComplete", "tagging has ended"),
    ("ProduceMediaComplete", "editing has ended"),
    ("DeleteMediaComplete", "`DeleteVideo` deleted a media asset or parts of it"),
    ("MediaBaseChangeComplete", "an id was given out, or what is known of a media asset has changed"),
    ("UpdateMediaStorageClassComplete", "the storage class has changed"),
    ("RestoreMediaComplete", "an archived media asset can be read"),
    ("SubmitMediaRefreshComplete", "requests to refresh or prefetch URLs were submitted"),
    ("WorkflowTaskComplete", "all nodes of a workflow have ended"),
];

/// When an event of ApsaraVideo VOD is sent.
pub(super) fn vod_event(event_type: &str) -> &'static str {
    let fact = VOD_EVENTS.iter().find(|(name, _)| *name == event_type);
    fact.map(|(_, when)| *when).expect("every event type has a row")
}
