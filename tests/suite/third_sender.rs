//! What `CONTRIBUTING.md` says of adding a sender, followed for an invented one, with what the library makes public.
//!
//! `example-cloud` posts `{"event":"asset.ready","asset":"a1","at":"2026-11-22T05:50:25Z"}` and, better than those that
//! exist, signs the body: `X-Example-Signature` is the hex HMAC-SHA256 of `X-Example-Time` + `.` + body. Its queue hands
//! out `[{"receipt":"...","body":"..."}]` at `/next`, and forgets the receipts that are posted to `/done`.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use mediahook::aws::s3::S3Bucket;
use mediahook::aws::sqs::SqsQueue;
use mediahook::events::{Channel, Outcome};
use mediahook::lambda::invocation::Invocation;
use mediahook::pull::Puller;
use mediahook::pull::http::Http;
use mediahook::receive::Receiver;
use mediahook::sources::Sources;
use mediahook::sources::cache::SourcesCache;
use mediahook::storage::StoreError;
use mediahook::timeouts::receive::{RETRY_POLICY, deadline};
use mediahook_senders::Attributes;
use mediahook_senders::queue::{Answer as Answered, Delivery, QueueError, Request, SenderQueue};
use mediahook_senders::secret::Secret;
use mediahook_senders::settings::{Settings, SettingsError, list};
use mediahook_senders::{BadSignature, CallbackRequest, Notification, Sender, Verify, header};
use mediahook_senders::{Body, id};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::Sha256;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::datetime;

use mediahook_testing::cloud::Cloud;
use mediahook_testing::event_source_mapping::Mapping;

const TOLERANCE_S: u64 = 5 * 60;

/// 1. The sender: its name, its settings, what it says.
#[derive(Debug)]
struct ExampleCloud;

impl Sender for ExampleCloud {
    fn name(&self) -> &'static str {
        "example-cloud"
    }

    fn verifier(&self, settings: Settings<'_>) -> Result<Option<Box<dyn Verify>>, SettingsError> {
        let keys: Keys = settings.read()?;
        Ok((!keys.keys.is_empty()).then(|| Box::new(keys) as Box<dyn Verify>))
    }

    fn sign(&self, callback: &mut CallbackRequest, _: &str, key: &Secret, now_s: i64) {
        let signature = sign(key.reveal(), &now_s.to_string(), callback.body());
        callback.headers_mut().insert("x-example-time", now_s.into());
        callback.headers_mut().insert("x-example-signature", signature.try_into().unwrap());
    }

    fn queue(&self, pull: Settings<'_>) -> Result<Box<dyn SenderQueue>, SettingsError> {
        Ok(Box::new(pull.read::<Inbox>()?))
    }

    fn read(&self, body: &Body<'_>) -> Option<Notification> {
        let event = body.text("event")?;
        let media_id = body.text("asset");
        Some(Notification {
            event_type: format!("com.example.{event}"),
            attributes: Attributes {
                subject: media_id.clone(),
                media_id,
                time: body.text("at").and_then(|at| OffsetDateTime::parse(&at, &Rfc3339).ok()),
                // What is not known is passed on, never refused.
                outcome: match event.rsplit('.').next() {
                    Some("ready") => Outcome::Succeeded,
                    Some("errored") => Outcome::Failed,
                    _ => Outcome::Unknown,
                },
                ..Attributes::default()
            },
            transport: Vec::new(),
            repeats: false,
        })
    }
}

/// 2. Its signature: any of several keys, in constant time, fresh.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    #[serde(default, deserialize_with = "list")]
    keys: Vec<Secret>,
}

