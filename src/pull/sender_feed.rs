//! The feed of a sender's queue: sends its requests, and builds the events of its bodies.

use std::collections::HashSet;
use std::sync::Mutex;
use std::time::Duration;

use mediahook_events::Channel;
use mediahook_senders::queue::{Answer, Delivery, Failure, MAX_BATCH, QueueError, Request, SenderQueue};

use super::feed::{Confirmation, Content, Feed, Item};
use super::http::Http;
use crate::ingest;
use crate::mutex::lock;
use crate::sources::Source;
use crate::timeouts::pull::{CONFIRM_ATTEMPT, CONFIRM_WITHIN, pull_within};
use crate::timeouts::{Clock, Deadline};
use crate::trace::Trace;

/// A source with a `pull` section.
pub(super) struct SenderFeed<'a, H> {
    pub(super) source: &'a Source,
    pub(super) queue: &'a dyn SenderQueue,
    pub(super) http: &'a H,
    /// The most that one answer may have.
    pub(super) max_bytes: usize,
    pub(super) now: Clock,
    /// The trace of its events.
    pub(super) trace: Option<Trace>,
    /// One after an answer that cannot be read: whichever event is at fault, the others arrive without it.
    pub(super) events_at_once: usize,
    /// The sources that are asked for one event at a time in the next run.
    pub(super) isolated: &'a Mutex<HashSet<String>>,
}

impl<H: Http> SenderFeed<'_, H> {
    async fn exchange(&self, request: Request, within: Duration) -> Result<Answer, QueueError> {
        match self.http.send(&request, within, self.max_bytes).await {
            Ok(Some(answer)) => Ok(answer),
            // No retry: the sender has handed out these events, and a retry would return others or none.
            Ok(None) => Err(QueueError::refused(format!(
                "an answer of more than {} KiB, a twentieth of the function's memory: raise PullerMemory",
                self.max_bytes >> 10
            ))),
            Err(error) => Err(QueueError::lost(error.to_string())),
        }
    }

    fn item(&self, delivery: Delivery) -> Item {
        let Delivery { receipt, body, entry_id } = delivery;
        let received = (self.now)();
        let built = ingest::build(self.source, body.as_bytes(), Channel::Pull, entry_id.as_deref(), received);
        let content = match built {
            Ok(mut event) => {
                event.traceparent = self.trace.and_then(Trace::traceparent);
                Content::Event(Box::new(event))
            }
            Err(reason) => Content::Unprocessable { body, reason },
        };
        Item { receipt, received, content }
    }

    async fn try_confirm(&self, receipts: &[String]) -> Result<Confirmation, QueueError> {
        let request = self.queue.delete_request(receipts, (self.now)());
        let void = self.queue.parse_delete(&self.exchange(request, CONFIRM_ATTEMPT).await?)?;
        let error = (void > 0).then(|| QueueError::refused(format!("{void} receipts were not taken")));
        Ok(Confirmation { confirmed: receipts.len().saturating_sub(void), error })
    }

    /// Tencent does not document whether one invalid receipt fails a whole call. So after an error response each
    /// receipt is tried alone, and after any other failure the batch is tried once more. The result is updated after
    /// each step, because a timeout may end this function.
    async fn confirm_batch(&self, receipts: &[String], outcome: &mut Confirmation) {
        let again: Vec<_> = match self.try_confirm(receipts).await {
            Err(error) if error.kind != Failure::Refused => vec![receipts],
            Err(_) if receipts.len() > 1 => receipts.chunks(1).collect(),
            result => return outcome.add(result),
        };
        for receipts in again {
            outcome.add(self.try_confirm(receipts).await);
        }
    }
}

