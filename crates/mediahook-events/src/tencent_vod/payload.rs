//! The event types of format v3.0, and which member of a body holds the payload.

/// Every event type, in the order of the SDK's `EventContent`, and the names of the member that holds its
/// payload: the SDK's, then those seen or documented elsewhere.
///
/// Of 13 types the SDK's name is not the event type and `Event`, so the payload is the member that is an
/// object, whatever its name. These names decide if there are several, and they give the type of a body that
/// has no `EventType`.
pub const EVENTS: &[(&str, &[&str])] = &[
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

/// The row of an event type. Four documented types end in `Event`, which may be a slip: both spellings are
/// read as the same type (inferred).
pub fn known(event_type: &str) -> Option<(&'static str, &'static [&'static str])> {
    let stem = |name: &str| name.strip_suffix("Event").unwrap_or(name).to_owned();
    let find = |is_it: &dyn Fn(&str) -> bool| EVENTS.iter().copied().find(|(name, _)| is_it(name));
    find(&|name| name == event_type).or_else(|| find(&|name| stem(name) == stem(event_type)))
}

/// The event type whose payload has this name.
pub fn event_type_of(member: &str) -> Option<&'static str> {
    EVENTS.iter().find(|(_, members)| members.contains(&member)).map(|(name, _)| *name)
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

#[cfg(test)]
mod tests {
    use super::super::EVENT_TYPES;
    use super::*;

    #[test]
    fn every_event_type_has_a_payload() {
        assert_eq!(EVENTS.iter().map(|(name, _)| *name).collect::<Vec<_>>(), EVENT_TYPES);
    }
}
