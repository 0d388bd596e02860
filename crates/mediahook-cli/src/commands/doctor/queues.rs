//! The queue and the dead-letter queue.

use std::collections::HashMap;

use super::Report;
use crate::aws::call;
use crate::context::{Context, Function};
use crate::failure::Failure;
use crate::queue::Queue;

/// The longest message that SQS takes.
const MAX_MESSAGE_BYTES: u64 = 1_048_576;
/// 14 days, the longest that SQS keeps a message.
const MAX_RETENTION_S: u64 = 1_209_600;
/// The visibility timeout is at least so many times as long as the function's: AWS advises it for event source mappings.
const VISIBILITY_FACTOR: u64 = 6;

pub(super) async fn check(report: &mut Report<'_>, context: &Context) -> Result<(), Failure> {
    let (queue, dead_letters) = (Queue::of(context).await?, Queue::dead_letters_of(context).await?);
    let attributes = queue.attributes().await?;
    is_fifo(&attributes, "queue", report);
    let url = &queue.url;
    let set = |name: &str, value: u64| {
        format!("aws sqs set-queue-attributes --queue-url {url} --attributes {name}={value}")
    };
    let limit = number(&attributes, "MaximumMessageSize");
    let found = format!("takes messages of up to {limit} bytes");
    report.should(limit >= MAX_MESSAGE_BYTES, "queue", found, set("MaximumMessageSize", MAX_MESSAGE_BYTES));
    let retention = number(&attributes, "MessageRetentionPeriod");
    let found = format!("keeps messages for {} days", retention / 86_400);
    report.should(
        retention >= MAX_RETENTION_S,
        "queue",
        found,
        set("MessageRetentionPeriod", MAX_RETENTION_S),
    );

    let visible = number(&attributes, "VisibilityTimeout");
    match processor_timeout(context).await {
        Ok(timeout) => {
            let found = format!("visibility timeout {visible} s, the processor's timeout {timeout} s");
            let wanted = timeout * VISIBILITY_FACTOR;
            report.must(
                visible >= wanted,
                "queue visibility timeout",
                found,
                set("VisibilityTimeout", wanted),
            );
        }
        Err(failure) => report.not_done("queue visibility timeout", &failure),
    }
    let waiting = number(&attributes, "ApproximateNumberOfMessages");
    report.ok("queue", format!("about {waiting} events wait"));
    redrive(&attributes, &queue, &dead_letters, report).await
}

async fn redrive(
    attributes: &HashMap<String, String>,
    queue: &Queue,
    dead_letters: &Queue,
    report: &mut Report<'_>,
) -> Result<(), Failure> {
    let other = dead_letters.attributes().await?;
    is_fifo(&other, "dead-letter queue", report);
    let arn = other.get("QueueArn").map(String::as_str).unwrap_or_default();
    let policy: serde_json::Value = attributes
        .get("RedrivePolicy")
        .and_then(|policy| serde_json::from_str(policy).ok())
        .unwrap_or_default();
    let target = policy["deadLetterTargetArn"].as_str().unwrap_or("none");
    let policy = format!(r#"{{\"deadLetterTargetArn\":\"{arn}\",\"maxReceiveCount\":\"5\"}}"#);
    let fix = format!(
        "aws sqs set-queue-attributes --queue-url {} --attributes '{{\"RedrivePolicy\":\"{policy}\"}}'",
        queue.url
    );
    report.must(target == arn, "dead-letter queue", format!("the queue's is {target}"), fix);
    let dead = number(&other, "ApproximateNumberOfMessages");
    report.should(
        dead == 0,
        "dead-letter queue",
        format!("about {dead} dead letters"),
        "mediahook dlq list, then mediahook dlq redrive --all --yes",
    );
    Ok(())
}

fn is_fifo(attributes: &HashMap<String, String>, check: &'static str, report: &mut Report<'_>) {
    let is_fifo = attributes.get("FifoQueue").is_some_and(|value| value == "true");
    let found = if is_fifo {
        "is a FIFO queue"
    } else {
        "is a standard queue: events lose their order, and duplicates are not dropped"
    };
    report.must(
        is_fifo,
        check,
        found,
        "a queue cannot change its kind: deploy the template's queue with sam deploy",
    );
}

fn number(attributes: &HashMap<String, String>, name: &str) -> u64 {
    attributes.get(name).and_then(|text| text.parse().ok()).unwrap_or(0)
}

async fn processor_timeout(context: &Context) -> Result<u64, Failure> {
    let name = context.function(Function::Processor).await?;
    let get = context.aws().await?.lambda().get_function_configuration().function_name(&name).send();
    let answer = call("lambda:GetFunctionConfiguration", &name, get).await?;
    Ok(u64::try_from(answer.timeout.unwrap_or(0)).unwrap_or(0))
}
