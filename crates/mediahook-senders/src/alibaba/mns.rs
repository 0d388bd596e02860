//! The queue mode of IMS and ApsaraVideo VOD: events in a queue of Alibaba Cloud MNS (Simple Message Queue), API version 2015-06-06
//! (help.aliyun.com, documents 35136 to 35139, SDK `aliyun-mns-sdk`).
//!
//! Up to 16 messages a call. A message that is not deleted is redelivered when its visibility timeout ends (30 s by
//! default), with a new receipt handle; the old handle is then invalid. An empty queue is 404 `MessageNotExist`.

use base64_simd::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use quick_xml::escape::{escape, unescape};
use serde::Deserialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use super::mns_signature::{self, VERSION_HEADER};
use crate::queue::{Answer, Delivery, Endpoint, Failure, QueueError, Request, SenderQueue, printable};
use crate::secret::Secret;
use crate::settings::Word;

/// How long the sender holds a request while the queue is empty; it allows 30 s. Equal to Tencent's, so that neither
/// keeps the function running for the other.
const WAIT_S: u32 = 5;
const CONTENT_TYPE: &str = "text/xml;charset=UTF-8";
/// The error code for an empty queue.
const EMPTY: &str = "MessageNotExist";

/// One queue: the `pull` section of a source.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MnsQueue {
    access_key_id: Word,
    access_key_secret: Secret,
    queue: Word,
    endpoint: Endpoint,
}

impl MnsQueue {
    fn request(&self, method: &'static str, query: &str, body: String, now: OffsetDateTime) -> Request {
        let target = format!("/queues/{}/messages{query}", self.queue.as_str());
        let content_type = if body.is_empty() { "" } else { CONTENT_TYPE };
        let date = http_date(now);
        let (id, key) = (self.access_key_id.as_str(), &self.access_key_secret);
        let authorization = mns_signature::authorization(id, key, method, content_type, &date, &target);
        let (name, version) = VERSION_HEADER;
        let mut headers = vec![("date", date), (name, version.to_owned()), ("authorization", authorization)];
        if !content_type.is_empty() {
            headers.push(("content-type", content_type.to_owned()));
        }
        Request { method, url: self.endpoint.url(&target), headers, body }
    }
}

impl SenderQueue for MnsQueue {
    fn receive_request(&self, max_events: usize, now: OffsetDateTime) -> Request {
        let query = format!("?numOfMessages={max_events}&waitseconds={WAIT_S}");
        self.request("GET", &query, String::new(), now)
    }

    fn parse_receive(&self, answer: &Answer) -> Result<Vec<Delivery>, QueueError> {
        // A character that was cut in the middle spoils its own message, not the whole answer.
        let body = String::from_utf8_lossy(&answer.body);
        match (answer.status, Xml::read(&body)) {
            (200, Some(Xml::Messages { messages })) => Ok(messages.into_iter().map(delivery).collect()),
            // MNS answers differently for an empty queue: this is a page that does not come from MNS, or a list with an
            // unreadable message.
            (200, _) => split_messages(&body).ok_or_else(|| QueueError::lost("cannot parse the response")),
            (_, read) if read.as_ref().is_some_and(|xml| xml.code() == Some(EMPTY)) => Ok(Vec::new()),
            (_, read) => Err(refusal(answer, read.as_ref())),
        }
    }

    fn delete_request(&self, receipts: &[String], now: OffsetDateTime) -> Request {
        self.request("DELETE", "", receipt_handles(receipts), now)
    }

    /// 204 confirms all. 404 with a list of errors confirms all but these: documented for the batch call.
    fn parse_delete(&self, answer: &Answer) -> Result<usize, QueueError> {
        match (answer.status, Xml::read(&String::from_utf8_lossy(&answer.body))) {
            (204, _) => Ok(0),
            (404, Some(Xml::Errors { errors })) if errors.iter().all(|e| e.receipt_handle.is_some()) => {
                Ok(errors.len())
            }
            (_, read) => Err(refusal(answer, read.as_ref())),
        }
    }
}

/// An answer, by the name of its root. Names are compared without their namespace, because documentation and real
/// answers write it differently.
#[derive(Deserialize)]
enum Xml {
    Messages {
        #[serde(rename = "Message")]
        messages: Vec<XmlMessage>,
    },
    Error(XmlError),
    Errors {
        #[serde(rename = "Error")]
        errors: Vec<XmlError>,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct XmlMessage {
    message_id: Option<String>,
    receipt_handle: Option<String>,
    #[serde(default)]
    message_body: String,
}

/// `Code` for the whole call, `ErrorCode` for a single message.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct XmlError {
    #[serde(alias = "ErrorCode")]
    code: Option<String>,
    request_id: Option<String>,
    receipt_handle: Option<String>,
}

impl Xml {
    /// Nothing if it is not XML, is cut off, or is another document.
    fn read(body: &str) -> Option<Self> {
        quick_xml::de::from_str(body).ok()
    }

    fn code(&self) -> Option<&str> {
        self.error()?.code.as_deref()
    }

