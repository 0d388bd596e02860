//! The sources in use: given once, or read from a secret and read again every five minutes, so that a key can be replaced
//! without a deployment.
//!
//! A read belongs to the invocation that began it and ends with it. Lambda freezes a function between invocations: a read
//! left running would be frozen too, end with the next callback, and bring the document from before a rotation.
//!
//! | when | what happens |
//! | --- | --- |
//! | five minutes after the last read | the next callback waits for a new one, within its own time limit |
//! | a callback that newer sources might let in is unauthorized | one read for it, at most every [`FRESH_READ_EVERY`] |
//! | a read fails | the sources at hand stay in use, and a read is due after [`RETRY_AFTER`] |
//! | the document has a mistake, and there are no sources yet | the secret's previous version is used (`AWSPREVIOUS`) |
//!
//! Each failed read is an ERROR line that counts `SourcesReadFailed`: a mistake in the secret shows at once, and not when
//! the next environment cannot start.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration as StdDuration;

use futures_util::future::BoxFuture;
use serde::Serialize;
use time::{Duration, OffsetDateTime};
use tokio::time::timeout;
use tracing::Level;

use crate::settings::SettingsError;
use crate::sources::Sources;
use crate::storage::StoreError;
use crate::telemetry::Recorder;
use crate::telemetry::metrics::SOURCES_READ_FAILED;
use crate::telemetry::wide_event::{Dimension, Measured, WideEvent, cut};

/// How old the sources may be before they are read again.
pub const REREAD_AFTER: Duration = Duration::minutes(5);
/// How long after a failed read the next one is due.
pub const RETRY_AFTER: Duration = Duration::seconds(15);
/// How often an unauthorized callback may cause a read: forged requests cannot drive more.
pub const FRESH_READ_EVERY: Duration = Duration::seconds(15);

/// Which version of the sources document is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// The one that is in force (`AWSCURRENT`).
    Current,
    /// The one before it (`AWSPREVIOUS`).
    Previous,
}

/// Reads the sources document from where it is kept.
pub trait ReadSources: Send + Sync {
    /// Where it is kept, as an operator finds it.
    fn place(&self) -> String;

    /// The document in that version.
    fn read(&self, version: Version) -> BoxFuture<'_, Result<String, SourcesError>>;
}

/// Why there are no new sources.
#[derive(Debug, thiserror::Error)]
pub enum SourcesError {
    /// They could not be read this time.
    #[error("cannot be read now: {0}")]
    Unavailable(StoreError),
    /// They cannot be read at all: there is no such secret, or no permission.
    #[error("cannot be read: {0}")]
    Unreadable(StoreError),
    /// They were read, and have a mistake.
    #[error(transparent)]
    Mistaken(#[from] SettingsError),
}

impl SourcesError {
    /// Whether somebody has to change something before a read can succeed.
    pub fn is_lasting(&self) -> bool {
        match self {
            Self::Unavailable(_) => false,
            Self::Unreadable(_) | Self::Mistaken(_) => true,
        }
    }
}

/// The sources in use, and how they are replaced.
pub struct SourcesCache {
    reader: Option<Box<dyn ReadSources>>,
    recorder: Recorder,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    sources: Option<Arc<Sources>>,
    /// What they were parsed from.
    document: String,
    /// When the last read began, and how long after it the next is due.
    read: Option<(OffsetDateTime, Duration)>,
    /// When an unauthorized callback last caused a read.
    fresh_read: Option<OffsetDateTime>,
}

impl SourcesCache {
    /// Sources that never change.
    pub fn fixed(sources: Sources) -> Self {
        let cache = Self { reader: None, recorder: Recorder::silent(), state: Mutex::default() };
        cache.replace(sources, String::new());
        cache
    }

    /// Sources that a reader provides. There are none until they have been read once.
    pub fn read_by(reader: impl ReadSources + 'static) -> Self {
        Self { reader: Some(Box::new(reader)), recorder: Recorder::silent(), state: Mutex::default() }
    }

    /// The same, with a line of the log for each failed read.
    #[must_use]
    pub fn with_recorder(self, recorder: Recorder) -> Self {
        Self { recorder, ..self }
    }

    /// The sources at hand; `None` until they have been read once.
    pub fn current(&self) -> Option<Arc<Sources>> {
        self.state().sources.clone()
    }

