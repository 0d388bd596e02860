//! Pull: the senders' queues and our own spill → envelope → stored → confirmed.
//!
//! Started every minute, one at a time. The feeds are drained side by side, and what one of them does, a panic included,
//! stops no other. Nothing is confirmed that is not in the queue, or in `rejected/` where nobody can read it. What is
//! stored and not confirmed comes again under the same id, and takes effect once.

pub mod budget;
mod drain;
mod feed;
mod rounds;
mod sender;
mod spill;
mod summary;

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use time::OffsetDateTime;
use tokio::time::timeout;

pub use feed::{Confirmation, Content, Delivered, Feed};
pub use summary::{Summary, Tally};

use crate::keyring::Keyring;
use crate::source::Sources;
use crate::store::{Bucket, Http, Queue};
use budget::{Deadline, SOURCES_WITHIN};
use drain::Drain;
use sender::SenderFeed;
use spill::Spill;

/// What time it is: by it requests are signed.
pub type Clock = fn() -> OffsetDateTime;

/// Pulls every source that says how, and the spill.
pub struct Puller<Q, B, H> {
    keyring: Arc<Keyring>,
    queue: Q,
    bucket: B,
    http: H,
    now: Clock,
}

impl<Q: Queue, B: Bucket, H: Http> Puller<Q, B, H> {
    /// A puller of these parts.
    pub fn new(keyring: Arc<Keyring>, queue: Q, bucket: B, http: H, now: Clock) -> Self {
        Self { keyring, queue, bucket, http, now }
    }

    /// Pulls until everything is empty, or nearly out of time.
    pub async fn pull(&self, deadline: Deadline) -> Summary {
        self.http.forget_connections();
        let mut summary = Summary::default();
        if let Err(error) = self.read_sources().await {
            // The spill needs none.
            summary.0.insert("sources".to_owned(), Tally::failed(error));
        }
        let sources = self.keyring.sources();
        let pulled = self.drain(self.feeds(sources.as_deref()), deadline).await;
        summary.0.extend(pulled);
        for (source, tally) in &summary.0 {
            tally.log(source);
        }
        summary
    }

    /// Reads the sources again where that is due. Those at hand stay in force if it fails, and that is no news here: the
    /// log has it.
    async fn read_sources(&self) -> Result<(), String> {
        if let Some(reread) = self.keyring.reread_if_due((self.now)())
            && timeout(SOURCES_WITHIN, reread).await.is_err()
        {
            tracing::error!("the sources could not be read in time, the last good ones stay in force");
        }
        match self.keyring.sources() {
            Some(_) => Ok(()),
            None => Err("the sources are not known".to_owned()),
        }
    }

    fn feeds<'a>(&'a self, sources: Option<&'a Sources>) -> Vec<Box<dyn Feed + 'a>> {
        let senders = sources.into_iter().flat_map(Sources::iter);
        let senders = senders.filter_map(|source| SenderFeed::of(source, &self.http, self.now));
        let mut feeds: Vec<Box<dyn Feed + 'a>> = vec![Box::new(Spill::new(&self.bucket))];
        feeds.extend(senders.map(|feed| Box::new(feed) as Box<dyn Feed + 'a>));
        feeds
    }

    async fn drain(&self, mut feeds: Vec<Box<dyn Feed + '_>>, deadline: Deadline) -> Vec<(String, Tally)> {
        let drain = Drain { queue: &self.queue, bucket: &self.bucket, deadline };
        let drained = feeds.iter_mut().map(async |feed| {
            let mut tally = Tally::default();
            let run = AssertUnwindSafe(drain.run(feed.as_mut(), &mut tally)).catch_unwind().await;
            if run.is_err() {
                tally.error = Some("a panic, see the log".to_owned());
            }
            (feed.name().to_owned(), tally)
        });
        join_all(drained).await
    }
}

impl<Q, B, H> fmt::Debug for Puller<Q, B, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Puller").field("keyring", &self.keyring).finish_non_exhaustive()
    }
}
