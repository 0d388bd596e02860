//! Pull: the senders' queues and our own `spill/` → envelope → stored → confirmed.
//!
//! A schedule starts a run every minute, one at a time. The feeds are drained concurrently; a failure of one feed, a
//! panic included, does not stop another. Only events in the queue, and unprocessable bodies in `rejected/`, are
//! confirmed. An event that is stored but not confirmed is redelivered under the same id and processed once (except
//! for the few types whose payload repeats, see [`mediahook_senders::id`]).

mod batch;
mod drain;
mod feed;
mod fifo_order;
pub mod http;
pub mod memory_limit;
mod sender_feed;
mod spill_feed;
mod summary;

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use futures_util::future::join_all;

pub use summary::{FeedSummary, Summary};

use crate::lambda::invocation::Invocation;
use crate::sources::Sources;
use crate::sources::cache::SourcesCache;
use crate::storage::{Bucket, Queue};
use crate::telemetry::Recorder;
use crate::timeouts::pull::SOURCES_WITHIN;
use crate::timeouts::{Clock, Deadline};
use crate::trace::Trace;
use drain::Drain;
use feed::Feed;
use http::Http;
use memory_limit::MemoryLimit;
use sender_feed::SenderFeed;
use spill_feed::SpillFeed;

/// Pulls every source that has a `pull` section, and `spill/`.
pub struct Puller<Q, B, H> {
    sources: Arc<SourcesCache>,
    queue: Q,
    bucket: B,
    http: H,
    memory: MemoryLimit,
    now: Clock,
    recorder: Recorder,
}

/// The default of [`Puller::with_memory_limit`].
const MEMORY_BYTES: usize = 32 * 1024 * 1024;

impl<Q: Queue, B: Bucket, H: Http> Puller<Q, B, H> {
    /// A puller that writes no wide events.
    pub fn new(sources: Arc<SourcesCache>, queue: Q, bucket: B, http: H, now: Clock) -> Self {
        let (memory, recorder) = (MemoryLimit::new(MEMORY_BYTES), Recorder::silent());
        Self { sources, queue, bucket, http, memory, now, recorder }
    }

    /// The same, with another limit on what its feeds have in memory.
    #[must_use]
    pub fn with_memory_limit(self, memory: MemoryLimit) -> Self {
        Self { memory, ..self }
    }

    /// The same, with a wide event for each feed and run.
    #[must_use]
    pub fn with_recorder(self, recorder: Recorder) -> Self {
        Self { recorder, ..self }
    }

    /// Pulls until all feeds are empty, or until time is almost up.
    pub async fn pull(&self, deadline: Deadline, invocation: &Invocation) -> Summary {
        self.http.drop_connections();
        let began = Instant::now();
        let mut summaries = Vec::new();
        if let Err(error) = self.read_sources().await {
            // `spill/` needs no sources.
            summaries.push(("sources".to_owned(), FeedSummary::failed(error), began.elapsed()));
        }
        let sources = self.sources.current();
        let feeds = self.feeds(sources.as_deref(), invocation.trace);
        summaries.extend(self.drain(feeds, deadline, invocation.trace).await);
        for (source, summary, total) in &summaries {
            summary.log(source, (self.now)(), *total, invocation, &self.recorder);
        }
        Summary(summaries.into_iter().map(|(source, summary, _)| (source, summary)).collect())
    }

    /// Reads the sources again if a read is due. If it fails, that is logged, and the last good ones stay in use.
    async fn read_sources(&self) -> Result<(), String> {
        self.sources.refresh_if_due((self.now)(), SOURCES_WITHIN).await;
        match self.sources.current() {
            Some(_) => Ok(()),
            None => Err("the sources are not known".to_owned()),
        }
    }

    fn feeds<'a>(&'a self, sources: Option<&'a Sources>, trace: Option<Trace>) -> Vec<Box<dyn Feed + 'a>> {
        let senders = sources.into_iter().flat_map(Sources::iter);
        let senders =
            senders.filter_map(|source| SenderFeed::new(source, &self.http, &self.memory, self.now, trace));
        let mut feeds: Vec<Box<dyn Feed + 'a>> = vec![Box::new(SpillFeed::new(&self.bucket, &self.memory))];
        feeds.extend(senders.map(|feed| Box::new(feed) as Box<dyn Feed + 'a>));
        feeds
    }

    /// Drains the feeds concurrently. Returns the result and the duration of each.
    async fn drain(
        &self,
        mut feeds: Vec<Box<dyn Feed + '_>>,
        deadline: Deadline,
        trace: Option<Trace>,
    ) -> Vec<(String, FeedSummary, Duration)> {
        let drain = Drain { queue: &self.queue, bucket: &self.bucket, deadline, trace };
        let drained = feeds.iter_mut().map(async |feed| {
            let (began, mut summary) = (Instant::now(), FeedSummary::default());
            let run = AssertUnwindSafe(drain.run(feed.as_mut(), &mut summary)).catch_unwind().await;
            if run.is_err() {
                summary.error = Some("a panic, see the log".to_owned());
            }
            summary.waiting = feed.waiting();
            (feed.name().to_owned(), summary, began.elapsed())
        });
        join_all(drained).await
    }
}

impl<Q, B, H> fmt::Debug for Puller<Q, B, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Puller").field("sources", &self.sources).finish_non_exhaustive()
    }
}
