//! The table of idempotency records.
//!
//! | attribute | what it is |
//! | --- | --- |
//! | `id` | the event's id; the partition key |
//! | `status` | `INPROGRESS` or `COMPLETED` |
//! | `inprogressexpiresat` | when the lease ends, in milliseconds since 1970 |
//! | `owner` | the process that holds the lease |
//! | `expiresat` | when the record expires, in seconds since 1970: the table's TTL attribute |

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::Builder;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use time::OffsetDateTime;

use super::http_client::DropUnanswered;
use super::{Aws, retry, store_error};
use crate::config::TABLE;
use crate::storage::idempotency::{Claim, IdempotencyStore, Lease, LeaseConfig};
use crate::storage::{StoreError, Unusable};
use crate::timeouts::RetryPolicy;

const ID: &str = "id";
const STATUS: &str = "status";
const LEASE_ENDS: &str = "inprogressexpiresat";
const OWNER: &str = "owner";
const EXPIRES_AT: &str = "expiresat";

/// DynamoDB's error for a table that does not exist.
const NO_TABLE: &str = "ResourceNotFoundException";

const IN_PROGRESS: &str = "INPROGRESS";
const COMPLETED: &str = "COMPLETED";

/// The event is free: there is no record, it has expired (DynamoDB may take days to delete it), or it is in progress
/// with a lease that has ended. `status` and `owner` are reserved words in DynamoDB, so they are written with `#`.
const FREE: &str = "attribute_not_exists(#id) OR #expiresat < :now_s \
                    OR (#status = :inprogress AND #leaseends < :now_ms)";
/// It is still in progress under this lease.
const OURS: &str = "#status = :inprogress AND #owner = :owner AND #leaseends = :leaseends";

/// The idempotency records in a DynamoDB table.
#[derive(Debug, Clone)]
pub struct DynamoDbIdempotency {
    client: Client,
    table: String,
    leases: LeaseConfig,
    owner: String,
    now: fn() -> OffsetDateTime,
}

impl DynamoDbIdempotency {
    /// The table of that name. `owner` is a name that no other process has. No request is sent yet.
    pub fn new(
        aws: &Aws,
        table: String,
        leases: LeaseConfig,
        owner: String,
        now: fn() -> OffsetDateTime,
        retry_policy: RetryPolicy,
    ) -> Self {
        let config = Builder::from(&aws.config(retry_policy))
            .interceptor(DropUnanswered)
            .retry_partition(retry::no_quota());
        Self { client: Client::from_conf(config.build()), table, leases, owner, now }
    }

    /// Checks that the table exists and has the right key, with a call that the role may make anyway: it deletes an
    /// item that does not exist.
    ///
    /// # Errors
    /// [`Unusable::Misconfigured`]: there is no such table, or it has another key. Otherwise the table did not
    /// answer, or the role may not call it; then it may work nevertheless.
    pub async fn check(&self) -> Result<(), Unusable> {
        let delete = self.client.delete_item().table_name(&self.table).key(ID, text("mediahook/check"));
        let Err(error) = Box::pin(delete.send()).await else { return Ok(()) };
        let (code, why) = (error.code().unwrap_or_default(), store_error(&error));
        Err(match code {
            NO_TABLE => Unusable::Misconfigured(self.no_table()),
            "ValidationException" => Unusable::Misconfigured(format!(
                "the table `{}` has not the one partition key `{ID}` (a string): {why}",
                self.table
            )),
            "AccessDeniedException" => {
                Unusable::NotPermitted(format!("the role may not use the table `{}`: {why}", self.table))
            }
            _ => Unusable::Unknown(why),
        })
    }

    fn no_table(&self) -> String {
        format!("there is no table `{}` in this account and region ({NO_TABLE})", self.table)
    }

