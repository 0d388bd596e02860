//! How requests to the queue are signed.
//!
//! The SDK's signer makes its key anew for each request, and is prepared for paths, queries and bodies that none to SQS has:
//! that is a twentieth of what a callback costs. So a plain request is signed here, by the SDK's own arithmetic and with a
//! key that is kept for its day. All others are left to the SDK, and so is every second attempt: it may be one because our
//! clock is wrong, which the SDK finds out.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_runtime::auth::sigv4::{SCHEME_ID, SigV4Signer};
use aws_sdk_sqs::config::{Credentials, Region};
use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::auth::{AuthScheme, AuthSchemeEndpointConfig, AuthSchemeId, Sign};
use aws_smithy_runtime_api::client::identity::{Identity, SharedIdentityResolver};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::retries::RequestAttempts;
use aws_smithy_runtime_api::client::runtime_components::{GetIdentityResolver, RuntimeComponents};
use aws_smithy_types::config_bag::ConfigBag;
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;

use super::aws::Aws;
use crate::envelope::hex;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const DATE: &str = "x-amz-date";
const TOKEN: &str = "x-amz-security-token";

/// What the SDK leaves unsigned as well: each may be changed on the way.
const UNSIGNED: [&str; 4] = ["authorization", "transfer-encoding", "user-agent", "x-amzn-trace-id"];

/// AWS Signature Version 4, for one client of the SDK.
#[derive(Debug)]
pub(super) struct SigV4 {
    service: &'static str,
    region: Region,
    credentials: Credentials,
    day_key: Mutex<Option<DayKey>>,
    /// The SDK has learned from the service that our clock is off, and by how much.
    clock_is_wrong: AtomicBool,
    sdk: SigV4Signer,
}

/// A key, and the only day it is good for.
struct DayKey {
    date: String,
    key: Vec<u8>,
}

/// What makes a request authentic, beside the session token.
#[derive(Debug)]
struct Signature {
    time: String,
    authorization: String,
}

impl SigV4 {
    /// For a service, by its name in signatures.
    pub(super) fn new(aws: &Aws, service: &'static str) -> Self {
        let (region, credentials) = (aws.region.clone(), aws.credentials.clone());
        Self::of(service, region, credentials)
    }

    fn of(service: &'static str, region: Region, credentials: Credentials) -> Self {
        let (day_key, sdk) = (Mutex::default(), SigV4Signer::new());
        Self { service, region, credentials, day_key, clock_is_wrong: AtomicBool::new(false), sdk }
    }

    /// Nothing for a request that is not plain: with a path, a query, a port that may go without saying, a body that is not in
    /// memory, or headers that are signed other than they stand there.
    fn sign(&self, request: &HttpRequest, at: SystemTime) -> Option<Signature> {
        let (host, body) = (plain_host(request.uri())?, request.body().bytes()?);
        let (date, time) = date_and_time(at);
        let signed = self.plain_headers(request, host, &time)?;
        let names = signed.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");

        let mut canonical = vec![request.method(), "\n/\n\n"];
        canonical.extend(signed.iter().flat_map(|(name, value)| [name, ":", value, "\n"]));
        let body_digest = hex(&Sha256::digest(body));
        canonical.extend(["\n", &names, "\n", &body_digest]);
        let digest = hex(&Sha256::digest(canonical.concat()));

        let scope = [&date, "/", self.region.as_ref(), "/", self.service, "/aws4_request"].concat();
        let text = [ALGORITHM, "\n", &time, "\n", &scope, "\n", &digest].concat();
        let signature = calculate_signature(self.key_of(date, at), text.as_bytes());
        let key_id = self.credentials.access_key_id();
        let parts = [
            ALGORITHM,
            " Credential=",
            key_id,
            "/",
            &scope,
            ", SignedHeaders=",
            &names,
            ", Signature=",
            &signature,
        ];
        Some(Signature { time, authorization: parts.concat() })
    }

