//! From the body of a notification to its event: parse → read → id → envelope. The same for a callback and for an entry of
//! a sender's queue.

use mediahook_events::{Channel, CloudEvent};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::body::{Body, Unprocessable};
use crate::id;
use crate::sender::{EventError, Sender};

/// `context`, `errorcode` and `errormessage` are cut to this many characters.
const MAX_TEXT_CHARS: usize = 1_000;
/// No sender has a type or an id of more characters. Neither is ever cut, so a longer one is no event.
const MAX_ID_CHARS: usize = 256;

/// Reads the event in a body that is known to come from a source.
///
/// `entry_id` is the name of the entry in the sender's queue, if it was pulled and the queue has such names.
///
/// # Errors
/// [`Unprocessable`]: the body has no event in it.
pub fn read_event(
    sender: &dyn Sender,
    source: &str,
    body: &[u8],
    channel: Channel,
    entry_id: Option<&str>,
    received: OffsetDateTime,
) -> Result<CloudEvent, Unprocessable> {
    let body = std::str::from_utf8(body)
        .map_err(|error| Unprocessable::NotUtf8 { valid_bytes: error.valid_up_to() })?;
    let body = Body::parse(body)?;
    let notification = sender.read(&body).ok_or(Unprocessable::NoEvent)?;
    let occurrence = match entry_id {
        _ if !notification.repeats => String::new(),
        Some(entry) => format!("entry {entry}"),
        None => (received.unix_timestamp() / 60).to_string(),
    };
    let (event_type, transport) = (notification.event_type, notification.transport);
    let id = id::id(source, &event_type, &body, &transport, &occurrence);

    let attributes = notification.attributes;
    let EventError { code, message } = attributes.error.unwrap_or_default();
    let mut event = CloudEvent::new(id, source, printable(event_type));
    event.subject = attributes.subject.map(printable);
    event.time = Some(rfc3339(attributes.time.unwrap_or(received)));
    event.datacontenttype = Some("application/json".to_owned());
    event.data = body.without(&transport);
    event.outcome = attributes.outcome;
    event.taskid = attributes.task_id.map(printable);
    event.mediaid = attributes.media_id.map(printable);
    event.proceduretaskid = attributes.procedure_task_id.map(printable);
    event.context = attributes.context.map(cut);
    event.errorcode = code.map(|code| cut(code).trim().to_owned());
    event.errormessage = message.map(|message| cut(message).trim().to_owned());
    event.verdict = attributes.verdict;
    event.deleted = attributes.deleted;
    event.channel = Some(channel);
    event.recordedtime = Some(rfc3339(received));

    let ids = [&event.subject, &event.taskid, &event.mediaid, &event.proceduretaskid];
    let is_short = |text: &String| text.chars().count() <= MAX_ID_CHARS;
    let are_short = ids.into_iter().flatten().chain([&event.event_type]).all(is_short);
    if are_short { Ok(event) } else { Err(Unprocessable::NoEvent) }
}

/// A time with milliseconds. A year that RFC 3339 cannot represent (beyond 9999) becomes the epoch and not an error.
pub fn rfc3339(time: OffsetDateTime) -> String {
    let milliseconds = time.replace_millisecond(time.millisecond()).unwrap_or(time);
    milliseconds.format(&Rfc3339).unwrap_or_else(|_| "1970-01-01T00:00:00Z".to_owned())
}

/// The first characters of a text of the sender.
fn cut(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(MAX_TEXT_CHARS) {
        text.truncate(end);
        text.shrink_to_fit();
    }
    printable(text)
}

/// CloudEvents allows no control characters and no noncharacters in an attribute: each becomes a space.
fn printable(text: String) -> String {
    let is_refused =
        |c: char| c.is_control() || matches!(c, '\u{fdd0}'..='\u{fdef}') || u32::from(c) & 0xfffe == 0xfffe;
    if text.contains(is_refused) { text.replace(is_refused, " ") } else { text }
}
