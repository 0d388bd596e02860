#![no_main]
//! A body, as it comes from Tencent Cloud VOD.

use mediahook_fuzz::{is_authentic_if_signed, is_passed_on_whole, is_read_where_serde_json_says_so};
use mediahook_senders::tencent_vod::TencentVod;

libfuzzer_sys::fuzz_target!(|text: &str| {
    is_read_where_serde_json_says_so(text);
    is_authentic_if_signed(text);
    is_passed_on_whole(&TencentVod, text);
});
