//! The processor's own configuration, in addition to that of every function ([`crate::config`]).

use std::time::Duration;

pub use crate::config::{
    BUCKET, DEAD_LETTER_QUEUE_URL, DESTINATION, EVENT_BUS, IDEMPOTENCY_TTL_S, LEASE_S, MAX_RECEIVE_COUNT,
    TABLE,
};
use crate::config::{ConfigError, ConfigErrors, Environment, Problem, both};
use crate::storage::idempotency::LeaseConfig;

/// The default length of a lease: SQS's own default for a visibility timeout, and the template's for the function's
/// timeout.
pub const LEASE: Duration = Duration::from_secs(30);
/// The default time for which a completed event is remembered.
pub const IDEMPOTENCY_TTL: Duration = Duration::from_hours(1);

/// SQS's longest visibility timeout: 12 hours.
const MAX_LEASE_S: u64 = 43_200;
/// Ten years.
const MAX_TTL_S: u64 = 315_360_000;

/// The only destination other than an event bus.
const LOG: &str = "log";

/// The settings in the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The table, and how long its records last.
    pub table: Option<(String, LeaseConfig)>,
    /// The dead-letter queue.
    pub dead_letter_queue_url: Option<String>,
    /// How often SQS delivers a record before it moves it to the dead-letter queue.
    pub max_receive_count: Option<u32>,
    /// The bucket that holds the data of large events, if it is set.
    pub bucket: Option<String>,
}

impl Config {
    /// Reads the environment.
    ///
    /// # Errors
    /// Every variable that is missing, wrong or misspelt.
    pub fn read(environment: &Environment) -> Result<Self, ConfigErrors> {
        // Lease and TTL are checked without a table too: somebody who sets them expects them to be used.
        let ((((), table), leases), ((dead_letter_queue_url, max_receive_count), bucket)) = both(
            both(both(environment.check_names(), environment.table()), lease_config(environment)),
            both(
                both(environment.dead_letter_queue_url(), max_receive_count(environment)),
                bucket(environment),
            ),
        )?;
        Ok(Self {
            table: table.map(|table| (table, leases)),
            dead_letter_queue_url,
            max_receive_count,
            bucket,
        })
    }

    /// Warns of variables that are missing and should not be.
    pub(super) fn warn(&self) {
        if self.table.is_none() {
            tracing::warn!("{TABLE} is not set: an event that is redelivered is processed again");
        }
        if self.dead_letter_queue_url.is_some() && self.max_receive_count.is_none() {
            tracing::warn!(
                "{MAX_RECEIVE_COUNT} is not set beside {DEAD_LETTER_QUEUE_URL}: when a record keeps failing, what is \
                 behind it in its message group becomes a dead letter with it, untried"
            );
        }
    }
}

fn bucket(environment: &Environment) -> Result<Option<String>, ConfigError> {
    environment.optional(BUCKET).map(|_| environment.bucket()).transpose()
}

/// What SQS itself takes.
fn max_receive_count(environment: &Environment) -> Result<Option<u32>, ConfigError> {
    let Some(value) = environment.optional(MAX_RECEIVE_COUNT) else { return Ok(None) };
    let count = value.trim().parse().ok().filter(|count| (1..=1000).contains(count));
    count.map(Some).ok_or(ConfigError::Wrong(MAX_RECEIVE_COUNT, Problem::NotAReceiveCount))
}

/// Where the standard processor delivers events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// This event bus; data that is too large for it goes to this bucket.
    EventBus(String, String),
    /// One log line for each event, which is then deleted.
    Log,
}

impl Destination {
    /// Reads the destination. Logging and deleting events must be requested explicitly; it is never the default.
    ///
    /// # Errors
    /// No destination or two are set, or a variable that the destination needs is missing or wrong.
    pub fn read(environment: &Environment) -> Result<Self, ConfigErrors> {
        let is_log = match environment.optional(DESTINATION) {
            None => Ok(false),
            Some(LOG) => Ok(true),
            Some(_) => Err(ConfigError::Wrong(DESTINATION, Problem::NotLog)),
        };
        let (is_log, bus) = both(is_log, environment.event_bus())?;
        match (bus, is_log) {
            (Some(_), true) => Err(ConfigError::Wrong(DESTINATION, Problem::BesideEventBus).into()),
            (None, true) => Ok(Self::Log),
            (None, false) => Err(ConfigError::NoDestination.into()),
            (Some(bus), false) => {
                let table = environment.table().and_then(|table| table.ok_or(ConfigError::Missing(TABLE)));
                let (_, bucket) = both(table, environment.bucket())?;
                Ok(Self::EventBus(bus, bucket))
            }
        }
    }
}

