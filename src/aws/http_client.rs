//! The HTTP client of all AWS clients: the SDK's own, with TLS by `ring`.
//!
//! Its pool keeps the connection of every request: a batch of the processor sends ten at once, and each handshake takes
//! more CPU than the request. After a freeze all of them may be dead. So an attempt starts with an empty pool
//! - if it is a retry, and no other attempt has begun for [`HANGS_AFTER`]: so the one before was not answered. An HTTP/2
//!   connection would outlive it;
//! - after [`IDLE_TIMEOUT`] by the wall clock. The pool's own timeout uses a monotonic clock, which may stand still
//!   while the function is frozen.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_sqs::config::{RuntimeComponents, SharedHttpClient};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::http::{
    HttpClient as _, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
    http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use time::OffsetDateTime;

use crate::config::{ConfigError, Environment};
use crate::mutex::lock;
use crate::storage::StoreError;
use crate::timeouts::Clock;

/// Amazon Root CA 1 to 4, and Starfield Services Root CA G2, which signs the first (Amazon Trust Services, valid to
/// 2037 and longer). AWS asks its clients to trust exactly these. Reading the whole system store takes longer than
/// the TLS handshake.
const AMAZON_ROOTS: &str = include_str!("amazon-roots.pem");

/// Shorter than the time for which AWS keeps an idle connection, so that a request seldom uses one that is just being
/// closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);

/// Shorter than any attempt may last. A retry after a prompt answer (5xx, throttling) comes sooner, and
/// keeps the connections.
const HANGS_AFTER: Duration = Duration::from_millis(250);

/// Whether the system's roots are used instead of Amazon's: if an endpoint or certificates are configured, and in
/// partitions whose certificates other authorities may sign: China (`cn-`), the isolated regions (`us-iso-`) and Europe's
/// sovereign cloud (`eusc-`).
pub(super) fn trusts_system(environment: &Environment) -> bool {
    let region = environment.optional("AWS_REGION").unwrap_or_default();
    let continent = region.split('-').next().unwrap_or_default();
    let is_public = continent.len() == 2 && continent != "cn" && !region.contains("-iso");
    !is_public || environment.has_any("AWS_ENDPOINT_URL") || environment.has_any("SSL_CERT_")
}

/// An HTTP client with a connection pool that all AWS clients share.
///
/// # Errors
/// [`ConfigError::Tls`] if TLS cannot be set up.
pub(super) fn build(trusts_system: bool, now: Clock) -> Result<SharedHttpClient, ConfigError> {
    let amazon = || TrustStore::empty().with_pem_certificate(AMAZON_ROOTS);
    let store = if trusts_system { TrustStore::default() } else { amazon() };
    let tls = TlsContext::builder().with_trust_store(store).build();
    let tls = tls.map_err(|error| ConfigError::Tls(StoreError(error.to_string())))?;
    let connections = Mutex::new((empty_pool(&tls), now()));
    let pool = Arc::new(Pool { tls, now, connections });
    Ok(http_client_fn(move |settings, components| {
        let (pool, settings, components) = (Arc::clone(&pool), settings.clone(), components.clone());
        SharedHttpConnector::new(Connector { pool, settings, components })
    }))
}

/// The connections.
#[derive(Debug)]
struct Pool {
    tls: TlsContext,
    now: Clock,
    /// The current pool, and when an attempt last used it.
    connections: Mutex<(SharedHttpClient, OffsetDateTime)>,
}

/// Sends the attempts of a call.
#[derive(Debug)]
struct Connector {
    pool: Arc<Pool>,
    settings: HttpConnectorSettings,
    components: RuntimeComponents,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let attempt = request.headers().get("amz-sdk-request").unwrap_or_default();
        let is_retry = !attempt.split("; ").any(|member| member == "attempt=1");
        self.pool.client(is_retry).http_connector(&self.settings, &self.components).call(request)
    }
}

impl Pool {
    fn client(&self, is_retry: bool) -> SharedHttpClient {
        let (mut connections, now) = (lock(&self.connections), (self.now)());
        let (client, used) = &mut *connections;
        let idle = now - *used;
        // If the clock was set back, the idle time is unknown.
        if idle.is_negative() || idle >= IDLE_TIMEOUT || (is_retry && idle >= HANGS_AFTER) {
            *client = empty_pool(&self.tls);
        }
        *used = now;
        client.clone()
    }
}

fn empty_pool(tls: &TlsContext) -> SharedHttpClient {
    Builder::new()
        .pool_idle_timeout(IDLE_TIMEOUT)
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(tls.clone())
        .build_https()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(region: &str, name: &str, value: &str) -> bool {
        trusts_system(&[("AWS_REGION", region), (name, value)].into_iter().collect())
    }

    #[test]
    fn amazons_roots_are_trusted_on_its_own_endpoints_in_the_public_partitions() {
        for region in ["eu-central-1", "us-east-1", "us-gov-west-1", "ap-southeast-2", "mx-central-1"] {
            assert!(!of(region, "AWS_ENDPOINT_URL", ""), "{region}");
        }
        for region in
            ["cn-north-1", "us-iso-east-1", "us-isob-east-1", "eu-isoe-west-1", "eusc-de-east-1", ""]
        {
            assert!(of(region, "AWS_ENDPOINT_URL", ""), "{region}");
        }
    }

    #[test]
    fn the_systems_roots_are_trusted_on_other_endpoints_and_where_certificates_are_named() {
        for name in ["SSL_CERT_FILE", "SSL_CERT_DIR", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SQS"] {
            assert!(of("eu-central-1", name, "x"), "{name}");
        }
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
