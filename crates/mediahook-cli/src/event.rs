//! Which event an envelope is about, for lists: never what is in it.

use clap::Args;
use serde::{Deserialize, Serialize};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

/// The attributes that name an event. All are missing if a text is no envelope.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Event {
    pub(crate) id: Option<String>,
    pub(crate) source: Option<String>,
    #[serde(rename = "type")]
    pub(crate) event_type: Option<String>,
    pub(crate) subject: Option<String>,
    pub(crate) outcome: Option<String>,
    pub(crate) recordedtime: Option<String>,
}

impl Event {
    /// The event of an envelope.
    pub(crate) fn of(envelope: &str) -> Self {
        serde_json::from_str(envelope).unwrap_or_default()
    }

    /// When it was received.
    pub(crate) fn received(&self) -> Option<OffsetDateTime> {
        self.recordedtime.as_deref().and_then(|time| OffsetDateTime::parse(time, &Rfc3339).ok())
    }
}

/// Which events are meant. Without any of them, all.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Filter {
    /// Only these events (or messages), by id
    #[arg(long, value_name = "ID")]
    pub(crate) id: Vec<String>,
    /// Only events of this source
    #[arg(long, value_name = "SENDER/APP")]
    pub(crate) source: Option<String>,
    /// Only events of this type: the whole type, or the sender's name for it
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) event_type: Option<String>,
    /// Only events received since then: a time (RFC 3339), or how long ago, such as 90m, 2h or 3d
    #[arg(long, value_name = "TIME", value_parser = point_in_time)]
    pub(crate) since: Option<OffsetDateTime>,
    /// Only events received before then
    #[arg(long, value_name = "TIME", value_parser = point_in_time)]
    pub(crate) until: Option<OffsetDateTime>,
}

impl Filter {
    /// Whether an event is meant. `other_id` is the id of the message that it is in.
    pub(crate) fn accepts(&self, event: &Event, other_id: Option<&str>) -> bool {
        let is_type = |wanted: &String| {
            let event_type = event.event_type.as_deref().unwrap_or_default();
            event_type == wanted || event_type.ends_with(&format!(".{wanted}"))
        };
        let has_id = |id: &String| event.id.as_ref() == Some(id) || other_id == Some(id);
        let received = event.received();
        (self.id.is_empty() || self.id.iter().any(has_id))
            && self.source.as_ref().is_none_or(|source| event.source.as_ref() == Some(source))
            && self.event_type.as_ref().is_none_or(is_type)
            && self.since.is_none_or(|since| received.is_some_and(|received| received >= since))
            && self.until.is_none_or(|until| received.is_some_and(|received| received < until))
    }

    /// Whether it names any.
    pub(crate) fn is_given(&self) -> bool {
        let Self { id, source, event_type, since, until } = self;
        !id.is_empty() || source.is_some() || event_type.is_some() || since.is_some() || until.is_some()
    }
}

/// A time, or how long ago it was.
pub(crate) fn point_in_time(text: &str) -> Result<OffsetDateTime, String> {
    if let Ok(time) = OffsetDateTime::parse(text, &Rfc3339) {
        return Ok(time);
    }
    let ago = text.char_indices().last().and_then(|(at, unit)| {
        let number: i32 = text.get(..at)?.parse().ok().filter(|number| *number >= 0)?;
        let unit = match unit {
            's' => Duration::SECOND,
            'm' => Duration::MINUTE,
            'h' => Duration::HOUR,
            'd' => Duration::DAY,
            _ => return None,
        };
        unit.checked_mul(number)
    });
    let time = ago.and_then(|ago| OffsetDateTime::now_utc().checked_sub(ago));
    time.ok_or_else(|| {
        "expected a time such as 2026-11-22T05:50:25Z, or how long ago, such as 90m".to_owned()
    })
}

/// A time as RFC 3339, in whole seconds.
pub(crate) fn shown_time(time: OffsetDateTime) -> String {
    time.replace_nanosecond(0).unwrap_or(time).format(&Rfc3339).unwrap_or_default()
}

/// The time of a number of milliseconds, as AWS has it.
pub(crate) fn time_of_ms(ms: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000)
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> Event {
        Event::of(
            r#"{"id":"1","source":"a/b","type":"com.tencentcloud.vod.PullComplete","recordedtime":"2026-11-22T05:50:25.5Z"}"#,
        )
    }

    #[test]
    fn a_filter_names_events_by_any_attribute() {
        let accepts = |filter: Filter| filter.accepts(&event(), Some("message"));
        assert!(accepts(Filter::default()));
        for id in ["1", "message"] {
            assert!(accepts(Filter { id: vec!["0".into(), id.into()], ..Filter::default() }), "{id}");
        }
        assert!(!accepts(Filter { id: vec!["0".into()], ..Filter::default() }));
        for (wanted, is_meant) in
            [("PullComplete", true), ("com.tencentcloud.vod.PullComplete", true), ("Complete", false)]
        {
            assert_eq!(
                accepts(Filter { event_type: Some(wanted.into()), ..Filter::default() }),
                is_meant,
                "{wanted}"
            );
        }
        let since = |time| Filter { since: Some(point_in_time(time).unwrap()), ..Filter::default() };
        assert!(accepts(since("2026-11-22T05:50:25Z")) && !accepts(since("2026-11-22T05:50:26Z")));
        let until = |time| Filter { until: Some(point_in_time(time).unwrap()), ..Filter::default() };
        assert!(accepts(until("2026-11-22T05:50:26Z")) && !accepts(until("2026-11-22T05:50:25Z")));
    }

    #[test]
    fn a_time_may_be_how_long_ago_it_was() {
        let ago = OffsetDateTime::now_utc() - point_in_time("90m").unwrap();
        assert!((ago - Duration::minutes(90)).abs() < Duration::seconds(5));
        for wrong in ["", "h", "-1h", "1w", "tomorrow", "9223372036854775807d"] {
            assert!(point_in_time(wrong).is_err(), "{wrong}");
        }
    }
}
