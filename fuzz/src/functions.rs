//! What must hold for every text that the functions read.

use mediahook::ingest::{self, envelope};
use mediahook::lambda::request::FunctionUrlInvocation;
use serde_json::Value;

/// An envelope from a queue, written again, is the same message.
pub fn is_an_envelope_or_not(text: &str) {
    let Ok(event) = envelope::parse(text) else { return };
    let message = ingest::message(&event);
    assert!(!message.body.contains(['\u{fffe}', '\u{ffff}']));
    assert!(!message.group_id.is_empty() && message.group_id.len() <= 128);
    let read = envelope::parse(&message.body).expect("our own envelope");
    assert!(ingest::message(&read) == message, "{text}");
}

/// An invocation is a request with the path that it has, or is malformed; it never panics.
pub fn is_a_request_or_malformed(text: &str) {
    let Ok(Ok(request)) = FunctionUrlInvocation::parse(text).map(FunctionUrlInvocation::into_request) else {
        return;
    };
    // A number beyond 64 bits in a member that nobody reads is no number to `Value`.
    let Ok(invocation) = serde_json::from_str::<Value>(text) else { return };
    let path = invocation["rawPath"].as_str().unwrap_or_default();
    assert_eq!(request.uri().path(), if path.is_empty() { "/" } else { path });
}
