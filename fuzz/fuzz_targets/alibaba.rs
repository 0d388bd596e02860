#![no_main]
//! A body, as it comes from IMS or ApsaraVideo VOD.

use mediahook_fuzz::{is_passed_on_whole, is_read_where_serde_json_says_so};
use mediahook_senders::alibaba_vod::ALIBABA_VOD;

libfuzzer_sys::fuzz_target!(|text: &str| {
    is_read_where_serde_json_says_so(text);
    is_passed_on_whole(&ALIBABA_VOD, text);
});
