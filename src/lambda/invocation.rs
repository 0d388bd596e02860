//! What Lambda says of one invocation, as far as it goes into lines of the log and on to other services.

use std::sync::atomic::{AtomicBool, Ordering};

use lambda_runtime::Diagnostic;
use serde::Deserialize;
use serde::de::IgnoredAny;

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

/// The error of an invocation that fails as a whole, as Lambda shows it. The text has no payload in it.
pub fn failure(error_type: &'static str, text: &impl ToString) -> Diagnostic {
    Diagnostic { error_type: error_type.to_owned(), error_message: text.to_string() }
}

/// Whether an invocation brings the records of a queue, a stream or a topic. A function that is not made for them must fail:
/// an invocation that succeeds has SQS delete them.
pub fn has_records(payload: &str) -> bool {
    #[derive(Deserialize)]
    struct WithRecords {
        #[serde(rename = "Records")]
        _records: IgnoredAny,
    }
    // A struct can be read from a list too.
    payload.trim_start().starts_with('{') && serde_json::from_str::<WithRecords>(payload).is_ok()
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
