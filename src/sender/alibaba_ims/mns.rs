//! The queue mode of IMS: events in a queue of Alibaba Cloud MNS (Simple Message Queue), API version 2015-06-06
//! (help.aliyun.com, documents 35136 to 35139, SDK `aliyun-mns-sdk`).
//!
//! Up to 16 messages a call. What is not deleted comes again when its visibility timeout ends (30 s by default), with a
//! new receipt handle that voids the old one. An empty queue is 404 `MessageNotExist`.

use base64_simd::STANDARD as BASE64;
use md5::{Digest as _, Md5};
use quick_xml::escape::escape;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use super::mns_signature::{self, VERSION_HEADER};
use crate::envelope::hex;
use crate::secret::Secret;
use crate::sender::pull::{
    Answer, Delivery, Endpoint, MAX_BATCH, Pull, PullError, Request, printable, required_word,
};
use crate::settings::{Settings, SettingsError};
use crate::xml::{self, Record};

/// How long the sender holds a request while the queue is empty; it allows 30 s. As long as Tencent's, so that neither
/// keeps the function running for the other.
const WAIT_S: u32 = 5;
const CONTENT_TYPE: &str = "text/xml;charset=UTF-8";
/// The error that says the queue is empty.
const EMPTY: &str = "MessageNotExist";

/// One queue.
#[derive(Debug)]
pub(super) struct MnsQueue {
    access_key_id: String,
    access_key_secret: Secret,
    queue: String,
    endpoint: Endpoint,
}

impl MnsQueue {
    pub(super) fn read(pull: &mut Settings<'_>) -> Result<Self, SettingsError> {
        Ok(Self {
            access_key_id: required_word(pull, "access_key_id")?,
            access_key_secret: pull.required_secret("access_key_secret")?,
            queue: required_word(pull, "queue")?,
            endpoint: Endpoint::read(pull)?.ok_or_else(|| pull.error("endpoint", "missing"))?,
        })
    }

    fn request(&self, method: &'static str, query: &str, body: String, now: OffsetDateTime) -> Request {
        let target = format!("/queues/{}/messages{query}", self.queue);
        let content_type = if body.is_empty() { "" } else { CONTENT_TYPE };
        let date = http_date(now);
        let (id, key) = (&self.access_key_id, &self.access_key_secret);
        let authorization = mns_signature::authorization(id, key, method, content_type, &date, &target);
        let (name, version) = VERSION_HEADER;
        let mut headers = vec![("date", date), (name, version.to_owned()), ("authorization", authorization)];
        if !content_type.is_empty() {
            headers.push(("content-type", content_type.to_owned()));
        }
        Request { method, url: self.endpoint.url(&target), headers, body }
    }
}

impl Pull for MnsQueue {
    fn pull(&self, now: OffsetDateTime) -> Request {
        let query = format!("?numOfMessages={MAX_BATCH}&waitseconds={WAIT_S}");
        self.request("GET", &query, String::new(), now)
    }

    fn pulled(&self, answer: &Answer) -> Result<Vec<Delivery>, PullError> {
        match answer.status {
            200 => {
                let messages = records(answer, "Message")?;
                // MNS has another answer for an empty queue: this page is somebody else's.
                if messages.is_empty() {
                    return Err(no_answer(answer));
                }
                Ok(messages.into_iter().map(delivery).collect())
            }
            _ if codes(answer).iter().any(|code| code == EMPTY) => Ok(Vec::new()),
            _ => Err(refusal(answer)),
        }
    }

    fn confirm(&self, receipts: &[String], now: OffsetDateTime) -> Request {
        self.request("DELETE", "", receipt_handles(receipts), now)
    }

    /// 204 says all, 404 with a list of errors says all but these: documented for the batch call.
    fn confirmed(&self, answer: &Answer) -> Result<usize, PullError> {
        if answer.status == 204 {
            return Ok(0);
        }
        match records(answer, "Error") {
            Ok(errors)
                if answer.status == 404
                    && !errors.is_empty()
                    && errors.iter().all(|e| e.contains_key("ReceiptHandle")) =>
            {
                Ok(errors.len())
            }
            _ => Err(refusal(answer)),
        }
    }
}

