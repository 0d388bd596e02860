//! A sender's queue: sends its requests, and builds the events of its bodies.

use std::mem::take;

use mediahook_events::Channel;
use mediahook_senders::queue::{Answer, Delivery, Failure, MAX_BATCH, QueueError, Request, SenderQueue};
use tokio::time::{Duration, sleep, timeout};

use super::Puller;
use super::drain::Drain;
use super::http::Http;
use crate::ingest;
use crate::ingest::rejected::Rejected;
use crate::mutex::lock;
use crate::sources::Source;
use crate::storage::{Bucket, Queue, within};
use crate::timeouts::Deadline;
use crate::timeouts::pull::{CONFIRM_ATTEMPT, CONFIRM_WITHIN, pull_within, store_until};

/// How often a failed pull is retried before the source is skipped until the next run.
const RETRIES: u32 = 2;
const PAUSE: Duration = Duration::from_millis(500);
/// How long events are pulled one at a time after an answer that cannot be read. The sender hides the events of that answer
/// for 30 s, so the faulty one may return only in the next run; pulled alone, it harms no other.
const ISOLATED_FOR: Duration = Duration::from_mins(2);
const TOO_LARGE: &str = "an answer larger than a twentieth of the function's memory: raise PullerMemory";

impl<Q: Queue, B: Bucket, H: Http> Drain<'_, Q, B, H> {
    /// Moves the events of a source's queue to ours. Returns whether time ran out.
    ///
    /// # Errors
    /// Our queue failed as a whole.
    pub(super) async fn sender(&mut self, source: &Source, queue: &dyn SenderQueue) -> Result<bool, String> {
        while let Some(deliveries) = self.receive(queue).await {
            // Not pulled again before the next minute: a sender that has too many long polls answers the same
            // immediately.
            if deliveries.is_empty() {
                return Ok(false);
            }
            let stored = self.store(source, deliveries).await;
            // What is not confirmed is redelivered under the same id.
            let _ = timeout(CONFIRM_WITHIN, self.confirm(queue)).await;
            stored?;
        }
        Ok(true)
    }

    /// Pulls the next events; none if there are none or if it fails, `None` if too little time is left.
    async fn receive(&mut self, queue: &dyn SenderQueue) -> Option<Vec<Delivery>> {
        let (earlier_error, mut is_lost) = (self.summary.error.clone(), false);
        for failures in 0..=RETRIES {
            sleep(PAUSE * failures).await;
            match self.pull(queue, pull_within(self.deadline)?).await {
                Ok(deliveries) => {
                    // A busy sender had handed out nothing, so a retry that finds events clears the error. The events of
                    // a lost answer are still hidden, so the error stays.
                    if !is_lost && !deliveries.is_empty() {
                        self.summary.error = earlier_error;
                    }
                    return Some(deliveries);
                }
                Err(QueueError { why, kind }) => {
                    self.summary.error = Some(why);
                    if kind == Failure::Refused {
                        break;
                    }
                    is_lost |= kind == Failure::Lost;
                }
            }
        }
        Some(Vec::new())
    }

    async fn pull(&self, queue: &dyn SenderQueue, time: Duration) -> Result<Vec<Delivery>, QueueError> {
        let now = (self.puller.now)();
        let unreadable = lock(&self.puller.unreadable).get(self.name).copied();
        let is_isolated = unreadable.is_some_and(|at| now - at < ISOLATED_FOR);
        let request = queue.receive_request(if is_isolated { 1 } else { MAX_BATCH }, now);
        let deliveries = queue.parse_receive(&self.exchange(request, time).await?);
        if deliveries.as_ref().is_err_and(|error| error.kind == Failure::Lost) {
            lock(&self.puller.unreadable).insert(self.name.to_owned(), now);
        }
        deliveries
    }

    async fn exchange(&self, request: Request, time: Duration) -> Result<Answer, QueueError> {
        let sent = within(time, self.puller.http.send(&request, self.puller.max_bytes)).await;
        let answer = sent.map_err(|error| QueueError::lost(error.0))?;
        // No retry: the sender has handed out these events, and a retry would return others or none.
        answer.ok_or_else(|| QueueError::refused(TOO_LARGE))
    }

    /// Stores what was delivered, in the queue or in `rejected/`.
    ///
    /// # Errors
    /// The queue failed as a whole.
    async fn store(&mut self, source: &Source, deliveries: Vec<Delivery>) -> Result<(), String> {
        let until = store_until(self.deadline);
        self.summary.pulled += deliveries.len();
        let mut events = Vec::new();
        for delivery in deliveries {
            let (body, entry_id) = (delivery.body.as_bytes(), delivery.entry_id.as_deref());
            match ingest::build(source, body, Channel::Pull, entry_id, (self.puller.now)()) {
                Ok(mut event) => {
                    event.traceparent.clone_from(&self.invocation.traceparent);
                    events.push((delivery.receipt, event));
                }
                Err(reason) => self.unprocessable.push((delivery, reason)),
            }
        }
        let enqueued = self.enqueue(events, until).await;
        self.reject(until).await;
        enqueued
    }

    /// Puts what can never be in the queue into `rejected/`: otherwise the sender would drop it some day.
    async fn reject(&mut self, until: Deadline) {
        let (source, Puller { bucket, now, .. }) = (self.name, self.puller);
        for (Delivery { receipt, body, .. }, reason) in take(&mut self.unprocessable) {
            let rejected = Rejected { source, body: body.as_bytes(), reason: &reason, received: now() };
            match rejected.put(bucket, until.left(), until.left()).await {
                Ok(key) => {
                    tracing::warn!(source, %reason, key, "unprocessable: pulled, but no event for the queue");
                    self.summary.rejected += 1;
                    self.stored.extend(receipt);
                }
                Err(error) => self.summary.error = Some(format!("bucket: {error}")),
            }
        }
    }

    /// Confirms what is stored. Tencent does not document whether one invalid receipt fails a whole call, so after a
    /// failure each is tried alone.
    async fn confirm(&mut self, queue: &dyn SenderQueue) {
        let receipts = take(&mut self.stored);
        if receipts.is_empty() || self.try_confirm(queue, &receipts).await.is_ok() {
            return;
        }
        for receipt in receipts.chunks(1) {
            if let Err(error) = self.try_confirm(queue, receipt).await {
                self.summary.error = Some(format!("confirm: {error}"));
            }
        }
    }

    async fn try_confirm(&mut self, queue: &dyn SenderQueue, receipts: &[String]) -> Result<(), QueueError> {
        let request = queue.delete_request(receipts, (self.puller.now)());
        let expired = queue.parse_delete(&self.exchange(request, CONFIRM_ATTEMPT).await?)?;
        self.summary.confirmed += receipts.len().saturating_sub(expired);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::super::tests::{self, MAIN, sources};
    use super::*;
    use crate::storage::StoreError;

    /// A Tencent that fails a whole confirmation because of one void receipt, and fails the first call.
    #[derive(Default)]
    struct Picky {
        calls: Mutex<usize>,
        fails_first: bool,
    }

    impl Http for Picky {
        async fn send(&self, request: &Request, _: usize) -> Result<Option<Answer>, StoreError> {
            let mut calls = self.calls.lock().unwrap();
            *calls += 1;
            if *calls == 1 && self.fails_first {
                return Err(StoreError("reset".to_owned()));
            }
            let error = r#""Error":{"Code":"InvalidParameterValue","Message":"void"},"#;
            let error = if request.body.contains("void") { error } else { "" };
            let body = format!(r#"{{"Response":{{{error}"RequestId":"r"}}}}"#);
            Ok(Some(Answer { status: 200, body: body.into() }))
        }

        fn drop_connections(&self) {}
    }

    /// How many receipts are confirmed, with which error and in how many calls.
    async fn confirm(receipts: &[&str], fails_first: bool) -> (usize, Option<String>, usize) {
        let puller = tests::puller(Picky { fails_first, ..Picky::default() });
        let mut drain = tests::drain(&puller);
        drain.stored = receipts.iter().map(ToString::to_string).collect();
        drain.confirm(sources().get(MAIN).unwrap().queue().unwrap()).await;
        let calls = *puller.http.calls.lock().unwrap();
        (drain.summary.confirmed, drain.summary.error, calls)
    }

    #[tokio::test]
    async fn a_void_receipt_does_not_fail_the_others() {
        let error = Some("confirm: InvalidParameterValue, request r".to_owned());
        assert_eq!(confirm(&["1", "void", "2"], false).await, (2, error.clone(), 4));
        assert_eq!(confirm(&["void"], false).await, (0, error, 2));
    }

    #[tokio::test]
    async fn a_failed_confirmation_is_retried_once() {
        assert_eq!(confirm(&["1", "2"], true).await, (2, None, 3));
        assert_eq!(confirm(&["1"], true).await, (1, None, 2));
    }
}
