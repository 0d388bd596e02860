//! Which calls are retried, how often and after what pause: the SDK's standard mode, which retries temporary errors
//! (connections, timeouts, throttling, 5xx), within the limits of a [`RetryPolicy`].

use aws_sdk_sqs::config::retry::{RetryConfig, RetryPartition, TokenBucket};
use aws_sdk_sqs::config::timeout::TimeoutConfig;
use aws_types::sdk_config::Builder;

use crate::timeouts::RetryPolicy;

/// Limits the duration and the number of attempts. The caller limits the total.
pub(super) fn configure(sdk: Builder, policy: RetryPolicy) -> Builder {
    let timeouts = TimeoutConfig::builder().operation_attempt_timeout(policy.attempt).build();
    let retries = RetryConfig::standard()
        .with_max_attempts(policy.attempts)
        .with_initial_backoff(policy.pause)
        .with_max_backoff(policy.pause);
    sdk.timeout_config(timeouts).retry_config(retries)
}

/// Retries without the SDK's quota. A long outage would use it up, and then a call with a stale connection would have
/// no second attempt. The attempts of a call are few and limited in time.
pub(super) fn no_quota() -> RetryPartition {
    RetryPartition::custom(env!("CARGO_PKG_NAME")).token_bucket(TokenBucket::unlimited()).build()
}
