//! Events as types. The structs are named like the official SDK's classes (tencentcloud-sdk-python-vod 3.1.194), and
//! their fields like the SDK's members, in snake case; what is said of a member beyond that is from the SDK's
//! documentation. How surprises are borne is said in [`crate::sender::model`].

pub mod ai;
pub mod edit;
pub mod media;
pub mod media_process;
pub mod procedure;
pub mod review;
pub mod task;
pub mod task_2017;
pub mod upload;

use serde::ser::{Serialize, SerializeMap, Serializer};

pub use super::kind::Event;
use super::kind::{self, Found};
use super::notification::TYPE_PREFIX;
use crate::envelope::Envelope;
use crate::json::{Json, Member, Value};
use crate::sender::model::{Other, Raw, Shape, Text, Unread, data_of, model, write_field, write_members};

/// A whole body: an event, and what stands beside it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Body<'a> {
    /// `EventType`, or what it must be where a body does not have it.
    pub event_type: Text<'a>,
    /// The name of the member that holds the payload. It is irregular: see the table in `docs/senders.md`.
    pub member: Option<Text<'a>>,
    /// The payload.
    pub event: Event<'a>,
    /// Every other member, as it came, but for the null payloads of other events that a pulled body lists.
    pub other: Vec<Other<'a>>,
}

/// An event of a type that is not typed here.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Unknown<'a> {
    /// `EventType`.
    pub event_type: Text<'a>,
    /// The member that is an object, as it came.
    pub payload: Option<Raw<'a>>,
}

model! {
    /// An event of the legacy format v2.0, which accounts older than 2019 may still receive (official documentation,
    /// product/266/33962). Where both formats are set up, the same happening comes in both, as two events.
    pub struct Legacy {
        /// `4.0`, although the format is called 2.0.
        version "version": Option<Text<'a>>,
        event_type "eventType": Option<Text<'a>>,
        data "data": Option<Box<LegacyData<'a>>>,
    }

    /// The payload of the legacy format, as far as its types agree.
    pub struct LegacyData {
        vod_task_id "vodTaskId": Option<Text<'a>>,
        file_id "fileId": Option<Text<'a>>,
        /// An error code (0 is success) in most types; in `ProcedureStateChanged` a word such as `FINISH`.
        status "status": Option<Text<'a>>,
        /// Beside a status that is a word.
        err_code "errCode": Option<Text<'a>>,
        message "message": Option<Text<'a>>,
    }
}

impl<'a> Event<'a> {
    /// The event in an envelope.
    pub fn of(envelope: &'a Envelope) -> Result<Self, Unread> {
        Body::of(envelope).map(|body| body.event)
    }

    /// The event in a JSON text, such as an envelope's `data`.
    pub fn read(json: &'a str) -> Result<Self, Unread> {
        Body::read(json).map(|body| body.event)
    }
}

impl<'a> Body<'a> {
    /// The body in an envelope.
    pub fn of(envelope: &'a Envelope) -> Result<Self, Unread> {
        data_of(envelope, TYPE_PREFIX).and_then(Self::read)
    }

    /// A body as JSON text, such as an envelope's `data`.
    pub fn read(json: &'a str) -> Result<Self, Unread> {
        let body = Json::parse(json)?;
        let body = body.root();
        if let Some(found) = kind::find(body) {
            return Ok(Self::of_found(body, found));
        }
        let event_type = body.text_at("eventType").ok_or(Unread::NoEvent)?;
        let legacy = Legacy::read(body).ok_or(Unread::NoEvent)?;
        Ok(Self { event_type, member: None, event: Event::Legacy(Box::new(legacy)), other: Vec::new() })
    }

    fn of_found(body: Value<'_, 'a>, Found { event_type, kind, payload, .. }: Found<'_, 'a>) -> Self {
        let value = payload.map(Member::value);
        let is_other = |m: &Member<'_, 'a>| {
            let is_type = m.name() == "EventType" && m.value().text().is_some();
            let is_empty_payload = m.value().is_null() && kind::is_payload(&m.name());
            !is_type && !is_empty_payload && payload.is_none_or(|p| !std::ptr::eq(p.text(), m.text()))
        };
        Self {
            event: kind.zip(value).and_then(|(kind, value)| Event::of_kind(kind, value)).unwrap_or_else(
                || {
                    let payload = value.and_then(Raw::read);
                    Event::Unknown(Unknown { event_type: event_type.clone(), payload })
                },
            ),
            event_type,
            other: body.members().filter(is_other).map(Other::from).collect(),
            member: payload.map(Member::name),
        }
    }
}

impl Serialize for Body<'_> {
    /// As the sender's object, less the members that say "none".
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Event::Legacy(legacy) = &self.event {
            return legacy.serialize(serializer);
        }
        let mut map = serializer.serialize_map(None)?;
        write_field(&mut map, "EventType", &Some(self.event_type.clone()))?;
        if let Some(member) = &self.member {
            map.serialize_entry(member, &self.event)?;
        }
        write_members(&mut map, &self.other)?;
        map.end()
    }
}
