//! The legacy format v2.0: `{"version":"4.0","eventType":"...","data":{...}}`, for accounts older than 2019.
//!
//! It is told apart by case: `eventType` and not `EventType` (official documentation, product/266/33962). Where both URLs
//! are set, the same happening comes in both formats; these stay two events, of two types.

use super::notification::{TYPE_PREFIX, transport};
use super::outcome;
use crate::envelope::Outcome;
use crate::json::Json;
use crate::sender::Notification;

/// The event types the documentation names. Of others we do not guess how they went.
const TYPES: [&str; 9] = [
    "NewFileUpload",
    "PullComplete",
    "FileDeleted",
    "ProcedureStateChanged",
    "TranscodeComplete",
    "CreateSnapshotByTimeOffsetComplete",
    "CreateImageSpriteComplete",
    "ClipComplete",
    "ConcatComplete",
];

pub(super) fn read(body: &Json<'_>) -> Option<Notification> {
    let event_type = body.text_at("eventType")?;
    let data = body.get("data").unwrap_or(&Json::Null);
    let text = |name| data.text_at(name).map(String::from);
    let (task_id, media_id) = (text("vodTaskId"), text("fileId"));
    Some(Notification {
        subject: media_id.clone().or_else(|| task_id.clone()),
        outcome: if TYPES.contains(&event_type.as_ref()) { outcome_of(data) } else { Outcome::Unknown },
        event_type: format!("{TYPE_PREFIX}v2.{event_type}"),
        task_id,
        media_id,
        time: None,
        transport: transport(body),
        repeats: false,
    })
}

/// `status` is an error code in most types (0 is success) and a word in `ProcedureStateChanged`.
fn outcome_of(data: &Json<'_>) -> Outcome {
    match data.get("status") {
        Some(Json::Number("0")) => outcome::ended(data),
        Some(Json::Number(_)) => Outcome::Failed,
        Some(Json::String(_)) => outcome::by_status(data, "status"),
        _ if *data == Json::Null => Outcome::Unknown,
        _ => outcome::ended(data),
    }
}
