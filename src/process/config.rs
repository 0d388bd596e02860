//! What the processor's environment asks for, beside what every function's does ([`crate::config`]).

use std::time::Duration;

use crate::config::{BUCKET, ConfigError, Environment};
use crate::storage::idempotency::Terms;

/// The variable with the name of the table with the idempotency records. Without it an event that is redelivered is processed
/// again.
pub const TABLE: &str = "MEDIAHOOK_TABLE";
/// The variable with the length of a lease, in seconds; [`LEASE`] where it is not set. Set it to the function's
/// timeout: see [`Terms::lease`].
pub const LEASE_S: &str = "MEDIAHOOK_LEASE_S";
/// The variable with the time a completed event is known, in seconds; [`IDEMPOTENCY_TTL`] where it is not set.
pub const IDEMPOTENCY_TTL_S: &str = "MEDIAHOOK_IDEMPOTENCY_TTL_S";
/// The variable with the name or ARN of the event bus. Beside it, [`TABLE`] and [`BUCKET`] must be set: what is put on a
/// bus cannot be taken back, and what is too large for it goes to the bucket.
pub const EVENT_BUS: &str = "MEDIAHOOK_EVENT_BUS";
/// The variable with the URL of the FIFO queue for records that can never succeed, or have failed at their last receive.
/// Without it they are retried until SQS itself moves them, and with them what is behind them in their group.
pub const DEAD_LETTER_QUEUE_URL: &str = "MEDIAHOOK_DEAD_LETTER_QUEUE_URL";

/// The variable with the queue's `maxReceiveCount`, from 1 to 1000: by it a record's last receive is known, and a failing
/// one is sent to [`DEAD_LETTER_QUEUE_URL`] before SQS moves the rest of its group with it.
pub const MAX_RECEIVE_COUNT: &str = "MEDIAHOOK_MAX_RECEIVE_COUNT";

/// How long a lease lasts, unless the environment says otherwise: SQS's own default for a visibility timeout, and that of
/// the template for the function's timeout.
pub const LEASE: Duration = Duration::from_secs(30);
/// How long a completed event is known, unless the environment says otherwise.
pub const IDEMPOTENCY_TTL: Duration = Duration::from_hours(1);

/// SQS has no visibility timeout beyond it.
const MAX_LEASE: Duration = Duration::from_hours(12);
/// Ten years.
const MAX_TTL: Duration = Duration::from_hours(3650 * 24);

/// What the environment asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The table, and how long its records last.
    pub table: Option<(String, Terms)>,
    /// Where dead letters go.
    pub dead_letter_queue_url: Option<String>,
    /// How often SQS hands over a record before it moves it to the dead-letter queue.
    pub max_receive_count: Option<u32>,
}

impl Config {
    /// Reads it.
    ///
    /// # Errors
    /// Names the variable that is missing or wrong.
    pub fn read(environment: &Environment) -> Result<Self, ConfigError> {
        let dead_letter_queue_url = environment.optional(DEAD_LETTER_QUEUE_URL).map(String::from);
        if dead_letter_queue_url.as_ref().is_some_and(|url| !url.starts_with("http")) {
            return Err(ConfigError::Wrong(DEAD_LETTER_QUEUE_URL, "expected a URL"));
        }
        let table = match environment.optional(TABLE) {
            Some(table) => Some((table.to_owned(), terms(environment)?)),
            None => None,
        };
        let max_receive_count = environment.optional(MAX_RECEIVE_COUNT).map(max_receive_count).transpose()?;
        Ok(Self { table, dead_letter_queue_url, max_receive_count })
    }
}

/// What SQS itself takes.
fn max_receive_count(value: &str) -> Result<u32, ConfigError> {
    let count = value.trim().parse().ok().filter(|count| (1..=1000).contains(count));
    count.ok_or(ConfigError::Wrong(
        MAX_RECEIVE_COUNT,
        "expected a whole number from 1 to 1000, as the queue has it",
    ))
}