fn delivery(mut message: Record) -> Delivery {
    let receipt = message.remove("ReceiptHandle").filter(|handle| !handle.is_empty());
    let entry_id = message.remove("MessageId").filter(|id| !id.is_empty());
    let body = message.remove("MessageBody").unwrap_or_default();
    let md5 = message.get("MessageBodyMD5");
    let doubt =
        (!md5.is_none_or(|md5| md5_fits(md5, &body))).then_some("its MD5 is another than the sender says");
    Delivery { receipt, body: plain(body), entry_id, doubt }
}

/// Upper-case hexadecimal digits, of the body as it travelled: of the base64 text where it is base64.
fn md5_fits(given: &str, body: &str) -> bool {
    hex(&Md5::digest(body.as_bytes())).eq_ignore_ascii_case(given)
}

/// IMS is said to write plain JSON, but some producers encode it, and MNS itself never says which. Text that is neither
/// stays as it came, for others to call unreadable.
fn plain(body: String) -> String {
    let is_json = |text: &str| text.trim_ascii_start().starts_with('{');
    if is_json(&body) {
        return body;
    }
    let decoded =
        BASE64.decode_to_vec(body.trim_ascii()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    decoded.filter(|text| is_json(text)).unwrap_or(body)
}

/// The body of a batch deletion.
fn receipt_handles(handles: &[String]) -> String {
    let element = |handle: &String| format!("<ReceiptHandle>{}</ReceiptHandle>", escape(handle.as_str()));
    let handles = handles.iter().map(element).collect::<Vec<_>>().concat();
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><ReceiptHandles xmlns="http://mns.aliyuncs.com/doc/v1/">{handles}</ReceiptHandles>"#
    )
}

fn records(answer: &Answer, name: &str) -> Result<Vec<Record>, PullError> {
    let xml = std::str::from_utf8(&answer.body).ok();
    xml.and_then(|xml| xml::records(xml, name)).ok_or_else(|| no_answer(answer))
}

fn no_answer(answer: &Answer) -> PullError {
    PullError::transient(format!("HTTP status {}, an answer that is none", answer.status))
}

/// The error codes in an answer; `Code` for the whole call, `ErrorCode` for one message.
fn codes(answer: &Answer) -> Vec<String> {
    let errors = records(answer, "Error").unwrap_or_default();
    errors.into_iter().filter_map(|mut e| e.remove("Code").or_else(|| e.remove("ErrorCode"))).collect()
}

fn refusal(answer: &Answer) -> PullError {
    let request = records(answer, "Error").ok().and_then(|mut e| e.pop()?.remove("RequestId"));
    let code = codes(answer).pop().unwrap_or_else(|| "no code".to_owned());
    let request = printable(request.as_deref().unwrap_or("unknown"));
    PullError {
        why: format!("HTTP status {}, {}, request {request}", answer.status, printable(&code)),
        transient: answer.status >= 500 || answer.status == 429 || code.contains("LimitExceeded"),
    }
}

