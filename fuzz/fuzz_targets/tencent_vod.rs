#![no_main]
//! A body, as it comes from the sender.

use mediahook_fuzz::{is_passed_on_whole, is_read_where_serde_json_says_so};

libfuzzer_sys::fuzz_target!(|text: &str| {
    is_read_where_serde_json_says_so(text);
    is_passed_on_whole("tencent-vod/main", text);
});
