//! An Alibaba Cloud MNS on loopback, as far as one queue's consumer goes: batch receive and batch delete, single ones
//! too, with the signature checked over the request target as it came, faults on demand.

use std::ops::Deref;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::prelude::{BASE64_STANDARD, Engine as _};
use hmac::{Hmac, KeyInit as _, Mac as _};
use md5::{Digest as _, Md5};
use mediahook_senders::hex;
use serde_json::{Value, json};
use sha1::Sha1;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;
use tokio::net::TcpListener;

use super::http::{self, Request, Response};
use super::inbox::Entry;
use super::sender_queue::SenderQueue;
use super::tencent_vod::header;

pub const ACCESS_KEY_ID: &str = "LTAIFAKE0000000000000000";
pub const ACCESS_KEY_SECRET: &str = "FakeAlibabaAccessKeySecret0000";
pub const QUEUE: &str = "ice-callback-prod";

/// The longest that a receive is held here; the real one takes `waitseconds`.
const HOLD: Duration = Duration::from_millis(300);
const MAX_SKEW_S: i64 = 900;
const XMLNS: &str = "http://mns.aliyuncs.com/doc/v1/";

/// The calls that faults are told of: `GET` and `DELETE`.
#[derive(Clone)]
pub struct Mns(SenderQueue);

impl Deref for Mns {
    type Target = SenderQueue;

    fn deref(&self) -> &SenderQueue {
        &self.0
    }
}

impl Mns {
    /// What is received comes again after this long.
    pub async fn start(visibility: Duration) -> Self {
        Self::serve(http::listen().await.0, visibility)
    }

    pub fn serve(listener: TcpListener, visibility: Duration) -> Self {
        let answer = |queue, request| async move { Self(queue).answer(&request).await };
        Self(SenderQueue::serve(listener, visibility, answer))
    }

    /// The `pull` section of a source.
    pub fn settings(&self) -> Value {
        json!({
            "access_key_id": ACCESS_KEY_ID, "access_key_secret": ACCESS_KEY_SECRET, "queue": QUEUE,
            "endpoint": format!("http://{}", self.address)
        })
    }

    async fn answer(&self, request: &Request) -> Option<Response> {
        let carried_out = async {
            match check(request) {
                Ok(()) => self.act(request).await,
                Err((status, code)) => error(status, code),
            }
        };
        let fault = || error(500, "InternalError");
        let mut answer = self.call(request.method().as_str(), fault, carried_out).await?;
        answer.headers_mut().insert("x-mns-request-id", "5E79F8DD0000000000000000".parse().expect("a value"));
        Some(answer)
    }

