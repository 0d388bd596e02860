//! The outcome of a callback, and the response to it. Success is exactly 200: IMS counts every other status as a
//! failure.

use http::header::{ALLOW, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};
use mediahook_events::CloudEvent;
use mediahook_senders::Unprocessable;

use super::unauthorized::Unauthorized;
use crate::storage::StoreError;

/// The outcome of a callback. It decides the response and the log line.
#[derive(Debug)]
pub(super) enum ReceiveOutcome {
    /// The queue has the event.
    Queued(CloudEvent),
    /// The queue failed, so the bucket has the event in `spill/`. The puller moves it to the queue.
    Spilled { event: CloudEvent, queue_error: StoreError, queue_skipped: bool },
    /// The callback is authentic, but has no event for the queue. The bucket has its body, in `rejected/` under this
    /// key. The status is 400, because a retry of the sender would bring the same body.
    Unprocessable { source: String, reason: Unprocessable, key: String },
    /// The callback is authentic, but queue and bucket failed. Only the log has it: an event, or a body without one.
    Lost { source: String, event: Option<CloudEvent>, error: String },
    /// The callback is not authentic, so nothing of it is stored. The source is the one whose path was called, if any.
    Unauthorized { reason: Unauthorized, source: Option<String> },
    /// No sources have been read yet, so no callback can be authenticated.
    NoSources,
}

impl ReceiveOutcome {
    /// The status of the response.
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Queued(_) | Self::Spilled { .. } => StatusCode::OK,
            Self::Unprocessable { .. } => StatusCode::BAD_REQUEST,
            Self::Unauthorized { reason, .. } => reason.status(),
            Self::Lost { .. } | Self::NoSources => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The response.
    pub(super) fn response(&self) -> Response<String> {
        match self {
            // The id is hexadecimal.
            Self::Queued(event) | Self::Spilled { event, .. } => {
                json(StatusCode::OK, "application/json", format!(r#"{{"id":"{}"}}"#, event.id))
            }
            _ => problem(self.status()),
        }
    }
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
