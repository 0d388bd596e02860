//! The reliable callback of Tencent Cloud VOD: `PullEvents` and `ConfirmEvents` (documents 266/34183 and 266/34184, SDK
//! `tencentcloud-sdk-python-vod`).
//!
//! Up to 16 events a call. The sender holds a call for up to 5 s while there are none. A handle is valid for 30 s; an
//! unconfirmed event is redelivered, for up to 4 days. An empty queue is the error `ResourceNotFound`, and every
//! error has HTTP status 200.

use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use time::OffsetDateTime;

use super::tc3;
use crate::body::raw_text;
use crate::queue::{Answer, Delivery, Endpoint, Failure, QueueError, Request, SenderQueue, printable};
use crate::secret::Secret;
use crate::settings::{Word, given};

/// The endpoint of mainland China. The international one is `https://vod.intl.tencentcloudapi.com`.
const DEFAULT_ENDPOINT: &str = "https://vod.tencentcloudapi.com";
const VERSION: &str = "2018-07-17";
/// The error code for an empty queue. According to the documentation its message ("no event") may change, but not the
/// code.
const EMPTY: &str = "ResourceNotFound";
/// Temporary errors; parts after a dot make them more specific.
const BUSY: [&str; 4] = ["InternalError", "FailedOperation", "RequestLimitExceeded", "LimitExceeded"];

/// One app's queue of events: the `pull` section of a source.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReliableCallback {
    secret_id: Word,
    secret_key: Secret,
    /// Required for accounts opened since 2023-12-25.
    #[serde(default, deserialize_with = "given")]
    sub_app_id: Option<u64>,
    #[serde(default = "default_endpoint")]
    endpoint: Endpoint,
}

fn default_endpoint() -> Endpoint {
    Endpoint::from_static(DEFAULT_ENDPOINT)
}

impl ReliableCallback {
    fn request(
        &self,
        action: &str,
        mut parameters: serde_json::Map<String, serde_json::Value>,
        now: OffsetDateTime,
    ) -> Request {
        if let Some(sub_app_id) = self.sub_app_id {
            parameters.insert("SubAppId".to_owned(), sub_app_id.into());
        }
        let body = serde_json::Value::Object(parameters).to_string();
        let host = self.endpoint.host();
        Request {
            method: "POST",
            url: self.endpoint.url("/"),
            headers: vec![
                ("content-type", tc3::CONTENT_TYPE.to_owned()),
                ("x-tc-action", action.to_owned()),
                ("x-tc-version", VERSION.to_owned()),
                ("x-tc-timestamp", now.unix_timestamp().to_string()),
                (
                    "authorization",
                    tc3::authorization(self.secret_id.as_str(), &self.secret_key, host, &body, now),
                ),
            ],
            body,
        }
    }
}

impl SenderQueue for ReliableCallback {
    fn receive_request(&self, _: usize, now: OffsetDateTime) -> Request {
        self.request("PullEvents", serde_json::Map::new(), now)
    }

    fn parse_receive(&self, answer: &Answer) -> Result<Vec<Delivery>, QueueError> {
        // A character that was cut in the middle spoils its own event, not the whole answer.
        let body = String::from_utf8_lossy(&answer.body);
        let response = match response(answer.status, &body) {
            Ok(response) => response,
            Err(error) if answer.status == 200 => {
                return split_events(&body)
                    .map(|events| events.into_iter().map(delivery).collect())
                    .ok_or(error);
            }
            Err(error) => return Err(error),
        };
        match response.error {
            Some(error) if error.code == EMPTY => Ok(Vec::new()),
            Some(error) => Err(refusal(&error, response.request_id.as_deref())),
            None => {
                let events = response.event_set.unwrap_or_default();
                Ok(events.into_iter().map(|event| delivery(event.get())).collect())
            }
        }
    }

    fn delete_request(&self, receipts: &[String], now: OffsetDateTime) -> Request {
        let handles = serde_json::Map::from_iter([("EventHandles".to_owned(), json!(receipts))]);
        self.request("ConfirmEvents", handles, now)
    }

