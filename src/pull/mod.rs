//! Pull: the senders' queues and our own `spill/` → event → stored → confirmed.
//!
//! A schedule starts a run every minute, one at a time. The feeds are drained concurrently; a failure of one feed, a
//! panic included, does not stop another. Only events in the queue, and unprocessable bodies in `rejected/`, are
//! confirmed. An event that is stored but not confirmed is redelivered under the same id and processed once (except
//! for the few types whose payload repeats, see [`mediahook_senders::id`]).

mod drain;
mod feed;
pub mod http;
mod run;
mod sender_feed;
mod spill_feed;
mod summary;

use std::collections::HashSet;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use futures_util::future::join;
use futures_util::stream::{self, StreamExt as _};
use mediahook_senders::queue::MAX_BATCH;
use tracing::Level;

pub use run::run;
pub use summary::{FeedSummary, Summary};

use crate::lambda::invocation::Invocation;
use crate::mutex::lock;
use crate::sources::Sources;
use crate::sources::cache::SourcesCache;
use crate::storage::{Bucket, Queue};
use crate::telemetry::metrics::MISCONFIGURED;
use crate::telemetry::{Line, Recorder};
use crate::timeouts::pull::{SOURCES_WITHIN, pull_within};
use crate::timeouts::{Clock, Deadline};
use drain::Drain;
use feed::Feed;
use http::Http;
use sender_feed::SenderFeed;
use spill_feed::{Cursors, SpillFeed};

/// How many senders' queues are drained at once, beside `spill/`.
const SENDERS_AT_ONCE: usize = 4;
/// The share of the function's memory that one answer may have. An event is in memory up to three times (answer, event,
/// message), in five feeds at once, and the process itself needs some too.
const MEMORY_SHARES: usize = 20;

/// Pulls every source that has a `pull` section, and `spill/`.
pub struct Puller<Q, B, H> {
    sources: Arc<SourcesCache>,
    queue: Q,
    bucket: B,
    http: H,
    /// The most that one answer, or the objects of `spill/` that are read at once, may have.
    max_bytes: usize,
    now: Clock,
    recorder: Recorder,
    /// The sources of which the last run met an answer that it could not read.
    isolated: Mutex<HashSet<String>>,
    cursors: Cursors,
}

impl<Q: Queue, B: Bucket, H: Http> Puller<Q, B, H> {
    /// A puller for a function with this much memory.
    pub fn new(
        sources: Arc<SourcesCache>,
        queue: Q,
        bucket: B,
        http: H,
        now: Clock,
        memory_bytes: usize,
    ) -> Self {
        let (max_bytes, recorder) = (memory_bytes / MEMORY_SHARES, Recorder::silent());
        let (isolated, cursors) = (Mutex::default(), Mutex::default());
        Self { sources, queue, bucket, http, max_bytes, now, recorder, isolated, cursors }
    }

    /// The same, with a log line for each feed and run.
    #[must_use]
    pub fn with_recorder(self, recorder: Recorder) -> Self {
        Self { recorder, ..self }
    }

    /// Pulls until all feeds are empty, or until time is almost up.
    pub async fn pull(&self, deadline: Deadline, invocation: &Invocation) -> Summary {
        let (began, is_too_short) = (Instant::now(), pull_within(deadline).is_none());
        self.http.drop_connections();
        let mut summaries = Vec::new();
        self.sources.refresh_if_due((self.now)(), SOURCES_WITHIN).await;
        let sources = self.sources.current();
        if sources.is_none() {
            // `spill/` needs no sources.
            let summary = FeedSummary::failed("the sources are not known");
            summaries.push(("sources".to_owned(), summary, began.elapsed()));
        }
        let senders = self.sender_feeds(sources.as_deref(), invocation);
        if is_too_short && !senders.is_empty() {
            Line::new(Level::ERROR, "misconfigured: nothing is pulled until this is fixed")
                .field("error", "the function's timeout is too short for a single pull: give it 55 s")
                .invocation(invocation)
                .count(MISCONFIGURED, 1)
                .write(&self.recorder, (self.now)());
        }
        let drain = Drain { queue: &self.queue, bucket: &self.bucket, deadline, trace: invocation.trace };
        let spill = SpillFeed::new(&self.bucket, self.max_bytes, self.now, &self.cursors);
        let senders = stream::iter(senders).map(|feed| drain_feed(&drain, feed));
        let senders = senders.buffer_unordered(SENDERS_AT_ONCE).collect::<Vec<_>>();
        let (spill, senders) = join(drain_feed(&drain, spill), senders).await;
        summaries.extend(senders);
        summaries.push(spill);
        for (source, summary, total) in &summaries {
            summary.log(source, (self.now)(), *total, invocation, &self.recorder);
        }
        Summary(summaries.into_iter().map(|(source, summary, _)| (source, summary)).collect())
    }

    /// The feeds of the sources with a `pull` section. Each run begins with another one, so that senders that do not
    /// answer keep not always the same ones waiting.
    fn sender_feeds<'a>(
        &'a self,
        sources: Option<&'a Sources>,
        invocation: &Invocation,
    ) -> Vec<SenderFeed<'a, H>> {
        let isolated = std::mem::take(&mut *lock(&self.isolated));
        let feed = |source: &'a crate::sources::Source| {
            let events_at_once = if isolated.contains(source.name()) { 1 } else { MAX_BATCH };
            Some(SenderFeed {
                source,
                queue: source.queue()?,
                http: &self.http,
                max_bytes: self.max_bytes,
                now: self.now,
                trace: invocation.trace,
                events_at_once,
                isolated: &self.isolated,
            })
        };
        let mut feeds: Vec<_> = sources.into_iter().flat_map(Sources::iter).filter_map(feed).collect();
        let minutes = usize::try_from((self.now)().unix_timestamp() / 60).unwrap_or_default();
        let first = minutes % feeds.len().max(1);
        feeds.rotate_left(first);
        feeds
    }
}

/// Drains a feed. Returns its name, the result and how long it took.
async fn drain_feed<Q: Queue, B: Bucket>(
    drain: &Drain<'_, Q, B>,
    mut feed: impl Feed,
) -> (String, FeedSummary, Duration) {
    let (began, mut summary) = (Instant::now(), FeedSummary::default());
    let run = AssertUnwindSafe(drain.run(&mut feed, &mut summary)).catch_unwind().await;
    if run.is_err() {
        summary.error = Some("a panic, see the log".to_owned());
    }
    summary.waiting = feed.waiting();
    (feed.name().to_owned(), summary, began.elapsed())
}

impl<Q, B, H> fmt::Debug for Puller<Q, B, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Puller").field("sources", &self.sources).finish_non_exhaustive()
    }
}