/// RFC 1123, GMT.
fn http_date(now: OffsetDateTime) -> String {
    let utc = now.to_offset(time::UtcOffset::UTC);
    let text = utc.format(&Rfc2822).unwrap_or_default();
    text.strip_suffix("+0000").map(|t| format!("{t}GMT")).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Json;
    use time::macros::datetime;

    fn queue() -> MnsQueue {
        let json = r#"{"access_key_id":"TestAccessID","access_key_secret":"TestAccessSecret","queue":"ice-callback-prod","endpoint":"https://1234.mns.cn-shanghai.aliyuncs.com/"}"#;
        let json = Json::parse(json).unwrap();
        MnsQueue::read(&mut Settings::new("pull", json.root()).unwrap()).unwrap()
    }

    fn answer(status: u16, body: &str) -> Answer {
        Answer { status, body: body.into() }
    }

    #[test]
    fn requests_are_for_the_queue() {
        let now = datetime!(2015-07-09 03:01:34 UTC);
        let pull = queue().pull(now);
        assert_eq!(
            (pull.method, pull.url.as_str()),
            (
                "GET",
                "https://1234.mns.cn-shanghai.aliyuncs.com/queues/ice-callback-prod/messages?numOfMessages=16&waitseconds=5"
            )
        );
        assert!(pull.headers.contains(&("date", "Thu, 09 Jul 2015 03:01:34 GMT".to_owned())));
        let confirm = queue().confirm(&["1-ODU=".to_owned()], now);
        assert_eq!(
            (confirm.method, confirm.url.as_str()),
            ("DELETE", "https://1234.mns.cn-shanghai.aliyuncs.com/queues/ice-callback-prod/messages")
        );
        assert!(confirm.headers.contains(&("content-type", CONTENT_TYPE.to_owned())));
        assert!(!format!("{:?}", queue()).contains("TestAccessSecret"));
    }

    #[test]
    fn raw_and_base64_are_told_apart() {
        let json = " {\"EventType\":\"x\"}";
        let encoded = BASE64.encode_to_string(json);
        for (body, expected) in [
            (json, json),
            (encoded.as_str(), json),
            ("YToyOnt9", "YToyOnt9"), // base64, but of no JSON
            ("e30", "e30"),           // not strictly base64
            ("[1]", "[1]"),
            ("", ""),
        ] {
            assert_eq!(plain(body.to_owned()), expected);
        }
    }

    #[test]
    fn messages_come_with_their_handles() {
        let xml = r#"<?xml version="1.0"?><Messages xmlns="http://mns.aliyuncs.com/doc/v1"><Message>
            <MessageId>1</MessageId><ReceiptHandle>1-ODU=</ReceiptHandle><MessageBodyMD5>3AED23FB70BD99FA907F5212F50DF7B9</MessageBodyMD5>
            <MessageBody>YToyOntzOjI6ImlkIjtpOjEwNTgyODc4O3M6MTA6ImVycm9yQ291bnQiO2k6MDt9</MessageBody><Priority>8</Priority></Message>
            <Message><MessageBody>{}</MessageBody><MessageBodyMD5>00</MessageBodyMD5></Message></Messages>"#;
        let deliveries = queue().pulled(&answer(200, xml)).unwrap();
        assert_eq!(deliveries[0].receipt.as_deref(), Some("1-ODU="));
        let entries: Vec<_> = deliveries.iter().map(|delivery| delivery.entry_id.as_deref()).collect();
        assert_eq!(entries, [Some("1"), None]);
        assert_eq!(deliveries[0].doubt, None, "a captured body and its MD5");
        assert_eq!((deliveries[1].receipt.as_deref(), deliveries[1].doubt.is_some()), (None, true));
    }

    #[test]
    fn empty_and_errors_are_told_apart() {
        let error = |status, code: &str| {
            let xml = format!(
                "<Error xmlns=\"http://mns.aliyuncs.com/doc/v1/\"><Code>{code}</Code><Message>S3cret</Message><RequestId>5E7</RequestId><HostId>h</HostId></Error>"
            );
            queue().pulled(&answer(status, &xml))
        };
        assert_eq!(error(404, "MessageNotExist").unwrap(), []);
        assert_eq!(
            error(404, "QueueNotExist").unwrap_err(),
            PullError::lasting("HTTP status 404, QueueNotExist, request 5E7")
        );
        assert!(!error(403, "SignatureDoesNotMatch").unwrap_err().transient);
        assert!(error(500, "InternalError").unwrap_err().transient);
        for body in ["<Messages><Message>", "<html></html>", ""] {
            assert!(queue().pulled(&answer(200, body)).unwrap_err().transient, "{body}");
        }
    }

    #[test]
    fn a_deletion_may_succeed_in_part() {
        assert_eq!(queue().confirmed(&answer(204, "")), Ok(0));
        let partial = "<Errors><Error><ErrorCode>MessageNotExist</ErrorCode><ErrorMessage>m</ErrorMessage><ReceiptHandle>1-O=</ReceiptHandle></Error></Errors>";
        assert_eq!(queue().confirmed(&answer(404, partial)), Ok(1));
        let whole = "<Error><Code>QueueNotExist</Code><RequestId>5</RequestId></Error>";
        assert_eq!(
            queue().confirmed(&answer(404, whole)).unwrap_err().why,
            "HTTP status 404, QueueNotExist, request 5"
        );
        assert!(queue().confirmed(&answer(503, "")).unwrap_err().transient);
    }

    #[test]
    fn handles_are_escaped() {
        let xml = receipt_handles(&["1-ODU=".to_owned(), "a<&>".to_owned()]);
        assert!(
            xml.contains(
                "<ReceiptHandle>1-ODU=</ReceiptHandle><ReceiptHandle>a&lt;&amp;&gt;</ReceiptHandle>"
            )
        );
    }
}