    /// What is signed, in the order in which it is.
    fn plain_headers<'a>(
        &'a self,
        request: &'a HttpRequest,
        host: &'a str,
        time: &'a str,
    ) -> Option<Vec<(&'a str, &'a str)>> {
        let mut headers = vec![("host", host), (DATE, time)];
        headers.extend(self.credentials.session_token().map(|token| (TOKEN, token)));
        headers.extend(request.headers().iter().filter(|(name, _)| !UNSIGNED.contains(name)));
        headers.sort_unstable();
        let is_repeated = headers.windows(2).any(|two| matches!(two, [(a, _), (b, _)] if a == b));
        let has_space = |value: &str| value.trim() != value || value.contains("  ");
        let are_plain = !is_repeated && !headers.iter().any(|(_, value)| has_space(value));
        are_plain.then_some(headers)
    }

    fn key_of(&self, date: String, at: SystemTime) -> Vec<u8> {
        // Nothing panics while it holds the lock; if it did, the key would still be that of its day.
        let mut kept = self.day_key.lock().unwrap_or_else(PoisonError::into_inner);
        match &*kept {
            Some(of_today) if of_today.date == date => of_today.key.clone(),
            _ => {
                let secret = self.credentials.secret_access_key();
                let key = generate_signing_key(secret, at, self.region.as_ref(), self.service);
                kept.insert(DayKey { date, key: key.as_ref().to_vec() }).key.clone()
            }
        }
    }
}

impl AuthScheme for SigV4 {
    fn scheme_id(&self) -> AuthSchemeId {
        SCHEME_ID
    }

    fn identity_resolver(&self, resolvers: &dyn GetIdentityResolver) -> Option<SharedIdentityResolver> {
        resolvers.identity_resolver(SCHEME_ID)
    }

    fn signer(&self) -> &dyn Sign {
        self
    }
}

impl Sign for SigV4 {
    fn sign_http_request(
        &self,
        request: &mut HttpRequest,
        identity: &Identity,
        endpoint: AuthSchemeEndpointConfig<'_>,
        components: &RuntimeComponents,
        config: &ConfigBag,
    ) -> Result<(), BoxError> {
        let is_first = config.load::<RequestAttempts>().is_none_or(|so_far| so_far.attempts() == 1);
        let is_ours = is_first && !self.clock_is_wrong.load(Ordering::Relaxed);
        let now = components.time_source().unwrap_or_default().now();
        let Some(signature) = is_ours.then(|| self.sign(request, now)).flatten() else {
            self.sdk.sign_http_request(request, identity, endpoint, components, config)?;
            if request.headers().get(DATE).is_some_and(|date| !is_about(date, now)) {
                self.clock_is_wrong.store(true, Ordering::Relaxed);
            }
            return Ok(());
        };
        let headers = request.headers_mut();
        headers.try_insert(DATE, signature.time)?;
        headers.try_insert("authorization", signature.authorization)?;
        if let Some(token) = self.credentials.session_token() {
            headers.try_insert(TOKEN, token.to_owned())?;
        }
        Ok(())
    }
}

/// The host of an address that is nothing but scheme and host, as the request's header has it.
fn plain_host(uri: &str) -> Option<&str> {
    let host = uri.split_once("://")?.1.strip_suffix('/')?;
    let may_go_without_port = [":443", ":80"].iter().any(|port| host.ends_with(port));
    let is_plain = !host.contains(['/', '?', '#', '@']) && !may_go_without_port;
    is_plain.then_some(host)
}

/// Such as `20261122` and `20261122T150405Z`.
fn date_and_time(at: SystemTime) -> (String, String) {
    let at = OffsetDateTime::from(at);
    let date = format!("{:04}{:02}{:02}", at.year(), u8::from(at.month()), at.day());
    let time = format!("{date}T{:02}{:02}{:02}Z", at.hour(), at.minute(), at.second());
    (date, time)
}

/// Whether a request of that date is signed by the time that it is, give or take a minute.
fn is_about(date: &str, at: SystemTime) -> bool {
    const TOLERANCE: Duration = Duration::from_mins(1);
    // Of one width, so they are in the order of time.
    let (_, earliest) = date_and_time(at - TOLERANCE);
    let (_, latest) = date_and_time(at + TOLERANCE);
    (earliest.as_str()..=latest.as_str()).contains(&date)
}

