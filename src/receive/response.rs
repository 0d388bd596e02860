//! The response to a callback. Success is exactly 200: IMS counts every other status as a failure.

use http::header::{ALLOW, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};

use super::outcome::ReceiveOutcome;

/// The response for an outcome. [`super::Unauthorized::status`] has the statuses of unauthorized requests.
pub(super) fn respond(outcome: &ReceiveOutcome) -> Response<String> {
    match outcome {
        ReceiveOutcome::Queued(event) | ReceiveOutcome::Spilled { event, .. } => accepted(&event.id),
        ReceiveOutcome::Unauthorized { reason, .. } => problem(reason.status()),
        ReceiveOutcome::Unprocessable { .. } => problem(StatusCode::BAD_REQUEST),
        ReceiveOutcome::Lost { .. } | ReceiveOutcome::NoSources => problem(StatusCode::SERVICE_UNAVAILABLE),
    }
}

/// 200 with the event's id, which is hexadecimal.
fn accepted(id: &str) -> Response<String> {
    json(StatusCode::OK, "application/json", format!(r#"{{"id":"{id}"}}"#))
}

/// An error (RFC 9457). It contains only the status, because a forger may read it.
fn problem(status: StatusCode) -> Response<String> {
    let title = status.canonical_reason().unwrap_or_default();
    let problem = serde_json::json!({ "type": "about:blank", "title": title, "status": status.as_u16() });
    let mut response = json(status, "application/problem+json", problem.to_string());
    if status == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
    }
    response
}

fn json(status: StatusCode, media_type: &'static str, body: String) -> Response<String> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}
