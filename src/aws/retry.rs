//! Which calls are tried again, how often and after what pause: the SDK's standard mode, which retries what is transient
//! (connections, timeouts, throttling, 5xx), within the bounds of a [`RetryPolicy`].

use aws_sdk_sqs::config::retry::{RetryConfig, RetryPartition, TokenBucket};
use aws_sdk_sqs::config::timeout::TimeoutConfig;
use aws_types::sdk_config::Builder;

use crate::timeouts::RetryPolicy;

/// Bounds every attempt and their number. The caller bounds the whole.
pub(super) fn configure(sdk: Builder, policy: RetryPolicy) -> Builder {
    let timeouts = TimeoutConfig::builder().operation_attempt_timeout(policy.attempt).build();
    let retries = RetryConfig::standard()
        .with_max_attempts(policy.attempts)
        .with_initial_backoff(policy.pause)
        .with_max_backoff(policy.pause);
    sdk.timeout_config(timeouts).retry_config(retries)
}

/// Retries without the SDK's quota, which a long outage would use up: after it, a connection that went stale would no longer have
/// its second attempt. The attempts of a call are few and bounded in time.
pub(super) fn no_quota() -> RetryPartition {
    RetryPartition::custom(env!("CARGO_PKG_NAME")).token_bucket(TokenBucket::unlimited()).build()
}
