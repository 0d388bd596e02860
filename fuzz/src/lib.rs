//! What must hold for every text, whoever sent it.

#[cfg(feature = "functions")]
pub mod functions;

use mediahook_events::{Channel, CloudEvent};
use mediahook_senders::queue::{Answer, SenderQueue};
use mediahook_senders::secret::Secret;
use mediahook_senders::settings::Settings;
use mediahook_senders::tencent_vod::TencentVod;
use mediahook_senders::{
    BadSignature, Body, CallbackRequest, SENDERS, Sender, Unprocessable, id, read_event,
};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use time::OffsetDateTime;

const TRANSPORT: [&str; 5] = ["Sign", "T", "sign", "t", "EventHandle"];
const KEY: &str = "SignKey1";

/// A body is read where `serde_json` says that it is an object, and it keeps its bytes.
pub fn is_read_where_serde_json_says_so(text: &str) {
    let text = text.trim_start_matches('\u{feff}');
    let valid: Option<&RawValue> = serde_json::from_str(text).ok();
    let is_object = valid.is_some_and(|json| json.get().starts_with('{'));
    match Body::parse(text) {
        Ok(body) => {
            assert_eq!(body.without(&[]).map(|data| data.get().to_owned()), valid.map(|v| v.get().to_owned()))
        }
        Err(Unprocessable::OutOfRange) => assert!(is_object && serde_json::from_str::<Value>(text).is_err()),
        Err(Unprocessable::NotAnObject) => assert!(valid.is_some() && !is_object),
        // `serde_json` passes on a name that is not Unicode, and reads none.
        Err(_) => assert!(serde_json::from_str::<Map<String, Value>>(text).is_err()),
    }
}

