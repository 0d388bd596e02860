//! How a Tencent event went. `FINISH` is the end and not success; a flow whose top level says `0`/`SUCCESS` has failed
//! if one of its subtasks has (`ProcedureTask.ErrCode` is deprecated for that reason, SDK documentation).

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::event::envelope::Outcome;
use crate::event::{Object, text};

/// How the payload of an event type says how it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// The event is sent on success alone.
    Success,
    /// By `Status`, then by every error code in it.
    Task,
    /// The event is sent at the end; failed if there is an error code in it.
    Ended,
    /// A state that comes and goes: never the end.
    Stream,
}

impl Rule {
    /// How a payload, which is an object, says it went.
    pub(super) fn outcome(self, payload: &RawValue) -> Outcome {
        match self {
            Rule::Success => Outcome::Succeeded,
            Rule::Task => by_status(payload, "Status"),
            Rule::Ended => ended(payload),
            Rule::Stream => match status(payload, "Status").as_deref() {
                Some("Working" | "Scheduled" | "Stopped" | "Idle") => Outcome::Progress,
                _ => Outcome::Unknown,
            },
        }
    }
}

/// By the word at `name`, which is `Status` in format v3.0 and `status` in the legacy one.
pub(super) fn by_status(payload: &RawValue, name: &str) -> Outcome {
    match status(payload, name).as_deref() {
        Some("WAITING" | "PROCESSING") => Outcome::Progress,
        Some("FINISH" | "SUCCESS") => ended(payload),
        Some("FAIL" | "ABORTED") => Outcome::Failed,
        None if has_failed(payload) == Some(true) => Outcome::Failed,
        Some(_) | None => Outcome::Unknown,
    }
}

pub(super) fn ended(payload: &RawValue) -> Outcome {
    match has_failed(payload) {
        Some(true) => Outcome::Failed,
        Some(false) => Outcome::Succeeded,
        None => Outcome::Unknown,
    }
}

/// The text of the payload's status member.
pub(super) fn status<'a>(payload: &'a RawValue, name: &str) -> Option<Cow<'a, str>> {
    Object::of(payload)?.text(name)
}

/// Whether an error stands anywhere in it; nothing where `serde_json` cannot read it.
fn has_failed(payload: &RawValue) -> Option<bool> {
    HasFailed.deserialize(&mut serde_json::Deserializer::from_str(payload.get())).ok()
}

/// The members by which an event says that a part of it failed.
#[derive(Deserialize)]
#[serde(field_identifier)]
enum Name {
    /// A number or a text; `ErrCodeExt` is empty where all is well.
    #[serde(alias = "ErrCodeExt", alias = "errCode")]
    ErrCode,
    Status,
    /// In the legacy format a word, or an error code.
    #[serde(rename = "status")]
    LegacyStatus,
    /// What WeChat made of a publication, beside a status that only says the task is over.
    WechatStatus,
    /// The same.
    PublishResult,
    /// Nothing in it says how the task went: what the caller asked for, echoed, and what is known of the media asset,
    /// whose `Status` is its own.
    #[serde(alias = "InputInfo", alias = "input", alias = "MediaBasicInfo")]
    Input,
    #[serde(other)]
    Other,
}

struct HasFailed;

impl<'de> DeserializeSeed<'de> for HasFailed {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for HasFailed {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        let mut has_failed = false;
        while let Some(name) = map.next_key()? {
            let is_failure: fn(&str) -> bool = match name {
                Name::ErrCode => is_error,
                Name::Status => is_failed,
                Name::LegacyStatus => |s| is_failed(s) || s.parse::<i64>().is_ok_and(|code| code != 0),
                Name::WechatStatus => |s| s == "FAIL" || s == "AUDITNOTPASS",
                Name::PublishResult => |s| s == "Failed" || s == "Rejected",
                Name::Input => |_| false,
                Name::Other => {
                    has_failed |= map.next_value_seed(HasFailed)?;
                    continue;
                }
            };
            has_failed |= text(map.next_value()?).is_some_and(|text| is_failure(&text));
        }
        Ok(has_failed)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<bool, A::Error> {
        let mut has_failed = false;
        while let Some(item_has) = items.next_element_seed(HasFailed)? {
            has_failed |= item_has;
        }
        Ok(has_failed)
    }

    fn visit_unit<E>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_bool<E>(self, _: bool) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_u64<E>(self, _: u64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_i64<E>(self, _: i64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_f64<E>(self, _: f64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_str<E>(self, _: &str) -> Result<bool, E> {
        Ok(false)
    }
}

fn is_failed(status: &str) -> bool {
    status == "FAIL" || status == "ABORTED"
}

fn is_error(code: &str) -> bool {
    code != "0" && !code.eq_ignore_ascii_case("SUCCESS")
}
