//! The senders' APIs on loopback in which callbacks are set. Every request's signature is recomputed from what was sent;
//! whoever leaves a member out has it cleared, which is the harder of the two cases that nobody documents.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::http::{self, Request, Response};
use super::tencent_vod;

pub const ACCESS_KEY_ID: &str = "LTAIEXAMPLE";
pub const ACCESS_KEY_SECRET: &str = "FakeAlibabaSecret";

/// What is set at a sender, by the names of its API.
#[derive(Clone, Default)]
pub struct SendersApi {
    pub endpoint: String,
    settings: Arc<Mutex<BTreeMap<String, String>>>,
    writes: Arc<Mutex<usize>>,
    /// Tencent's application that the last request named.
    sub_app_id: Arc<Mutex<Value>>,
    /// The action that the key is not permitted.
    denied: Arc<Mutex<Option<&'static str>>>,
}

impl SendersApi {
    pub async fn start() -> Self {
        let (listener, address) = http::listen().await;
        let api = Self { endpoint: format!("http://{address}"), ..Self::default() };
        let serving = api.clone();
        tokio::spawn(http::serve(listener, move |request| {
            let api = serving.clone();
            async move { Some(api.answer(&request)) }
        }));
        api
    }

    pub fn set(&self, member: &str, value: &str) {
        self.settings.lock().unwrap().insert(member.to_owned(), value.to_owned());
    }

    pub fn get(&self, member: &str) -> String {
        self.settings.lock().unwrap().get(member).cloned().unwrap_or_default()
    }

    pub fn sub_app_id(&self) -> Value {
        self.sub_app_id.lock().unwrap().clone()
    }

    pub fn writes(&self) -> usize {
        *self.writes.lock().unwrap()
    }

    pub fn deny(&self, action: &'static str) {
        *self.denied.lock().unwrap() = Some(action);
    }

    fn answer(&self, request: &Request) -> Response {
        let header = |name: &str| {
            request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
        };
        let is_denied = |action: &str| *self.denied.lock().unwrap() == Some(action);
        if header("x-tc-action").is_empty() {
            let (action, query) = (header("x-acs-action"), request.uri().query().unwrap_or_default());
            return match (acs3_matches(request), is_denied(action)) {
                (false, _) => alibaba(
                    400,
                    &json!({ "Code": "SignatureDoesNotMatch", "Message": "no", "RequestId": "r" }),
                ),
                (_, true) => {
                    alibaba(403, &json!({ "Code": "Forbidden.RAM", "Message": "no", "RequestId": "r" }))
                }
                _ => self.alibaba(action, query),
            };
        }
        let action = header("x-tc-action");
        match (tencent_vod::check(request), is_denied(action)) {
            (Err(code), _) => tencent(json!({ "Error": { "Code": code, "Message": "no" } })),
            (_, true) => tencent(json!({ "Error": { "Code": "UnauthorizedOperation", "Message": "no" } })),
            _ => self.tencent(action, &serde_json::from_slice(request.body()).unwrap()),
        }
    }

    fn tencent(&self, action: &str, parameters: &Value) -> Response {
        self.sub_app_id.lock().unwrap().clone_from(&parameters["SubAppId"]);
        match action {
            "DescribeEventConfig" => {
                let mut settings = self.settings.lock().unwrap().clone();
                settings.remove("SignKey");
                tencent(json!(settings))
            }
            "ModifyEventConfig" => {
                let members = parameters.as_object().unwrap().iter().filter(|(name, _)| *name != "SubAppId");
                self.replace(
                    members.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect(),
                );
                tencent(json!({}))
            }
            _ => tencent(json!({ "Error": { "Code": "InvalidAction", "Message": "no" } })),
        }
    }

    fn alibaba(&self, action: &str, query: &str) -> Response {
        match action {
            "GetEventCallback" => alibaba(200, &json!(*self.settings.lock().unwrap())),
            "GetMessageCallback" => {
                alibaba(200, &json!({ "RequestId": "r", "MessageCallback": *self.settings.lock().unwrap() }))
            }
            "SetEventCallback" | "SetMessageCallback" => {
                self.replace(pairs(query).collect());
                alibaba(200, &json!({ "RequestId": "r" }))
            }
            _ => alibaba(404, &json!({ "Code": "InvalidAction.NotFound" })),
        }
    }

    fn replace(&self, settings: BTreeMap<String, String>) {
        *self.settings.lock().unwrap() = settings;
        *self.writes.lock().unwrap() += 1;
    }
}

/// Recomputes the signature.
fn acs3_matches(request: &Request) -> bool {
    let header =
        |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let authorization = header("authorization");
    let part = |name: &str| {
        let rest = authorization.split_once(&format!("{name}=")).map_or("", |(_, rest)| rest);
        rest.split(',').next().unwrap_or_default().to_owned()
    };
    let signed = part("SignedHeaders");
    let lines: String = signed.split(';').map(|name| format!("{name}:{}\n", header(name))).collect();
    let mut pairs: Vec<_> = pairs(request.uri().query().unwrap_or_default()).collect();
    pairs.sort_unstable();
    let query: Vec<_> = pairs.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    let (query, digest) = (query.join("&"), hex(&Sha256::digest(request.body())));
    let canonical =
        format!("{}\n{}\n{query}\n{lines}\n{signed}\n{digest}", request.method(), request.uri().path());
    let to_sign = format!("ACS3-HMAC-SHA256\n{}", hex(&Sha256::digest(canonical)));
    let mut mac = Hmac::<Sha256>::new_from_slice(ACCESS_KEY_SECRET.as_bytes()).unwrap();
    mac.update(to_sign.as_bytes());
    let is_whole = [
        "host",
        "x-acs-action",
        "x-acs-content-sha256",
        "x-acs-date",
        "x-acs-signature-nonce",
        "x-acs-version",
    ]
    .iter()
    .all(|name| signed.split(';').any(|other| other == *name));
    is_whole
        && header("x-acs-content-sha256") == digest
        && part("Credential") == ACCESS_KEY_ID
        && part("Signature") == hex(&mac.finalize().into_bytes())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The parameters of a query, however it is written.
fn pairs(query: &str) -> impl Iterator<Item = (String, String)> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), decoded(&value.replace('+', " "))))
}

/// As RFC 3986 says, which is what is signed.
fn encoded(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

fn decoded(text: &str) -> String {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap().as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at(2);
        bytes.push(u8::from_str_radix(digits, 16).unwrap());
        bytes.extend(rest.as_bytes());
    }
    String::from_utf8(bytes).unwrap()
}

fn tencent(mut members: Value) -> Response {
    members["RequestId"] = "r".into();
    http::response(200, "application/json", json!({ "Response": members }).to_string())
}

fn alibaba(status: u16, body: &Value) -> Response {
    http::response(status, "application/json", body.to_string())
}
