//! Push: a request of the function URL is authenticated, stored and answered.
//!
//! | step | what it decides | in |
//! | --- | --- | --- |
//! | origin | whether the request came through the proxy in front, if there is one | `origin.rs` |
//! | route | the source, by the path | `route.rs` |
//! | token, verify | whether the request is authentic | `authenticate.rs`, the sender's `signature.rs` |
//! | decode, parse, ingest | the envelope | [`crate::ingest`] |
//! | store | queue, bucket or log | `store.rs` |
//! | respond | the status | `response.rs`, `unauthorized.rs` |
//!
//! Until a request is authentic, only the signature is read from its body.

mod authenticate;
mod callback_log;
mod circuit_breaker;
mod lost_log;
pub mod origin;
mod outcome;
mod response;
mod route;
mod store;
mod timings;
mod unauthorized;
mod unauthorized_log;

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use http::{Method, Response};
use time::OffsetDateTime;

pub use authenticate::Authentic;
pub use unauthorized::Unauthorized;

use crate::ingest;
use crate::lambda::invocation::Invocation;
use crate::lambda::request::Malformed;
use crate::sources::Sources;
use crate::sources::cache::SourcesCache;
use crate::storage::{Bucket, Queue};
use crate::telemetry::Recorder;
use crate::timeouts::{Clock, Deadline};
use crate::trace::Trace;
use authenticate::{check_token, verify};
use circuit_breaker::CircuitBreaker;
use mediahook_events::{Channel, CloudEvent};
use mediahook_senders::CallbackRequest;
use mediahook_senders::Unprocessable;
use origin::OriginSecrets;
use outcome::ReceiveOutcome;
use response::respond;
use route::route;
use store::Store;
use timings::Timings;
use unauthorized_log::UnauthorizedLog;

/// Receives callbacks: it does all the work between an invocation and its response.
pub struct Receiver<Q, B> {
    sources: Arc<SourcesCache>,
    origin: OriginSecrets,
    queue: Q,
    bucket: B,
    now: Clock,
    recorder: Recorder,
    unauthorized: UnauthorizedLog,
    breaker: Mutex<CircuitBreaker>,
}

impl<Q: Queue, B: Bucket> Receiver<Q, B> {
    /// A receiver that writes no wide events.
    pub fn new(sources: Arc<SourcesCache>, queue: Q, bucket: B, now: Clock) -> Self {
        let (unauthorized, breaker) = (UnauthorizedLog::default(), Mutex::default());
        let (origin, recorder) = (OriginSecrets::default(), Recorder::silent());
        Self { sources, origin, queue, bucket, now, recorder, unauthorized, breaker }
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

    /// Answers one callback before the deadline, whatever queue and bucket do.
    pub async fn receive(
        &self,
        request: Result<CallbackRequest, Malformed>,
        deadline: Deadline,
        invocation: &Invocation,
    ) -> Response<String> {
        let (began, mut timings) = (Instant::now(), Timings::default());
        let outcome = match &request {
            Ok(request) => self.handle(request, deadline, invocation.trace, &mut timings).await,
            Err(malformed) => ReceiveOutcome::Unauthorized { reason: (*malformed).into(), source: None },
        };
        let response = respond(&outcome);
        timings.total = began.elapsed();
        self.log(&outcome, response.status().as_u16(), &timings, invocation);
        response
    }

    /// origin → route → token → verify → ingest → store
    async fn handle(
        &self,
        request: &CallbackRequest,
        deadline: Deadline,
        trace: Option<Trace>,
        timings: &mut Timings,
    ) -> ReceiveOutcome {
        if !self.origin.admit(request) {
            return ReceiveOutcome::Unauthorized { reason: Unauthorized::NotFromOrigin, source: None };
        }
        let received = (self.now)();
        self.sources.refresh_if_due(received, deadline.half()).await;
        let Some(mut sources) = self.sources.current() else { return ReceiveOutcome::NoSources };

        let began = Instant::now();
        let mut authentic = authenticate(request, &sources, received);
        timings.parse = began.elapsed();
        if let Err(reason) = &authentic
            && reason.depends_on_sources(request)
            && self.sources.refresh_for_unauthorized(received, deadline.half()).await
        {
            sources = self.sources.current().unwrap_or(sources);
            authentic = authenticate(request, &sources, received);
        }
        let authentic = match authentic {
            Ok(authentic) => authentic,
            Err(reason) => return unauthorized(reason, request, &sources),
        };

        let began = Instant::now();
        let envelope = read_event(&authentic, received, trace);
        timings.parse += began.elapsed();

        let Self { queue, bucket, breaker, .. } = self;
        let store = Store { queue, bucket, breaker, deadline, received, trace };
        match envelope {
            Ok(envelope) => store.event(&authentic, envelope, timings).await,
            // Boxed, because it is large and hardly ever runs.
            Err(reason) => Box::pin(store.unprocessable(&authentic, reason, timings)).await,
        }
    }

    fn log(&self, outcome: &ReceiveOutcome, status: u16, timings: &Timings, invocation: &Invocation) {
        let (recorder, at) = (&self.recorder, (self.now)());
        if let ReceiveOutcome::Unauthorized { reason, source } = outcome {
            let request = (*reason, source.as_deref());
            self.unauthorized.log(recorder, at, request, timings.fields(invocation));
        } else {
            self.unauthorized.log_counted(recorder, at);
            callback_log::write(recorder, at, outcome, status, timings, invocation);
        }
    }
}

/// Authenticates a request by everything that its source requires (token, signature or both): route → token → verify.
///
/// # Errors
/// [`Unauthorized`] says which check failed.
pub fn authenticate<'a>(
    request: &'a CallbackRequest,
    sources: &'a Sources,
    now: OffsetDateTime,
) -> Result<Authentic<'a>, Unauthorized> {
    if request.method() != Method::POST {
        return Err(Unauthorized::NotPost);
    }
    let route = route(request.uri().path(), sources).ok_or(Unauthorized::UnknownPath)?;
    let source = check_token(route)?;
    verify(request, source, now)
}

/// Builds the envelope of the event in an authentic body: decode → parse → ingest.
///
/// # Errors
/// [`Unreadable`]: the body has no event in it.
pub fn read_event(
    authentic: &Authentic<'_>,
    received: OffsetDateTime,
    trace: Option<Trace>,
) -> Result<CloudEvent, Unprocessable> {
    let mut event = ingest::build(authentic.source(), authentic.body(), Channel::Push, None, received)?;
    event.traceparent = trace.and_then(Trace::traceparent);
    Ok(event)
}

fn unauthorized(reason: Unauthorized, request: &CallbackRequest, sources: &Sources) -> ReceiveOutcome {
    let source = route(request.uri().path(), sources).map(|route| route.source.name().to_owned());
    ReceiveOutcome::Unauthorized { reason, source }
}

impl<Q, B> fmt::Debug for Receiver<Q, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").field("sources", &self.sources).finish_non_exhaustive()
    }
}
