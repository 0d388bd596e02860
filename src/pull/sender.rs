//! A sender's queue: sends its requests, and builds the events of its bodies.

use mediahook_events::Channel;
use mediahook_senders::queue::{Answer, Delivery, Failure, MAX_BATCH, QueueError, Request, SenderQueue};
use tokio::time::{Duration, sleep, timeout};

use super::drain::{Drain, Item, Rejection};
use super::http::Http;
use crate::ingest;
use crate::mutex::lock;
use crate::sources::Source;
use crate::storage::{Bucket, Queue, within};
use crate::timeouts::pull::{CONFIRM_ATTEMPT, CONFIRM_WITHIN, pull_within, store_until};

/// How often a failed pull is retried before the source is skipped until the next run.
const RETRIES: u32 = 2;
const PAUSE: Duration = Duration::from_millis(500);

impl<Q: Queue, B: Bucket, H: Http> Drain<'_, Q, B, H> {
    /// Moves the events of a source with a `pull` section to the queue.
    pub(super) async fn sender(&mut self, source: &Source) {
        let Some(queue) = source.queue() else { return };
        let (mut failures, mut busy) = (0, None);
        // One after an answer that cannot be read: whichever event is at fault, the others arrive without it.
        let was_unreadable = lock(&self.puller.isolated).remove(source.name());
        let mut events_at_once = if was_unreadable { 1 } else { MAX_BATCH };
        self.summary.more = loop {
            let Some(within) = pull_within(self.deadline) else { break true };
            match self.receive(queue, &mut events_at_once, within).await {
                // Not pulled again before the next minute: a sender that has too many long polls answers the same
                // immediately.
                Ok(deliveries) if deliveries.is_empty() => break false,
                Ok(deliveries) => {
                    // The sender had handed out nothing when it was busy, so these are the events.
                    (failures, busy) = (0, None);
                    self.store(source, deliveries).await;
                    self.confirm(queue).await;
                    if self.queue_failed {
                        break false;
                    }
                }
                Err(error) => {
                    tracing::debug!(source = self.name, %error, "a pull failed");
                    match error.kind {
                        Failure::Busy => busy = Some(error.why),
                        // The events of a lost answer are hidden now: that a retry finds nothing proves nothing.
                        Failure::Lost | Failure::Refused => self.summary.error = Some(error.why),
                    }
                    if error.kind == Failure::Refused || failures == RETRIES {
                        break false;
                    }
                    failures += 1;
                    sleep(PAUSE * failures).await;
                }
            }
        };
        self.summary.error = busy.or(self.summary.error.take());
    }

    async fn receive(
        &self,
        queue: &dyn SenderQueue,
        events_at_once: &mut usize,
        time: Duration,
    ) -> Result<Vec<Delivery>, QueueError> {
        let request = queue.receive_request(*events_at_once, (self.puller.now)());
        let deliveries = queue.parse_receive(&self.exchange(request, time).await?);
        if deliveries.as_ref().is_err_and(|error| error.kind == Failure::Lost) {
            *events_at_once = 1;
            // In the next run too: until then the sender hides these events.
            lock(&self.puller.isolated).insert(self.name.to_owned());
        }
        deliveries
    }

    async fn exchange(&self, request: Request, time: Duration) -> Result<Answer, QueueError> {
        let max_bytes = self.puller.max_bytes;
        match within(time, self.puller.http.send(&request, max_bytes)).await {
            Ok(Some(answer)) => Ok(answer),
            // No retry: the sender has handed out these events, and a retry would return others or none.
            Ok(None) => Err(QueueError::refused(format!(
                "an answer of more than {} KiB, a twentieth of the function's memory: raise PullerMemory",
                max_bytes >> 10
            ))),
            Err(error) => Err(QueueError::lost(error.0)),
        }
    }

    /// Stores what was delivered, in the queue or in `rejected/`.
    async fn store(&mut self, source: &Source, deliveries: Vec<Delivery>) {
        let until = store_until(self.deadline);
        self.summary.pulled += deliveries.len();
        let (mut events, mut rejections) = (Vec::new(), Vec::new());
        for Delivery { receipt, body, entry_id } in deliveries {
            let (entry_id, received) = (entry_id.as_deref(), (self.puller.now)());
            match ingest::build(source, body.as_bytes(), Channel::Pull, entry_id, received) {
                Ok(mut event) => {
                    event.traceparent.clone_from(&self.invocation.traceparent);
                    events.push(Item { receipt, event });
                }
                Err(reason) => rejections.push(Rejection { receipt, body, reason }),
            }
        }
        self.enqueue(events, until).await;
        // Otherwise the sender would drop it some day.
        rejections.append(&mut self.unsendable);
        self.reject(rejections, until).await;
    }

    /// Confirms what is stored. Tencent does not document whether one invalid receipt fails a whole call, so after a
    /// failure each is tried alone. What is not confirmed is redelivered under the same id.
    async fn confirm(&mut self, queue: &dyn SenderQueue) {
        let receipts = std::mem::take(&mut self.stored);
        let all = async {
            if receipts.is_empty() || self.try_confirm(queue, &receipts).await.is_ok() {
                return;
            }
            for receipt in receipts.chunks(1) {
                if let Err(error) = self.try_confirm(queue, receipt).await {
                    self.summary.error = Some(format!("confirm: {error}"));
                }
            }
        };
        if timeout(CONFIRM_WITHIN, all).await.is_err() {
            self.summary.error = Some("confirm: it took too long".to_owned());
        }
    }

    async fn try_confirm(&mut self, queue: &dyn SenderQueue, receipts: &[String]) -> Result<(), QueueError> {
        let request = queue.delete_request(receipts, (self.puller.now)());
        let expired = queue.parse_delete(&self.exchange(request, CONFIRM_ATTEMPT).await?)?;
        self.summary.confirmed += receipts.len().saturating_sub(expired);
        if expired > 0 {
            self.summary.error = Some(format!("confirm: {expired} receipts were not taken"));
        }
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
