//! Signatures of ApsaraVideo VOD: the documented one, and others computed by its formula.

use mediahook_senders::alibaba_vod::ALIBABA_VOD;
use mediahook_senders::secret::Secret;
use mediahook_senders::settings::Settings;
use mediahook_senders::{BadSignature, Sender as _};
use serde_json::{Value, json};

fn vectors() -> Value {
    serde_json::from_str(include_str!("data/alibaba-vod-signatures.json")).unwrap()
}

fn verify(url: &str, key: &str, headers: &[(&str, &str)], now_s: i64) -> Result<(), BadSignature> {
    let settings =
        json!({ "auth_keys": ["AnotherKey1", key], "callback_urls": ["https://other.example.com", url] })
            .to_string();
    let verifier =
        ALIBABA_VOD.verifier(Settings::parse("alibaba-vod/a", &settings).unwrap()).unwrap().unwrap();
    let request =
        headers.iter().fold(http::Request::builder(), |request, (name, value)| request.header(*name, *value));
    verifier.verify(&request.body(Vec::new()).unwrap(), now_s)
}

#[test]
fn every_signature_fits_its_url_and_key() {
    for vector in vectors()["signatures"].as_array().unwrap() {
        let text = |name: &str| vector[name].as_str().unwrap();
        let headers = [("X-VOD-TIMESTAMP", text("timestamp")), ("X-VOD-SIGNATURE", text("signature"))];
        let now_s = text("timestamp").parse().unwrap();
        assert_eq!(verify(text("url"), text("key"), &headers, now_s), Ok(()), "{}", vector["note"]);
        assert_eq!(
            verify("https://www.example.com/another", text("key"), &headers, now_s),
            Err(BadSignature::Wrong),
            "{}",
            vector["note"]
        );
    }
}

#[test]
fn the_sender_signs_the_same() {
    for vector in vectors()["signatures"].as_array().unwrap() {
        let text = |name: &str| vector[name].as_str().unwrap();
        let mut request = http::Request::new(Vec::new());
        let (key, now_s) = (Secret::new(text("key")), text("timestamp").parse().unwrap());
        ALIBABA_VOD.sign(&mut request, text("url"), &key, now_s);
        assert_eq!(request.headers()["x-vod-signature"], text("signature"), "{}", vector["note"]);
        assert_eq!(request.headers()["x-vod-timestamp"], text("timestamp"));
    }
}

#[test]
fn every_request_is_valid_or_not() {
    let vectors = vectors();
    let requests = &vectors["requests"];
    for case in requests["cases"].as_array().unwrap() {
        let headers = case["headers"].as_object().unwrap();
        let headers: Vec<_> =
            headers.iter().map(|(name, value)| (name.as_str(), value.as_str().unwrap())).collect();
        let (url, key) = (requests["url"].as_str().unwrap(), requests["key"].as_str().unwrap());
        let verified = verify(url, key, &headers, case["now"].as_i64().unwrap());
        assert_eq!(verified.is_ok(), case["valid"].as_bool().unwrap(), "{}: {verified:?}", case["note"]);
    }
}