    fn parse_delete(&self, answer: &Answer) -> Result<usize, QueueError> {
        let body = String::from_utf8_lossy(&answer.body);
        let response = response(answer.status, &body)?;
        match response.error {
            Some(error) => Err(refusal(&error, response.request_id.as_deref())),
            None => Ok(0),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Wrapped<'a> {
    #[serde(borrow)]
    response: Response<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Response<'a> {
    #[serde(borrow)]
    event_set: Option<Vec<&'a RawValue>>,
    error: Option<ApiError>,
    request_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ApiError {
    #[serde(default)]
    code: String,
}

/// Only the handle is read here, however deep the rest is nested.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Handle<'a> {
    #[serde(borrow)]
    event_handle: Option<&'a RawValue>,
}

fn response(status: u16, body: &str) -> Result<Response<'_>, QueueError> {
    if status != 200 {
        return Err(QueueError::lost(format!("HTTP status {status}")));
    }
    let wrapped: Result<Wrapped<'_>, _> = serde_json::from_str(body);
    // serde's own text would repeat the contents.
    wrapped.map(|w| w.response).map_err(|e| {
        QueueError::lost(format!("cannot parse the response: line {}, column {}", e.line(), e.column()))
    })
}

/// The events of a response that is not valid JSON, each as it stands there, so that the one at fault harms no other.
/// `None` if the list does not end: the last of them may be cut off.
fn split_events(body: &str) -> Option<Vec<&str>> {
    let list = body.split_once("\"EventSet\"")?.1.trim_start().strip_prefix(':')?;
    let list = list.trim_start().strip_prefix('[')?;
    let (mut events, mut depth, mut begin) = (Vec::new(), 0_usize, 0);
    let (mut in_string, mut escaped) = (false, false);
    for (at, byte) in list.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => {
                if depth == 0 {
                    begin = at;
                }
                depth += 1;
            }
            b']' if depth == 0 => return Some(events),
            b'}' | b']' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    events.push(list.get(begin..=at)?);
                }
            }
            _ => {}
        }
    }
    None
}

fn delivery(event: &str) -> Delivery {
    let handle = serde_json::from_str::<Handle<'_>>(event).ok().and_then(|h| h.event_handle);
    let receipt = handle.and_then(raw_text).or_else(|| handle_of_unreadable(event));
    // No document says whether a redelivered event keeps its handle, and the entry has no other name.
    Delivery { receipt, body: event.to_owned(), entry_id: None }
}

/// The handle of an event that is not valid JSON.
fn handle_of_unreadable(event: &str) -> Option<String> {
    let value = event.split_once("\"EventHandle\"")?.1.trim_start_matches([' ', ':', '"']);
    value.split(['"', ',', '}']).next().filter(|handle| !handle.is_empty()).map(String::from)
}

