//! Reads a [`CloudEvent`] that mediahook wrote: from a queue message, or from `spill/`.

use mediahook_events::CloudEvent;
use mediahook_senders::text::is_blank;

/// The maximum length of a `MessageDeduplicationId` in SQS, in characters. Ours have 64 hexadecimal digits.
const MAX_ID_CHARS: usize = 128;

/// Why a text is not an envelope of mediahook. It names the place, and never repeats the contents.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAnEnvelope {
    /// Not JSON, or a member is missing or has another type.
    #[error("cannot be read at line {line}, column {column}")]
    NotJson {
        /// Counted from 1.
        line: usize,
        /// Counted from 1, in bytes.
        column: usize,
    },
    /// A member is missing or has a value that mediahook does not write.
    #[error("{0}: missing or wrong")]
    Wrong(&'static str),
    /// `dataref` is not below `payload/` of the bucket of this deployment.
    #[error("dataref: not below payload/ of the bucket of this deployment")]
    ElsewhereRef,
}

/// Reads an envelope. Whoever wrote it, the result is a valid event of mediahook and of CloudEvents.
///
/// # Errors
/// [`NotAnEnvelope`]: no retry can fix it.
pub fn parse(text: impl AsRef<[u8]>) -> Result<CloudEvent, NotAnEnvelope> {
    let not_json =
        |error: serde_json::Error| NotAnEnvelope::NotJson { line: error.line(), column: error.column() };
    let event: CloudEvent = serde_json::from_slice(text.as_ref()).map_err(not_json)?;
    let is_id = event.id.len() <= MAX_ID_CHARS && event.id.bytes().all(|b| b.is_ascii_graphic());
    let is_ref = |dataref: &String| payload_key(dataref).is_some();
    for (member, is_right) in [
        ("specversion", event.specversion == "1.0"),
        ("id", is_id && !event.id.is_empty()),
        ("source", !is_blank(&event.source)),
        ("type", !is_blank(&event.event_type)),
        ("data", event.data.is_some() != event.dataref.is_some()),
        ("dataref", event.dataref.as_ref().is_none_or(is_ref)),
    ] {
        if !is_right {
            return Err(NotAnEnvelope::Wrong(member));
        }
    }
    Ok(event)
}

/// Reads an envelope, whose `dataref` must point to this bucket.
///
/// # Errors
/// [`NotAnEnvelope`]: no retry can fix it.
pub fn parse_own(text: &[u8], bucket: &str) -> Result<CloudEvent, NotAnEnvelope> {
    let event = parse(text)?;
    dataref_key(&event, bucket)?;
    Ok(event)
}

/// The key of an envelope's `dataref` in this bucket.
///
/// # Errors
/// [`NotAnEnvelope::ElsewhereRef`]: `dataref` points to another bucket. It is not read: otherwise a writer to the
/// queue or `spill/` could make mediahook read, for a handler, data that only the function's role may read.
pub fn dataref_key<'e>(event: &'e CloudEvent, bucket: &str) -> Result<Option<&'e str>, NotAnEnvelope> {
    let Some(dataref) = &event.dataref else { return Ok(None) };
    match payload_key(dataref) {
        Some((of, key)) if of == bucket => Ok(Some(key)),
        _ => Err(NotAnEnvelope::ElsewhereRef),
    }
}

/// The bucket and the key of a `dataref`: an object below `payload/`.
fn payload_key(dataref: &str) -> Option<(&str, &str)> {
    let (bucket, key) = dataref.strip_prefix("s3://")?.split_once('/')?;
    let is_plain = key.bytes().all(|b| b.is_ascii_graphic() && !b"%?#\\".contains(&b));
    let has_no_way_out = key.split('/').all(|part| !matches!(part, "" | "." | ".."));
    (key.starts_with("payload/") && is_plain && has_no_way_out && !bucket.is_empty()).then_some((bucket, key))
}

#[cfg(test)]
mod tests {
    use mediahook_events::Outcome;
    use serde_json::json;

    use super::*;

    #[test]
    fn words_and_attributes_of_a_later_version_do_not_stop_a_reader() {
        let text = r#"{"specversion":"1.0","id":"1","source":"a/b","type":"t","time":"x","channel":"mail","outcome":"postponed","new":1,"data":1}"#;
        assert_eq!(parse(text).unwrap().outcome, Outcome::Unknown);
    }

    #[test]
    fn what_is_no_envelope_has_a_place_and_shows_no_value() {
        let good = json!({
            "specversion": "1.0", "id": "1", "source": "a/b", "type": "t", "time": "x", "data": { "a": "PayloadMark" }
        });
        assert!(parse(good.to_string()).is_ok());
        for (member, value) in [
            ("specversion", json!("0.3")),
            ("id", json!("")),
            ("id", json!("x".repeat(129))),
            ("id", json!("a b")),
            ("source", json!(" ")),
            ("type", json!("")),
            ("data", json!(null)),
        ] {
            let mut text = good.clone();
            text[member] = value;
            assert_eq!(parse(text.to_string()).unwrap_err(), NotAnEnvelope::Wrong(member));
        }
        for (member, value) in [("id", json!(7)), ("type", json!(null)), ("subject", json!(["PayloadMark"]))]
        {
            let mut text = good.clone();
            text[member] = value;
            let error = parse(text.to_string()).unwrap_err();
            assert!(matches!(error, NotAnEnvelope::NotJson { line: 1, .. }), "{member}: {error}");
            assert!(!error.to_string().contains("PayloadMark"), "{error}");
        }
        for text in ["[\"PayloadMark\"]", "{\"id\":", "{}", r#"{"id":"1","id":"1"}"#] {
            assert!(matches!(parse(text), Err(NotAnEnvelope::NotJson { .. })), "{text}");
        }
        let both = good.to_string().replace("\"data\"", "\"dataref\":\"s3://b/payload/a\",\"data\"");
        assert_eq!(parse(&both).unwrap_err(), NotAnEnvelope::Wrong("data"));
    }

    #[test]
    fn a_dataref_is_below_payload_of_our_own_bucket() {
        let of = |dataref: &str| {
            let text = json!({
                "specversion": "1.0", "id": "1", "source": "a/b", "type": "t", "time": "x", "dataref": dataref
            });
            let event = parse(text.to_string())?;
            dataref_key(&event, "own").map(|key| key.unwrap_or_default().to_owned())
        };
        assert_eq!(of("s3://own/payload/a/b/2026/1.json").unwrap(), "payload/a/b/2026/1.json");
        for elsewhere in [
            "s3://evil/payload/a",
            "s3://own/spill/a",
            "s3://own/payload/../spill/a",
            "s3://own/payload/%2e%2e/spill/a",
            "s3://own/payload//a",
            "s3://own/payload",
            "s3://own",
            "s3:///payload/a",
            "https://own/payload/a",
            "file:///payload/a",
            "",
        ] {
            assert!(of(elsewhere).is_err(), "{elsewhere}");
        }
    }
}
