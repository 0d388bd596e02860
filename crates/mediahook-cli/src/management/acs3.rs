//! ACS3-HMAC-SHA256: the signature of a request to an Alibaba Cloud API, version 3 (`alibabacloud_tea_openapi`,
//! `utils.py`, and the page "V3 request structure and signature"). It covers method, path, query, the headers that begin
//! with `x-acs-`, `host`, and the digest of the body.

use hmac::{Hmac, KeyInit as _, Mac as _};
use mediahook_senders::hex;
use mediahook_senders::secret::Secret;
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A POST to `/` with all parameters in the query and an empty body, which is how both media products are called.
pub(super) struct Call<'a> {
    pub(super) host: &'a str,
    pub(super) action: &'a str,
    pub(super) version: &'a str,
    pub(super) parameters: &'a [(&'a str, &'a str)],
}

/// Who calls.
pub(super) struct Caller<'a> {
    pub(super) id: &'a str,
    pub(super) secret: &'a Secret,
    /// Of temporary credentials.
    pub(super) security_token: Option<&'a str>,
}

impl Call<'_> {
    /// The query: sorted, each value percent-encoded as RFC 3986 has it.
    pub(super) fn query(&self) -> String {
        let mut pairs: Vec<_> = self
            .parameters
            .iter()
            .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
            .collect();
        pairs.sort();
        pairs.join("&")
    }

    /// All headers of the request but `host`. `nonce` is new for each request.
    pub(super) fn headers(
        &self,
        caller: &Caller<'_>,
        now: OffsetDateTime,
        nonce: &str,
    ) -> Vec<(&'static str, String)> {
        let date = now.replace_nanosecond(0).unwrap_or(now).format(&Rfc3339).unwrap_or_default();
        let digest = hex(&Sha256::digest(b""));
        let mut headers = vec![
            ("x-acs-action", self.action.to_owned()),
            ("x-acs-content-sha256", digest.clone()),
            ("x-acs-date", date),
            ("x-acs-signature-nonce", nonce.to_owned()),
            ("x-acs-version", self.version.to_owned()),
        ];
        if let Some(token) = caller.security_token {
            headers.insert(3, ("x-acs-security-token", token.to_owned()));
        }
        // `host` sorts before all others.
        let signed = std::iter::once(("host", self.host))
            .chain(headers.iter().map(|(name, value)| (*name, value.as_str())));
        let (names, lines): (Vec<_>, Vec<_>) =
            signed.map(|(name, value)| (name, format!("{name}:{value}\n"))).unzip();
        let names = names.join(";");
        let canonical = format!("POST\n/\n{}\n{}\n{names}\n{digest}", self.query(), lines.concat());
        let to_sign = format!("ACS3-HMAC-SHA256\n{}", hex(&Sha256::digest(canonical.as_bytes())));
        let signature = sign(caller.secret, &to_sign);
        let id = caller.id;
        headers.push((
            "authorization",
            format!("ACS3-HMAC-SHA256 Credential={id},SignedHeaders={names},Signature={signature}"),
        ));
        headers
    }
}

/// The secret itself is the key: none is derived.
fn sign(secret: &Secret, text: &str) -> String {
    // HMAC accepts a key of any length.
    Hmac::<Sha256>::new_from_slice(secret.reveal().as_bytes()).map_or_else(
        |_| String::new(),
        |mut mac| {
            mac.update(text.as_bytes());
            hex(&mac.finalize().into_bytes())
        },
    )
}

fn encode(text: &str) -> String {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| if unreserved(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The two official vectors.
    #[test]
    fn the_documented_examples_are_signed_the_same() {
        let call = Call {
            host: "ecs.cn-shanghai.aliyuncs.com",
            action: "RunInstances",
            version: "2014-05-26",
            parameters: &[
                ("RegionId", "cn-shanghai"),
                ("ImageId", "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"),
            ],
        };
        let secret = Secret::new("YourAccessKeySecret");
        let caller = Caller { id: "YourAccessKeyId", secret: &secret, security_token: None };
        for (nonce, date, signature) in [
            (
                "3156853299f313e23d1673dc12e1703d",
                "2023-10-26T10:22:32Z",
                "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0",
            ),
            (
                "d410180a5abf7fe235dd9b74aca91fc0",
                "2023-10-26T09:01:01Z",
                "e521358f7776c97df52e6b2891a8bc73026794a071b50c3323388c4e0df64804",
            ),
        ] {
            let now = OffsetDateTime::parse(date, &Rfc3339).unwrap();
            let headers = call.headers(&caller, now, nonce);
            let expected = format!(
                "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;\
                 x-acs-signature-nonce;x-acs-version,Signature={signature}"
            );
            assert_eq!(headers.last().unwrap().1, expected);
        }
    }

    #[test]
    fn what_is_not_unreserved_is_encoded_and_an_empty_value_stays() {
        let parameters = &[("CallbackURL", "https://a.example.com/x?y=z~*"), ("B", "媒"), ("AuthKey", "")];
        let call = Call { host: "h", action: "a", version: "v", parameters };
        assert_eq!(
            call.query(),
            "AuthKey=&B=%E5%AA%92&CallbackURL=https%3A%2F%2Fa.example.com%2Fx%3Fy%3Dz~%2A"
        );
    }
}
