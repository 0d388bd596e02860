#![no_main]
//! An answer of a sender's queue, or one event in it.

libfuzzer_sys::fuzz_target!(|text: &str| mediahook_fuzz::harms_no_other_in_a_queue(text));
