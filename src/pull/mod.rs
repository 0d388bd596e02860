//! Pull: the senders' queues and our own `spill/` → event → stored → confirmed.
//!
//! A schedule starts a run every minute, one at a time. The feeds are drained concurrently; a failure of one feed, a
//! panic included, does not stop another. Only events in the queue, and unprocessable bodies in `rejected/`, are
//! confirmed. An event that is stored but not confirmed is redelivered under the same id and processed once (except
//! for the few types whose payload repeats, see [`mediahook_senders::id`]).

mod drain;
pub mod http;
mod run;
mod sender;
mod spill;
mod summary;

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use futures_util::FutureExt as _;
use futures_util::stream::{self, StreamExt as _};
use mediahook_senders::queue::SenderQueue;
use time::OffsetDateTime;

pub use run::run;
pub use summary::{FeedSummary, Summary};

use crate::lambda::invocation::Invocation;
use crate::sources::Source;
use crate::sources::cache::SourcesCache;
use crate::storage::{Bucket, Queue};
use crate::telemetry::{Recorder, line};
use crate::timeouts::pull::SOURCES_WITHIN;
use crate::timeouts::{Clock, Deadline};
use drain::Drain;
use http::Http;

/// How many feeds are drained at once.
const FEEDS_AT_ONCE: usize = 5;
/// The share of the function's memory that one answer may have. An event is in memory up to three times (answer, event,
/// message), in all feeds at once, and the process itself needs some too.
const MEMORY_SHARES: usize = 20;

/// Pulls every source that has a `pull` section, and `spill/`.
#[derive(Debug)]
pub struct Puller<Q, B, H> {
    sources: Arc<SourcesCache>,
    queue: Q,
    bucket: B,
    http: H,
    /// The most that one answer, or the objects of `spill/` that are read at once, may have.
    max_bytes: usize,
    now: Clock,
    /// Gets a line for each feed and run.
    pub recorder: Recorder,
    /// When a source last gave an answer that could not be read.
    unreadable: Mutex<HashMap<String, OffsetDateTime>>,
    /// The last key of each folder of `spill/` that the last run took, if it had no time for all of them.
    cursors: Mutex<HashMap<String, String>>,
}

impl<Q: Queue, B: Bucket, H: Http> Puller<Q, B, H> {
    /// A puller for a function with this much memory. It logs nothing.
    pub fn new(
        sources: Arc<SourcesCache>,
        queue: Q,
        bucket: B,
        http: H,
        now: Clock,
        memory_bytes: usize,
    ) -> Self {
        let (max_bytes, recorder) = (memory_bytes / MEMORY_SHARES, Recorder::silent());
        let (unreadable, cursors) = (Mutex::default(), Mutex::default());
        Self { sources, queue, bucket, http, max_bytes, now, recorder, unreadable, cursors }
    }

    /// Pulls until all feeds are empty, or until time is almost up.
    pub async fn pull(&self, deadline: Deadline, invocation: &Invocation) -> Summary {
        self.http.drop_connections();
        self.sources.refresh_if_due((self.now)(), SOURCES_WITHIN).await;
        let sources = self.sources.current();
        let all = sources.iter().flat_map(|sources| sources.iter());
        let mut senders: Vec<_> = all.filter_map(|source| Some((source, source.queue()?))).collect();
        rotate(&mut senders, (self.now)());

        // `spill/` needs no sources.
        let feeds = [None].into_iter().chain(senders.into_iter().map(Some));
        let drained = stream::iter(feeds).map(|sender| self.drain(sender, deadline, invocation));
        let mut summary = Summary(drained.buffer_unordered(FEEDS_AT_ONCE).collect().await);
        if sources.is_none() {
            let unknown =
                FeedSummary { error: Some("the sources are not known".to_owned()), ..Default::default() };
            unknown.line("sources").invocation(invocation).write(&self.recorder, (self.now)());
            summary.0.insert("sources".to_owned(), unknown);
        }
        summary
    }

    /// Drains a source's queue, or else `spill/`. Returns the feed's name and the result.
    async fn drain(
        &self,
        sender: Option<(&Source, &dyn SenderQueue)>,
        deadline: Deadline,
        invocation: &Invocation,
    ) -> (String, FeedSummary) {
        let (name, began) = (sender.map_or("spill", |(source, _)| source.name()), Instant::now());
        let mut drain = Drain::new(self, name, deadline, invocation);
        let feed = async {
            match sender {
                Some((source, queue)) => drain.sender(source, queue).await,
                None => drain.spill().await,
            }
        };
        match AssertUnwindSafe(feed).catch_unwind().await {
            Ok(Ok(more)) => drain.summary.more = more,
            Ok(Err(error)) => drain.summary.error = Some(error),
            Err(_) => drain.summary.error = Some("a panic, see the log".to_owned()),
        }
        let summary = drain.summary.finish();
        let line = summary.line(name).field("total_ms", line::ms(began.elapsed())).invocation(invocation);
        line.write(&self.recorder, (self.now)());
        (name.to_owned(), summary)
    }
}

