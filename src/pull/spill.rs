//! The feed of our own spill: envelopes that the queue did not take when they came.
//!
//! An object is deleted only once its envelope is in the queue. One that is no envelope stays: it is the only copy of
//! whatever it was.

use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, join_all};
use tokio::time::timeout;

use super::budget::CONFIRM_WITHIN;
use super::feed::{Confirmation, Content, Delivered, Feed};
use crate::envelope::Envelope;
use crate::keys::SPILL;
use crate::sender::pull::PullError;
use crate::store::{Bucket, MAX_BATCH_MESSAGES, StoreError};

/// The spill as it is when a puller first looks: each object once, the oldest first.
pub(super) struct Spill<'a, B> {
    bucket: &'a B,
    keys: Option<std::vec::IntoIter<String>>,
    waiting: Option<usize>,
}

impl<'a, B: Bucket> Spill<'a, B> {
    pub(super) fn new(bucket: &'a B) -> Self {
        Self { bucket, keys: None, waiting: None }
    }

    async fn next(&mut self) -> Result<Vec<Delivered>, PullError> {
        if self.keys.is_none() {
            let keys = self.bucket.list(SPILL).await.map_err(transient)?;
            self.waiting = Some(keys.len());
            self.keys = Some(keys.into_iter());
        }
        let keys: Vec<_> = self.keys.iter_mut().flatten().take(MAX_BATCH_MESSAGES).collect();
        let mut delivered = join_all(keys.into_iter().map(|key| self.read(key))).await;
        // To the millisecond, where the bucket's own times may be to the second.
        delivered.sort_by_key(|(_, received)| received.clone());
        Ok(delivered.into_iter().map(|(delivered, _)| delivered).collect())
    }

    /// What lies there, and when it was received.
    async fn read(&self, key: String) -> (Delivered, String) {
        let envelope = self.envelope(&key).await;
        match envelope {
            Ok(envelope) => {
                let received = envelope.receivedtime.clone();
                (Delivered { receipt: Some(key), content: Content::Event(Box::new(envelope)) }, received)
            }
            Err(why) => {
                (Delivered { receipt: None, content: Content::Stuck { place: key, why } }, String::new())
            }
        }
    }

    async fn envelope(&self, key: &str) -> Result<Envelope, String> {
        let object = self.bucket.get(key).await.map_err(|e| format!("cannot be read: {e}"))?;
        let text = std::str::from_utf8(&object).map_err(|_| "not UTF-8".to_owned())?;
        // Not serde's own words, which would repeat what stands there.
        Envelope::parse(text).map_err(|e| format!("no envelope: line {}, column {}", e.line(), e.column()))
    }
}

impl<B: Bucket> Feed for Spill<'_, B> {
    fn name(&self) -> &'static str {
        "spill"
    }

    fn waiting(&self) -> Option<usize> {
        self.waiting
    }

    fn pull(&mut self, within: Duration) -> BoxFuture<'_, Result<Vec<Delivered>, PullError>> {
        async move {
            let late = |_| PullError::transient(format!("no answer within {} ms", within.as_millis()));
            timeout(within, self.next()).await.map_err(late)?
        }
        .boxed()
    }

    fn confirm(&mut self, receipts: Vec<String>) -> BoxFuture<'_, Confirmation> {
        async move {
            let deletions = receipts.iter().map(async |key| {
                let late = |_| StoreError(format!("no answer within {} ms", CONFIRM_WITHIN.as_millis()));
                timeout(CONFIRM_WITHIN, self.bucket.delete(key)).await.map_err(late)?
            });
            let mut outcome = Confirmation::default();
            for deleted in join_all(deletions).await {
                match deleted {
                    Ok(()) => outcome.confirmed += 1,
                    Err(error) => outcome.error = Some(transient(error)),
                }
            }
            self.waiting = self.waiting.map(|waiting| waiting.saturating_sub(outcome.confirmed));
            outcome
        }
        .boxed()
    }
}

fn transient(error: StoreError) -> PullError {
    PullError::transient(error.0)
}
