//! Whether a resource exists on which AWS itself stays silent.
//!
//! If an entry is put on an unknown bus, EventBridge answers 200 with an `EventId` and drops the entry. So a resource
//! is checked at start, and again every `CHECK_EVERY`.
//!
//! | the answer | the resource |
//! | --- | --- |
//! | it exists | is used |
//! | it does not | is not used, and the next call checks again |
//! | no permission to check | is used, with a warning, because it may exist |
//! | none, or another failure | is used if it was found before; else not, and the next call checks again |

use std::sync::Mutex;
use std::time::Duration;

use time::OffsetDateTime;

use super::Unusable;
use crate::mutex::lock;
use crate::timeouts::Clock;

/// How long an answer is valid. Measured by the wall clock, because a monotonic clock may stand still while the
/// function is frozen.
const CHECK_EVERY: Duration = Duration::from_mins(5);

/// The check of one resource.
#[derive(Debug)]
pub struct ExistenceCheck {
    now: Clock,
    /// When the resource was last found, or assumed to exist; nothing if it never was, or has been missing since.
    passed_at: Mutex<Option<OffsetDateTime>>,
}

impl ExistenceCheck {
    /// A check that has not been made yet.
    pub fn new(now: Clock) -> Self {
        Self { now, passed_at: Mutex::default() }
    }

    /// Asks whether the resource exists, if that is due.
    ///
    /// # Errors
    /// [`Unusable::Misconfigured`]: it does not exist. [`Unusable::Unknown`]: it was never found, and there is no
    /// answer `within` this time.
    pub async fn run(
        &self,
        within: Duration,
        asked: impl Future<Output = Result<(), Unusable>>,
    ) -> Result<(), Unusable> {
        let (now, passed_at) = ((self.now)(), *lock(&self.passed_at));
        // If the clock was set back, the age of the answer is unknown.
        if passed_at.is_some_and(|at| at <= now && now - at < CHECK_EVERY) {
            return Ok(());
        }
        match super::within(within, asked).await {
            Ok(()) => {}
            Err(Unusable::NotPermitted(error)) => tracing::warn!(error, "whether it exists is unknown"),
            Err(Unusable::Unknown(error)) if passed_at.is_some() => {
                tracing::warn!(%error, "not checked again; it was found before");
            }
            Err(unusable) => {
                *lock(&self.passed_at) = None;
                return Err(unusable);
            }
        }
        *lock(&self.passed_at) = Some((self.now)());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::StoreError;
    use std::cell::Cell;
    use time::macros::datetime;

    thread_local! {
        static NOW: Cell<OffsetDateTime> = const { Cell::new(datetime!(2026-11-22 06:00 UTC)) };
    }

    fn pass(seconds: i64) {
        NOW.set(NOW.get() + time::Duration::seconds(seconds));
    }

    /// The result of a check with this answer, and whether the resource was asked.
    async fn when(check: &ExistenceCheck, answer: Result<(), Unusable>) -> (Result<(), Unusable>, bool) {
        let asked = Cell::new(false);
        let result = check
            .run(Duration::from_secs(1), async {
                asked.set(true);
                answer
            })
            .await;
        (result, asked.get())
    }

    fn missing() -> Result<(), Unusable> {
        Err(Unusable::Misconfigured("there is no event bus `medai`".into()))
    }

    fn down() -> Result<(), Unusable> {
        Err(Unusable::Unknown(StoreError("down".into())))
    }

    #[tokio::test]
    async fn what_was_found_is_asked_for_every_five_minutes_and_after_a_step_back() {
        let check = ExistenceCheck::new(|| NOW.get());
        assert_eq!(when(&check, Ok(())).await, (Ok(()), true));
        pass(299);
        assert_eq!(when(&check, missing()).await, (Ok(()), false));
        pass(1);
        assert_eq!(when(&check, Ok(())).await, (Ok(()), true));
        pass(-1);
        assert_eq!(when(&check, missing()).await, (missing(), true));
        assert_eq!(when(&check, missing()).await, (missing(), true), "each batch asks again");
        assert_eq!(when(&check, Ok(())).await, (Ok(()), true));
        assert_eq!(when(&check, missing()).await, (Ok(()), false));
    }

    #[tokio::test]
    async fn without_an_answer_only_what_was_found_before_is_used() {
        let check = ExistenceCheck::new(|| NOW.get());
        assert_eq!(when(&check, down()).await, (down(), true));
        assert_eq!(when(&check, Ok(())).await, (Ok(()), true));
        pass(300);
        assert_eq!(when(&check, down()).await, (Ok(()), true));
        assert_eq!(when(&check, down()).await, (Ok(()), false));
        pass(300);
        assert_eq!(when(&check, missing()).await, (missing(), true));
        assert_eq!(when(&check, down()).await, (down(), true), "the last answer was that it is missing");
    }

    #[tokio::test]
    async fn without_an_answer_in_time_it_is_not_used() {
        let check = ExistenceCheck::new(|| NOW.get());
        let hangs = check.run(Duration::from_millis(10), std::future::pending()).await;
        assert!(matches!(hangs, Err(Unusable::Unknown(_))));
    }

    #[tokio::test]
    async fn without_permission_to_ask_it_is_used() {
        let check = ExistenceCheck::new(|| NOW.get());
        assert_eq!(when(&check, Err(Unusable::NotPermitted("no".into()))).await, (Ok(()), true));
        assert_eq!(when(&check, missing()).await, (Ok(()), false));
        pass(300);
        assert_eq!(when(&check, missing()).await, (missing(), true));
    }
}