/// The bus, and the bucket for what is too large for it; nothing where no bus is set.
///
/// # Errors
/// Names the variable that is missing beside it.
pub fn bus_and_bucket(environment: &Environment) -> Result<Option<(String, String)>, ConfigError> {
    let Some(bus) = environment.optional(EVENT_BUS) else { return Ok(None) };
    environment.required(TABLE)?;
    let bucket = environment.required(BUCKET)?;
    Ok(Some((bus.to_owned(), bucket.to_owned())))
}

fn terms(environment: &Environment) -> Result<Terms, ConfigError> {
    let length = |name, max, default| match environment.optional(name) {
        Some(value) => seconds(name, value, max),
        None => Ok(default),
    };
    Ok(Terms {
        lease: length(LEASE_S, MAX_LEASE, LEASE)?,
        ttl: length(IDEMPOTENCY_TTL_S, MAX_TTL, IDEMPOTENCY_TTL)?,
    })
}

fn seconds(name: &'static str, value: &str, max: Duration) -> Result<Duration, ConfigError> {
    let length = value.trim().parse().map(Duration::from_secs).unwrap_or_default();
    if length.is_zero() || length > max {
        return Err(ConfigError::Wrong(
            name,
            "expected a whole number of seconds, at least 1 and not too many",
        ));
    }
    Ok(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Config, String> {
        let environment = variables.iter().map(|(n, v)| (*n, *v)).collect();
        Config::read(&environment).map_err(|error| error.to_string())
    }

    #[test]
    fn nothing_is_needed_for_nothing() {
        assert_eq!(
            read(&[]),
            Ok(Config { table: None, dead_letter_queue_url: None, max_receive_count: None })
        );
    }

    #[test]
    fn a_table_has_a_lease_and_a_ttl() {
        let config = read(&[(TABLE, "t")]).unwrap();
        let terms = Terms { lease: Duration::from_secs(30), ttl: Duration::from_hours(1) };
        assert_eq!(config.table, Some(("t".to_owned(), terms)));
        let config = read(&[(TABLE, "t"), (LEASE_S, "20"), (IDEMPOTENCY_TTL_S, "60")]).unwrap();
        let terms = Terms { lease: Duration::from_secs(20), ttl: Duration::from_mins(1) };
        assert_eq!(config.table.unwrap().1, terms);
    }

    #[test]
    fn a_bus_needs_a_table_and_a_bucket() {
        let read = |variables: &[(&str, &str)]| {
            let environment = variables.iter().map(|(n, v)| (*n, *v)).collect();
            bus_and_bucket(&environment).map_err(|error| error.to_string())
        };
        assert_eq!(read(&[(TABLE, "t"), (BUCKET, "b")]), Ok(None));
        assert_eq!(read(&[(EVENT_BUS, "e"), (BUCKET, "b")]), Err("MEDIAHOOK_TABLE is not set".to_owned()));
        assert_eq!(read(&[(EVENT_BUS, "e"), (TABLE, "t")]), Err("MEDIAHOOK_BUCKET is not set".to_owned()));
        let all = read(&[(EVENT_BUS, "e"), (TABLE, "t"), (BUCKET, "b")]);
        assert_eq!(all, Ok(Some(("e".to_owned(), "b".to_owned()))));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for wrong in ["0", "-1", "1.5", "soon", "43201", "99999999999999999999"] {
            let error = read(&[(TABLE, "t"), (LEASE_S, wrong)]).unwrap_err();
            assert!(error.starts_with("MEDIAHOOK_LEASE_S: expected"), "{wrong}: {error}");
        }
        for wrong in ["0", "1001", "-1", "5.0", "five"] {
            let error = read(&[(MAX_RECEIVE_COUNT, wrong)]).unwrap_err();
            assert!(error.starts_with("MEDIAHOOK_MAX_RECEIVE_COUNT: expected"), "{wrong}: {error}");
        }
        for (value, count) in [("1", 1), ("1000", 1000)] {
            assert_eq!(read(&[(MAX_RECEIVE_COUNT, value)]).unwrap().max_receive_count, Some(count));
        }
        let error = read(&[(DEAD_LETTER_QUEUE_URL, "dead")]).unwrap_err();
        assert_eq!(error, "MEDIAHOOK_DEAD_LETTER_QUEUE_URL: expected a URL");
    }
}
