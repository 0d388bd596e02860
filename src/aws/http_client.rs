//! The HTTP client of all AWS clients: the SDK's own, with TLS by `ring`.
//!
//! After a freeze, a function's connections may be dead. The attempt that uses such a connection fails within its time
//! limit. A function that answers a sender keeps one idle connection for each host, so that the next attempt opens a new
//! one; the puller keeps as many as it has requests at once. The pool's own idle timeout uses a monotonic clock, which may stand still while the function is frozen.
//! So after the same time by the wall clock, an unused client starts with an empty pool.

use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use aws_sdk_sqs::config::interceptors::FinalizerInterceptorContextRef;
use aws_sdk_sqs::config::{ConfigBag, Intercept, RuntimeComponents, SharedHttpClient};
use aws_sdk_sqs::error::BoxError;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::connection::CaptureSmithyConnection;
use aws_smithy_runtime_api::client::http::{HttpClient, HttpConnectorSettings, SharedHttpConnector};
use aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint;
use aws_smithy_runtime_api::shared::IntoShared as _;

use crate::config::{ConfigError, Environment};
use crate::mutex::lock;
use crate::storage::StoreError;

/// Amazon Root CA 1 to 4, and Starfield Services Root CA G2, which signs the first (Amazon Trust Services, valid to
/// 2037 and longer). AWS asks its clients to trust exactly these. Reading the whole system store takes longer than
/// the TLS handshake.
const AMAZON_ROOTS: &str = include_str!("amazon-roots.pem");

/// Shorter than the time for which AWS keeps an idle connection, so that a request seldom uses one that is just being
/// closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);

/// Variables that name your own certificates.
const OWN_CERTIFICATES: [&str; 2] = ["SSL_CERT_FILE", "SSL_CERT_DIR"];

/// The roots against which a server's certificate is verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trust {
    /// The roots of AWS's own endpoints.
    Amazon,
    /// The system's, or those that `SSL_CERT_FILE` and `SSL_CERT_DIR` name.
    System,
}

impl Trust {
    /// The system's roots, if an endpoint or certificates are configured, and in partitions whose certificates other
    /// authorities may sign.
    pub(super) fn of(environment: &Environment, region: &str, has_endpoints: bool) -> Self {
        let has_own = OWN_CERTIFICATES.iter().any(|name| environment.optional(name).is_some())
            || (has_endpoints && environment.has_any("AWS_ENDPOINT_URL"));
        if has_own || !is_public_partition(region) { Self::System } else { Self::Amazon }
    }
}

/// An HTTP client with a connection pool that all its AWS clients share.
///
/// # Errors
/// [`ConfigError::Tls`] if TLS cannot be set up.
pub(super) fn build(trust: Trust, now: Clock, max_idle: usize) -> Result<SharedHttpClient, ConfigError> {
    let state = Mutex::new((with_empty_pool(trust, max_idle)?, now()));
    Ok(ByWallClock { trust, max_idle, now, state }.into_shared())
}

/// The wall clock.
pub(super) type Clock = fn() -> SystemTime;

/// A client that starts with an empty pool if it was not used for [`IDLE_TIMEOUT`].
#[derive(Debug)]
struct ByWallClock {
    trust: Trust,
    max_idle: usize,
    now: Clock,
    /// The client, and when it was last used.
    state: Mutex<(SharedHttpClient, SystemTime)>,
}

impl HttpClient for ByWallClock {
    /// Called for each attempt.
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        // No code panics while it holds the lock. If it did, the state would still be valid.
        let mut state = lock(&self.state);
        let (client, used) = &mut *state;
        let now = (self.now)();
        // If the clock was set back, the idle time is unknown: the connections count as stale.
        let is_fresh = now.duration_since(*used).is_ok_and(|idle| idle < IDLE_TIMEOUT);
        if !is_fresh && let Ok(new) = with_empty_pool(self.trust, self.max_idle) {
            *client = new;
        }
        *used = now;
        client.http_connector(settings, components)
    }
}

fn with_empty_pool(trust: Trust, max_idle: usize) -> Result<SharedHttpClient, ConfigError> {
    let store = match trust {
        Trust::Amazon => TrustStore::empty().with_pem_certificate(AMAZON_ROOTS),
        Trust::System => TrustStore::default(),
    };
    let context = TlsContext::builder().with_trust_store(store).build();
    let context = context.map_err(|error| ConfigError::Tls(StoreError(error.to_string())))?;
    Ok(Builder::new()
        .pool_idle_timeout(IDLE_TIMEOUT)
        .pool_max_idle_per_host(max_idle)
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(context)
        .build_https())
}

/// Makes the pool drop the connection of an attempt that got no answer.
///
/// The SDK does so itself after a server error, and with HTTP/1.1 the connection cannot be reused. But an HTTP/2
/// connection outlives a cancelled attempt, and the next attempts would use the same stale connection.
#[derive(Debug)]
pub(super) struct DropUnanswered;

#[dyn_dispatch_hint]
impl Intercept for DropUnanswered {
    fn name(&self) -> &'static str {
        "DropUnanswered"
    }

    fn read_after_attempt(
        &self,
        attempt: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if attempt.response().is_none()
            && let Some(connection) =
                config.load::<CaptureSmithyConnection>().and_then(CaptureSmithyConnection::get)
        {
            connection.poison();
        }
        Ok(())
    }
}

/// Whether a region is in the commercial or the `GovCloud` partition (`eu-central-1`, `us-gov-west-1`). Not China
/// (`cn-`), the isolated regions (`us-iso-`) and Europe's sovereign cloud (`eusc-`).
fn is_public_partition(region: &str) -> bool {
    let continent = region.split('-').next().unwrap_or_default();
    continent.len() == 2 && continent != "cn" && !region.contains("-iso")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trust(region: &str, variable: (&str, &str), has_endpoints: bool) -> Trust {
        Trust::of(&[variable].into_iter().collect(), region, has_endpoints)
    }

    #[test]
    fn amazons_roots_are_trusted_on_its_own_endpoints_in_the_public_partitions() {
        for region in ["eu-central-1", "us-east-1", "us-gov-west-1", "ap-southeast-2", "mx-central-1"] {
            assert_eq!(trust(region, ("AWS_ENDPOINT_URL", ""), true), Trust::Amazon, "{region}");
        }
        for region in
            ["cn-north-1", "us-iso-east-1", "us-isob-east-1", "eu-isoe-west-1", "eusc-de-east-1", ""]
        {
            assert_eq!(trust(region, ("AWS_ENDPOINT_URL", ""), true), Trust::System, "{region}");
        }
    }

    #[test]
    fn the_systems_roots_are_trusted_on_other_endpoints_and_where_certificates_are_named() {
        for name in ["SSL_CERT_FILE", "SSL_CERT_DIR", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SQS"] {
            assert_eq!(trust("eu-central-1", (name, "x"), true), Trust::System, "{name}");
        }
        let ignored = ("AWS_ENDPOINT_URL_SQS", "x");
        assert_eq!(trust("eu-central-1", ignored, false), Trust::Amazon);
    }

    #[test]
    fn the_roots_are_five_certificates() {
        use rustls::pki_types::CertificateDer;
        use rustls::pki_types::pem::PemObject as _;

        let mut store = rustls::RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(AMAZON_ROOTS.as_bytes()) {
            store.add(certificate.unwrap()).unwrap();
        }
        assert_eq!(store.len(), 5);
    }
}