    fn error(&self) -> Option<&XmlError> {
        match self {
            Self::Messages { .. } => None,
            Self::Error(error) => Some(error),
            Self::Errors { errors } => errors.last(),
        }
    }
}

/// The messages of a list that is not valid XML, each read alone, so that the one at fault harms no other: its body is
/// delivered as it stands there. `None` if the list does not end: the last of them may be cut off.
fn split_messages(body: &str) -> Option<Vec<Delivery>> {
    let (list, _) = body.split_once("<Messages")?.1.rsplit_once("</Messages>")?;
    let read = |message: &str| {
        let (message, _) = message.split_once("</Message>")?;
        if let Ok(message) = quick_xml::de::from_str(&format!("<Message>{message}</Message>")) {
            return Some(delivery(message));
        }
        let element = |name: &str| {
            let (_, rest) = message.split_once(&format!("<{name}>"))?;
            rest.split_once(&format!("</{name}>")).map(|(text, _)| text)
        };
        let text = |name: &str| element(name).and_then(|text| unescape(text).ok()).map(String::from);
        let body = element("MessageBody").unwrap_or(message).to_owned();
        Some(Delivery { receipt: text("ReceiptHandle"), body, entry_id: text("MessageId") })
    };
    list.split("<Message>").skip(1).map(read).collect()
}

fn delivery(message: XmlMessage) -> Delivery {
    let receipt = message.receipt_handle.filter(|handle| !handle.is_empty());
    let entry_id = message.message_id.filter(|id| !id.is_empty());
    Delivery { receipt, body: plain(message.message_body), entry_id }
}

/// Both are said to write plain JSON, but some producers encode it, and MNS itself does not say which. Clients write base64
/// in lines, without padding, or in its URL-safe alphabet. A text that is neither is unchanged, and becomes unprocessable
/// later.
fn plain(body: String) -> String {
    let is_json = |text: &str| text.trim_ascii_start().starts_with('{');
    if is_json(&body) {
        return body;
    }
    let digits = body.trim_ascii().trim_end_matches('=').bytes().filter(|byte| !byte.is_ascii_whitespace());
    let digits: Vec<_> = digits.collect();
    let decoded = STANDARD_NO_PAD.decode_to_vec(&digits).or_else(|_| URL_SAFE_NO_PAD.decode_to_vec(&digits));
    let text = decoded.ok().and_then(|bytes| String::from_utf8(bytes).ok());
    text.filter(|text| is_json(text)).unwrap_or(body)
}

/// The body of a batch delete request.
fn receipt_handles(handles: &[String]) -> String {
    let element = |handle: &String| format!("<ReceiptHandle>{}</ReceiptHandle>", escape(handle.as_str()));
    let handles = handles.iter().map(element).collect::<Vec<_>>().concat();
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><ReceiptHandles xmlns="http://mns.aliyuncs.com/doc/v1/">{handles}</ReceiptHandles>"#
    )
}

