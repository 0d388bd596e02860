//! The table of idempotency records.
//!
//! | attribute | what it is |
//! | --- | --- |
//! | `id` | the event's id; the partition key |
//! | `status` | `INPROGRESS` or `COMPLETED` |
//! | `inprogressexpiresat` | when the lease ends, in milliseconds since 1970 |
//! | `token` | the attempt that holds the lease |
//! | `expiresat` | when the record expires, in seconds since 1970: the table's TTL attribute |

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::Builder;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use time::OffsetDateTime;

use super::{Aws, no_quota, unusable};
use crate::config::TABLE;
use crate::storage::StoreError;
use crate::storage::idempotency::{Begun, Lease, LeaseConfig};
use crate::timeouts::{Clock, Deadline, RetryPolicy};

const ID: &str = "id";
const STATUS: &str = "status";
const LEASE_ENDS: &str = "inprogressexpiresat";
const TOKEN: &str = "token";
const EXPIRES_AT: &str = "expiresat";

const IN_PROGRESS: &str = "INPROGRESS";
const COMPLETED: &str = "COMPLETED";

/// The event is free: there is no record, it has expired (DynamoDB may take days to delete it), or it is in progress
/// with a lease that has ended. `status` and `token` are reserved words in DynamoDB, so they are written with `#`.
const FREE: &str = "attribute_not_exists(id) OR expiresat < :now_s \
                    OR (#status = :inprogress AND inprogressexpiresat < :now_ms)";
/// It is still in progress under this lease.
const OURS: &str = "#status = :inprogress AND #token = :token";

/// The idempotency records in a DynamoDB table: which events are *in progress* until their lease ends, and which are
/// *completed* until their record expires.
///
/// While one attempt has an event in progress, no other one may process it. If its process crashes, the lease ends.
#[derive(Debug, Clone)]
pub struct DynamoDbIdempotency {
    client: Client,
    table: String,
    leases: LeaseConfig,
    now: Clock,
}

impl DynamoDbIdempotency {
    /// The table of that name. No request is sent yet.
    pub fn new(aws: &Aws, table: String, leases: LeaseConfig, now: Clock, retry_policy: RetryPolicy) -> Self {
        let config = Builder::from(&aws.config(retry_policy)).retry_partition(no_quota());
        Self { client: Client::from_conf(config.build()), table, leases, now }
    }

    /// Marks an event as in progress, unless it is in progress elsewhere or completed.
    ///
    /// # Errors
    /// No answer until then: the event may be in progress nevertheless, until its lease ends.
    pub async fn begin(&self, id: &str, until: Deadline) -> Result<Begun, StoreError> {
        let lease = Lease::new(id, self.leases.lease);
        let now = (self.now)();
        let ends = now + self.leases.lease;
        let put = self
            .put(id, IN_PROGRESS, ends + self.leases.ttl)
            .item(LEASE_ENDS, milliseconds(ends))
            .item(TOKEN, text(&lease.token))
            .condition_expression(FREE)
            .expression_attribute_names("#status", STATUS)
            .expression_attribute_values(":inprogress", text(IN_PROGRESS))
            .expression_attribute_values(":now_ms", milliseconds(now))
            .expression_attribute_values(":now_s", seconds(now))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match Box::pin(put.customize().config_override(limit(until)).send()).await {
            Ok(_) => Ok(Begun::Started(lease)),
            Err(error) => self.refused(&error, lease),
        }
    }

    /// Marks an event as completed: until the record expires, it is not processed again. Even if another attempt holds
    /// the lease by now: the event was processed, and a redelivery must see that.
    ///
    /// # Errors
    /// No answer until then: when the lease ends, the event may be processed again.
    pub async fn complete(&self, lease: &Lease, until: Deadline) -> Result<(), StoreError> {
        let put = self.put(&lease.id, COMPLETED, (self.now)() + self.leases.ttl);
        let put = put.customize().config_override(limit(until)).send();
        Box::pin(put).await.map(drop).map_err(|e| self.error(&e))
    }

    /// Releases an event that was not processed, so that it can be retried at once. A record that another attempt
    /// holds by now is kept.
    ///
    /// # Errors
    /// No answer until then: the event can be retried when the lease ends.
    pub async fn release(&self, lease: &Lease, until: Deadline) -> Result<(), StoreError> {
        let delete = self
            .client
            .delete_item()
            .table_name(&self.table)
            .key(ID, text(&lease.id))
            .condition_expression(OURS)
            .expression_attribute_names("#status", STATUS)
            .expression_attribute_names("#token", TOKEN)
            .expression_attribute_values(":inprogress", text(IN_PROGRESS))
            .expression_attribute_values(":token", text(&lease.token));
        match Box::pin(delete.customize().config_override(limit(until)).send()).await {
            Err(error) if error.code() != Some("ConditionalCheckFailedException") => Err(self.error(&error)),
            _ => Ok(()),
        }
    }

    fn put(&self, id: &str, status: &str, expires_at: OffsetDateTime) -> PutItemFluentBuilder {
        let put = self.client.put_item().table_name(&self.table).item(ID, text(id));
        put.item(STATUS, text(status)).item(EXPIRES_AT, seconds(expires_at))
    }

    /// The error of a call. AWS's own code for a missing table does not say which table it is.
    fn error<E: ProvideErrorMetadata>(&self, error: &SdkError<E>) -> StoreError {
        let (table, missing) = (format!("table `{}`", self.table), ["ResourceNotFoundException"]);
        StoreError(unusable(error, TABLE, &table, "dynamodb:PutItem", &missing).to_string())
    }

    /// The result for an existing record.
    fn refused(&self, error: &SdkError<PutItemError>, lease: Lease) -> Result<Begun, StoreError> {
        let Some(PutItemError::ConditionalCheckFailedException(refusal)) = error.as_service_error() else {
            return Err(self.error(error));
        };
        let text_of = |name| refusal.item()?.get(name)?.as_s().ok().map(String::as_str);
        Ok(match (text_of(STATUS), text_of(TOKEN)) {
            (Some(COMPLETED), _) => Begun::Completed,
            // Our own first attempt wrote it, and its answer was lost.
            (_, Some(token)) if token == lease.token => Begun::Started(lease),
            _ => Begun::InProgress,
        })
    }
}

/// A call may take all the time that is left, an attempt half of it: a connection that went stale while the function
/// was frozen never answers. To repeat an attempt is harmless, because the table would refuse the second one.
fn limit(until: Deadline) -> Builder {
    let limit =
        TimeoutConfig::builder().operation_timeout(until.left()).operation_attempt_timeout(until.half());
    Builder::new().timeout_config(limit.build())
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn seconds(time: OffsetDateTime) -> AttributeValue {
    AttributeValue::N(time.unix_timestamp().to_string())
}

fn milliseconds(time: OffsetDateTime) -> AttributeValue {
    AttributeValue::N((time.unix_timestamp_nanos() / 1_000_000).to_string())
}
