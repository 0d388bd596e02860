#![no_main]
//! A body, as it comes from Tencent Cloud VOD.

use mediahook_senders::tencent_vod::TencentVod;
use mediahook_senders_fuzz::{is_passed_on_whole, is_read_where_serde_json_says_so};

libfuzzer_sys::fuzz_target!(|text: &str| {
    is_read_where_serde_json_says_so(text);
    is_passed_on_whole(&TencentVod, text);
});
