//! One invocation: its id and trace for the log, and the time that is left for it.

use std::error::Error;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use lambda_runtime::Diagnostic;

use crate::trace::traceparent;

/// One invocation of a function. The default is a call outside Lambda.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Invocation {
    /// Lambda's request id.
    pub request_id: String,
    /// The trace it belongs to, as W3C's `traceparent`.
    pub traceparent: Option<String>,
    /// Whether it is the first of its process, so that the caller waited for the start too.
    pub cold: bool,
}

/// How much time the invocation has left.
pub fn time_left(context: &lambda_runtime::Context) -> Duration {
    context.deadline().duration_since(SystemTime::now()).unwrap_or_default()
}

/// The error of an invocation that fails as a whole, as Lambda shows it. The text has no payload in it.
pub fn failure(error_type: &'static str, error: impl Into<Box<dyn Error>>) -> Diagnostic {
    Diagnostic { error_type: error_type.to_owned(), error_message: error.into().to_string() }
}

impl Invocation {
    /// The invocation that begins now. A malformed X-Ray header is ignored.
    pub fn begin(context: &lambda_runtime::Context) -> Self {
        static COLD: AtomicBool = AtomicBool::new(true);
        Self {
            request_id: context.request_id.clone(),
            traceparent: context.xray_trace_id.as_deref().and_then(traceparent),
            cold: COLD.swap(false, Ordering::Relaxed),
        }
    }
}
