//! A handler for the demonstration: it fails when it is told to, and notes each call.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use mediahook::events::CloudEvent;
use mediahook::process::{Failure, Handler};

/// Whether a call fails, by the event and the number of this attempt, counted from 1.
pub(super) type Fails = Box<dyn Fn(&CloudEvent, u32) -> bool + Send + Sync>;

#[derive(Clone)]
pub(super) struct DemoHandler(Arc<Mutex<State>>);

struct State {
    fails: Fails,
    attempts: HashMap<String, u32>,
    calls: HashMap<String, bool>,
}

impl DemoHandler {
    pub(super) fn new() -> Self {
        let state = State { fails: Box::new(|_, _| false), attempts: HashMap::new(), calls: HashMap::new() };
        Self(Arc::new(Mutex::new(state)))
    }

    /// From now on these calls fail.
    pub(super) fn fail_when(&self, fails: Fails) {
        self.0.lock().expect("the handler").fails = fails;
    }

    /// Since this was last asked: the events that it was called for, and whether it succeeded.
    pub(super) fn take_calls(&self) -> HashMap<String, bool> {
        std::mem::take(&mut self.0.lock().expect("the handler").calls)
    }
}

impl Handler for DemoHandler {
    async fn handle(&self, event: &CloudEvent) -> Result<(), Failure> {
        let mut state = self.0.lock()?;
        let attempt = state.attempts.entry(event.id.clone()).or_default();
        *attempt += 1;
        let attempt = *attempt;
        let fails = (state.fails)(event, attempt);
        state.calls.insert(event.id.clone(), !fails);
        if fails { Err(Failure::new("the handler was told to fail")) } else { Ok(()) }
    }
}
