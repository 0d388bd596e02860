//! The sources in force: given once, or kept in a secret and read again every five minutes, so that a key can be
//! replaced without a deployment.
//!
//! Nobody waits for a re-read whose callback is authentic by the sources at hand: it goes on beside. Only a callback that
//! would be refused waits for one that is due or under way: its key may be the news. So a rotated key is good at once,
//! and noise at a public URL costs one read in five minutes.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use time::{Duration, OffsetDateTime};

use crate::settings::SettingsError;
use crate::source::Sources;
use crate::store::StoreError;

/// How old the sources may be before they are read again.
pub const REREAD_AFTER: Duration = Duration::minutes(5);
/// How long after a read that failed the next one is due.
pub const RETRY_AFTER: Duration = Duration::seconds(15);

/// Reads the sources document from where it is kept.
pub trait ReadSources: Send + Sync {
    /// The document as it is now.
    fn read(&self) -> BoxFuture<'_, Result<String, KeyringError>>;
}

/// Why there are no new sources. Those at hand stay in force.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// They could not be read this time.
    #[error("cannot be read now: {0}")]
    Unavailable(StoreError),
    /// They cannot be read at all: there is no such secret, or we may not see it.
    #[error("cannot be read: {0}")]
    Unreadable(StoreError),
    /// They were read, and have a mistake.
    #[error(transparent)]
    Mistaken(#[from] SettingsError),
}

impl KeyringError {
    /// Whether somebody has to change something before it can be better.
    pub fn is_lasting(&self) -> bool {
        match self {
            Self::Unavailable(_) => false,
            Self::Unreadable(_) | Self::Mistaken(_) => true,
        }
    }
}

/// A re-read under way. It goes on whether somebody waits for it or not.
pub type Reread = Shared<BoxFuture<'static, ()>>;

/// The sources in force.
pub struct Keyring {
    reader: Option<Box<dyn ReadSources>>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    sources: Option<Arc<Sources>>,
    /// What they were read from.
    document: String,
    /// When the next read is due; nothing before the first.
    due: Option<OffsetDateTime>,
    under_way: Option<Reread>,
}

impl Keyring {
    /// Sources that stay as they are.
    pub fn fixed(sources: Sources) -> Self {
        let keyring = Self { reader: None, state: Mutex::default() };
        keyring.adopt(sources, String::new());
        keyring
    }

    /// Sources that are kept elsewhere. There are none until they were read once.
    pub fn kept_by(reader: impl ReadSources + 'static) -> Self {
        Self { reader: Some(Box::new(reader)), state: Mutex::default() }
    }

    /// The sources at hand; nothing where they could not be read yet.
    pub fn sources(&self) -> Option<Arc<Sources>> {
        self.state().sources.clone()
    }

    /// Reads the sources.
    ///
    /// # Errors
    /// They could not be read, or have a mistake. The last good ones stay in force.
    pub async fn read(&self, now: OffsetDateTime) -> Result<(), KeyringError> {
        let Some(reader) = &self.reader else { return Ok(()) };
        self.state().due = Some(now + RETRY_AFTER);
        let document = reader.read().await?;
        if self.state().document != document {
            self.adopt(Sources::parse(&document)?, document);
        }
        self.state().due = Some(now + REREAD_AFTER);
        Ok(())
    }

    /// The re-read that is under way, or a new one if it is due. While there are no sources at all, it always is.
    ///
    /// One that is under way counts however old it is: an environment may have been frozen in the middle of it.
    pub fn reread_if_due(self: &Arc<Self>, now: OffsetDateTime) -> Option<Reread> {
        let mut state = self.state();
        if let Some(reread) = &state.under_way {
            return Some(reread.clone());
        }
        let is_due = state.sources.is_none() || state.due.is_none_or(|due| now >= due);
        if self.reader.is_none() || !is_due {
            return None;
        }
        let keyring = Arc::clone(self);
        let reread = async move {
            if let Err(error) = keyring.read(now).await {
                tracing::error!(%error, "the sources could not be read again, the last good ones stay in force");
            }
            keyring.state().under_way = None;
        };
        let reread = reread.boxed().shared();
        tokio::spawn(reread.clone());
        state.under_way = Some(reread.clone());
        Some(reread)
    }

    fn adopt(&self, sources: Sources, document: String) {
        for warning in sources.warnings() {
            tracing::warn!("{warning}");
        }
        let mut state = self.state();
        state.sources = Some(Arc::new(sources));
        state.document = document;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock; if it did, the state would still be whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring").field("sources", &self.sources()).finish_non_exhaustive()
    }
}
