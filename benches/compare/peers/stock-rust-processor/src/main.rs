use std::collections::HashSet;
use std::env;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_config::BehaviorVersion;
use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use lambda_runtime::{Error, LambdaEvent, run, service_fn, tracing};
use serde_json::Value;

const LEASE: Duration = Duration::from_secs(30);
const REMEMBERED: Duration = Duration::from_secs(14 * 24 * 3600);

struct Processor {
    table: aws_sdk_dynamodb::Client,
    table_name: String,
    bus: aws_sdk_eventbridge::Client,
    bus_name: String,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let processor = Processor {
        table: aws_sdk_dynamodb::Client::new(&config),
        table_name: env::var("TABLE")?,
        bus: aws_sdk_eventbridge::Client::new(&config),
        bus_name: env::var("EVENT_BUS")?,
    };
    let processor = &processor;
    run(service_fn(move |event: LambdaEvent<SqsEvent>| async move {
        Ok::<_, Error>(processor.process(event.payload).await)
    }))
    .await
}

impl Processor {
    /// After a failure, the rest of its group is reported as failed too.
    async fn process(&self, batch: SqsEvent) -> SqsBatchResponse {
        let mut failed_groups = HashSet::new();
        let mut response = SqsBatchResponse::default();
        for record in batch.records {
            let group = record.attributes.get("MessageGroupId").cloned();
            let is_behind = failed_groups.contains(&group);
            if !is_behind {
                match self.process_once(record.body.unwrap_or_default()).await {
                    Ok(()) => continue,
                    Err(error) => tracing::error!(%error, "record failed"),
                }
            }
            failed_groups.insert(group);
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = record.message_id.unwrap_or_default();
            response.batch_item_failures.push(failure);
        }
        response
    }

    async fn process_once(&self, body: String) -> Result<(), Error> {
        let event: Value = serde_json::from_str(&body)?;
        let id = event["id"].as_str().ok_or("no id")?;
        if !self.begin(id).await? {
            return Ok(());
        }
        if let Err(error) = self.put(event["type"].as_str().ok_or("no type")?, &body).await {
            let delete = self.table.delete_item().table_name(&self.table_name);
            delete.key("id", text(id)).send().await?;
            return Err(error);
        }
        self.complete(id).await
    }

    /// Whether the event is to be processed: not if it was before.
    async fn begin(&self, id: &str) -> Result<bool, Error> {
        let now = since_1970()?;
        let put = self
            .table
            .put_item()
            .table_name(&self.table_name)
            .item("id", text(id))
            .item("status", text("INPROGRESS"))
            .item("leaseends", number(now + LEASE))
            .item("expiresat", number(now + REMEMBERED))
            .condition_expression(
                "attribute_not_exists(id) OR expiresat < :now OR (#status = :inprogress AND leaseends < :now)",
            )
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":inprogress", text("INPROGRESS"))
            .expression_attribute_values(":now", number(now))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send();
        let Err(error) = put.await else { return Ok(true) };
        let error = error.into_service_error();
        if let aws_sdk_dynamodb::operation::put_item::PutItemError::ConditionalCheckFailedException(refused) = &error
            && refused.item().and_then(|item| item.get("status")) == Some(&text("COMPLETED"))
        {
            return Ok(false);
        }
        Err(error.into())
    }

    async fn put(&self, event_type: &str, body: &str) -> Result<(), Error> {
        let entry = PutEventsRequestEntry::builder()
            .event_bus_name(&self.bus_name)
            .source("callbacks")
            .detail_type(event_type)
            .detail(body);
        let answer = self.bus.put_events().entries(entry.build()).send().await?;
        match answer.entries().first().and_then(|entry| entry.error_code()) {
            Some(code) => Err(code.into()),
            None => Ok(()),
        }
    }

    async fn complete(&self, id: &str) -> Result<(), Error> {
        self.table
            .update_item()
            .table_name(&self.table_name)
            .key("id", text(id))
            .update_expression("SET #status = :completed")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":completed", text("COMPLETED"))
            .send()
            .await?;
        Ok(())
    }
}

fn since_1970() -> Result<Duration, Error> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?)
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn number(time: Duration) -> AttributeValue {
    AttributeValue::N(time.as_secs().to_string())
}
