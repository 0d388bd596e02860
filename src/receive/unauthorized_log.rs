//! The log lines of unauthorized requests. All requests are counted and few are logged, because a public URL attracts
//! noise.
//!
//! Within [`WINDOW`], at most [`LINES`] lines are logged for one reason; further requests are only counted. They are
//! included in the next line for that reason after the window, or logged in a line of their own with the next
//! authentic callback, whichever comes first. When Lambda ends the environment, requests that are counted but not
//! logged are missing: of a request flood that stops at once, the last seconds.

use std::sync::Mutex;

use serde::Serialize;
use time::{Duration, OffsetDateTime};
use tracing::Level;

use super::Unauthorized;
use super::timings::TimingFields;
use crate::mutex::lock;
use crate::telemetry::Recorder;
use crate::telemetry::metrics::REFUSED;
use crate::telemetry::wide_event::{Dimension, Measured, Shown, WideEvent};

const WINDOW: Duration = Duration::seconds(10);
/// Enough to show a sender that calls without a signature from its first few callbacks on, however rarely it calls.
const LINES: usize = 5;

/// The unauthorized requests of one environment. It has one counter for each reason, whatever strangers send.
#[derive(Debug, Default)]
pub(super) struct UnauthorizedLog(Mutex<Counters>);

#[derive(Debug)]
struct Counters([Counter; Unauthorized::ALL.len()]);

/// The requests that were unauthorized for one reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Counter {
    reason: Unauthorized,
    /// Not logged yet.
    requests: usize,
    /// When the current [`WINDOW`] began, and how many lines were logged in it. Each reason has its own, so that
    /// noise from strangers does not hide a sender's mistake.
    window: Option<(OffsetDateTime, usize)>,
}

#[derive(Serialize)]
struct Fields<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a str>,
    status: u16,
    destination: &'static str,
    reason: Shown<Unauthorized>,
    #[serde(flatten)]
    timings: Option<TimingFields<'a>>,
}

impl UnauthorizedLog {
    /// Counts a request. If it is one of the first in the window, its line is written now, and includes the requests
    /// counted before.
    pub(super) fn log(
        &self,
        recorder: &Recorder,
        at: OffsetDateTime,
        (reason, source): (Unauthorized, Option<&str>),
        timings: TimingFields<'_>,
    ) {
        let counted = {
            let mut counters = lock(&self.0);
            counters.count(reason, at).then(|| counters.take(Some(reason), at).next()).flatten()
        };
        if let Some(counted) = counted {
            counted.write(recorder, at, source, Some(timings));
        }
    }

    /// Writes a line for each reason that has requests not yet logged.
    pub(super) fn log_counted(&self, recorder: &Recorder, at: OffsetDateTime) {
        let counted = lock(&self.0).take(None, at);
        counted.for_each(|counter| counter.write(recorder, at, None, None));
    }
}

impl Default for Counters {
    fn default() -> Self {
        Self(Unauthorized::ALL.map(|reason| Counter { reason, requests: 0, window: None }))
    }
}

impl Counters {
    /// Counts one request. Returns whether to log it now.
    fn count(&mut self, reason: Unauthorized, at: OffsetDateTime) -> bool {
        let Some(counter) = self.0.iter_mut().find(|counter| counter.reason == reason) else { return true };
        counter.requests += 1;
        counter.lines_in_window(at) < LINES
    }

    /// Takes the requests that were counted and not logged, for this reason or for all reasons.
    fn take(
        &mut self,
        reason: Option<Unauthorized>,
        at: OffsetDateTime,
    ) -> impl Iterator<Item = Counter> + use<> {
        let is_taken = move |counter: &Counter| {
            counter.requests > 0 && reason.is_none_or(|reason| reason == counter.reason)
        };
        let taken = self.0;
        for counter in self.0.iter_mut().filter(|counter| is_taken(counter)) {
            let lines = counter.lines_in_window(at);
            let began = counter.window.filter(|_| lines > 0).map_or(at, |(began, _)| began);
            counter.requests = 0;
            counter.window = Some((began, lines + 1));
        }
        taken.into_iter().filter(is_taken)
    }
}

impl Counter {
    /// How many lines were logged in the current window. If the clock was set back, a new window begins.
    fn lines_in_window(&self, at: OffsetDateTime) -> usize {
        let is_current = |began: OffsetDateTime| (began..began + WINDOW).contains(&at);
        self.window.filter(|(began, _)| is_current(*began)).map_or(0, |(_, lines)| lines)
    }

    /// Writes the line. It has the time of the write, not of the requests: no alarm looks at a metric of long ago.
    fn write(
        self,
        recorder: &Recorder,
        at: OffsetDateTime,
        source: Option<&str>,
        timings: Option<TimingFields<'_>>,
    ) {
        let Self { reason, requests, .. } = self;
        let status = reason.status().as_u16();
        recorder.write(&WideEvent {
            at,
            level: Level::INFO,
            message: "unauthorized",
            dimension: Dimension::Reason(reason.as_str()),
            metrics: &[Measured::count(REFUSED, requests)],
            fields: Fields { source, status, destination: "nowhere", reason: Shown(reason), timings },
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mediahook_senders::BadSignature;

    const WRONG: Unauthorized = Unauthorized::BadSignature(BadSignature::Wrong);

    fn at(seconds: i64) -> OffsetDateTime {
        OffsetDateTime::UNIX_EPOCH + Duration::seconds(seconds)
    }

    #[test]
    fn the_first_few_are_logged_at_once_and_those_after_them_together() {
        let mut counters = Counters::default();
        for _ in 0..LINES {
            assert!(counters.count(WRONG, at(0)));
            assert_eq!(counters.take(None, at(0)).map(|c| c.requests).sum::<usize>(), 1);
        }
        for second in 0..10 {
            assert!(!counters.count(WRONG, at(second)));
        }
        assert!(counters.count(WRONG, at(10)));
        let logged: Vec<_> = counters.take(None, at(10)).map(|c| (c.reason, c.requests)).collect();
        assert_eq!(logged, [(WRONG, 11)]);
        assert_eq!(counters.take(None, at(11)).count(), 0);
        for _ in 1..LINES {
            assert!(counters.count(WRONG, at(19)));
            counters.take(None, at(19)).for_each(drop);
        }
        assert!(!counters.count(WRONG, at(19)), "ten seconds from the first line");
        assert!(counters.count(Unauthorized::NotPost, at(19)), "the first for its reason");
        assert!(counters.count(WRONG, at(5)), "the clock was set back");
    }

    #[test]
    fn each_reason_has_a_counter_and_a_name() {
        let mut names: Vec<_> = Unauthorized::ALL.map(Unauthorized::as_str).into();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Unauthorized::ALL.len());
        let mut counters = Counters::default();
        for reason in Unauthorized::ALL {
            counters.count(reason, at(0));
        }
        assert_eq!(counters.take(None, at(0)).count(), Unauthorized::ALL.len());
    }
}
