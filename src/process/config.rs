//! The processor's own configuration, in addition to that of every function ([`crate::config`]).

use std::time::Duration;

pub use crate::config::{
    BUCKET, DEAD_LETTER_QUEUE_URL, EVENT_BUS, IDEMPOTENCY_TTL_S, LEASE_S, MAX_RECEIVE_COUNT, TABLE,
};
use crate::config::{ConfigError, Environment};
use crate::storage::idempotency::LeaseConfig;

/// The default length of a lease: SQS's own default for a visibility timeout, and the template's for the function's
/// timeout.
pub const LEASE: Duration = Duration::from_secs(30);
/// The default time for which a completed event is remembered: 14 days, as long as SQS keeps a dead letter. Until then
/// an event that somebody sends again, or redrives after it was processed, is not processed again.
pub const IDEMPOTENCY_TTL: Duration = Duration::from_hours(14 * 24);

/// The settings in the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The table of idempotency records.
    pub table: String,
    /// How long its records last.
    pub leases: LeaseConfig,
    /// The dead-letter queue.
    pub dead_letter_queue_url: String,
    /// How often SQS delivers a record before it moves it to the dead-letter queue.
    pub max_receive_count: u64,
    /// The bucket that holds the data of large events.
    pub bucket: String,
}

impl Config {
    /// Reads the environment.
    ///
    /// # Errors
    /// The first variable that is missing, wrong or misspelt.
    pub fn from_env(environment: &Environment) -> Result<Self, ConfigError> {
        environment.check()?;
        // SQS's longest visibility timeout, 12 hours; ten years; SQS's own limit.
        let lease = environment.number(LEASE_S, 43_200)?;
        let ttl = environment.number(IDEMPOTENCY_TTL_S, 315_360_000)?;
        let receives = environment.number(MAX_RECEIVE_COUNT, 1_000)?;
        let leases = LeaseConfig {
            lease: lease.map_or(LEASE, Duration::from_secs),
            ttl: ttl.map_or(IDEMPOTENCY_TTL, Duration::from_secs),
        };
        if leases.ttl < leases.lease {
            let problem = "is less than the lease (MEDIAHOOK_LEASE_S): an event would be forgotten while it is processed";
            return Err(ConfigError::Wrong(IDEMPOTENCY_TTL_S.to_owned(), problem));
        }
        Ok(Self {
            table: environment.required(TABLE)?,
            leases,
            dead_letter_queue_url: environment.required(DEAD_LETTER_QUEUE_URL)?,
            max_receive_count: receives.ok_or(ConfigError::Missing(MAX_RECEIVE_COUNT))?,
            bucket: environment.required(BUCKET)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEAD: &str = "https://sqs.eu-west-1.amazonaws.com/1/dead.fifo";
    const ALL: [(&str, &str); 4] =
        [(TABLE, "table"), (DEAD_LETTER_QUEUE_URL, DEAD), (MAX_RECEIVE_COUNT, "5"), (BUCKET, "bucket")];

    /// The configuration with these variables beside, or in the place of, those that are needed.
    fn read(variables: &[(&'static str, &'static str)]) -> Result<Config, String> {
        let environment = ALL.iter().chain(variables).copied().collect();
        Config::from_env(&environment).map_err(|error| error.to_string())
    }

    #[test]
    fn records_have_a_lease_and_a_ttl() {
        let config = read(&[]).unwrap();
        assert_eq!(config.leases, LeaseConfig { lease: LEASE, ttl: Duration::from_hours(14 * 24) });
        let config = read(&[(LEASE_S, "20"), (IDEMPOTENCY_TTL_S, "60")]).unwrap();
        assert_eq!(
            config.leases,
            LeaseConfig { lease: Duration::from_secs(20), ttl: Duration::from_mins(1) }
        );
    }

    #[test]
    fn table_dead_letter_queue_receive_count_and_bucket_are_required() {
        for (name, _) in ALL {
            assert_eq!(read(&[(name, " ")]).unwrap_err(), format!("{name} is not set"));
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for wrong in ["0", "-1", "1.5", "soon", "43201", "99999999999999999999"] {
            let error = read(&[(LEASE_S, wrong)]).unwrap_err();
            assert!(error.starts_with("MEDIAHOOK_LEASE_S: expected a whole number"), "{error}");
        }
        for wrong in ["0", "1001", "-1", "5.0", "five"] {
            let error = read(&[(MAX_RECEIVE_COUNT, wrong)]).unwrap_err();
            assert!(error.starts_with("MEDIAHOOK_MAX_RECEIVE_COUNT: expected"), "{wrong}: {error}");
        }
        for (value, count) in [("1", 1), ("1000", 1000)] {
            assert_eq!(read(&[(MAX_RECEIVE_COUNT, value)]).unwrap().max_receive_count, count);
        }
        let error = read(&[(LEASE_S, "60"), (IDEMPOTENCY_TTL_S, "59")]).unwrap_err();
        assert!(error.starts_with("MEDIAHOOK_IDEMPOTENCY_TTL_S: is less than the lease"), "{error}");
        assert!(read(&[(LEASE_S, "60"), (IDEMPOTENCY_TTL_S, "60")]).is_ok());
    }
}
