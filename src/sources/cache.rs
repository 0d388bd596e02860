//! The sources in use. They are fixed, or read from a secret and cached for five minutes ([`REREAD_AFTER`]), so that
//! a key can be replaced without a deployment.
//!
//! A read ends with the invocation that started it. Lambda freezes a function between invocations. A read that is
//! left running would be frozen too, end during the next callback, and deliver a document from before a rotation.
//!
//! | when | what happens |
//! | --- | --- |
//! | five minutes after the last read | the next callback waits for a new one, within its own time limit |
//! | newer sources might authorize an unauthorized callback | one read for it, at most every [`FRESH_READ_EVERY`] |
//! | a read fails | the last good sources stay in use, and a read is due after [`RETRY_AFTER`] |
//! | the document has a mistake, and there are no sources yet | the secret's previous version is used (`AWSPREVIOUS`) |
//!
//! Each failed read is an ERROR line that counts `SourcesReadFailed`. So a mistake in the secret shows at once, and
//! not only when the next environment cannot start.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration as StdDuration;

use futures_util::future::BoxFuture;
use time::{Duration, OffsetDateTime};
use tracing::Level;

use crate::mutex::lock;
use crate::sources::{Source, Sources, SourcesFrom};
use crate::storage::{StoreError, within};
use crate::telemetry::metrics::SOURCES_READ_FAILED;
use crate::telemetry::{Line, Recorder};
use mediahook_senders::settings::SettingsError;

/// How long the sources, and the keys in them, are cached.
pub const REREAD_AFTER: Duration = Duration::minutes(5);
/// How long after a failed read the next one is due.
pub const RETRY_AFTER: Duration = Duration::seconds(15);
/// How often an unauthorized callback may cause a read. This limits the reads that forged requests can cause.
pub const FRESH_READ_EVERY: Duration = Duration::seconds(15);

/// Which version of the sources document is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// The current one (`AWSCURRENT`).
    Current,
    /// The one before it (`AWSPREVIOUS`).
    Previous,
}

/// Reads the sources document.
pub trait ReadSources: Send + Sync {
    /// The name of the document, for the log.
    fn place(&self) -> String;

    /// Reads that version of the document.
    fn read(&self, version: Version) -> BoxFuture<'_, Result<String, SourcesError>>;
}

