#![no_main]
//! An invocation, as Lambda hands it to the receiver.

libfuzzer_sys::fuzz_target!(|text: &str| mediahook_fuzz::is_a_request_or_malformed(text));
