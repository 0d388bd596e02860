//! Push: request → authentic → envelope → stored → answer.

mod answer;
mod authentic;
mod breaker;
pub mod budget;
mod keep;
mod line;
mod lost;
pub mod origin;
mod refusals;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use http::{Response, StatusCode};
use time::OffsetDateTime;

pub use authentic::{Authentic, Refusal};

use crate::event::Unreadable;
use crate::lambda::invocation::Invocation;
use crate::lambda::request::Malformed;
use crate::senders::CallbackRequest;
use crate::sources::Sources;
use crate::sources::cache::SourcesCache;
use crate::storage::{Bucket, Queue, StoreError};
use crate::telemetry::Recorder;
use crate::trace::Trace;
use breaker::CircuitBreaker;
use budget::Deadline;
use keep::Keep;
use line::{Answered, Steps, Told};
use origin::OriginSecrets;
use refusals::Refusals;

/// What time it is: by it signatures are fresh or stale.
pub type Clock = fn() -> OffsetDateTime;

/// Receives callbacks: everything between the invocation and its answer.
pub struct Receiver<Q, B> {
    sources: Arc<SourcesCache>,
    origin: OriginSecrets,
    queue: Q,
    bucket: B,
    now: Clock,
    recorder: Recorder,
    refusals: Mutex<Refusals>,
    breaker: Mutex<CircuitBreaker>,
}

/// What became of a callback. Each has one answer, and a line in the log; only refusals share theirs.
#[derive(Debug)]
enum Verdict {
    /// In the queue.
    Queued(Told),
    /// In the bucket, because the queue failed. The puller brings it to the queue.
    Spilled(Told, StoreError),
    /// Not from who it says: kept nowhere. The source whose path was called, if it was one's.
    Refused(Refusal, Option<String>),
    /// Authentic, but no event: its body is in the bucket under this key. The sender would send the same again, so it
    /// is told 400.
    Rejected { source: String, why: Unreadable, key: String },
    /// Authentic, and nobody took it: its lines in the log are all there is. Of a body that is no event, no event.
    Lost { source: String, event: Option<Told>, error: String },
    /// We do not know our sources yet, so nobody can be let in.
    NoSources,
}

impl<Q: Queue, B: Bucket> Receiver<Q, B> {
    /// A receiver of these parts, which writes no wide events.
    pub fn new(sources: Arc<SourcesCache>, queue: Q, bucket: B, now: Clock) -> Self {
        let (recorder, refusals) = (Recorder::silent(), Mutex::new(Refusals::new()));
        let (origin, breaker) = (OriginSecrets::default(), Mutex::default());
        Self { sources, origin, queue, bucket, now, recorder, refusals, breaker }
    }

    /// The same, behind a proxy that adds one of these secrets to each request.
    #[must_use]
    pub fn behind(self, origin: OriginSecrets) -> Self {
        Self { origin, ..self }
    }

    /// The same, with a wide event for each callback.
    #[must_use]
    pub fn with_recorder(self, recorder: Recorder) -> Self {
        Self { recorder, ..self }
    }

    /// Answers one callback, before the deadline whatever queue and bucket do.
    pub async fn receive(
        &self,
        callback: Result<CallbackRequest, Malformed>,
        deadline: Deadline,
        invocation: &Invocation,
    ) -> Response<String> {
        let (began, mut steps) = (Instant::now(), Steps::default());
        let verdict = match &callback {
            Ok(callback) => self.judge(callback, deadline, invocation, &mut steps).await,
            Err(malformed) => Verdict::Refused((*malformed).into(), None),
        };
        let (answer, total) = (verdict.answer(), began.elapsed());
        let (at, status) = ((self.now)(), answer.status().as_u16());
        self.tell(&verdict, &Answered { at, status, steps: &steps, total, invocation });
        answer
    }

    async fn judge(
        &self,
        callback: &CallbackRequest,
        deadline: Deadline,
        invocation: &Invocation,
        steps: &mut Steps,
    ) -> Verdict {
        if !self.origin.admit(callback) {
            return Verdict::Refused(Refusal::NotFromOrigin, None);
        }
        let received = (self.now)();
        self.sources.refresh_if_due(received, deadline.half()).await;
        let Some(mut sources) = self.sources.current() else { return Verdict::NoSources };
        let mut authentic = steps.understand(|| Authentic::new(callback, &sources, received));
        if let Err(refusal) = &authentic
            && refusal.depends_on_sources(callback)
            && self.sources.refresh_for_unauthorized(received, deadline.half()).await
        {
            sources = self.sources.current().unwrap_or(sources);
            authentic = steps.understand(|| Authentic::new(callback, &sources, received));
        }
        let Self { queue, bucket, breaker, .. } = self;
        let keep = Keep { queue, bucket, breaker, deadline, received, trace: invocation.trace };
        match authentic {
            Ok(authentic) => {
                steps.is_far_ahead = authentic.is_far_ahead();
                accept(&authentic, &keep, steps).await
            }
            Err(refusal) => refused(refusal, callback, &sources),
        }
    }

    /// Writes the callback's wide event, and before it what refusals were only counted until now.
    fn tell(&self, verdict: &Verdict, answered: &Answered<'_>) {
        let counted = {
            // Nothing panics while it holds the lock; if it did, the counters would still be whole.
            let mut refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
            match verdict {
                Verdict::Refused(refusal, _) if !refusals.count(*refusal, answered.at) => return,
                Verdict::Refused(refusal, _) => refusals.take(Some(*refusal), answered.at),
                _ => refusals.take(None, answered.at),
            }
        };
        counted.for_each(|counted| answered.tell_refused(counted, verdict, &self.recorder));
        answered.tell(verdict, &self.recorder);
    }
}

async fn accept<Q: Queue, B: Bucket>(
    authentic: &Authentic<'_>,
    keep: &Keep<'_, Q, B>,
    steps: &mut Steps,
) -> Verdict {
    match steps.understand(|| authentic.envelope(keep.received)) {
        Ok(mut envelope) => {
            envelope.traceparent = keep.trace.and_then(Trace::traceparent);
            keep.event(authentic, envelope, steps).await
        }
        // Boxed, as it is large and hardly ever run.
        Err(why) => Box::pin(keep.rejected(authentic, why, steps)).await,
    }
}

fn refused(refusal: Refusal, callback: &CallbackRequest, sources: &Sources) -> Verdict {
    let source = authentic::addressee(callback, sources);
    Verdict::Refused(refusal, source.map(|source| source.name().to_owned()))
}

impl Verdict {
    fn answer(&self) -> Response<String> {
        match self {
            Self::Queued(event) | Self::Spilled(event, _) => answer::accepted(&event.id),
            Self::Refused(refusal, _) => answer::problem(refusal.status()),
            Self::Rejected { .. } => answer::problem(StatusCode::BAD_REQUEST),
            Self::Lost { .. } | Self::NoSources => answer::problem(StatusCode::SERVICE_UNAVAILABLE),
        }
    }
}

impl<Q, B> fmt::Debug for Receiver<Q, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").field("sources", &self.sources).finish_non_exhaustive()
    }
}
