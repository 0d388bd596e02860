//! Events as types. Two thirds of the bodies are documented by name only, so these have one tolerant struct,
//! [`Job`]; four have their own. How surprises are borne is said in [`crate::sender::model`].
//!
//! Sources: the event list and the callback overview on help.aliyun.com, and alibabacloud-ice20201109 6.20.2.

use serde::ser::{Serialize, SerializeMap, Serializer};

pub use super::kind::Event;
use super::notification::{FLAT_TYPE_PREFIX, TYPE_PREFIX, is_flat};
use crate::envelope::Envelope;
use crate::json::{Json, Value};
use crate::sender::model::{
    Field, Number, Other, Raw, Shape, Text, Unread, data_of, model, write_field, write_members,
};

/// A whole body: an event, and what stands beside it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Body<'a> {
    /// `EventType`.
    pub event_type: Text<'a>,
    /// `UserId`: the account, a number of sixteen digits or more.
    pub user_id: Option<Number<'a>>,
    /// `EventTime`: RFC 3339 in UTC, but for a neighbouring type with a colon before its milliseconds.
    pub event_time: Option<Text<'a>>,
    /// `MessageBody`.
    pub event: Event<'a>,
    /// Every other member, as it came.
    pub other: Vec<Other<'a>>,
}

/// An event of a type that is not typed here.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Unknown<'a> {
    /// `EventType`.
    pub event_type: Text<'a>,
    /// `MessageBody`, as it came. Should it be a JSON text in a string (never seen, and the documentation says
    /// object), decode the string and hand it to [`Event::of_message`].
    pub message_body: Option<Raw<'a>>,
}

