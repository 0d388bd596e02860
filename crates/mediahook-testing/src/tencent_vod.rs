//! A Tencent Cloud VOD on loopback, as far as its reliable callback goes: `PullEvents` and `ConfirmEvents` with
//! TC3-HMAC-SHA256 checked, handles that are good for a while, faults on demand. Everything is answered with HTTP 200,
//! errors too.

use std::ops::Deref;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hmac::{Hmac, KeyInit as _, Mac as _};
use hyper::HeaderMap;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::net::TcpListener;

use super::http::{self, Request, Response};
use super::inbox::Entry;
use super::sender_queue::SenderQueue;

pub const SECRET_ID: &str = "AKIDFAKE0000000000000000000000000000";
pub const SECRET_KEY: &str = "FakeTencentSecretKey000000000000";
pub const SUB_APP_ID: u64 = 1_500_012_345;

/// How long a pull is held while there is nothing; the real one takes 5 s.
const HOLD: Duration = Duration::from_millis(300);
/// What it allows a request's time to be off.
const MAX_SKEW_S: u64 = 300;

/// The calls that faults are told of: `PullEvents` and `ConfirmEvents`.
#[derive(Clone)]
pub struct TencentVod {
    queue: SenderQueue,
    /// What the key is not permitted to do.
    forbidden: Arc<Mutex<Option<&'static str>>>,
}

impl Deref for TencentVod {
    type Target = SenderQueue;

    fn deref(&self) -> &SenderQueue {
        &self.queue
    }
}

impl TencentVod {
    /// Handles are good for this long.
    pub async fn start(visibility: Duration) -> Self {
        Self::serve(http::listen().await.0, visibility)
    }

    pub fn serve(listener: TcpListener, visibility: Duration) -> Self {
        let forbidden = Arc::<Mutex<_>>::default();
        let serving = Arc::clone(&forbidden);
        let answer = move |queue, request| {
            let sender = Self { queue, forbidden: Arc::clone(&serving) };
            async move { sender.answer(&request).await }
        };
        Self { queue: SenderQueue::serve(listener, visibility, answer), forbidden }
    }

    /// From now on the key is not permitted to do this.
    pub fn forbid(&self, action: &'static str) {
        *self.forbidden.lock().expect("what is forbidden") = Some(action);
    }

    /// The `pull` section of a source.
    pub fn settings(&self) -> Value {
        json!({
            "secret_id": SECRET_ID, "secret_key": SECRET_KEY, "sub_app_id": SUB_APP_ID,
            "endpoint": format!("http://{}", self.address)
        })
    }

    async fn answer(&self, request: &Request) -> Option<Response> {
        let action = header(request.headers(), "x-tc-action");
        let carried_out = async {
            match check(request) {
                Ok(()) => self.act(action, request.body()).await,
                Err(code) => error(code, "the request cannot be authenticated"),
            }
        };
        self.call(action, || error("InternalError", "as it was told"), carried_out).await
    }

    async fn act(&self, action: &str, body: &[u8]) -> Response {
        let Ok(parameters) = serde_json::from_slice::<Value>(body) else {
            return error("InvalidParameter", "not JSON");
        };
        if parameters["SubAppId"] != SUB_APP_ID {
            return error("FailedOperation.InvalidVodUser", "no such sub-application");
        }
        if *self.forbidden.lock().expect("what is forbidden") == Some(action) {
            return error("UnauthorizedOperation", "no permission");
        }
        match action {
            "PullEvents" => self.pull_events().await,
            "ConfirmEvents" => self.confirm_events(&parameters),
            _ => error("InvalidAction", "no such action"),
        }
    }

    async fn pull_events(&self) -> Response {
        let events = self.inbox.wait_and_take(16, HOLD).await;
        if events.is_empty() {
            return error("ResourceNotFound", "no event");
        }
        // As text: an event is passed on as it was put here.
        let set: Vec<_> = events
            .iter()
            .map(|(handle, Entry { event: body, .. })| match body.trim_start().strip_prefix('{') {
                Some("}") => format!(r#"{{"EventHandle":"{handle}"}}"#),
                Some(members) => format!(r#"{{"EventHandle":"{handle}",{members}"#),
                None => body.clone(),
            })
            .collect();
        ok(&format!(r#""EventSet":[{}],"#, set.join(",")))
    }

    fn confirm_events(&self, parameters: &Value) -> Response {
        let handles: Option<Vec<_>> =
            parameters["EventHandles"].as_array().map(|h| h.iter().filter_map(Value::as_str).collect());
        let handles = handles.unwrap_or_default();
        if handles.is_empty() || handles.len() > 16 {
            return error("InvalidParameterValue", "1 to 16 handles");
        }
        // All or nothing: nobody says what the real one does, and this is the harder case.
        if handles.iter().any(|handle| !self.inbox.is_good(handle)) {
            return error("InvalidParameterValue", "a handle is void");
        }
        for handle in handles {
            self.inbox.confirm(handle);
        }
        ok("")
    }
}

/// Recomputes the signature from what was sent.
pub fn check(request: &Request) -> Result<(), &'static str> {
    let headers = request.headers();
    let timestamp = header(headers, "x-tc-timestamp");
    let now_s = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970").as_secs();
    let sent_s: u64 = timestamp.parse().map_err(|_| "InvalidParameter")?;
    if sent_s.abs_diff(now_s) > MAX_SKEW_S {
        return Err("AuthFailure.SignatureExpire");
    }
    if header(headers, "x-tc-version") != "2018-07-17" {
        return Err("NoSuchVersion");
    }
    let sha256 = |text: &[u8]| hex(&Sha256::digest(text));
    let mac = |key: &[u8], text: &str| {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key");
        mac.update(text.as_bytes());
        mac.finalize().into_bytes()
    };
    let canonical = [
        request.method().as_str(),
        request.uri().path(),
        request.uri().query().unwrap_or_default(),
        &format!("content-type:{}", header(headers, "content-type")),
        &format!("host:{}\n", header(headers, "host")),
        "content-type;host",
        &sha256(request.body()),
    ]
    .join("\n");
    let date = date(sent_s);
    let to_sign =
        format!("TC3-HMAC-SHA256\n{timestamp}\n{date}/vod/tc3_request\n{}", sha256(canonical.as_bytes()));
    let key = mac(&mac(&mac(format!("TC3{SECRET_KEY}").as_bytes(), &date), "vod"), "tc3_request");
    let expected = format!(
        "TC3-HMAC-SHA256 Credential={SECRET_ID}/{date}/vod/tc3_request, SignedHeaders=content-type;host, Signature={}",
        hex(&mac(&key, &to_sign))
    );
    if header(headers, "authorization") == expected { Ok(()) } else { Err("AuthFailure.SignatureFailure") }
}

fn date(unix_s: u64) -> String {
    let time = time::OffsetDateTime::from_unix_timestamp(unix_s.cast_signed()).expect("a time");
    format!("{:04}-{:02}-{:02}", time.year(), u8::from(time.month()), time.day())
}

pub(super) fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a text takes all");
        text
    })
}

fn ok(members: &str) -> Response {
    let body = format!(r#"{{"Response":{{{members}"RequestId":"7a9ac2b6-0000-4000-8000-000000000000"}}}}"#);
    http::response(200, "application/json", body)
}

fn error(code: &str, message: &str) -> Response {
    ok(&format!(r#""Error":{},"#, json!({ "Code": code, "Message": message })))
}
