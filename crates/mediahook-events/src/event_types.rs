//! What stands before each sender's event types in an envelope, and which member of a body of Tencent holds the
//! payload.

/// Before an event type of Tencent Cloud VOD in the envelope's `type`.
pub const TENCENT_VOD_PREFIX: &str = "com.tencentcloud.vod.";
/// Before an event type of Tencent's legacy format v2.0.
pub const TENCENT_VOD_V2_PREFIX: &str = "com.tencentcloud.vod.v2.";
/// Before an event type of Alibaba Cloud IMS.
pub const ALIBABA_IMS_PREFIX: &str = "com.alibabacloud.ims.";
/// Before an event type of ApsaraVideo VOD.
pub const ALIBABA_VOD_PREFIX: &str = "com.alibabacloud.vod.";

/// Every event type of Tencent's format v3.0, in the order of the SDK's `EventContent`, and the names of the
/// member that holds its payload: the SDK's, then those seen or documented elsewhere.
///
/// Of 13 types the SDK's name is not the event type and `Event`, so the payload is the member that is an
/// object, whatever its name. These names decide if there are several, and they give the type of a body that
/// has no `EventType`.
pub const TENCENT_VOD_EVENTS: &[(&str, &[&str])] = &[
    ("NewFileUpload", &["FileUploadEvent"]),
    ("ProcedureStateChanged", &["ProcedureStateChangeEvent"]),
    ("FileDeleted", &["FileDeleteEvent"]),
    ("PullComplete", &["PullCompleteEvent"]),
    ("EditMediaComplete", &["EditMediaCompleteEvent", "EditMediaComplete"]),
    ("SplitMediaComplete", &["SplitMediaCompleteEvent"]),
    ("ComposeMediaComplete", &["ComposeMediaCompleteEvent"]),
    ("ClipComplete", &["ClipCompleteEvent"]),
    ("TranscodeComplete", &["TranscodeCompleteEvent"]),
    ("CreateImageSpriteComplete", &["CreateImageSpriteCompleteEvent"]),
    ("ConcatComplete", &["ConcatCompleteEvent"]),
    ("CreateSnapshotByTimeOffsetComplete", &["SnapshotByTimeOffsetCompleteEvent"]),
    ("WechatPublishComplete", &["WechatPublishCompleteEvent", "WechatPublishComplete"]),
    (
        "WechatMiniProgramPublishComplete",
        &["WechatMiniProgramPublishCompleteEvent", "WechatMiniProgramPublishEvent"],
    ),
    ("RemoveWatermark", &["RemoveWatermarkCompleteEvent"]),
    ("RestoreMediaComplete", &["RestoreMediaCompleteEvent"]),
    ("RebuildMediaComplete", &["RebuildMediaCompleteEvent"]),
    ("ExtractTraceWatermarkComplete", &["ExtractTraceWatermarkCompleteEvent"]),
    ("ExtractCopyRightWatermarkComplete", &["ExtractCopyRightWatermarkCompleteEvent"]),
    ("ReviewAudioVideoComplete", &["ReviewAudioVideoCompleteEvent"]),
    ("ReduceMediaBitrateComplete", &["ReduceMediaBitrateCompleteEvent"]),
    ("DescribeFileAttributesComplete", &["DescribeFileAttributesCompleteEvent"]),
    ("QualityInspectComplete", &["QualityInspectCompleteEvent"]),
    ("QualityEnhanceComplete", &["QualityEnhanceCompleteEvent"]),
    ("MediaCastStatusChanged", &["MediaCastStatusChangedEvent"]),
    ("PersistenceComplete", &["PersistenceCompleteEvent"]),
    ("ComplexAdaptiveDynamicStreamingComplete", &["ComplexAdaptiveDynamicStreamingCompleteEvent"]),
    ("ProcessMediaByMPSComplete", &["ProcessMediaByMPSCompleteEvent"]),
    ("AigcImageTaskComplete", &["AigcImageCompleteEvent"]),
    ("AigcVideoTaskComplete", &["AigcVideoCompleteEvent"]),
    ("ExtractBlindWatermarkComplete", &["ExtractBlindWatermarkComplete"]),
    ("SceneAigcImageCompleteEvent", &["SceneAigcImageCompleteEvent"]),
    ("ProcessImageAsyncCompleteEvent", &["ProcessImageAsyncCompleteEvent"]),
    ("CreateAigcAdvancedCustomElementCompleteEvent", &["CreateAigcAdvancedCustomElementCompleteEvent"]),
    ("CreateAigcCustomVoiceCompleteEvent", &["CreateAigcCustomVoiceCompleteEvent"]),
    ("DescribeAigcFaceInfoAsyncComplete", &["DescribeAigcFaceInfoAsyncCompleteEvent"]),
    ("AigcHunyuan3DTaskComplete", &["AigcHunyuan3DCompleteEvent"]),
];

/// The row of an event type in [`TENCENT_VOD_EVENTS`]. Four documented types end in `Event`, which may be a
/// slip: both spellings are read as the same type (inferred).
pub fn known(event_type: &str) -> Option<(&'static str, &'static [&'static str])> {
    let stem = |name: &str| name.strip_suffix("Event").unwrap_or(name).to_owned();
    let find =
        |is_it: &dyn Fn(&str) -> bool| TENCENT_VOD_EVENTS.iter().copied().find(|(name, _)| is_it(name));
    find(&|name| name == event_type).or_else(|| find(&|name| stem(name) == stem(event_type)))
}

/// The event type whose payload has this name.
pub fn event_type_of(member: &str) -> Option<&'static str> {
    TENCENT_VOD_EVENTS.iter().find(|(_, members)| members.contains(&member)).map(|(name, _)| *name)
}

/// Which of the members that are objects holds the payload: one that has a name of this event, else of any
/// event, else one that ends in `Event`, else the first.
#[expect(clippy::needless_pass_by_value, reason = "an iterator is handed over")]
pub fn payload_member<'a>(
    event_type: Option<&str>,
    objects: impl Iterator<Item = &'a str> + Clone,
) -> Option<&'a str> {
    let own = event_type.and_then(known).map_or(&[][..], |(_, members)| members);
    let find = |is_it: &dyn Fn(&str) -> bool| objects.clone().find(|name| is_it(name));
    find(&|name| own.contains(&name))
        .or_else(|| find(&|name| event_type_of(name).is_some()))
        .or_else(|| find(&|name| name.ends_with("Event")))
        .or_else(|| find(&|_| true))
}