fn refusal(answer: &Answer, read: Option<&Xml>) -> QueueError {
    let code = read.and_then(Xml::code);
    let request = read.and_then(Xml::error).and_then(|error| error.request_id.as_deref());
    let request = printable(request.unwrap_or("unknown"));
    let kind = match code {
        // Not from MNS, but from something on the way, which may have lost a list of messages.
        None if answer.status >= 500 => Failure::Lost,
        Some(code) if answer.status >= 500 || code.contains("LimitExceeded") => Failure::Busy,
        _ if answer.status == 429 => Failure::Busy,
        _ => Failure::Refused,
    };
    let code = printable(code.unwrap_or("no code"));
    QueueError { why: format!("HTTP status {}, {code}, request {request}", answer.status), kind }
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

    fn queue() -> MnsQueue {
        let json = r#"{"access_key_id":"TestAccessID","access_key_secret":"TestAccessSecret","queue":"ice-callback-prod","endpoint":"https://1234.mns.cn-shanghai.aliyuncs.com/"}"#;
        serde_json::from_str(json).unwrap()
    }

    fn answer(status: u16, body: &str) -> Answer {
        Answer { status, body: body.into() }
    }

    #[test]
    fn requests_are_for_the_queue() {
        let now = OffsetDateTime::from_unix_timestamp(1_436_410_894).unwrap();
        let pull = queue().receive_request(16, now);
        assert_eq!(
            (pull.method, pull.url.as_str()),
            (
                "GET",
                "https://1234.mns.cn-shanghai.aliyuncs.com/queues/ice-callback-prod/messages?numOfMessages=16&waitseconds=5"
            )
        );
        assert!(pull.headers.contains(&("date", "Thu, 09 Jul 2015 03:01:34 GMT".to_owned())));
        let confirm = queue().delete_request(&["1-ODU=".to_owned()], now);
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
        let encoded = base64_simd::STANDARD.encode_to_string(json);
        for (body, expected) in [
            (json, json),
            (encoded.as_str(), json),
            ("YToyOnt9", "YToyOnt9"), // base64, but of no JSON
            ("e30", "{}"),            // not padded
            ("IHsiYSI6\r\n Ij8_Pj4ifQ==\n", " {\"a\":\"??>>\"}"),
            ("eyJh#A", "eyJh#A"),
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
        let deliveries = queue().parse_receive(&answer(200, xml)).unwrap();
        assert_eq!(deliveries[0].receipt.as_deref(), Some("1-ODU="));
        let entries: Vec<_> = deliveries.iter().map(|delivery| delivery.entry_id.as_deref()).collect();
        assert_eq!(entries, [Some("1"), None]);
        assert_eq!(deliveries[1].receipt, None);
    }

    #[test]
    fn texts_come_back_as_they_were() {
        let prefixed = "<?xml version=\"1.0\"?>\r\n<m:Messages xmlns:m=\"x\"> <m:Message>\n\
            <m:MessageBody>{&quot;a&quot; :\r\n &quot;&lt;&amp;&#20013;媒&gt;&quot;}</m:MessageBody><m:Empty/><m:ReceiptHandle>1-ODU=</m:ReceiptHandle>\
            </m:Message></m:Messages>";
        let cdata =
            "<Messages><Message><MessageBody><![CDATA[{\"a\":\"<&\"}]]></MessageBody></Message></Messages>";
        for (xml, receipt, body) in
            [(prefixed, Some("1-ODU="), "{\"a\" :\r\n \"<&中媒>\"}"), (cdata, None, r#"{"a":"<&"}"#)]
        {
            let deliveries = queue().parse_receive(&answer(200, xml)).unwrap();
            assert_eq!((deliveries[0].receipt.as_deref(), deliveries[0].body.as_str()), (receipt, body));
        }
    }

    #[test]
    fn a_message_that_is_not_xml_is_delivered_as_it_is_and_harms_no_other() {
        for bad in ["a&#0;b", "a & b", "a<b>c", "&nosuch;"] {
            let message = |handle: &str, body: &str| {
                format!(
                    "<Message><MessageId>m{handle}</MessageId><MessageBody>{body}</MessageBody><ReceiptHandle>{handle}</ReceiptHandle></Message>"
                )
            };
            let xml = format!(
                "<?xml version=\"1.0\"?><Messages xmlns=\"x\">{}{}{}</Messages>",
                message("1", "{&quot;a&quot;:1}"),
                message("2", bad),
                message("3", "{}")
            );
            let deliveries = queue().parse_receive(&answer(200, &xml)).unwrap();
            let read: Vec<_> = deliveries.iter().map(|d| (d.receipt.as_deref(), d.body.as_str())).collect();
            assert_eq!(read, [(Some("1"), r#"{"a":1}"#), (Some("2"), bad), (Some("3"), "{}")]);
            let cut_off = xml.get(..xml.len() - 30).unwrap();
            assert_eq!(queue().parse_receive(&answer(200, cut_off)).unwrap_err().kind, Failure::Lost);
        }
    }

    #[test]
    fn empty_and_errors_are_told_apart() {
        let error = |status, code: &str| {
            let xml = format!(
                "<Error xmlns=\"http://mns.aliyuncs.com/doc/v1/\"><Code>{code}</Code><Message>S3cret</Message><RequestId>5E7</RequestId><HostId>h</HostId></Error>"
            );
            queue().parse_receive(&answer(status, &xml))
        };
        assert_eq!(error(404, "MessageNotExist").unwrap(), []);
        assert_eq!(
            error(404, "QueueNotExist").unwrap_err(),
            QueueError::refused("HTTP status 404, QueueNotExist, request 5E7")
        );
        assert_eq!(error(403, "SignatureDoesNotMatch").unwrap_err().kind, Failure::Refused);
        assert_eq!(error(500, "InternalError").unwrap_err().kind, Failure::Busy);
        for body in [
            "<Messages><Message>",
            "<Messages><Message><MessageBody>{}</MessageBody></Message>",
            "<Messages><Message><MessageBody>&nosuch;</MessageBody></Messages>",
            "<a><b></a>",
            "<html></html>",
            "{}",
            "",
        ] {
            assert_eq!(queue().parse_receive(&answer(200, body)).unwrap_err().kind, Failure::Lost, "{body}");
        }
    }

    #[test]
    fn a_deletion_may_succeed_in_part() {
        assert_eq!(queue().parse_delete(&answer(204, "")), Ok(0));
        let partial = "<Errors><Error><ErrorCode>MessageNotExist</ErrorCode><ErrorMessage>m</ErrorMessage><ReceiptHandle>1-O=</ReceiptHandle></Error></Errors>";
        assert_eq!(queue().parse_delete(&answer(404, partial)), Ok(1));
        let whole = "<Error><Code>QueueNotExist</Code><RequestId>5</RequestId></Error>";
        assert_eq!(
            queue().parse_delete(&answer(404, whole)).unwrap_err().why,
            "HTTP status 404, QueueNotExist, request 5"
        );
        let of_none = partial.replace("<ReceiptHandle>1-O=</ReceiptHandle>", "");
        assert_eq!(queue().parse_delete(&answer(404, &of_none)).unwrap_err().kind, Failure::Refused);
        for (status, kind) in [(503, Failure::Lost), (429, Failure::Busy), (403, Failure::Refused)] {
            assert_eq!(queue().parse_delete(&answer(status, "")).unwrap_err().kind, kind, "{status}");
        }
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
