//! The feed of a sender's queue: its requests carried to and fro, its bodies sealed.

use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::Clock;
use super::budget::{CONFIRM_ATTEMPT, CONFIRM_WITHIN};
use super::feed::{Confirmation, Content, Delivered, Feed, Pulled};
use crate::ingest;
use crate::pull::http::Http;
use crate::pull::memory::{ReadMemory, Share};
use crate::senders::pull::{Answer, Delivery, MAX_BATCH, Pull, PullError, Request};
use crate::sources::Source;
use crate::trace::Trace;

/// One source that is pulled.
pub(super) struct SenderFeed<'a, H> {
    source: &'a Source,
    queue: &'a dyn Pull,
    http: &'a H,
    memory: &'a ReadMemory,
    now: Clock,
    trace: Option<Trace>,
}

impl<'a, H: Http> SenderFeed<'a, H> {
    /// The feed of a source, if it is to be pulled. Its events are received in this trace.
    pub(super) fn of(
        source: &'a Source,
        http: &'a H,
        memory: &'a ReadMemory,
        now: Clock,
        trace: Option<Trace>,
    ) -> Option<Self> {
        Some(Self { source, queue: source.puller()?, http, memory, now, trace })
    }

    async fn exchange(
        &self,
        request: Request,
        within: Duration,
        memory: &mut Share,
    ) -> Result<Answer, PullError> {
        let answer = self.http.send(&request, within, memory).await;
        answer.map_err(|error| match memory.shortage() {
            // The sender takes such an answer for received: asked again at once, it would hand out other events or none,
            // and nothing would be reported.
            Some(shortage) => PullError::lasting(shortage.to_string()),
            None => PullError::transient(error.to_string()),
        })
    }

    fn open(&self, delivery: Delivery) -> Delivered {
        if let Some(doubt) = delivery.doubt {
            tracing::warn!(source = self.source.name(), doubt, "a delivery in doubt goes on all the same");
        }
        let received = (self.now)();
        let entry_id = delivery.entry_id.as_deref();
        let content = match ingest::seal_pulled(self.source, &delivery.body, entry_id, received) {
            Ok(mut envelope) => {
                envelope.traceparent = self.trace.and_then(Trace::traceparent);
                Content::Event(Box::new(envelope))
            }
            Err(why) => Content::NoEvent { body: delivery.body, why, received },
        };
        Delivered { receipt: delivery.receipt, content }
    }

    async fn try_confirm(&self, receipts: &[String]) -> Result<Confirmation, PullError> {
        let request = self.queue.confirm(receipts, (self.now)());
        let refused = self
            .queue
            .confirmed(&self.exchange(request, CONFIRM_ATTEMPT, &mut self.memory.share()).await?)?;
        let error = (refused > 0).then(|| PullError::lasting(format!("{refused} receipts were not taken")));
        Ok(Confirmation { confirmed: receipts.len().saturating_sub(refused), error })
    }

    /// Nobody says whether one receipt that is void costs a batch of Tencent's its others: so after a refusal each is
    /// tried alone, and after anything else the batch once more. The outcome grows as it goes, for it may be cut short.
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

    fn pull(&mut self, within: Duration) -> BoxFuture<'_, Result<Pulled, PullError>> {
        async move {
            let mut memory = self.memory.share();
            let answer = self.exchange(self.queue.pull((self.now)()), within, &mut memory).await?;
            let deliveries = self.queue.pulled(&answer)?;
            drop(answer);
            let deliveries = deliveries.into_iter().map(|delivery| self.open(delivery)).collect();
            Ok(Pulled { deliveries, memory })
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
                outcome.error = Some(PullError::transient("confirming took too long"));
            }
            outcome
        }
        .boxed()
    }
}

impl Confirmation {
    fn add(&mut self, result: Result<Self, PullError>) {
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

    /// A Tencent that refuses a confirmation with a void handle in it as a whole, and fails the first call of all.
    #[derive(Default)]
    struct Picky {
        calls: Mutex<Vec<String>>,
    }

    impl Http for Picky {
        async fn send(&self, request: &Request, _: Duration, _: &mut Share) -> Result<Answer, StoreError> {
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

        fn forget_connections(&self) {}
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
        let (memory, clock) = (ReadMemory::new(1 << 20), || time::OffsetDateTime::UNIX_EPOCH);
        let mut feed = SenderFeed::of(source, &http, &memory, clock, None).unwrap();
        let outcome = feed.confirm(receipts.iter().map(ToString::to_string).collect()).await;
        let calls = http.calls.lock().unwrap().len() - usize::from(!after_a_failure);
        (outcome, calls)
    }

    #[tokio::test]
    async fn a_void_receipt_costs_the_others_nothing() {
        let (outcome, calls) = confirm(&["1", "void", "2"], false).await;
        assert_eq!((outcome.confirmed, calls), (2, 4));
        assert_eq!(outcome.error.unwrap().why, "InvalidParameterValue, request r");
        let (outcome, calls) = confirm(&["void"], false).await;
        assert_eq!((outcome.confirmed, outcome.error.is_some(), calls), (0, true, 1));
    }

    #[tokio::test]
    async fn a_call_that_failed_is_made_once_more() {
        let (outcome, calls) = confirm(&["1", "2"], true).await;
        assert_eq!((outcome.confirmed, outcome.error, calls), (2, None, 2));
    }

    #[tokio::test]
    async fn more_than_a_call_takes_go_in_several() {
        let receipts: Vec<_> = (0..33).map(|n| n.to_string()).collect();
        let receipts: Vec<_> = receipts.iter().map(String::as_str).collect();
        let (outcome, calls) = confirm(&receipts, false).await;
        assert_eq!((outcome.confirmed, calls), (33, 3));
    }
}
