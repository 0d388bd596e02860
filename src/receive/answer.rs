//! What the sender hears.

use std::collections::BTreeMap;

use serde::Serialize;

/// The answer to an invocation of a function URL (payload format 2.0).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// Success is exactly 200: IMS counts every other status as a failure.
    pub status_code: u16,
    /// Header names in lower case.
    pub headers: BTreeMap<&'static str, &'static str>,
    /// JSON.
    pub body: String,
    /// Never: the body is text.
    pub is_base64_encoded: bool,
}

impl Answer {
    /// 200, with the event's id, which is hexadecimal.
    pub fn accepted(id: &str) -> Self {
        Self::json(200, "application/json", format!(r#"{{"id":"{id}"}}"#))
    }

    /// An error (RFC 9457) that says no more than its status: it may be a forger who reads it.
    pub fn problem(status: u16, title: &str) -> Self {
        let problem = serde_json::json!({ "type": "about:blank", "title": title, "status": status });
        Self::json(status, "application/problem+json", problem.to_string())
    }

    /// 405, with the one method there is.
    pub fn only_post() -> Self {
        let mut answer = Self::problem(405, "Method Not Allowed");
        answer.headers.insert("allow", "POST");
        answer
    }

    fn json(status_code: u16, media_type: &'static str, body: String) -> Self {
        Self {
            status_code,
            headers: BTreeMap::from([("content-type", media_type)]),
            body,
            is_base64_encoded: false,
        }
    }
}
