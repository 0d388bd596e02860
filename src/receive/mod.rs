//! Push: a request of the function URL is authenticated, stored and answered.
//!
//! | step | what it decides | in |
//! | --- | --- | --- |
//! | origin | whether the request came through the proxy in front, if there is one | `origin.rs` |
//! | route, token, verify | whether the request is authentic | `authenticate.rs`, the sender's `signature.rs` |
//! | ingest | the event | [`crate::ingest`] |
//! | store | queue, bucket or log | `store.rs` |
//! | respond | the status | `outcome.rs`, `unauthorized.rs` |
//!
//! Until a request is authentic, only the signature is read from its body.

mod authenticate;
mod circuit_breaker;
mod log;
mod lost_log;
pub mod origin;
mod outcome;
mod store;
mod unauthorized;
mod warm_up;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use http::Response;
use mediahook_events::{Channel, CloudEvent};
use mediahook_senders::{CallbackRequest, Unprocessable};
use time::OffsetDateTime;

pub use authenticate::{Authentic, NotAuthentic, authenticate};
pub use unauthorized::Unauthorized;

use crate::ingest;
use crate::lambda::invocation::Invocation;
use crate::lambda::request::Malformed;
use crate::sources::Source;
use crate::sources::cache::SourcesCache;
use crate::storage::{Bucket, Queue};
use crate::telemetry::Recorder;
use crate::timeouts::receive::sources_within;
use crate::timeouts::{Clock, Deadline};
use circuit_breaker::CircuitBreaker;
use origin::OriginSecrets;
use outcome::ReceiveOutcome;
use store::{Store, Took};

/// Receives callbacks: it does all the work between an invocation and its response.
pub struct Receiver<Q, B> {
    /// The secrets of the proxy in front; none if there is none.
    pub origin: OriginSecrets,
    /// Writes a log line for each request.
    pub recorder: Recorder,
    sources: Arc<SourcesCache>,
    queue: Q,
    bucket: B,
    now: Clock,
    breaker: Mutex<CircuitBreaker>,
    /// Whether the queue was found, and its size limit is known.
    queue_checked: AtomicBool,
    /// Whether the last request was authentic. Only such a request may cause a question to the queue.
    was_authentic: AtomicBool,
}

impl<Q: Queue, B: Bucket> Receiver<Q, B> {
    /// A receiver with no proxy in front, which writes no log lines.
    pub fn new(sources: Arc<SourcesCache>, queue: Q, bucket: B, now: Clock) -> Self {
        let (origin, recorder) = (OriginSecrets::default(), Recorder::silent());
        let (breaker, queue_checked, was_authentic) =
            (Mutex::default(), AtomicBool::new(false), AtomicBool::new(false));
        Self { origin, recorder, sources, queue, bucket, now, breaker, queue_checked, was_authentic }
    }

    /// Answers one callback before the deadline, whatever queue and bucket do.
    pub async fn receive(
        &self,
        request: Result<CallbackRequest, Malformed>,
        deadline: Deadline,
        invocation: &Invocation,
    ) -> Response<String> {
        let (began, mut took) = (Instant::now(), Took::default());
        let outcome = match &request {
            Ok(request) => self.handle(request, deadline, invocation, &mut took).await,
            Err(Malformed) => unauthorized(Unauthorized::Malformed, None),
        };
        let was_authentic =
            !matches!(outcome, ReceiveOutcome::Unauthorized { .. } | ReceiveOutcome::NoSources);
        self.was_authentic.store(was_authentic, Ordering::Relaxed);
        took.total = began.elapsed();
        log::write(&self.recorder, (self.now)(), &outcome, took, invocation);
        outcome.response()
    }

    /// origin → route → token → verify → ingest → store
    async fn handle(
        &self,
        request: &CallbackRequest,
        deadline: Deadline,
        invocation: &Invocation,
        took: &mut Took,
    ) -> ReceiveOutcome {
        if !self.origin.admit(request) {
            return unauthorized(Unauthorized::NotFromOrigin, None);
        }
        let received = (self.now)();
        self.sources.refresh_if_due(received, sources_within(deadline)).await;
        let Some(mut sources) = self.sources.current() else { return ReceiveOutcome::NoSources };
        let mut authentic = authenticate(request, &sources, received);
        if let Err(error) = authentic
            && error.reason.depends_on_sources()
            && self.sources.refresh_for_unauthorized(received, sources_within(deadline)).await
        {
            sources = self.sources.current().unwrap_or(sources);
            authentic = authenticate(request, &sources, received);
        }
        let authentic = match authentic {
            Ok(authentic) => authentic,
            Err(NotAuthentic { reason, source }) => return unauthorized(reason, source),
        };
        let mut store = Store { receiver: self, deadline, received, took };
        match read_event(&authentic, received, invocation) {
            Ok(event) => store.event(event).await,
            // Boxed, because it is large and hardly ever runs.
            Err(reason) => Box::pin(store.unprocessable(&authentic, reason)).await,
        }
    }
}

/// Builds the event in an authentic body.
///
/// # Errors
/// [`Unprocessable`]: the body has no event in it.
pub fn read_event(
    authentic: &Authentic<'_>,
    received: OffsetDateTime,
    invocation: &Invocation,
) -> Result<CloudEvent, Unprocessable> {
    let mut event = ingest::build(authentic.source(), authentic.body(), Channel::Push, None, received)?;
    event.traceparent.clone_from(&invocation.traceparent);
    Ok(event)
}

fn unauthorized(reason: Unauthorized, source: Option<&Source>) -> ReceiveOutcome {
    ReceiveOutcome::Unauthorized { reason, source: source.map(|source| source.name().to_owned()) }
}
