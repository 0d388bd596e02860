//! The sources in force: given once, or kept in a secret and read again every five minutes, so that a key can be
//! replaced without a deployment.
//!
//! Nobody waits for a re-read whose callback is authentic by the sources at hand: it goes on beside. Only a callback that
//! would be refused waits for one that is due: its key may be the news. So a rotated key is good at once, and noise at a
//! public URL costs one read in five minutes.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::BoxFuture;
use time::{Duration, OffsetDateTime};

use crate::settings::SettingsError;
use crate::source::Sources;
use crate::store::StoreError;

/// How old the sources may be before they are read again.
pub const REREAD_AFTER: Duration = Duration::minutes(5);

/// Reads the sources document from where it is kept.
pub trait ReadSources: Send + Sync {
    /// The document as it is now.
    fn read(&self) -> BoxFuture<'_, Result<String, StoreError>>;
}

/// The sources in force.
pub struct Keyring {
    reader: Option<Box<dyn ReadSources>>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    sources: Option<Arc<Sources>>,
    /// When somebody last set out to read them.
    tried: Option<OffsetDateTime>,
}

/// Why there are no new sources. Those at hand stay in force.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// The secret could not be read.
    #[error("cannot be read: {0}")]
    Unreadable(#[from] StoreError),
    /// It was read, and has a mistake.
    #[error(transparent)]
    Mistaken(#[from] SettingsError),
}

impl Keyring {
    /// Sources that stay as they are.
    pub fn fixed(sources: Sources) -> Self {
        let keyring = Self { reader: None, state: Mutex::default() };
        keyring.adopt(sources);
        keyring
    }

    /// Sources that are kept elsewhere. There are none until [`Keyring::reread`] has once succeeded.
    pub fn kept_by(reader: impl ReadSources + 'static) -> Self {
        Self { reader: Some(Box::new(reader)), state: Mutex::default() }
    }

    /// The sources at hand; nothing where they could not be read yet.
    pub fn sources(&self) -> Option<Arc<Sources>> {
        self.state().sources.clone()
    }

    /// Whether the sources should be read again, by the one who asks: nobody else is told so for five minutes, or, as
    /// long as there are none at all, everybody is.
    pub fn claim_reread(&self, now: OffsetDateTime) -> bool {
        let mut state = self.state();
        let is_due = state.tried.is_none_or(|tried| now - tried >= REREAD_AFTER) || state.sources.is_none();
        let claimed = self.reader.is_some() && is_due;
        if claimed {
            state.tried = Some(now);
        }
        claimed
    }

    /// Reads the sources again.
    ///
    /// # Errors
    /// They could not be read, or have a mistake. The last good ones stay in force.
    pub async fn reread(&self) -> Result<(), KeyringError> {
        let Some(reader) = &self.reader else { return Ok(()) };
        self.adopt(Sources::parse(&reader.read().await?)?);
        Ok(())
    }

    fn adopt(&self, sources: Sources) {
        for warning in sources.warnings() {
            tracing::warn!("{warning}");
        }
        self.state().sources = Some(Arc::new(sources));
    }

    /// The same where nobody waits for the result: a failure goes to the log.
    pub async fn reread_or_log(&self) {
        if let Err(error) = self.reread().await {
            tracing::error!(%error, "the sources could not be read again, the last good ones stay in force");
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        // Nothing panics while it holds the lock; if it did, the state would still be whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring").field("sources", &self.sources()).finish_non_exhaustive()
    }
}
