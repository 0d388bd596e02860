//! Whether the event bus exists.
//!
//! If an entry is put on an unknown bus, EventBridge answers 200 with an `EventId` and drops the entry. So with a
//! wrong name, or after the bus was deleted, every event would be lost silently. Therefore the processor checks the
//! bus at start, and again every [`CHECK_EVERY`].
//!
//! | the answer | the batch |
//! | --- | --- |
//! | the bus exists | is put |
//! | it does not | fails, and the next batch checks again |
//! | no permission to check | is put, with one warning, because the bus may exist |
//! | none, or another failure | is put if the bus was found before; else it fails, and the next batch checks again |

use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use time::OffsetDateTime;
use tokio::time::timeout;

use super::config::EVENT_BUS;
use crate::mutex::lock;
use crate::storage::bus::Bus;
use crate::storage::{StoreError, Unusable};
use crate::timeouts::Clock;

/// How long an answer is valid. Measured by the wall clock, because a monotonic clock may stand still while the
/// function is frozen.
const CHECK_EVERY: Duration = Duration::from_mins(5);

/// The state of the check.
#[derive(Debug)]
pub(super) struct BusCheck {
    now: Clock,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// When the bus was last found, or assumed to exist; nothing if it never was, or has been missing since.
    passed_at: Option<OffsetDateTime>,
    /// Whether the log already has the warning about the missing permission.
    warned: bool,
}

impl BusCheck {
    pub(super) fn new(now: Clock) -> Self {
        Self { now, known: Mutex::default() }
    }

    /// Checks the bus, if a check is due.
    ///
    /// # Errors
    /// [`Unusable::Misconfigured`]: the bus does not exist; the text names the variable. [`Unusable::Unknown`]: it was
    /// never found and does not answer `within` this time. Then no event may be put on it.
    pub(super) async fn check(&self, bus: &impl Bus, within: Duration) -> Result<(), Unusable> {
        if !self.is_due() {
            return Ok(());
        }
        let no_answer = || Err(Unusable::Unknown(StoreError("no answer in time".to_owned())));
        let answer = timeout(within, bus.check()).await.unwrap_or_else(|_| no_answer());
        let mut known = self.known();
        match answer {
            Ok(()) => {}
            Err(Unusable::Misconfigured(why)) => {
                known.passed_at = None;
                return Err(Unusable::Misconfigured(format!("{EVENT_BUS}: {why}")));
            }
            Err(Unusable::NotPermitted(error)) => {
                if !known.warned {
                    tracing::warn!(
                        %error,
                        "whether the event bus exists is unknown (events:DescribeEventBus): if it does not, every event is lost"
                    );
                    known.warned = true;
                }
            }
            Err(Unusable::Unknown(error)) if known.passed_at.is_some() => {
                tracing::warn!(%error, "the event bus could not be checked; it was found before");
            }
            Err(Unusable::Unknown(error)) => {
                let why = format!("the event bus could not be checked: {error}");
                return Err(Unusable::Unknown(StoreError(why)));
            }
        }
        known.passed_at = Some((self.now)());
        Ok(())
    }

    /// If the clock was set back, the age of the answer is unknown.
    fn is_due(&self) -> bool {
        let now = (self.now)();
        self.known().passed_at.is_none_or(|at| now < at || now - at >= CHECK_EVERY)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        lock(&self.known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::EntryError;
    use crate::storage::bus::Entry;
    use std::cell::Cell;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use time::macros::datetime;

    thread_local! {
        static NOW: Cell<OffsetDateTime> = const { Cell::new(datetime!(2026-11-22 06:00 UTC)) };
    }

    fn pass(seconds: i64) {
        NOW.set(NOW.get() + time::Duration::seconds(seconds));
    }

    /// Gives the answer that it was last set to.
    struct Scripted {
        answer: Mutex<Result<(), Unusable>>,
        asked: AtomicUsize,
    }

    impl Bus for Scripted {
        async fn check(&self) -> Result<(), Unusable> {
            self.asked.fetch_add(1, Ordering::Relaxed);
            self.answer.lock().unwrap().clone()
        }
        async fn put(&self, _: &[&Entry]) -> Result<Vec<Result<(), EntryError>>, StoreError> {
            Err(StoreError("not asked for".into()))
        }
    }

    struct Checked {
        check: BusCheck,
        bus: Scripted,
    }

    impl Checked {
        fn new() -> Self {
            let answer = Mutex::new(Ok(()));
            Self { check: BusCheck::new(|| NOW.get()), bus: Scripted { answer, asked: AtomicUsize::new(0) } }
        }

        /// The result of a check with this answer, and whether the bus was asked.
        async fn when(&self, answer: Result<(), Unusable>) -> (Result<(), Unusable>, bool) {
            *self.bus.answer.lock().unwrap() = answer;
            let asked = self.bus.asked.load(Ordering::Relaxed);
            let result = self.check.check(&self.bus, Duration::from_secs(1)).await;
            (result, self.bus.asked.load(Ordering::Relaxed) > asked)
        }
    }

    fn not_there() -> Result<(), Unusable> {
        Err(Unusable::Misconfigured("there is no event bus `medai`".into()))
    }

    fn missing() -> Result<(), Unusable> {
        Err(Unusable::Misconfigured("MEDIAHOOK_EVENT_BUS: there is no event bus `medai`".into()))
    }

    fn unknown() -> Result<(), Unusable> {
        Err(Unusable::Unknown(StoreError("the event bus could not be checked: down".into())))
    }

    fn down() -> Result<(), Unusable> {
        Err(Unusable::Unknown(StoreError("down".into())))
    }

    #[tokio::test]
    async fn a_bus_that_was_found_is_asked_for_every_five_minutes_and_after_a_step_back() {
        let bus = Checked::new();
        assert_eq!(bus.when(Ok(())).await, (Ok(()), true));
        pass(299);
        assert_eq!(bus.when(not_there()).await, (Ok(()), false));
        pass(1);
        assert_eq!(bus.when(Ok(())).await, (Ok(()), true));
        pass(-1);
        assert_eq!(bus.when(not_there()).await, (missing(), true));
        assert_eq!(bus.when(not_there()).await, (missing(), true), "each batch asks again");
        assert_eq!(bus.when(Ok(())).await, (Ok(()), true));
        assert_eq!(bus.when(not_there()).await, (Ok(()), false));
    }

    #[tokio::test]
    async fn without_an_answer_only_a_bus_that_was_found_before_is_put_on() {
        let bus = Checked::new();
        assert_eq!(bus.when(down()).await, (unknown(), true));
        assert_eq!(bus.when(Ok(())).await, (Ok(()), true));
        pass(300);
        assert_eq!(bus.when(down()).await, (Ok(()), true));
        assert_eq!(bus.when(down()).await, (Ok(()), false));
        pass(300);
        assert_eq!(bus.when(not_there()).await, (missing(), true));
        assert_eq!(
            bus.when(down()).await,
            (unknown(), true),
            "the last that was known of it is that it is missing"
        );
    }

    #[tokio::test]
    async fn without_permission_to_ask_the_bus_is_put_on() {
        let bus = Checked::new();
        assert_eq!(bus.when(Err(Unusable::NotPermitted("no".into()))).await, (Ok(()), true));
        assert_eq!(bus.when(not_there()).await, (Ok(()), false));
        pass(300);
        assert_eq!(bus.when(not_there()).await, (missing(), true));
    }
}