    /// Reads the sources again where that is due, for at most `within`. While there are none, it always is.
    pub async fn refresh_if_due(&self, now: OffsetDateTime, within: StdDuration) {
        let is_due = {
            let state = self.state();
            state.sources.is_none() || state.read.is_none_or(|(at, lasts)| is_over(at, lasts, now))
        };
        if is_due {
            let _ = self.refresh(now, within).await;
        }
    }

    /// Reads the sources for a callback that would be unauthorized by those at hand. Whether they were read.
    pub async fn refresh_for_unauthorized(&self, now: OffsetDateTime, within: StdDuration) -> bool {
        {
            let mut state = self.state();
            let is_recent = state.fresh_read.is_some_and(|at| !is_over(at, FRESH_READ_EVERY, now));
            let began_with_this_callback = state.read.is_some_and(|(at, _)| at == now);
            if self.reader.is_none() || is_recent || began_with_this_callback {
                return false;
            }
            state.fresh_read = Some(now);
        }
        let _ = self.refresh(now, within).await;
        true
    }

    /// Reads the sources, for at most `within`, and logs a failure.
    ///
    /// # Errors
    /// [`SourcesError`]. Those at hand stay in use, if there are any.
    pub async fn refresh(&self, now: OffsetDateTime, within: StdDuration) -> Result<(), SourcesError> {
        let late = |_| {
            let error = format!("no answer within {} ms", within.as_millis());
            SourcesError::Unavailable(StoreError(error))
        };
        let result = timeout(within, self.read(now)).await.map_err(late).flatten();
        if let Err(error) = &result {
            self.log_failure(now, error);
        }
        result
    }

    /// A read that is cut off leaves the next one due like one that failed.
    async fn read(&self, now: OffsetDateTime) -> Result<(), SourcesError> {
        let Some(reader) = &self.reader else { return Ok(()) };
        self.state().read = Some((now, RETRY_AFTER));
        let document = reader.read(Version::Current).await?;
        if self.state().document != document {
            match Sources::parse(&document) {
                Ok(sources) => self.replace(sources, document),
                Err(mistake) => {
                    self.fall_back(reader.as_ref()).await;
                    return Err(mistake.into());
                }
            }
        }
        self.state().read = Some((now, REREAD_AFTER));
        Ok(())
    }

    /// Uses the previous version of a document that has a mistake, where there are no sources yet: a new environment must
    /// not refuse to start while the running ones go on with what they have.
    async fn fall_back(&self, reader: &dyn ReadSources) {
        if self.current().is_none()
            && let Ok(document) = reader.read(Version::Previous).await
            && let Ok(sources) = Sources::parse(&document)
        {
            self.replace(sources, document);
        }
    }

    fn replace(&self, sources: Sources, document: String) {
        for warning in sources.warnings() {
            tracing::warn!("{warning}");
        }
        let mut state = self.state();
        state.sources = Some(Arc::new(sources));
        state.document = document;
    }

    /// Where the sources are kept, where they are read.
    pub fn place(&self) -> Option<String> {
        self.reader.as_ref().map(|reader| reader.place())
    }

    fn log_failure(&self, at: OffsetDateTime, error: &SourcesError) {
        let message = match self.current() {
            Some(_) => "the sources could not be read, the last good ones are used",
            None => "the sources could not be read, and there are none yet",
        };
        let place = self.place().unwrap_or_default();
        let error = format!("{place}: {error}");
        let said = FailedRead { error: cut(&error) };
        let (by, metrics) = (Dimension::Function, &[Measured::count(SOURCES_READ_FAILED, 1)]);
        self.recorder.write(&WideEvent { at, level: Level::ERROR, message, by, metrics, said });
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock; if it did, the state would still be whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Serialize)]
struct FailedRead<'a> {
    error: &'a str,
}

/// Whether a time span has passed. A clock that was set back says nothing about it: then it counts as over.
fn is_over(began: OffsetDateTime, lasts: Duration, now: OffsetDateTime) -> bool {
    !(began..began + lasts).contains(&now)
}

impl fmt::Debug for SourcesCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SourcesCache").field("sources", &self.current()).finish_non_exhaustive()
    }
}