model! {
    /// A media was uploaded. Documented in full.
    pub struct FileUpload {
        media_id "MediaId": Option<Text<'a>>,
        /// `video` or `audio`.
        media_type "MediaType": Option<Text<'a>>,
        file_url "FileUrl": Option<Text<'a>>,
        /// In bytes, sent in quotes.
        size "Size": Option<Number<'a>>,
        app_id "AppId": Option<Text<'a>>,
        /// What the uploader passed through; often JSON.
        user_data "UserData": Option<Text<'a>>,
        /// `Success` or `Fail`.
        status "Status": Option<Text<'a>>,
    }

    /// A timeline was made into a media. Documented by a sample.
    pub struct ProduceMedia {
        /// `Success` or `Fail`, where the query of the same job says `Failed`.
        status "Status": Option<Text<'a>>,
        job_id "JobId": Option<Text<'a>>,
        project_id "ProjectId": Option<Text<'a>>,
        media_id "MediaId": Option<Text<'a>>,
        media_url "MediaURL": Option<Text<'a>>,
        /// Empty on success.
        error_code "ErrorCode": Option<Text<'a>>,
        /// Empty on success.
        error_message "ErrorMessage": Option<Text<'a>>,
        /// What the caller passed through; often JSON, such as `{"NotifyAddress":"..."}`.
        user_data "UserData": Option<Text<'a>>,
    }

    /// A batch of media was made. Documented by a sample; the media are only in `GetBatchMediaProducingJob`.
    pub struct BatchProduceMedia {
        /// `Finished` or `Failed`.
        status "Status": Option<Text<'a>>,
        job_id "JobId": Option<Text<'a>>,
        user_data "UserData": Option<Text<'a>>,
        error_code "ErrorCode": Option<Text<'a>>,
        error_message "ErrorMessage": Option<Text<'a>>,
    }

    /// A media was registered. Seen with these two members.
    pub struct RegisterMedia {
        status "Status": Option<Text<'a>>,
        media_id "MediaId": Option<Text<'a>>,
        error_code "ErrorCode": Option<Text<'a>>,
        error_message "ErrorMessage": Option<Text<'a>>,
        user_data "UserData": Option<Text<'a>>,
    }

    /// What the other event types have in common, each a part of it; all else is in `other`.
    pub struct Job {
        job_id "JobId": Option<Text<'a>>,
        /// Of a workflow, or of a media convert output.
        task_id "TaskId": Option<Text<'a>>,
        parent_job_id "ParentJobId": Option<Text<'a>>,
        media_id "MediaId": Option<Text<'a>>,
        project_id "ProjectId": Option<Text<'a>>,
        /// Of a media convert output or output group.
        name "Name": Option<Text<'a>>,
        status "Status": Option<Text<'a>>,
        /// In the place of `Status` in media convert jobs.
        state "State": Option<Text<'a>>,
        /// `ErrorCode` and `Code` are the same in different families.
        error_code "ErrorCode": Option<Text<'a>>,
        error_message "ErrorMessage": Option<Text<'a>>,
        code "Code": Option<Text<'a>>,
        message "Message": Option<Text<'a>>,
        user_data "UserData": Option<Text<'a>>,
    }

    /// A body of ApsaraVideo VOD, which has the same event types without `MessageBody` and `UserId`.
    pub struct Flat {
        event_type "EventType": Option<Text<'a>>,
        event_time "EventTime": Option<Text<'a>>,
        video_id "VideoId": Option<Text<'a>>,
        media_id "MediaId": Option<Text<'a>>,
        job_id "JobId": Option<Text<'a>>,
        /// `success` or `fail`.
        status "Status": Option<Text<'a>>,
        error_code "ErrorCode": Option<Text<'a>>,
        error_message "ErrorMessage": Option<Text<'a>>,
        /// What the caller passed through.
        extend "Extend": Option<Text<'a>>,
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

    /// The event of that type with that `MessageBody`.
    pub fn of_message(event_type: &'a str, message_body: &'a str) -> Result<Self, Unread> {
        let message = Json::parse(message_body)?;
        Ok(Self::known_or_not(&event_type.into(), message.root()))
    }

    fn known_or_not(event_type: &Text<'a>, message: Value<'_, 'a>) -> Self {
        let unknown =
            || Self::Unknown(Unknown { message_body: Raw::read(message), event_type: event_type.clone() });
        Self::of_kind(event_type, message).unwrap_or_else(unknown)
    }
}

impl<'a> Body<'a> {
    /// The body in an envelope.
    pub fn of(envelope: &'a Envelope) -> Result<Self, Unread> {
        let is_flat = envelope.event_type.starts_with(FLAT_TYPE_PREFIX);
        data_of(envelope, if is_flat { FLAT_TYPE_PREFIX } else { TYPE_PREFIX }).and_then(Self::read)
    }

    /// A body as JSON text, such as an envelope's `data`.
    pub fn read(json: &'a str) -> Result<Self, Unread> {
        let body = Json::parse(json)?;
        let body = body.root();
        let event_type = body.text_at("EventType").ok_or(Unread::NoEvent)?;
        if is_flat(body) {
            let flat = Flat::read(body).ok_or(Unread::NoEvent)?;
            let event_time = flat.event_time.clone();
            return Ok(Self {
                event_type,
                user_id: None,
                event_time,
                event: Event::Flat(Box::new(flat)),
                other: Vec::new(),
            });
        }
        Ok(Self::of_object(body, event_type))
    }

    fn of_object(body: Value<'_, 'a>, event_type: Text<'a>) -> Self {
        let event = Event::known_or_not(&event_type, Value::NULL);
        let mut read = Self { event_type, user_id: None, event_time: None, event, other: Vec::new() };
        for member in body.members() {
            let is_read = match member.name().as_ref() {
                "EventType" => member.value().text().is_some(),
                "UserId" => Field::read(member.value()).map(|field| read.user_id = field).is_some(),
                "EventTime" => Field::read(member.value()).map(|field| read.event_time = field).is_some(),
                "MessageBody" => {
                    read.event = Event::known_or_not(&read.event_type, member.value());
                    true
                }
                _ => false,
            };
            if !is_read {
                read.other.push(member.into());
            }
        }
        read
    }
}

impl Serialize for Body<'_> {
    /// As the sender's object, less the members that say "none".
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Event::Flat(flat) = &self.event {
            return flat.serialize(serializer);
        }
        let mut map = serializer.serialize_map(None)?;
        write_field(&mut map, "EventType", &Some(self.event_type.clone()))?;
        write_field(&mut map, "UserId", &self.user_id)?;
        write_field(&mut map, "EventTime", &self.event_time)?;
        map.serialize_entry("MessageBody", &self.event)?;
        write_members(&mut map, &self.other)?;
        map.end()
    }
}
