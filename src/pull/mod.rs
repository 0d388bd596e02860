//! Pull: the senders' queues and our own spill → envelope → stored → confirmed.
//!
//! Started every minute, one at a time. The feeds are drained side by side, and what one of them does, a panic included,
//! stops no other. Nothing is confirmed that is not in the queue, or in `rejected/` where it is not for the queue. What is
//! stored and not confirmed is redelivered under the same id (but for the few types whose payload repeats, see
//! [`crate::event::id`]), and processed once.

pub mod budget;
mod drain;
mod feed;
pub mod http;
pub mod memory;
mod rounds;
mod sender;
mod spill;
mod summary;

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use time::OffsetDateTime;

pub use feed::{Confirmation, Content, Delivered, Feed, Pulled};
pub use summary::{Summary, Tally};

use crate::lambda::invocation::Invocation;
use crate::sources::Sources;
use crate::sources::cache::SourcesCache;
use crate::storage::{Bucket, Queue};
use crate::telemetry::Recorder;
use crate::trace::Trace;
use budget::{Deadline, SOURCES_WITHIN};
use drain::Drain;
use http::Http;
use memory::ReadMemory;
use sender::SenderFeed;
use spill::Spill;

/// What time it is: by it requests are signed.
pub type Clock = fn() -> OffsetDateTime;

/// Pulls every source that says how, and the spill.
pub struct Puller<Q, B, H> {
    sources: Arc<SourcesCache>,
    queue: Q,
    bucket: B,
    http: H,
    memory: ReadMemory,
    now: Clock,
    recorder: Recorder,
}

/// What its feeds may read at the same time, unless [`Puller::with_memory`] says otherwise.
const READ_BYTES: usize = 32 * 1024 * 1024;

impl<Q: Queue, B: Bucket, H: Http> Puller<Q, B, H> {
    /// A puller of these parts, which writes no wide events.
    pub fn new(sources: Arc<SourcesCache>, queue: Q, bucket: B, http: H, now: Clock) -> Self {
        let (memory, recorder) = (ReadMemory::new(READ_BYTES), Recorder::silent());
        Self { sources, queue, bucket, http, memory, now, recorder }
    }

    /// The same, with other memory for what its feeds read.
    #[must_use]
    pub fn with_memory(self, memory: ReadMemory) -> Self {
        Self { memory, ..self }
    }

    /// The same, with a wide event for each feed and run.
    #[must_use]
    pub fn with_recorder(self, recorder: Recorder) -> Self {
        Self { recorder, ..self }
    }

    /// Pulls until everything is empty, or nearly out of time.
    pub async fn pull(&self, deadline: Deadline, invocation: &Invocation) -> Summary {
        self.http.forget_connections();
        let began = Instant::now();
        let mut tallies = Vec::new();
        if let Err(error) = self.read_sources().await {
            // The spill needs none.
            tallies.push(("sources".to_owned(), Tally::failed(error), began.elapsed()));
        }
        let sources = self.sources.current();
        let feeds = self.feeds(sources.as_deref(), invocation.trace);
        tallies.extend(self.drain(feeds, deadline, invocation.trace).await);
        for (source, tally, total) in &tallies {
            tally.tell(source, (self.now)(), *total, invocation, &self.recorder);
        }
        Summary(tallies.into_iter().map(|(source, tally, _)| (source, tally)).collect())
    }

    /// Reads the sources again where that is due. Those at hand stay in use if it fails, which the log shows.
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
            senders.filter_map(|source| SenderFeed::of(source, &self.http, &self.memory, self.now, trace));
        let mut feeds: Vec<Box<dyn Feed + 'a>> = vec![Box::new(Spill::new(&self.bucket, &self.memory))];
        feeds.extend(senders.map(|feed| Box::new(feed) as Box<dyn Feed + 'a>));
        feeds
    }

    /// Drains them side by side: what each has done, and how long that took.
    async fn drain(
        &self,
        mut feeds: Vec<Box<dyn Feed + '_>>,
        deadline: Deadline,
        trace: Option<Trace>,
    ) -> Vec<(String, Tally, Duration)> {
        let drain = Drain { queue: &self.queue, bucket: &self.bucket, deadline, trace };
        let drained = feeds.iter_mut().map(async |feed| {
            let (began, mut tally) = (Instant::now(), Tally::default());
            let run = AssertUnwindSafe(drain.run(feed.as_mut(), &mut tally)).catch_unwind().await;
            if run.is_err() {
                tally.error = Some("a panic, see the log".to_owned());
            }
            tally.waiting = feed.waiting();
            (feed.name().to_owned(), tally, began.elapsed())
        });
        join_all(drained).await
    }
}

impl<Q, B, H> fmt::Debug for Puller<Q, B, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Puller").field("sources", &self.sources).finish_non_exhaustive()
    }
}