impl<H: Http> Feed for SenderFeed<'_, H> {
    fn name(&self) -> &str {
        self.source.name()
    }

    fn time_for_next(&self, deadline: Deadline) -> Option<Duration> {
        pull_within(deadline)
    }

    async fn next(&mut self, within: Duration) -> Result<Option<Vec<Item>>, QueueError> {
        let request = self.queue.receive_request(self.events_at_once, (self.now)());
        let answer = self.exchange(request, within).await?;
        let parsed = self.queue.parse_receive(&answer);
        drop(answer); // it may have megabytes
        if parsed.as_ref().is_err_and(|error| error.kind == Failure::Lost) {
            self.events_at_once = 1;
            lock(self.isolated).insert(self.source.name().to_owned());
        }
        let deliveries = parsed?;
        Ok((!deliveries.is_empty()).then(|| deliveries.into_iter().map(|each| self.item(each)).collect()))
    }

    async fn confirm(&mut self, receipts: Vec<String>, _: Deadline) -> Confirmation {
        let mut outcome = Confirmation::default();
        let all = async {
            for batch in receipts.chunks(MAX_BATCH) {
                self.confirm_batch(batch, &mut outcome).await;
            }
        };
        if tokio::time::timeout(CONFIRM_WITHIN, all).await.is_err() {
            outcome.error = Some(QueueError::busy("confirming took too long"));
        }
        outcome
    }
}

impl Confirmation {
    fn add(&mut self, result: Result<Self, QueueError>) {
        let Self { confirmed, error } =
            result.unwrap_or_else(|error| Self { confirmed: 0, error: Some(error) });
        self.confirmed += confirmed;
        self.error = error.or(self.error.take());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::Sources;
    use crate::storage::StoreError;

    /// A Tencent that fails a whole confirmation because of one invalid handle, and fails the first call.
    #[derive(Default)]
    struct Picky {
        calls: Mutex<Vec<String>>,
    }

    impl Http for Picky {
        async fn send(&self, request: &Request, _: Duration, _: usize) -> Result<Option<Answer>, StoreError> {
            let mut calls = self.calls.lock().unwrap();
            calls.push(request.body.clone());
            if calls.len() == 1 {
                return Err(StoreError("reset".to_owned()));
            }
            let error = r#""Error":{"Code":"InvalidParameterValue","Message":"void"},"#;
            let error = if request.body.contains("void") { error } else { "" };
            let body = format!(r#"{{"Response":{{{error}"RequestId":"r"}}}}"#);
            Ok(Some(Answer { status: 200, body: body.into() }))
        }

        fn drop_connections(&self) {}
    }

    async fn confirm(receipts: &[&str], after_a_failure: bool) -> (Confirmation, usize) {
        let sources =
            Sources::parse(r#"{"tencent-vod/a":{"pull":{"secret_id":"AKID1","secret_key":"ExampleKey1"}}}"#)
                .unwrap();
        let http = Picky::default();
        if !after_a_failure {
            http.calls.lock().unwrap().push(String::new());
        }
        let source = sources.get("tencent-vod/a").unwrap();
        let isolated = Mutex::default();
        let mut feed = SenderFeed {
            source,
            queue: source.queue().unwrap(),
            http: &http,
            max_bytes: 1 << 20,
            now: || time::OffsetDateTime::UNIX_EPOCH,
            trace: None,
            events_at_once: MAX_BATCH,
            isolated: &isolated,
        };
        let receipts = receipts.iter().map(ToString::to_string).collect();
        let outcome = feed.confirm(receipts, Deadline::after(Duration::from_secs(10))).await;
        let calls = http.calls.lock().unwrap().len() - usize::from(!after_a_failure);
        (outcome, calls)
    }

    #[tokio::test]
    async fn a_void_receipt_does_not_fail_the_others() {
        let (outcome, calls) = confirm(&["1", "void", "2"], false).await;
        assert_eq!((outcome.confirmed, calls), (2, 4));
        assert_eq!(outcome.error.unwrap().why, "InvalidParameterValue, request r");
        let (outcome, calls) = confirm(&["void"], false).await;
        assert_eq!((outcome.confirmed, outcome.error.is_some(), calls), (0, true, 1));
    }

    #[tokio::test]
    async fn a_failed_call_is_retried_once() {
        let (outcome, calls) = confirm(&["1", "2"], true).await;
        assert_eq!((outcome.confirmed, outcome.error, calls), (2, None, 2));
    }

    #[tokio::test]
    async fn many_receipts_go_in_several_calls() {
        let receipts: Vec<_> = (0..33).map(|n| n.to_string()).collect();
        let receipts: Vec<_> = receipts.iter().map(String::as_str).collect();
        let (outcome, calls) = confirm(&receipts, false).await;
        assert_eq!((outcome.confirmed, calls), (33, 3));
    }
}