impl Verify for Keys {
    fn verify(&self, callback: &CallbackRequest, now_s: i64) -> Result<(), BadSignature> {
        let time = header(callback, "x-example-time")?.ok_or(BadSignature::Missing)?;
        let signature = header(callback, "x-example-signature")?.ok_or(BadSignature::Missing)?;
        let given = Secret::new(signature.to_ascii_lowercase());
        let hits = self.keys.iter().map(|key| given.matches(&sign(key.reveal(), time, callback.body())));
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

/// Its queue: what to say to it, and what its answers mean.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Inbox {
    endpoint: String,
}

impl Inbox {
    fn request(&self, target: &str, body: String) -> Request {
        Request { method: "POST", url: format!("{}{target}", self.endpoint), headers: Vec::new(), body }
    }
}

impl SenderQueue for Inbox {
    fn receive_request(&self, _: usize, _: OffsetDateTime) -> Request {
        self.request("/next", String::new())
    }

    fn parse_receive(&self, answer: &Answered) -> Result<Vec<Delivery>, QueueError> {
        let handed: Value = serde_json::from_slice(&answer.body).map_err(|_| QueueError::lost("not JSON"))?;
        let text = |of: &Value, name: &str| of[name].as_str().map(String::from);
        let deliveries = handed.as_array().into_iter().flatten().map(|delivery| Delivery {
            receipt: text(delivery, "receipt"),
            body: text(delivery, "body").unwrap_or_default(),
            entry_id: None,
        });
        Ok(deliveries.collect())
    }

    fn delete_request(&self, receipts: &[String], _: OffsetDateTime) -> Request {
        self.request("/done", json!(receipts).to_string())
    }

    fn parse_delete(&self, _: &Answered) -> Result<usize, QueueError> {
        Ok(0)
    }
}

/// 3. Its fixtures.
const READY: &str = r#"{"event":"asset.ready","asset":"a1","at":"2026-11-22T05:50:25Z"}"#;
const NOW: OffsetDateTime = datetime!(2026-11-22 05:50:25 UTC);
const NOW_S: i64 = NOW.unix_timestamp();

/// 4. Its line among the senders.
static SENDERS: &[&dyn Sender] = &[&ExampleCloud];

const SOURCES: &str = r#"{ "example-cloud/main": {
    "keys": ["New2", "Old1"], "pull": { "endpoint": "https://queue.example.com" }
} }"#;

fn sources_cache() -> Arc<SourcesCache> {
    Arc::new(SourcesCache::fixed(Sources::parse_with(SOURCES, SENDERS).unwrap()))
}

/// [`READY`] as it is signed with this key, with this body in its place.
fn callback(key: &str, time_s: i64, body: &str) -> CallbackRequest {
    let mut callback = http::Request::post("/example-cloud/main").body(READY.into()).unwrap();
    ExampleCloud.sign(&mut callback, "", &Secret::new(key), time_s);
    *callback.body_mut() = body.into();
    callback
}

fn verifier(settings: &str) -> Option<Box<dyn Verify>> {
    ExampleCloud.verifier(Settings::parse("example-cloud/main", settings).unwrap()).unwrap()
}

