//! What can be replayed, and where it is kept: objects of the bucket, exports of the log or of the dead-letter queue,
//! files.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::aws::{Kind, call};
use crate::context::Context;
use crate::event::Event;
use crate::failure::Failure;
use crate::input;

/// One thing to replay: an envelope, or a body that a sender sent.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    /// Where it was found.
    pub(crate) place: String,
    /// What is known of it without reading its format.
    pub(crate) event: Event,
    pub(crate) content: Content,
}

/// Its content, byte for byte: a number of 19 digits keeps every digit.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    Envelope(String),
    Body(Vec<u8>),
}

/// A place that is read when its turn comes.
pub(crate) enum Place {
    Object { bucket: String, key: String },
    Read(Item),
}

/// Everything at a place: `s3://BUCKET/KEY-OR-PREFIX`, `rejected/…` or `spill/…` of the stack's bucket, a file, or `-`.
pub(crate) async fn find(from: &str, context: &Context) -> Result<Vec<Place>, Failure> {
    let is_key =
        |from: &str| ["rejected/", "spill/", "payload/"].iter().any(|prefix| from.starts_with(prefix));
    if let Some(path) = from.strip_prefix("s3://") {
        let (bucket, prefix) = path.split_once('/').unwrap_or((path, ""));
        return list(bucket, prefix, context).await;
    }
    if is_key(from) {
        return list(&context.bucket().await?, from, context).await;
    }
    let items = parse(&input::read(from)?, from)?;
    Ok(items.into_iter().map(Place::Read).collect())
}

async fn list(bucket: &str, prefix: &str, context: &Context) -> Result<Vec<Place>, Failure> {
    let (client, mut token, mut keys) = (context.aws().await?.s3(), None, Vec::new());
    let resource = format!("s3://{bucket}/{prefix}");
    loop {
        let page =
            client.list_objects_v2().bucket(bucket).prefix(prefix).set_continuation_token(token.take());
        let page = call("s3:ListBucket", &resource, page.send()).await?;
        keys.extend(page.contents.unwrap_or_default().into_iter().filter_map(|object| object.key));
        token = page.next_continuation_token;
        if token.is_none() {
            break;
        }
    }
    if keys.is_empty() {
        return Err(Failure::Failed(format!("nothing at {resource}")));
    }
    // The reason beside a rejected body is no item, and the data of an event in `payload/` is no event.
    let is_item = |key: &String| {
        let is_reason = key.starts_with("rejected/")
            && key.strip_suffix(".json").is_some_and(|body| keys.iter().any(|other| other == body));
        !is_reason && !key.starts_with("payload/")
    };
    let places: Vec<_> = keys
        .iter()
        .filter(|key| is_item(key))
        .map(|key| Place::Object { bucket: bucket.to_owned(), key: key.clone() })
        .collect();
    if places.is_empty() {
        return Err(Failure::Failed(format!(
            "nothing at {resource} is an event: {} objects skipped",
            keys.len()
        )));
    }
    Ok(places)
}

impl Place {
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Read(item) => item.place.clone(),
            Self::Object { bucket, key } => format!("s3://{bucket}/{key}"),
        }
    }

    pub(crate) async fn read(self, context: &Context) -> Result<Item, Failure> {
        let place = self.name();
        let (bucket, key) = match self {
            Self::Read(item) => return Ok(item),
            Self::Object { bucket, key } => (bucket, key),
        };
        let body = get(&bucket, &key, context).await?;
        if let Some(item) = envelope(&body, &place) {
            return Ok(item);
        }
        let event = match get(&bucket, &format!("{key}.json"), context).await {
            Ok(reason) => serde_json::from_slice(&reason).unwrap_or_default(),
            Err(_) => Event { source: source_of_key(&key), ..Event::default() },
        };
        Ok(Item { place, event, content: Content::Body(body) })
    }
}

