//! What Lambda says of one invocation, as far as it goes into lines of the log and on to other services.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::trace::Trace;

/// One invocation of a function. The default is that of a call outside Lambda, of which nothing is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Invocation {
    /// Lambda's id of it.
    pub request_id: String,
    /// The trace it belongs to.
    pub trace: Option<Trace>,
    /// Whether it is the first of its process, so that whoever called has waited for the start as well.
    pub cold: bool,
}

impl Invocation {
    /// Begins an invocation of this process. What X-Ray's header says counts where it is well-formed.
    pub fn begin(context: &lambda_runtime::Context) -> Self {
        static COLD: AtomicBool = AtomicBool::new(true);
        Self {
            request_id: context.request_id.clone(),
            trace: context.xray_trace_id.as_deref().and_then(Trace::from_xray),
            cold: COLD.swap(false, Ordering::Relaxed),
        }
    }
}
