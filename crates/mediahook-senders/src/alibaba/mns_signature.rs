//! The signature of a request to Alibaba Cloud MNS (Simple Message Queue): HMAC-SHA1 over the method, the body's MD5
//! and type, the date, the `x-mns-` headers and the request target **exactly as sent** (help.aliyun.com, document
//! 27487; the official SDK's `mns_client.py`). We send no `Content-MD5`, so its line is empty.

use base64_simd::STANDARD as BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;

use crate::secret::Secret;

/// The only `x-mns-` header that we send.
pub(super) const VERSION_HEADER: (&str, &str) = ("x-mns-version", "2015-06-06");

/// The `Authorization` header. `date` is the text of the `Date` header; the sender accepts it for 15 minutes.
pub(super) fn authorization(
    id: &str,
    key: &Secret,
    method: &str,
    content_type: &str,
    date: &str,
    target: &str,
) -> String {
    let (name, version) = VERSION_HEADER;
    let string_to_sign = format!("{method}\n\n{content_type}\n{date}\n{name}:{version}\n{target}");
    // HMAC accepts a key of any length.
    let Ok(mac) = Hmac::<Sha1>::new_from_slice(key.reveal().as_bytes()) else { return String::new() };
    let signature = BASE64.encode_to_string(mac.chain_update(string_to_sign).finalize().into_bytes());
    format!("MNS {id}:{signature}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The documentation's example (document 175633), which omits the last four characters.
    #[test]
    fn the_documented_example_fits() {
        let key = Secret::new("TestAccessSecret");
        let date = "Thu, 09 Jul 2015 03:01:34 GMT";
        assert_eq!(
            authorization("TestAccessID", &key, "GET", "", date, "/MyQueue"),
            "MNS TestAccessID:uwx3yeWoILzgmvesW0BQSgfM7b8="
        );
    }
}