/// Reads an object.
pub(crate) async fn get(bucket: &str, key: &str, context: &Context) -> Result<Vec<u8>, Failure> {
    let resource = format!("s3://{bucket}/{key}");
    let request = context.aws().await?.s3().get_object().bucket(bucket).key(key).send();
    let answer = call("s3:GetObject", &resource, request).await.map_err(|error| match error.kind {
        // Without `s3:ListBucket`, S3 also denies what does not exist.
        Kind::Missing => Failure::Failed(format!("{resource} does not exist")),
        _ => error.into(),
    })?;
    let bytes = answer.body.collect().await;
    Ok(bytes
        .map_err(|error| Failure::Unknown(format!("{resource} was not read: {error}")))?
        .into_bytes()
        .to_vec())
}

/// `rejected/SENDER/APP/YYYY/MM/DD/DIGEST`.
fn source_of_key(key: &str) -> Option<String> {
    let mut parts = key.strip_prefix("rejected/")?.split('/');
    Some(format!("{}/{}", parts.next()?, parts.next()?))
}

/// The item of a text that is an envelope.
fn envelope(bytes: &[u8], place: &str) -> Option<Item> {
    #[derive(Deserialize)]
    struct Envelope {
        #[serde(rename = "specversion")]
        _specversion: String,
    }
    let text = std::str::from_utf8(bytes).ok()?;
    serde_json::from_str::<Envelope>(text).ok()?;
    Some(Item {
        place: place.to_owned(),
        event: Event::of(text),
        content: Content::Envelope(text.to_owned()),
    })
}

/// The items of a file: envelopes (also as the detail of an event of a bus), dead letters that `dlq export` wrote, lines
/// of a log with `lost` events. A file without any of them is one body, or several: an object each.
fn parse(bytes: &[u8], place: &str) -> Result<Vec<Item>, Failure> {
    let body = |bytes: &[u8]| Item {
        place: place.to_owned(),
        event: Event::default(),
        content: Content::Body(bytes.to_vec()),
    };
    let Ok(text) = std::str::from_utf8(bytes) else { return Ok(vec![body(bytes)]) };
    let mut reading = Reading { place, items: Vec::new(), lost: HashMap::new(), others: Vec::new() };
    for value in values(text) {
        reading.take(value, "");
    }
    let Reading { items, lost, others, .. } = reading;
    if let Some(incomplete) = lost.values().find(|lost| lost.parts.len() != lost.of) {
        let name =
            incomplete.event.id.as_deref().or(incomplete.event.source.as_deref()).unwrap_or("an event");
        return Err(Failure::Failed(format!(
            "{place}: {name}: {} of {} parts of a lost event",
            incomplete.parts.len(),
            incomplete.of
        )));
    }
    match (items.is_empty(), others.len()) {
        (true, 0 | 1) => Ok(vec![body(bytes)]),
        (true, _) => Ok(others.iter().map(|other| body(other.as_bytes())).collect()),
        (false, _) => Ok(items),
    }
}

/// The JSON values of a file: one after another, or one in each line behind what a log tool writes in front of it.
fn values(text: &str) -> Vec<&RawValue> {
    let whole: Result<Vec<&RawValue>, _> = serde_json::Deserializer::from_str(text).into_iter().collect();
    whole.unwrap_or_else(|_| {
        text.lines().filter_map(|line| serde_json::from_str(line.get(line.find('{')?..)?).ok()).collect()
    })
}

struct Reading<'a> {
    place: &'a str,
    items: Vec<Item>,
    /// Lost events of which not all parts were read yet, by log stream and name.
    lost: HashMap<String, Lost>,
    /// Objects that are nothing of this.
    others: Vec<String>,
}

#[derive(Default)]
struct Lost {
    event: Event,
    parts: Vec<String>,
    of: usize,
}

