#![no_main]
//! An envelope, as it lies in the queue.

libfuzzer_sys::fuzz_target!(|text: &str| mediahook_fuzz::functions::is_an_envelope_or_not(text));
