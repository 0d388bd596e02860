//! The message groups of a batch, and the rounds in which they are processed.

use std::collections::VecDeque;

use aws_lambda_events::sqs::SqsMessage;
use tokio::time::{Instant, sleep_until};

use super::record::Record;

/// The messages of each group, in the batch's order. A message without a group is a group of its own.
pub(super) fn groups(messages: &[SqsMessage]) -> Vec<VecDeque<&SqsMessage>> {
    let mut groups: Vec<(Option<&String>, VecDeque<&SqsMessage>)> = Vec::new();
    for message in messages {
        let id = message.attributes.get("MessageGroupId");
        match groups.iter_mut().find(|(of, _)| id.is_some() && *of == id) {
            Some((_, group)) => group.push_back(message),
            None => groups.push((id, VecDeque::from([message]))),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

/// Takes the records that are due out of those that wait, once there is one. `None` if none waits. So a record that is
/// tried again after a pause does not delay the other groups.
pub(super) async fn next_round<'r>(waiting: &mut Vec<Record<'r>>) -> Option<Vec<Record<'r>>> {
    let first = waiting.iter().map(|record| record.due).min()?;
    sleep_until(first).await;
    let now = Instant::now();
    Some(waiting.extract_if(.., |record| record.due <= now).collect())
}
