//! TC3-HMAC-SHA256: the signature of a request to a Tencent Cloud API v3 (document 266/34114; the official SDK's
//! `abstract_client.py` and `sign.py`). It covers content type and host, and the digest of the body.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;

use crate::hex::hex;
use crate::secret::Secret;

/// The content type, exactly as it is signed.
pub const CONTENT_TYPE: &str = "application/json";
const SERVICE: &str = "vod";

/// The `Authorization` header of a POST to `/`, signed at `now`. The sender accepts it for five minutes.
pub fn authorization(id: &str, key: &Secret, host: &str, body: &str, now: OffsetDateTime) -> String {
    let scope = format!("{}/{SERVICE}/tc3_request", now.date());
    let signature = signature(key, &string_to_sign(&canonical_request(host, body), &scope, now), &scope);
    format!("TC3-HMAC-SHA256 Credential={id}/{scope}, SignedHeaders=content-type;host, Signature={signature}")
}

fn canonical_request(host: &str, body: &str) -> String {
    let digest = hex(&Sha256::digest(body.as_bytes()));
    format!("POST\n/\n\ncontent-type:{CONTENT_TYPE}\nhost:{host}\n\ncontent-type;host\n{digest}")
}

fn string_to_sign(canonical_request: &str, scope: &str, now: OffsetDateTime) -> String {
    let digest = hex(&Sha256::digest(canonical_request.as_bytes()));
    format!("TC3-HMAC-SHA256\n{}\n{scope}\n{digest}", now.unix_timestamp())
}

/// A new key is derived each day: from the date, the service and a constant, which are the parts of the scope.
fn signature(key: &Secret, string_to_sign: &str, scope: &str) -> String {
    let first = format!("TC3{}", key.reveal()).into_bytes();
    let key = scope.split('/').fold(first, |key, part| hmac_sha256(&key, part));
    hex(&hmac_sha256(&key, string_to_sign))
}

fn hmac_sha256(key: &[u8], text: &str) -> Vec<u8> {
    // HMAC accepts a key of any length.
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    mac.chain_update(text).finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: &str = "vod.tencentcloudapi.com";

    /// Created with the official SDK's own signer (`tencentcloud-sdk-python-common`), at a fixed time.
    #[test]
    fn the_official_sdk_signs_the_same() {
        let now = OffsetDateTime::from_unix_timestamp(1_588_040_109).unwrap();
        let key = Secret::new("SECRETEXAMPLE000000000000000000000");
        for (body, signature) in [
            ("{}", "db2103e5f801c8abd30403be9dee4d0c20edaac895d201edb032404c87e78919"),
            (
                r#"{"SubAppId": 1500001234}"#,
                "50bc328612244a4a51cdee03bc500cb02b51916361d4551d75e5ca60c45a6574",
            ),
            (
                r#"{"EventHandles": ["8095179751097087535"], "SubAppId": 1500001234}"#,
                "72cbc635684eb1e9bb0528445120f929b89a35b5ae390d2f33227a0df81860fd",
            ),
        ] {
            assert_eq!(
                authorization("AKIDEXAMPLE0000000000000000000000000", &key, HOST, body, now),
                format!(
                    "TC3-HMAC-SHA256 Credential=AKIDEXAMPLE0000000000000000000000000/2020-04-28/vod/tc3_request, \
                     SignedHeaders=content-type;host, Signature={signature}"
                )
            );
        }
        let canonical = canonical_request(HOST, "{}");
        assert_eq!(
            canonical,
            "POST\n/\n\ncontent-type:application/json\nhost:vod.tencentcloudapi.com\n\ncontent-type;host\n\
             44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
        );
        assert_eq!(
            string_to_sign(&canonical, "2020-04-28/vod/tc3_request", now),
            "TC3-HMAC-SHA256\n1588040109\n2020-04-28/vod/tc3_request\n\
             d74a16d017107110de12f3485bfc000e9501a53329c77c44a7d4457f38cb813a"
        );
    }
}