fn refusal(error: &ApiError, request_id: Option<&str>) -> QueueError {
    let kind = error.code.split('.').next().unwrap_or_default();
    let why = format!("{}, request {}", printable(&error.code), printable(request_id.unwrap_or("unknown")));
    QueueError { why, kind: if BUSY.contains(&kind) { Failure::Busy } else { Failure::Refused } }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(more: &str) -> ReliableCallback {
        let json = format!(r#"{{"secret_id":"AKID1","secret_key":"S3cret"{more}}}"#);
        serde_json::from_str(&json).unwrap()
    }

    fn pulled(body: &str) -> Result<Vec<Delivery>, QueueError> {
        queue("").parse_receive(&Answer { status: 200, body: body.into() })
    }

    #[test]
    fn the_sub_app_is_named_and_the_endpoint_may_be() {
        let now = OffsetDateTime::from_unix_timestamp(1_795_326_625).unwrap();
        let request = queue("").receive_request(16, now);
        assert_eq!((request.method, request.body.as_str()), ("POST", "{}"));
        assert_eq!(request.url, "https://vod.tencentcloudapi.com/");
        assert!(request.headers.contains(&("x-tc-action", "PullEvents".to_owned())));
        let intl = queue(r#","sub_app_id":1500012345,"endpoint":"https://vod.intl.tencentcloudapi.com/""#);
        let request = intl.delete_request(&["8095179751097087535".to_owned()], now);
        assert_eq!(request.url, "https://vod.intl.tencentcloudapi.com/");
        assert_eq!(request.body, r#"{"EventHandles":["8095179751097087535"],"SubAppId":1500012345}"#);
        assert!(!format!("{intl:?}").contains("S3cret"));
    }

    #[test]
    fn events_keep_their_bytes() {
        let event =
            r#"{ "EventHandle" : "809", "n":1.50, "EventType":"PullComplete","FileUploadEvent":null}"#;
        let number = r#"{"EventHandle":8095179751097087535}"#;
        let deep = format!(r#"{{"EventHandle":"7","a":{}{}}}"#, "[".repeat(5_000), "]".repeat(5_000));
        let body = format!(r#"{{"Response":{{"EventSet":[{event},{number},{deep},null],"RequestId":"r"}}}}"#);
        let deliveries = pulled(&body).unwrap();
        let receipts: Vec<_> = deliveries.iter().map(|d| d.receipt.as_deref()).collect();
        assert_eq!(receipts, [Some("809"), Some("8095179751097087535"), Some("7"), None]);
        assert_eq!(deliveries[0].body, event);
    }

    #[test]
    fn an_event_that_is_not_json_is_delivered_as_it_is_and_harms_no_other() {
        for bad in [
            r#"{"EventHandle":"2","Text":"\x]}"}"#,
            "{\"Text\":\"a\nb\",\"EventHandle\" : \"2\"}",
            r#"{"EventHandle":2,"N":NaN}"#,
        ] {
            let body = format!(
                r#"{{"Response":{{"EventSet":[{{"EventHandle":"1","A":["[",{{}}]}}, {bad},{{"EventHandle":"3"}}],"RequestId":"r"}}}}"#
            );
            let deliveries = pulled(&body).unwrap();
            let receipts: Vec<_> = deliveries.iter().map(|d| d.receipt.as_deref()).collect();
            assert_eq!(receipts, [Some("1"), Some("2"), Some("3")], "{bad}");
            assert_eq!(deliveries[1].body, bad);
            let cut_off = body.get(..body.len() - 22).unwrap();
            assert_eq!(pulled(cut_off).unwrap_err().kind, Failure::Lost, "{cut_off}");
        }
    }

    #[test]
    fn a_quotation_mark_in_a_text_does_not_end_it() {
        let (odd, next) = (r#"{"EventHandle":"1","T":"a\"]},{[\\"}"#, r#"{"EventHandle":"2","N":NaN}"#);
        let deliveries = pulled(&format!(r#"{{"Response":{{"EventSet":[{odd},{next}]}}}}"#)).unwrap();
        assert_eq!(deliveries.iter().map(|d| d.body.as_str()).collect::<Vec<_>>(), [odd, next]);
    }

    #[test]
    fn nothing_is_read_from_an_answer_of_another_status() {
        let answer = |status, body: &str| Answer { status, body: body.into() };
        let list = r#"{"Response":{"EventSet":[{"EventHandle":"1","N":NaN}]}}"#;
        assert_eq!(queue("").parse_receive(&answer(502, list)).unwrap_err().kind, Failure::Lost);
        let confirmed =
            |status, body| queue("").parse_delete(&answer(status, body)).map_err(|error| error.kind);
        assert_eq!(confirmed(200, r#"{"Response":{"RequestId":"r"}}"#), Ok(0));
        assert_eq!(confirmed(502, r#"{"Response":{"RequestId":"r"}}"#), Err(Failure::Lost));
        assert_eq!(confirmed(200, "{}"), Err(Failure::Lost));
        let refused = r#"{"Response":{"Error":{"Code":"AuthFailure.SignatureFailure"},"RequestId":"r"}}"#;
        assert_eq!(confirmed(200, refused), Err(Failure::Refused));
    }

    #[test]
    fn empty_is_said_in_three_ways() {
        for body in [
            r#"{"Response":{"Error":{"Code":"ResourceNotFound","Message":"no event"},"RequestId":"r"}}"#,
            r#"{"Response":{"EventSet":null,"RequestId":"r"}}"#,
            r#"{"Response":{"EventSet":[],"RequestId":"r"}}"#,
            r#"{"Response":{"RequestId":"r"}}"#,
        ] {
            assert_eq!(pulled(body).unwrap(), [], "{body}");
        }
    }

    #[test]
    fn an_error_comes_as_200_and_says_whether_to_try_again() {
        let error = |code: &str| {
            let body = format!(
                r#"{{"Response":{{"Error":{{"Code":"{code}","Message":"S3cret"}},"RequestId":"r-1"}}}}"#
            );
            pulled(&body).unwrap_err()
        };
        assert_eq!(
            error("AuthFailure.SignatureFailure"),
            QueueError::refused("AuthFailure.SignatureFailure, request r-1")
        );
        assert_eq!(error("InternalError"), QueueError::busy("InternalError, request r-1"));
        assert_eq!(error("RequestLimitExceeded.Sub").kind, Failure::Busy);
        assert_eq!(error("UnauthorizedOperation").kind, Failure::Refused);
        assert_eq!(pulled("<html>").unwrap_err().why, "cannot parse the response: line 1, column 1");
        let lost = queue("").parse_receive(&Answer { status: 502, body: vec![] });
        assert_eq!(lost.unwrap_err().kind, Failure::Lost);
    }
}
