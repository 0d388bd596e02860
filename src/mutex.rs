//! Locks that no panic can poison.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks a mutex. A panic while it was held does not matter: no code here leaves a value half changed.
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
