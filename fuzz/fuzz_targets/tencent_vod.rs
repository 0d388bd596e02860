#![no_main]
//! A body, as it comes from the sender.

use mediahook_fuzz::{is_read_as_serde_json_reads_it, is_read_as_tencent_event, is_sealed_whole};

libfuzzer_sys::fuzz_target!(|text: &str| {
    is_read_as_serde_json_reads_it(text);
    is_sealed_whole("tencent-vod/main", text);
    is_read_as_tencent_event(text);
});
