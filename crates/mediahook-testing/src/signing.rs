//! The senders' side: how they sign, in the forms that the tests send.

use mediahook_senders::alibaba_ims::ALIBABA_IMS;
use mediahook_senders::secret::Secret;
use mediahook_senders::tencent_vod::TencentVod;
use mediahook_senders::{CallbackRequest, Sender};

/// A body as Tencent Cloud VOD sends it, valid until `t`.
pub fn sign_tencent(body: &str, sign_key: &str, t: i64) -> String {
    let signed = signed(&TencentVod, body, "", sign_key, t - 600).into_body();
    String::from_utf8(signed).expect("a body of text")
}

/// The headers Alibaba Cloud IMS sends: `X-ICE-TIMESTAMP` and `X-ICE-SIGNATURE`.
pub fn sign_alibaba(url: &str, auth_key: &str, timestamp_s: i64) -> [(&'static str, String); 2] {
    let signed = signed(&ALIBABA_IMS, "", url, auth_key, timestamp_s);
    ["x-ice-timestamp", "x-ice-signature"].map(|name| (name, text(&signed.headers()[name])))
}

/// A callback as a sender sends it to a URL.
pub fn signed(sender: &dyn Sender, body: &str, url: &str, key: &str, now_s: i64) -> CallbackRequest {
    let mut callback = CallbackRequest::new(body.into());
    sender.sign(&mut callback, url, &Secret::new(key), now_s);
    callback
}

/// The text of a header.
pub fn text(value: &hyper::header::HeaderValue) -> String {
    value.to_str().expect("a header of text").to_owned()
}
