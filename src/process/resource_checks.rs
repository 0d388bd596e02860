//! Checks what only AWS knows about the processor's variables: whether the table and the dead-letter queue exist.
//! They are checked in init, and again by each invocation while one is missing. Such an invocation fails, so that SQS
//! keeps its records.
//!
//! The start does not fail: Lambda would restart the function again and again, and no invocation's error would name
//! the problem.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_lambda_events::sqs::SqsEvent;
use tokio::time::timeout;

use crate::aws::dynamodb::DynamoDbIdempotency;
use crate::aws::sqs::SqsQueue;
use crate::config::{DEAD_LETTER_QUEUE_URL, TABLE};
use crate::storage::Unusable;

/// The checks of one function.
#[derive(Debug)]
pub(super) struct ResourceChecks {
    table: Option<DynamoDbIdempotency>,
    dead_letters: Option<(String, SqsQueue)>,
    passed: AtomicBool,
}

impl ResourceChecks {
    /// Checks this table, and the queue of this URL.
    pub(super) fn new(table: Option<DynamoDbIdempotency>, dead_letters: Option<(String, SqsQueue)>) -> Self {
        Self { table, dead_letters, passed: AtomicBool::new(false) }
    }

    /// Checks the resources, unless the last check was good. The error names the variable.
    pub(super) async fn ask(&self, within: Duration) -> Result<(), String> {
        if self.passed.load(Ordering::Relaxed) {
            return Ok(());
        }
        let table = async { check(TABLE, within, self.table.as_ref().map(DynamoDbIdempotency::check)).await };
        let queue = self.dead_letters.as_ref().map(|(_, queue)| queue.check());
        let queue = async { check(DEAD_LETTER_QUEUE_URL, within, queue).await };
        // Concurrent. Boxed, because they run once.
        let (table, queue) = Box::pin(futures_util::future::join(table, queue)).await;
        table?;
        queue?;
        self.passed.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Whether these records come from the dead-letter queue: a record sent there would be received again at once,
    /// without end.
    pub(super) fn is_loop(&self, batch: &SqsEvent) -> Result<(), String> {
        let Some((url, _)) = &self.dead_letters else { return Ok(()) };
        let mut arns = batch.records.iter().filter_map(|record| record.event_source_arn.as_deref());
        if arns.any(|arn| is_same_queue(url, arn)) {
            return Err(format!(
                "{DEAD_LETTER_QUEUE_URL}: is the queue that the events come from: a dead letter would never end"
            ));
        }
        Ok(())
    }
}

/// If a resource may be usable, processing continues: the calls themselves fail if it is not.
async fn check(
    variable: &str,
    within: Duration,
    asked: Option<impl Future<Output = Result<(), Unusable>>>,
) -> Result<(), String> {
    let Some(asked) = asked else { return Ok(()) };
    match timeout(within, asked).await {
        Ok(Err(Unusable::Misconfigured(why))) => Err(format!("{variable}: {why}")),
        Ok(Err(Unusable::NotPermitted(why))) => {
            tracing::warn!("{variable}: {why}; whether it is there is unknown");
            Ok(())
        }
        Ok(Ok(()) | Err(Unusable::Unknown(_))) | Err(_) => Ok(()),
    }
}

/// `https://HOST/ACCOUNT/NAME` and `arn:aws:sqs:REGION:ACCOUNT:NAME`. An emulator's URL may have no account in it.
fn is_same_queue(url: &str, arn: &str) -> bool {
    let (mut of_url, mut of_arn) = (url.rsplit('/'), arn.rsplit(':'));
    let is_same_name = of_url.next() == of_arn.next();
    let is_account = |text: &str| text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit());
    let account = of_url.next().filter(|account| is_account(account));
    let region = url.split("://sqs.").nth(1).and_then(|host| host.split_once(".amazonaws."));
    let (arn_account, arn_region) = (of_arn.next(), of_arn.next());
    is_same_name
        && account.is_none_or(|account| Some(account) == arn_account)
        && region.is_none_or(|(region, _)| Some(region) == arn_region)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_and_an_arn_may_name_the_same_queue() {
        let arn = "arn:aws:sqs:eu-west-1:123456789012:callbacks.fifo";
        for url in [
            "https://sqs.eu-west-1.amazonaws.com/123456789012/callbacks.fifo",
            "https://eu-west-1.queue.amazonaws.com/123456789012/callbacks.fifo",
            "http://localhost:9324/queue/callbacks.fifo",
        ] {
            assert!(is_same_queue(url, arn), "{url}");
        }
        for url in [
            "https://sqs.eu-west-1.amazonaws.com/123456789012/dead.fifo",
            "https://sqs.eu-west-1.amazonaws.com/123456789013/callbacks.fifo",
            "https://sqs.us-east-1.amazonaws.com/123456789012/callbacks.fifo",
        ] {
            assert!(!is_same_queue(url, arn), "{url}");
        }
    }
}
