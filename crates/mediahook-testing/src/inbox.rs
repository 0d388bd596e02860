//! The queue behind a fake sender: what is taken is invisible for a while, and comes again unless it is confirmed, each
//! time under a new handle.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use super::cloud::Fault;
use super::http::Response;

#[derive(Clone)]
pub struct Inbox {
    visibility: Duration,
    state: Arc<Mutex<State>>,
}

/// One event in the queue.
#[derive(Clone, Default)]
pub struct Entry {
    /// The same at each delivery.
    pub id: u64,
    pub event: String,
}

#[derive(Default)]
struct State {
    visible: VecDeque<Entry>,
    /// By handle, and so in the order they were taken: the entry, and when it comes again.
    taken: BTreeMap<String, (Entry, Instant)>,
    entries: u64,
    confirmed: Vec<String>,
    handles: u64,
    calls: HashMap<String, usize>,
}

impl Inbox {
    pub fn new(visibility: Duration) -> Self {
        Self { visibility, state: Arc::default() }
    }

    pub fn put(&self, event: impl Into<String>) {
        let mut state = self.state();
        state.entries += 1;
        let entry = Entry { id: state.entries, event: event.into() };
        state.visible.push_back(entry);
    }

    /// Takes up to so many, and waits a while for the first.
    pub async fn wait_and_take(&self, max: usize, wait: Duration) -> Vec<(String, Entry)> {
        let until = Instant::now() + wait;
        loop {
            let taken = self.take(max);
            if !taken.is_empty() || Instant::now() >= until {
                return taken;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn take(&self, max: usize) -> Vec<(String, Entry)> {
        let now = Instant::now();
        let mut state = self.state();
        let State { visible, taken, .. } = &mut *state;
        taken.retain(|_, (entry, until)| {
            let stays = *until > now;
            if !stays {
                visible.push_back(std::mem::take(entry));
            }
            stays
        });
        let mut handed_out = Vec::new();
        while handed_out.len() < max {
            let Some(entry) = state.visible.pop_front() else { break };
            state.handles += 1;
            let handle = (8_095_179_751_097_087_000 + state.handles).to_string();
            state.taken.insert(handle.clone(), (entry.clone(), now + self.visibility));
            handed_out.push((handle, entry));
        }
        handed_out
    }

    pub fn is_good(&self, handle: &str) -> bool {
        self.state().taken.get(handle).is_some_and(|(_, until)| *until > Instant::now())
    }

    /// Whether the handle was good.
    pub fn confirm(&self, handle: &str) -> bool {
        let is_good = self.is_good(handle);
        let mut state = self.state();
        if let Some((entry, _)) = state.taken.remove(handle).filter(|_| is_good) {
            state.confirmed.push(entry.event);
        }
        is_good
    }

    /// What has been confirmed so far.
    pub fn confirmed(&self) -> Vec<String> {
        self.state().confirmed.clone()
    }

    /// What is left: neither confirmed nor lost.
    pub fn unconfirmed(&self) -> usize {
        let state = self.state();
        state.visible.len() + state.taken.len()
    }

    /// How often this was called before.
    pub(super) fn count(&self, call: &str) -> usize {
        let mut state = self.state();
        let count = state.calls.entry(call.to_owned()).or_default();
        *count += 1;
        *count - 1
    }

    /// How often this was called.
    pub fn calls(&self, call: &str) -> usize {
        self.state().calls.get(call).copied().unwrap_or_default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("the inbox")
    }
}

/// What a fault makes of a call.
pub(super) enum Meddled {
    /// Nothing.
    Not,
    /// This answer, and the call is not carried out.
    Answer(Response),
    /// A reset, and the call is not carried out.
    Reset,
    /// A reset once it is carried out.
    ResetAfter,
}

impl Fault {
    pub(super) async fn meddle(self, error: impl FnOnce() -> Response) -> Meddled {
        match self {
            Fault::None => Meddled::Not,
            Fault::Error | Fault::Throttle | Fault::Denied | Fault::Code(_) => Meddled::Answer(error()),
            Fault::Hang => std::future::pending().await,
            Fault::Reset => Meddled::Reset,
            Fault::ResetAfter => Meddled::ResetAfter,
            Fault::Slow(by) | Fault::AnswerLate(by) => {
                tokio::time::sleep(by).await;
                Meddled::Not
            }
        }
    }
}