/// What a value of an export may have.
#[derive(Deserialize)]
struct Value<'a> {
    #[serde(borrow)]
    specversion: Option<&'a RawValue>,
    /// An event of a bus.
    #[serde(borrow)]
    detail: Option<&'a RawValue>,
    /// A dead letter.
    body: Option<String>,
    #[serde(rename = "Body")]
    sqs_body: Option<String>,
    /// `aws logs filter-log-events`.
    #[serde(borrow)]
    events: Option<Vec<&'a RawValue>>,
    #[serde(rename = "Messages", borrow)]
    messages: Option<Vec<&'a RawValue>>,
    #[serde(rename = "logStreamName")]
    stream: Option<String>,
    message: Option<String>,
    /// A line with a lost event.
    lost: Option<bool>,
    id: Option<String>,
    #[serde(alias = "Source")]
    source: Option<String>,
    part: Option<usize>,
    parts: Option<usize>,
    envelope: Option<String>,
    body_base64: Option<String>,
}

impl Reading<'_> {
    fn take(&mut self, json: &RawValue, stream: &str) {
        if let Ok(elements) = serde_json::from_str::<Vec<&RawValue>>(json.get()) {
            for element in elements {
                self.take(element, stream);
            }
            return;
        }
        // `--query 'events[].message'`: each line is a text.
        if let Ok(line) = serde_json::from_str::<String>(json.get()) {
            self.take_text(&line, stream);
            return;
        }
        let Ok(value) = serde_json::from_str::<Value<'_>>(json.get()) else {
            self.others.push(json.get().to_owned());
            return;
        };
        if value.specversion.is_some() {
            self.take_envelope(json.get());
        } else if value.lost == Some(true) {
            self.take_lost(value, stream);
        } else if let Some(detail) = value.detail {
            self.take(detail, stream);
        } else if let Some(body) = value.body.or(value.sqs_body) {
            self.take_envelope(&body);
        } else if let Some(values) = value.events.or(value.messages) {
            for value in values {
                self.take(value, stream);
            }
        } else if let (Some(line), Some(of)) = (&value.message, &value.stream) {
            self.take_text(line, of);
        } else {
            self.others.push(json.get().to_owned());
        }
    }

    fn take_text(&mut self, line: &str, stream: &str) {
        match serde_json::from_str::<&RawValue>(line) {
            Ok(json) if json.get().starts_with('{') => self.take(json, stream),
            _ => {}
        }
    }

    fn take_envelope(&mut self, text: &str) {
        match envelope(text.as_bytes(), self.place) {
            // The same event may have been lost more than once, by the sender's retries.
            Some(item)
                if self
                    .items
                    .iter()
                    .any(|other| other.event.id.is_some() && other.event.id == item.event.id) => {}
            Some(item) => self.items.push(item),
            // `replay` skips it, and says so.
            None => self.items.push(Item {
                place: self.place.to_owned(),
                event: Event::default(),
                content: Content::Envelope(text.to_owned()),
            }),
        }
    }

    fn take_lost(&mut self, value: Value<'_>, stream: &str) {
        let name = value.id.as_deref().or(value.source.as_deref()).unwrap_or_default();
        let key = format!("{stream} {name}");
        let (Some(part), Some(of)) = (value.part, value.parts) else { return };
        let is_envelope = value.envelope.is_some();
        let Some(text) = value.envelope.or(value.body_base64) else { return };
        let lost = self.lost.entry(key.clone()).or_default();
        if part == 1 {
            *lost = Lost {
                event: Event { id: value.id, source: value.source, ..Event::default() },
                parts: Vec::new(),
                of,
            };
        }
        lost.parts.push(text);
        if lost.parts.len() < of {
            return;
        }
        let whole = lost.parts.concat();
        let event = lost.event.clone();
        self.lost.remove(&key);
        if is_envelope {
            self.take_envelope(&whole);
        } else if let Some(body) = base64(&whole) {
            self.items.push(Item { place: self.place.to_owned(), event, content: Content::Body(body) });
        }
    }
}