/// Why a read failed.
#[derive(Debug, thiserror::Error)]
pub enum SourcesError {
    /// The sources could not be read this time.
    #[error("cannot be read now: {0}")]
    Unavailable(#[from] StoreError),
    /// The sources cannot be read at all: there is no such secret, or it holds no text.
    #[error("cannot be read: {0}")]
    Unreadable(StoreError),
    /// The document has a mistake.
    #[error(transparent)]
    Mistaken(#[from] SettingsError),
}

impl SourcesError {
    /// Whether every read fails until somebody changes the secret or its name. A role that may not read it yet is not
    /// lasting: IAM takes seconds to apply a change.
    pub fn is_lasting(&self) -> bool {
        !matches!(self, Self::Unavailable(_))
    }
}

/// The sources in use, and their replacement.
pub struct SourcesCache {
    reader: Option<Box<dyn ReadSources>>,
    recorder: Recorder,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    sources: Option<Arc<Sources>>,
    /// The document that they were parsed from.
    document: String,
    /// When the last read started, and how long after it the next one is due.
    read: Option<(OffsetDateTime, Duration)>,
    /// When an unauthorized callback last caused a read.
    fresh_read: Option<OffsetDateTime>,
}

impl SourcesCache {
    /// The sources of receiver and puller. A secret is not read yet.
    pub fn new<R: ReadSources + 'static>(
        from: SourcesFrom,
        secret: impl FnOnce(String) -> R,
        recorder: &Recorder,
    ) -> Self {
        match from {
            SourcesFrom::Document(sources) => Self::fixed(sources),
            SourcesFrom::Secret(id) => Self::from_reader(secret(id), recorder.clone()),
        }
    }

    /// Sources that are never read again.
    pub fn fixed(sources: Sources) -> Self {
        let cache = Self { reader: None, recorder: Recorder::silent(), state: Mutex::default() };
        cache.replace(sources, String::new());
        cache
    }

    /// Sources that a reader provides: none before the first read. Each failed read has a log line.
    pub fn from_reader(reader: impl ReadSources + 'static, recorder: Recorder) -> Self {
        Self { reader: Some(Box::new(reader)), recorder, state: Mutex::default() }
    }

    /// The sources in use; `None` before the first read.
    pub fn current(&self) -> Option<Arc<Sources>> {
        lock(&self.state).sources.clone()
    }

    /// Reads the sources again if a read is due, for at most `bound`. While there are none, a read is always due.
    pub async fn refresh_if_due(&self, now: OffsetDateTime, bound: StdDuration) {
        let read = lock(&self.state).read;
        if self.current().is_none() || read.is_none_or(|(at, lasts)| is_over(at, lasts, now)) {
            let _ = self.refresh(now, bound).await;
        }
    }

    /// Reads the sources for a callback that the current ones do not authorize. Returns whether they were read.
    pub async fn refresh_for_unauthorized(&self, now: OffsetDateTime, bound: StdDuration) -> bool {
        {
            let mut state = lock(&self.state);
            let is_recent = state.fresh_read.is_some_and(|at| !is_over(at, FRESH_READ_EVERY, now));
            let began_with_this_callback = state.read.is_some_and(|(at, _)| at == now);
            if self.reader.is_none() || is_recent || began_with_this_callback {
                return false;
            }
            state.fresh_read = Some(now);
        }
        let _ = self.refresh(now, bound).await;
        true
    }

    /// Reads the sources, for at most `bound`, and logs a failure.
    ///
    /// # Errors
    /// [`SourcesError`]: the document could not be read, or has a mistake. The last good sources stay in use.
    pub async fn refresh(&self, now: OffsetDateTime, bound: StdDuration) -> Result<(), SourcesError> {
        within(bound, self.read(now)).await.inspect_err(|error| self.log_failure(now, error))
    }

    /// A read that is cut off counts as a failed read for the time of the next one.
    async fn read(&self, now: OffsetDateTime) -> Result<(), SourcesError> {
        let Some(reader) = &self.reader else { return Ok(()) };
        lock(&self.state).read = Some((now, RETRY_AFTER));
        let document = reader.read(Version::Current).await?;
        if lock(&self.state).document != document {
            match Sources::parse(&document) {
                Ok(sources) => self.replace(sources, document),
                Err(mistake) => {
                    // A new environment must be able to start while the running ones have good sources.
                    if self.current().is_none()
                        && let Ok(previous) = reader.read(Version::Previous).await
                        && let Ok(sources) = Sources::parse(&previous)
                    {
                        self.replace(sources, previous);
                    }
                    return Err(mistake.into());
                }
            }
        }
        lock(&self.state).read = Some((now, REREAD_AFTER));
        Ok(())
    }

    fn replace(&self, sources: Sources, document: String) {
        for warning in sources.warnings() {
            tracing::warn!("{warning}");
        }
        let mut state = lock(&self.state);
        let old = state.sources.iter().flat_map(|old| old.iter()).map(Source::name);
        for source in old.filter(|old| sources.get(old).is_none()) {
            tracing::warn!(source, "no longer in the sources document: its callbacks are answered 404");
        }
        state.sources = Some(Arc::new(sources));
        state.document = document;
    }

    fn log_failure(&self, at: OffsetDateTime, error: &SourcesError) {
        let message = match self.current() {
            Some(_) => "the sources could not be read, the last good ones are used",
            None => "the sources could not be read, and there are none yet",
        };
        let place = self.reader.as_ref().map(|reader| reader.place()).unwrap_or_default();
        let error = format!("{place}: {error}");
        let line = Line::new(Level::ERROR, message).field("error", error);
        line.count(SOURCES_READ_FAILED, 1).write(&self.recorder, at);
    }
}

/// Whether a time span is over. If the clock was set back, it counts as over.
fn is_over(began: OffsetDateTime, lasts: Duration, now: OffsetDateTime) -> bool {
    !(began..began + lasts).contains(&now)
}

impl fmt::Debug for SourcesCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SourcesCache").field("sources", &self.current()).finish_non_exhaustive()
    }
}
