//! What a sender signs, its verifier accepts: so a handler can be tested.

use mediahook_senders::secret::Secret;
use mediahook_senders::settings::Settings;
use mediahook_senders::{BadSignature, CallbackRequest, SENDERS, Sender, tencent_vod::TencentVod};

const URL: &str = "https://hooks.example.com";
const KEY: &str = "Xz4ZgayTr7rMgWQrH";
const NOW_S: i64 = 1_588_039_509;

fn callback(body: &str) -> CallbackRequest {
    http::Request::post(URL).body(body.into()).unwrap()
}

fn signed(sender: &dyn Sender, mut callback: CallbackRequest) -> CallbackRequest {
    sender.sign(&mut callback, URL, &Secret::new(KEY), NOW_S);
    callback
}

fn body(callback: &CallbackRequest) -> &str {
    std::str::from_utf8(callback.body()).unwrap()
}

fn verified(
    sender: &dyn Sender,
    key: &str,
    callback: &CallbackRequest,
    now_s: i64,
) -> Result<(), BadSignature> {
    let settings = if sender.name() == "tencent-vod" {
        format!(r#"{{"sign_keys":["{key}"]}}"#)
    } else {
        format!(r#"{{"auth_keys":["{key}"],"callback_urls":["{URL}"]}}"#)
    };
    let settings = Settings::parse("s/a", &settings).unwrap();
    sender.verifier(settings).unwrap().unwrap().verify(callback, now_s)
}

#[test]
fn what_a_sender_signs_is_valid_for_its_key_and_its_time() {
    for sender in SENDERS {
        for body in
            [r#"{"EventType":"X"}"#, "{}", "{ }\n", "\u{feff}{\"a\":{}}", "[]", "not JSON }", "{]}", ""]
        {
            let signed = signed(*sender, callback(body));
            let verified = |key, now_s| verified(*sender, key, &signed, now_s);
            assert_eq!(verified(KEY, NOW_S), Ok(()), "{} {body}", sender.name());
            assert_eq!(verified("AnotherKey", NOW_S), Err(BadSignature::Wrong), "{} {body}", sender.name());
            assert_eq!(verified(KEY, NOW_S + 601), Err(BadSignature::Stale), "{} {body}", sender.name());
        }
    }
}

#[test]
fn a_callback_that_is_signed_again_has_one_signature() {
    for sender in SENDERS {
        for body in [r#"{"EventType":"X"}"#, "not JSON"] {
            let mut once = callback(body);
            sender.sign(&mut once, URL, &Secret::new("AnotherKey"), NOW_S - 7);
            let again = signed(*sender, once);
            assert_eq!(verified(*sender, KEY, &again, NOW_S), Ok(()), "{} {body}", sender.name());
            let alone = signed(*sender, callback(body));
            assert_eq!((again.headers(), again.body()), (alone.headers(), alone.body()), "{}", sender.name());
        }
    }
}

/// Published by Tencent for a sister product with the same construction.
#[test]
fn tencents_signature_follows_the_members_of_the_event() {
    let signature = r#""Sign":"a2dabb362a9b811c0e26953a6276a41c","T":1588040109}"#;
    for (given, expected) in [
        (
            r#"{"EventType": "X", "id": 5285485487985271490}"#,
            r#"{"EventType": "X", "id": 5285485487985271490,"#,
        ),
        (r#"{"EventType":"X","t":"the event's own"}"#, r#"{"EventType":"X","t":"the event's own","#),
        (r#"{"sign":"1","t":2,"EventType":"X","EventHandle":"3"}"#, r#"{"EventType":"X","#),
        ("{}", "{"),
    ] {
        assert_eq!(body(&signed(&TencentVod, callback(given))), format!("{expected}{signature}"), "{given}");
    }
}