    async fn act(&self, request: &Request) -> Response {
        if request.uri().path() != format!("/queues/{QUEUE}/messages") {
            return error(404, "QueueNotExist");
        }
        let query: Vec<_> =
            request.uri().query().unwrap_or_default().split('&').filter_map(|p| p.split_once('=')).collect();
        let parameter =
            |name: &str| query.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| *v);
        match (request.method().as_str(), parameter("ReceiptHandle")) {
            ("GET", _) => self.receive(parameter("numOfMessages"), parameter("waitseconds")).await,
            ("DELETE", Some(handle)) if self.inbox.confirm(handle) => http::response(204, "text/xml", ""),
            ("DELETE", Some(_)) => error(404, "MessageNotExist"),
            ("DELETE", None) => self.batch_delete(request.body()),
            _ => error(400, "InvalidArgument"),
        }
    }

    async fn receive(&self, max: Option<&str>, wait_s: Option<&str>) -> Response {
        let Ok(count @ 1..=16) = max.unwrap_or("1").parse() else { return error(400, "InvalidArgument") };
        let Ok(wait_s @ 0..=30) = wait_s.unwrap_or("0").parse() else { return error(400, "InvalidArgument") };
        let messages = self.inbox.wait_and_take(count, HOLD.min(Duration::from_secs(wait_s))).await;
        if messages.is_empty() {
            return error(404, "MessageNotExist");
        }
        let now_ms = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970").as_millis();
        let xml: String = messages.iter().fold(String::new(), |xml, (handle, Entry { id, event: body })| {
            xml + &format!(
                "<Message><MessageId>5F290C926D472878-2-14D9529A8FA-{id:09}</MessageId>\
                 <ReceiptHandle>{handle}</ReceiptHandle><MessageBody>{}</MessageBody><MessageBodyMD5>{}</MessageBodyMD5>\
                 <EnqueueTime>{now_ms}</EnqueueTime><FirstDequeueTime>{now_ms}</FirstDequeueTime>\
                 <NextVisibleTime>{now_ms}</NextVisibleTime><DequeueCount>1</DequeueCount><Priority>8</Priority></Message>",
                escape(body),
                hex(&Md5::digest(body)).to_uppercase()
            )
        });
        let xml = if max.is_some() { format!(r#"<Messages xmlns="{XMLNS}">{xml}</Messages>"#) } else { xml };
        http::response(200, "text/xml;charset=utf-8", format!("<?xml version=\"1.0\"?>\n{xml}"))
    }

    fn batch_delete(&self, body: &[u8]) -> Response {
        let body = String::from_utf8_lossy(body);
        let handles: Vec<_> = body
            .split("<ReceiptHandle>")
            .skip(1)
            .filter_map(|rest| rest.split_once("</ReceiptHandle>"))
            .map(|(handle, _)| handle)
            .collect();
        if handles.is_empty() || handles.len() > 16 {
            return error(400, "InvalidArgument");
        }
        let void: Vec<_> = handles.into_iter().filter(|handle| !self.inbox.confirm(handle)).collect();
        if void.is_empty() {
            return http::response(204, "text/xml", "");
        }
        let errors: String = void.iter().fold(String::new(), |xml, handle| {
            xml + &format!(
                "<Error><ErrorCode>MessageNotExist</ErrorCode><ErrorMessage>Message not exist.</ErrorMessage>\
                 <ReceiptHandle>{handle}</ReceiptHandle></Error>"
            )
        });
        http::response(
            404,
            "text/xml",
            format!(r#"<?xml version="1.0"?><Errors xmlns="{XMLNS}">{errors}</Errors>"#),
        )
    }
}

/// Recomputes the signature from what was sent, every `x-mns-` header in it.
fn check(request: &Request) -> Result<(), (u16, &'static str)> {
    let headers = request.headers();
    let date = header(headers, "date");
    let sent = OffsetDateTime::parse(&date.replace("GMT", "+0000"), &Rfc2822)
        .map_err(|_| (400, "InvalidDateHeader"))?;
    if (OffsetDateTime::now_utc() - sent).whole_seconds().abs() > MAX_SKEW_S {
        return Err((400, "TimeExpired"));
    }
    if header(headers, "x-mns-version") != "2015-06-06" {
        return Err((400, "InvalidArgument"));
    }
    let body_md5 = header(headers, "content-md5");
    // The official SDK's way: base64 of the digest's hexadecimal text.
    let expected_md5 = BASE64_STANDARD.encode(hex(&Md5::digest(request.body())));
    if !body_md5.is_empty() && body_md5 != expected_md5 {
        return Err((400, "InvalidDegist"));
    }
    let mut own: Vec<_> = headers.keys().map(hyper::header::HeaderName::as_str).collect();
    own.retain(|name| name.starts_with("x-mns-"));
    own.sort_unstable();
    let own =
        own.iter().fold(String::new(), |all, name| all + &format!("{name}:{}\n", header(headers, name)));
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    let to_sign = format!(
        "{}\n{body_md5}\n{}\n{date}\n{own}{target}",
        request.method(),
        header(headers, "content-type")
    );
    let mut mac = Hmac::<Sha1>::new_from_slice(ACCESS_KEY_SECRET.as_bytes()).expect("a key");
    mac.update(to_sign.as_bytes());
    let expected = format!("MNS {ACCESS_KEY_ID}:{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()));
    if header(headers, "authorization") == expected { Ok(()) } else { Err((403, "SignatureDoesNotMatch")) }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn error(status: u16, code: &str) -> Response {
    let xml = format!(
        "<?xml version=\"1.0\"?>\n<Error xmlns=\"{XMLNS}\"><Code>{code}</Code><Message>as it was told</Message>\
         <RequestId>5E79F8DD0000000000000000</RequestId><HostId>http://1234.mns.cn-shanghai.aliyuncs.com</HostId></Error>"
    );
    http::response(status, "text/xml;charset=utf-8", xml)
}
