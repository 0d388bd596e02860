//! What `CONTRIBUTING.md` says of adding a sender, followed for an invented one, with what the library makes public.
//!
//! `example-cloud` posts `{"event":"asset.ready","asset":"a1","at":"2026-11-22T05:50:25Z"}` and, better than those that
//! exist, signs the body: `X-Example-Signature` is the hex HMAC-SHA256 of `X-Example-Time` + `.` + body.

use hmac::{Hmac, KeyInit as _, Mac as _};
use mediahook::callback::Callback;
use mediahook::envelope::Outcome;
use mediahook::json::Json;
use mediahook::secret::Secret;
use mediahook::sender::pull::Pull;
use mediahook::sender::{BadSignature, Notification, Sender, Verify, identity};
use mediahook::settings::{Settings, SettingsError};
use serde_json::json;
use sha2::Sha256;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::datetime;

const TOLERANCE_S: u64 = 5 * 60;

/// 1. The sender: its name, its settings, what it says.
#[derive(Debug)]
struct ExampleCloud;

impl Sender for ExampleCloud {
    fn name(&self) -> &'static str {
        "example-cloud"
    }

    fn verifier(&self, settings: &mut Settings<'_>) -> Result<Option<Box<dyn Verify>>, SettingsError> {
        let keys = settings.secrets("keys")?;
        Ok((!keys.is_empty()).then(|| Box::new(Keys(keys)) as Box<dyn Verify>))
    }

    fn puller(&self, pull: &mut Settings<'_>) -> Result<Box<dyn Pull>, SettingsError> {
        Err(pull.error("pull", "example-cloud has no queue of its own"))
    }

    fn read(&self, body: &Json<'_>) -> Option<Notification> {
        let event = body.text_at("event")?;
        let media_id = body.text_at("asset").map(String::from);
        Some(Notification {
            event_type: format!("com.example.{event}"),
            subject: media_id.clone(),
            task_id: None,
            media_id,
            time: body.text_at("at").and_then(|at| OffsetDateTime::parse(&at, &Rfc3339).ok()),
            // What is not known is passed on, never refused.
            outcome: match event.rsplit('.').next() {
                Some("ready") => Outcome::Succeeded,
                Some("errored") => Outcome::Failed,
                _ => Outcome::Unknown,
            },
            transport: &[],
            repeats: false,
        })
    }
}

/// 2. Its signature: any of several keys, in constant time, fresh.
#[derive(Debug)]
struct Keys(Vec<Secret>);

impl Verify for Keys {
    fn verify(&self, callback: &Callback, now_s: i64) -> Result<(), BadSignature> {
        let time = callback.header("X-Example-Time")?.ok_or(BadSignature::Missing)?;
        let signature = callback.header("X-Example-Signature")?.ok_or(BadSignature::Missing)?;
        let given = Secret::new(signature.to_ascii_lowercase());
        let hits = self.0.iter().map(|key| given.matches(&sign(key.reveal(), time, callback.body_bytes())));
        if !hits.fold(false, |any, hit| any | bool::from(hit)) {
            return Err(BadSignature::Wrong);
        }
        let time_s: i64 = time.parse().map_err(|_| BadSignature::Wrong)?;
        if time_s.abs_diff(now_s) > TOLERANCE_S { Err(BadSignature::Stale) } else { Ok(()) }
    }
}

fn sign(key: &str, time: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(time.as_bytes());
    mac.update(b".");
    mac.update(body);
    mac.finalize().into_bytes().iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}

/// 3. Its fixtures.
const READY: &str = r#"{"event":"asset.ready","asset":"a1","at":"2026-11-22T05:50:25Z"}"#;
const NOW_S: i64 = 1_795_326_625;

fn verifier(settings: &str) -> Option<Box<dyn Verify>> {
    let json = Json::parse(settings).unwrap();
    let mut settings = Settings::new("example-cloud/main", &json).unwrap();
    let verifier = ExampleCloud.verifier(&mut settings).unwrap();
    settings.finish().unwrap();
    verifier
}

fn verified(key: &str, time_s: i64, body: &str) -> Result<(), BadSignature> {
    let callback: Callback = serde_json::from_value(json!({
        "rawPath": "/example-cloud/main",
        "requestContext": { "http": { "method": "POST" } },
        "headers": {
            "x-example-time": time_s.to_string(),
            "x-example-signature": sign(key, &time_s.to_string(), READY.as_bytes()),
        },
        "body": body,
    }))
    .unwrap();
    verifier(r#"{"keys":["New2","Old1"]}"#).unwrap().verify(&callback, NOW_S)
}

#[test]
fn its_settings_are_read_like_any_others() {
    assert!(verifier("{}").is_none(), "without keys it takes no push");
    let json = Json::parse(r#"{"key":["New2"]}"#).unwrap();
    let mut settings = Settings::new("example-cloud/main", &json).unwrap();
    ExampleCloud.verifier(&mut settings).unwrap();
    let mistake = settings.finish().unwrap_err().to_string();
    assert!(mistake.contains("example-cloud/main") && mistake.contains("key"), "{mistake}");
}

#[test]
fn its_signature_is_verified() {
    for key in ["New2", "Old1"] {
        assert_eq!(verified(key, NOW_S, READY), Ok(()), "{key}");
    }
    assert_eq!(verified("Other", NOW_S, READY), Err(BadSignature::Wrong));
    assert_eq!(verified("New2", NOW_S - 301, READY), Err(BadSignature::Stale));
    assert_eq!(verified("New2", NOW_S, &READY.replace("a1", "a2")), Err(BadSignature::Wrong));
}

#[test]
fn what_it_says_is_understood_and_has_an_id() {
    let id = |body: &str| {
        let json = Json::parse(body).unwrap();
        let notification = ExampleCloud.read(&json).unwrap();
        let members: Vec<_> = json.members().iter().collect();
        identity::id("example-cloud/main", &notification.event_type, &members, None)
    };
    let json = Json::parse(READY).unwrap();
    let notification = ExampleCloud.read(&json).unwrap();
    assert_eq!(notification.event_type, "com.example.asset.ready");
    assert_eq!(notification.subject.as_deref(), Some("a1"));
    assert_eq!(notification.time, Some(datetime!(2026-11-22 05:50:25 UTC)));
    assert_eq!(notification.outcome, Outcome::Succeeded);
    assert_eq!(id(READY), id(r#"{"at":"2026-11-22T05:50:25Z","asset":"a1", "event":"asset.ready"}"#));
    assert_ne!(id(READY), id(&READY.replace("a1", "a2")));

    let tomorrows = Json::parse(r#"{"event":"asset.dreamt"}"#).unwrap();
    assert_eq!(ExampleCloud.read(&tomorrows).unwrap().outcome, Outcome::Unknown);
    assert_eq!(ExampleCloud.read(&Json::parse("{}").unwrap()), None, "it names no event");
}