/// Signs whatever a service is sent: for nobody's log.
impl fmt::Debug for DayKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DayKey").field("date", &self.date).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
    use aws_sigv4::sign::v4::SigningParams;
    use aws_smithy_types::body::SdkBody;
    use proptest::prelude::*;

    use super::*;

    fn signer(key_id: &str, secret: &str, token: Option<String>) -> SigV4 {
        let credentials = Credentials::new(key_id, secret, token, None, "test");
        SigV4::of("sqs", Region::from_static("eu-central-1"), credentials)
    }

    fn request(uri: &str, headers: &[(&'static str, String)], body: &str) -> HttpRequest {
        let mut request = HttpRequest::new(SdkBody::from(body));
        request.set_method("POST").unwrap();
        request.set_uri(uri).unwrap();
        for (name, value) in headers {
            request.headers_mut().append(*name, value.clone());
        }
        request
    }

    fn by_the_sdk(ours: &SigV4, request: &HttpRequest, at: SystemTime) -> (String, String) {
        let identity = Identity::from(ours.credentials.clone());
        let parameters = SigningParams::builder()
            .identity(&identity)
            .region(ours.region.as_ref())
            .name(ours.service)
            .time(at)
            .settings(SigningSettings::default())
            .build()
            .unwrap();
        let body = SignableBody::Bytes(request.body().bytes().unwrap());
        let headers = request.headers().iter();
        let signable = SignableRequest::new(request.method(), request.uri(), headers, body).unwrap();
        let (instructions, _) = sign(signable, &parameters.into()).unwrap().into_parts();
        let value = |name| instructions.headers().find(|(n, _)| *n == name).unwrap().1.to_owned();
        (value("x-amz-date"), value("authorization"))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn a_plain_request_is_signed_as_the_sdk_signs_it(
            (key_id, secret) in ("[A-Z0-9]{16,20}", "[A-Za-z0-9/+]{40}"),
            token in proptest::option::of("[A-Za-z0-9/+=]{1,400}"),
            host in "(sqs\\.[a-z]{2}-[a-z]{4,9}-[1-9]\\.amazonaws\\.com|127\\.0\\.0\\.1:[1-9][0-9]{3}|localhost)",
            scheme in "https?",
            target in "AmazonSQS\\.[A-Z][A-Za-z]{1,20}",
            trace in proptest::option::of("Root=1-[0-9a-f]{8}-[0-9a-f]{24};Sampled=[01]"),
            body in ".{0,2000}",
            at_s in proptest::collection::vec(0..253_402_300_800_u64, 3),
        ) {
            let signer = signer(&key_id, &secret, token);
            let mut headers = vec![
                ("content-type", "application/x-amz-json-1.0".to_owned()),
                ("content-length", body.len().to_string()),
                ("x-amz-target", target),
                ("x-amzn-query-mode", "true".to_owned()),
            ];
            headers.extend(trace.map(|trace| ("x-amzn-trace-id", trace)));
            let request = request(&format!("{scheme}://{host}/"), &headers, &body);
            // On several days, and twice on one: with a new key, and the one that was kept.
            for at_s in at_s.iter().flat_map(|at_s| [*at_s, *at_s]) {
                let at = UNIX_EPOCH + Duration::from_secs(at_s);
                let signature = signer.sign(&request, at).unwrap();
                prop_assert_eq!((signature.time, signature.authorization), by_the_sdk(&signer, &request, at));
            }
        }
    }

    #[test]
    fn what_is_not_plain_is_left_to_the_sdk() {
        let signer = signer("AKIDEXAMPLE", "secret", None);
        let signs = |uri| signer.sign(&request(uri, &[], ""), UNIX_EPOCH).is_some();
        let signs_with = |name: &'static str, value: &str| {
            let headers = [("content-type", "text/plain".to_owned()), (name, value.to_owned())];
            signer.sign(&request("http://localhost:4566/", &headers, ""), UNIX_EPOCH).is_some()
        };
        assert!(signs("https://sqs.eu-central-1.amazonaws.com/"));
        assert!(signs("http://localhost:4566/"));
        for uri in [
            "http://localhost:4566",
            "http://localhost:4566/prefix/",
            "http://localhost:4566/?a=b",
            "http://user@localhost:4566/",
            "http://localhost:80/",
            "HTTPS://localhost:443/",
        ] {
            assert!(!signs(uri), "{uri}");
        }
        assert!(signs_with("x-a", "a b"));
        for (name, value) in [
            ("x-a", " a"),
            ("x-a", "a "),
            ("x-a", "a  b"),
            ("content-type", "text/html"),
            ("host", "other"),
            ("x-amz-date", "20261122T000000Z"),
        ] {
            assert!(!signs_with(name, value), "{name}: {value:?}");
        }
    }

    #[test]
    fn a_key_is_not_shown() {
        let signer = signer("AKIDEXAMPLE", "SecretMark", None);
        let _ = signer.sign(&request("http://localhost:4566/", &[], ""), UNIX_EPOCH);
        let key = signer.day_key.lock().unwrap().as_ref().unwrap().key.clone();
        let shown = format!("{signer:?}");
        assert!(shown.contains("DayKey") && !shown.contains("SecretMark"));
        assert!(!shown.contains(&format!("{key:?}")) && !shown.contains(&hex(&key)));
    }
}