fn verified(key: &str, time_s: i64, body: &str) -> Result<(), BadSignature> {
    verifier(r#"{"keys":["New2","Old1"]}"#).unwrap().verify(&callback(key, time_s, body), NOW_S)
}

#[test]
fn its_settings_are_read_like_any_others() {
    assert!(verifier("{}").is_none(), "without keys it takes no push");
    let settings = Settings::parse("example-cloud/main", r#"{"key":["New2"]}"#).unwrap();
    let mistake = ExampleCloud.verifier(settings).unwrap_err().to_string();
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
        let body = Body::parse(body).unwrap();
        let notification = ExampleCloud.read(&body).unwrap();
        id::id("example-cloud/main", &notification.event_type, &body, &notification.transport, "")
    };
    let notification = ExampleCloud.read(&Body::parse(READY).unwrap()).unwrap();
    assert_eq!(notification.event_type, "com.example.asset.ready");
    assert_eq!(notification.attributes.subject.as_deref(), Some("a1"));
    assert_eq!(notification.attributes.time, Some(NOW));
    assert_eq!(notification.attributes.outcome, Outcome::Succeeded);
    assert_eq!(id(READY), id(r#"{"at":"2026-11-22T05:50:25Z","asset":"a1", "event":"asset.ready"}"#));
    assert_ne!(id(READY), id(&READY.replace("a1", "a2")));

    let tomorrows = Body::parse(r#"{"event":"asset.dreamt"}"#).unwrap();
    assert_eq!(ExampleCloud.read(&tomorrows).unwrap().attributes.outcome, Outcome::Unknown);
    assert!(ExampleCloud.read(&Body::parse("{}").unwrap()).is_none(), "it names no event");
}

/// A bucket, a queue, and what lies in it.
async fn aws() -> (S3Bucket, SqsQueue, Mapping) {
    let cloud = Cloud::start().await;
    let (queue_url, _) = cloud.queues(5, 30).await;
    let queued = Mapping::new(cloud.sqs(), &queue_url);
    (cloud.bucket(), SqsQueue::new(&cloud.aws(), queue_url, RETRY_POLICY), queued)
}

#[tokio::test]
async fn its_callbacks_reach_the_queue_once_it_is_among_the_senders() {
    let unknown = Sources::parse(SOURCES).unwrap_err().to_string();
    assert!(unknown.starts_with("example-cloud/main: unknown sender"), "{unknown}");

    let (bucket, queue, queued) = aws().await;
    let receiver = Receiver::new(sources_cache(), queue, bucket, || NOW);
    let receive = async |key: &str, body: &str| {
        let deadline = deadline(Duration::from_secs(10));
        receiver.receive(Ok(callback(key, NOW_S, body)), deadline, &Invocation::default()).await
    };
    assert_eq!(receive("Other", READY).await.status(), 401);
    assert_eq!(receive("New2", &READY.replace("a1", "a2")).await.status(), 401);
    assert_eq!(queued.envelopes().await.len(), 0);

    let answer = receive("Old1", READY).await;
    assert_eq!(answer.status(), 200);
    let [envelope] = &queued.envelopes().await[..] else { panic!("one event") };
    assert_eq!(*answer.body(), json!({ "id": envelope.id }).to_string());
    assert_eq!(
        (&*envelope.source, &*envelope.event_type, envelope.outcome, envelope.channel),
        ("example-cloud/main", "com.example.asset.ready", Outcome::Succeeded, Some(Channel::Push))
    );
}

/// One event at its `/next`, and what was posted to its `/done`.
#[derive(Clone, Default)]
struct Fake {
    handed_out: Arc<Mutex<bool>>,
    done: Arc<Mutex<Vec<String>>>,
}

impl Http for Fake {
    async fn send(&self, request: &Request, _: usize) -> Result<Option<Answered>, StoreError> {
        let is_done = request.url == "https://queue.example.com/done";
        if is_done {
            self.done.lock().unwrap().push(request.body.clone());
        }
        let is_empty = is_done || std::mem::replace(&mut *self.handed_out.lock().unwrap(), true);
        let handed = if is_empty { json!([]) } else { json!([{ "receipt": "r1", "body": READY }]) };
        Ok(Some(Answered { status: 200, body: handed.to_string().into() }))
    }

    fn drop_connections(&self) {}
}

#[tokio::test]
async fn what_its_queue_holds_is_pulled_and_confirmed() {
    let ((bucket, queue, queued), fake) = (aws().await, Fake::default());
    let puller = Puller::new(sources_cache(), queue, bucket, fake.clone(), || NOW, 256 << 20);
    let deadline = mediahook::timeouts::pull::deadline(Duration::from_secs(55));
    let summary = puller.pull(deadline, &Invocation::default()).await;
    assert_eq!(summary.0["example-cloud/main"].confirmed, 1, "{summary:?}");
    assert_eq!(*fake.done.lock().unwrap(), [r#"["r1"]"#]);
    let [envelope] = &queued.envelopes().await[..] else { panic!("one event") };
    assert_eq!((&*envelope.source, envelope.channel), ("example-cloud/main", Some(Channel::Pull)));
}
