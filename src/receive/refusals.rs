//! A public URL invites noise: refusals are counted always, and told sparingly.

use time::{Duration, OffsetDateTime};

use super::Refusal;

/// In so long a time, at most [`LINES`] lines are logged for one reason; further refusals are only counted. They are logged
/// with the next refusal after it, or with the next callback that is accepted, whichever is first. What is counted and not
/// logged when Lambda ends the environment is missing: after a flood that stops at once, the refusals of its last seconds.
const QUIET: Duration = Duration::seconds(10);
/// A sender that calls without a signature shows at its first few callbacks, however rarely it calls.
const LINES: usize = 5;

/// What was counted and not told yet: one counter a reason, whatever strangers send.
#[derive(Debug)]
pub(super) struct Refusals {
    counted: [Counted; Refusal::ALL.len()],
}

/// So many refusals for one reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counted {
    pub(super) refusal: Refusal,
    pub(super) number: usize,
    /// When the current [`QUIET`] time began, and how many lines were logged in it: by reason, so that a stranger's noise
    /// does not hide a sender's mistake.
    logged: Option<(OffsetDateTime, usize)>,
}

impl Refusals {
    pub(super) fn new() -> Self {
        let none = |refusal| Counted { refusal, number: 0, logged: None };
        Self { counted: Refusal::ALL.map(none) }
    }

    /// Counts one. Whether to log it now.
    pub(super) fn count(&mut self, refusal: Refusal, at: OffsetDateTime) -> bool {
        let Some(counted) = self.counted.iter_mut().find(|counted| counted.refusal == refusal) else {
            return true;
        };
        counted.number += 1;
        counted.lines_at(at) < LINES
    }

    /// What was counted since this was last asked, to be logged now.
    /// For this reason alone, or for all of them.
    pub(super) fn take(
        &mut self,
        of: Option<Refusal>,
        at: OffsetDateTime,
    ) -> impl Iterator<Item = Counted> + use<> {
        let is_taken =
            move |counted: &Counted| counted.number > 0 && of.is_none_or(|of| of == counted.refusal);
        let taken = self.counted;
        for counted in self.counted.iter_mut().filter(|counted| is_taken(counted)) {
            let lines = counted.lines_at(at);
            let began = counted.logged.filter(|_| lines > 0).map_or(at, |(began, _)| began);
            counted.number = 0;
            counted.logged = Some((began, lines + 1));
        }
        taken.into_iter().filter(is_taken)
    }
}

impl Counted {
    /// How many lines were logged for it in the current quiet time. A clock that was set back begins a new one.
    fn lines_at(&self, at: OffsetDateTime) -> usize {
        self.logged.filter(|(began, _)| (*began..*began + QUIET).contains(&at)).map_or(0, |(_, lines)| lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::senders::BadSignature;

    const WRONG: Refusal = Refusal::BadSignature(BadSignature::Wrong);

    fn at(seconds: i64) -> OffsetDateTime {
        OffsetDateTime::UNIX_EPOCH + Duration::seconds(seconds)
    }

    #[test]
    fn the_first_few_are_logged_at_once_and_those_after_them_together() {
        let mut refusals = Refusals::new();
        for _ in 0..LINES {
            assert!(refusals.count(WRONG, at(0)));
            assert_eq!(refusals.take(None, at(0)).map(|c| c.number).sum::<usize>(), 1);
        }
        for second in 0..10 {
            assert!(!refusals.count(WRONG, at(second)));
        }
        assert!(refusals.count(WRONG, at(10)));
        let logged: Vec<_> = refusals.take(None, at(10)).map(|c| (c.refusal, c.number)).collect();
        assert_eq!(logged, [(WRONG, 11)]);
        assert_eq!(refusals.take(None, at(11)).count(), 0);
        for _ in 1..LINES {
            assert!(refusals.count(WRONG, at(19)));
            refusals.take(None, at(19)).for_each(drop);
        }
        assert!(!refusals.count(WRONG, at(19)), "ten seconds from the first line");
        assert!(refusals.count(Refusal::NotPost, at(19)), "the first for its reason");
        assert!(refusals.count(WRONG, at(5)), "the clock was set back");
    }

    #[test]
    fn each_reason_has_a_counter_and_a_word() {
        let mut words: Vec<_> = Refusal::ALL.map(Refusal::word).into();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), Refusal::ALL.len());
        let mut refusals = Refusals::new();
        for refusal in Refusal::ALL {
            refusals.count(refusal, at(0));
        }
        assert_eq!(refusals.take(None, at(0)).count(), Refusal::ALL.len());
    }
}