fn lease_config(environment: &Environment) -> Result<LeaseConfig, ConfigErrors> {
    let seconds = |name, max, default, problem| match environment.optional(name) {
        None => Ok(default),
        Some(value) => {
            let seconds = value.trim().parse().ok().filter(|seconds| (1..=max).contains(seconds));
            seconds.map(Duration::from_secs).ok_or(ConfigError::Wrong(name, problem))
        }
    };
    let (lease, ttl) = both(
        seconds(LEASE_S, MAX_LEASE_S, LEASE, Problem::NotALease),
        seconds(IDEMPOTENCY_TTL_S, MAX_TTL_S, IDEMPOTENCY_TTL, Problem::NotATtl),
    )?;
    if ttl < lease {
        return Err(ConfigError::Wrong(IDEMPOTENCY_TTL_S, Problem::TtlBelowLease).into());
    }
    Ok(LeaseConfig { lease, ttl })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEAD: &str = "https://sqs.eu-west-1.amazonaws.com/1/dead.fifo";

    fn read(variables: &[(&str, &str)]) -> Result<Config, String> {
        let environment = variables.iter().map(|(n, v)| (*n, *v)).collect();
        Config::read(&environment).map_err(|error| error.to_string())
    }

    #[test]
    fn nothing_is_needed_for_nothing() {
        let none = Config { table: None, dead_letter_queue_url: None, max_receive_count: None, bucket: None };
        assert_eq!(read(&[]), Ok(none));
    }

    #[test]
    fn a_table_has_a_lease_and_a_ttl() {
        let config = read(&[(TABLE, "table")]).unwrap();
        let leases = LeaseConfig { lease: Duration::from_secs(30), ttl: Duration::from_hours(1) };
        assert_eq!(config.table, Some(("table".to_owned(), leases)));
        let config = read(&[(TABLE, "table"), (LEASE_S, "20"), (IDEMPOTENCY_TTL_S, "60")]).unwrap();
        let leases = LeaseConfig { lease: Duration::from_secs(20), ttl: Duration::from_mins(1) };
        assert_eq!(config.table.unwrap().1, leases);
    }

    #[test]
    fn a_destination_is_a_bus_with_table_and_bucket_or_the_log() {
        let read = |variables: &[(&str, &str)]| {
            let environment = variables.iter().map(|(n, v)| (*n, *v)).collect();
            Destination::read(&environment).map_err(|error| error.to_string())
        };
        let none = "neither MEDIAHOOK_EVENT_BUS nor MEDIAHOOK_DESTINATION=log is set: where do events go?";
        assert_eq!(read(&[(TABLE, "table"), (BUCKET, "bucket")]), Err(none.to_owned()));
        assert_eq!(read(&[(EVENT_BUS, " ")]), Err(none.to_owned()));
        assert_eq!(read(&[(DESTINATION, "log")]), Ok(Destination::Log));
        let missing = "MEDIAHOOK_TABLE is not set; MEDIAHOOK_BUCKET is not set";
        assert_eq!(read(&[(EVENT_BUS, "e")]), Err(missing.to_owned()));
        let both = read(&[(EVENT_BUS, "e"), (DESTINATION, "log")]).unwrap_err();
        assert!(both.starts_with("MEDIAHOOK_DESTINATION: is set beside"), "{both}");
        let wrong = read(&[(DESTINATION, "logs")]).unwrap_err();
        assert!(wrong.starts_with("MEDIAHOOK_DESTINATION: expected log"), "{wrong}");
        let all = read(&[(EVENT_BUS, "e"), (TABLE, "table"), (BUCKET, "bucket")]);
        assert_eq!(all, Ok(Destination::EventBus("e".to_owned(), "bucket".to_owned())));
    }

    #[test]
    fn what_is_wrong_is_named_whether_or_not_it_is_used() {
        for wrong in ["0", "-1", "1.5", "soon", "43201", "99999999999999999999"] {
            let error = read(&[(LEASE_S, wrong)]).unwrap_err();
            assert_eq!(
                error, "MEDIAHOOK_LEASE_S: expected a whole number of seconds from 1 to 43200",
                "{wrong}"
            );
        }
        for wrong in ["0", "1001", "-1", "5.0", "five"] {
            let error = read(&[(MAX_RECEIVE_COUNT, wrong)]).unwrap_err();
            assert!(error.starts_with("MEDIAHOOK_MAX_RECEIVE_COUNT: expected"), "{wrong}: {error}");
        }
        for (value, count) in [("1", 1), ("1000", 1000)] {
            assert_eq!(read(&[(MAX_RECEIVE_COUNT, value)]).unwrap().max_receive_count, Some(count));
        }
        let error = read(&[(LEASE_S, "60"), (IDEMPOTENCY_TTL_S, "59")]).unwrap_err();
        assert!(error.starts_with("MEDIAHOOK_IDEMPOTENCY_TTL_S: is less than the lease"), "{error}");
        assert!(read(&[(LEASE_S, "60"), (IDEMPOTENCY_TTL_S, "60")]).is_ok());
        let error = read(&[(DEAD_LETTER_QUEUE_URL, "dead"), (BUCKET, "s3://b"), (TABLE, "a b")]).unwrap_err();
        for name in [DEAD_LETTER_QUEUE_URL, BUCKET, TABLE] {
            assert!(error.contains(name), "{error}");
        }
        assert_eq!(read(&[(DEAD_LETTER_QUEUE_URL, DEAD)]).unwrap().dead_letter_queue_url.unwrap(), DEAD);
    }
}
