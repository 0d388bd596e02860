//! The last resort: queue and bucket fail, so only the log has the callback. No other log lines contain a payload.

use base64_simd::STANDARD as BASE64;
use time::OffsetDateTime;
use tracing::Level;

use crate::storage::{Message, StoreError};
use crate::telemetry::{Line, Recorder};

/// How many bytes of a body one line contains. `CloudWatch` Logs cuts an event at 256 KiB (1 MiB since recently). In
/// JSON inside JSON every quote and backslash takes two bytes.
const PART_BYTES: usize = 100 * 1024;

/// Logs an event's envelope, with its ids for SQS. An operator uses these to send it to the queue, or puts it into
/// `spill/`.
pub(super) fn event(recorder: &Recorder, at: OffsetDateTime, message: &Message, error: &str) {
    let text = "lost: queue and bucket failed; join the parts and send the event to the queue";
    let line = Line::new(Level::ERROR, text).field("id", &message.deduplication_id);
    let line = line.field("group_id", &message.group_id).field("error", error);
    write_parts(recorder, at, &line, "envelope", &message.body);
}

/// Logs a body that is not an event. It is in base64, because it may contain any bytes.
pub(super) fn body(recorder: &Recorder, at: OffsetDateTime, source: &str, body: &[u8], error: &StoreError) {
    let text = "lost: the bucket failed; join the parts of this body, which is no event";
    let line = Line::new(Level::ERROR, text).field("source", source).field("error", error.to_string());
    write_parts(recorder, at, &line, "body_base64", &BASE64.encode_to_string(body));
}

/// Writes the line once for each part of the text.
fn write_parts(recorder: &Recorder, at: OffsetDateTime, line: &Line, name: &'static str, text: &str) {
    let parts = split(text);
    for (number, part) in parts.iter().enumerate() {
        let line = line.clone().field("lost", true).field("part", number + 1).field("parts", parts.len());
        line.whole(name, part).write(recorder, at);
    }
}

/// Pieces of at most [`PART_BYTES`], at least one.
fn split(text: &str) -> Vec<&str> {
    let (mut pieces, mut rest) = (Vec::new(), text);
    loop {
        let (piece, after) = rest.split_at(rest.floor_char_boundary(PART_BYTES));
        pieces.push(piece);
        if after.is_empty() {
            return pieces;
        }
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_joined_are_the_text() {
        let text = "媒体".repeat(PART_BYTES / 4);
        let parts = split(&text);
        assert_eq!((parts.len(), parts.concat()), (2, text.clone()));
        assert!(parts.iter().all(|part| part.len() <= PART_BYTES));
        assert_eq!(split("x"), ["x"]);
        assert_eq!(split(""), [""], "an empty body");
    }
}