/// A callback that Tencent Cloud VOD signs is authentic, if its body is an object that `serde_json` reads: half a body may begin
/// with two signatures, and a name that is not Unicode ends the search for one. With a member of the signature twice, it is not.
pub fn is_authentic_if_signed(text: &str) {
    if serde_json::from_str::<Map<String, Value>>(text).is_err() {
        return;
    }
    let settings = format!(r#"{{"sign_keys":["{KEY}"]}}"#);
    let settings = Settings::parse("tencent-vod/a", &settings).expect("settings");
    let verifier = TencentVod.verifier(settings).expect("settings").expect("a key");
    let mut callback = CallbackRequest::new(text.into());
    TencentVod.sign(&mut callback, "", &Secret::new(KEY), 0);
    let verified = verifier.verify(&callback, 0);
    let is_given_twice = verified == Err(BadSignature::Repeated)
        && ["t", "sign"]
            .iter()
            .any(|name| text.to_ascii_lowercase().matches(&format!("\"{name}\"")).count() > 1);
    assert!(verified == Ok(()) || is_given_twice, "{verified:?}: {callback:?}");
}

fn read(sender: &dyn Sender, text: &str, channel: Channel) -> Result<CloudEvent, Unprocessable> {
    read_event(sender, "sender/app", text.as_bytes(), channel, None, OffsetDateTime::UNIX_EPOCH)
}

/// An event has every member of its body but those of the transport, no control character in an attribute, and an id that
/// neither the way it is written nor the transport changes.
pub fn is_passed_on_whole(sender: &dyn Sender, text: &str) {
    let Ok(event) = read(sender, text, Channel::Push) else { return };
    let data = event.data.as_ref().expect("data").get();
    let attributes = [
        &event.subject,
        &event.taskid,
        &event.mediaid,
        &event.context,
        &event.errorcode,
        &event.errormessage,
    ];
    assert!(attributes.into_iter().flatten().all(|text| !text.contains(char::is_control)));

    if let (Ok(mut sent), Ok(kept)) =
        (serde_json::from_str::<Map<String, Value>>(text), serde_json::from_str(data))
    {
        let kept: Map<String, Value> = kept;
        sent.retain(|name, _| kept.contains_key(name) || !TRANSPORT.contains(&name.as_str()));
        assert_eq!(sent, kept);
        let rewritten = Value::Object(kept).to_string();
        let again = read(sender, &rewritten, Channel::Pull).expect("the same body, otherwise written");
        assert_eq!((&again.id, &again.subject, again.outcome), (&event.id, &event.subject, event.outcome));
    }
}

/// Two bodies, on a line each, have the same id exactly if `serde_json` reads the same out of them: without members that are
/// null, and with numbers by value.
pub fn are_one_event_if_they_are_equal(text: &str) {
    let (a, b) = text.split_once('\n').unwrap_or((text, "{}"));
    let (Some(a), Some(b)) = (counted(a), counted(b)) else { return };
    let id_of = |value: &Value| id::id("s/a", "t", &Body::parse(&value.to_string()).expect("JSON"), &[], "");
    assert_eq!(a == b, id_of(&a) == id_of(&b), "{a} {b}");
}

fn counted(text: &str) -> Option<Value> {
    fn count(value: Value) -> Value {
        match value {
            Value::Array(items) => items.into_iter().map(count).collect(),
            Value::Object(members) => {
                let members = members.into_iter().filter(|(_, value)| !value.is_null());
                members.map(|(name, value)| (name, count(value))).collect()
            }
            Value::Number(number) if number.is_f64() => {
                let digits = number.as_f64().unwrap_or_default().to_string();
                let integer = digits.parse::<i64>().map(Value::from);
                integer.or_else(|_| digits.parse::<u64>().map(Value::from)).unwrap_or(Value::Number(number))
            }
            value => value,
        }
    }
    serde_json::from_str(text).ok().filter(Value::is_object).map(count)
}

/// A text as the whole answer of a sender's queue: read or not, without a panic. As one event between two others: an
/// object arrives as it is, and no text harms the others' receipts.
pub fn harms_no_other_in_a_queue(text: &str) {
    let pull = [
        r#"{"secret_id":"i","secret_key":"SecretKey"}"#,
        r#"{"access_key_id":"i","access_key_secret":"SecretKey","queue":"q","endpoint":"https://a.example.com"}"#,
    ];
    let queue = |sender: &dyn Sender, pull| {
        sender.queue(Settings::parse("s/a", pull).expect("JSON")).expect("settings")
    };
    let (tencent, alibaba) = (queue(SENDERS[0], pull[0]), queue(SENDERS[1], pull[1]));
    for (queue, status) in [(&tencent, 200), (&alibaba, 200), (&alibaba, 404)] {
        let answer = Answer { status, body: text.into() };
        let _ = (queue.parse_receive(&answer), queue.parse_delete(&answer));
    }
    if !matches!(serde_json::from_str(text), Ok(Value::Object(_))) {
        return;
    }
    let list =
        format!(r#"{{"Response":{{"EventSet":[{{"EventHandle":"1"}},{text},{{"EventHandle":"3"}}]}}}}"#);
    assert_delivered(&*tencent, list, text.trim_matches([' ', '\t', '\r', '\n']));
    if !text.contains(char::is_control) && text.starts_with('{') {
        let message = |handle, body: &str| {
            let body = body.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            format!(
                "<Message><ReceiptHandle>{handle}</ReceiptHandle><MessageBody>{body}</MessageBody></Message>"
            )
        };
        let list = format!(
            "<Messages>{}{}{}</Messages>",
            message("1", "{}"),
            message("2", text),
            message("3", "{}")
        );
        // Blanks at the end of an element are not a part of it.
        assert_delivered(&*alibaba, list, text.trim_end_matches(' '));
    }
}

fn assert_delivered(queue: &dyn SenderQueue, list: String, text: &str) {
    let deliveries = queue.parse_receive(&Answer { status: 200, body: list.into() }).expect("a list");
    let receipts = [&deliveries[0], &deliveries[2]].map(|delivery| delivery.receipt.as_deref());
    assert_eq!((receipts, deliveries[1].body.as_str()), ([Some("1"), Some("3")], text));
}
