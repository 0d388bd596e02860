//! The last resort: queue and bucket fail, so only the log has the callback. No other log lines contain a payload.

use base64_simd::STANDARD as BASE64;

use crate::storage::{Message, StoreError};
use crate::telemetry::LOST_TARGET;

/// How many bytes of a body one line contains. `CloudWatch` Logs cuts an event at 256 KiB (1 MiB since recently). In
/// JSON inside JSON every quote and backslash takes two bytes.
const PART_BYTES: usize = 100 * 1024;

/// Logs an event's envelope, with its ids for SQS. An operator uses these to send it to the queue, or puts it into
/// `spill/`.
pub(super) fn event(message: &Message, error: &str) {
    for (part, parts, text) in split(&message.body) {
        tracing::error!(
            target: LOST_TARGET,
            lost = true,
            id = message.deduplication_id,
            group_id = message.group_id,
            part,
            parts,
            envelope = text,
            error,
            "lost: queue and bucket failed; join the parts and send the event to the queue"
        );
    }
}

/// Logs a body that is not an event. It is in base64, because it may contain any bytes.
pub(super) fn body(source: &str, body: &[u8], error: &StoreError) {
    for (part, parts, text) in split(&BASE64.encode_to_string(body)) {
        tracing::error!(
            target: LOST_TARGET,
            lost = true,
            source,
            part,
            parts,
            body_base64 = text,
            %error,
            "lost: the bucket failed; join the parts of this body, which is no event"
        );
    }
}

/// Pieces of at most [`PART_BYTES`], at least one. Each has its number and the number of parts.
fn split(text: &str) -> Vec<(usize, usize, &str)> {
    let mut pieces = Vec::new();
    let mut rest = text;
    loop {
        let (piece, after) =
            rest.split_at_checked(rest.floor_char_boundary(PART_BYTES)).unwrap_or((rest, ""));
        pieces.push(piece);
        if after.is_empty() {
            break;
        }
        rest = after;
    }
    let parts = pieces.len();
    pieces.into_iter().enumerate().map(|(at, piece)| (at + 1, parts, piece)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_joined_are_the_text() {
        let text = "媒体".repeat(PART_BYTES / 4);
        let parts = split(&text);
        assert_eq!(parts.len(), 2);
        assert_eq!(parts.iter().map(|(_, _, piece)| *piece).collect::<String>(), text);
        assert!(parts.iter().all(|(_, of, piece)| *of == 2 && piece.len() <= PART_BYTES));
        assert_eq!(split("x"), [(1, 1, "x")]);
        assert_eq!(split(""), [(1, 1, "")], "an empty body");
    }
}
