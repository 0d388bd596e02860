//! What holds for every input, tried on many.

use arbtest::arbitrary::{Result, Unstructured};
use arbtest::arbtest;
use base64::prelude::{BASE64_STANDARD, Engine as _};
use mediahook::ingest;
use mediahook::lambda::invocation::Invocation;
use mediahook::receive::{authenticate, read_event};
use mediahook::sources::Sources;
use mediahook_senders::CallbackRequest;
use serde_json::{Value, json};
use time::OffsetDateTime;

use mediahook_testing::function_url::{self, DOMAIN};
use mediahook_testing::signing::{sign_alibaba, sign_tencent};

const NOW_S: i64 = 1_795_326_625;

fn now() -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(NOW_S).unwrap()
}

fn sources(key: &str) -> Sources {
    let document = json!({
        "tencent-vod/main": { "sign_keys": ["another", key] },
        "alibaba-ims/prod": { "auth_keys": [key, "another"] },
        "alibaba-vod/prod": { "auth_keys": [key, "another"] }
    });
    Sources::parse(&document.to_string()).unwrap()
}

fn callback(path: &str, headers: &Value, body: &str, base64: bool) -> CallbackRequest {
    let body = if base64 { BASE64_STANDARD.encode(body) } else { body.to_owned() };
    function_url::request(&function_url::event("POST", path, "", headers, (body, base64))).unwrap()
}

/// Of small values far more can be tried than of large ones.
fn on_many(property: impl FnMut(&mut Unstructured) -> Result<()>) {
    arbtest(property).size_max(1_024).budget_ms(300).run();
}

/// One that JSON, base64 or a terminal minds as often as any other.
fn character(u: &mut Unstructured) -> Result<char> {
    if u.arbitrary()? { Ok(char::from(u.int_in_range(0..=0x7f)?)) } else { u.arbitrary() }
}

fn text(u: &mut Unstructured, most: usize) -> Result<String> {
    (0..u.int_in_range(0..=most)?).map(|_| character(u)).collect()
}

fn key(u: &mut Unstructured) -> Result<String> {
    let characters: Vec<_> = ('A'..='Z').chain('a'..='z').chain('0'..='9').collect();
    (0..u.int_in_range(6..=32)?).map(|_| u.choose(&characters).copied()).collect()
}

#[test]
fn a_signature_fits_its_key_and_no_other() {
    on_many(|u| {
        let [key, other] = [key(u)?, key(u)?];
        let ahead_s = u.int_in_range(0..=899)?;
        if key == other || [&key, &other].contains(&&"another".to_owned()) {
            return Ok(());
        }
        let body = sign_tencent(r#"{"EventType":"X"}"#, &key, NOW_S + ahead_s);
        let tencent = callback("/tencent-vod/main", &json!({}), &body, false);
        assert!(authenticate(&tencent, &sources(&key), now()).is_ok());
        assert!(authenticate(&tencent, &sources(&other), now()).is_err());

        let url = format!("https://{DOMAIN}/alibaba-ims/prod");
        let headers = sign_alibaba(&url, &key, NOW_S + ahead_s / 3);
        let headers = headers.into_iter().map(|(name, value)| (name, Value::from(value))).collect();
        let alibaba = callback("/alibaba-ims/prod", &headers, "{}", false);
        assert!(authenticate(&alibaba, &sources(&key), now()).is_ok());
        assert!(authenticate(&alibaba, &sources(&other), now()).is_err());
        Ok(())
    });
}

#[test]
fn any_text_is_answered() {
    let sources = Sources::parse(r#"{"tencent-vod/main":{"path_tokens":["path-token"]}}"#).unwrap();
    on_many(|u| {
        let body = text(u, 200)?;
        let [base64, encode] = u.arbitrary()?;
        let body = if encode { BASE64_STANDARD.encode(&body) } else { body };
        let event =
            function_url::event("POST", "/tencent-vod/main/path-token", "", &json!({}), (body, base64));
        let request = function_url::request(&event);
        // What is not the base64 it is said to be is no request.
        let is_base64 = BASE64_STANDARD.decode(event["body"].as_str().unwrap()).is_ok();
        assert_eq!(request.is_ok(), is_base64 || !base64);
        let _ = request.map(|request| {
            let authentic = authenticate(&request, &sources, now()).unwrap();
            read_event(&authentic, now(), &Invocation::default())
        });
        Ok(())
    });
}

#[test]
fn plain_and_base64_are_the_same_event() {
    let sources = sources("TestKey1");
    on_many(|u| {
        let event = json!({ "EventType": "X", "XEvent": text(u, 40)? });
        let body = sign_tencent(&event.to_string(), "TestKey1", NOW_S);
        let message = |base64| {
            let callback = callback("/tencent-vod/main", &json!({}), &body, base64);
            let authentic = authenticate(&callback, &sources, now()).unwrap();
            let envelope = read_event(&authentic, now(), &Invocation::default()).unwrap();
            ingest::message(&envelope)
        };
        assert!(message(false) == message(true));
        Ok(())
    });
}
