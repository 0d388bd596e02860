#![no_main]
//! An invocation, as Lambda hands it to the receiver.

libfuzzer_sys::fuzz_target!(|text: &str| mediahook_fuzz::functions::is_a_request_or_malformed(text));
