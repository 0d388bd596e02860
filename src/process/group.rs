//! The message groups of a batch: SQS keeps the order within each, and so does the processor.

use std::collections::VecDeque;

use aws_lambda_events::sqs::SqsMessage;

use super::record::RecordOutcome;

/// The records of one message group that are not yet processed, in order. Those that are left in the end are reported failed.
pub struct Group<'r> {
    waiting: VecDeque<&'r SqsMessage>,
    failed: bool,
}

impl<'r> Group<'r> {
    /// The records of each message group, in the batch's order. A record without a group is one by itself.
    pub(super) fn of(messages: &'r [SqsMessage]) -> Vec<Self> {
        let mut groups: Vec<(Option<&String>, Self)> = Vec::new();
        for message in messages {
            let id = message.attributes.get("MessageGroupId");
            match groups.iter_mut().find(|(of, _)| id.is_some() && *of == id) {
                Some((_, group)) => group.waiting.push_back(message),
                None => groups.push((id, Self { waiting: [message].into(), failed: false })),
            }
        }
        groups.into_iter().map(|(_, group)| group).collect()
    }

    /// The record that is next; none after a failure: what comes after it in the group must not overtake it.
    pub(super) fn next(&self) -> Option<&'r SqsMessage> {
        self.waiting.front().copied().filter(|_| !self.failed)
    }

    /// The records that SQS is to redeliver.
    pub(super) fn into_failed(self) -> impl Iterator<Item = &'r SqsMessage> {
        self.waiting.into_iter()
    }

    /// How many wait behind the next record.
    pub(super) fn behind_next(&self) -> usize {
        self.waiting.len().saturating_sub(1)
    }

    /// Takes the next record out of the group, unless it failed: then the group stops.
    pub(super) fn conclude_next(&mut self, outcome: &RecordOutcome) {
        self.failed = matches!(outcome, RecordOutcome::Failed(_));
        if !self.failed {
            self.waiting.pop_front();
        }
    }
}
