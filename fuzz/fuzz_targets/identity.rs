#![no_main]
//! Two bodies, on a line each.

libfuzzer_sys::fuzz_target!(|text: &str| mediahook_fuzz::are_one_event_if_they_are_equal(text));
