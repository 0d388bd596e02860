//! The last resort: queue and bucket fail, so the log is all there is. These lines, and no others, hold a payload.

use base64_simd::STANDARD as BASE64;

use crate::event::envelope::Message;
use crate::storage::StoreError;

/// How much of a body goes into one line. `CloudWatch` Logs cuts an event at 256 KiB (1 MiB of late); in JSON inside
/// JSON every quote and backslash takes two bytes.
const PART_BYTES: usize = 100 * 1024;

/// Logs an event's envelope, and what SQS must be told beside it. Sent to the queue like that, or put into `spill/` where it
/// is too large, it goes on as if nothing had been.
pub(super) fn event(message: &Message, error: &str) {
    for (part, parts, text) in split(&message.body) {
        tracing::error!(
            lost = true,
            id = message.deduplication_id,
            group_id = message.group_id,
            part,
            parts,
            envelope = text,
            error,
            "lost: nobody took this event; join the parts and send them to the queue"
        );
    }
}

/// Logs a body that is no event, in base64, for it may be anything.
pub(super) fn body(source: &str, body: &[u8], error: &StoreError) {
    for (part, parts, text) in split(&BASE64.encode_to_string(body)) {
        tracing::error!(
            lost = true,
            source,
            part,
            parts,
            body_base64 = text,
            %error,
            "lost: nobody took this body, which is no event; join the parts"
        );
    }
}

/// Pieces of at most [`PART_BYTES`], at least one, each with its number and how many there are.
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
    fn the_parts_make_the_whole() {
        let text = "媒体".repeat(PART_BYTES / 4);
        let parts = split(&text);
        assert_eq!(parts.len(), 2);
        assert_eq!(parts.iter().map(|(_, _, piece)| *piece).collect::<String>(), text);
        assert!(parts.iter().all(|(_, of, piece)| *of == 2 && piece.len() <= PART_BYTES));
        assert_eq!(split("x"), [(1, 1, "x")]);
        assert_eq!(split(""), [(1, 1, "")], "nothing is a body too");
    }
}