/// The SDK's own base64.
fn base64(text: &str) -> Option<Vec<u8>> {
    aws_smithy_types::base64::decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENVELOPE: &str = r#"{"specversion":"1.0","id":"7","source":"tencent-vod/main","type":"t","data":{"FileId":5285485487985271490,"x":1.50e3}}"#;

    fn texts(file: &str) -> Vec<String> {
        let text = |item: Item| match item.content {
            Content::Envelope(text) => text,
            Content::Body(bytes) => format!("body {}", String::from_utf8_lossy(&bytes)),
        };
        parse(file.as_bytes(), "file").unwrap().into_iter().map(text).collect()
    }

    #[test]
    fn an_envelope_is_found_in_every_export_and_keeps_every_digit() {
        let quoted = serde_json::Value::from(ENVELOPE).to_string();
        for file in [
            ENVELOPE.to_owned(),
            format!("{ENVELOPE}\n{ENVELOPE}\n"),
            format!("[{ENVELOPE}]"),
            format!(r#"{{"source":"mediahook","detail-type":"t","detail":{ENVELOPE}}}"#),
            format!(r#"{{"message_id":"m","attributes":{{}},"body":{quoted}}}"#),
            format!(r#"{{"Messages":[{{"MessageId":"m","Body":{quoted}}}]}}"#),
        ] {
            assert_eq!(texts(&file), [ENVELOPE], "{file}");
        }
    }

    #[test]
    fn the_parts_of_a_lost_event_are_joined_in_every_form_of_a_log() {
        let (first, second) = ENVELOPE.split_at(40);
        let line = |part, text: &str| {
            serde_json::json!({ "level": "ERROR", "lost": true, "id": "7", "part": part, "parts": 2, "envelope": text }).to_string()
        };
        let (one, two) = (line(1, first), line(2, second));
        let event = |text: &str| serde_json::json!({ "logStreamName": "s", "timestamp": 1, "message": text });
        for file in [
            format!("{one}\n{two}\n"),
            format!("2026-11-22T05:50:25 stream {one}\nSTART RequestId\n2026-11-22T05:50:25 stream {two}"),
            serde_json::json!([one, two, "not JSON"]).to_string(),
            serde_json::json!({ "events": [event(&one), event("{}"), event(&two)], "searchedLogStreams": [] }).to_string(),
            format!("{one}\n{two}\n{one}\n{two}\n"),
        ] {
            assert_eq!(texts(&file), [ENVELOPE], "{file}");
        }
        assert!(parse(one.as_bytes(), "file").is_err(), "a part is missing");
        let body =
            r#"{"lost":true,"source":"tencent-vod/main","part":1,"parts":1,"body_base64":"bm90IEpTT04="}"#;
        let items = parse(body.as_bytes(), "file").unwrap();
        assert_eq!(
            (texts(body), items[0].event.source.as_deref()),
            (vec!["body not JSON".to_owned()], Some("tencent-vod/main"))
        );
    }

    #[test]
    fn a_dead_letter_that_is_no_envelope_is_not_passed_over() {
        let letter = |body: &str| serde_json::json!({ "message_id": "m", "body": body }).to_string();
        let file = [letter("not JSON"), letter(ENVELOPE), letter("{}")].join("\n");
        assert_eq!(texts(&file), ["not JSON", ENVELOPE, "{}"]);
    }

    #[test]
    fn what_is_none_of_them_is_one_body_or_several() {
        for body in ["not JSON", r#"{"EventType":"PullComplete"}"#, ""] {
            assert_eq!(texts(body), [format!("body {body}")]);
        }
        let [first, second] =
            [r#"{"EventType":"A","FileId":5285485487985271490}"#, r#"{"EventType":"B","x":1.50e3}"#];
        for file in [format!("{first}\n{second}\n"), format!("[{first}, {second}]")] {
            assert_eq!(texts(&file), [format!("body {first}"), format!("body {second}")]);
        }
    }
}
