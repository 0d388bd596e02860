//! The table of idempotency records.

use aws_sdk_dynamodb::types::{KeyType, ScalarAttributeType, TableStatus, TimeToLiveStatus};

use super::Report;
use crate::aws::call;
use crate::context::Context;
use crate::failure::Failure;

const TTL_ATTRIBUTE: &str = "expiresat";

pub(super) async fn check(report: &mut Report<'_>, context: &Context) -> Result<(), Failure> {
    let (client, table) = (context.aws().await?.dynamodb(), context.table().await?);
    let describe =
        call("dynamodb:DescribeTable", &table, client.describe_table().table_name(&table).send()).await?;
    let description =
        describe.table.unwrap_or_else(|| aws_sdk_dynamodb::types::TableDescription::builder().build());
    let is_active = matches!(description.table_status, Some(TableStatus::Active | TableStatus::Updating));
    report.must(is_active, "table", if is_active { "active" } else { "not active" }, "sam deploy");
    let [is_hash, is_text] = [
        description
            .key_schema()
            .iter()
            .any(|key| key.attribute_name() == "id" && *key.key_type() == KeyType::Hash),
        description.attribute_definitions().iter().any(|attribute| {
            attribute.attribute_name() == "id" && *attribute.attribute_type() == ScalarAttributeType::S
        }),
    ];
    let is_keyed = is_hash && is_text && description.key_schema().len() == 1;
    let found = if is_keyed { "its key is the text `id`" } else { "its key is not the text `id` alone" };
    report.must(
        is_keyed,
        "table",
        found,
        "a key cannot be changed: deploy the template's table with sam deploy",
    );

    let ttl =
        call("dynamodb:DescribeTimeToLive", &table, client.describe_time_to_live().table_name(&table).send())
            .await?;
    let ttl = ttl.time_to_live_description;
    let status = ttl.as_ref().and_then(|ttl| ttl.time_to_live_status.clone());
    let attribute = ttl.as_ref().and_then(|ttl| ttl.attribute_name.clone()).unwrap_or_default();
    let is_on = matches!(status, Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling))
        && attribute == TTL_ATTRIBUTE;
    let found = if is_on {
        format!("TTL on `{TTL_ATTRIBUTE}`")
    } else {
        format!("no TTL on `{TTL_ATTRIBUTE}`: records are kept for ever")
    };
    let fix = format!(
        "aws dynamodb update-time-to-live --table-name {table} --time-to-live-specification Enabled=true,AttributeName={TTL_ATTRIBUTE}"
    );
    report.must(is_on, "table TTL", found, fix);
    Ok(())
}
