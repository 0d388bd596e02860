//! The envelope.

use mediahook_events::{Channel, CloudEvent, Deleted, Outcome, ReadError, Verdict};
use serde_json::{Value, json};

const ENVELOPE: &str = concat!(
    r#"{"specversion":"1.0","id":"0123","source":"tencent-vod/main","type":"com.tencentcloud.vod.PullComplete","#,
    r#""subject":"42","time":"2026-11-22T05:50:25.123Z","datacontenttype":"application/json","#,
    r#""data":{ "EventType":"PullComplete", "PullCompleteEvent":{"TaskId":"t","Size":1.50,"Big":99999999999999999999} },"#,
    r#""outcome":"succeeded","taskid":"t","mediaid":"42","proceduretaskid":"p","context":"order 7","errorcode":"40000","#,
    r#""errormessage":"bad","verdict":"block","deleted":"parts","channel":"push","recordedtime":"2026-11-22T05:50:25.123Z","#,
    r#""traceparent":"00-1","newattribute":[1]}"#
);

#[test]
fn every_attribute_is_read_and_written_and_the_data_byte_for_byte() {
    let event: CloudEvent = serde_json::from_str(ENVELOPE).unwrap();
    assert_eq!(event.outcome, Outcome::Succeeded);
    assert_eq!(event.verdict, Some(Verdict::Block));
    assert_eq!(event.deleted, Some(Deleted::Parts));
    assert_eq!(event.channel, Some(Channel::Push));
    assert_eq!(event.context.as_deref(), Some("order 7"));
    assert_eq!(event.other["newattribute"], json!([1]));
    assert_eq!(event.other.len(), 1, "each documented attribute is a field");
    assert_eq!(serde_json::to_string(&event).unwrap(), ENVELOPE);
}

#[test]
fn an_envelope_can_be_read_from_a_value_too() {
    let value: Value = serde_json::from_str(ENVELOPE).unwrap();
    let event: CloudEvent = serde_json::from_value(value).unwrap();
    assert_eq!(event.tencent_vod().unwrap().event_type(), Some("PullComplete"));
}

#[test]
fn the_typed_event_is_one_call_away() {
    let event: CloudEvent = serde_json::from_str(ENVELOPE).unwrap();
    assert_eq!(event.tencent_vod().unwrap().event_type(), Some("PullComplete"));
    assert!(matches!(event.alibaba_ims(), Err(ReadError::OtherSender { .. })));

    assert!(matches!(event.alibaba_vod(), Err(ReadError::OtherSender { .. })));

    // A flat body at a source of IMS.
    let mut event = CloudEvent::new("1", "alibaba-ims/prod", "com.alibabacloud.vod.TranscodeComplete");
    assert!(matches!(event.alibaba_ims(), Err(ReadError::OtherSender { .. })));
    assert!(matches!(event.alibaba_vod(), Err(ReadError::NoData)));
    event.dataref = Some("s3://bucket/payload/1".into());
    let Err(error) = event.alibaba_vod() else { panic!() };
    assert_eq!(error.to_string(), "the data is not in the envelope but at s3://bucket/payload/1");
    event.data = Some(serde_json::from_str(r#"{"EventType":"TranscodeComplete"}"#).unwrap());
    assert_eq!(event.alibaba_vod().unwrap().event_type(), Some("TranscodeComplete"));
    event.data = Some(serde_json::from_str("[]").unwrap());
    assert!(matches!(event.alibaba_vod(), Err(ReadError::Json(_))));
}

#[test]
fn words_and_attributes_of_a_later_version_do_not_stop_a_reader() {
    let text = r#"{"specversion":"1.0","id":"1","source":"a/b","type":"t","outcome":"postponed","verdict":"maybe","deleted":"half","channel":"mail","data":null}"#;
    let event: CloudEvent = serde_json::from_str(text).unwrap();
    assert_eq!(event.outcome, Outcome::Unknown);
    assert_eq!(event.verdict, Some(Verdict::Unknown));
    assert_eq!(event.deleted, Some(Deleted::Unknown));
    assert_eq!(event.channel, Some(Channel::Unknown));
    assert!(event.data.is_none());
}

#[test]
fn debug_shows_which_event_it_is_and_not_what_is_in_it() {
    let event: CloudEvent = serde_json::from_str(ENVELOPE).unwrap();
    let debug = format!("{event:?}");
    assert!(debug.contains("0123") && debug.contains("PullComplete"), "{debug}");
    assert!(!debug.contains("order 7") && !debug.contains("99999"), "{debug}");
    assert_eq!(format!("{} {} {}", Outcome::Failed, Verdict::Review, Channel::Pull), "failed review pull");
}
