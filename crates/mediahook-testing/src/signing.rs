//! The senders' side: how they sign.

use md5::{Digest as _, Md5};

/// A body as Tencent Cloud VOD sends it: `Sign` and `T` behind the event's own members.
pub fn sign_tencent(body: &str, sign_key: &str, t: i64) -> String {
    let object = body.trim_end().strip_suffix('}').expect("an object");
    format!(r#"{object},"Sign":"{}","T":{t}}}"#, md5_hex(&format!("{sign_key}{t}")))
}

/// The headers Alibaba Cloud IMS sends: `X-ICE-TIMESTAMP` and `X-ICE-SIGNATURE`.
pub fn sign_alibaba(url: &str, auth_key: &str, timestamp_s: i64) -> [(&'static str, String); 2] {
    let [(_, timestamp), (_, signature)] = sign_alibaba_as("x-ice", url, auth_key, timestamp_s);
    [("x-ice-timestamp", timestamp), ("x-ice-signature", signature)]
}

/// The same under the header names of another service.
pub fn sign_alibaba_as(prefix: &str, url: &str, auth_key: &str, timestamp_s: i64) -> [(String, String); 2] {
    [
        (format!("{prefix}-timestamp"), timestamp_s.to_string()),
        (format!("{prefix}-signature"), md5_hex(&format!("{url}|{timestamp_s}|{auth_key}"))),
    ]
}

pub fn md5_hex(text: &str) -> String {
    format!("{:032x}", u128::from_be_bytes(Md5::digest(text.as_bytes()).into()))
}