    /// The error of a call. A table that was deleted since the start is reported like one that never existed.
    fn error<E: ProvideErrorMetadata>(&self, error: &SdkError<E>) -> StoreError {
        match error.code() {
            Some(NO_TABLE) => StoreError(format!("{TABLE}: {}", self.no_table())),
            _ => store_error(error),
        }
    }

    /// The result for an existing record.
    fn refused(&self, error: &SdkError<PutItemError>, lease: Lease) -> Result<Claim, StoreError> {
        let Some(PutItemError::ConditionalCheckFailedException(refusal)) = error.as_service_error() else {
            return Err(self.error(error));
        };
        let attribute = |name| refusal.item().and_then(|item| item.get(name));
        if attribute(STATUS) == Some(&text(COMPLETED)) {
            return Ok(Claim::Completed);
        }
        // Our own first attempt wrote it, and its answer was lost.
        let ours = attribute(OWNER) == Some(&text(&self.owner))
            && attribute(LEASE_ENDS) == Some(&milliseconds(lease.ends));
        Ok(if ours { Claim::Granted(lease) } else { Claim::InProgress })
    }
}

impl IdempotencyStore for DynamoDbIdempotency {
    async fn claim(&self, id: &str) -> Result<Claim, StoreError> {
        let now = (self.now)();
        let ends = now + self.leases.lease;
        let lease = Lease { id: id.to_owned(), length: self.leases.lease, ends };
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .item(ID, text(id))
            .item(STATUS, text(IN_PROGRESS))
            .item(LEASE_ENDS, milliseconds(ends))
            .item(OWNER, text(&self.owner))
            .item(EXPIRES_AT, seconds(ends + self.leases.ttl))
            .condition_expression(FREE)
            .expression_attribute_names("#id", ID)
            .expression_attribute_names("#status", STATUS)
            .expression_attribute_names("#leaseends", LEASE_ENDS)
            .expression_attribute_names("#expiresat", EXPIRES_AT)
            .expression_attribute_values(":inprogress", text(IN_PROGRESS))
            .expression_attribute_values(":now_ms", milliseconds(now))
            .expression_attribute_values(":now_s", seconds(now))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match Box::pin(put.send()).await {
            Ok(_) => Ok(Claim::Granted(lease)),
            Err(error) => self.refused(&error, lease),
        }
    }

    /// Even if another process holds the lease by now: the event was processed, and a redelivery must see that.
    async fn complete(&self, lease: &Lease) -> Result<(), StoreError> {
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .item(ID, text(&lease.id))
            .item(STATUS, text(COMPLETED))
            .item(EXPIRES_AT, seconds((self.now)() + self.leases.ttl));
        Box::pin(put.send()).await.map(drop).map_err(|e| self.error(&e))
    }

    async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        let delete = self
            .client
            .delete_item()
            .table_name(&self.table)
            .key(ID, text(&lease.id))
            .condition_expression(OURS)
            .expression_attribute_names("#status", STATUS)
            .expression_attribute_names("#owner", OWNER)
            .expression_attribute_names("#leaseends", LEASE_ENDS)
            .expression_attribute_values(":inprogress", text(IN_PROGRESS))
            .expression_attribute_values(":owner", text(&self.owner))
            .expression_attribute_values(":leaseends", milliseconds(lease.ends));
        match Box::pin(delete.send()).await {
            Err(error) if is_refusal(&error) => Ok(()),
            Ok(_) => Ok(()),
            Err(error) => Err(self.error(&error)),
        }
    }
}

fn is_refusal(error: &SdkError<DeleteItemError>) -> bool {
    error.as_service_error().is_some_and(DeleteItemError::is_conditional_check_failed_exception)
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn seconds(time: OffsetDateTime) -> AttributeValue {
    AttributeValue::N(time.unix_timestamp().to_string())
}

fn milliseconds(time: OffsetDateTime) -> AttributeValue {
    let since_1970 = Duration::from_nanos(u64::try_from(time.unix_timestamp_nanos()).unwrap_or_default());
    AttributeValue::N(since_1970.as_millis().to_string())
}
