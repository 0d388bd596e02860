//! The functions' log lines: one JSON object for each callback and each record.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::aws::{Aws, AwsError, call};
use crate::event::time_of_ms;

/// The members of a line that say what happened to an event.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Line {
    pub(crate) message: Option<String>,
    pub(crate) id: Option<String>,
    #[serde(alias = "Source")]
    pub(crate) source: Option<String>,
    #[serde(rename = "type")]
    pub(crate) event_type: Option<String>,
    pub(crate) subject: Option<String>,
    pub(crate) outcome: Option<String>,
    pub(crate) status: Option<u16>,
    pub(crate) destination: Option<String>,
    pub(crate) result: Option<String>,
    pub(crate) receive_count: Option<u32>,
    #[serde(alias = "Reason")]
    pub(crate) reason: Option<String>,
    pub(crate) error: Option<String>,
    pub(crate) key: Option<String>,
}

/// A line, and when it was written.
#[derive(Debug, Clone)]
pub(crate) struct Logged {
    /// CloudWatch's id of it.
    pub(crate) event_id: String,
    pub(crate) at: OffsetDateTime,
    pub(crate) line: Line,
}

/// The lines of a log group that match a pattern, in the order of their times.
pub(crate) async fn filter(
    aws: &Aws,
    group: &str,
    pattern: &str,
    since: OffsetDateTime,
    until: Option<OffsetDateTime>,
) -> Result<Vec<Logged>, AwsError> {
    let ms =
        |time: OffsetDateTime| i64::try_from(time.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX);
    let (client, mut token, mut lines) = (aws.logs(), None, Vec::new());
    loop {
        let request = client
            .filter_log_events()
            .log_group_name(group)
            .filter_pattern(pattern)
            .start_time(ms(since))
            .set_end_time(until.map(ms))
            .set_next_token(token.take())
            .send();
        let answer = call("logs:FilterLogEvents", group, request).await?;
        for event in answer.events.unwrap_or_default() {
            let text = event.message.unwrap_or_default();
            // Lambda's own lines are JSON too, and have none of the members.
            let Ok(line) = serde_json::from_str(&text) else { continue };
            let at = time_of_ms(event.timestamp.unwrap_or_default());
            lines.push(Logged { event_id: event.event_id.unwrap_or(text), at, line });
        }
        token = answer.next_token;
        if token.is_none() {
            break;
        }
    }
    lines.sort_by_key(|logged| logged.at);
    Ok(lines)
}
