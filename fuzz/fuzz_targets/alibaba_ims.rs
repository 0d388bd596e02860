#![no_main]
//! A body, as it comes from the sender.

use mediahook_fuzz::{is_read_as_alibaba_event, is_read_as_serde_json_reads_it, is_sealed_whole};

libfuzzer_sys::fuzz_target!(|text: &str| {
    is_read_as_serde_json_reads_it(text);
    is_sealed_whole("alibaba-ims/prod", text);
    is_read_as_alibaba_event(text);
});