/// Each run begins with another one, so that those that do not answer do not always keep the same ones waiting.
fn rotate<T>(all: &mut [T], now: OffsetDateTime) {
    let minutes = usize::try_from(now.unix_timestamp() / 60).unwrap_or_default();
    all.rotate_left(minutes % all.len().max(1));
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashSet, VecDeque};
    use std::time::Duration;

    use mediahook_senders::queue::{Answer, Request};
    use time::macros::datetime;

    use super::*;
    use crate::ingest::envelope;
    use crate::sources::Sources;
    use crate::storage::{EntryError, Listed, Message, Page, StoreError};
    use crate::timeouts::pull::deadline;

    pub(super) const MAIN: &str = "tencent-vod/main";

    pub(super) fn sources() -> Sources {
        let pull = r#"{"pull":{"secret_id":"AKID1","secret_key":"ExampleKey1"}}"#;
        Sources::parse(&format!(r#"{{"{MAIN}":{pull},"alibaba-ims/prod":{{}}}}"#)).unwrap()
    }

    /// No sender at all.
    impl Http for () {
        async fn send(&self, _: &Request, _: usize) -> Result<Option<Answer>, StoreError> {
            Err(StoreError("no sender".to_owned()))
        }

        fn drop_connections(&self) {}
    }

    /// A puller with fakes, at midnight after the events of the tests.
    pub(super) fn puller<H: Http>(http: H) -> Puller<FakeQueue, FakeBucket, H> {
        let (sources, now) = (Arc::new(SourcesCache::fixed(sources())), || datetime!(2026-11-24 00:00 UTC));
        Puller::new(sources, FakeQueue::default(), FakeBucket::default(), http, now, 256 << 20)
    }

    pub(super) fn drain<H>(puller: &Puller<FakeQueue, FakeBucket, H>) -> Drain<'_, FakeQueue, FakeBucket, H> {
        Drain::new(puller, MAIN, deadline(Duration::from_secs(55)), Box::leak(Box::default()))
    }

    /// A queue that fails once for every event whose task ends in `!`, and as a whole for `down?`.
    #[derive(Default)]
    pub(super) struct FakeQueue {
        pub(super) queued: Mutex<Vec<String>>,
        failed: Mutex<HashSet<String>>,
    }

    impl Queue for FakeQueue {
        fn max_message_bytes(&self) -> usize {
            1_000
        }

        async fn enqueue(&self, _: &Message) -> Result<(), EntryError> {
            Ok(())
        }

        async fn enqueue_batch(
            &self,
            messages: &[&Message],
        ) -> Result<Vec<Result<(), EntryError>>, StoreError> {
            let bytes: usize = messages.iter().map(|message| message.body.len()).sum();
            assert!(bytes <= self.max_message_bytes() && messages.len() <= 10, "SQS refuses the call");
            if messages.iter().any(|message| message.body.contains("down?")) {
                return Err(StoreError("scripted".to_owned()));
            }
            let outcome = |message: &&Message| {
                let task = envelope::parse(&message.body).unwrap().taskid.unwrap();
                if task.ends_with('!') && self.failed.lock().unwrap().insert(task.clone()) {
                    return Err(StoreError("scripted".to_owned()).into());
                }
                self.queued.lock().unwrap().push(task);
                Ok(())
            };
            Ok(messages.iter().map(outcome).collect())
        }
    }

    /// A bucket that stores nothing new, with pages of a thousand, like S3. Nobody may read an empty object.
    #[derive(Default)]
    pub(super) struct FakeBucket(pub(super) Mutex<BTreeMap<String, Vec<u8>>>);

    impl Bucket for FakeBucket {
        fn name(&self) -> &'static str {
            "bucket"
        }

        async fn put(&self, _: &str, _: Vec<u8>, _: &'static str) -> Result<(), StoreError> {
            Err(StoreError("down".to_owned()))
        }

        async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
            let object = self.0.lock().unwrap().get(key).cloned();
            let denied = object.as_ref().is_some_and(Vec::is_empty);
            if denied { Err(StoreError("AccessDenied".to_owned())) } else { Ok(object) }
        }

        async fn list(&self, prefix: &str, after: Option<&str>) -> Result<Page, StoreError> {
            let objects = self.0.lock().unwrap();
            let keys =
                objects.iter().filter(|(key, _)| key.starts_with(prefix) && Some(key.as_str()) > after);
            let listed = |(key, body): (&String, &Vec<u8>)| Listed { key: key.clone(), bytes: body.len() };
            let mut objects: VecDeque<_> = keys.take(1_001).map(listed).collect();
            let more = objects.len() > 1_000;
            objects.truncate(1_000);
            Ok(Page { objects, more })
        }

        async fn delete_many(&self, keys: &[String]) -> Result<Vec<StoreError>, StoreError> {
            self.0.lock().unwrap().retain(|key, _| !keys.contains(key));
            Ok(Vec::new())
        }
    }

    /// A Tencent with one event, which panics when it is asked again.
    #[derive(Default)]
    struct Panics(Mutex<usize>);

    impl Http for Panics {
        async fn send(&self, _: &Request, _: usize) -> Result<Option<Answer>, StoreError> {
            let mut calls = self.0.lock().unwrap();
            *calls += 1;
            let body = match *calls {
                1 => {
                    r#"{"Response":{"EventSet":[{"EventHandle":"1","EventType":"X","XEvent":{"TaskId":"t"}}],"RequestId":"r"}}"#
                }
                2 => r#"{"Response":{"RequestId":"r"}}"#,
                _ => panic!("scripted"),
            };
            Ok(Some(Answer { status: 200, body: body.into() }))
        }

        fn drop_connections(&self) {}
    }

    #[tokio::test]
    async fn after_a_panic_the_summary_has_what_was_done_before_and_the_other_feeds() {
        let summary =
            puller(Panics::default()).pull(deadline(Duration::from_secs(55)), &Invocation::default()).await;
        let main = &summary.0[MAIN];
        assert_eq!((main.enqueued, main.confirmed), (1, 1), "{main:?}");
        assert_eq!(main.error.as_deref(), Some("a panic, see the log"));
        assert_eq!(summary.0["spill"], FeedSummary { waiting: Some(0), ..FeedSummary::default() });
    }
}
