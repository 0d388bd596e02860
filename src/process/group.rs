//! The message groups of a batch, and the rounds in which they are processed.

use std::collections::VecDeque;

use aws_lambda_events::sqs::SqsMessage;
use tokio::time::{Instant, sleep_until};

use super::record::Record;
use crate::timeouts::process::pause;

/// The records of one message group that are not processed yet, in order.
pub(super) struct Group<'r> {
    pub(super) head: Record<'r>,
    pub(super) behind: VecDeque<&'r SqsMessage>,
    /// When its head may be tried.
    due: Instant,
}

impl<'r> Group<'r> {
    pub(super) fn new(head: Record<'r>, behind: VecDeque<&'r SqsMessage>) -> Self {
        Self { head, behind, due: Instant::now() }
    }

    /// The same group, whose head is tried again after a pause.
    pub(super) fn after_pause(mut self) -> Self {
        self.due = Instant::now() + pause(self.head.tries);
        self
    }

    /// Its records that are not processed.
    pub(super) fn rest(self) -> impl Iterator<Item = &'r SqsMessage> {
        [self.head.message].into_iter().chain(self.behind)
    }
}

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

/// Takes the groups whose head is due out of those that are left, and waits until there is one. `None` if no group is
/// left. So a head that is tried again after a pause does not delay the other groups.
pub(super) async fn next_round<'r>(left: &mut Vec<Group<'r>>) -> Option<Vec<Group<'r>>> {
    let first = left.iter().map(|group| group.due).min()?;
    sleep_until(first).await;
    let now = Instant::now();
    Some(left.extract_if(.., |group| group.due <= now).collect())
}
