//! Searches a whole Tencent payload for errors, end times and verdicts. One pass, which stores nothing else, however
//! large the payload is.

use std::fmt;
use std::mem;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::body::text;
use crate::sender::EventError;
use crate::sender::verdict;
use mediahook_events::Verdict;

/// The findings in a payload.
#[derive(Default)]
pub(super) struct Findings {
    /// Whether a part of it failed.
    pub(super) has_failed: bool,
    /// The first failure that has a code; the task's own comes before those of its parts.
    pub(super) error: Option<EventError>,
    /// The latest end of a part.
    pub(super) finished: Option<OffsetDateTime>,
    /// The worst verdict.
    pub(super) verdict: Option<Verdict>,
    /// Whether the task ended before anything was published.
    pub(super) is_unpublished: bool,
}

impl Findings {
    /// Reads a payload; nothing if `serde_json` cannot parse it.
    pub(super) fn of(payload: &RawValue) -> Option<Self> {
        let mut findings = Self::default();
        Scan(&mut findings).deserialize(&mut serde_json::Deserializer::from_str(payload.get())).ok()?;
        Some(findings)
    }

    /// The cause of the failure, if any.
    pub(super) fn take_error(&mut self) -> Option<EventError> {
        self.error.take().filter(|error| error.code.is_some() || error.message.is_some())
    }
}

/// A time of the sender. `0000-00-00T00:00:00Z` means none.
pub(super) fn time(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok()
}

/// The members that show the outcome of the task, or of a part of it.
#[derive(Deserialize)]
#[serde(field_identifier)]
enum Name {
    /// A number or a text.
    #[serde(alias = "errCode")]
    ErrCode,
    /// A text, empty on success.
    ErrCodeExt,
    #[serde(alias = "message")]
    Message,
    Status,
    /// In the legacy format a word, or an error code.
    #[serde(rename = "status")]
    LegacyStatus,
    /// Whether WeChat has published it. The status beside it only shows that the task is over.
    WechatStatus,
    /// The same.
    PublishResult,
    /// When a part of a flow ended.
    FinishTime,
    /// The verdict of a review.
    #[serde(alias = "suggestion")]
    Suggestion,
    /// Members that are not searched, because they do not show the outcome: the caller's request, which is repeated
    /// here; the description of the media asset, whose `Status` is its own; and the segments of a review, each with a
    /// verdict that is part of the whole.
    #[serde(
        alias = "InputInfo",
        alias = "input",
        alias = "MediaBasicInfo",
        alias = "SegmentSet",
        alias = "segments"
    )]
    Input,
    #[serde(other)]
    Other,
}

/// The findings in one object, without its parts.
#[derive(Default)]
struct Own<'a> {
    has_failed: bool,
    ext_code: Option<&'a RawValue>,
    code: Option<&'a RawValue>,
    status_code: Option<&'a RawValue>,
    message: Option<&'a RawValue>,
}

impl Own<'_> {
    /// The extended code is more precise than the number.
    fn error(self) -> Option<EventError> {
        if !self.has_failed {
            return None;
        }
        let codes = [self.ext_code, self.code, self.status_code].into_iter().flatten();
        let code = codes.filter_map(text).find(|code| is_error(code)).map(Into::into);
        let is_said = |message: &str| code.is_some() || is_error(message);
        let message = self.message.and_then(text).filter(|message| is_said(message)).map(Into::into);
        Some(EventError { code, message })
    }
}

/// Searches any value, and adds to the findings.
struct Scan<'f>(&'f mut Findings);

impl<'de> DeserializeSeed<'de> for Scan<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Scan<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self(findings) = self;
        let (mut own, before) = (Own::default(), findings.error.take());
        while let Some(name) = map.next_key()? {
            if let Name::Other = name {
                map.next_value_seed(Scan(findings))?;
                continue;
            }
            if let Name::Input = name {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let value: &'de RawValue = map.next_value()?;
            if let Name::Message = name {
                own.message = Some(value);
                continue;
            }
            let Some(text) = text(value) else { continue };
            match name {
                Name::ErrCode => {
                    own.has_failed |= is_error(&text);
                    own.code = Some(value);
                }
                Name::ErrCodeExt => {
                    own.has_failed |= is_error(&text);
                    own.ext_code = Some(value);
                }
                Name::Status => own.has_failed |= is_failed(&text),
                Name::LegacyStatus => {
                    let is_code = text.parse::<i64>().is_ok();
                    own.status_code = is_code.then_some(value);
                    own.has_failed |= if is_code { text != "0" } else { is_failed(&text) };
                }
                Name::WechatStatus => {
                    own.has_failed |= text == "FAIL" || text == "AUDITNOTPASS";
                    findings.is_unpublished |= text == "NOTTRIGGERED";
                }
                Name::PublishResult => own.has_failed |= text == "Failed" || text == "Rejected",
                Name::FinishTime => findings.finished = findings.finished.max(time(&text)),
                Name::Suggestion => findings.verdict = findings.verdict.max(verdict(&text)),
                Name::Message | Name::Input | Name::Other => {}
            }
        }
        findings.has_failed |= own.has_failed;
        let of_parts = findings.error.take();
        findings.error = first([before, own.error(), of_parts]);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(Scan(&mut *self.0))?.is_some() {}
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
}

/// The first error that has a code, else the first that has a message.
fn first(mut errors: [Option<EventError>; 3]) -> Option<EventError> {
    let has_code = |error: &&mut Option<EventError>| error.as_ref().is_some_and(|error| error.code.is_some());
    let has_message =
        |error: &&mut Option<EventError>| error.as_ref().is_some_and(|error| error.message.is_some());
    if let Some(error) = errors.iter_mut().find(has_code) {
        return mem::take(error);
    }
    errors.iter_mut().find(has_message).and_then(mem::take)
}

fn is_failed(status: &str) -> bool {
    status == "FAIL" || status == "ABORTED"
}

fn is_error(code: &str) -> bool {
    code != "0" && !code.eq_ignore_ascii_case("SUCCESS")
}
