//! A public URL invites noise: refusals are counted always, and told sparingly.

use time::{Duration, OffsetDateTime};

use super::Refusal;

/// For so long after a line about refusals for one reason, further ones for it are only counted. They are told by the next refusal after it, or
/// along with the next callback that is none, whichever comes first. What is counted and not told when Lambda ends the
/// environment is told by nobody: after a flood that stops at once, the refusals of its last seconds may be missing.
const QUIET: Duration = Duration::seconds(10);

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
    /// When refusals for it were last told: by reason, so that a stranger's noise does not hide a sender's mistake.
    told: Option<OffsetDateTime>,
}

impl Refusals {
    pub(super) fn new() -> Self {
        let none = |refusal| Counted { refusal, number: 0, told: None };
        Self { counted: Refusal::ALL.map(none) }
    }

    /// Counts one. Whether it is time to tell.
    pub(super) fn count(&mut self, refusal: Refusal, at: OffsetDateTime) -> bool {
        let Some(counted) = self.counted.iter_mut().find(|counted| counted.refusal == refusal) else {
            return true;
        };
        counted.number += 1;
        // A clock that was set back must not keep us quiet.
        counted.told.is_none_or(|told| !(told..told + QUIET).contains(&at))
    }

    /// What was counted since this was last asked, to be told now.
    pub(super) fn take(&mut self, at: OffsetDateTime) -> impl Iterator<Item = Counted> + use<> {
        let taken = self.counted;
        for counted in self.counted.iter_mut().filter(|counted| counted.number > 0) {
            counted.number = 0;
            counted.told = Some(at);
        }
        taken.into_iter().filter(|counted| counted.number > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sender::BadSignature;

    const WRONG: Refusal = Refusal::BadSignature(BadSignature::Wrong);

    fn at(seconds: i64) -> OffsetDateTime {
        OffsetDateTime::UNIX_EPOCH + Duration::seconds(seconds)
    }

    #[test]
    fn the_first_is_told_at_once_and_those_after_it_together() {
        let mut refusals = Refusals::new();
        assert!(refusals.count(WRONG, at(0)));
        assert_eq!(refusals.take(at(0)).map(|c| c.number).sum::<usize>(), 1);
        for second in 0..10 {
            assert!(!refusals.count(WRONG, at(second)));
        }
        assert!(refusals.count(WRONG, at(10)));
        let told: Vec<_> = refusals.take(at(10)).map(|c| (c.refusal, c.number)).collect();
        assert_eq!(told, [(WRONG, 11)]);
        assert_eq!(refusals.take(at(11)).count(), 0);
        assert!(!refusals.count(WRONG, at(19)), "from the last line that was written");
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
        assert_eq!(refusals.take(at(0)).count(), Refusal::ALL.len());
    }
}
