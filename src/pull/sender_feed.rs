//! The feed of a sender's queue: sends its requests, and builds the envelopes of its bodies.

use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::feed::{Confirmation, Content, Feed, Item, Pulled, UnprocessableBody};
use super::http::Http;
use super::memory_limit::{MemoryLimit, MemoryShare};
use crate::ingest;
use crate::sources::Source;
use crate::timeouts::Clock;
use crate::timeouts::pull::{CONFIRM_ATTEMPT, CONFIRM_WITHIN};
use crate::trace::Trace;
use mediahook_events::Channel;
use mediahook_senders::queue::{Answer, Delivery, MAX_BATCH, QueueError, Request, SenderQueue};

/// A source with a `pull` section.
pub(super) struct SenderFeed<'a, H> {
    source: &'a Source,
    queue: &'a dyn SenderQueue,
    http: &'a H,
    memory: &'a MemoryLimit,
    now: Clock,
    trace: Option<Trace>,
}

impl<'a, H: Http> SenderFeed<'a, H> {
    /// The feed of a source, if it has a `pull` section. Its events belong to this trace.
    pub(super) fn new(
        source: &'a Source,
        http: &'a H,
        memory: &'a MemoryLimit,
        now: Clock,
        trace: Option<Trace>,
    ) -> Option<Self> {
        Some(Self { source, queue: source.queue()?, http, memory, now, trace })
    }

    async fn exchange(
        &self,
        request: Request,
        within: Duration,
        memory: &mut MemoryShare,
    ) -> Result<Answer, QueueError> {
        let answer = self.http.send(&request, within, memory).await;
        answer.map_err(|error| match memory.shortage() {
            // The sender has already delivered these events: a retry would return other events or none, and report no
            // error.
            Some(shortage) => QueueError::lasting(shortage.to_string()),
            None => QueueError::transient(error.to_string()),
        })
    }

    fn item(&self, delivery: Delivery) -> Item {
        let Delivery { receipt, body, entry_id } = delivery;
        let received = (self.now)();
        let content =
            match ingest::build(self.source, body.as_bytes(), Channel::Pull, entry_id.as_deref(), received) {
                Ok(mut event) => {
                    event.traceparent = self.trace.and_then(Trace::traceparent);
                    Content::Event(Box::new(event))
                }
                Err(reason) => {
                    let source = self.source.name().to_owned();
                    Content::Unprocessable(UnprocessableBody { source, body, reason, received })
                }
            };
        Item { receipt, content }
    }

    async fn try_confirm(&self, receipts: &[String]) -> Result<Confirmation, QueueError> {
        let request = self.queue.delete_request(receipts, (self.now)());
        let void = self
            .queue
            .parse_delete(&self.exchange(request, CONFIRM_ATTEMPT, &mut self.memory.share()).await?)?;
        let error = (void > 0).then(|| QueueError::lasting(format!("{void} receipts were not taken")));
        Ok(Confirmation { confirmed: receipts.len().saturating_sub(void), error })
    }

    /// Tencent does not document whether one invalid receipt fails a whole call. So after an error response each
    /// receipt is tried alone, and after any other failure the batch is tried once more. The result is updated after
    /// each step, because a timeout may end this function.
    async fn confirm_batch(&self, receipts: &[String], outcome: &mut Confirmation) {
        let again: Vec<_> = match self.try_confirm(receipts).await {
            Err(error) if error.transient => vec![receipts],
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

    fn pull(&mut self, within: Duration) -> BoxFuture<'_, Result<Pulled, QueueError>> {
        async move {
            let mut memory = self.memory.share();
            let answer = self.exchange(self.queue.receive_request((self.now)()), within, &mut memory).await?;
            let deliveries = self.queue.parse_receive(&answer)?;
            drop(answer);
            let items = deliveries.into_iter().map(|delivery| self.item(delivery)).collect();
            Ok(Pulled { items, memory })
        }
        .boxed()
    }

    fn confirm(&mut self, receipts: Vec<String>) -> BoxFuture<'_, Confirmation> {
        async move {
            let mut outcome = Confirmation::default();
            let all = async {
                for batch in receipts.chunks(MAX_BATCH) {
                    self.confirm_batch(batch, &mut outcome).await;
                }
            };
            if tokio::time::timeout(CONFIRM_WITHIN, all).await.is_err() {
                outcome.error = Some(QueueError::transient("confirming took too long"));
            }
            outcome
        }
        .boxed()
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
    use std::sync::Mutex;

    use super::*;
    use crate::sources::Sources;
    use crate::storage::StoreError;

    /// A Tencent that fails a whole confirmation because of one invalid handle, and fails the first call.
    #[derive(Default)]
    struct Picky {
        calls: Mutex<Vec<String>>,
    }

    impl Http for Picky {
        async fn send(
            &self,
            request: &Request,
            _: Duration,
            _: &mut MemoryShare,
        ) -> Result<Answer, StoreError> {
            let mut calls = self.calls.lock().unwrap();
            calls.push(request.body.clone());
            if calls.len() == 1 {
                return Err(StoreError("reset".to_owned()));
            }
            let error = r#""Error":{"Code":"InvalidParameterValue","Message":"void"},"#;
            let error = if request.body.contains("void") { error } else { "" };
            let body = format!(r#"{{"Response":{{{error}"RequestId":"r"}}}}"#);
            Ok(Answer { status: 200, body: body.into() })
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
        let (memory, clock) = (MemoryLimit::new(1 << 20), || time::OffsetDateTime::UNIX_EPOCH);
        let mut feed = SenderFeed::new(source, &http, &memory, clock, None).unwrap();
        let outcome = feed.confirm(receipts.iter().map(ToString::to_string).collect()).await;
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
