//! The memory limit that all feeds share.
//!
//! A sender's answer has up to 16 events, each of which may have megabytes, and its size is not known in advance. So
//! answers of up to 64 KiB are read without a limit, those of up to [`MEDIUM_BYTES`] while there is room, and a
//! larger one alone: the others wait until its events are stored.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Read without a permit: 16 events of the usual size.
const SMALL_BYTES: usize = 64 * 1024;
/// About the size of the largest answer of MNS.
pub const MEDIUM_BYTES: usize = 1024 * 1024;

/// The limit on what all readers have in memory at the same time.
#[derive(Debug, Clone)]
pub struct MemoryLimit {
    /// One permit for each [`MEDIUM_BYTES`].
    room: Arc<Semaphore>,
    permits: u32,
    max_bytes: usize,
}

impl MemoryLimit {
    /// A limit of this many bytes, which is also the limit of one reader.
    pub fn new(max_bytes: usize) -> Self {
        let permits = u32::try_from(max_bytes / MEDIUM_BYTES).unwrap_or(u32::MAX).clamp(1, 1 << 20);
        let room = Arc::new(Semaphore::new(usize::try_from(permits).unwrap_or(1)));
        Self { room, permits, max_bytes }
    }

    /// A share for one reader, empty at first.
    pub fn share(&self) -> MemoryShare {
        MemoryShare { memory: self.clone(), taken: None, shortage: None }
    }
}

/// The memory of one reader, until it is dropped.
#[derive(Debug)]
pub struct MemoryShare {
    memory: MemoryLimit,
    taken: Option<OwnedSemaphorePermit>,
    shortage: Option<Shortage>,
}

/// Why a reader could not go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Shortage {
    /// It needs more than one reader may have.
    #[error("more than {} MiB at once, a quarter of the function's memory: raise PullerMemory", .0 >> 20)]
    TooLarge(usize),
    /// Other readers occupied the memory all the time.
    #[error("no memory beside the other sources' events: raise PullerMemory")]
    Waiting,
}

impl MemoryShare {
    /// Returns once there is room for this many bytes in total.
    ///
    /// # Errors
    /// [`Shortage::TooLarge`]: one reader may not have so many bytes.
    pub async fn grow(&mut self, bytes: usize) -> Result<(), Shortage> {
        let Self { memory, taken, shortage } = self;
        if bytes > memory.max_bytes {
            return Err(*shortage.insert(Shortage::TooLarge(memory.max_bytes)));
        }
        let permits = if bytes <= SMALL_BYTES {
            0
        } else if bytes <= MEDIUM_BYTES {
            1
        } else {
            memory.permits
        };
        if taken.as_ref().map_or(0, OwnedSemaphorePermit::num_permits) < permits as usize {
            *shortage = Some(Shortage::Waiting);
            // Release first: otherwise two readers that both hold some and need all would deadlock.
            *taken = None;
            *taken = Arc::clone(&memory.room).acquire_many_owned(permits).await.ok();
            *shortage = None;
        }
        Ok(())
    }

    /// Why it did not grow. Also known if the caller stopped waiting for [`grow`](Self::grow).
    pub fn shortage(&self) -> Option<Shortage> {
        self.shortage
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    const AT_ONCE: Duration = Duration::from_millis(20);

    #[tokio::test]
    async fn a_large_reader_is_alone_and_a_small_one_never_waits() {
        let memory = MemoryLimit::new(8 * MEDIUM_BYTES);
        let [mut large, mut other, mut medium, mut small] = [(); 4].map(|()| memory.share());
        large.grow(MEDIUM_BYTES).await.unwrap();
        large.grow(2 * MEDIUM_BYTES).await.unwrap();
        small.grow(SMALL_BYTES).await.unwrap();
        for waits in [&mut other, &mut medium] {
            assert!(timeout(AT_ONCE, waits.grow(SMALL_BYTES + 1)).await.is_err());
            assert_eq!(waits.shortage(), Some(Shortage::Waiting));
        }
        drop(large);
        medium.grow(MEDIUM_BYTES).await.unwrap();
        assert!(timeout(AT_ONCE, other.grow(8 * MEDIUM_BYTES)).await.is_err());
        drop(medium);
        other.grow(8 * MEDIUM_BYTES).await.unwrap();
    }

    #[tokio::test]
    async fn two_readers_that_grow_do_not_deadlock() {
        let memory = MemoryLimit::new(8 * MEDIUM_BYTES);
        let read = async |mut share: MemoryShare| {
            share.grow(MEDIUM_BYTES).await.unwrap();
            tokio::task::yield_now().await;
            share.grow(2 * MEDIUM_BYTES).await.unwrap();
        };
        timeout(Duration::from_secs(1), async { tokio::join!(read(memory.share()), read(memory.share())) })
            .await
            .unwrap();
    }

    #[tokio::test]
    async fn a_body_beyond_the_limit_is_an_error_that_names_the_parameter() {
        let memory = MemoryLimit::new(32 << 20);
        let mut share = memory.share();
        let error = share.grow((32 << 20) + 1).await.unwrap_err().to_string();
        assert!(error.contains("32 MiB") && error.ends_with("raise PullerMemory"), "{error}");
        assert!(share.shortage().is_some());
    }
}
